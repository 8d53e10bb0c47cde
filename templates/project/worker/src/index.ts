import { createWorker } from './app.js';
import { connect } from './postgres.js';

export default createWorker(connect);
