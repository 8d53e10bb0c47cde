// Proves the checks themselves: each one accepts a sound fixture, refuses an unsound one, and says
// so when it could not run. Run with: node --test selftest.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

const home = import.meta.dirname;
const fixture = (name) => path.join(home, 'fixtures', name);

/** Runs a script from a folder that is not this one, as a Rust test does. */
function run(script, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(home, script), ...args], { cwd: os.tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = stdout.trimEnd().split('\n');
      assert.equal(lines.length, 1, `one line on stdout, not:\n${stdout}\n${stderr}`);
      resolve({ ...JSON.parse(lines[0]), code, stderr });
    });
  });
}

/** Starts a script that stays up; resolves to its first line and a way to release it. */
function up(script, ...args) {
  const child = spawn(process.execPath, [path.join(home, script), ...args], { cwd: os.tmpdir(), stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  return new Promise((resolve, reject) => {
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      if (stdout.includes('\n')) {
        resolve({ ...JSON.parse(stdout.split('\n')[0]), child, closed, release: () => (child.stdin.end(), closed) });
      }
    });
    void closed.then((code) => reject(new Error(`${script} ended with ${code}: ${stdout}`)));
  });
}

const held = (result) => assert.deepEqual([result.code, result.ok], [0, true], JSON.stringify(result, null, 2));
const refuted = (result) => assert.deepEqual([result.code, result.ok], [1, false], JSON.stringify(result, null, 2));
const couldNotRun = (result) => assert.deepEqual([result.code, result.ok], [2, false], JSON.stringify(result, null, 2));

describe('every script', () => {
  test('without its arguments or with files that are not there could not run', async () => {
    for (const [script, ...args] of [
      ['typecheck.mjs'],
      ['typecheck.mjs', '/nowhere/at/all'],
      ['worker.mjs', fixture('packages/sound/src/app.ts')],
      ['worker.mjs', '/nowhere/app.ts', fixture('requests.json')],
      ['newman.mjs', fixture('postman-sound.json')],
      ['postman-schema.mjs', '/nowhere.json'],
      ['mcp-list.mjs', '/nowhere.json'],
      ['mcp-call.mjs', '/nowhere.json'],
      ['drizzle.mjs', fixture('packages/sound')],
      ['openapi-validate.mjs'],
      ['openapi-validate.mjs', '--no-such-option', fixture('openapi-3.1.json')],
      ['parse-instances.mjs', fixture('packages/sound/src/schemas.ts'), '/nowhere.json'],
      ['postgres.mjs', '--source', 'nowhere'],
      ['diagrams.mjs'],
    ]) {
      couldNotRun(await run(script, ...args));
    }
  });

  test('names the command that installs what is missing', async () => {
    const bare = await mkdtemp(path.join(os.tmpdir(), 'flaresmith-bare-'));
    try {
      const child = spawn('cp', ['-r', path.join(home, 'lib'), bare]);
      await new Promise((resolve) => child.on('close', resolve));
      for (const [script, ...args] of [
        ['typecheck.mjs', fixture('packages/sound')],
        ['openapi-validate.mjs', fixture('openapi-3.1.json')],
        ['postman-schema.mjs', fixture('postman-sound.json')],
        ['mcp-list.mjs', fixture('mcp-sound.json')],
        ['parse-instances.mjs', fixture('packages/sound/src/schemas.ts'), fixture('instances.json')],
      ]) {
        await copyFile(path.join(home, script), path.join(bare, script));
        const result = await run(path.relative(home, path.join(bare, script)), ...args);
        couldNotRun(result);
        assert.match(result.error, /npm ci --prefix \S+/);
        assert.match(result.stderr, /npm ci --prefix \S+/);
      }
    } finally {
      await rm(bare, { recursive: true, force: true });
    }
  });
});

describe('typecheck', () => {
  test('accepts sound packages and counts their files', async () => {
    const result = await run('typecheck.mjs', fixture('packages/sound'));
    held(result);
    assert.equal(result.files, 4);
    assert.match(result.packages[0].linked.zod, /^4\./);
  });

  test('works for a package outside the repository and leaves nothing in it', async () => {
    const base = await mkdtemp(path.join(os.tmpdir(), 'flaresmith-outside-'));
    try {
      const child = spawn('cp', ['-r', fixture('packages/sound'), base]);
      await new Promise((resolve) => child.on('close', resolve));
      held(await run('typecheck.mjs', path.join(base, 'sound')));
      assert.deepEqual((await readdir(path.join(base, 'sound'))).sort(), (await readdir(fixture('packages/sound'))).sort());
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  test('refuses wrong types, also when another package is sound', async () => {
    const result = await run('typecheck.mjs', fixture('packages/sound'), fixture('packages/unsound'));
    refuted(result);
    assert.equal(result.packages[0].ok, true);
    assert.deepEqual(result.packages[1].errors.map((error) => error.match(/TS\d+/)[0]), ['TS2322', 'TS2322']);
  });

  test('refuses an import that package.json does not declare', async () => {
    const result = await run('typecheck.mjs', fixture('packages/undeclared'));
    refuted(result);
    assert.match(result.packages[0].errors[0], /Cannot find module 'zod'/);
  });

  test('refuses a package of which the tsconfig leaves files out', async () => {
    const result = await run('typecheck.mjs', fixture('packages/partial'));
    refuted(result);
    assert.deepEqual(result.packages[0].unchecked, ['forgotten.ts']);
    held(await run('typecheck.mjs', fixture('packages/partial'), '--allow-unchecked'));
  });
});

describe('worker', () => {
  test('runs an app in workerd and prints its answers', async () => {
    const result = await run('worker.mjs', fixture('packages/sound/src/app.ts'), fixture('requests.json'));
    held(result);
    assert.deepEqual(result.responses.map(({ status }) => status), [200, 201, 422, 500]);
    assert.equal(result.responses[1].headers['x-made-by'], 'workerd');
    assert.deepEqual(result.responses[1].json.tags, []);
    assert.match(result.logs.join('\n'), /a handler that throws/);
  });

  test('refuses an unexpected status, a list without requests and an app that does not bundle', async () => {
    refuted(await run('worker.mjs', fixture('packages/sound/src/app.ts'), fixture('requests-wrong.json')));
    refuted(await run('worker.mjs', fixture('packages/sound/src/app.ts'), fixture('empty-list.json')));
    const result = await run('worker.mjs', fixture('packages/broken-app.ts'), fixture('requests.json'));
    refuted(result);
    assert.match(result.errors[0], /broken-app\.ts:\d+:\d+ Could not resolve "\.\/nowhere"/);
  });

  test('refuses an app that workerd cannot start', async () => {
    const result = await run('worker.mjs', fixture('packages/failing-app.ts'), fixture('requests-wrong.json'));
    refuted(result);
    assert.match(JSON.stringify(result), /fails while it is loaded/);
  });

  test('ends on SIGTERM', async () => {
    const { child, closed, url } = await up('worker.mjs', fixture('packages/sound/src/app.ts'), '--serve', '0');
    assert.equal((await fetch(`${url}/health`)).status, 200);
    child.kill('SIGTERM');
    assert.equal(await closed, 0);
    await assert.rejects(fetch(`${url}/health`));
  });
});

describe('newman', () => {
  let server;
  before(async () => (server = await up('worker.mjs', fixture('packages/sound/src/app.ts'), '--serve', '0')));
  after(async () => assert.equal(await server.release(), 0));

  test('runs a green collection', async () => {
    const result = await run('newman.mjs', fixture('postman-sound.json'), fixture('postman-environment.json'), '--base-url', server.url);
    held(result);
    assert.deepEqual([result.totals.requests, result.totals.assertions], [2, 3]);
  });

  test('refuses failing assertions and names them', async () => {
    const result = await run('newman.mjs', fixture('postman-red.json'), fixture('postman-environment.json'), '--base-url', server.url);
    refuted(result);
    assert.equal(result.failures[0].test, 'answers 204');
  });

  test('refuses a collection that asserts nothing', async () => {
    const result = await run('newman.mjs', fixture('postman-silent.json'), fixture('postman-environment.json'), '--base-url', server.url);
    refuted(result);
    assert.equal(result.totals.assertions, 0);
    refuted(await run('newman.mjs', fixture('postman-silent.json'), fixture('postman-environment.json'), '--base-url', server.url, '--allow-unasserted'));
  });

  test('refuses a server that is not there', async () => {
    const result = await run('newman.mjs', fixture('postman-sound.json'), fixture('postman-environment.json'));
    refuted(result);
    assert.match(result.failures[0].message, /ECONNREFUSED/);
  });
});

describe('postman-schema', () => {
  test('accepts a sound collection with its environment', async () => {
    const result = await run('postman-schema.mjs', fixture('postman-sound.json'), fixture('postman-environment.json'));
    held(result);
    assert.deepEqual([result.collections, result.environments, result.requests], [1, 1, 2]);
  });

  test('refuses what the schema refuses', async () => {
    const result = await run('postman-schema.mjs', fixture('postman-unsound.json'), fixture('postman-environment.json'));
    refuted(result);
    assert.match(result.files[0].problems.join('\n'), /must have required property 'schema'/);
  });

  test('uses a schema file that it is given as well', async () => {
    const args = [fixture('postman-sound.json'), fixture('postman-environment.json'), '--schema', fixture('schema-never.json')];
    const result = await run('postman-schema.mjs', ...args);
    refuted(result);
    assert.deepEqual(result.schemas, ['packaged', 'official']);
    assert.match(result.files[0].problems.join('\n'), /^official schema: /);
  });

  test('refuses scripts and bodies that do not parse, and variables without a source', async () => {
    const { files, ...result } = await run('postman-schema.mjs', fixture('postman-unruly.json'), fixture('postman-environment.json'));
    refuted({ ...result, files });
    const problems = files[0].problems.join('\n');
    for (const wanted of [/:id has no value/, /script does not parse/, /body is not JSON/, /\{\{nowhere\}\}/]) assert.match(problems, wanted);
  });

  test('refuses an environment with a secret or a doubled variable', async () => {
    const result = await run('postman-schema.mjs', fixture('postman-environment-leaky.json'));
    refuted(result);
    assert.match(result.files[0].problems.join('\n'), /baseUrl is defined more than once[^]*apiToken carries a value/);
  });

  test('refuses an example that its own test would refuse, and a schema that does not compile', async () => {
    const unmet = await run('postman-schema.mjs', fixture('postman-unmet.json'), fixture('postman-environment.json'));
    refuted(unmet);
    assert.match(unmet.files[0].problems.join('\n'), /the schema of 201 does not compile[^]*the example of 200: [^]*must be number/);
    refuted(await run('postman-schema.mjs', fixture('postman-unmet.json'), fixture('postman-environment.json'), '--examples', 'warn'));
  });

  test('refuses a collection without requests', async () => {
    refuted(await run('postman-schema.mjs', fixture('postman-empty.json')));
  });
});

describe('diagrams', () => {
  test('counts the states and steps of a diagram, and reads none out of other code', async () => {
    const result = await run('diagrams.mjs', fixture('diagram-sound.md'));
    held(result);
    assert.deepEqual(result.diagrams.map(({ states, steps }) => [states, steps.length]), [[['s_a', 's_b'], 2]]);
  });

  test('refuses what Mermaid cannot read, and files without a diagram', async () => {
    refuted(await run('diagrams.mjs', fixture('diagram-sound.md'), fixture('diagram-broken.md')));
    refuted(await run('diagrams.mjs', fixture('requests.json')));
  });
});

describe('mcp-list', () => {
  test('lists every page of sound descriptors with the official client', async () => {
    const result = await run('mcp-list.mjs', fixture('mcp-sound.json'), '--page-size', '1');
    held(result);
    assert.deepEqual([result.names, result.pages], [['create_pet', 'list_pets'], 2]);
    assert.match(result.protocol, /^\d{4}-\d\d-\d\d$/);
  });

  test('refuses bad names, schemas and missing annotations', async () => {
    const result = await run('mcp-list.mjs', fixture('mcp-unsound.json'));
    refuted(result);
    const problems = result.problems.join('\n');
    for (const wanted of [/create pet: the name/, /inputSchema does not compile/, /destructiveHint is absent/, /more than once/, /the client refuses/]) {
      assert.match(problems, wanted);
    }
  });

  test('refuses an empty list', async () => refuted(await run('mcp-list.mjs', fixture('mcp-empty.json'))));
});

describe('openapi-validate', () => {
  for (const name of ['3.0', '3.1', '3.2']) {
    test(`accepts a sound ${name} document`, async () => {
      const result = await run('openapi-validate.mjs', fixture(`openapi-${name}.json`));
      held(result);
      assert.equal(result.files[0].operations, 1);
    });
  }

  test('refuses 3.1 types in a 3.0 document with every validator', async () => {
    const result = await run('openapi-validate.mjs', fixture('openapi-3.0-with-3.1-types.json'));
    refuted(result);
    assert.deepEqual(Object.values(result.files[0].validators).map(({ valid }) => valid), [false, false, false]);
  });

  test('refuses references to nothing with every validator', async () => {
    const result = await run('openapi-validate.mjs', fixture('openapi-3.1-dangling.json'));
    refuted(result);
    assert.deepEqual(Object.values(result.files[0].validators).map(({ valid }) => valid), [false, false, false]);
  });

  test('refuses an undeclared path parameter and a wrong example', async () => {
    const result = await run('openapi-validate.mjs', fixture('openapi-3.1-unsound.json'));
    refuted(result);
    assert.match(JSON.stringify(result), /missing path parameter/);
    assert.match(JSON.stringify(result), /Example value must conform/);
  });

  test('refuses a document without operations', async () => {
    refuted(await run('openapi-validate.mjs', fixture('openapi-3.1-empty.json')));
  });
});

describe('parse-instances', () => {
  const schemas = fixture('packages/sound/src/schemas.ts');

  test('prints what a module accepts and where it refuses', async () => {
    const result = await run('parse-instances.mjs', schemas, fixture('instances.json'));
    held(result);
    assert.deepEqual(result.results.map(({ verdict }) => verdict), ['accepted', 'refused', 'refused']);
    assert.deepEqual(result.results[1].issues.map(({ pointer }) => pointer), ['/name', '/tags/1']);
  });

  test('refuses a disagreement, a schema that is not there and an empty list', async () => {
    const result = await run('parse-instances.mjs', schemas, fixture('instances-wrong.json'));
    refuted(result);
    assert.deepEqual(result.disagreements, [0, 1]);
    refuted(await run('parse-instances.mjs', schemas, fixture('empty-list.json')));
  });
});

for (const source of ['system', 'embedded']) {
  describe(`postgres (${source}) and drizzle`, () => {
    let server;
    let absent;
    before(async () => {
      server = await up('postgres.mjs', '--source', source).catch((error) => (absent = error.message) && undefined);
      // A machine may lack the system's server; the package's own has to be there.
      if (!server && source === 'embedded') throw new Error(absent);
    });
    after(async () => {
      if (!server) return;
      assert.equal(await server.release(), 0);
      await assert.rejects(stat(server.dir), { code: 'ENOENT' });
    });

    test('takes the SQL that drizzle-kit makes, and shows what came of it', async (t) => {
      if (!server) return t.skip(absent);
      const result = await run('drizzle.mjs', fixture('packages/sound'), '--database', server.url);
      held(result);
      assert.deepEqual(result.tables.map(({ name }) => name), ['owners', 'pets']);
      const pets = result.tables[1];
      assert.deepEqual(pets.columns[4], { name: 'state', type: 'pet_state', nullable: false, default: "'new'::pet_state" });
      assert.equal(pets.foreignKeys[0].onDelete, 'cascade');
      assert.deepEqual(pets.indexes.map(({ unique, columns }) => [unique, columns]), [
        [false, ['owner_id', 'created_at']],
        [true, ['owner_id', 'name']],
      ]);
      assert.deepEqual(result.enums[0].values, ['new', 'adopted', "owner's"]);
    });

    test('refuses tables that the server does not take, and a package without tables', async (t) => {
      if (!server) return t.skip(absent);
      const result = await run('drizzle.mjs', fixture('packages/unsound-tables'), '--database', server.url);
      refuted(result);
      assert.match(result.error, /no_such_function/);
      refuted(await run('drizzle.mjs', fixture('packages/no-tables'), '--database', server.url));
    });
  });
}

test('postgres removes what a killed run left behind', async () => {
  const killed = await up('postgres.mjs');
  killed.child.kill('SIGKILL');
  await killed.closed;
  assert.ok((await readFile(path.join(killed.dir, 'owner.json'), 'utf8')).includes(String(killed.child.pid)));
  const next = await up('postgres.mjs');
  await assert.rejects(stat(killed.dir), { code: 'ENOENT' });
  assert.ok((await stat(next.dir)).isDirectory());
  next.child.kill('SIGTERM');
  assert.equal(await next.closed, 0);
});

test('drizzle could not run without a server', async () => {
  couldNotRun(await run('drizzle.mjs', fixture('packages/sound'), '--database', 'postgres://postgres@127.0.0.1:1/postgres'));
});
