//! Whether a thing may be null: the database, the generated Rust and the generated Zod say the same.
//!
//! A column is null where its property is absent or null. So each entity's example is shown to the types with one property null,
//! and with one property left out, and what they say is held against the catalog of a real database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flaresmith_codegen::emit::example::{Direction, of_type};
use flaresmith_codegen::model::{Case, Entity, Field, Kind, Model, Shape, Type};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use serde_json::{Value, json};

use crate::bench::{platform_model, write};
use crate::toolchain::{root, sound, target_of_generated, tool, up};

/// A property that is a column, and where the instances about it stand among all.
struct Asked<'a> {
    entity: &'a Entity,
    field: &'a Field,
    column: &'a str,
    null: usize,
    absent: usize,
}

/// What every side says about one instance.
#[derive(Debug)]
struct Answers {
    /// The checker of the generated crate.
    parsed: bool,
    /// The Rust type alone.
    held: bool,
    /// Zod.
    zod: bool,
}

impl Answers {
    /// Whether it is admitted, by all or by none.
    fn agreed(&self, what: &str) -> bool {
        assert!(self.parsed == self.zod && self.held == self.zod, "{what}: {self:?}");
        self.zod
    }

    /// The same for a member that is null. Where it could be absent, the type alone takes null for absence, and the checker is
    /// what tells them apart.
    fn agreed_on_null(&self, absent: bool, what: &str) -> bool {
        assert_eq!(self.parsed, self.zod, "{what}: {self:?}");
        assert_eq!(self.held, self.zod || absent, "{what}: {self:?}");
        self.zod
    }
}

/// What is proved about one data model: the model, its npm package, its crate.
struct Proof<'a> {
    name: &'a str,
    model: &'a Model,
    ts: PathBuf,
    rust: PathBuf,
    package: &'a str,
}

impl Proof<'_> {
    /// Compares every column of every entity, and says how many there were, and how many of them may be null.
    fn compare(&self, server: &str) -> (usize, usize) {
        let said = sound("drizzle.mjs", [self.ts.to_str().unwrap(), "--database", server]);
        let held = catalog(&said);
        let (cases, asked) = self.cases();
        let rust = self.ask_rust(&cases);
        let zod = self.ask_zod(&cases);
        assert_eq!((rust.len(), zod.len()), (cases.len(), cases.len()));
        let answers = |index: usize| Answers {
            parsed: rust[index]["parsed"].as_bool().unwrap(),
            held: rust[index]["held"].as_bool().unwrap(),
            zod: zod[index]["verdict"] == "accepted",
        };
        for (index, case) in cases.iter().enumerate().filter(|(_, case)| case["whole"] == true) {
            assert!(answers(index).agreed("the whole example"), "{case:#}\n{:#}", zod[index]);
        }
        let mut nullable = 0;
        for one in &asked {
            let what = format!("{}.{}", one.entity.name.raw, one.field.wire);
            let absent = answers(one.absent).agreed(&format!("{what} is absent"));
            let null = answers(one.null).agreed_on_null(absent, &format!("{what} is null"));
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

    /// For each entity its example, then for each of its columns two instances without a value there.
    fn cases(&self) -> (Vec<Value>, Vec<Asked<'_>>) {
        let mut cases = Vec::new();
        let mut asked = Vec::new();
        for entity in &self.model.entities {
            let name = entity.name.to(Case::Pascal);
            let whole = of_type(self.model, &Type::of(Kind::Named(entity.ty)), Direction::Response);
            let whole = whole.as_object().unwrap();
            let case = |instance: Value, whole: bool| json!({ "entity": name, "schema": format!("{name}Schema"), "instance": instance, "whole": whole });
            cases.push(case(json!(whole), true));
            let Shape::Record(record) = &self.model.type_def(entity.ty).shape else {
                panic!("{name} is no record");
            };
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
                    null: cases.len(),
                    absent: cases.len() + 1,
                });
                cases.extend([case(Value::Object(null), false), case(Value::Object(absent), false)]);
            }
        }
        (cases, asked)
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("nullability-{}", self.name))
    }

    /// Compiles a program that knows every entity's type, and shows it the instances.
    fn ask_rust(&self, cases: &[Value]) -> Vec<Value> {
        let mut program = include_str!("nullability/ask.rs").to_owned();
        program.push_str("\nfn answer(entity: &str, instance: &Value) -> Value {\n    match entity {\n");
        for entity in &self.model.entities {
            let name = entity.name.to(Case::Pascal);
            let _ = writeln!(program, "        {name:?} => ask::<api::types::{name}>(instance),");
        }
        program.push_str("        other => panic!(\"there is no entity {other}\"),\n    }\n}\n");
        let folder = self.folder().join("ask");
        let dependency = format!(
            "{{ package = {:?}, path = {:?}, default-features = false }}",
            self.package, self.rust
        );
        let manifest = format!(
            "[package]\nname = \"ask-{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\napi = {dependency}\nserde = \"1\"\nserde_json = \"1\"\n\n[workspace]\n",
            self.name
        );
        write(&folder.join("Cargo.toml"), &manifest);
        write(&folder.join("src/main.rs"), &program);
        let file = folder.join("cases.json");
        write(&file, &json!(cases).to_string());
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--"])
            .arg(&file)
            .env("RUSTFLAGS", "-D warnings")
            .env("CARGO_TARGET_DIR", target_of_generated())
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Shows the instances to the schemas of all modules, those of internal types too.
    fn ask_zod(&self, cases: &[Value]) -> Vec<Value> {
        let mut all = String::new();
        for entry in fs::read_dir(self.ts.join("src/zod")).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("index.ts") {
                let _ = writeln!(all, "export * from {};", json!(path));
            }
        }
        let (entry, file) = (self.folder().join("all.ts"), self.folder().join("cases.json"));
        write(&entry, &all);
        write(&file, &json!(cases).to_string());
        let said = tool("parse-instances.mjs", [entry, file]);
        assert_eq!((&said["ok"], &said["failed"]), (&json!(true), &json!(0)), "{said:#}");
        said["results"].as_array().unwrap().clone()
    }
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
    let (compared, nullable) = Proof {
        name: "platform",
        model: &platform.model,
        ts: root().join("generated/ts"),
        rust: root().join("generated/rust"),
        package: "flaresmith-api",
    }
    .compare(url);
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
        write(&folder.join(&artifact.path), &artifact.text);
    }
    let proof = Proof {
        name: "every-way",
        model: &every_way.model,
        ts: folder.join("generated/ts"),
        rust: folder.join("generated/rust"),
        package: "every-way-api",
    };
    let (compared, nullable) = proof.compare(url);
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
