//! Spec files, and applying them to a project's repository.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::Request;
use flaresmith_api::types::{
    DriftReport, McpToolDescriptor, SpecDetail, SpecPage, SpecVersion, SpecVersionPage, ToolPage,
};
use serde_json::{Value, json};

use crate::instance::{Answer, Instance, OWNER, folder, on_both};
use crate::program::{Started, call, start_logging};

const FEATURE: &str = "# Feature Specification: Hello\n\n## Requirements\n\n### Functional Requirements\n\n- **FR-001**: The service MUST greet a caller by name.\n- **FR-002**: The service MUST say goodbye. Not in the contract: nobody asks for it.\n";

const CONSTITUTION: &str = "# Constitution\n\n## Core Principles\n\n### Plain\n\n**Version**: 1.2.0 | **Ratified**: 2025-01-01 | **Last Amended**: 2025-02-01\n";

/// A contract with one operation of this name.
fn contract(operation: &str) -> String {
    format!(
        "openapi: 3.1.0\n\
         info: {{title: Hello, version: 1.0.0, license: {{name: MIT, identifier: MIT}}}}\n\
         servers: [{{url: 'https://api.example.com'}}]\n\
         security: []\n\
         tags: [{{name: Greetings, description: Greeting.}}]\n\
         paths:\n\
         \x20 /greetings/{{name}}:\n\
         \x20   get:\n\
         \x20     operationId: {operation}\n\
         \x20     tags: [Greetings]\n\
         \x20     summary: Greet somebody\n\
         \x20     description: Says hello.\n\
         \x20     x-flaresmith: {{requirements: [FR-001]}}\n\
         \x20     parameters: [{{name: name, in: path, required: true, description: Who., schema: {{type: string, maxLength: 80}}}}]\n\
         \x20     responses:\n\
         \x20       '200':\n\
         \x20         description: The greeting.\n\
         \x20         content: {{application/json: {{schema: {{$ref: '#/components/schemas/Greeting'}}}}}}\n\
         components:\n\
         \x20 schemas:\n\
         \x20   Greeting: {{description: A greeting., type: object, required: [text], properties: {{text: {{type: string, maxLength: 200}}}}}}\n"
    )
}

const SPEC: &str = "specs/001-hello/spec.md";
const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

struct Project<'a> {
    instance: &'a Instance,
    token: String,
    organization: String,
    id: String,
}

impl<'a> Project<'a> {
    async fn new(instance: &'a Instance) -> Self {
        let (organization, token) = instance.organization("Northwind").await;
        let id = instance.project(&token, &organization, "Hello").await;
        Self {
            instance,
            token,
            organization,
            id,
        }
    }

    /// One with a feature, its contract and a constitution, on the default branch.
    async fn hello(instance: &'a Instance) -> Self {
        let project = Self::new(instance).await;
        project.upload("specs/constitution.md", CONSTITUTION, &[]).await.is(201);
        project.upload(SPEC, FEATURE, &[]).await.is(201);
        project.upload(CONTRACT, &contract("greet"), &[]).await.is(201);
        project
    }

    async fn get(&self, rest: &str) -> Answer {
        let path = format!("/projects/{}/{rest}", self.id);
        self.instance.call(&self.token, "GET", &path, None).await
    }

    async fn upload(&self, path: &str, text: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in [("path", path)].iter().chain(fields) {
            body.push_str(&format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\ncontent-type: application/octet-stream\r\n\r\n{text}\r\n--b--\r\n"
        ));
        let request = Request::builder()
            .method("POST")
            .uri(format!("/projects/{}/specs", self.id))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "multipart/form-data; boundary=b");
        self.instance.answer(request.body(Body::from(body)).unwrap()).await
    }

    async fn apply(&self, more: Value) -> Answer {
        let mut body = json!({"projectId": self.id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.instance
            .call(&self.token, "POST", "/specs/apply", Some(body))
            .await
    }

    async fn head(&self, branch: &str) -> String {
        self.get(&format!("files/tree?ref={branch}"))
            .await
            .is(200)
            .text("/commitSha")
    }

    /// Every file below a folder with its id.
    async fn files(&self, branch: &str, folder: &str) -> Vec<(String, String)> {
        let path = format!("files/tree?ref={branch}&path={folder}&recursive=true&type=blob&limit=100");
        let page = self.get(&path).await.is(200);
        let items = page.body.pointer("/items").and_then(Value::as_array).unwrap();
        let told = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        items
            .iter()
            .map(|item| (told(item, "path"), told(item, "sha")))
            .collect()
    }

    async fn write(&self, branch: &str, path: &str, text: &str) -> Answer {
        let body = json!({"branch": branch, "baseSha": self.head(branch).await, "message": "By hand",
            "changes": [{"op": "write", "path": path, "content": text}]});
        let path = format!("/projects/{}/files/commit", self.id);
        self.instance.call(&self.token, "POST", &path, Some(body)).await
    }

    /// The text of a file.
    async fn read(&self, branch: &str, path: &str) -> String {
        let (folder, _) = path.rsplit_once('/').unwrap();
        let files = self.files(branch, folder).await;
        let (_, sha) = files.iter().find(|(found, _)| found == path).unwrap();
        let request = Request::builder()
            .uri(format!("/projects/{}/files/blobs/{sha}/content", self.id))
            .header("authorization", format!("Bearer {}", self.token));
        let response = tower::ServiceExt::oneshot(self.instance.router.clone(), request.body(Body::empty()).unwrap());
        let body = axum::body::to_bytes(response.await.unwrap().into_body(), 64 << 20)
            .await
            .unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn an_uploaded_spec_has_versions_and_tells_its_requirements_and_outline() {
    on_both(async |instance| {
        let project = Project::hello(instance).await;
        let list = project.get("specs?limit=2").await.is(200).fits::<SpecPage>();
        assert_eq!(list.body["hasMore"], true);
        let features = project.get("specs?kind=feature").await.is(200);
        assert_eq!(features.text("/items/0/path"), SPEC);
        assert_eq!(features.text("/items/0/feature"), "001-hello");
        let id = features.text("/items/0/id");
        let spec = project.get(&format!("specs/{id}")).await.is(200);
        assert_eq!(spec.text("/constitutionVersion"), "1.2.0");
        let requirements = spec.body.pointer("/requirements").and_then(Value::as_array).unwrap();
        assert_eq!(
            (&requirements[0]["id"], &requirements[0]["operationCount"]),
            (&json!("FR-001"), &json!(1))
        );
        assert_eq!((requirements.len(), &requirements[1]["operationCount"]), (2, &json!(0)));
        assert_eq!(
            spec.text("/outline/0/children/0/children/0/title"),
            "Functional Requirements"
        );

        // The same again is no version; another text is one.
        let again = project.upload(SPEC, FEATURE, &[]).await.is(201);
        assert_eq!(
            (again.text("/id"), &again.body["currentVersion"]),
            (id.clone(), &json!(1))
        );
        let changed = project
            .upload(SPEC, &format!("{FEATURE}\nMore.\n"), &[("message", "Say more")])
            .await
            .is(201);
        assert_eq!(changed.body["currentVersion"], 2);
        let versions = project
            .get(&format!("specs/{id}/versions"))
            .await
            .is(200)
            .fits::<SpecVersionPage>();
        assert_eq!(
            (&versions.body["items"][0]["version"], versions.text("/items/0/summary")),
            (&json!(2), "Say more".to_owned())
        );
        assert_eq!(versions.text("/items/1/constitutionVersion"), "1.2.0");
        let first = project
            .get(&format!("specs/{id}/versions/1"))
            .await
            .is(200)
            .fits::<SpecVersion>();
        assert_eq!(Some(&first.body), versions.body.pointer("/items/1"));
        let path = format!("/projects/{}/specs/{id}/versions/1", project.id);
        let bearer = format!("Bearer {}", project.token);
        let headers = [("authorization", bearer.as_str()), ("accept", "text/plain")];
        let text = instance.send("GET", &path, &headers, None).await.is(200);
        assert!(text.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert_eq!(
            text.headers["content-length"].to_str().unwrap(),
            FEATURE.len().to_string()
        );
        project
            .get(&format!("specs/{id}/versions/3"))
            .await
            .fails(404, "SPEC_VERSION_NOT_FOUND");
        let other = instance.project(&project.token, &project.organization, "Other").await;
        let path = format!("/projects/{other}/specs/{id}");
        instance
            .call(&project.token, "GET", &path, None)
            .await
            .fails(404, "SPEC_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_spec_that_cannot_be_read_or_holds_a_secret_is_not_taken_in() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let before = project.head("main").await;
    let broken = project
        .upload(CONTRACT, "openapi: 3.1.0\ninfo: {title: [x\n", &[])
        .await;
    assert_eq!(broken.text("/error/details/problems/0/path"), CONTRACT);
    assert!(
        broken.body.pointer("/error/details/problems/0/line").is_some(),
        "{broken:?}"
    );
    broken.fails(422, "SPEC_INVALID");
    let large = "x".repeat(instance.platform.settings.max_body);
    assert_eq!(project.upload(SPEC, &large, &[]).await.status, 413);
    for (path, kind) in [
        (SPEC, "contract"),
        (CONTRACT, "feature"),
        ("specs/logo.png", "architecture"),
    ] {
        let refused = project.upload(path, "openapi: 3.1.0\n", &[("kind", kind)]).await;
        refused.fails(422, "SPEC_INVALID");
    }
    project
        .upload("specs/logo.png", "x", &[])
        .await
        .fails(422, "SPEC_INVALID");
    let token = "ghp_Zx81kQ0hush0mN3vTbL7pRw5Yc2Jd9HsAf4E";
    let leaking = contract("greet").replace("Says hello.", &format!("Says hello with {token}."));
    let refused = project.upload(CONTRACT, &leaking, &[]).await;
    assert!(
        !format!("{refused:?}{:?}", instance.logged()).contains("hush0mN3v"),
        "{refused:?}"
    );
    refused.fails(422, "SPEC_SECRET_PLAINTEXT");
    for path in ["src/main.rs", "specs/../x.md", "specs/.git/config"] {
        let answer = project.upload(path, "x", &[]).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{path}: {answer:?}");
    }
    assert_eq!(project.head("main").await, before);
    let viewer = instance
        .member(&project.token, &project.organization, "v@example.com", "viewer")
        .await;
    let as_viewer = Project {
        token: viewer,
        instance: &instance,
        organization: project.organization.clone(),
        id: project.id.clone(),
    };
    as_viewer
        .upload(SPEC, FEATURE, &[])
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
}

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
