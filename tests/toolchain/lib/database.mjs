// Owns a database of its own on a given PostgreSQL server. Knows nothing of what is stored in it.

import { randomBytes } from 'node:crypto';

import { CannotRun, atEnd, tool } from './verdict.mjs';

/** Makes a database and returns `{ client, url, version }`. It is dropped when this process ends, unless it is to be kept. */
export async function freshDatabase(url, keep) {
  const { default: pg } = await tool('pg');
  const name = `flaresmith_check_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
  } catch (error) {
    throw new CannotRun(`no database can be made on the given server: ${error.message}`);
  }
  atEnd(async () => {
    if (!keep) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  });
  const own = new URL(url);
  own.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: own.href });
  await client.connect();
  atEnd(() => client.end());
  const { rows } = await client.query('SHOW server_version');
  return { client, url: own.href, version: rows[0].server_version };
}
