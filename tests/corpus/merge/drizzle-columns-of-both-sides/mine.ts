import { boolean, pgTable, text, uuid } from 'drizzle-orm/pg-core';

/** A project. */
export const projects = pgTable(
  'projects',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
    // Ours.
    archived: boolean('archived').notNull().default(false),
  },
  (table) => [
    index('projects_name').on(table.name),
  ],
);
