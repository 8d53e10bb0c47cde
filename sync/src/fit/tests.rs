//! What no longer fits, and what does not matter.

use super::{Misfit, malformed, misfits};

const SCAFFOLD: &str = "\
impl crate::api::ProjectsApi for Handlers {
    async fn create_project(
        &self,
        context: Context,
        request: CreateProjectRequest,
    ) -> Result<crate::types::Project, Failure> {
        later()
    }

    async fn get_project(&self, context: Context) -> Result<(), Failure> {
        later()
    }
}
";

#[test]
fn a_handler_that_fits_may_be_written_as_one_likes() {
    let found = "\
use crate::api::{ProjectsApi};
impl ProjectsApi for Platform {
    fn create_project(&self, _: Context, CreateProjectRequest { name }: api::CreateProjectRequest) -> impl Future<Output = Result<Project, crate::Failure>> + Send {
        async move { go() }
    }
}
impl Other for Platform { fn own(&self) {} }
fn own() {}
";
    assert_eq!(misfits("a.rs", SCAFFOLD, found), []);
}

#[test]
fn a_handler_whose_signature_moved_is_told_with_both() {
    let found = "\
struct Platform;

impl ProjectsApi for Platform {
    async fn create_project(&self, context: Context, name: String) -> Result<Project, Failure> {
        go()
    }

    async fn old_name(
        &self,
        id: u8,
    ) {
    }

    fn get_project(&self, context: Context) -> Result<(), Failure> {
        go()
    }
}
";
    let expected = [
        Misfit {
            what: "fn create_project".to_owned(),
            line: 4,
            expected: Some(
                "async fn create_project(&self, context: Context, request: CreateProjectRequest) -> Result<crate::types::Project, Failure>"
                    .to_owned(),
            ),
            found: Some("async fn create_project(&self, context: Context, name: String) -> Result<Project, Failure>".to_owned()),
        },
        Misfit {
            what: "fn old_name".to_owned(),
            line: 8,
            expected: None,
            found: Some("async fn old_name(&self, id: u8)".to_owned()),
        },
        Misfit {
            what: "fn get_project".to_owned(),
            line: 14,
            expected: Some("async fn get_project(&self, context: Context) -> Result<(), Failure>".to_owned()),
            found: Some("fn get_project(&self, context: Context) -> Result<(), Failure>".to_owned()),
        },
    ];
    assert_eq!(misfits("a.rs", SCAFFOLD, found), expected);
}

#[test]
fn impls_of_one_trait_are_told_apart_by_its_arguments_and_by_the_type() {
    let both = "\
impl From<a::A> for B { fn from(of: A) -> Self { B } }
impl From<C> for B { fn from(of: C) -> Self { B } }
impl Reset for A { fn reset(&self) {} }
impl Reset for B { fn reset(&mut self) {} }
";
    assert_eq!(misfits("a.rs", both, both), []);
    let misfits = misfits("a.rs", both, &both.replace("&mut self", "&self"));
    assert_eq!(misfits.len(), 1);
    assert_eq!(misfits[0].expected.as_deref(), Some("fn reset(&mut self)"));
}

#[test]
fn handlers_in_typescript_are_compared_by_name_parameters_and_written_types() {
    let expected = "\
export const projects = {
  async listProjects(_input: Input, call) {
    throw notImplemented(call);
  },
  async getProject(_input, call): Promise<Answer> {
    throw notImplemented(call);
  },
} satisfies Partial<ProjectsHandlers>;
";
    let fits = "\
const spread = {};
export const own = {
  ...spread,
  listProjects: async (input) => list(input),
  getProject,
} satisfies ProjectsHandlers;
export const other = { more() {} } satisfies Other;
";
    assert_eq!(misfits("a.ts", expected, fits), []);
    let not = "\
export const projects = {
  async listProjects(input: Other, call) {
    return 1;
  },
  getProject: async (input, call, more): Promise<Answer> => {
    return 1;
  },
  async removed(input) {
    return 1;
  },
} satisfies Partial<ProjectsHandlers>;
";
    let told: Vec<(String, u32, Option<String>, Option<String>)> = misfits("a.ts", expected, not)
        .into_iter()
        .map(|misfit| (misfit.what, misfit.line, misfit.expected, misfit.found))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (
                "listProjects".to_owned(),
                2,
                some("async listProjects(_input: Input, call)"),
                some("async listProjects(input: Other, call)")
            ),
            (
                "getProject".to_owned(),
                5,
                some("async getProject(_input, call): Promise<Answer>"),
                some("getProject: async (input, call, more): Promise<Answer>")
            ),
            ("removed".to_owned(), 8, None, some("async removed(input)")),
        ]
    );
}

#[test]
fn a_text_that_is_not_readable_has_no_misfits() {
    assert_eq!(misfits("a.rs", SCAFFOLD, "impl {"), []);
    assert_eq!(misfits("a.ts", "const a = {", "const a"), []);
}

#[test]
fn a_handler_whose_operation_got_another_name_is_told_by_its_route() {
    let found = SCAFFOLD.replace(
        "    async fn get_project",
        "    /// `GET /projects`\n    #[inline]\n    async fn read_project",
    );
    let expected = SCAFFOLD.replace(
        "    async fn get_project",
        "    /// `GET /projects`\n    async fn get_project",
    );
    let told = &misfits("a.rs", &expected, &found)[0];
    assert_eq!(told.what, "fn read_project");
    assert!(
        told.expected
            .as_deref()
            .is_some_and(|asked| asked.starts_with("async fn get_project("))
    );
    let stub = |name: &str| format!("const a = {{\n  /** GET /a */\n  async {name}(input) {{}},\n}} satisfies A;\n");
    let told = &misfits("a.ts", &stub("newName"), &stub("oldName"))[0];
    assert_eq!(
        (told.line, told.expected.as_deref(), told.found.as_deref()),
        (3, Some("async newName(input)"), Some("async oldName(input)"))
    );
}

/// What is told of an edited document.
fn told(path: &str, generated: &str, found: &str) -> Option<String> {
    malformed(path, generated, found).map(|misfit| crate::suggest::misfit(&misfit))
}

#[test]
fn a_document_of_another_form_is_told_by_place_and_kind() {
    let generated = r#"{"info": {"name": "a"}, "item": [{"id": "1", "name": "a", "event": []}], "variable": [{"key": "a", "value": "b"}]}"#;
    let told = |found: &str| told("a.json", generated, found);
    assert_eq!(
        told(r#"{"info": {"name": "b"}, "item": [], "own": 1, "variable": [{"key": "a", "value": 5}]}"#),
        None
    );
    assert_eq!(
        told("{\n  \"item\": {}\n}").as_deref(),
        Some("/item is an object where a list was generated at line 2")
    );
    assert_eq!(
        told("{\n  \"item\": [\n    {\"id\": \"2\"},\n    {\"id\": \"1\", \"name\": 5}\n  ]\n}").as_deref(),
        Some("/item/1/name is a number where a text was generated at line 4")
    );
    assert_eq!(
        told("{\n  \"item\": [\n    \"x\"\n  ]\n}").as_deref(),
        Some("/item/0 is a text where an object was generated at line 3")
    );
    assert!(
        told("{\n  \"item\": [,]\n}").is_some_and(|told| told.starts_with("it is not readable: line 2, column 12"))
    );
    assert_eq!(
        told("[]").as_deref(),
        Some("the document is a list where an object was generated at line 1")
    );
}

#[test]
fn yaml_is_judged_alike() {
    let generated = "info:\n  title: a\npaths:\n  /a: {}\n";
    assert_eq!(
        told("a.yaml", generated, "info:\n  title: b # mine\npaths:\n  /b: {}\n"),
        None
    );
    assert_eq!(
        told("a.yaml", generated, "info:\n  title: 1.0\npaths:\n").as_deref(),
        Some("/info/title is a number where a text was generated at line 2")
    );
    assert!(malformed("a.yaml", generated, "info: [\n").is_some());
}

#[test]
fn a_collection_may_be_all_that_its_schema_allows() {
    let generated = r#"{"info": {"name": "a", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": []}"#;
    let with = |rest: &str| {
        let head = generated.strip_suffix("\"item\": []}").unwrap();
        told("a.json", generated, &format!("{head}{rest}}}"))
    };
    for good in [
        r#""item": [{"request": "https://a.test/"}]"#,
        r#""item": [{"request": {"url": "https://a.test/", "header": "A: b", "description": {"content": "x"}}}]"#,
        r#""item": [{"request": {"url": {"host": "a.test", "path": [{"type": "string", "value": "a"}, "b"]}, "body": null}}]"#,
        r#""item": [{"name": "mine", "item": [], "event": [{"listen": "test", "script": {"exec": "a()"}}]}]"#,
        r#""item": [], "variable": [{"key": "a", "value": 5}], "auth": null"#,
    ] {
        assert_eq!(with(good), None, "{good}");
    }
    for (bad, said) in [
        (r#""item": {}"#, "/item is an object where a list belongs"),
        (r#""item": ["x"]"#, "/item/0 is a text where an object belongs"),
        (r#""item": [{"name": "a"}]"#, "/item/0 has no `request` or `item`"),
        (
            r#""item": [{"item": [{"item": [{}]}]}]"#,
            "/item/0/item/0/item/0 has no `request` or `item`",
        ),
        (
            r#""item": [{"request": {"method": 3}}]"#,
            "/item/0/request/method is a number where a text belongs",
        ),
        (
            r#""item": [{"request": {"header": [{"key": "a"}]}}]"#,
            "/item/0/request/header/0 has no `value`",
        ),
        (
            r#""item": [], "event": [{"listen": 7}]"#,
            "/event/0/listen is a number where a text belongs",
        ),
        (r#""items": []"#, "the document has no `item`"),
    ] {
        assert_eq!(with(bad), Some(format!("{said} at line 1")), "{bad}");
    }
}

#[test]
fn an_api_description_is_read_as_one() {
    let generated = "openapi: 3.1.0\ninfo: { title: a, version: '1' }\npaths:\n  /a:\n    get:\n      operationId: a\n      responses:\n        '200': { description: Fine. }\n";
    assert_eq!(told("a.yaml", generated, &format!("# Mine.\n{generated}")), None);
    let broken = generated.replace("{ description: Fine. }", "5");
    let said = told("a.yaml", generated, &broken).unwrap();
    assert_eq!(
        said,
        "/paths/~1a/get/responses/200 is a number where an object was generated at line 8"
    );
    let dangling = generated.replace("{ description: Fine. }", "{ $ref: '#/components/responses/None' }");
    let said = told("a.yaml", generated, &dangling).unwrap();
    assert!(said.contains("SPEC_REF") && said.ends_with("at line 8"), "{said}");
}
