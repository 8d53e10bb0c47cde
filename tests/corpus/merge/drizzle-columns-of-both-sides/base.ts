import { boolean, pgTable, text, uuid } from 'drizzle-orm/pg-core';

/** A project. */
export const projects = pgTable(
  'projects',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
  },
  (table) => [
    index('projects_name').on(table.name),
  ],
);
