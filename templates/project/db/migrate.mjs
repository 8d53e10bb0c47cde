// Applies the migrations that the database of DATABASE_URL lacks, in their order: `npm run db:migrate`.

import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';

const url = process.env.DATABASE_URL;
if (!url) {
  console.error('DATABASE_URL is not set. It is the address of a Postgres database: postgres://user:password@host/name');
  process.exit(2);
}
const address = new URL(url);
address.searchParams.delete('channel_binding');
const client = postgres(address.href, { max: 1, onnotice: () => undefined });
try {
  await migrate(drizzle(client), { migrationsFolder: fileURLToPath(new URL('migrations', import.meta.url)) });
  console.log('The database has every migration.');
} finally {
  await client.end();
}
