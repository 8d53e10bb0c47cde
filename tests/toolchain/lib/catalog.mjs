// Owns reading back what a PostgreSQL database holds, as data a test can compare: tables, columns,
// keys, indexes and enums of every schema that is not the server's own.

const ours = `n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`;

const queries = {
  tables: `
    SELECT n.nspname AS schema, c.relname AS name, obj_description(c.oid) AS comment
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND ${ours} ORDER BY 1, 2`,
  columns: `
    SELECT n.nspname AS schema, c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS "default"
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND ${ours} ORDER BY 1, 2, a.attnum`,
  constraints: `
    SELECT n.nspname AS schema, c.relname AS "table", k.conname AS name, k.contype AS kind,
           pg_get_constraintdef(k.oid) AS definition, f.relname AS "toTable", fn.nspname AS "toSchema",
           k.confdeltype AS "onDelete", k.confupdtype AS "onUpdate",
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(num, pos)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.pos) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(num, pos)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.pos) AS "toColumns"
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
    WHERE k.contype IN ('p', 'u', 'f', 'c') AND ${ours} ORDER BY 1, 2, 3`,
  indexes: `
    SELECT n.nspname AS schema, c.relname AS "table", i.relname AS name, x.indisunique AS "unique", m.amname AS method,
           pg_get_expr(x.indpred, x.indrelid) AS "where",
           ARRAY(SELECT pg_get_indexdef(x.indexrelid, pos, true) FROM generate_series(1, x.indnkeyatts) pos) AS columns
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_am m ON m.oid = i.relam JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))
      AND c.relkind IN ('r', 'p') AND ${ours} ORDER BY 1, 2, 3`,
  enums: `
    SELECT n.nspname AS schema, t.typname AS name,
           ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS values
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ${ours} ORDER BY 1, 2`,
};

const actions = { a: 'no action', r: 'restrict', c: 'cascade', n: 'set null', d: 'set default' };

/**
 * What the database behind a connected `pg` client holds: `{ tables, enums }`. A table has
 * `columns` (in order), `primaryKey`, `unique`, `checks`, `foreignKeys` and `indexes` (those that
 * back no constraint).
 */
export async function readCatalog(client) {
  const read = {};
  for (const [name, query] of Object.entries(queries)) read[name] = (await client.query(query)).rows;
  const tables = read.tables.map(({ schema, name, comment }) => {
    const here = (rows) => rows.filter((row) => row.schema === schema && row.table === name);
    const keys = here(read.constraints);
    const kind = (letter) => keys.filter((key) => key.kind === letter);
    return {
      schema,
      name,
      ...(comment === null ? {} : { comment }),
      columns: here(read.columns).map(({ name, type, nullable, default: value }) => ({ name, type, nullable, default: value })),
      primaryKey: kind('p')[0]?.columns ?? [],
      unique: kind('u').map(({ name, columns }) => ({ name, columns })),
      checks: kind('c').map(({ name, definition }) => ({ name, definition })),
      foreignKeys: kind('f').map((key) => ({
        name: key.name,
        columns: key.columns,
        table: key.toTable,
        schema: key.toSchema,
        references: key.toColumns,
        onDelete: actions[key.onDelete],
        onUpdate: actions[key.onUpdate],
      })),
      indexes: here(read.indexes).map(({ name, unique, method, columns, where }) => ({ name, unique, method, columns, where })),
    };
  });
  return { tables, enums: read.enums };
}
