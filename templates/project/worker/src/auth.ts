import { accounts, sessions, users, verifications } from '@app/contract/drizzle';
import { ApiError, type Call, type Role, roles } from '@app/contract/hono';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { betterAuth } from 'better-auth/minimal';
import { bearer } from 'better-auth/plugins/bearer';
import type { Context } from 'hono';

import { type Database, database } from './database.js';
import type { AppEnv } from './env.js';

/** Better Auth on the tables of the contract. It answers below `/api/auth`. */
export function authOf(context: Context<AppEnv>, db: Database) {
  const secret = context.env.BETTER_AUTH_SECRET;
  if (!secret) throw new ApiError('AUTH_UNAVAILABLE');
  return betterAuth({
    secret,
    baseURL: new URL(context.req.url).origin,
    database: drizzleAdapter(db, {
      provider: 'pg',
      schema: { user: users, session: sessions, account: accounts, verification: verifications },
    }),
    emailAndPassword: { enabled: true },
    user: {
      // Nobody gives themselves a role: `input: false`.
      additionalFields: { role: { type: [...roles], required: false, defaultValue: 'viewer', input: false } },
    },
    advanced: { database: { generateId: 'uuid' } },
    plugins: [bearer()],
  });
}

/** Refuses a call to whom the contract does not let. */
export async function guard({ context, operation }: Call<AppEnv>): Promise<void> {
  if (operation.public) return;
  const { headers } = context.req.raw;
  const session = await database(context, (db) => authOf(context, db).api.getSession({ headers }));
  if (session === null) {
    throw new ApiError(headers.has('authorization') ? 'AUTH_TOKEN_INVALID' : 'AUTH_TOKEN_MISSING');
  }
  const rank = (role: string) => roles.indexOf(role as Role);
  if (operation.role !== null && rank(session.user.role ?? '') < rank(operation.role)) {
    throw new ApiError('AUTH_ROLE_INSUFFICIENT', { details: { requiredRole: operation.role } });
  }
}
