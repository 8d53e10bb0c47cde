import { ApiError, createApp, failureResponse, requestIds } from '@app/contract/hono';
import type { Hono } from 'hono';

import { authOf, guard } from './auth.js';
import { type Connect, database } from './database.js';
import type { AppEnv } from './env.js';
import { handlers } from './handlers/index.js';

/** The app: the operations of the contract, and Better Auth below `/api/auth`. */
export function createWorker(connect: Connect): Hono<AppEnv> {
  const app = createApp<AppEnv>(handlers, {
    async before(call) {
      call.context.set('connect', connect);
      await guard(call);
    },
    failed(error, call) {
      const { code, entry, options } = error;
      if (entry.status < 500) return;
      const cause = innermost(options.cause);
      console.error(JSON.stringify({ code, severity: entry.severity, requestId: call?.requestId, cause }));
    },
  });
  app.on(['GET', 'POST'], '/api/auth/*', async (context) => {
    context.set('connect', connect);
    try {
      return await database(context, (db) => authOf(context, db).handler(context.req.raw));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return failureResponse(error, requestIds(context.req.raw));
    }
  });
  return app;
}

/** What lies behind a failure, for the log. Errors around it repeat what was sent to the database, which is nobody's business. */
function innermost(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return innermost(cause.cause) ?? cause.stack ?? cause.message;
}
