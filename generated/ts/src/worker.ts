import { projects } from './handlers/projects.js';
import { environments } from './handlers/environments.js';
import { specs } from './handlers/specs.js';
import { chat } from './handlers/chat.js';
import { deployments } from './handlers/deployments.js';
import { files } from './handlers/files.js';
import { secrets } from './handlers/secrets.js';
import { tests } from './handlers/tests.js';
import { tools } from './handlers/tools.js';
import { incidents } from './handlers/incidents.js';
import { audit } from './handlers/audit.js';
import { organizations } from './handlers/organizations.js';
import { users } from './handlers/users.js';
import { retirement } from './handlers/retirement.js';
import { system } from './handlers/system.js';
import { auth } from './handlers/auth.js';
import { createApp } from './hono/app.js';

// This file is yours: it is written once. Middleware goes here: `app.use(…)` on an app of your own that mounts this one.

export default createApp({
  ...projects,
  ...environments,
  ...specs,
  ...chat,
  ...deployments,
  ...files,
  ...secrets,
  ...tests,
  ...tools,
  ...incidents,
  ...audit,
  ...organizations,
  ...users,
  ...retirement,
  ...system,
  ...auth,
});
