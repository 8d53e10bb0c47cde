// Owns what must hold in a Postman file beyond its schema: nothing is lost when Postman's own
// library reads it, every variable has a source, scripts and JSON bodies parse, no secret is in it.

import vm from 'node:vm';

/** Every request item with the names of its folders. */
export function requestsOf(items, folders = []) {
  return (items ?? []).flatMap((item) =>
    Array.isArray(item?.item) ? requestsOf(item.item, [...folders, item.name]) : [{ item, folders }],
  );
}

/** What is wrong in a collection; `given` are variable names that environments beside it define. */
export function collectionProblems(sdk, collection, given) {
  return [
    ...roundTripProblems(sdk, collection),
    ...identityProblems(collection),
    ...urlProblems(collection),
    ...scriptProblems(collection),
    ...bodyProblems(collection),
    ...variableProblems(collection, given),
  ];
}

/**
 * What is wrong in the schemas that test scripts hold answers against: `broken` are those that do not compile, `examples` the
 * examples of answers that their own test would refuse. The sandbox of Postman reads draft 7.
 */
export function answerProblems(Ajv, collection) {
  const broken = [];
  const examples = [];
  const text = (collection.variable ?? []).find(({ key }) => key === 'schemas')?.value;
  if (text === undefined) return { broken, examples, checked: 0 };
  const ajv = new Ajv({ strict: false, logger: false, allErrors: true });
  ajv.addSchema(JSON.parse(text), 'all');
  let checked = 0;
  for (const { item } of requestsOf(collection.item)) {
    const script = (item.event ?? []).flatMap(({ script }) => lines(script)).join('\n');
    const known = JSON.parse(/^const known = (.*);$/m.exec(script)?.[1] ?? '{}');
    for (const [status, name] of Object.entries(known)) {
      let validate;
      try {
        validate = ajv.compile({ allOf: [{ $ref: `all#/$defs/${encodeURIComponent(name)}` }] });
      } catch (error) {
        broken.push(`${item.name}: the schema of ${status} does not compile: ${error.message}`);
        continue;
      }
      checked += 1;
      for (const response of (item.response ?? []).filter(({ code, body }) => String(code) === status && body)) {
        if (!validate(JSON.parse(response.body))) {
          examples.push(`${item.name}: the example of ${status}: ${ajv.errorsText(validate.errors)}`);
        }
      }
    }
  }
  return { broken, examples, checked };
}

/** What is wrong in an environment. */
export function environmentProblems(sdk, environment) {
  const problems = [];
  if (typeof environment.name !== 'string' || environment.name === '') problems.push('/name: an environment needs a name');
  if (environment._postman_variable_scope !== 'environment') problems.push('/_postman_variable_scope: must be "environment"');
  const values = environment.values ?? [];
  values.forEach((value, at) => {
    if (typeof value?.key !== 'string' || value.key === '') problems.push(`/values/${at}/key: a variable needs a key`);
    if (typeof value?.value !== 'string') problems.push(`/values/${at}/value: must be a string`);
    if (typeof value?.enabled !== 'boolean') problems.push(`/values/${at}/enabled: must be true or false`);
  });
  for (const key of repeated(values.map((value) => value?.key))) problems.push(`/values: ${key} is defined more than once`);
  const read = new sdk.VariableScope(environment);
  const kept = read.values.map((variable) => `${variable.key}=${variable.value}`);
  const meant = values.map((value) => `${value?.key}=${value?.value}`);
  if (JSON.stringify(kept) !== JSON.stringify(meant)) problems.push('/values: the Postman library reads other variables');
  for (const { key } of values.filter((one) => one?.type === 'secret' && String(one.value ?? '') !== '')) {
    problems.push(`/values: the secret variable ${key} carries a value`);
  }
  return problems;
}

function roundTripProblems(sdk, collection) {
  const again = new sdk.Collection(structuredClone(collection)).toJSON();
  const before = requestsOf(collection.item).map(facts);
  const after = requestsOf(again.item).map(facts);
  const problems = [];
  if (before.length !== after.length) {
    problems.push(`/item: ${before.length} requests, the Postman library reads ${after.length}`);
  }
  before.forEach((fact, at) => {
    for (const [key, value] of Object.entries(fact)) {
      if (JSON.stringify(value) !== JSON.stringify(after[at]?.[key])) {
        problems.push(`${fact.name}: ${key} becomes ${JSON.stringify(after[at]?.[key])} when the Postman library reads it`);
      }
    }
  });
  return problems;
}

/** What has to survive being read and written by the Postman library. */
function facts({ item, folders }) {
  const request = item.request ?? {};
  return {
    name: item.name,
    folders,
    method: request.method,
    headers: (request.header ?? []).map(({ key, value }) => `${key}: ${value}`),
    host: request.url?.host,
    path: request.url?.path,
    query: (request.url?.query ?? []).map(({ key, value }) => [key, value ?? null]),
    pathVariables: (request.url?.variable ?? []).map(({ key }) => key),
    body: request.body?.raw ?? null,
    scripts: (item.event ?? []).map(({ listen, script }) => [listen, lines(script).join('\n')]),
    examples: (item.response ?? []).map(({ name, code, body }) => [name, code, body ?? null]),
  };
}

function identityProblems(collection) {
  const problems = [];
  const ids = [];
  const visit = (items) => {
    for (const item of items ?? []) {
      if (item.id !== undefined) ids.push(item.id);
      for (const response of item.response ?? []) if (response.id !== undefined) ids.push(response.id);
      visit(item.item);
    }
  };
  visit(collection.item);
  for (const id of repeated(ids)) problems.push(`/item: the id ${id} is used more than once`);
  return problems;
}

function urlProblems(collection) {
  return requestsOf(collection.item).flatMap(({ item }) => {
    const url = item.request?.url;
    if (typeof url?.raw !== 'string') return [`${item.name}: the request has no url.raw`];
    const parts = [];
    const host = [url.host ?? []].flat().join('.');
    const written = `${url.protocol ? `${url.protocol}://` : ''}${host}${url.port ? `:${url.port}` : ''}/${[url.path ?? []].flat().join('/')}`;
    if (url.raw.split(/[?#]/)[0].replace(/\/$/, '') !== written.replace(/\/$/, '')) {
      parts.push(`${item.name}: url.raw ${url.raw} and its parts ${written} differ`);
    }
    const wanted = [url.path ?? []].flat().filter((one) => String(one).startsWith(':')).map((one) => String(one).slice(1));
    const had = (url.variable ?? []).map(({ key }) => key);
    for (const key of wanted.filter((one) => !had.includes(one))) parts.push(`${item.name}: the path variable :${key} has no value`);
    for (const key of had.filter((one) => !wanted.includes(one))) parts.push(`${item.name}: the path has no variable :${key}`);
    return parts;
  });
}

function scriptProblems(collection) {
  return everyScript(collection).flatMap(({ name, text }) => {
    try {
      // Postman runs scripts inside an async function, so `await` at the top is allowed.
      new vm.Script(`(async () => {\n${text}\n})`);
      return [];
    } catch (error) {
      return [`${name}: a script does not parse: ${error.message}`];
    }
  });
}

function bodyProblems(collection) {
  const problems = [];
  const parses = (what, text) => {
    // A variable may stand for any value, inside a string or in place of one.
    const filled = text.replace(/\{\{[^{}]+\}\}/g, '0');
    try {
      JSON.parse(filled);
    } catch (error) {
      problems.push(`${what} is not JSON: ${error.message}`);
    }
  };
  for (const { item } of requestsOf(collection.item)) {
    const body = item.request?.body;
    if (body?.mode === 'raw' && body.options?.raw?.language === 'json') parses(`${item.name}: the body`, body.raw ?? '');
    for (const response of item.response ?? []) {
      if (response._postman_previewlanguage === 'json' && response.body) parses(`${item.name}: the example ${response.name}`, response.body);
    }
  }
  return problems;
}

function variableProblems(collection, given) {
  const defined = new Set([...given, ...(collection.variable ?? []).map(({ key }) => key)]);
  for (const { text } of everyScript(collection)) {
    for (const [, name] of text.matchAll(/\.set\(\s*["'`]([^"'`]+)["'`]/g)) defined.add(name);
  }
  const used = new Map();
  const visit = (value, owner) => {
    if (typeof value === 'string') {
      for (const [, name] of value.matchAll(/\{\{([^{}]+)\}\}/g)) if (!used.has(name)) used.set(name, owner);
    } else if (value && typeof value === 'object') {
      for (const inner of Object.values(value)) visit(inner, owner);
    }
  };
  for (const { item } of requestsOf(collection.item)) visit(item.request, item.name);
  visit(collection.auth, 'auth of the collection');
  return [...used]
    .filter(([name]) => !name.startsWith('$') && !defined.has(name))
    .map(([name, owner]) => `${owner}: nothing defines the variable {{${name}}}`);
}

function everyScript(collection) {
  const found = [];
  const visit = (owner, name) => {
    for (const event of owner.event ?? []) found.push({ name: `${name} (${event.listen})`, text: lines(event.script).join('\n') });
    for (const item of owner.item ?? []) visit(item, item.name);
  };
  visit(collection, 'collection');
  return found;
}

function lines(script) {
  return [script?.exec ?? []].flat();
}

function repeated(values) {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}
