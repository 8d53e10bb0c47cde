import { PGlite } from '@electric-sql/pglite';
import * as tables from '@app/contract/drizzle';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { fileURLToPath } from 'node:url';

import { createWorker } from '../src/app.js';
import type { Database } from '../src/database.js';
import type { Bindings } from '../src/env.js';

/** The worker on a Postgres of its own, inside this process, with every migration applied. */
export interface Service {
  readonly db: Database;
  /** Sends a request; a body is sent as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

export const bindings: Bindings = {
  DATABASE_URL: 'postgres://in.this/process',
  ENVIRONMENT: 'test',
  BETTER_AUTH_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
};

export async function start(): Promise<Service> {
  const client = new PGlite();
  const db = drizzle(client, { schema: tables });
  const migrationsFolder = fileURLToPath(new URL('../../db/migrations', import.meta.url));
  await migrate(db, { migrationsFolder });
  const app = createWorker(() => ({ db, close: async () => undefined }));
  return {
    db,
    send(method, path, body, headers = {}) {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const init = body === undefined ? {} : { body: JSON.stringify(body) };
      return Promise.resolve(app.request(path, { method, headers: { ...json, ...headers }, ...init }, bindings));
    },
    stop: () => client.close(),
  };
}
