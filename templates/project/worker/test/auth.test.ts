import { users } from '@app/contract/drizzle';
import { ApiError, type Call, type Operation, operations } from '@app/contract/hono';
import { eq } from 'drizzle-orm';
import { Hono } from 'hono';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { guard } from '../src/auth.js';
import type { AppEnv } from '../src/env.js';
import { bindings, type Service, start } from './service.js';

const origin = { origin: 'http://localhost' };
const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
let service: Service;
let token = '';
before(async () => {
  service = await start();
  const response = await service.send('POST', '/api/auth/sign-up/email', { ...ada, role: 'owner' }, origin);
  assert.equal(response.status, 200);
  token = response.headers.get('set-auth-token') ?? '';
});
after(() => service.stop());

/** What the guard says to a call of an operation that asks for a role. */
async function guarded(role: Operation['role'], headers: Record<string, string>): Promise<string> {
  const operation: Operation = { ...operations.createTask, public: false, role };
  const app = new Hono<AppEnv>();
  app.get('/', async (context) => {
    context.set('connect', () => ({ db: service.db, close: async () => undefined }));
    const call: Call<AppEnv> = { operation, context, requestId: '', traceId: '' };
    return guard(call).then(
      () => context.text('let in'),
      (error: unknown) => context.text(error instanceof ApiError ? error.code : String(error)),
    );
  });
  return (await app.request('/', { headers }, bindings)).text();
}

test('a new account is a viewer, whatever it asks for', async () => {
  const [user] = await service.db.select().from(users).where(eq(users.email, ada.email));
  assert.equal(user?.role, 'viewer');
});

test('who is signed in is known by a token and by a cookie', async () => {
  const signedIn = await service.send('POST', '/api/auth/sign-in/email', ada, origin);
  assert.equal(signedIn.status, 200);
  const cookie = signedIn.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
  for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }]) {
    const session = await (await service.send('GET', '/api/auth/get-session', undefined, headers)).json();
    assert.equal(session.user.email, ada.email);
  }
});

test('the guard lets in whom the contract lets in', async () => {
  const authorization = `Bearer ${token}`;
  assert.equal(await guarded(null, {}), 'AUTH_TOKEN_MISSING');
  assert.equal(await guarded(null, { authorization: 'Bearer nothing' }), 'AUTH_TOKEN_INVALID');
  assert.equal(await guarded(null, { authorization }), 'let in');
  assert.equal(await guarded('maintainer', { authorization }), 'AUTH_ROLE_INSUFFICIENT');
  await service.db.update(users).set({ role: 'owner' }).where(eq(users.email, ada.email));
  assert.equal(await guarded('maintainer', { authorization }), 'let in');
});
