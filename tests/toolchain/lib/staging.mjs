// Owns putting a generated package where a tool can work on it: a copy in a temporary folder whose
// node_modules holds links to exactly the packages that its package.json declares. So nothing is
// written into the package, no install is needed, and an import of an undeclared package fails.

import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { CannotRun, atEnd, installCommand, tool, toolchainDir } from './verdict.mjs';

const leftOut = new Set(['node_modules', '.git', 'dist', '.wrangler']);

/**
 * Copies the package at `dir` and links its dependencies. Returns `{ root, linked, absent }`: the
 * copy's folder, the linked packages with their versions, and development dependencies that the
 * toolchain does not have. A temporary folder that goes away when the process ends.
 */
export async function stage(dir) {
  const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'flaresmith-stage-')));
  atEnd(() => rm(base, { recursive: true, force: true }));
  const root = path.join(base, 'package');
  await cp(dir, root, {
    recursive: true,
    filter: (source) => source === dir || !leftOut.has(path.basename(source)),
  });
  return { root, ...(await link(root)) };
}

async function link(root) {
  const manifest = await declared(root);
  const semver = (await tool('semver')).default;
  const linked = {};
  const absent = [];
  for (const [name, { range, required }] of Object.entries(manifest)) {
    const home = path.join(toolchainDir, 'node_modules', name);
    const version = await installedVersion(home);
    if (!version) {
      if (required) throw new CannotRun(missing(name, range));
      absent.push(name);
      continue;
    }
    if (!semver.satisfies(version, range, { includePrerelease: true })) {
      if (!required) {
        absent.push(name);
        continue;
      }
      throw new CannotRun(`the package wants ${name} ${range}, the toolchain has ${version}; bring them together`);
    }
    const place = path.join(root, 'node_modules', name);
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(home, place, 'junction');
    linked[name] = version;
  }
  return { linked, absent };
}

function missing(name, range) {
  return `the package depends on ${name} ${range}, which is not installed here; run: ${installCommand} (or add it to tests/toolchain/package.json)`;
}

async function declared(root) {
  let manifest;
  try {
    manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  } catch (error) {
    throw new CannotRun(`the package has no readable package.json: ${error.message}`);
  }
  const all = {};
  for (const [key, required] of [
    ['devDependencies', false],
    ['peerDependencies', true],
    ['dependencies', true],
  ]) {
    for (const [name, range] of Object.entries(manifest[key] ?? {})) all[name] = { range, required };
  }
  return all;
}

async function installedVersion(home) {
  try {
    return JSON.parse(await readFile(path.join(home, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
