//! A contract whose every text tries to get out of its place, in the hands of the real tools.

use serde_json::{Value, json};

use crate::repository::{Repository, files};
use crate::toolchain::sound;

/// Ends, if it can: a fence, an HTML comment or script, a table cell, a Mermaid label, a string of JavaScript or JSON, a
/// template, a variable of Postman.
const TEXT: &str = "x\"'`\\ ``` ~~~ </script><script>pm.test('owned')</script> --> <!-- | a | b | \u{2028}\u{202e}\u{0007}\n```\n```mermaid\nx\n\
                    # H\n\"]; end\n    s_a --> s_b : %%{init}%%\n*/ ${pm.environment.clear()} {{token}} {{$guid}} {% raw %} \"); throw 1; //";

fn contract() -> Value {
    let thing = json!({ "$ref": "#/components/schemas/Thing" });
    let answer = json!({ "description": TEXT, "content": { "application/json": { "schema": thing,
        "examples": { TEXT: { "summary": TEXT, "value": { "state": "a", "text": TEXT } } } } } });
    let operation = |id: &str, tag: &str| {
        json!({ "operationId": id, "summary": TEXT, "description": TEXT, "tags": [tag],
            "parameters": [{ "name": TEXT, "in": "query", "required": true, "description": TEXT, "schema": { "type": "string", "enum": [TEXT] } },
                { "name": "id", "in": "query", "schema": { "type": "string" } }, { "name": "id", "in": "cookie", "schema": { "type": "string" } },
                { "name": "id_cookie", "in": "header", "schema": { "type": "string" } }],
            "responses": { "200": answer, "2XX": answer, "default": { "description": TEXT } } })
    };
    let mut post = operation("日本語", "日本");
    post["requestBody"] =
        json!({ "description": TEXT, "required": true, "content": { "application/json": { "schema": thing } } });
    post["x-flaresmith"] = json!({ "postman": { "captures": { "it's \"x\"": "/text", "thing": "/te~1xt/0", "etag": "header:E\"T'ag" }, "uses": { TEXT: "thing" } } });
    let capitals = operation(&format!("op{TEXT}"), TEXT);
    json!({
        "openapi": "3.1.0",
        "info": { "title": TEXT, "version": TEXT, "description": TEXT, "summary": TEXT },
        "servers": [{ "url": "https://a.test/\"'`</script>", "description": TEXT }],
        "tags": [{ "name": TEXT, "description": TEXT }, { "name": "日本", "description": TEXT }],
        "x-flaresmith": { "environments": { "de\"v</script>": { "url": "https://a.test/{{token}}", "description": TEXT } } },
        "paths": {
            "/a/{id}": { "get": capitals, "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "example": TEXT }] },
            "/b": { "get": operation("b", "Search"), "post": post },
            "/c": { "get": operation("search_operations", "語") },
        },
        "components": { "schemas": {
            "Thing": { "type": "object", "title": TEXT, "description": TEXT, "required": ["state"], "properties": {
                "state": { "$ref": "#/components/schemas/State" },
                "text": { "type": "string", "description": TEXT, "default": TEXT },
                TEXT: { "type": "string", "const": TEXT },
            }, "x-flaresmith": { "lifecycle": { "field": "state", "initial": "a", "transitions": [
                { "from": "a", "to": TEXT, "on": TEXT }, { "from": TEXT, "to": "end", "on": "note right of s" }] } } },
            "State": { "type": "string", "enum": ["a", TEXT, "end"] },
        } },
    })
}

fn applied() -> Repository {
    let repository = Repository::empty();
    repository.write("openapi.json", &contract().to_string());
    repository.write(
        "flaresmith.toml",
        "targets = [\"openapi\", \"postman\", \"mcp\", \"docs\"]\n",
    );
    repository.done(&["spec", "apply", "--quiet"]);
    repository
}

#[test]
fn no_text_of_a_contract_leaves_its_place_in_any_document() {
    let repository = applied();
    let generated = repository.path().join("generated");
    sound(
        "openapi-validate.mjs",
        files(&generated.join("openapi"))
            .iter()
            .map(|path| path.as_os_str().to_owned())
            .chain(["--examples".into(), "warn".into()]),
    );
    let mut arguments: Vec<std::ffi::OsString> =
        files(&generated.join("postman")).into_iter().map(Into::into).collect();
    // The examples are the author's, who wrote what does not fit.
    arguments.extend(["--examples".into(), "warn".into()]);
    let said = sound("postman-schema.mjs", arguments);
    assert_eq!(
        (said["collections"].as_u64(), said["environments"].as_u64()),
        (Some(2), Some(1)),
        "{said:#}"
    );
    for name in ["tools.json", "tools.grouped.json", "tools.search.json"] {
        let text = std::fs::read_to_string(generated.join("mcp").join(name)).unwrap();
        let tools: Value = serde_json::from_str(&text).unwrap();
        for tool in tools["tools"].as_array().unwrap() {
            for text in [&tool["description"], &tool["title"], &tool["annotations"]["title"]] {
                let text = text.as_str().unwrap();
                assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{7}']), "{name}: {text}");
            }
        }
        sound("mcp-list.mjs", [generated.join("mcp").join(name)]);
    }
    let said = sound("diagrams.mjs", files(&generated.join("docs")));
    let diagrams = said["diagrams"].as_array().unwrap();
    assert_eq!(diagrams.len(), 1, "{said:#}");
    assert_eq!(diagrams[0]["states"].as_array().map(Vec::len), Some(3), "{said:#}");
    assert_eq!(
        diagrams[0]["steps"].as_array().map(Vec::len),
        Some(4),
        "begin, two steps, end: {said:#}"
    );
}

#[test]
fn what_is_printed_cannot_steer_a_terminal() {
    let repository = Repository::empty();
    let mut contract = contract();
    contract["paths"]["/b"]["get"]["x-flaresmith"] = json!({ "role": "\u{1b}[2J\u{1b}]0;owned\u{7}" });
    repository.write("openapi.json", &contract.to_string());
    let said = repository.run(&["spec", "check"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("SPEC_POLICY_UNKNOWN"), "{}", said.err);
    assert!(!said.err.contains(['\u{1b}', '\u{7}']), "{:?}", said.err);
}
