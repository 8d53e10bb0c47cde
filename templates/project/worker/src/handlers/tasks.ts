import { tasks as table } from '@app/contract/drizzle';
import { ApiError, type TasksHandlers } from '@app/contract/hono';
import type { Task } from '@app/contract/zod';
import { desc, eq, sql } from 'drizzle-orm';

import { database } from '../database.js';
import type { AppEnv } from '../env.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const tasks = {
  /** GET /tasks */
  async listTasks({ query: { limit, cursor } }, { context }) {
    const after = cursor === undefined ? undefined : placeOf(cursor);
    const rows = await database(context, (db) =>
      db.select().from(table)
        .where(after && sql`(${table.createdAt}, ${table.id}) < (${after.createdAt}, ${after.id})`)
        .orderBy(desc(table.createdAt), desc(table.id))
        .limit(limit + 1));
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const hasMore = rows.length > limit;
    return { status: 200, body: { items, hasMore, nextCursor: hasMore && last ? cursorAt(last) : null } };
  },

  /** POST /tasks */
  async createTask({ body }, { context }) {
    // Cursors hold moments to the millisecond, so these are none finer.
    const createdAt = new Date().toISOString();
    const task = { ...body, createdAt, updatedAt: createdAt };
    const rows = await database(context, (db) => db.insert(table).values(task).returning());
    return { status: 201, body: one(rows) };
  },

  /** GET /tasks/{taskId} */
  async getTask({ params }, { context }) {
    const rows = await database(context, (db) => db.select().from(table).where(eq(table.id, params.taskId)));
    return { status: 200, body: one(rows) };
  },

  /** PATCH /tasks/{taskId} */
  async updateTask({ params, body }, { context }) {
    const changed = { ...body, updatedAt: new Date().toISOString() };
    const rows = await database(context, (db) =>
      db.update(table).set(changed).where(eq(table.id, params.taskId)).returning());
    return { status: 200, body: one(rows) };
  },

  /** DELETE /tasks/{taskId} */
  async deleteTask({ params }, { context }) {
    one(await database(context, (db) => db.delete(table).where(eq(table.id, params.taskId)).returning()));
    return { status: 204 };
  },
} satisfies Partial<TasksHandlers<AppEnv>>;

function one(rows: readonly Task[]): Task {
  const [task] = rows;
  if (task === undefined) throw new ApiError('TASK_NOT_FOUND');
  return task;
}

type Place = Pick<Task, 'createdAt' | 'id'>;

/** What a page ends with, for whoever asks for the next. */
function cursorAt({ createdAt, id }: Place): string {
  return btoa(`${createdAt} ${id}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function placeOf(cursor: string): Place {
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    throw new ApiError('TASK_CURSOR_INVALID');
  }
  const [, createdAt, id] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f-]{36})$/.exec(text) ?? [];
  if (createdAt === undefined || id === undefined || Number.isNaN(Date.parse(createdAt))) {
    throw new ApiError('TASK_CURSOR_INVALID');
  }
  return { createdAt, id };
}
