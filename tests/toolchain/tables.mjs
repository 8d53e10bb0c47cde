// Proves that a real PostgreSQL takes a file of SQL, and prints what the database then holds, in the form that
// drizzle.mjs prints it.
//
//   node tables.mjs FILE --database URL
//
// The SQL goes into a database of its own on the server of URL, whose role must be allowed to create one.

import { readFile } from 'node:fs/promises';

import { readCatalog } from './lib/catalog.mjs';
import { freshDatabase } from './lib/database.mjs';
import { existingFile } from './lib/documents.mjs';
import { CannotRun, check } from './lib/verdict.mjs';

const usage = 'node tables.mjs FILE --database URL';

await check(
  { usage, options: { database: { type: 'string' } }, atLeast: 1 },
  async ({ values, positionals }) => {
    if (!values.database || !URL.canParse(values.database)) throw new CannotRun(`usage: ${usage}`);
    const sql = await readFile(await existingFile(positionals[0]), 'utf8');
    const database = await freshDatabase(values.database, false);
    try {
      await database.client.query(sql);
    } catch (error) {
      return { ok: false, error: `PostgreSQL refuses the SQL: ${error.message}`, sqlState: error.code };
    }
    const catalog = await readCatalog(database.client);
    return { ok: catalog.tables.length > 0, server: database.version, ...catalog };
  },
);
