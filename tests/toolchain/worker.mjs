// Proves that a generated Hono app runs in the real Workers runtime and answers.
//
//   node worker.mjs ENTRY requests.json     sends the requests, prints what came back
//   node worker.mjs ENTRY --serve PORT|0    prints { ok, url } and stays up until stdin closes or SIGTERM
//
// ENTRY is a TypeScript module whose default export has `fetch`. requests.json: a list of
// { "method", "path", "headers", "body", "expect": { "status" } }; a body that is no string is sent as JSON.

import path from 'node:path';

import { bundle } from './lib/bundle.mjs';
import { existingFile, readInput } from './lib/documents.mjs';
import { CannotRun, HELD, atEnd, check, finish, say, tool, untilReleased } from './lib/verdict.mjs';

// The newest date that the pinned workerd knows behaviour for.
const compatibilityDate = '2026-04-26';

const usage = 'node worker.mjs ENTRY (requests.json | --serve PORT) [--bindings FILE] [--compatibility-flag NAME]…';

await check(
  {
    usage,
    options: {
      serve: { type: 'string' },
      bindings: { type: 'string' },
      'compatibility-flag': { type: 'string', multiple: true, default: [] },
    },
    atLeast: 1,
    // A server stays up as long as its owner wants it.
    seconds: process.argv.includes('--serve') ? 2_000_000 : 120,
  },
  async ({ values, positionals }) => {
    const [entry, requestsFile] = positionals;
    const serving = values.serve !== undefined;
    if (serving === (requestsFile !== undefined)) throw new CannotRun(`usage: ${usage}`);
    const port = serving ? Number(values.serve) : 0;
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new CannotRun(`${values.serve} is no port`);
    const requests = serving ? [] : await readInput(requestsFile);
    if (!Array.isArray(requests)) throw new CannotRun(`${requestsFile} holds no list of requests`);

    const built = await bundle(await existingFile(entry), 'workerd');
    if (built.errors.length > 0) return { ok: false, error: 'the app does not bundle', errors: built.errors };

    const logs = [];
    const worker = await start(built.code, {
      port,
      bindings: values.bindings ? await readInput(values.bindings) : {},
      flags: values['compatibility-flag'],
      logs,
    });
    if (worker.error) return { ok: false, error: `workerd refused the app: ${worker.error}`, logs };

    if (serving) {
      await say({ ok: true, url: worker.url, bundleBytes: built.code.length, modules: built.inputs });
      await untilReleased();
      await finish(undefined, HELD);
    }
    const responses = [];
    for (const request of requests) responses.push(await send(worker.url, request));
    return {
      ok: responses.length > 0 && responses.every((response) => response.ok),
      bundleBytes: built.code.length,
      modules: built.inputs,
      requests: responses.length,
      responses,
      logs,
    };
  },
);

async function start(code, { port, bindings, flags, logs }) {
  const { Miniflare, Log, LogLevel } = await tool('miniflare');
  class Kept extends Log {
    log(message) {
      logs.push(String(message));
      console.error(message);
    }
  }
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: path.resolve('worker.mjs'), contents: code }],
    modulesRoot: path.resolve('.'),
    compatibilityDate,
    compatibilityFlags: flags,
    bindings,
    host: '127.0.0.1',
    port,
    cf: false,
    log: new Kept(LogLevel.WARN),
    // console.log of the app, and stack traces of what it throws
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          logs.push(text.trimEnd());
          process.stderr.write(text);
        });
      }
    },
  });
  atEnd(() => miniflare.dispose());
  try {
    const url = await miniflare.ready;
    return { url: url.href.replace(/\/$/, '') };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

async function send(url, { name, method = 'GET', path: target, headers = {}, body, expect }) {
  const label = { ...(name === undefined ? {} : { name }), method, path: target };
  if (typeof target !== 'string' || !target.startsWith('/')) {
    return { ...label, ok: false, error: 'a request needs a path that starts with /' };
  }
  const asJson = body !== undefined && typeof body !== 'string';
  const sent = new Headers(headers);
  // What the app says is wanted, not what the runtime's front end makes of it.
  if (!sent.has('accept-encoding')) sent.set('accept-encoding', 'identity');
  if (asJson && !sent.has('content-type')) sent.set('content-type', 'application/json');
  const started = performance.now();
  let response;
  try {
    response = await fetch(url + target, {
      method,
      headers: sent,
      body: asJson ? JSON.stringify(body) : body,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    return { ...label, ok: false, error: String(error?.cause?.message ?? error?.message ?? error) };
  }
  const text = await response.text();
  const answer = {
    ...label,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: text,
    ...parsed(response.headers.get('content-type'), text),
    milliseconds: Math.round(performance.now() - started),
  };
  return { ok: expect?.status === undefined || expect.status === response.status, ...answer };
}

/** The body as JSON under `json`, when the app says that it is JSON and it is. */
function parsed(contentType, text) {
  if (!/[/+]json\b/.test(contentType ?? '')) return {};
  try {
    return { json: JSON.parse(text) };
  } catch {
    return {};
  }
}
