//! Changes of contracts: each folder of `tests/corpus/changes` holds a contract as it was, as it is, and every change that has to
//! be told, a line each. `UPDATE_EXPECT=1` writes down what is told now; read the difference before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test reads its cases from the disk and fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flaresmith_codegen::compare::{ChangeReport, ContractChange, Side, compare, rules};
use flaresmith_codegen::diagnostics::{Severity, all_codes, rule};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::tree::{Value, json};
use flaresmith_codegen::{Compilation, analyse};

use crate::repository::{self, root};

/// Fewest cases that the corpus has; fewer means that it was not found.
const CASES: usize = 25;

/// A contract, with the feature spec beside it where there is one.
fn read(path: &Path) -> (Sources, Compilation) {
    let mut sources = Sources::default();
    sources.insert("specs/001-case/openapi.yaml", std::fs::read(path).unwrap());
    if let Ok(spec) = std::fs::read(path.with_extension("md")) {
        sources.insert("specs/001-case/spec.md", spec);
    }
    let settings = Settings {
        contracts: vec!["specs/001-case/openapi.yaml".to_owned()],
        ..Settings::default()
    };
    let compilation = analyse(&sources, &settings);
    (sources, compilation)
}

fn sound(path: &Path) -> (Sources, Compilation) {
    let (sources, compilation) = read(path);
    let errors: Vec<&str> = compilation
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error && !rule::CODES.contains(&found.code))
        .map(|found| found.message.as_str())
        .collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    (sources, compilation)
}

fn of_value(contract: &Value) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("openapi.json", contract.to_string().into_bytes());
    analyse(&sources, &Settings::default())
}

fn cases() -> Vec<PathBuf> {
    repository::cases("tests/corpus/changes", CASES)
}

/// A line a change: class, code, place, subject, message, who reaches it.
fn told(changes: &[ContractChange], before: &Sources, after: &Sources) -> String {
    let (old, now) = (Locator::new(before), Locator::new(after));
    let mut text = String::new();
    for change in changes {
        let (side, at) = match change.side {
            Side::Before => ("before", old.locate(&change.place)),
            Side::After => ("after", now.locate(&change.place)),
        };
        let line = at.map_or_else(|| "?".to_owned(), |at| at.line.to_string());
        let reached = match change.reached_by {
            0 => String::new(),
            count => format!(" [{count}: {}]", change.first.join(", ")),
        };
        text.push_str(&format!(
            "{:<10} {} {side}:{line} {}: {}{reached}\n",
            change.class.as_str(),
            change.code.id,
            change.subject,
            change.message
        ));
    }
    text
}

#[test]
fn every_change_of_the_corpus_has_its_class_its_place_and_the_promised_form() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let schema = serde_json::to_value(schemars::schema_for!(ChangeReport)).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut wrong = Vec::new();
    for case in cases() {
        let (before, old) = sound(&case.join("before.yaml"));
        let (after, now) = sound(&case.join("after.yaml"));
        let changes = compare((&old).into(), (&now).into());
        let found = told(&changes, &before, &after);
        let texts = (&Locator::new(&before), &Locator::new(&after));
        let report = serde_json::to_value(ChangeReport::new("HEAD", &changes, &now, texts)).unwrap();
        assert!(schema.is_valid(&report), "{}: {report:#}", case.display());
        assert!(!found.is_empty(), "{}: nothing changed", case.display());
        let path = case.join("expected.txt");
        if update {
            std::fs::write(&path, &found).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != found {
            wrong.push(format!(
                "== {}\n-- expected\n{expected}-- told\n{found}",
                case.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_a_change_appears_in_the_corpus() {
    let text: String = cases()
        .iter()
        .map(|case| std::fs::read_to_string(case.join("expected.txt")).unwrap())
        .collect();
    let words: BTreeSet<&str> = text.split_whitespace().collect();
    let missing: Vec<&str> = rules()
        .map(|rule| rule.code.id)
        .filter(|id| !words.contains(id))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

/// The table of `docs/contract-changes.md`: a row a code.
fn table() -> String {
    let mut text = String::from("| code | in requests | in answers | what happened |\n|---|---|---|---|\n");
    for rule in rules() {
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            rule.code.id,
            rule.in_requests.as_str(),
            rule.in_responses.as_str(),
            rule.code.title
        ));
    }
    text
}

#[test]
fn the_documentation_lists_every_code_with_its_classes() {
    let path = root().join("docs/contract-changes.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find("| code | in requests |").unwrap();
    let end = start + text[start..].find("\n\n").map_or(text.len() - start, |end| end + 1);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let whole = format!("{}{}{}", &text[..start], table(), &text[end..]);
        std::fs::write(&path, whole).unwrap();
        return;
    }
    assert_eq!(text[start..end], table());
}

#[test]
fn every_code_of_a_change_stands_in_the_table() {
    let ruled: Vec<&str> = rules().map(|rule| rule.code.id).collect();
    let unique: BTreeSet<&str> = ruled.iter().copied().collect();
    assert_eq!(ruled.len(), unique.len(), "a rule stands twice");
    let codes = all_codes();
    let changes: BTreeSet<&str> = codes
        .iter()
        .map(|code| code.id)
        .filter(|id| id.starts_with("CHANGE_"))
        .collect();
    assert_eq!(unique, changes);
}

/// The corpus, the platform's own contract, and real ones from elsewhere where they are.
fn contracts() -> Vec<PathBuf> {
    let mut contracts: Vec<PathBuf> = cases()
        .iter()
        .flat_map(|case| [case.join("before.yaml"), case.join("after.yaml")])
        .collect();
    contracts.push(root().join("generated/openapi/openapi.yaml"));
    let elsewhere =
        std::env::var_os("FLARESMITH_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    match std::fs::read_dir(&elsewhere) {
        Ok(entries) => contracts.extend(
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|end| end != "md")),
        ),
        Err(_) => println!("{} does not exist: no real contract was compared", elsewhere.display()),
    }
    contracts
}

#[test]
fn a_contract_has_not_changed_against_itself() {
    for path in contracts() {
        let ((texts, left), (_, right)) = (read(&path), read(&path));
        let found = compare((&left).into(), (&right).into());
        assert!(
            found.is_empty(),
            "{}:\n{}",
            path.display(),
            told(&found, &texts, &texts)
        );
    }
}

/// The same with the keys of every object in reverse.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(reversed).collect(),
        Value::Object(members) => {
            let members = members.iter().rev();
            Value::Object(members.map(|(key, value)| (key.clone(), reversed(value))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn the_order_of_keys_is_no_change() {
    let mut compared = 0;
    for path in contracts() {
        let document = &read(&path).1.bundle.document;
        let (left, right) = (of_value(document), of_value(&reversed(document)));
        compared += left.model.operations.len();
        let found = compare((&left).into(), (&right).into());
        let none = Sources::default();
        assert!(found.is_empty(), "{}:\n{}", path.display(), told(&found, &none, &none));
    }
    assert!(compared > 100, "only {compared} operations were compared");
}

#[test]
fn of_names_that_meet_the_same_one_gets_a_number_in_any_order() {
    let long = |end: &str| format!("/{}{end}", "a-very-long-path-that-leaves-no-room/".repeat(3));
    let answers = json!({ "responses": { "204": { "description": "done" } } });
    let contract = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": {
            (long("one")): { "get": answers },
            (long("two")): { "get": answers },
            "/a-b": { "get": answers },
            "/a_b": { "get": answers },
            "/c": { "get": { "operationId": "getAB", "responses": answers["responses"] } },
        },
        "components": { "schemas": {
            "foo_bar": { "type": "object", "properties": { "left": { "type": "string" } } },
            "FooBar": { "type": "object", "properties": { "right": { "type": "string" } } },
        } },
    });
    let names = |compilation: &Compilation| {
        let model = &compilation.model;
        let operations = model.operations.iter().map(|operation| {
            let place = format!("{} {}", operation.method.as_str(), operation.path.raw);
            (
                place,
                format!("{:?} {}", operation.id.words(), operation.policy.mcp.name),
            )
        });
        let types = model
            .types
            .iter()
            .map(|def| (format!("{:?}", def.place), format!("{:?}", def.name.words())));
        operations.chain(types).collect::<BTreeMap<_, _>>()
    };
    let (left, right) = (names(&of_value(&contract)), names(&of_value(&reversed(&contract))));
    assert_eq!(left, right);
    assert_eq!(left.len(), 7, "{left:#?}");
    assert_eq!(left.values().collect::<BTreeSet<_>>().len(), 7, "{left:#?}");
}

/// What a change is called when one looks from the other side.
fn mirrored(code: &str) -> String {
    let plain = match code {
        "CHANGE_PROPERTY_ADDED_REQUIRED" | "CHANGE_PROPERTY_ADDED_TO_CLOSED" => "CHANGE_PROPERTY_ADDED",
        "CHANGE_PARAMETER_ADDED_REQUIRED" => "CHANGE_PARAMETER_ADDED",
        "CHANGE_BODY_ADDED_REQUIRED" => "CHANGE_BODY_ADDED",
        "CHANGE_COLUMN_ADDED_REQUIRED" => "CHANGE_COLUMN_ADDED",
        "CHANGE_DISCRIMINATOR_ADDED" => "CHANGE_DISCRIMINATOR_CHANGED",
        "CHANGE_HEADER_ADDED_REQUIRED" => "CHANGE_HEADER_ADDED",
        "CHANGE_MEDIA_TYPE_ADDED_UNASKED" => "CHANGE_MEDIA_TYPE_ADDED",
        "CHANGE_DEPRECATION_LIFTED" => "CHANGE_DEPRECATED",
        "CHANGE_COLUMN_TYPE_WIDENED" => "CHANGE_COLUMN_TYPE",
        "CHANGE_COLUMN_NOT_NULL" => "CHANGE_COLUMN_NULLABLE",
        code => code,
    };
    for (one, other) in [
        ("_ADDED", "_REMOVED"),
        ("_NARROWED", "_WIDENED"),
        ("_REQUIRED", "_OPTIONAL"),
        ("_RAISED", "_LOWERED"),
        ("_ADMITTED", "_REFUSED"),
        ("_TIGHTENED", "_LOOSENED"),
        ("_SHOWN", "_HIDDEN"),
    ] {
        if let Some(stem) = plain.strip_suffix(other) {
            return format!("{stem}{one}");
        }
    }
    plain.to_owned()
}

/// How often each kind is told, whichever way one looks.
fn counted(changes: &[ContractChange]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    // Values that a column lost are told one way only; gaining them is told at the schema.
    let both_ways = changes
        .iter()
        .filter(|change| change.code.id != "CHANGE_COLUMN_VALUES_REMOVED");
    for change in both_ways {
        *counts.entry(mirrored(change.code.id)).or_default() += 1;
    }
    counts
}

#[test]
fn what_is_added_one_way_is_removed_the_other() {
    for case in cases() {
        let (_, old) = sound(&case.join("before.yaml"));
        let (_, now) = sound(&case.join("after.yaml"));
        let there = compare((&old).into(), (&now).into());
        let back = compare((&now).into(), (&old).into());
        assert_eq!(counted(&there), counted(&back), "{}", case.display());
        // Each thing by itself, not only their number.
        let things = |changes: &[ContractChange], part: &str| -> BTreeSet<String> {
            let with = changes.iter().filter(|change| {
                change.code.id.contains(part)
                    && !change.code.id.contains("COLUMN_VALUES")
                    && !change.code.id.contains("VARIANT")
            });
            with.filter(|change| matches!(mirrored(change.code.id).as_str(), code if code.ends_with("_ADDED")))
                .map(|change| format!("{} {}", mirrored(change.code.id), change.subject))
                .collect()
        };
        assert_eq!(
            things(&there, "_ADDED"),
            things(&back, "_REMOVED"),
            "{}",
            case.display()
        );
    }
}

#[test]
fn contracts_that_have_nothing_in_common_mirror_each_other_too() {
    let contracts = contracts();
    let real: Vec<&PathBuf> = contracts.iter().skip(2 * cases().len()).collect();
    for pair in real.windows(2) {
        let [old, now] = pair else { continue };
        let ((_, old), (_, now)) = (read(old), read(now));
        let there = compare((&old).into(), (&now).into());
        let back = compare((&now).into(), (&old).into());
        assert_eq!(counted(&there), counted(&back), "{pair:?}");
    }
}

#[test]
fn no_text_of_a_change_holds_a_secret_that_stood_in_a_spec() {
    let token = ["ghp_", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].concat();
    let contract = |token: &str, default: &str| {
        json!({
            "openapi": "3.1.0",
            "info": { "title": "A", "version": "1" },
            "paths": { "/a": { "get": {
                "operationId": "a",
                "description": format!("Send {token} with it."),
                "responses": { "200": { "description": "Fine." } },
            }}},
            "components": { "schemas": { "A": { "type": "object", "properties": { "token": {
                "type": "string", "default": default, "x-flaresmith": { "secret": true },
            }}}}},
        })
    };
    let (old, now) = (
        of_value(&contract(&token, "alpha")),
        of_value(&contract("a token", "omega")),
    );
    let found = compare((&old).into(), (&now).into());
    assert_eq!(found.len(), 2, "{found:#?}");
    let text = format!("{found:?}");
    assert!(!text.contains("ghp_A1") && !text.contains("alpha"), "{text}");
    assert!(text.contains("Send **** with it."), "{text}");
}

/// A contract in which every schema mentions the next one twice.
fn ladder(prefix: &str, last: &str) -> Compilation {
    let mut text = String::from(
        "openapi: 3.1.0\ninfo: { title: A, version: '1' }\npaths:\n  /a: { get: { operationId: a, responses: { '200': { description: A., content: { application/json: { schema: { $ref: '#/components/schemas/",
    );
    text.push_str(&format!("{prefix}0' }} }} }} }} }} }} }}\ncomponents:\n  schemas:\n"));
    for i in 0..60 {
        let next = format!("{{ $ref: '#/components/schemas/{prefix}{}' }}", i + 1);
        text.push_str(&format!(
            "    {prefix}{i}: {{ type: object, properties: {{ a: {next}, b: {next} }} }}\n"
        ));
    }
    text.push_str(&format!("    {prefix}60: {{ type: {last} }}\n"));
    let mut sources = Sources::default();
    sources.insert("openapi.yaml", text.into_bytes());
    analyse(&sources, &Settings::default())
}

#[test]
fn schemas_that_cross_again_and_again_are_compared_once_each() {
    let renamed = compare((&ladder("Old", "string")).into(), (&ladder("New", "string")).into());
    let codes: BTreeSet<&str> = renamed.iter().map(|change| change.code.id).collect();
    assert_eq!((renamed.len(), codes), (61, BTreeSet::from(["CHANGE_SCHEMA_RENAMED"])));
    // With another end no schema is what it was, so all of them are walked from the one operation.
    let other = compare((&ladder("Old", "string")).into(), (&ladder("New", "integer")).into());
    let told = other
        .iter()
        .filter(|change| change.code.id == "CHANGE_TYPE_CHANGED")
        .count();
    assert!((1..=2).contains(&told), "{told}");
}
