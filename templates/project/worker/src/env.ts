import type { Env } from 'hono';

import type { Connect } from './database.js';

/** What an environment gives to the worker. */
export interface Bindings {
  /** Address of its Postgres database. Without one, operations on data answer 503. */
  readonly DATABASE_URL?: string;
  /** Its name. */
  readonly ENVIRONMENT?: string;
  /** What sessions are signed with. Without one, nobody can sign in. */
  readonly BETTER_AUTH_SECRET?: string;
}

/** What requests carry through the app. */
export interface AppEnv extends Env {
  Bindings: Bindings;
  Variables: { connect: Connect };
}
