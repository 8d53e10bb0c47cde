//! The half of the generated Rust crate that is about operations: that it is Rust whatever a contract says. What it does when it
//! runs is asked in tests/it.

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};

fn crate_of(contract: &str) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("contract.yaml", contract.as_bytes().to_vec());
    let settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(vec!["rust".to_owned()]),
        ..Settings::default()
    };
    compile(&sources, &settings, &Default::default())
}

fn file(made: &Compilation, end: &str) -> String {
    let found = made.artifacts.iter().find(|artifact| artifact.path.ends_with(end));
    found.map(|artifact| artifact.text.to_string()).unwrap_or_default()
}

const HOSTILE: &str = r##"
openapi: 3.1.0
info: { title: "a */ b\n\"", version: 1.0.0 }
paths:
  /a/{id}.json:
    get:
      operationId: "request"
      summary: "*/ } fn evil() {} /*\r\n/// x\u2028y"
      tags: ["mod"]
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
        - { name: "self", in: query, description: "\"#); evil!(", schema: { type: string, default: "\"); evil" } }
        - { name: "self", in: header, schema: { type: integer, default: 3 } }
        - { name: body, in: query, schema: { type: string } }
        - { name: type, in: cookie, schema: { type: string } }
      responses:
        '101': { description: "Up \" \\" }
        '200':
          description: Several.
          headers: { "X-A": { schema: { type: string } }, Content-Type: { schema: { type: string } } }
          content: { application/json: { schema: {} }, "application/x\"y": { schema: {} }, text/event-stream: { schema: { type: string } } }
        4XX: { description: Mistakes., content: { application/json: { schema: { type: object, properties: { a: { type: string } } } } } }
        default: { description: Others. }
  /a/{name}/b:
    put:
      operationId: requestRequest
      parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { "*/*": {}, application/json: {}, text/plain: {}, multipart/form-data: {}, application/x-www-form-urlencoded: {} } }
      responses: {}
  /:
    get: { operationId: clone, tags: ["mod"], responses: { '204': { description: Nothing. } } }
"##;

#[test]
fn every_file_is_rust_whatever_the_contract_says() {
    let made = crate_of(HOSTILE);
    assert!(!made.artifacts.is_empty(), "{:?}", made.diagnostics);
    for artifact in made.artifacts.iter().filter(|artifact| artifact.path.ends_with(".rs")) {
        let parsed = syn::parse_file(&artifact.text.whole());
        assert!(
            parsed.is_ok(),
            "{}: {:?}\n{}",
            artifact.path,
            parsed.err(),
            artifact.text
        );
        assert!(!artifact.text.whole().contains("\nfn evil"), "{}", artifact.path);
    }
}

#[test]
fn one_operation_more_adds_one_method_one_route_and_one_entry() {
    let contract = include_str!("../../../tests/it/fixtures/rust-server/openapi.yaml");
    let more = contract.replace(
        "components:\n",
        "  /later:\n    get: { operationId: seeLater, tags: [Books], responses: { '204': { description: Nothing. } } }\ncomponents:\n",
    );
    let (before, after) = (crate_of(contract), crate_of(&more));
    for (end, line) in [
        ("/api/books.rs", "fn see_later("),
        ("/server/handlers/books.rs", "SEE_LATER, api, self::see_later::<A>)"),
        ("/operations/table/books.rs", "pub static SEE_LATER: Operation"),
        ("/client/calls/books.rs", "pub async fn see_later("),
    ] {
        let (before, after) = (file(&before, end), file(&after, end));
        assert_eq!(after.matches(line).count(), 1, "{end}\n{after}");
        let kept = before.lines().filter(|line| !after.contains(line)).count();
        assert_eq!(kept, 0, "{end} loses lines");
    }
    let changed: Vec<&str> = (after.artifacts.iter())
        .filter(|artifact| !before.artifacts.contains(artifact))
        .filter_map(|artifact| artifact.path.split_once("/src/").map(|(_, path)| path))
        .collect();
    let expected = [
        "api/books.rs",
        "client/calls/books.rs",
        "operations/mod.rs",
        "operations/table/books.rs",
        "server/handlers/books.rs",
    ];
    assert_eq!(changed, expected);
}

#[test]
fn a_contract_without_a_catalog_has_the_codes_that_a_server_needs() {
    let errors = file(&crate_of(HOSTILE), "/errors/mod.rs");
    for code in [
        "REQUEST_VALIDATION_FAILED",
        "REQUEST_NOT_IMPLEMENTED",
        "SERVER_INTERNAL",
    ] {
        assert!(errors.contains(&format!("text: {code:?}")), "{code}");
    }
    assert!(errors.contains("envelope::PLAIN"));
}

#[test]
fn no_line_of_the_table_of_operations_is_too_long_for_what_it_lists() {
    let contract = include_str!("../../../tests/it/fixtures/rust-server/openapi.yaml");
    let made = crate_of(contract);
    let table = file(&made, "/operations/table/books.rs");
    let long: Vec<&str> = table
        .lines()
        .filter(|line| line.chars().count() > 120 && line.contains("&["))
        .collect();
    assert_eq!(long, [""; 0]);
    assert!(table.contains("    segments: &["), "{table}");
}

#[test]
fn handlers_call_values_as_the_contract_does() {
    let made = crate_of(HOSTILE);
    let handlers = made
        .artifacts
        .iter()
        .filter(|artifact| artifact.path.contains("/server/handlers/"));
    let text: String = handlers.map(|artifact| artifact.text.to_string()).collect();
    for line in [
        "let id = call.required(0);",
        "let body_ = call.optional(3, None);",
        "let r#type = call.optional(4, None);",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(
        text.contains("id: Call::given(id)?,") && text.contains("            r#type,\n"),
        "{text}"
    );
}

#[test]
fn a_domain_that_is_called_like_the_crate_does_not_hide_it_from_the_teams_router() {
    let router = |package: &str| {
        let mut sources = Sources::default();
        sources.insert("contract.yaml", HOSTILE.replace("[\"mod\"]", "[Books]").into_bytes());
        let mut settings = Settings {
            contracts: vec!["contract.yaml".to_owned()],
            targets: Some(vec!["rust".to_owned()]),
            ..Settings::default()
        };
        settings.rust.package = Some(package.to_owned());
        settings.rust.handlers = Some("team".to_owned());
        file(&compile(&sources, &settings, &Default::default()), "team/mod.rs")
    };
    assert!(router("books").contains("    ::books::server::router(Arc::new(handlers))\n"));
    assert!(router("shelf").contains("    shelf::server::router(Arc::new(handlers))\n"));
}
