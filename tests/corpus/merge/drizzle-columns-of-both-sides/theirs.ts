import { boolean, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** A project. */
export const projects = pgTable(
  'projects',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
    createdAt: timestamp('created_at').notNull(),
  },
  (table) => [
    index('projects_name').on(table.name),
    index('projects_created_at').on(table.createdAt),
  ],
);
