//! What no longer fits, and what does not matter.

use super::{Misfit, follow, is_complete, malformed, misfits};

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
fn handlers_for_an_environment_of_their_own_are_compared_as_well() {
    let expected = "export const tasks = { async getTask(_input, call) {} } satisfies Partial<TasksHandlers>;\n";
    let found =
        "export const tasks = { async getTask() {}, async gone() {} } satisfies Partial<TasksHandlers<AppEnv>>;\n";
    let told: Vec<String> = misfits("a.ts", expected, found)
        .into_iter()
        .map(|misfit| misfit.what)
        .collect();
    assert_eq!(told, ["gone"]);
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

const RENAMED: &str = "\
impl api::WeatherApi for Handlers {
    /// `GET /weather/{city}`
    async fn get_weather(&self, request: api::GetWeatherRequest) -> Result<api::GetWeatherResponse, Failure> {
        later()
    }

    /// `GET /clouds`
    async fn get_clouds(&self, request: api::GetCloudsRequest) -> Result<api::GetCloudsResponse, Failure> {
        later()
    }
}
";

#[test]
fn a_handler_follows_its_operation_to_the_new_name_with_its_types_and_nothing_else_does() {
    let theirs = RENAMED
        .replace("{city}", "{town}")
        .replace("get_weather", "fetch_weather")
        .replace("GetWeather", "FetchWeather");
    let mine = "\u{feff}use api::{GetWeatherRequest, GetWeatherResponse};
// GetWeatherResponse of get_weather
impl WeatherApi for Mine {
    async fn get_weather(&self, r: GetWeatherRequest) -> Result<GetWeatherResponse, Failure> {
        Ok(GetWeatherResponse::Ok(get_weather(r, \"GetWeatherRequest\")))
    }
}
";
    let followed = follow("a.rs", RENAMED, mine, &theirs);
    assert_eq!(followed.base, theirs.replace("{town}", "{city}"));
    assert_eq!(
        followed.mine,
        "\u{feff}use api::{FetchWeatherRequest, FetchWeatherResponse};
// GetWeatherResponse of get_weather
impl WeatherApi for Mine {
    async fn fetch_weather(&self, r: FetchWeatherRequest) -> Result<FetchWeatherResponse, Failure> {
        Ok(FetchWeatherResponse::Ok(get_weather(r, \"GetWeatherRequest\")))
    }
}
"
    );
    assert_eq!(followed.unclear, None);
    // A type of the person's own keeps its name.
    let own = format!("{mine}struct GetWeatherResponse;\n");
    assert!(
        follow("a.rs", RENAMED, &own, &theirs)
            .mine
            .contains("struct GetWeatherResponse;")
    );
}

#[test]
fn names_that_two_operations_exchange_and_names_that_are_taken_are_not_followed() {
    let exchanged = RENAMED
        .replace("get_weather", "get_x")
        .replace("get_clouds", "get_weather")
        .replace("get_x", "get_clouds");
    let followed = follow("a.rs", RENAMED, RENAMED, &exchanged);
    assert_eq!((followed.base.as_str(), followed.mine.as_str()), (RENAMED, RENAMED));
    let theirs = RENAMED.replace("get_weather", "fetch_weather");
    let both = RENAMED.replace("get_clouds", "fetch_weather");
    let followed = follow("a.rs", RENAMED, &both, &theirs);
    assert_eq!(
        (followed.base.as_str(), followed.mine.as_str()),
        (RENAMED, both.as_str())
    );
    assert!(
        followed
            .unclear
            .unwrap()
            .starts_with("`get_weather` is called `fetch_weather` now")
    );
}

#[test]
fn a_member_in_typescript_follows_however_it_is_written_and_what_it_calls_keeps_its_name() {
    let base = "\
export const weather = {
  /** GET /weather/{city} */
  async getWeather(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<WeatherHandlers>;
";
    let theirs = base.replace("getWeather", "fetchWeather");
    for (mine, expected) in [
        (
            "getWeather: (input) => getWeather(input)",
            "fetchWeather: (input) => getWeather(input)",
        ),
        (
            "async 'getWeather'(input) { return getWeather(input); }",
            "async fetchWeather(input) { return getWeather(input); }",
        ),
        ("getWeather", "fetchWeather: getWeather"),
    ] {
        let text = |member: &str| {
            format!(
                "import {{ getWeather }} from './a.js';\nexport const w = {{ {member} }} satisfies WeatherHandlers;\n"
            )
        };
        let followed = follow("a.ts", base, &text(mine), &theirs);
        assert_eq!(
            (followed.base.as_str(), followed.mine),
            (theirs.as_str(), text(expected))
        );
    }
}

#[test]
fn a_scaffold_is_complete_when_every_function_that_is_asked_for_is_there() {
    assert!(is_complete("a.rs", RENAMED, &format!("{RENAMED}fn more() {{}}")));
    assert!(!is_complete("a.rs", RENAMED, &RENAMED.replace("get_clouds", "more")));
    assert!(!is_complete("a.rs", "mod a;", "mod a;"), "nothing is asked for");
}
