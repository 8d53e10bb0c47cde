//! The rules over a whole repository: what is told about which, and that a repository without features hears almost nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use flaresmith_codegen::analyse;
use flaresmith_codegen::diagnostics::{Diagnostic, Severity};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;

const SPEC: &str = "# Feature Specification: Loans

## Requirements

- **FR-001**: Lend.
- **FR-002**: Return.
- **FR-003**: Oak desks. Not in the contract: furniture has no interface.
- **FR-004**: Removed.

## Success Criteria

- **SC-001**: Liked.
";

/// A contract with an operation for each list of requirements.
fn contract(requirements: &[&str]) -> String {
    let mut text = "openapi: 3.1.0\ninfo: {title: Loans, version: '1'}\npaths:\n".to_owned();
    for (i, ids) in requirements.iter().enumerate() {
        text.push_str(&format!(
            "  /loans{i}:\n    get:\n      operationId: listLoans{i}\n      x-flaresmith: {{requirements: [{ids}]}}\n      responses: {{'204': {{description: Done}}}}\n"
        ));
    }
    text
}

fn told(files: &[(&str, &str)]) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    for (path, text) in files {
        sources.insert(path, text.as_bytes().to_vec());
    }
    let diagnostics = analyse(&sources, &Settings::default()).diagnostics;
    (sources, diagnostics)
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics.iter().map(|one| one.code.id).collect()
}

#[test]
fn requirements_without_a_carrier_and_operations_without_a_requirement_are_told_where_they_stand() {
    let (sources, found) = told(&[
        ("specs/001-loans/spec.md", SPEC),
        ("specs/001-loans/contracts/api.yaml", &contract(&["FR-001", ""])),
    ]);
    assert_eq!(
        codes(&found),
        ["TRACE_REQUIREMENT_UNCOVERED", "TRACE_OPERATION_UNTRACED"]
    );
    assert!(found[0].message.contains("001/FR-002") && found[1].message.contains("listLoans1"));
    let locator = Locator::new(&sources);
    let lines: Vec<String> = found
        .iter()
        .map(|one| locator.locate(one.place.as_ref().unwrap()).unwrap().text)
        .collect();
    assert!(lines[0].contains("**FR-002**"), "{lines:?}");
    assert!(
        found
            .iter()
            .all(|one| one.severity == Severity::Warning && one.hint.is_some())
    );
}

#[test]
fn ids_that_no_feature_has_are_errors_with_the_nearest_one() {
    let (_, found) = told(&[
        ("specs/001-loans/spec.md", SPEC),
        (
            "specs/001-loans/contracts/api.yaml",
            &contract(&["FR-001, FR-002, FR-0O1", "FR-004"]),
        ),
        (
            "specs/002-fines/spec.md",
            "# Fines\n\n## Requirements\n\n- **FR-020**: Fines.\n",
        ),
        (
            "specs/002-fines/contracts/api.yaml",
            &contract(&["FR-020, FR-003, 001/FR-001"])
                .replace("/loans", "/fines")
                .replace("listLoans", "listFines"),
        ),
    ]);
    let unknown: Vec<&Diagnostic> = found
        .iter()
        .filter(|one| one.code.id == "TRACE_REQUIREMENT_UNKNOWN")
        .collect();
    assert_eq!(unknown.len(), 2, "{found:?}");
    assert_eq!(unknown[0].severity, Severity::Error);
    assert_eq!(unknown[0].hint.as_deref(), Some("did you mean `FR-001`?"));
    assert_eq!(
        unknown[1].hint.as_deref(),
        Some("another feature has it: write `001/FR-003`")
    );
    assert!(codes(&found).contains(&"TRACE_REQUIREMENT_REMOVED"), "{found:?}");
}

#[test]
fn a_short_id_of_two_features_is_ambiguous_outside_of_their_folders() {
    let other = SPEC.replace("Loans", "Fines");
    let (_, found) = told(&[
        ("specs/001-loans/spec.md", SPEC),
        ("specs/002-fines/spec.md", &other),
        (
            "specs/contracts/api.yaml",
            &contract(&["FR-001", "001/FR-002, 002/FR-002"]),
        ),
    ]);
    assert_eq!(codes(&found), ["TRACE_REQUIREMENT_AMBIGUOUS"]);
    assert_eq!(found[0].related.len(), 2);
}

#[test]
fn a_repository_without_features_hears_nothing_about_requirements() {
    let (_, found) = told(&[("openapi.yaml", &contract(&["FR-001", ""]))]);
    assert_eq!(codes(&found), Vec::<&str>::new());
}

#[test]
fn an_operation_that_can_only_fail_is_told() {
    let text = contract(&[""]).replace("'204'", "'404'");
    let (_, found) = told(&[("openapi.yaml", &text)]);
    assert_eq!(codes(&found), ["LINT_OPERATION_NO_SUCCESS"]);
    let (_, found) = told(&[("openapi.yaml", &contract(&[""]).replace("'204'", "'101'"))]);
    assert_eq!(codes(&found), Vec::<&str>::new());
}

#[test]
fn a_secret_is_told_wherever_it_stands_and_never_shown() {
    // Put together here, so that this file holds nothing that looks like one.
    let token = format!("gh{}_{}", "p", "9fK2mQ7xLw3RtY6vBn4ZcH8sJd5GpA2eUqVr");
    let spec = format!("{SPEC}\n```\ncurl -H 'Authorization: {token}'\n```\n");
    let api = contract(&["FR-001, FR-002"]).replace("description: Done", &format!("description: 'Done with {token}'"));
    let (sources, found) = told(&[
        ("specs/001-loans/spec.md", &spec),
        ("specs/001-loans/contracts/api.yaml", &api),
    ]);
    assert_eq!(codes(&found), ["SPEC_SECRET_PLAINTEXT", "SPEC_SECRET_PLAINTEXT"]);
    let locator = Locator::new(&sources);
    for one in &found {
        let line = locator.locate(one.place.as_ref().unwrap()).unwrap().text;
        assert!(line.contains(&token), "{line}");
        assert!(!format!("{} {:?}", one.message, one.hint).contains(&token) && !one.shows_source());
    }
}

#[test]
fn what_the_settings_call_no_secret_by_its_fingerprint_is_let_through_and_nothing_else_is() {
    let token = format!("wh{}_{}", "sec", "9fK2mQ7xLw3RtY6vBn4ZcH8sJd5GpA2eUqVr");
    let other = format!("gh{}_{}", "p", "9fK2mQ7xLw3RtY6vBn4ZcH8sJd5GpA2eUqVr");
    let api = contract(&["FR-001, FR-002"]).replace("description: Done", &format!("description: 'Done with {token}'"));
    let api = format!("# {token}\n# {other}\n{api}");
    let spec = format!("{SPEC}\n```\ncurl -H 'X: {token}'\n```\n");
    let files = [
        ("specs/001-loans/spec.md", spec.as_str()),
        ("specs/001-loans/contracts/api.yaml", api.as_str()),
    ];
    let (mut sources, found) = told(&files);
    assert_eq!(codes(&found), ["SPEC_SECRET_PLAINTEXT"; 3]);
    // One of them stands in two places.
    let prints: BTreeSet<String> = found.iter().map(print).collect();
    assert_eq!(prints.len(), 2);
    for known in &prints {
        let settings = Settings {
            no_secrets: vec![known.clone()],
            ..Settings::default()
        };
        let left = analyse(&sources, &settings).diagnostics;
        assert!(
            !left.is_empty() && left.iter().all(|one| print(one) != *known),
            "{left:?}"
        );
    }
    let settings = format!("no_secrets = {:?}\n", prints.iter().collect::<Vec<_>>());
    sources.insert("flaresmith.toml", settings.as_bytes().to_vec());
    let settings = Settings::parse(&settings, &mut Vec::new());
    assert_eq!(codes(&analyse(&sources, &settings).diagnostics), Vec::<&str>::new());
}

/// The fingerprint that a hint tells.
fn print(told: &Diagnostic) -> String {
    let hint = told.hint.as_deref().unwrap();
    let (_, print) = hint.split_once("no_secrets = [\"").unwrap();
    print[..16].to_owned()
}

#[test]
fn values_under_secret_names_are_told_and_placeholders_are_not() {
    let schema = |example: &str| {
        format!(
            "{}components:\n  schemas:\n    Login:\n      type: object\n      properties:\n        clientSecret: {{type: string, example: '{example}'}}\n        nextPageToken: {{type: string, example: 'fK2mQ7xLw3RtY6vBn4ZcH8sJd5GpA2eU'}}\n",
            contract(&[""])
        )
    };
    let (_, found) = told(&[("openapi.yaml", &schema("fK2mQ7xLw3RtY6vBn4ZcH8sJd5GpA2eU"))]);
    assert_eq!(codes(&found), ["SPEC_SECRET_PLAINTEXT"]);
    for placeholder in [
        "your-client-secret-goes-here",
        "<secret>",
        "8c60537e-a4d9-43c1-9f8c-2710b634e5d0",
        "****",
    ] {
        let (_, found) = told(&[("openapi.yaml", &schema(placeholder))]);
        assert_eq!(codes(&found), Vec::<&str>::new(), "{placeholder}");
    }
}

#[test]
fn names_that_a_database_cannot_keep_are_errors_and_long_ones_of_our_own_are_cut() {
    let long = "word".repeat(20);
    let schema = format!(
        "openapi: 3.1.0\ninfo: {{title: Loans, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n    Loan:\n      type: object\n      required: [id]\n      properties:\n        id: {{type: integer}}\n        {long}: {{type: string}}\n        NAMED\n      x-flaresmith: {{table: {{}}}}\n"
    );
    let of = |name: &str| {
        let named = format!("other: {{type: string, x-flaresmith: {{column: {{name: {name:?}}}}}}}");
        let contract = schema.replace("NAMED", &named);
        let mut sources = Sources::default();
        sources.insert("specs/001-loans/contracts/api.yaml", contract.into_bytes());
        analyse(&sources, &Settings::default())
    };
    let sound = of("its own name");
    assert!(sound.diagnostics.is_empty(), "{:?}", sound.diagnostics);
    assert!(
        sound.model.entities[0]
            .columns
            .iter()
            .all(|column| column.name.len() <= 63)
    );
    for name in ["quo\"ted", "line\nbreak", "", &long] {
        let found = of(name).diagnostics;
        assert_eq!(codes(&found), ["SPEC_TABLE_INVALID"], "{name:?}: {found:?}");
    }
}

#[test]
fn a_word_of_type_that_does_not_exist_is_told_wherever_a_schema_stands() {
    let contract = "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /schema:
    get:
      operationId: a
      parameters: [{name: q, in: query, schema: {type: strng}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {type: [objct, 'null']}},
        example: {schema: {type: nothing}}}}}}
components:
  schemas:
    A: {type: object, properties: {type: {type: file}, x: {default: {type: no}}}, x-other: {type: no}}
";
    let (sources, found) = told(&[("openapi.yaml", contract)]);
    let locator = Locator::new(&sources);
    let found: Vec<String> = found
        .iter()
        .filter(|one| one.code.id == "SPEC_TYPE_UNKNOWN")
        .map(|one| {
            let at = locator.locate(one.place.as_ref().unwrap()).unwrap();
            format!("{}:{} {}", at.line, at.column, one.advice())
        })
        .collect();
    assert_eq!(
        found,
        [
            "7:56 did you mean `string`?",
            "8:103 did you mean `object`?",
            "12:49 write one of string, number, integer, boolean, object, array, null"
        ]
    );
}

#[test]
fn what_a_request_of_a_collection_uses_is_captured_and_what_may_refuse_it_is_among_its_errors() {
    let contract = "openapi: 3.1.0
info: {title: Loans, version: '1'}
x-flaresmith:
  errors: {LOAN_UNKNOWN: {severity: warn, retryPolicy: none, status: 404, message: None.}}
paths:
  /loans:
    post:
      operationId: lend
      x-flaresmith: {postman: {captures: {loan: /id}}}
      responses: {'204': {description: Done}}
    get:
      operationId: find
      x-flaresmith: {errors: [LOAN_UNKNOWN], postman: {uses: {id: loan, other: lone}, refusals: [LOAN_UNKNOWN, LOAN_LOST]}}
      responses: {'204': {description: Done}}
";
    let (sources, found) = told(&[("openapi.yaml", contract)]);
    assert_eq!(
        codes(&found),
        ["SPEC_POLICY_UNKNOWN", "SPEC_POLICY_UNKNOWN"],
        "{found:?}"
    );
    let locator = Locator::new(&sources);
    let mut said: Vec<(String, &str)> = found
        .iter()
        .map(|one| {
            let place = locator.locate(one.place.as_ref().unwrap()).unwrap();
            (format!("{}:{}", place.line, one.message), one.hint.as_deref().unwrap())
        })
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            (
                "13:no operation captures the variable `lone`".to_owned(),
                "did you mean `loan`?"
            ),
            (
                "13:the operation does not answer with `LOAN_LOST`, so no collection may expect it".to_owned(),
                "add it to `errors` of the operation, or remove it here"
            ),
        ]
    );
}
