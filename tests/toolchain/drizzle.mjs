// Proves that real drizzle-kit makes SQL from a generated package that a real PostgreSQL takes, and
// prints what the database then holds.
//
//   node drizzle.mjs DIR --database URL [--keep]
//
// DIR is a package with a drizzle.config.ts. The SQL goes into a database of its own on the server of
// URL, whose role must be allowed to create one; it is dropped afterwards, or kept and named with --keep.

import { spawn } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { readCatalog } from './lib/catalog.mjs';
import { freshDatabase } from './lib/database.mjs';
import { existingDir, existingFile } from './lib/documents.mjs';
import { stage } from './lib/staging.mjs';
import { CannotRun, check, installCommand, toolchainDir } from './lib/verdict.mjs';

const usage = 'node drizzle.mjs DIR --database URL [--keep]';

await check(
  {
    usage,
    options: { database: { type: 'string' }, keep: { type: 'boolean', default: false } },
    atLeast: 1,
  },
  async ({ values, positionals }) => {
    if (!values.database || !URL.canParse(values.database)) throw new CannotRun(`usage: ${usage}`);
    const dir = await existingDir(positionals[0]);
    await existingFile(path.join(dir, 'drizzle.config.ts'));

    const made = await generate(dir);
    if (made.error) return { ok: false, ...made };

    const database = await freshDatabase(values.database, values.keep);
    let at;
    try {
      for (at of made.statements) await database.client.query(at);
    } catch (error) {
      return { ok: false, error: `PostgreSQL refuses the SQL: ${error.message}`, sqlState: error.code, statement: at };
    }
    const catalog = await readCatalog(database.client);
    return {
      ok: made.statements.length > 0 && catalog.tables.length > 0,
      server: database.version,
      statements: made.statements.length,
      milliseconds: made.milliseconds,
      ...(values.keep ? { database: database.url } : {}),
      ...catalog,
      sql: made.sql,
    };
  },
);

/** Runs drizzle-kit on a copy of the package, into a folder where no earlier migration can hide anything. */
async function generate(dir) {
  const kit = await existingFile(path.join(toolchainDir, 'node_modules/drizzle-kit/bin.cjs')).catch(() => {
    throw new CannotRun(`drizzle-kit is not installed; run: ${installCommand}`);
  });
  const { root } = await stage(dir);
  const out = 'flaresmith-check-out';
  const config = 'flaresmith-check.config.ts';
  await writeFile(
    path.join(root, config),
    `import config from './drizzle.config';\nexport default { ...config, out: './${out}' };\n`,
  );
  const started = performance.now();
  const { code, output } = await run(kit, ['generate', '--config', config, '--name', 'check'], root);
  const milliseconds = Math.round(performance.now() - started);
  const files = (await readdir(path.join(root, out)).catch(() => [])).filter((file) => file.endsWith('.sql')).sort();
  if (code !== 0 || files.length === 0) {
    return { error: `drizzle-kit generate made no SQL (exit ${code})`, output: output.slice(-4000) };
  }
  const sql = (await Promise.all(files.map((file) => readFile(path.join(root, out, file), 'utf8')))).join('\n');
  const statements = sql.split('--> statement-breakpoint').map((text) => text.trim()).filter(Boolean);
  return { sql, statements, milliseconds };
}

function run(script, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      // A question would otherwise wait for an answer on a terminal that is not there.
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', CI: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
