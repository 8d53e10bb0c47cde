//! Applying specs to a project's repository.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use flaresmith_api::types::{DriftReport, McpToolDescriptor, SpecDetail, ToolPage};
use serde_json::{Value, json};

use crate::hello::{CONSTITUTION, CONTRACT, FEATURE, Project, SPEC, contract};
use crate::instance::{Instance, OWNER, folder, on_both};
use crate::program::{Started, call, start_logging};

/// Shows 001/FR-009, 001/FR-014 and 001/FR-027.
#[tokio::test]
async fn an_apply_commits_what_the_specs_give_and_keeps_tools_and_versions() {
    on_both(async |instance| {
        let project = Project::hello(instance).await;
        let before = project.head("main").await;
        let dry = project
            .apply(json!({"dryRun": true}))
            .await
            .is(200)
            .fits::<DriftReport>();
        assert_eq!(
            (dry.text("/summary/status"), dry.headers.get("flaresmith-commit")),
            ("drift".to_owned(), None)
        );
        assert_eq!(project.head("main").await, before);
        assert_eq!(project.get("mcp/tools").await.is(200).body["items"], json!([]));
        project
            .apply(json!({"baseSha": "1".repeat(40)}))
            .await
            .fails(409, "SPEC_DRIFT_STALE");
        project
            .apply(json!({"ref": "nowhere"}))
            .await
            .fails(404, "FILE_NOT_FOUND");
        let done = project.apply(json!({"baseSha": before})).await.is(200);
        assert_eq!(done.body, dry.body);
        let commit = project.head("main").await;
        assert_eq!(done.headers["flaresmith-commit"].to_str().unwrap(), commit);
        let files = project.files("main", "generated").await;
        for part in ["/openapi.json", "/mcp/tools.json", "/postman/", "/rust/", "/ts/"] {
            assert!(files.iter().any(|(path, _)| path.contains(part)), "{part}: {files:?}");
        }
        let tools = project.get("mcp/tools").await.is(200);
        assert_eq!(tools.text("/items/0/operationId"), "greet");
        let name = tools.text("/items/0/name");
        let tool = project
            .get(&format!("mcp/tools/{name}"))
            .await
            .is(200)
            .fits::<McpToolDescriptor>();
        assert_eq!(Some(&tool.body), tools.body.pointer("/items/0"));
        assert_eq!(tool.body.pointer("/inputSchema/type"), Some(&json!("object")));
        project.get("mcp/tools/none").await.fails(404, "TOOL_NOT_FOUND");
        assert_eq!(
            project.get("mcp/tools?provider=neon").await.is(200).body["items"],
            json!([])
        );
        let spec = project.get("specs?kind=contract").await.is(200).text("/items/0/id");
        let versions = project.get(&format!("specs/{spec}/versions")).await.is(200);
        assert!(versions.body["items"][0]["appliedAt"].is_string(), "{versions:?}");
        assert_eq!(tool.text("/specVersionId"), versions.text("/items/0/id"));

        // Nothing is left to do, for the platform and for the program at the repository.
        assert_eq!(project.get("drift").await.is(200).text("/summary/status"), "clean");
        let again = project.apply(json!({})).await.is(200);
        assert_eq!(
            (again.text("/summary/status"), again.headers.get("flaresmith-commit")),
            ("clean".to_owned(), None)
        );
        assert_eq!(project.head("main").await, commit);

        // Another operation: the tool of the first goes, the second one comes.
        project.upload(CONTRACT, &contract("welcome"), &[]).await.is(201);
        let drift = project
            .get("drift?paths=generated/mcp%7Cgenerated/postman")
            .await
            .is(200);
        let changed = drift.body["changedFiles"].as_array().unwrap();
        assert!(
            !changed.is_empty()
                && changed.iter().all(|file| {
                    let path = file["path"].as_str().unwrap();
                    path.starts_with("generated/mcp/") || path.starts_with("generated/postman/")
                })
        );
        project.apply(json!({})).await.is(200);
        let tools = project.get("mcp/tools").await.is(200);
        assert_eq!(
            (
                tools.body["items"].as_array().unwrap().len(),
                tools.text("/items/0/operationId")
            ),
            (1, "welcome".to_owned())
        );
    })
    .await;
}

/// Shows 001/FR-010.
#[tokio::test]
async fn what_was_changed_by_hand_is_never_written_over_and_can_be_merged() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let branch = [("branch", "feature/x")];
    project
        .upload("specs/constitution.md", CONSTITUTION, &branch)
        .await
        .is(201);
    project.upload(SPEC, FEATURE, &branch).await.is(201);
    project.upload(CONTRACT, &contract("greet"), &branch).await.is(201);
    project.apply(json!({"ref": "feature/x"})).await.is(200);
    // The tools of a project are those of its default branch.
    assert_eq!(project.get("mcp/tools").await.is(200).body["items"], json!([]));

    let path = "generated/openapi/openapi.json";
    let text = project.read("feature/x", path).await;
    let edited = text.replace("\"Says hello.\"", "\"Says hello warmly.\"");
    assert_ne!(edited, text);
    project.write("feature/x", path, &edited).await.is(201);
    let head = project.head("feature/x").await;
    project
        .upload(
            CONTRACT,
            &contract("greet").replace("maxLength: 80", "maxLength: 90"),
            &branch,
        )
        .await
        .is(201);
    let moved = project.head("feature/x").await;
    assert_ne!(moved, head);
    let refused = project.apply(json!({"ref": "feature/x"})).await;
    let report = refused.body.pointer("/error/details").unwrap().clone();
    refused.fails(409, "SPEC_DRIFT_CONFLICT");
    assert_eq!(
        (&report["conflicts"][0]["path"], &report["conflicts"][0]["reason"]),
        (&json!(path), &json!("MANUAL_DIVERGENCE"))
    );
    assert_eq!(report["summary"]["status"], "conflicts");
    let data = instance.platform.settings.data.display().to_string();
    assert!(!report.to_string().contains(&data), "{report}");
    assert_eq!(project.head("feature/x").await, moved);
    // A dry run shows it, and so does the drift.
    let dry = project
        .apply(json!({"ref": "feature/x", "dryRun": true}))
        .await
        .is(200)
        .fits::<DriftReport>();
    assert_eq!(dry.body, report);
    assert_eq!(project.get("drift?ref=feature/x").await.is(200).body, report);

    let merged = project.apply(json!({"ref": "feature/x", "merge": true})).await.is(200);
    assert_eq!(merged.body.pointer("/summary/conflictCount"), Some(&json!(0)));
    let text = project.read("feature/x", path).await;
    assert!(
        text.contains("Says hello warmly.") && text.contains("\"maxLength\": 90"),
        "{text}"
    );
    assert_eq!(
        project.get("drift?ref=feature/x").await.is(200).text("/summary/status"),
        "clean"
    );
}

#[tokio::test]
async fn settings_and_locks_that_lead_elsewhere_write_nothing() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let branch = [("branch", "feature/x")];
    project.upload(SPEC, FEATURE, &branch).await.is(201);
    project.upload(CONTRACT, &contract("greet"), &branch).await.is(201);
    for (path, text) in [
        ("flaresmith.toml", "[openapi]\nout = \"../../elsewhere\"\n"),
        ("flaresmith.toml", "[openapi]\nout = \"/tmp/elsewhere\"\n"),
        ("flaresmith.toml", "[openapi]\nout = \".git/hooks\"\n"),
        ("flaresmith.toml", "specs = [\"../../other\"]\n"),
        ("flaresmith.toml", "templates = \"../../../\"\n"),
        ("flaresmith.toml", "[openapi\n"),
        ("flaresmith.lock", "version = 99\n"),
        (
            "flaresmith.lock",
            "version = 1\n\n[files]\n\"../../x\" = { target = \"mcp\", digest = \"blake3:00000000000000000000000000000000\" }\n",
        ),
    ] {
        project.write("feature/x", path, text).await.is(201);
        let head = project.head("feature/x").await;
        let answer = project.apply(json!({"ref": "feature/x"})).await;
        let said = format!("{answer:?}");
        answer.fails(422, "SPEC_INVALID");
        assert!(
            !said.contains(&instance.platform.settings.data.display().to_string()),
            "{said}"
        );
        assert_eq!(project.head("feature/x").await, head);
        project.write("feature/x", path, "\n").await.is(201);
    }
}

/// Shows 001/FR-009.
#[test]
fn an_apply_that_is_killed_leaves_its_branch_where_it_was_or_at_the_whole_result() {
    let data = folder();
    let start = || start_logging(&data, 1, Stdio::null());
    let sign_in = |started: &Started| {
        let password = std::fs::read_to_string(data.join("first-owner.password")).unwrap();
        let body = json!({"email": OWNER, "password": password.trim()}).to_string();
        let session = call(&started.address, "none", "POST /auth/sign-in", &body);
        session["accessToken"].as_str().unwrap().to_owned()
    };
    let started = start();
    let token = sign_in(&started);
    let send = |line: &str, body: Value| call(&started.address, &token, line, &body.to_string());
    let organization = send("POST /organizations", json!({"name": "Northwind"}));
    let project = send(
        "POST /projects",
        json!({"name": "Hello", "organizationId": organization["id"]}),
    );
    let id = project["id"].as_str().unwrap().to_owned();
    let tree = send(&format!("GET /projects/{id}/files/tree"), json!({}));
    let base = tree["commitSha"].as_str().unwrap().to_owned();
    let mut started = started;
    let git = |arguments: &[&str]| {
        let repository = data.join(format!("repositories/{id}.git"));
        let output = Command::new("git").args(arguments).env("GIT_DIR", repository).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    for (at, delay) in [1, 40, 120, 300, 700].into_iter().enumerate() {
        let branch = format!("feature/{at}");
        let token = sign_in(&started);
        let changes = json!([
            {"op": "write", "path": SPEC, "content": FEATURE},
            {"op": "write", "path": CONTRACT, "content": contract("greet")},
        ]);
        let body = json!({"branch": branch, "baseSha": base, "message": "Specs", "changes": changes});
        let line = format!("POST /projects/{id}/files/commit");
        let made = call(&started.address, &token, &line, &body.to_string());
        let before = made["sha"].as_str().unwrap();
        let apply = json!({"projectId": id, "ref": branch}).to_string();
        let mut stream = TcpStream::connect(&started.address).unwrap();
        let request = format!(
            "POST /specs/apply HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{apply}",
            apply.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        started.child.kill().unwrap();
        started.child.wait().unwrap();
        git(&["fsck", "--no-dangling"]);
        let head = git(&["rev-parse", &branch]);
        assert!(head == before || git(&["rev-parse", &format!("{branch}^")]) == before);
        started = start();
        let token = sign_in(&started);
        let done = call(&started.address, &token, "POST /specs/apply", &apply);
        assert_eq!(done["summary"]["conflictCount"], 0, "{done}");
        let line = format!("GET /projects/{id}/drift?ref={branch}");
        let drift = call(&started.address, &token, &line, "{}");
        assert_eq!(drift["summary"]["status"], "clean", "{drift}");
        assert_eq!(git(&["rev-parse", &format!("{branch}^")]), before);
    }
    drop(started);
    std::fs::remove_dir_all(data).unwrap();
}

/// Shows 001/FR-009.
#[tokio::test]
async fn only_some_targets_leave_the_others_as_they_are() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    project.apply(json!({"targets": ["openapi"]})).await.is(200);
    let files = project.files("main", "generated").await;
    assert!(
        files.iter().all(|(path, _)| path.starts_with("generated/openapi/")),
        "{files:?}"
    );
    project.apply(json!({})).await.is(200);
    let before = project.files("main", "generated").await;
    project.upload(CONTRACT, &contract("welcome"), &[]).await.is(201);
    let done = project.apply(json!({"targets": ["mcp"]})).await.is(200);
    let changed = done.body["changedFiles"].as_array().unwrap();
    assert!(
        changed
            .iter()
            .all(|file| file["path"].as_str().unwrap().starts_with("generated/mcp/")),
        "{done:?}"
    );
    let after = project.files("main", "generated").await;
    let other = |files: &[(String, String)]| -> Vec<_> {
        let kept = files.iter().filter(|(path, _)| !path.starts_with("generated/mcp/"));
        kept.cloned().collect()
    };
    assert_eq!(other(&before), other(&after));
    assert_eq!(
        project.get("mcp/tools").await.is(200).text("/items/0/operationId"),
        "welcome"
    );
    // The rest follows, and then nothing is left.
    let rest = project.apply(json!({})).await.is(200);
    assert_eq!(rest.text("/summary/status"), "drift");
    assert_eq!(project.get("drift").await.is(200).text("/summary/status"), "clean");
}

/// Shows 001/FR-009 and 001/FR-010.
#[tokio::test]
async fn broken_specs_are_told_with_their_places_and_one_apply_runs_at_a_time() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let broken = contract("greet").replace("{requirements: [FR-001]}", "{requirments: [FR-001]}");
    project.upload(CONTRACT, &broken, &[]).await.is(201);
    for answer in [project.apply(json!({})).await, project.get("drift").await] {
        let problem = answer.body.pointer("/error/details/problems/0");
        let problem = problem.unwrap_or_else(|| panic!("{answer:?}")).clone();
        assert_eq!(problem["path"], CONTRACT);
        assert!(problem["line"].as_i64().unwrap() > 10, "{problem}");
        answer.fails(422, "SPEC_INVALID");
    }
    project.upload(CONTRACT, &contract("greet"), &[]).await.is(201);
    let many = (0..5).map(|_| project.apply(json!({})));
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().any(|answer| answer.status == 200), "{answers:?}");
    for answer in answers {
        if answer.status != 200 {
            answer.fails(409, "SPEC_APPLY_ACTIVE");
        }
    }
    assert_eq!(project.get("drift").await.is(200).text("/summary/status"), "clean");
    // A repository without a spec has nothing to apply.
    let empty = instance.project(&project.token, &project.organization, "Empty").await;
    let body = Some(json!({"projectId": empty}));
    let answer = instance.call(&project.token, "POST", "/specs/apply", body).await;
    answer.fails(422, "SPEC_INVALID");
}

/// Shows 001/FR-009.
#[tokio::test]
async fn the_platforms_own_specs_can_be_uploaded_and_applied() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for path in [
        "specs/constitution.md",
        "specs/001-platform-bootstrap/spec.md",
        "specs/001-platform-bootstrap/data-model.yaml",
        "specs/001-platform-bootstrap/contracts/openapi.yaml",
    ] {
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        project.upload(path, &text, &[]).await.is(201);
    }
    let done = project.apply(json!({})).await.is(200);
    assert_eq!(done.text("/summary/status"), "drift");
    let tools = project.get("mcp/tools?limit=100").await.is(200).fits::<ToolPage>();
    assert!(tools.body["items"].as_array().unwrap().len() > 70, "{tools:?}");
    let spec = project.get("specs?kind=feature").await.is(200).text("/items/0/id");
    let spec = project.get(&format!("specs/{spec}")).await.is(200).fits::<SpecDetail>();
    let requirements = spec.body["requirements"].as_array().unwrap();
    let secrets = requirements.iter().find(|one| one["id"] == "FR-023").unwrap();
    assert!(secrets["operationCount"].as_i64().unwrap() >= 3, "{secrets}");
    assert_eq!(project.get("drift").await.is(200).text("/summary/status"), "clean");
}
