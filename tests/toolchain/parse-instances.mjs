// Proves which instances a generated Zod module accepts, so that they can be held against what the
// generated Rust types accept.
//
//   node parse-instances.mjs MODULE cases.json
//
// cases.json: [{ "schema": "Pet", "instance": {…}, "valid": true }] (or { "cases": […] }). Without
// `valid` a case is only reported.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundle } from './lib/bundle.mjs';
import { existingFile, readInput } from './lib/documents.mjs';
import { CannotRun, atEnd, check } from './lib/verdict.mjs';

await check({ usage: 'node parse-instances.mjs MODULE cases.json', atLeast: 2 }, async ({ positionals }) => {
  const [moduleFile, casesFile] = positionals;
  const read = await readInput(casesFile);
  const cases = Array.isArray(read) ? read : read?.cases;
  if (!Array.isArray(cases)) throw new CannotRun(`${casesFile} holds no list of cases`);

  const built = await bundle(await existingFile(moduleFile), 'node');
  if (built.errors.length > 0) return { ok: false, error: 'the module does not bundle', errors: built.errors };
  const schemas = await load(built.code);

  const results = cases.map((one) => judge(schemas, one));
  const count = (wanted) => results.filter((result) => result.verdict === wanted).length;
  const disagreements = results.flatMap((result, at) => (result.agrees === false ? [at] : []));
  return {
    ok: results.length > 0 && disagreements.length === 0 && count('failed') === 0,
    cases: results.length,
    schemas: new Set(cases.map((one) => one.schema)).size,
    accepted: count('accepted'),
    refused: count('refused'),
    failed: count('failed'),
    disagreements,
    results,
  };
});

async function load(code) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flaresmith-zod-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  const file = path.join(dir, 'schemas.mjs');
  await writeFile(file, code);
  return import(pathToFileURL(file).href);
}

/** `verdict` is `accepted`, `refused`, or `failed` when there was no schema to ask. */
function judge(schemas, { schema, instance, valid }) {
  const found = Object.hasOwn(schemas, schema) ? schemas[schema] : undefined;
  if (typeof found?.safeParse !== 'function') {
    return { schema, verdict: 'failed', agrees: false, error: `the module exports no schema named ${schema}` };
  }
  let parsed;
  try {
    parsed = found.safeParse(instance);
  } catch (error) {
    return { schema, verdict: 'failed', agrees: false, error: String(error?.message ?? error) };
  }
  const result = { schema, verdict: parsed.success ? 'accepted' : 'refused' };
  if (typeof valid === 'boolean') result.agrees = parsed.success === valid;
  if (!parsed.success) {
    result.issues = parsed.error.issues.map(({ path: keys, code, message }) => ({ pointer: pointer(keys), code, message }));
  }
  return result;
}

function pointer(keys) {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
