// {{ generated_by }}
//
// A worker that serves the contract's own examples.

import { createApp } from '../app.js';
import { exampleHandlers } from './handlers.js';

export default createApp(exampleHandlers());
