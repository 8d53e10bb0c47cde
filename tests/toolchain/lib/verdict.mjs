// Owns how a check of this folder speaks: one JSON object on stdout, and the exit code that
// belongs to it. Knows nothing of any single tool.

import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The folder of the package that holds these scripts and their node_modules. */
export const toolchainDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Exit codes; the Rust tests tell a refuted claim from a machine that lacks a tool by these. */
export const HELD = 0;
export const REFUTED = 1;
export const CANNOT_RUN = 2;

/** Thrown when the check itself could not be made: wrong usage, a missing tool or a missing file. */
export class CannotRun extends Error {}

/** The command that brings a machine to the state in which every script here runs. */
export const installCommand = `npm ci --prefix ${quote(path.relative(process.cwd(), toolchainDir) || '.')}`;

function quote(word) {
  return /^[\w./@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Imports a package of the toolchain. A package that is not installed is not a failed check, so it
 * becomes a CannotRun that names the command to run.
 */
export async function tool(specifier) {
  try {
    return await import(specifier);
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND') {
      throw new CannotRun(`${specifier} is not installed; run: ${installCommand}`);
    }
    throw error;
  }
}

/**
 * Runs one check to its end.
 *
 * `describe` has `usage` (text), `options` (for util.parseArgs), `seconds` (how long the check may
 * take) and `atLeast` (how many positional arguments it needs). `body` gets `{ values, positionals }`
 * and returns the result object; its `ok` decides between exit 0 and exit 1.
 */
export async function check(describe, body) {
  // Libraries that chat must not spoil the one JSON object on stdout.
  console.log = console.info = console.debug = (...words) => console.error(...words);

  const limit = (describe.seconds ?? 300) * 1000;
  const watchdog = setTimeout(() => {
    void finish({ ok: false, error: `not finished after ${limit / 1000} s` }, REFUTED);
  }, limit);

  let result;
  let code;
  try {
    result = await body(parse(describe));
    code = result.ok ? HELD : REFUTED;
  } catch (error) {
    const cannot = error instanceof CannotRun;
    code = cannot ? CANNOT_RUN : REFUTED;
    result = { ok: false, error: cannot ? error.message : String(error?.stack ?? error) };
    if (cannot) console.error(error.message);
  }
  clearTimeout(watchdog);
  await finish(result, code);
}

function parse(describe) {
  let parsed;
  try {
    parsed = parseArgs({ options: describe.options ?? {}, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CannotRun(`${error.message}\nusage: ${describe.usage}`);
  }
  if (parsed.positionals.length < (describe.atLeast ?? 0)) {
    throw new CannotRun(`usage: ${describe.usage}`);
  }
  return parsed;
}

const cleanups = new Set();

/** Registers work to be done before the process ends, also after a failure or a signal. */
export function atEnd(work) {
  cleanups.add(work);
}

let finishing;

/** Prints the result and ends the process; only the first call counts. */
export function finish(result, code) {
  finishing ??= (async () => {
    for (const work of [...cleanups].reverse()) {
      try {
        await work();
      } catch (error) {
        console.error(`cleaning up: ${error?.message ?? error}`);
      }
    }
    if (result) await say(result);
    process.exit(code);
  })();
  return finishing;
}

/** Writes one line of JSON to stdout and waits until the pipe has taken all of it. */
export function say(result) {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, () => resolve()));
}

/**
 * Waits until whoever started this process is done with it: its end of our stdin is closed, or it
 * sends SIGTERM or SIGINT. Resolves to what happened.
 */
export function untilReleased() {
  return new Promise((resolve) => {
    process.stdin.on('end', () => resolve('stdin'));
    process.stdin.on('error', () => resolve('stdin'));
    process.stdin.resume();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => resolve(signal));
  });
}
