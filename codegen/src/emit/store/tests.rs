//! What entities and statements come of a contract.

use crate::emit::testing::artifacts;
use crate::tree::{Value, json};

fn library() -> Value {
    let id = json!({"type": "string", "format": "uuid", "x-flaresmith": {"column": {"default": "uuid"}}});
    let to = |entity: &str| json!({"type": "string", "format": "uuid", "x-flaresmith": {"references": {"entity": entity, "field": "id", "onDelete": "cascade"}}});
    json!({
        "Author": {
            "type": "object", "required": ["id", "at", "mood", "active", "type"],
            "properties": {
                "id": id,
                "type": {"type": ["string", "null"]},
                "at": {"type": "string", "format": "date-time", "x-flaresmith": {"column": {"default": "now"}}},
                "meta": {"type": "object", "additionalProperties": {"type": "string"}, "x-flaresmith": {"column": {"default": {"a": "it's"}}}},
                "bestBookId": to("Book"),
                "active": {"type": "boolean", "x-flaresmith": {"column": {"default": false}}},
                "mood": {"type": "string", "enum": ["it's", "b\"; DROP"], "x-flaresmith": {"column": {"default": "it's"}}},
            },
            "x-flaresmith": {"table": {"name": "author", "primaryKey": ["id"]}},
        },
        "Book": {
            "type": "object", "required": ["id", "authorId", "isbn", "key"],
            "properties": {
                "id": id, "authorId": to("Author"),
                "isbn": {"type": "string", "x-flaresmith": {"column": {"unique": true}}},
                "key": {"type": "string", "description": "Opens it.", "x-flaresmith": {"secret": true}},
            },
            "x-flaresmith": {"table": {"name": "books", "primaryKey": ["id"], "indexes": [{"columns": ["isbn", "id"]}]}},
        },
    })
}

fn file(schemas: &Value, path: &str) -> String {
    let document = json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    let made = artifacts(&document, &["store"]);
    made.get(&format!("generated/store/{path}"))
        .cloned()
        .unwrap_or_default()
}

fn has(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
}

#[test]
fn rows_have_the_columns_of_their_table() {
    let text = file(&library(), "src/entities/author.rs");
    has(
        &text,
        "#[sea_orm(primary_key, auto_increment = false)]\n    pub id: Uuid,",
    );
    has(&text, "pub r#type: Option<String>,");
    has(
        &text,
        "#[serde(rename = \"bestBookId\", skip_serializing_if = \"Option::is_none\")]",
    );
    has(&text, "pub mood: crate::enums::AuthorMood,");
    has(&text, "column_type = \"JsonBinary\"");
    has(
        &text,
        concat!(
            "    #[sea_orm(\n        belongs_to = \"super::books::Entity\",\n        from = \"Column::BestBookId\",\n",
            "        to = \"super::books::Column::Id\",\n        on_delete = \"Cascade\",\n    )]\n"
        ),
    );
    has(
        &file(&library(), "src/entities/books.rs"),
        "#[serde(skip)]\n    pub key: crate::Secret<String>,",
    );
    has(&file(&library(), "src/enums.rs"), "=> \"b\\\"; DROP\",");
}

#[test]
fn both_databases_get_the_same_tables_in_their_own_words() {
    let text = file(&library(), "src/schema/postgres.sql");
    has(&text, "CREATE TYPE \"author_mood\" AS ENUM ('it''s', 'b\"; DROP');");
    has(&text, "\"id\" uuid DEFAULT gen_random_uuid() NOT NULL");
    has(&text, "\"mood\" \"author_mood\" DEFAULT 'it''s' NOT NULL");
    has(&text, "\"meta\" jsonb DEFAULT '{\"a\":\"it''s\"}'::jsonb");
    has(
        &text,
        "ALTER TABLE \"author\" ADD CONSTRAINT \"author_best_book_id_books_id_fk\" FOREIGN KEY (\"best_book_id\") REFERENCES \"books\" (\"id\") ON DELETE CASCADE;",
    );
    let text = file(&library(), "src/schema/sqlite.sql");
    has(&text, "\"id\" BLOB NOT NULL");
    has(&text, "\"active\" INTEGER DEFAULT 0 NOT NULL");
    has(&text, "CHECK (\"mood\" IN ('it''s', 'b\"; DROP'))");
    has(&text, "CONSTRAINT \"books_isbn_unique\" UNIQUE (\"isbn\")");
    has(&text, ") STRICT;");
}

#[test]
fn a_contract_without_tables_makes_no_crate() {
    assert_eq!(file(&json!({}), "Cargo.toml"), "");
}
