//! What people read about a change.

use flaresmith_codegen::rope::Rope;

use super::{new, summary};

fn told(path: &str, before: &str, after: &str) -> String {
    summary(path, Some(before), Some(after))
}

#[test]
fn rust_is_told_by_types_and_members() {
    let before =
        "use a::A;\n\npub struct Project {\n    id: u8,\n}\n\ntrait SystemApi {\n    fn a(&self);\n}\n\nfn gone() {}\n";
    let after = "use a::{A, B};\n\npub struct Project {\n    id: u8,\n    name: u8,\n    state: u8,\n}\n\ntrait SystemApi {\n    fn a(&self);\n    fn b(&self);\n}\n";
    assert_eq!(
        told("a.rs", &before.replace("a::A;", "a::{A, B};"), after),
        "2 fields added to Project, 1 method added to SystemApi, 1 function removed"
    );
    let routes = "fn routes() {\n    Router::new().route(\"/a\", get(a)).route(\"/b\", get(b))\n}\n";
    let fewer = routes.replace(".route(\"/b\", get(b))", "");
    assert_eq!(told("a.rs", routes, &fewer), "1 route removed, 1 function changed");
}

#[test]
fn a_large_new_file_is_told_by_its_lines() {
    let one = "pub fn a() {}\n";
    assert_eq!(summary("a.rs", None, Some(one)), "1 function");
    assert_eq!(summary("a.rs", None, Some(&one.repeat(20_000))), "20000 lines");
    for times in [0, 1, 3, 20_000, 50_000] {
        for end in ["", "pub fn b() {}", "\n\n"] {
            let text = one.repeat(times) + end;
            assert_eq!(
                new("a.rs", &Rope::from(text.as_str())),
                summary("a.rs", None, Some(&text)),
                "{times} and {end:?}"
            );
        }
    }
}

#[test]
fn typescript_is_told_by_exports_and_members() {
    let before = "import { A } from './a.js';\n\nexport const ProjectSchema = z.object({\n  id: z.string(),\n});\nexport interface Store {\n  a(): void;\n}\nexport const all = {\n  a() {},\n};\n";
    let after = "import { A, B } from './a.js';\n\nexport const ProjectSchema = z.object({\n  id: z.string().max(1),\n  name: z.string(),\n});\nexport interface Store {\n}\nexport const all = {\n  a() {},\n};\n";
    assert_eq!(
        told("a.ts", before, after),
        "1 import added, 1 field added to ProjectSchema, 1 member removed from Store and 1 more"
    );
}

#[test]
fn an_api_description_is_told_by_operations_schemas_and_fields() {
    let before = r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {"x": 1}}}, "components": {"schemas": {"P": {"type": "object", "properties": {"a": {}}}}}}"#;
    let after = r#"{"openapi": "3.1.0", "paths": {"/a": {"get": {"x": 2}, "post": {}}}, "components": {"schemas": {"P": {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]}}}}"#;
    let expected = "1 operation added, 1 field added to P, 1 operation changed";
    assert_eq!(told("a.json", before, after), expected);
    let yaml = "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      x: 1\n";
    assert_eq!(
        told(
            "a.yaml",
            yaml,
            &format!("{yaml}    delete:\n      x: 1\n    post:\n      x: 1\n")
        ),
        "2 operations added"
    );
}

#[test]
fn a_collection_is_told_by_requests_and_folders() {
    let before =
        r#"{"info": {"name": "A"}, "item": [{"id": "f", "name": "Projects", "item": [{"id": "1", "name": "a"}]}]}"#;
    let after = r#"{"info": {"name": "A"}, "item": [{"id": "f", "name": "Projects", "item": [{"id": "1", "name": "b"}, {"id": "2", "name": "c"}]}, {"id": "g", "name": "New", "item": []}]}"#;
    assert_eq!(
        told("a.json", before, after),
        "1 folder added, 1 request added to Projects, 1 request changed in Projects"
    );
}

#[test]
fn tools_and_other_keys_are_counted() {
    assert_eq!(
        told(
            "a.json",
            r#"{"tools": [{"name": "a"}]}"#,
            r#"{"tools": [{"name": "a"}, {"name": "b"}]}"#
        ),
        "1 tool added"
    );
    assert_eq!(
        told(
            "package.json",
            r#"{"name": "a", "dependencies": {"b": "1"}}"#,
            r#"{"name": "a", "dependencies": {"b": "2", "c": "1"}}"#
        ),
        "1 key added to dependencies, 1 key changed in dependencies"
    );
}

#[test]
fn other_text_is_told_by_lines() {
    assert_eq!(told("a.sql", "a\nb\n", "a\nc\nd\n"), "2 lines added, 1 line removed");
    assert_eq!(
        told("a.rs", "fn broken( {\n", "fn whole() {}\n"),
        "1 line added, 1 line removed"
    );
    assert_eq!(told("a.rs", "//! A.\n", "//! B.\n"), "1 line added, 1 line removed");
}

#[test]
fn line_ends_and_white_space_are_told_as_what_they_are() {
    assert_eq!(
        told("a.yaml", "a: 1\nb: 1\n", "a: 1\r\nb: 1\r\n"),
        "line endings changed"
    );
    assert_eq!(told("a.yaml", "a: 1\nb: 1\n", "a: 1\r\nb: 2\r\n"), "1 key changed");
    assert_eq!(told("a.rs", "fn a() {}\n", "\nfn a() {}\n"), "white space changed");
}

#[test]
fn a_file_that_comes_or_goes_is_told_by_what_is_in_it() {
    assert_eq!(
        summary("a.rs", None, Some("struct A;\nstruct B;\nfn c() {}\n")),
        "2 structs, 1 function"
    );
    let collection = r#"{"info": {}, "item": [{"name": "f", "item": [{"name": "a"}, {"name": "b"}]}, {"name": "c"}]}"#;
    assert_eq!(summary("a.json", Some(collection), None), "1 folder, 3 requests");
    assert_eq!(summary("a.sql", Some("a\n"), None), "1 line");
}

#[test]
fn many_places_are_told_together() {
    let file = |fields: &str| {
        let structs = (0..40).map(|i| format!("struct S{i} {{\n    a: u8,\n{fields}}}\n"));
        structs.collect::<String>()
    };
    assert_eq!(told("a.rs", &file(""), &file("    b: u8,\n")), "40 fields added");
}

/// What the platform's own specs make, with texts of its contract and data model replaced.
fn generated(changes: &[(&str, &str)]) -> std::collections::BTreeMap<String, Rope> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = flaresmith_codegen::source::Sources::default();
    for path in [
        "specs/001-platform-bootstrap/contracts/openapi.yaml",
        "specs/001-platform-bootstrap/data-model.yaml",
        "specs/001-platform-bootstrap/spec.md",
    ] {
        let mut text = std::fs::read_to_string(root.join(path)).unwrap();
        for (from, to) in changes {
            text = text.replacen(from, to, 1);
        }
        sources.insert(path, text.into_bytes());
    }
    let compiled = flaresmith_codegen::compile(&sources, &Default::default(), &Default::default());
    assert!(!compiled.artifacts.is_empty(), "{:#?}", compiled.diagnostics);
    let artifacts = compiled.artifacts.into_iter();
    artifacts.map(|artifact| (artifact.path, artifact.text)).collect()
}

#[test]
fn of_large_files_the_same_is_told_as_if_all_of_them_were_read() {
    let before = generated(&[]);
    let (mut compared, mut whole, mut differ) = (0, 0, Vec::new());
    for changes in [
        &[("maxLength: 120", "maxLength: 121")] as &[_],
        &[(
            "type: string, maxLength: 200",
            "type: string, maxLength: 201, minLength: 1",
        )],
        &[("description: The ", "description: That ")],
        &[(
            "\n      organizationId: {",
            "\n      added: { type: string, maxLength: 9 }\n      organizationId: {",
        )],
        &[(
            "\n      organizationId: {",
            "\n      added: { type: string }\n      more: { type: integer }\n      organizationId: {",
        )],
        &[("summary: List projects", "summary: List all projects")],
        &[("operationId: listProjects", "operationId: listAllProjects")],
        &[("minLength: 1", "minLength: 2"), ("maximum: 100", "maximum: 101")],
    ] {
        let after = generated(changes);
        for (path, after) in &after {
            let Some(before) = before.get(path).filter(|before| *before != after) else {
                continue;
            };
            // There and back: what is added one way is removed the other.
            for (before, after) in [(before, after), (after, before)] {
                let (before, after) = (&*before.whole(), &*after.whole());
                let full = super::told(path, before, after).unwrap_or_default();
                match super::short(path, before, after) {
                    Some(short) if short == full => compared += 1,
                    Some(short) => differ.push(format!("{path} {changes:?}\n  {short:?}\n  {full:?}")),
                    None => whole += 1,
                }
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} of {compared} differ:\n{}",
        differ.len(),
        differ.join("\n")
    );
    assert!(compared > 20 && compared > whole, "{compared} {whole}");
}
