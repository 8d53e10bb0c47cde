// Proves that generated TypeScript packages are accepted by the real compiler at its strictest.
//
//   node typecheck.mjs DIR…          each DIR is an npm package with a tsconfig.json

import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { existingDir, existingFile } from './lib/documents.mjs';
import { stage } from './lib/staging.mjs';
import { CannotRun, check, installCommand, toolchainDir } from './lib/verdict.mjs';

// Declarations inside the libraries are not what is being proved, and not every library holds
// under exactOptionalPropertyTypes; hence skipLibCheck.
const flags = [
  '--noEmit',
  '--pretty', 'false',
  '--listFiles',
  '--incremental', 'false',
  '--strict',
  '--noUncheckedIndexedAccess',
  '--exactOptionalPropertyTypes',
  '--noImplicitOverride',
  '--noFallthroughCasesInSwitch',
  '--verbatimModuleSyntax',
  '--isolatedModules',
  '--forceConsistentCasingInFileNames',
  '--skipLibCheck',
];

await check(
  {
    usage: 'node typecheck.mjs DIR… [--allow-unchecked]',
    options: { 'allow-unchecked': { type: 'boolean', default: false } },
    atLeast: 1,
  },
  async ({ values, positionals }) => {
    const compiler = await existingFile(path.join(toolchainDir, 'node_modules/typescript/bin/tsc')).catch(() => {
      throw new CannotRun(`typescript is not installed; run: ${installCommand}`);
    });
    const packages = [];
    for (const dir of positionals) packages.push(await typecheck(compiler, dir, values['allow-unchecked']));
    const { stdout } = await run(compiler, ['--version'], toolchainDir);
    return {
      ok: packages.every((one) => one.ok),
      typescript: stdout.trim().replace(/^Version /, ''),
      files: packages.reduce((sum, one) => sum + one.files, 0),
      packages,
    };
  },
);

async function typecheck(compiler, dir, allowUnchecked) {
  const source = await existingDir(dir);
  await existingFile(path.join(source, 'tsconfig.json'));
  const { root, linked, absent } = await stage(source);
  const started = performance.now();
  const { code, stdout, stderr } = await run(compiler, ['-p', '.', ...flags], root);
  const milliseconds = Math.round(performance.now() - started);

  const checked = new Set();
  const errors = [];
  for (const line of stdout.split('\n')) {
    if (isSource(line) && line.startsWith(root + path.sep)) {
      if (!line.includes('/node_modules/')) checked.add(path.relative(root, line));
    } else if (/(: |^)error TS\d+/.test(line) || (line.startsWith(' ') && errors.length > 0)) {
      // A line that starts with a space explains the error before it.
      if (line.startsWith(' ')) errors[errors.length - 1] += `\n${line}`;
      else errors.push(line);
    }
  }
  const unchecked = (await sourcesUnder(root)).filter((file) => !checked.has(file));
  const complete = allowUnchecked || unchecked.length === 0;
  return {
    ok: code === 0 && errors.length === 0 && checked.size > 0 && complete,
    dir,
    files: checked.size,
    milliseconds,
    errorCount: errors.length,
    errors: errors.slice(0, 50),
    // Source files that the tsconfig leaves out prove nothing, so they fail the check.
    unchecked,
    linked,
    absent,
    ...(code !== 0 && errors.length === 0 ? { exit: code, output: (stdout + stderr).slice(-2000) } : {}),
  };
}

function isSource(file) {
  return /\.[cm]?tsx?$/.test(file);
}

async function sourcesUnder(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => !file.split(path.sep).includes('node_modules'))
    .sort();
}

function run(script, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
