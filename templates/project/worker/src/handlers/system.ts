import type { SystemHandlers } from '@app/contract/hono';
import { sql } from 'drizzle-orm';

import { database } from '../database.js';
import type { AppEnv } from '../env.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const system = {
  /** GET /health */
  async getHealth(_input, { context }) {
    const { DATABASE_URL, ENVIRONMENT } = context.env;
    const answers = () => database(context, (db) => db.execute(sql`select 1`)).then(() => true, () => false);
    const state = !DATABASE_URL ? 'absent' : (await answers()) ? 'up' : 'down';
    return {
      status: 200,
      body: {
        status: state === 'up' ? 'ok' : 'degraded',
        environment: ENVIRONMENT || 'local',
        database: state,
      },
    };
  },
} satisfies Partial<SystemHandlers<AppEnv>>;
