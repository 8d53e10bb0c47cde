import { ErrorEnvelopeSchema, HealthSchema } from '@app/contract/zod';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The program itself: a script around it would not hand on the pipe. */
const { default: workerd } = createRequire(import.meta.url)('workerd') as { default: string };

/** What `npm run build` made is the module that the configuration names. */
const config = fileURLToPath(new URL('../workerd.capnp', import.meta.url));

test('the module runs in the Workers runtime, without a database as well', { timeout: 30_000 }, async (t) => {
  const runtime = spawn(workerd, ['serve', '--control-fd=3', '--socket-addr=http=127.0.0.1:0', config], {
    env: { ENVIRONMENT: 'test' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  t.after(() => runtime.kill());
  // The first line tells where it listens.
  const [line] = await once(runtime.stdio[3] as NodeJS.ReadableStream, 'data');
  const url = `http://127.0.0.1:${JSON.parse(String(line)).port}`;

  const health = HealthSchema.parse(await (await fetch(`${url}/health`)).json());
  assert.deepEqual(health, { status: 'degraded', environment: 'test', database: 'absent' });
  const refused = await fetch(`${url}/api/auth/get-session`);
  assert.equal(refused.status, 503);
  assert.equal(ErrorEnvelopeSchema.parse(await refused.json()).error.code, 'DATABASE_UNAVAILABLE');
});
