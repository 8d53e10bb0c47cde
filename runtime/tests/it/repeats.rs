//! Requests that come again because their answer was lost, and what refused requests leave behind: nothing.

use axum::body::Body;
use axum::http::Request;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::hello::{CONTRACT, FEATURE, Project, SPEC, contract};
use crate::instance::{Answer, Instance, on_both};

async fn commit(project: &Project<'_>, key: &str, body: &Value) -> Answer {
    let path = format!("/projects/{}/files/commit", project.id);
    let bearer = format!("Bearer {}", project.token);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    project.instance.send("POST", &path, &headers, Some(body.clone())).await
}

async fn change(project: &Project<'_>, changes: Value) -> Value {
    let base = project.head("main").await;
    json!({"branch": "feature/x", "baseSha": base, "message": "Change", "changes": changes})
}

/// Every object of the repository.
fn objects(project: &Project<'_>) -> Vec<String> {
    let data = &project.instance.platform.settings.data;
    let listed = std::process::Command::new("git")
        .args(["cat-file", "--batch-all-objects", "--batch-check"])
        .env("GIT_DIR", data.join(format!("repositories/{}.git", project.id)))
        .output()
        .unwrap();
    assert!(listed.status.success());
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_commit_whose_version_could_not_be_kept_is_found_by_its_repeat() {
    on_both(async |instance| {
        let project = Project::new(instance).await;
        let changes = json!([{"op": "write", "path": SPEC, "content": FEATURE}]);
        let body = change(&project, changes).await;
        let store = instance.platform.store.read();
        let rename = async |from: &str, to: &str| {
            let statement = format!("ALTER TABLE {from} RENAME TO {to}");
            store.execute_unprepared(&statement).await.unwrap();
        };
        rename("spec_versions", "spec_versions_away").await;
        commit(&project, "key-commit-1", &body)
            .await
            .fails(500, "SERVER_INTERNAL");
        rename("spec_versions_away", "spec_versions").await;
        let head = project.head("feature/x").await;
        let again = commit(&project, "key-commit-1", &body).await.is(201);
        assert_eq!(again.text("/sha"), head);
        assert_eq!(again.body["parentSha"], body["baseSha"]);
        assert_eq!(again.body["fileCount"], 1);
        let specs = project.get("specs").await.is(200);
        assert_eq!(
            (specs.text("/items/0/path"), &specs.body["items"][0]["currentVersion"]),
            (SPEC.to_owned(), &json!(1))
        );
        // Another commit on the same base is none of its repeats.
        for (key, value) in [
            ("message", json!("Other words")),
            ("changes", json!([{"op": "write", "path": SPEC, "content": "other\n"}])),
        ] {
            let mut other = body.clone();
            other[key] = value;
            commit(&project, "key-commit-2", &other)
                .await
                .fails(409, "FILE_BASE_MOVED");
        }
        let other = instance
            .member(&project.token, &project.organization, "o@example.com", "contributor")
            .await;
        let path = format!("/projects/{}/files/commit", project.id);
        instance
            .call(&other, "POST", &path, Some(body))
            .await
            .fails(409, "FILE_BASE_MOVED");
        assert_eq!(project.head("feature/x").await, head);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_is_refused_leaves_nothing_in_the_repository() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let write = |path: &str, text: &str| json!({"op": "write", "path": path, "content": text});
    let before = objects(&project);
    let mut moved = change(&project, json!([write("a", "of nobody\n")])).await;
    moved["baseSha"] = json!("1".repeat(40));
    moved["branch"] = json!("dev");
    let token = "ghp_Zx81kQ0hush0mN3vTbL7pRw5Yc2Jd9HsAf4E";
    let leaking = contract("greet").replace("Says hello.", &format!("Says hello with {token}."));
    for (body, status, code) in [
        (
            change(
                &project,
                json!([write("a", "secret things\n"), {"op": "delete", "path": "nowhere"}]),
            )
            .await,
            404,
            "FILE_NOT_FOUND",
        ),
        (
            change(&project, json!([write(SPEC, "other\n"), write(SPEC, FEATURE)])).await,
            422,
            "FILE_CHANGES_EMPTY",
        ),
        (moved, 404, "FILE_NOT_FOUND"),
        (
            change(&project, json!([write("a", "x\n"), write(CONTRACT, &leaking)])).await,
            422,
            "SPEC_SECRET_PLAINTEXT",
        ),
        (
            change(
                &project,
                json!([write("notes.md", token), {"op": "move", "path": "notes.md", "newPath": "specs/notes.md"}]),
            )
            .await,
            422,
            "SPEC_SECRET_PLAINTEXT",
        ),
    ] {
        commit(&project, "key-refused-1", &body).await.fails(status, code);
        assert_eq!(objects(&project), before, "{code}");
    }
    // Many on one base: those that come too late leave nothing either.
    let bodies: Vec<Value> = futures_util::future::join_all((0..6).map(|n| {
        let changes = json!([write("a", &format!("the {n}th\n"))]);
        change(&project, changes)
    }))
    .await;
    let many = bodies.iter().enumerate().map(|(n, body)| {
        let project = &project;
        async move { commit(project, &format!("key-many-{n}"), body).await }
    });
    let answers = futures_util::future::join_all(many).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1,
        "{answers:?}"
    );
    // A commit, its tree, a file.
    assert_eq!(objects(&project).len(), before.len() + 3);
    // Outside of specs nobody looks for secrets.
    let head = project.head("feature/x").await;
    let mut body = change(&project, json!([write("b", token)])).await;
    body["baseSha"] = json!(head);
    commit(&project, "key-refused-2", &body).await.is(201);
}

/// Sends a form with these parts under a key.
async fn upload(project: &Project<'_>, key: &str, boundary: &str, text: &str) -> Answer {
    let body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"path\"\r\n\r\n{SPEC}\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\n\
         content-type: application/octet-stream\r\n\r\n{text}\r\n--{boundary}--\r\n"
    );
    let request = Request::post(format!("/projects/{}/specs", project.id))
        .header("authorization", format!("Bearer {}", project.token))
        .header("idempotency-key", key)
        .header("content-type", format!("multipart/form-data; boundary={boundary}"));
    project.instance.answer(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_form_that_is_sent_again_is_the_same_request_though_its_boundary_is_another() {
    on_both(async |instance| {
        let project = Project::new(instance).await;
        let first = upload(&project, "key-form-1", "one", FEATURE).await.is(201);
        let again = upload(&project, "key-form-1", "two---2", FEATURE).await.is(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
        upload(&project, "key-form-1", "one", "another text\n")
            .await
            .fails(422, "IDEMPOTENCY_KEY_REUSED");
    })
    .await;
}
