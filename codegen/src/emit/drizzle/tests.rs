//! What tables the entities of a contract become.

use crate::emit::testing::artifacts;
use crate::tree::{Value, json};

/// The text of `schema.ts`, white space folded.
fn schema(schemas: &Value, targets: &[&str]) -> String {
    let document = json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    let made = artifacts(&document, targets);
    assert!(made.contains_key("generated/ts/drizzle.config.ts"));
    let text = made.get("generated/ts/src/drizzle/schema.ts").unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
}

fn library() -> Value {
    let id = json!({"type": "string", "format": "uuid", "x-flaresmith": {"column": {"default": "uuid"}}});
    let to = |entity: &str| json!({"type": "string", "format": "uuid", "x-flaresmith": {"references": {"entity": entity, "field": "id", "onDelete": "cascade"}}});
    json!({
        "Author": {
            "type": "object", "required": ["id", "at", "name", "tags"],
            "properties": {
                "id": id,
                "name": {"type": ["string", "null"]},
                "at": {"type": "string", "format": "date-time", "x-flaresmith": {"column": {"default": "now"}}},
                "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}, "x-flaresmith": {"column": {"default": []}}},
                "meta": {"type": "object", "additionalProperties": {"type": "string"}, "x-flaresmith": {"column": {"default": {"a": "it's"}}}},
                "bestBookId": to("Book"),
                "mentorId": to("Author"),
                "mood": {"type": "string", "enum": ["it's", "b"], "x-flaresmith": {"column": {"default": "b"}}},
            },
            "x-flaresmith": {"table": {"name": "index", "primaryKey": ["id"]}},
        },
        "Book": {
            "type": "object", "required": ["id", "authorId", "editorId", "isbn", "region"],
            "properties": {
                "id": id, "authorId": to("Author"), "editorId": to("Author"),
                "isbn": {"type": "string", "x-flaresmith": {"column": {"unique": true}}}, "region": {"type": "string"},
                "key": {"type": "string", "description": "Opens it.", "x-flaresmith": {"secret": true}},
            },
            "x-flaresmith": {"table": {"name": "books", "primaryKey": ["id"], "unique": [["isbn", "region"]], "indexes": [{"columns": ["region"]}]}},
        },
        "Edition": {
            "type": "object", "required": ["isbn", "region", "number"],
            "properties": {"isbn": {"type": "string"}, "region": {"type": "string"}, "number": {"type": "integer", "format": "int32"}},
            "x-flaresmith": {"table": {"name": "editions", "primaryKey": ["isbn", "number"], "references": [
                {"columns": ["isbn", "region"], "entity": "Book", "fields": ["isbn", "region"], "onDelete": "cascade"},
            ]}},
        },
        "Tag": {"type": "object", "properties": {"tag": {"type": "string"}}},
    })
}

#[test]
fn columns_have_the_kind_nullability_and_default_of_their_fields() {
    let text = schema(&library(), &["drizzle"]);
    has(&text, "id: uuid('id').primaryKey().defaultRandom(),");
    has(&text, "name: text('name'),");
    has(&text, "at: timestamptz('at').notNull().default(sql`now()`),");
    has(&text, "tags: jsonb('tags').$type<Tag[]>().notNull().default([]),");
    has(&text, ".default(sql.raw(");
    has(
        &text,
        "/** Opens it. A secret: not to be shown or logged. */ key: text('key'),",
    );
    has(&text, "mood: authorMoodEnum('mood').default('b'),");
    has(&text, "authorMoodEnum = pgEnum('author_mood', [\"it's\", 'b']);");
    assert!(
        !text.contains("const bytea"),
        "what no column needs is not there: {text}"
    );
}

#[test]
fn references_that_lead_in_a_circle_are_annotated_and_composite_ones_stand_apart() {
    let text = schema(&library(), &["drizzle"]);
    has(&text, "export const index2 = pgTable('index', {");
    has(
        &text,
        ".references((): AnyPgColumn => books.id, { onDelete: 'cascade' })",
    );
    has(
        &text,
        "primaryKey({ name: 'editions_isbn_number_pk', columns: [t.isbn, t.number] }),",
    );
    has(&text, "foreignColumns: [books.isbn, books.region]");
    has(&text, "unique('books_isbn_region_key').on(t.isbn, t.region),");
    has(&text, "(t): PgTableExtraConfigValue[] => [");
}

#[test]
fn several_relations_between_two_tables_are_told_apart() {
    let text = schema(&library(), &["drizzle"]);
    has(&text, "relationName: 'books_author_id_fk'");
    has(
        &text,
        "booksByAuthor: many(books, { relationName: 'books_author_id_fk' }),",
    );
    has(
        &text,
        "booksByEditor: many(books, { relationName: 'books_editor_id_fk' }),",
    );
    has(
        &text,
        "indexByMentor: many(index2, { relationName: 'index_mentor_id_fk' }),",
    );
    has(&text, "editions: many(editions),");
}

#[test]
fn types_of_json_columns_come_from_zod_when_the_package_has_it() {
    has(
        &schema(&library(), &["drizzle", "zod"]),
        "import type { Tag } from '../zod/shared.js';",
    );
    has(
        &schema(&library(), &["drizzle"]),
        "import type { Tag } from './types.js';",
    );
}

#[test]
fn a_contract_without_tables_makes_an_empty_module() {
    has(&schema(&json!({}), &["drizzle"]), "export {};");
}

#[test]
fn no_type_and_no_table_has_a_name_that_the_module_takes_from_elsewhere() {
    let mut schemas = library();
    for name in ["AnyPgColumn", "PgTableExtraConfigValue"] {
        schemas[name] = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        schemas["Book"]["properties"][name] = reference;
    }
    schemas["Author"]["x-flaresmith"]["table"]["name"] = json!("atob");
    let text = schema(&schemas, &["drizzle", "zod"]);
    has(
        &text,
        "import type { AnyPgColumn_, PgTableExtraConfigValue_, Tag } from '../zod/shared.js';",
    );
    has(&text, "type AnyPgColumn,");
    has(&text, "export const atob2 = pgTable('atob', {");
}
