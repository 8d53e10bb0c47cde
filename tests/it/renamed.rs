//! Operations that get another name, and handlers that people brought up to date by hand: bodies stay with their operation, and
//! later merges start from what the person began with. Through the built binary, in real git repositories.

use crate::repository::Repository;
use crate::toolchain::cargo;

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";
const HANDLER: &str = "src/handlers/greetings.rs";
const STUB: &str = "generated/ts/src/handlers/greetings.ts";

/// The body of the stub, as it is written once.
const NOTHING: &str = "let _ = request;
        Err(hello_api::errors::Failure::not_implemented(context.operation.id))";

/// A repository with the starter feature and handlers that were filled in, in Rust and TypeScript.
fn filled() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "rust,zod,hono"]);
    let settings = repository.read("flaresmith.toml");
    let handlers = "[rust]\nhandlers = \"src/handlers\"\n";
    repository.write("flaresmith.toml", &format!("{settings}\n{handlers}"));
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    edit(
        &repository,
        HANDLER,
        NOTHING,
        "// get_greeting of GetGreetingRequest
        drop(context);
        let text = format!(\"Hello, {}\", request.name.as_str());
        let greeting = serde_json::from_value(serde_json::json!({ \"text\": text })).unwrap();
        Ok(GetGreetingResponse::Ok(greeting))",
    );
    edit(
        &repository,
        HANDLER,
        "use super::Handlers;",
        "use hello_api::api::GetGreetingResponse;\n\nuse super::Handlers;",
    );
    edit(
        &repository,
        STUB,
        "async getGreeting(_input, call) {\n    throw notImplemented(call);",
        "async getGreeting(input) {\n    return getGreeting(input);",
    );
    edit(
        &repository,
        STUB,
        "export const greetings",
        "const getGreeting = async (input: unknown) => ({ status: 200 as const, body: { text: `Hi ${input}` } });\n\nexport const greetings",
    );
    repository.commit("filled in");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replace(from, to));
}

/// The operation is called so from now on.
fn rename(repository: &Repository, from: &str, to: &str) {
    let id = |name: &str| format!("operationId: {name}\n");
    edit(repository, CONTRACT, &id(from), &id(to));
}

/// The lock's digest of a file: the base of the next merge.
fn base(repository: &Repository, path: &str) -> String {
    let lock = repository.read("flaresmith.lock");
    let line = lock.lines().find(|line| line.contains(path));
    line.unwrap_or_else(|| panic!("{lock}")).to_owned()
}

#[test]
fn a_merge_carries_the_body_of_a_renamed_operation_to_its_new_name() {
    let repository = filled();
    rename(&repository, "getGreeting", "fetchGreeting");
    let before = repository.everything();
    let told = repository.run(&["spec", "apply"]);
    assert_eq!(told.code, 3, "{}", told.err);
    assert!(
        told.out.contains("let `flaresmith spec apply --merge` try"),
        "{}",
        told.out
    );
    assert!(before == repository.everything(), "something was written");
    repository.done(&["spec", "apply", "--merge"]);
    let handler = repository.read(HANDLER);
    for piece in [
        "use hello_api::api::FetchGreetingResponse;",
        "async fn fetch_greeting(",
        "request: hello_api::api::FetchGreetingRequest,",
        "// get_greeting of GetGreetingRequest\n",
        "let text = format!(\"Hello, {}\", request.name.as_str());",
        "Ok(FetchGreetingResponse::Ok(greeting))",
    ] {
        assert!(handler.contains(piece), "no `{piece}`:\n{handler}");
    }
    assert!(
        !handler.contains("not_implemented") && !handler.contains("fn get_greeting"),
        "{handler}"
    );
    let stub = repository.read(STUB);
    assert!(
        stub.contains("async fetchGreeting(input) {\n    return getGreeting(input);") && !stub.contains("throw"),
        "{stub}"
    );
    repository.done(&["spec", "check"]);
    repository.commit("renamed");
    for arguments in [&["spec", "apply"][..], &["spec", "apply", "--merge"]] {
        repository.done(arguments);
        assert_eq!(repository.git(&["status", "--porcelain"]), "", "{arguments:?}");
    }
    repository.write(
        "Cargo.toml",
        "[package]\nname = \"team\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         hello-api = { path = \"generated/rust\" }\naxum = { version = \"0.8\", default-features = false }\nserde_json = \"1\"\n",
    );
    repository.write("src/lib.rs", "pub mod handlers;\n");
    let output = cargo()
        .args(["check", "--quiet", "--offline", "--manifest-path"])
        .arg(repository.path().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_name_that_the_file_has_already_is_a_conflict_that_says_so() {
    let repository = filled();
    let another = "    async fn fetch_greeting(&self) {}\n\n    /// `GET /greetings/{name}`";
    edit(&repository, HANDLER, "    /// `GET /greetings/{name}`", another);
    repository.git(&["checkout", "-q", "--", STUB]);
    repository.commit("another");
    rename(&repository, "getGreeting", "fetchGreeting");
    let before = repository.everything();
    let said = repository.run(&["spec", "apply", "--merge", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(before == repository.everything(), "something was written");
    let report = said.json();
    let conflict = &report["conflicts"][0];
    assert_eq!(
        (&conflict["path"], &conflict["reason"]),
        (&HANDLER.into(), &"SCHEMA_MISMATCH".into())
    );
    let suggestion = conflict["suggestion"].as_str().unwrap();
    assert!(
        suggestion.contains("`get_greeting` is called `fetch_greeting` now, and the file has both")
            && suggestion.contains("correct it"),
        "{suggestion}"
    );
}

#[test]
fn a_handler_that_was_corrected_by_hand_is_merged_from_the_output_that_it_fits() {
    corrected(false);
}

#[test]
fn a_handler_that_was_corrected_by_hand_gets_a_base_again_where_the_old_one_is_lost() {
    corrected(true);
}

fn corrected(lost: bool) {
    let repository = filled();
    rename(&repository, "getGreeting", "fetchGreeting");
    for path in [HANDLER, STUB] {
        assert_eq!(repository.run(&["spec", "apply"]).code, 3, "{path} does not fit");
        for (from, to) in [
            ("fn get_greeting", "fn fetch_greeting"),
            ("GetGreetingRe", "FetchGreetingRe"),
            ("async getGreeting", "async fetchGreeting"),
        ] {
            let text = repository.read(path).replace(from, to);
            repository.write(path, &text);
        }
    }
    if lost {
        repository.git(&["checkout", "-q", "--orphan", "squashed"]);
        repository.commit("everything");
    }
    let before = [HANDLER, STUB].map(|path| (repository.read(path), base(&repository, path)));
    repository.done(&["spec", "apply"]);
    for ((text, old), path) in before.iter().zip([HANDLER, STUB]) {
        assert_eq!(&repository.read(path), text, "a scaffold is not written over");
        assert_ne!(
            &base(&repository, path),
            old,
            "{path} has the base that it does not fit"
        );
    }
    repository.done(&["spec", "check"]);
    repository.commit("corrected");
    // The next change is merged from there: once the specs are committed too, nothing but the base that was kept has it.
    rename(&repository, "fetchGreeting", "readGreeting");
    repository.commit("another name");
    repository.done(&["spec", "apply", "--merge"]);
    let (handler, stub) = (repository.read(HANDLER), repository.read(STUB));
    assert!(
        handler.contains("async fn read_greeting(") && handler.contains("Ok(ReadGreetingResponse::Ok(greeting))"),
        "{handler}"
    );
    assert!(
        stub.contains("async readGreeting(input) {\n    return getGreeting(input);"),
        "{stub}"
    );
    repository.done(&["spec", "check"]);
}

#[test]
fn an_operation_that_nobody_wrote_yet_stays_to_be_merged_and_one_written_by_hand_asks_for_nothing() {
    let repository = filled();
    let another = "  /greetings:\n    get:\n      operationId: listGreetings\n      tags: [Greetings]\n      security: []\n      x-flaresmith: { requirements: [FR-001] }\n      responses:\n        '204': { description: None. }\n";
    edit(&repository, CONTRACT, "paths:\n", &format!("paths:\n{another}"));
    let old = base(&repository, HANDLER);
    repository.done(&["spec", "apply"]);
    assert_eq!(
        base(&repository, HANDLER),
        old,
        "the new stub could not be merged any more"
    );
    repository.done(&["spec", "check"]);
    repository.commit("another operation");
    // Written by hand: no check asks for an apply, and the next one takes the base.
    edit(
        &repository,
        HANDLER,
        "    /// `GET /greetings/{name}`",
        "    async fn list_greetings(&self, _: hello_api::server::Context, _: hello_api::api::ListGreetingsRequest) -> Result<hello_api::api::ListGreetingsResponse, hello_api::errors::Failure> {\n        Ok(hello_api::api::ListGreetingsResponse::NoContent)\n    }\n\n    /// `GET /greetings/{name}`",
    );
    repository.git(&["add", "--all"]);
    for arguments in [&["spec", "check"][..], &["spec", "check", "--staged"]] {
        repository.done(arguments);
    }
    repository.git(&["commit", "-q", "-m", "by hand"]);
    repository.done(&["spec", "apply"]);
    assert_ne!(base(&repository, HANDLER), old);
    repository.done(&["spec", "check"]);
    // In TypeScript nobody wrote it, and a merge brings the stub.
    repository.done(&["spec", "apply", "--merge"]);
    assert!(repository.read(STUB).contains("async listGreetings(_input, call)"));
}
