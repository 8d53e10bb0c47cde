import { ErrorEnvelopeSchema, HealthSchema } from '@app/contract/zod';
import { DrizzleQueryError } from 'drizzle-orm';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWorker } from '../src/app.js';
import type { Database } from '../src/database.js';
import { bindings, start } from './service.js';

test('the health tells of a database that is up', async () => {
  const service = await start();
  const response = await service.send('GET', '/health');
  assert.equal(response.status, 200);
  const health = HealthSchema.parse(await response.json());
  assert.deepEqual(health, { status: 'ok', environment: 'test', database: 'up' });
  await service.stop();
});

test('without a database the health says so, and operations on data can be repeated later', async (t) => {
  t.mock.method(console, 'error', () => undefined);
  const app = createWorker(() => assert.fail('there is nothing to connect to'));
  const health = HealthSchema.parse(await (await app.request('/health', {}, {})).json());
  assert.deepEqual(health, { status: 'degraded', environment: 'local', database: 'absent' });
  const response = await app.request('/tasks', {}, {});
  assert.equal(response.status, 503);
  const { error } = ErrorEnvelopeSchema.parse(await response.json());
  assert.deepEqual([error.code, error.retryPolicy], ['DATABASE_UNAVAILABLE', 'safe']);
});

test('a database that cannot be reached is not a fault of the service, one that refuses a query is', async (t) => {
  const logged = t.mock.method(console, 'error', () => undefined);
  for (const [cause, code] of [['ECONNREFUSED', 'DATABASE_UNAVAILABLE'], ['42P01', 'SERVER_INTERNAL']]) {
    const failing = () => {
      throw new DrizzleQueryError('select', ['a private value'], Object.assign(new Error('why'), { code: cause }));
    };
    const db = { select: failing, execute: async () => failing() } as unknown as Database;
    const app = createWorker(() => ({ db, close: async () => undefined }));
    const response = await app.request('/tasks', {}, bindings);
    assert.equal(ErrorEnvelopeSchema.parse(await response.json()).error.code, code);
    const health = HealthSchema.parse(await (await app.request('/health', {}, bindings)).json());
    assert.equal(health.database, 'down');
  }
  const lines = logged.mock.calls.map((call) => String(call.arguments[0]));
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.includes('why') && !line.includes('a private value')));
});
