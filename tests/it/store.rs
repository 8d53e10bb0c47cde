//! The store crate and the Drizzle tables: two ways to one database.

use serde_json::Value;

use crate::repository::Repository;
use crate::toolchain::{cargo, root, sound, up};

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

/// What no other type has to be careful about: values that differ in case alone, one that is a word of Rust, names that end as
/// others begin, and secrets of every kind.
const AWKWARD: &str = r##"
openapi: 3.1.0
info: { title: Parts, version: '1' }
paths: {}
components:
  schemas:
    Unit: { type: string, enum: [KB, kb, self, '', '‿', 1st] }
    UnitEnum: { type: string, enum: [a] }
    UnitVariant: { type: string, enum: [a] }
    Part:
      type: object
      required: [id, unit, hidden, code, count]
      properties:
        id: { type: string, format: uuid, x-flaresmith: { column: { default: uuid } } }
        known: { type: string, format: uuid, default: 4f6b2c1e-8a1d-4a64-9d3e-000000000001 }
        unit: { $ref: '#/components/schemas/Unit' }
        other: { $ref: '#/components/schemas/UnitEnum' }
        third: { $ref: '#/components/schemas/UnitVariant' }
        hidden: { allOf: [{ $ref: '#/components/schemas/Unit' }], x-flaresmith: { secret: true } }
        code: { type: string, format: uuid, x-flaresmith: { secret: true } }
        count: { type: integer, format: int64, x-flaresmith: { secret: true } }
        details: { type: object, additionalProperties: { type: string }, x-flaresmith: { secret: true } }
        word: { type: string, format: password }
      x-flaresmith: { table: { name: parts, primaryKey: [id] } }
"##;

/// Prints how a row is shown, written as JSON, and stored on Postgres.
const PROGRAM: &str = r##"
use parts_store::entities::parts;
use parts_store::enums::Unit;
use parts_store::Secret;
use sea_orm::{DbBackend, EntityTrait, IntoActiveModel, QueryTrait};

fn main() {
    let row = parts::Model {
        id: uuid::Uuid::nil(),
        known: None,
        unit: Unit::ALL[1],
        other: None,
        third: None,
        hidden: Secret::new(Unit::ALL[2]),
        code: Secret::new(uuid::Uuid::max()),
        count: Secret::new(4242_i64),
        details: Some(Secret::new(serde_json::json!({ "a": "shown" }))),
        word: Some(Secret::new("shown")),
    };
    println!("{row:?}");
    println!("{}", serde_json::to_string(&row).unwrap());
    println!("{}", parts::Entity::insert(row.into_active_model()).build(DbBackend::Postgres));
    println!("{}", parts::Entity::find().build(DbBackend::Postgres));
}
"##;

#[test]
fn a_store_of_awkward_enumerations_and_secrets_compiles_and_prints_no_secret() {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.write("openapi.yaml", AWKWARD);
    repository.write(
        "flaresmith.toml",
        "contracts = [\"openapi.yaml\"]\ntargets = [\"store\"]\n[store]\npackage = \"parts-store\"\n",
    );
    repository.done(&["spec", "apply"]);
    repository.write(
        "Cargo.toml",
        "[package]\nname = \"team\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         parts-store = { path = \"generated/store\" }\nsea-orm = { version = \"2\", default-features = false }\n\
         serde_json = \"1\"\nuuid = \"1\"\n",
    );
    repository.write("src/main.rs", PROGRAM);
    let output = cargo()
        .args(["run", "--quiet", "--offline", "--manifest-path"])
        .arg(repository.path().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let [shown, json, insert, find] = lines.as_slice() else {
        panic!("{said}");
    };
    for line in [shown, json] {
        for secret in ["self", "ffffffff", "4242", "shown"] {
            assert!(!line.to_lowercase().contains(secret), "`{secret}` is in {line}");
        }
    }
    assert_eq!(shown.matches("***").count(), 5, "{shown}");
    assert!(json.contains("\"unit\":\"kb\""), "{json}");
    assert!(
        insert.contains("CAST('kb' AS \"unit\")") && insert.contains("CAST('self' AS \"unit\")"),
        "{insert}"
    );
    assert!(find.contains("CAST(\"parts\".\"unit\" AS \"text\")"), "{find}");
    let sqlite = repository.read("generated/store/src/schema/sqlite.sql");
    assert!(
        sqlite.contains("DEFAULT x'4f6b2c1e8a1d4a649d3e000000000001'"),
        "{sqlite}"
    );
}
