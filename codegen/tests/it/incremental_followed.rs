//! Rounds that follow the change: which saves of the platform's own contract do, and that they come to what a clean compilation
//! comes to.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the specs from the disk and fails by panicking"
)]

use std::collections::BTreeMap;

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::{Compilation, analyse, compile, compile_again};

use crate::repository::{CONTRACT, MODEL, SPEC, SPECS, text};

/// The platform's specs, which are edited by text.
struct Specs {
    texts: BTreeMap<&'static str, String>,
    memo: Memo,
}

impl Specs {
    /// As they are, compiled once.
    fn new() -> Self {
        let specs = Self {
            texts: SPECS.map(|path| (path, text(path))).into(),
            memo: Memo::lasting(),
        };
        specs.hold(&["the first round"]);
        specs
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        for (path, text) in &self.texts {
            sources.insert(path, text.as_bytes());
        }
        sources
    }

    /// Compiles with what is remembered and from nothing, and holds one against the other. Whether the round followed the change.
    fn hold(&self, what: &[&str]) -> bool {
        let sources = self.sources();
        let settings = Settings {
            targets: Some(vec!["mcp".to_owned()]),
            ..Settings::default()
        };
        let before = self.memo.followed();
        let again = told(
            &sources,
            &compile_again(&sources, &settings, &BTreeMap::new(), &self.memo),
        );
        let clean = told(&sources, &compile(&sources, &settings, &BTreeMap::new()));
        let differs = again.lines().zip(clean.lines()).find(|(again, clean)| again != clean);
        assert_eq!(differs, None, "{what:?}");
        assert!(again == clean, "{what:?}");
        self.memo.followed() > before
    }

    /// Saves a file with one text in the place of the first of another. Whether the round followed the change.
    fn save(&mut self, path: &'static str, from: &str, to: &str) -> bool {
        let text = self.texts.get_mut(path).unwrap();
        assert!(text.contains(from), "`{from}` stands in {path}");
        *text = text.replacen(from, to, 1);
        self.hold(&[path, from, to])
    }
}

/// Everything that comes out, with the places as people read them.
fn told(sources: &Sources, compilation: &Compilation) -> String {
    let locator = Locator::new(sources);
    let mut text = String::new();
    for found in &compilation.diagnostics {
        let at = found.place.as_ref().and_then(|place| locator.locate(place));
        text.push_str(&format!("{found:?} at {at:?}\n"));
    }
    let Compilation { model, bundle, .. } = compilation;
    text.push_str(&format!("{model:#?}\n{:#}\n{:#?}\n", bundle.document, bundle.origins));
    for artifact in &compilation.artifacts {
        text.push_str(&format!("{}\n{}\n", artifact.path, artifact.text));
    }
    text
}

/// What people do all day.
#[test]
fn a_save_that_stays_within_what_there_is_is_followed() {
    let mut specs = Specs::new();
    let column =
        "\n      organizationId: { type: string, format: uuid, x-flaresmith: { references: { entity: Organization";
    let field = "\n        keyword: { type: string, maxLength: 60";
    let saves = [
        // A column, another, and neither.
        (
            MODEL,
            column,
            &*format!("\n      one: {{ type: string, maxLength: 9 }}{column}"),
        ),
        (MODEL, "\n      one: ", "\n      other: "),
        (MODEL, "\n      other: { type: string, maxLength: 9 }", ""),
        // Comments and lines move everything below them.
        (MODEL, "\n$defs:", "\n# A remark.\n\n$defs:"),
        (MODEL, "\n$defs:\n", "\n$defs:\n  # Another.\n"),
        // A field of a schema in the contract, one that refers, one that lists, one less.
        (
            CONTRACT,
            field,
            &*format!("\n        more: {{ type: integer, minimum: 1 }}{field}"),
        ),
        (
            CONTRACT,
            "more: { type: integer, minimum: 1 }",
            "more: { $ref: '#/components/schemas/ErrorBody' }",
        ),
        (
            CONTRACT,
            "more: { $ref: '#/components/schemas/ErrorBody' }",
            "more: { type: array, items: { $ref: '../data-model.yaml#/$defs/Role' } }",
        ),
        (
            CONTRACT,
            "\n        more: { type: array, items: { $ref: '../data-model.yaml#/$defs/Role' } }",
            "",
        ),
        // Words, rules, what is demanded.
        (
            CONTRACT,
            "description: One thing about a request",
            "description: A thing about a request",
        ),
        (
            CONTRACT,
            "required: [location, pointer, keyword, message]",
            "required: [location, pointer, keyword]",
        ),
        (
            CONTRACT,
            "keyword: { type: string, maxLength: 60",
            "keyword: { type: string, maxLength: 61",
        ),
        // Values of a list that has a name.
        (
            MODEL,
            "enum: [info, warn, error, critical]",
            "enum: [info, warn, error, fatal, critical]",
        ),
        // Operations, their words, errors and answers.
        (CONTRACT, "summary: Create a project\n", "summary: Make a project\n"),
        (CONTRACT, "          - PROJECT_NAME_TAKEN\n", ""),
        // Both ends of a file.
        (CONTRACT, "openapi: 3", "# The contract.\nopenapi: 3"),
    ];
    for (path, from, to) in saves {
        assert!(specs.save(path, from, to), "{from:?} -> {to:?}");
    }
}

/// What makes or takes away names, moves what is shared, or says something wrong, is not: everything may depend on it.
#[test]
fn a_save_that_reaches_further_is_not_followed_and_neither_is_its_undoing() {
    let mut specs = Specs::new();
    let field = "\n        keyword: { type: string, maxLength: 60";
    for (path, from, to) in [
        // A new type, and one under a name that is taken.
        (
            CONTRACT,
            field,
            &*format!("\n        more: {{ type: string, enum: [a, b] }}{field}"),
        ),
        (
            CONTRACT,
            "    Violation:\n      description",
            "    ViolationLocation: { type: string }\n    Violation:\n      description",
        ),
        // A type that is gone.
        (
            CONTRACT,
            "location: { type: string, enum: [path, query, header, cookie, body] }",
            "location: { type: string }",
        ),
        // Another name, another path, another order, another role.
        (CONTRACT, "operationId: createProject\n", "operationId: makeProject\n"),
        (CONTRACT, "  /projects:\n", "  /undertakings:\n"),
        (CONTRACT, "roles: [", "roles: [guest, "),
        // What leads nowhere, what is no value, what no reader takes.
        (
            CONTRACT,
            "$ref: '#/components/schemas/ErrorBody'",
            "$ref: '#/components/schemas/ErrorBodies'",
        ),
        (
            CONTRACT,
            field,
            &*format!("\n        more: {{ type: string, x-flaresmith: {{ sekret: true }} }}{field}"),
        ),
        (
            CONTRACT,
            field,
            &*format!("\n        keyword: {{ type: string }}{field}"),
        ),
        (
            MODEL,
            "enum: [info, warn, error, critical]",
            "enum: [info, warn, error, [critical]]",
        ),
        (SPEC, "## ", "## On "),
    ] {
        assert!(!specs.save(path, from, to), "{from:?} -> {to:?}");
        specs.save(path, to, from);
    }
}

/// An anchor carries a change to wherever it is repeated.
#[test]
fn what_an_anchor_repeats_is_read_again_with_it() {
    let mut specs = Specs::new();
    let role = "    enum: [viewer, contributor, maintainer, owner]\n";
    specs.save(
        MODEL,
        role,
        "    enum: &words [viewer, contributor, maintainer, owner]\n",
    );
    specs.save(
        MODEL,
        "    enum: [github, cloudflare, neon, postman]\n",
        "    enum: *words\n",
    );
    specs.save(MODEL, "&words [viewer,", "&words [guest, viewer,");
}

/// What is found once is found again, at the line where it stands then.
#[test]
fn a_problem_stays_told_where_it_stands_while_lines_move() {
    let mut specs = Specs::new();
    let field = "\n        keyword: { type: string, maxLength: 60";
    let secret = format!(
        "\n        token: {{ type: string, example: ghp_{} }}{field}",
        "a1B2".repeat(9)
    );
    assert!(specs.save(CONTRACT, field, &secret));
    assert!(specs.save(
        CONTRACT,
        "description: One thing about",
        "description: Some thing about"
    ));
    assert!(specs.save(CONTRACT, "openapi: 3", "# A line.\nopenapi: 3"));
    assert!(specs.save(CONTRACT, &secret, field));
}

/// What rules say of an operation stays told while schemas change, and goes when the operation is put right.
#[test]
fn what_a_rule_tells_of_an_operation_stays_told_while_schemas_change() {
    let mut specs = Specs::new();
    let untraced = |specs: &Specs| {
        let found = analyse(&specs.sources(), &Settings::default()).diagnostics;
        found
            .iter()
            .filter(|one| one.code.id == "TRACE_OPERATION_UNTRACED")
            .count()
    };
    assert_eq!(untraced(&specs), 0);
    let traced = "        requirements: [FR-013, FR-025]\n";
    specs.save(CONTRACT, traced, "");
    assert_eq!(untraced(&specs), 1);
    let field = "\n        keyword: { type: string, maxLength: 60";
    let more = format!("\n        more: {{ type: integer, minimum: 1 }}{field}");
    assert!(specs.save(CONTRACT, field, &more));
    assert!(specs.save(CONTRACT, &more, field));
    let rate = "        role: viewer\n        rateLimit: read\n        errors: [PROJECT_NOT_FOUND]\n        postman: { order: 220 }\n";
    specs.save(CONTRACT, rate, &format!("{traced}{rate}"));
    assert_eq!(untraced(&specs), 0);
    assert!(specs.save(CONTRACT, field, &more));
}
