// Proves that OpenAPI documents are valid for the tools people use: three independent public
// validators read each file, and every reference must resolve.
//
//   node openapi-validate.mjs FILE… [--examples error|warn]        JSON or YAML, OpenAPI 3.0, 3.1 or 3.2
//
// @seriousme/openapi-schema-validator holds it against the official schema of its version,
// @readme/openapi-parser resolves references and checks what a schema cannot say (operation ids, path
// parameters; it does not know 3.2), @redocly/openapi-core walks it with its own typed reading and
// holds every example against its schema. `--examples warn` is for documents whose author we are not.

import { existingFile } from './lib/documents.mjs';
import { CannotRun, check, tool } from './lib/verdict.mjs';

// What is wrong by the specification. Style is a matter of the team that wrote the contract.
const rules = Object.fromEntries(
  [
    'struct',
    'no-unresolved-refs',
    'operation-operationId-unique',
    'operation-parameters-unique',
    'path-declaration-must-exist',
    'path-not-include-query',
    'path-parameters-defined',
    'no-identical-paths',
    'no-enum-type-mismatch',
    'no-example-value-and-externalValue',
    'no-undefined-server-variable',
    'spec-components-invalid-map-name',
  ].map((name) => [name, 'error']),
);
const exampleRules = ['no-invalid-media-type-examples', 'no-invalid-schema-examples', 'no-invalid-parameter-examples'];

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];

const usage = 'node openapi-validate.mjs FILE… [--examples error|warn]';

await check(
  { usage, options: { examples: { type: 'string', default: 'error' } }, atLeast: 1 },
  async ({ values, positionals }) => {
    if (!['error', 'warn'].includes(values.examples)) throw new CannotRun(`usage: ${usage}`);
    const files = [];
    for (const given of positionals) files.push(await validate(await existingFile(given), given, values.examples));
    return { ok: files.length > 0 && files.every((file) => file.ok), files };
  },
);

async function validate(file, name, examples) {
  const { document, ...schema } = await bySchema(file);
  const validators = { schema, linter: await byLinter(file, examples) };
  if (!/^3\.2\./.test(document?.openapi)) validators.parser = await byParser(file);
  const count = counted(document);
  return {
    ok: Object.values(validators).every((one) => one.valid) && count.operations > 0,
    file: name,
    ...count,
    validators,
  };
}

async function bySchema(file) {
  const { Validator } = await tool('@seriousme/openapi-schema-validator');
  const validator = new Validator();
  const result = await validator.validate(file);
  const errors = typeof result.errors === 'string' ? [result.errors] : (result.errors ?? []).map((one) => `${one.instancePath || '/'}: ${one.message}`);
  return { valid: result.valid, version: validator.version ?? null, errors: few(errors), document: validator.specification };
}

async function byParser(file) {
  const parser = await tool('@readme/openapi-parser');
  try {
    const result = await parser.validate(file, { validate: { errors: { colorize: false } } });
    return result.valid ? { valid: true, errors: [] } : { valid: false, errors: few(result.errors.map((one) => one.message)) };
  } catch (error) {
    // An unresolved reference is thrown rather than reported.
    return { valid: false, errors: [String(error?.message ?? error)] };
  }
}

async function byLinter(file, examples) {
  const { createConfig, lint } = await tool('@redocly/openapi-core');
  const all = { ...rules };
  // An object is open unless its schema closes it, also in an example.
  for (const name of exampleRules) all[name] = { severity: examples, allowAdditionalProperties: true };
  try {
    const problems = await lint({ ref: file, config: await createConfig({ rules: all }) });
    const ofSeverity = (severity) =>
      problems
        .filter((problem) => problem.severity === severity)
        .map((one) => `${one.location[0]?.pointer ?? '#/'}: ${one.message} (${one.ruleId})`);
    const errors = few(ofSeverity('error'));
    return { valid: errors.length === 0, errors, warnings: few(ofSeverity('warn')) };
  } catch (error) {
    return { valid: false, errors: [String(error?.message ?? error)] };
  }
}

function few(errors) {
  return [...new Set(errors)].slice(0, 30);
}

function counted(document) {
  const items = Object.values(document?.paths ?? {});
  return {
    openapi: document?.openapi ?? null,
    paths: items.length,
    operations: items.reduce((sum, item) => sum + methods.filter((method) => item?.[method]).length, 0),
    schemas: Object.keys(document?.components?.schemas ?? {}).length,
  };
}
