import type * as tables from '@app/contract/drizzle';
import { ApiError } from '@app/contract/hono';
import { DrizzleQueryError } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type { Context } from 'hono';

import type { AppEnv } from './env.js';

/** The tables of the contract, in some Postgres. */
export type Database = PgDatabase<PgQueryResultHKT, typeof tables>;

/** A way to a database. */
export interface Connection {
  readonly db: Database;
  close(): Promise<void>;
}

/** Makes one. Nothing is sent before the first query. */
export type Connect = (url: string) => Connection;

/**
 * Works on the database. The connection belongs to this request: workers cannot share one between requests. While there is no
 * database, this fails with `DATABASE_UNAVAILABLE`.
 */
export async function database<T>(context: Context<AppEnv>, work: (db: Database) => Promise<T>): Promise<T> {
  const url = context.env.DATABASE_URL;
  if (!url) throw new ApiError('DATABASE_UNAVAILABLE');
  const { db, close } = context.get('connect')(url);
  try {
    return await work(db);
  } catch (error) {
    throw isUnreachable(error) ? new ApiError('DATABASE_UNAVAILABLE', { cause: error }) : error;
  } finally {
    later(context, close().catch(() => undefined));
  }
}

/** Whether a query failed before a server that is up could answer it: what Postgres refuses has a code of five characters. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof DrizzleQueryError)) return false;
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  const isAnswer = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
  return !isAnswer || /^(?:08|53|57P)/.test(code);
}

/** Lets work go on after the answer. Only tests have no execution context. */
function later(context: Context<AppEnv>, work: Promise<unknown>): void {
  try {
    context.executionCtx.waitUntil(work);
  } catch {
    void work;
  }
}
