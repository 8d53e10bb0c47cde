// Serves a generated Hono app on Node, as people do who do not run workers.
//
//   node node-server.mjs ENTRY --serve PORT|0     prints { ok, url } and stays up until stdin closes or SIGTERM
//
// ENTRY is a TypeScript module whose default export has `fetch`.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundle } from './lib/bundle.mjs';
import { existingFile } from './lib/documents.mjs';
import { CannotRun, HELD, atEnd, check, finish, say, tool, untilReleased } from './lib/verdict.mjs';

const usage = 'node node-server.mjs ENTRY --serve PORT';

await check(
  // A server stays up as long as its owner wants it.
  { usage, options: { serve: { type: 'string' } }, atLeast: 1, seconds: 2_000_000 },
  async ({ values, positionals }) => {
    const port = Number(values.serve ?? Number.NaN);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new CannotRun(`usage: ${usage}`);
    const built = await bundle(await existingFile(positionals[0]), 'node');
    if (built.errors.length > 0) return { ok: false, error: 'the app does not bundle', errors: built.errors };

    const folder = await mkdtemp(path.join(os.tmpdir(), 'flaresmith-node-'));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const module = path.join(folder, 'app.mjs');
    await writeFile(module, built.code);
    const { default: app } = await import(pathToFileURL(module).href);

    const { serve } = await tool('@hono/node-server');
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
    await new Promise((resolve) => server.once('listening', resolve));
    atEnd(() => server.close());
    await say({ ok: true, url: `http://127.0.0.1:${server.address().port}` });
    await untilReleased();
    await finish(undefined, HELD);
  },
);
