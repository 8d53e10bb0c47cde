// Gives a test a real PostgreSQL of its own.
//
//   node postgres.mjs [--source system|embedded]
//
// Prints { ok, url, version, source } when the server takes connections and stays up until stdin
// closes or SIGTERM; then the server is stopped and every file of it removed. The starter must keep
// a pipe to stdin open for as long as it needs the server.

import { startCluster } from './lib/cluster.mjs';
import { CannotRun, HELD, REFUTED, check, finish, say, untilReleased } from './lib/verdict.mjs';

await check(
  {
    usage: 'node postgres.mjs [--source system|embedded]',
    options: { source: { type: 'string' } },
    seconds: 2_000_000,
  },
  async ({ values }) => {
    if (values.source && !['system', 'embedded'].includes(values.source)) {
      throw new CannotRun(`--source is system or embedded, not ${values.source}`);
    }
    const released = untilReleased();
    const { url, version, source, user, dir, closed } = await startCluster({ source: values.source });
    await say({ ok: true, url, version, source, user, dir });
    const ended = await Promise.race([released, closed.then(() => 'server')]);
    await finish(undefined, ended === 'server' ? REFUTED : HELD);
  },
);
