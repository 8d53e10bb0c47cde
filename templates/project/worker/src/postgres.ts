import * as tables from '@app/contract/drizzle';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

import type { Connection } from './database.js';

/** Connects to a Postgres server, or to a pooler in front of one. */
export function connect(url: string): Connection {
  const address = new URL(url);
  // The driver would hand it to the server, which does not know it.
  address.searchParams.delete('channel_binding');
  const client = postgres(address.href, {
    max: 1,
    connect_timeout: 5,
    // Poolers do not keep prepared statements, and nobody asks for the types of arrays.
    prepare: false,
    fetch_types: false,
  });
  return { db: drizzle(client, { schema: tables }), close: () => client.end({ timeout: 5 }) };
}
