//! The store crate and the Drizzle tables: two ways to one database.

use serde_json::Value;

use crate::toolchain::{root, sound, up};

/// Tables by name with everything that does not depend on the order of statements.
fn tables(said: &Value) -> Vec<Value> {
    let mut tables = said["tables"].as_array().unwrap().clone();
    for table in &mut tables {
        for list in ["unique", "checks", "foreignKeys", "indexes"] {
            let rows = table[list].as_array_mut().unwrap();
            rows.sort_by_key(ToString::to_string);
        }
    }
    tables.sort_by_key(|table| table["name"].to_string());
    tables
}

#[test]
fn the_store_and_the_drizzle_schema_make_the_same_database() {
    let server = up("postgres.mjs", Vec::<String>::new());
    let url = server.said["url"].as_str().unwrap();
    let drizzle = root().join("generated/ts");
    let drizzle = sound("drizzle.mjs", [drizzle.to_str().unwrap(), "--database", url]);
    let store = root().join("generated/store/src/schema/postgres.sql");
    let store = sound("tables.mjs", [store.to_str().unwrap(), "--database", url]);
    let (drizzle_tables, store_tables) = (tables(&drizzle), tables(&store));
    assert!(store_tables.len() > 40, "{}", store_tables.len());
    for (one, other) in drizzle_tables.iter().zip(&store_tables) {
        assert_eq!(one, other, "\n{one:#}\n{other:#}");
    }
    assert_eq!(drizzle_tables.len(), store_tables.len());
    assert_eq!(drizzle["enums"], store["enums"]);
}
