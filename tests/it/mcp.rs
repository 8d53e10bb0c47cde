//! The operations as tools for language models, in the hands of the official client: over streamable HTTP and over standard input
//! and output, in each revision of the protocol that has a handshake; and by hand in the one that has none.

use std::io::Write as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::hosted::{Answer, Hosted, flaresmith};
use crate::toolchain::sound;
use crate::watching::wait_for;

/// Today's revision of the official client, and the one before.
const REVISIONS: [&str; 2] = ["2025-11-25", "2025-06-18"];

/// How a client gets to the tools.
#[derive(Debug, Clone, Copy)]
enum Way {
    Http,
    Stdio,
}

/// Carries out calls through the official client.
fn calls(hosted: &Hosted, way: Way, token: &str, protocol: &str, grouped: bool, steps: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = json!({ "protocol": protocol, "steps": steps });
    match way {
        Way::Http => {
            let path = if grouped { "/mcp/grouped" } else { "/mcp" };
            plan["url"] = json!(format!("{}{path}", hosted.url()));
            plan["token"] = json!(token);
        }
        Way::Stdio => {
            let mut command = vec![env!("CARGO_BIN_EXE_flaresmith"), "mcp", "serve"];
            command.extend(grouped.then_some("--grouped"));
            plan["command"] = json!(command);
            plan["environment"] = json!({ "FLARESMITH_URL": hosted.url(), "FLARESMITH_TOKEN": token });
        }
    }
    let file = folder.path().join("plan.json");
    std::fs::write(&file, plan.to_string()).unwrap();
    sound("mcp-call.mjs", [file])
}

/// The failure that a result is.
fn error(result: &Value) -> Value {
    assert_eq!(result["isError"], true, "{result:#}");
    let text = result["content"][0]["text"].as_str().unwrap_or_default();
    let envelope: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {result:#}"));
    assert!(envelope["error"]["requestId"].is_string(), "{envelope:#}");
    envelope["error"].clone()
}

fn code(result: &Value) -> String {
    error(result)["code"].as_str().unwrap().to_owned()
}

/// Shows 001/FR-014.
#[test]
fn the_official_client_lists_reads_and_writes_over_both_transports_in_both_revisions() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let mut made = 0;
    for protocol in REVISIONS {
        for way in [Way::Http, Way::Stdio] {
            let name = format!("Shop {made}");
            let steps = json!([
                { "name": "create_project", "arguments": { "body": { "name": name } } },
                { "name": "list_projects", "arguments": { "limit": 100 } },
                { "name": "list_projects", "arguments": { "limit": 0, "limits": 1 } },
                { "name": "create_project", "arguments": { "body": { "name": 7 } } },
                { "name": "get_project", "arguments": { "projectId": "0196f000-0000-7000-8000-000000000001" } },
                { "name": "no_such_tool", "arguments": {} },
            ]);
            let said = calls(&hosted, way, &owner, protocol, false, &steps);
            made += 1;
            assert_eq!(said["protocol"], protocol, "{way:?}");
            assert_eq!(said["server"]["name"], "flaresmith");
            assert!(said["names"].as_array().unwrap().len() > 50);
            assert_eq!(
                said["session"].is_string(),
                matches!(way, Way::Http),
                "{way:?}: {said:#}"
            );
            let results = said["results"].as_array().unwrap();
            assert_eq!(
                results[0]["structuredContent"]["name"], name,
                "{way:?}: {:#}",
                results[0]
            );
            let items = results[1]["structuredContent"]["items"].as_array().unwrap();
            assert_eq!(items.len(), made, "{way:?} {protocol}");
            assert_eq!(code(&results[2]), "REQUEST_VALIDATION_FAILED");
            let violations = error(&results[2])["details"]["violations"].clone();
            let pointers: Vec<&Value> = violations
                .as_array()
                .unwrap()
                .iter()
                .map(|one| &one["pointer"])
                .collect();
            assert_eq!(pointers, [&json!("/limit"), &json!("/limits")]);
            assert_eq!(code(&results[3]), "REQUEST_VALIDATION_FAILED");
            assert_eq!(code(&results[4]), "PROJECT_NOT_FOUND");
            assert_eq!(results[5]["thrown"], -32602, "{:#}", results[5]);
        }
    }
}

/// Shows 001/FR-014 and 001/FR-020.
#[test]
fn a_tool_does_what_the_callers_role_allows_and_no_more() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let project = hosted.call(&owner, "POST /projects", &json!({ "name": "Shop" })).json();
    let viewer = hosted.member("v@example.com", "viewer");
    for way in [Way::Http, Way::Stdio] {
        let remove = json!({ "projectId": project["id"], "projectSlug": project["slug"] });
        let steps = json!([
            { "name": "get_project", "arguments": { "projectId": project["id"] } },
            { "name": "delete_project", "arguments": remove },
            { "name": "list_audit_events", "arguments": { "projectId": project["id"] } },
        ]);
        let said = calls(&hosted, way, &viewer, REVISIONS[0], false, &steps);
        let results = &said["results"];
        assert_eq!(results[0]["structuredContent"]["name"], "Shop", "{way:?}");
        assert_eq!(code(&results[1]), "AUTH_ROLE_INSUFFICIENT", "{way:?}");
    }
    // The refusal stands in the audit log as that of any other request.
    let line = format!("GET /projects/{}/audit", project["id"].as_str().unwrap());
    let events = hosted.call(&owner, &line, &json!({}));
    assert!(events.body.contains("AUTH_ROLE_INSUFFICIENT"), "{events:?}");
}

#[test]
fn grouped_tools_are_one_a_domain_and_do_the_same() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    for way in [Way::Http, Way::Stdio] {
        let of = |operation: &str| json!({ "operation": operation, "arguments": {} });
        let steps = json!([
            { "name": "projects", "arguments": of("list_projects") },
            { "name": "projects", "arguments": of("list_users") },
        ]);
        let said = calls(&hosted, way, &owner, REVISIONS[0], true, &steps);
        assert!(said["names"].as_array().unwrap().len() < 20, "{said:#}");
        assert!(said["results"][0]["structuredContent"]["items"].is_array(), "{said:#}");
        assert_eq!(code(&said["results"][1]), "REQUEST_VALIDATION_FAILED");
    }
}

#[test]
fn a_file_goes_along_as_its_text_and_a_tag_comes_back_for_the_next_change() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let project = hosted.call(&owner, "POST /projects", &json!({ "name": "Shop" })).json();
    let id = &project["id"];
    // What is still being made for a project changes its tag.
    let line = format!("GET /projects/{}", id.as_str().unwrap());
    wait_for("the project", || {
        // Whoever asks more often is asked to wait.
        sleep(Duration::from_millis(700));
        hosted.call(&owner, &line, &json!({})).json()["state"] != "provisioning"
    });
    let spec = "# Feature Specification: Pets\n\n## Requirements\n\n- **FR-001**: The system MUST list \"pets\".\n";
    let upload = json!({ "file": spec, "path": "specs/001-pets/spec.md", "message": "Pets" });
    let steps = json!([
        { "name": "upload_spec", "arguments": { "projectId": id, "body": upload } },
        { "name": "list_specs", "arguments": { "projectId": id } },
        { "name": "upload_spec", "arguments": { "projectId": id, "body": { "file": 7, "path": "../spec.md" } } },
        { "name": "get_project", "arguments": { "projectId": id } },
    ]);
    let said = calls(&hosted, Way::Http, &owner, REVISIONS[0], false, &steps);
    let results = said["results"].as_array().unwrap();
    assert_eq!(results[0]["isError"], false, "{:#}", results[0]);
    assert!(
        results[1].to_string().contains("specs/001-pets/spec.md"),
        "{:#}",
        results[1]
    );
    let wrong = error(&results[2])["details"]["violations"].to_string();
    assert!(wrong.contains("/file") && wrong.contains("/path"), "{wrong}");
    let tag = results[3]["content"][1]["text"]
        .as_str()
        .unwrap()
        .strip_prefix("ETag: ")
        .unwrap();
    let change = json!({ "projectId": id, "If-Match": tag, "body": { "name": "Store" } });
    let steps =
        json!([{ "name": "update_project", "arguments": change }, { "name": "update_project", "arguments": change }]);
    let said = calls(&hosted, Way::Stdio, &owner, REVISIONS[0], false, &steps);
    assert!(said["results"][0].to_string().contains("Store"), "{said:#}");
    assert_eq!(said["results"][1]["isError"], true, "the tag is of an older state");
}

/// A message to `/mcp`.
fn post(hosted: &Hosted, token: &str, headers: &[(&str, &str)], message: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut all = vec![
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    all.extend(headers);
    hosted.send("POST /mcp", &all, &message.to_string())
}

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": REVISIONS[0], "capabilities": {}, "clientInfo": { "name": "test", "version": "0" },
    } })
}

#[test]
fn who_has_no_token_or_comes_from_another_site_is_turned_away() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let json = [("content-type", "application/json")];
    let nobody = hosted.send("POST /mcp", &json, &initialize().to_string());
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert_eq!(nobody.json()["error"]["code"], "AUTH_TOKEN_MISSING");
    assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
    let wrong = post(&hosted, "nothing", &[], &initialize());
    assert_eq!((wrong.status, wrong.header("mcp-session-id")), (401, None), "{wrong:?}");
    let elsewhere = post(&hosted, &owner, &[("origin", "https://evil.example")], &initialize());
    assert_eq!(elsewhere.status, 403, "{elsewhere:?}");
    let own = post(&hosted, &owner, &[("origin", &hosted.url())], &initialize());
    assert_eq!(own.status, 200, "{own:?}");
}

#[test]
fn a_session_is_its_callers_own_and_ends_when_it_is_deleted() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let viewer = hosted.member("v@example.com", "viewer");
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let begun = post(&hosted, &owner, &[], &initialize());
    let session = begun.header("mcp-session-id").unwrap().to_owned();
    assert_eq!(post(&hosted, &owner, &[], &list).status, 400);
    assert_eq!(
        post(&hosted, &owner, &[("mcp-session-id", "guessed")], &list).status,
        404
    );
    let known = [("mcp-session-id", session.as_str())];
    assert_eq!(post(&hosted, &viewer, &known, &list).status, 404);
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&hosted, &owner, &known, &initialized).status, 202);
    let listed = post(&hosted, &owner, &known, &list);
    assert!(
        listed.status == 200 && listed.body.contains("list_projects"),
        "{listed:?}"
    );
    // A batch is one message to nobody since these revisions.
    let batch = post(&hosted, &owner, &known, &json!([list]));
    assert!((400..500).contains(&batch.status), "{batch:?}");
    let bearer = format!("Bearer {owner}");
    let ended = hosted.send("DELETE /mcp", &[("authorization", &bearer), known[0]], "");
    assert!((200..300).contains(&ended.status), "{ended:?}");
    assert_eq!(post(&hosted, &owner, &known, &list).status, 404);
}

#[test]
fn nobody_can_begin_any_number_of_sessions() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let mut all = (0..200).map(|_| post(&hosted, &owner, &[], &initialize()));
    let refused = all.find(|answer| answer.status != 200).unwrap();
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(
        refused.header("retry-after").is_some() && refused.body.contains("RATE_LIMIT"),
        "{refused:?}"
    );
}

/// A call in the revision that has neither handshake nor session.
fn without_handshake(id: u32, method: &str, params: &Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "0" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    message
}

#[test]
fn a_revision_without_handshake_is_served_without_a_session() {
    let hosted = Hosted::start();
    let owner = hosted.owner();
    let call = without_handshake(1, "tools/call", &json!({ "name": "list_projects", "arguments": {} }));
    let headers = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "list_projects"),
    ];
    let answer = post(&hosted, &owner, &headers, &call);
    assert_eq!(
        (answer.status, answer.header("mcp-session-id")),
        (200, None),
        "{answer:?}"
    );
    assert!(answer.body.contains("structuredContent"), "{answer:?}");

    let discover = without_handshake(2, "server/discover", &json!({}));
    let said = over_stdio(&hosted, &owner, &[discover, call]);
    assert_eq!(said.len(), 2, "{said:?}");
    let of = |id: u32| said.iter().find(|one| one["id"] == id).unwrap();
    assert!(
        of(2)["result"]["supportedVersions"].to_string().contains("2026-07-28"),
        "{said:?}"
    );
    assert!(of(1)["result"]["structuredContent"]["items"].is_array(), "{said:?}");
}

/// What the program says to these messages.
fn over_stdio(hosted: &Hosted, token: &str, messages: &[Value]) -> Vec<Value> {
    let home = tempfile::tempdir().unwrap();
    let mut child = flaresmith(home.path())
        .args(["mcp", "serve"])
        .env("FLARESMITH_URL", hosted.url())
        .env("FLARESMITH_TOKEN", token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for message in messages {
        writeln!(input, "{message}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn over_stdio_what_is_no_message_or_has_no_caller_is_answered_as_an_error() {
    let hosted = Hosted::start();
    let said = over_stdio(&hosted, &hosted.owner(), &[json!([initialize()]), json!("text")]);
    let codes: Vec<&Value> = said.iter().map(|one| &one["error"]["code"]).collect();
    assert_eq!(codes, [-32600, -32600]);
    let said = over_stdio(&hosted, "nobody", &[initialize()]);
    assert_eq!(said.len(), 1);
    assert_eq!(
        said[0]["error"]["data"]["hint"], "sign in with `flaresmith login`",
        "{said:?}"
    );
    assert!(said[0]["error"]["data"]["requestId"].is_string(), "{said:?}");
}

#[test]
fn over_stdio_a_server_that_forgot_the_session_is_greeted_again() {
    use std::io::{BufRead as _, BufReader};

    let mut hosted = Hosted::start();
    let home = tempfile::tempdir().unwrap();
    let mut child = flaresmith(home.path())
        .args(["mcp", "serve"])
        .env("FLARESMITH_URL", hosted.url())
        .env("FLARESMITH_TOKEN", hosted.owner())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut asked = |message: &Value| -> Value {
        writeln!(input, "{message}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    assert_eq!(asked(&initialize())["result"]["protocolVersion"], REVISIONS[0]);
    hosted.restart();
    let params = json!({ "name": "list_projects", "arguments": {} });
    let said = asked(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params }));
    assert!(said["result"]["structuredContent"]["items"].is_array(), "{said:#}");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_stream_that_a_client_keeps_open_does_not_hold_up_a_server_that_stops() {
    use std::io::Read as _;

    let mut hosted = Hosted::start();
    let owner = hosted.owner();
    let begun = post(&hosted, &owner, &[], &initialize());
    let session = begun.header("mcp-session-id").unwrap();
    let address = hosted.url().replace("http://", "");
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "GET /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {owner}\r\naccept: text/event-stream\r\nmcp-session-id: {session}\r\n\r\n"
    )
    .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert!(hosted.ends_when_asked());
}
