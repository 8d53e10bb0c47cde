//! Instances shown to what is generated: the Rust types, in a program that is compiled for it, and the Zod schemas.
//!
//! Owns: making the program, running both. Must not know: which instances, and what the answers should be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use flaresmith_codegen::model::{Case, Name};
use serde_json::{Value, json};

use crate::bench::write;
use crate::toolchain::{cargo, tool};

/// A value that a type may admit or refuse.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// Name of the type.
    pub(crate) ty: Name,
    /// The value.
    pub(crate) value: Value,
}

impl Instance {
    /// Name of its type in Rust and, with `Schema` behind it, in Zod.
    pub(crate) fn pascal(&self) -> String {
        self.ty.to(Case::Pascal)
    }
}

/// What is generated from one contract, and where.
pub(crate) struct Generated<'a> {
    /// A name for the folder of what is made here.
    pub(crate) name: &'a str,
    /// The npm package.
    pub(crate) ts: PathBuf,
    /// The crate.
    pub(crate) rust: PathBuf,
    /// The crate's name.
    pub(crate) package: &'a str,
}

/// What every side says about one instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// The checker of the generated crate, and its type.
    pub(crate) parsed: bool,
    /// The Rust type alone.
    pub(crate) held: bool,
    /// Zod.
    pub(crate) zod: bool,
}

impl Generated<'_> {
    /// What both say about every instance.
    pub(crate) fn ask(&self, instances: &[Instance]) -> Vec<Answer> {
        let cases = instances.iter().map(
            |one| json!({ "ty": one.pascal(), "schema": format!("{}Schema", one.pascal()), "instance": one.value }),
        );
        let file = self.folder().join("cases.json");
        write(&file, &cases.collect::<Value>().to_string());
        let (rust, zod) = (self.ask_rust(instances, &file), self.ask_zod(&file));
        assert_eq!((rust.len(), zod.len()), (instances.len(), instances.len()));
        let answer = |(rust, zod): (&Value, &Value)| Answer {
            parsed: rust["parsed"].as_bool().unwrap(),
            held: rust["held"].as_bool().unwrap(),
            zod: zod["verdict"] == "accepted",
        };
        rust.iter().zip(&zod).map(answer).collect()
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("instances-{}", self.name))
    }

    /// Compiles a program that knows every type that is asked about, and shows it the instances.
    fn ask_rust(&self, instances: &[Instance], file: &Path) -> Vec<Value> {
        let mut program = include_str!("instances/ask.rs").to_owned();
        program.push_str("\nfn answer(ty: &str, instance: &Value) -> Value {\n    match ty {\n");
        let types: BTreeSet<(String, String)> = instances
            .iter()
            .map(|one| (one.pascal(), one.ty.to(Case::Screaming)))
            .collect();
        for (name, schema) in types {
            let _ = writeln!(
                program,
                "        {name:?} => ask::<api::types::{name}>(&api::schemas::{schema}, instance),"
            );
        }
        program.push_str("        other => panic!(\"there is no type {other}\"),\n    }\n}\n");
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
        let output = cargo()
            .args(["run", "--quiet", "--"])
            .arg(file)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Shows the instances to the schemas of all modules, those of internal types too.
    fn ask_zod(&self, file: &Path) -> Vec<Value> {
        let mut all = String::new();
        for entry in std::fs::read_dir(self.ts.join("src/zod")).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("index.ts") {
                let _ = writeln!(all, "export * from {};", json!(path));
            }
        }
        let entry = self.folder().join("all.ts");
        write(&entry, &all);
        let said = tool("parse-instances.mjs", [entry.as_path(), file]);
        assert_eq!((&said["ok"], &said["failed"]), (&json!(true), &json!(0)), "{said:#}");
        said["results"].as_array().unwrap().clone()
    }
}
