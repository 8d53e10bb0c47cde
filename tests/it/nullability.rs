//! Whether a thing may be null: the database, the generated Rust and the generated Zod say the same.
//!
//! A column is null where its property is absent or null. So each entity's example is shown to the types with one property null,
//! and with one property left out, and what they say is held against the catalog of a real database.

use std::collections::BTreeMap;
use std::path::Path;

use flaresmith_codegen::emit::example::{Direction, of_type};
use flaresmith_codegen::model::{Entity, Field, Kind, Model, Shape, Type};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use serde_json::Value;

use crate::bench::{platform_model, write};
use crate::instances::{Answer, Generated, Instance};
use crate::toolchain::{root, sound, up};

/// A property that is a column, and where the instances about it stand among all.
struct Asked<'a> {
    entity: &'a Entity,
    field: &'a Field,
    column: &'a str,
    null: usize,
    absent: usize,
}

/// Compares every column of every entity, and says how many there were, and how many of them may be null.
fn compare(model: &Model, generated: &Generated<'_>, server: &str) -> (usize, usize) {
    let said = sound("drizzle.mjs", [generated.ts.to_str().unwrap(), "--database", server]);
    let held = catalog(&said);
    let mut instances = Vec::new();
    let asked: Vec<Asked<'_>> = (model.entities.iter())
        .flat_map(|entity| ask_about(model, entity, &mut instances))
        .collect();
    let answers = generated.ask(&instances);
    let mut nullable = 0;
    for one in &asked {
        let what = format!("{}.{}", one.entity.name.raw, one.field.wire);
        let absent = agreed(answers[one.absent], &format!("{what} is absent"));
        let null = agreed_on_null(answers[one.null], absent, &format!("{what} is null"));
        // A property of one direction is absent in the other; the thing has it all the same.
        let one_way = one.field.required && (one.field.read_only || one.field.write_only);
        let column = held[&(one.entity.table.clone(), one.column.to_owned())];
        assert_eq!(
            column,
            null || (absent && !one_way),
            "{what}: the column's word is {column}; the types admit null: {null}, absence: {absent}"
        );
        nullable += usize::from(column);
    }
    assert_eq!(
        held.len(),
        asked.len(),
        "columns of the database and properties that were compared"
    );
    (asked.len(), nullable)
}

/// The entity's example, which is without fault, and for each of its columns two instances without a value there.
fn ask_about<'a>(model: &'a Model, entity: &'a Entity, instances: &mut Vec<Instance>) -> Vec<Asked<'a>> {
    let Shape::Record(record) = &model.type_def(entity.ty).shape else {
        panic!("{} is no record", entity.name.raw);
    };
    let whole = Value::from(&of_type(model, &Type::of(Kind::Named(entity.ty)), Direction::Response));
    let whole = whole.as_object().unwrap();
    let mut asked = Vec::new();
    for column in &entity.columns {
        let field = record.fields.iter().find(|field| field.wire == column.field).unwrap();
        let mut null = whole.clone();
        null.insert(field.wire.clone(), Value::Null);
        let mut absent = whole.clone();
        absent.remove(&field.wire);
        asked.push(Asked {
            entity,
            field,
            column: &column.name,
            null: instances.len(),
            absent: instances.len() + 1,
        });
        instances.extend([null, absent].map(|value| Instance {
            ty: entity.name.clone(),
            value: Value::Object(value),
        }));
    }
    asked
}

/// Whether an instance is admitted, by all or by none.
fn agreed(answer: Answer, what: &str) -> bool {
    assert!(
        answer.parsed == answer.zod && answer.held == answer.zod,
        "{what}: {answer:?}"
    );
    answer.zod
}

/// The same for a member that is null. Where it could be absent, the Rust type alone takes null for absence, and the checker is
/// what tells them apart.
fn agreed_on_null(answer: Answer, absent: bool, what: &str) -> bool {
    assert_eq!(answer.parsed, answer.zod, "{what}: {answer:?}");
    assert_eq!(answer.held, answer.zod || absent, "{what}: {answer:?}");
    answer.zod
}

/// (table, column) -> may be null, in a real database.
fn catalog(said: &Value) -> BTreeMap<(String, String), bool> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = BTreeMap::new();
    for table in said["tables"].as_array().unwrap() {
        for column in table["columns"].as_array().unwrap() {
            let key = (text(&table["name"]), text(&column["name"]));
            found.insert(key, column["nullable"].as_bool().unwrap());
        }
    }
    found
}

#[test]
fn sql_rust_and_zod_agree_on_what_may_be_null() {
    let server = up("postgres.mjs", Vec::<String>::new());
    let url = server.said["url"].as_str().unwrap();

    let platform = platform_model();
    let generated = Generated {
        name: "platform",
        ts: root().join("generated/ts"),
        rust: root().join("generated/rust"),
        package: "flaresmith-api",
    };
    let (compared, nullable) = compare(&platform.model, &generated, url);
    assert!(
        compared > 300 && nullable > 80,
        "only {compared} columns were compared, {nullable} nullable"
    );

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nullability-every-way");
    let mut sources = Sources::default();
    sources.insert("contract.yaml", include_bytes!("nullability/contract.yaml").to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(["rust", "zod", "drizzle"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    settings.rust.package = Some("every-way-api".to_owned());
    let every_way = flaresmith_codegen::compile(&sources, &settings, &BTreeMap::new());
    assert!(!every_way.artifacts.is_empty(), "{:#?}", every_way.diagnostics);
    for artifact in &every_way.artifacts {
        write(&folder.join(&artifact.path), &artifact.text.whole());
    }
    let generated = Generated {
        name: "every-way",
        ts: folder.join("generated/ts"),
        rust: folder.join("generated/rust"),
        package: "every-way-api",
    };
    let (compared, nullable) = compare(&every_way.model, &generated, url);
    let columns = || every_way.model.entities.iter().flat_map(|entity| &entity.columns);
    for column in columns() {
        assert_eq!(column.nullable, column.field.starts_with("maybe"), "{}", column.field);
    }
    assert_eq!(compared, columns().count());
    assert!(
        compared >= 40 && nullable >= 26,
        "only {compared} columns were compared, {nullable} nullable"
    );
}
