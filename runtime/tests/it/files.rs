//! Files of a project's repository, read and committed.

use std::path::PathBuf;

use axum::body::to_bytes;
use axum::http::Request;
use flaresmith_api::types::{BlobInfo, Commit, DiffPreview, FileTreePage};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::instance::{Answer, Instance, on_both};

/// A project with a token of its owner.
struct Project<'a> {
    instance: &'a Instance,
    token: String,
    organization: String,
    id: String,
}

impl<'a> Project<'a> {
    async fn new(instance: &'a Instance) -> Self {
        let (organization, token) = instance.organization("Northwind").await;
        let id = instance.project(&token, &organization, "Shop").await;
        Self {
            instance,
            token,
            organization,
            id,
        }
    }

    async fn get(&self, rest: &str) -> Answer {
        let path = format!("/projects/{}/files/{rest}", self.id);
        self.instance.call(&self.token, "GET", &path, None).await
    }

    async fn post(&self, rest: &str, body: Value) -> Answer {
        let path = format!("/projects/{}/files/{rest}", self.id);
        self.instance.call(&self.token, "POST", &path, Some(body)).await
    }

    async fn head(&self) -> String {
        self.get("tree").await.is(200).text("/commitSha")
    }

    async fn commit(&self, base: &str, changes: Value) -> Answer {
        let body = json!({"branch": "feature/x", "baseSha": base, "message": "Change", "changes": changes});
        self.post("commit", body).await
    }

    fn folder(&self) -> PathBuf {
        let data = &self.instance.platform.settings.data;
        data.join(format!("repositories/{}.git", self.id))
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("tree?ref=feature/x&{query}")).await.is(200);
        let page = page.fits::<FileTreePage>();
        let items = page.body.pointer("/items").and_then(Value::as_array).unwrap();
        items
            .iter()
            .map(|item| item["path"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn write(path: &str, content: &str) -> Value {
    json!({"op": "write", "path": path, "content": content})
}

/// Shows 001/FR-012.
#[tokio::test]
async fn a_repository_begins_empty_and_what_is_committed_is_read_back() {
    on_both(async |instance| {
        let project = Project::new(instance).await;
        let many = (0..4).map(|_| project.get("tree"));
        let first = futures_util::future::join_all(many).await;
        let base = first[0].text("/commitSha");
        for answer in first {
            assert_eq!(
                answer.body,
                json!({"commitSha": base, "items": [], "nextCursor": null, "hasMore": false})
            );
        }
        let changes = json!([
            write("README.md", "# Shop\n"),
            {"op": "write", "path": "bin/run", "content": "IyEvYmluL3NoCg==", "encoding": "base64", "executable": true},
            write("specs/001-shop/spec.md", "# Feature\n"),
            {"op": "write", "path": "logo.png", "content": "iVBORwAB", "encoding": "base64"},
        ]);
        let made = project.commit(&base, changes).await.is(201).fits::<Commit>();
        assert_eq!(
            (made.text("/parentSha"), made.text("/author")),
            (base.clone(), "Owner".to_owned())
        );
        assert_eq!(made.body.pointer("/fileCount"), Some(&json!(4)));
        assert_eq!(project.names("").await, ["README.md", "logo.png", "bin", "specs"]);
        assert_eq!(
            project.names("recursive=true").await,
            [
                "README.md",
                "logo.png",
                "bin",
                "bin/run",
                "specs",
                "specs/001-shop",
                "specs/001-shop/spec.md"
            ]
        );
        assert_eq!(
            project.names("path=specs&recursive=true&type=blob").await,
            ["specs/001-shop/spec.md"]
        );
        // The default branch is where it was.
        assert_eq!(project.head().await, base);
        let tree = project.get("tree?ref=feature/x").await.is(200);
        assert_eq!(tree.text("/commitSha"), made.text("/sha"));
        let editable = [0, 1].map(|at| tree.body.pointer(&format!("/items/{at}/editable")).unwrap().clone());
        assert_eq!(editable, [json!(true), json!(false)]);
        let sha = tree.text("/items/0/sha");
        let info = project.get(&format!("blobs/{sha}")).await.is(200).fits::<BlobInfo>();
        assert_eq!(info.body["sizeBytes"], 7);
        assert_eq!(
            (&info.body["binary"], &info.body["rangesAdvised"]),
            (&json!(false), &json!(false))
        );
        // Page by page at one commit.
        let page = project.get("tree?ref=feature/x&recursive=true&limit=3").await.is(200);
        let cursor = page.text("/nextCursor");
        assert_eq!(
            project.names(&format!("recursive=true&limit=3&cursor={cursor}")).await,
            ["bin/run", "specs", "specs/001-shop"]
        );
        project
            .get(&format!("tree?cursor={cursor}"))
            .await
            .fails(400, "REQUEST_CURSOR_INVALID");
        for absent in [
            "tree?ref=nowhere",
            "tree?path=none",
            "tree?ref=feature/x&path=README.md",
        ] {
            project.get(absent).await.fails(404, "FILE_NOT_FOUND");
        }
        project
            .get(&format!("blobs/{}", "0".repeat(40)))
            .await
            .fails(404, "FILE_NOT_FOUND");
        project
            .get(&format!("blobs/{}", made.text("/sha")))
            .await
            .fails(404, "FILE_NOT_FOUND");
        // What git itself sees.
        let seen = std::process::Command::new("git")
            .args(["ls-tree", "-r", "feature/x"])
            .env("GIT_DIR", project.folder())
            .output()
            .unwrap();
        let seen = String::from_utf8(seen.stdout).unwrap();
        assert!(seen.contains("100755 blob") && seen.lines().count() == 4, "{seen}");
    })
    .await;
}

/// Shows 001/FR-012.
#[tokio::test]
async fn a_commit_is_made_on_the_head_that_was_seen_or_not_at_all() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let first = project
        .commit(&base, json!([write("a", "1\n")]))
        .await
        .is(201)
        .text("/sha");
    let late = project.commit(&base, json!([write("b", "1\n")])).await;
    assert_eq!(late.text("/error/details/headSha"), first);
    late.fails(409, "FILE_BASE_MOVED");
    // Of many at once one gets in.
    let changes: Vec<Value> = (0..6).map(|n| json!([write(&format!("n{n}"), "x\n")])).collect();
    let many = changes.into_iter().map(|changes| project.commit(&first, changes));
    let answers = futures_util::future::join_all(many).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let moved = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((made, moved), (1, 5), "{answers:?}");
    assert_eq!(project.names("").await.len(), 2);
    let head = project.get("tree?ref=feature/x").await.is(200).text("/commitSha");
    project
        .commit(&head, json!([write("a", "1\n")]))
        .await
        .fails(422, "FILE_CHANGES_EMPTY");
    project
        .commit(&"1".repeat(40), json!([write("z", "1\n")]))
        .await
        .fails(409, "FILE_BASE_MOVED");
    for (branch, status, code) in [
        ("main", 403, "FILE_BRANCH_PROTECTED"),
        ("staging", 403, "FILE_BRANCH_PROTECTED"),
        ("../x", 422, "FILE_PATH_INVALID"),
        ("a..b", 422, "FILE_PATH_INVALID"),
        ("feature", 422, "FILE_PATH_INVALID"),
        ("x.lock", 422, "FILE_PATH_INVALID"),
    ] {
        let body = json!({"branch": branch, "baseSha": base, "message": "m", "changes": [write("a", "1")]});
        project.post("commit", body).await.fails(status, code);
    }
    let viewer = instance
        .member(&project.token, &project.organization, "v@example.com", "viewer")
        .await;
    let path = format!("/projects/{}/files/commit", project.id);
    let body = json!({"branch": "f", "baseSha": base, "message": "m", "changes": [write("a", "1")]});
    instance
        .call(&viewer, "POST", &path, Some(body))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
}

#[tokio::test]
async fn a_lock_that_a_killed_process_left_keeps_nobody_out() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let head = project
        .commit(&base, json!([write("a", "1\n")]))
        .await
        .is(201)
        .text("/sha");
    let lock = project.folder().join("refs/heads/feature/x.lock");
    std::fs::write(&lock, "").unwrap();
    // It may be somebody who is at work this moment.
    let refused = project.commit(&head, json!([write("b", "1\n")])).await;
    refused.fails(409, "FILE_BASE_MOVED");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::options()
        .write(true)
        .open(&lock)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    project.commit(&head, json!([write("b", "1\n")])).await.is(201);
    assert!(!lock.exists());
}

#[tokio::test]
async fn changes_follow_each_other_and_nothing_stands_in_two_ways() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let changes = json!([
        {"op": "write", "path": "bin/run", "content": "x\n", "executable": true},
        write("docs/a.md", "a\n"),
        write("docs/b.md", "b\n"),
    ]);
    let base = project.commit(&base, changes).await.is(201).text("/sha");
    let changes = json!([
        {"op": "move", "path": "bin/run", "newPath": "tools/run"},
        {"op": "delete", "path": "docs/a.md"},
        {"op": "delete", "path": "docs/b.md"},
        write("docs", "now a file\n"),
        write("bin/other", "y\n"),
    ]);
    project.commit(&base, changes).await.is(201);
    assert_eq!(
        project.names("recursive=true").await,
        ["docs", "bin", "bin/other", "tools", "tools/run"]
    );
    let head = project.get("tree?ref=feature/x").await.is(200).text("/commitSha");
    for (changes, status, code) in [
        (json!([write("docs/x", "1")]), 422, "FILE_PATH_INVALID"),
        (json!([write("tools", "1")]), 422, "FILE_PATH_INVALID"),
        (
            json!([{"op": "move", "path": "docs", "newPath": "bin/other"}]),
            422,
            "FILE_PATH_INVALID",
        ),
        (
            json!([{"op": "move", "path": "docs", "newPath": "../docs"}]),
            422,
            "FILE_PATH_INVALID",
        ),
        (json!([{"op": "delete", "path": "tools"}]), 404, "FILE_NOT_FOUND"),
        (
            json!([{"op": "delete", "path": "docs"}, {"op": "delete", "path": "docs"}]),
            404,
            "FILE_NOT_FOUND",
        ),
        (json!([write(".git/config", "1")]), 422, "FILE_PATH_INVALID"),
        (
            json!([write("a/.GIT/hooks/post-commit", "1")]),
            422,
            "FILE_PATH_INVALID",
        ),
        (json!([write("/etc/passwd", "1")]), 422, "FILE_PATH_INVALID"),
        (json!([write("a/../../b", "1")]), 422, "FILE_PATH_INVALID"),
        (json!([write("a\\..\\b", "1")]), 422, "FILE_PATH_INVALID"),
    ] {
        project.commit(&head, changes).await.fails(status, code);
    }
    for wrong in ["tree?path=..", "tree?path=.git", "tree?path=/etc"] {
        project.get(wrong).await.fails(422, "FILE_PATH_INVALID");
    }
    assert_eq!(project.get("tree?ref=feature/x").await.text("/commitSha"), head);
}

#[tokio::test]
async fn a_link_is_never_followed() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    // Links come with commits that were made elsewhere.
    let repository = git2::Repository::open_bare(project.folder()).unwrap();
    let target = repository.blob(b"/etc").unwrap();
    let mut tree = repository.treebuilder(None).unwrap();
    tree.insert("out", target, 0o120_000).unwrap();
    let tree = repository.find_tree(tree.write().unwrap()).unwrap();
    let who = git2::Signature::now("x", "x@example.com").unwrap();
    let parent = repository.find_commit(git2::Oid::from_str(&base).unwrap()).unwrap();
    let head = repository
        .commit(Some("refs/heads/feature/x"), &who, &who, "link", &tree, &[&parent])
        .unwrap()
        .to_string();
    let seen = project.get("tree?ref=feature/x&recursive=true").await.is(200);
    assert_eq!(seen.body.pointer("/items/0/editable"), Some(&json!(false)));
    assert_eq!(seen.body.pointer("/items/0/sizeBytes"), Some(&json!(4)));
    project
        .get("tree?ref=feature/x&path=out")
        .await
        .fails(404, "FILE_NOT_FOUND");
    project
        .commit(&head, json!([write("out/passwd", "x")]))
        .await
        .fails(422, "FILE_PATH_INVALID");
    // Written over, it is a file like any other.
    project.commit(&head, json!([write("out", "x\n")])).await.is(201);
    let seen = project.get("tree?ref=feature/x").await.is(200);
    assert_eq!(seen.body.pointer("/items/0/editable"), Some(&json!(true)));
}

/// Shows 001/FR-012.
#[tokio::test]
async fn a_diff_shows_what_a_commit_would_do_and_leaves_nothing_behind() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let text: String = (1..=40).map(|n| format!("line {n}\n")).collect();
    let changes = json!([write("a.md", &text), write("old.md", &text), write("gone.md", "x\n")]);
    let base = project.commit(&base, changes).await.is(201).text("/sha");
    let objects = || {
        let seen = std::process::Command::new("git")
            .args(["count-objects"])
            .env("GIT_DIR", project.folder())
            .output()
            .unwrap();
        String::from_utf8(seen.stdout).unwrap()
    };
    let before = objects();
    let body = json!({"branch": "feature/x", "baseSha": base, "contextLines": 1, "changes": [
        write("a.md", &text.replace("line 20\n", "line twenty\nand more\n")),
        {"op": "move", "path": "old.md", "newPath": "new.md"},
        {"op": "delete", "path": "gone.md"},
        {"op": "write", "path": "logo.png", "content": "iVBORwAB", "encoding": "base64"},
    ]});
    let diff = project.post("diff", body.clone()).await.is(200).fits::<DiffPreview>();
    assert_eq!(
        (
            &diff.body["stale"],
            &diff.body["addedLines"],
            &diff.body["removedLines"]
        ),
        (&json!(false), &json!(2), &json!(2))
    );
    let files = diff.body.pointer("/files").and_then(Value::as_array).unwrap();
    let kinds: Vec<_> = files
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("a.md", "modified"),
            ("gone.md", "removed"),
            ("logo.png", "added"),
            ("new.md", "moved")
        ]
    );
    let patch = files[0]["patch"].as_str().unwrap();
    assert!(
        patch.contains("@@ -19,3 +19,4 @@") && patch.contains("+line twenty\n"),
        "{patch}"
    );
    assert_eq!((&files[2]["binary"], &files[2]["patch"]), (&json!(true), &Value::Null));
    assert_eq!(files[3]["oldPath"], "old.md");
    assert_eq!(objects(), before);
    assert_eq!(
        std::fs::read_dir(instance.platform.settings.data.join("scratch"))
            .unwrap()
            .count(),
        0
    );
    // A viewer may look, and sees that the branch has moved.
    project.commit(&base, json!([write("b.md", "x\n")])).await.is(201);
    let viewer = instance
        .member(&project.token, &project.organization, "v@example.com", "viewer")
        .await;
    let path = format!("/projects/{}/files/diff", project.id);
    let stale = instance.call(&viewer, "POST", &path, Some(body)).await.is(200);
    assert_eq!(stale.body["stale"], true);
}

/// The status, a header and the bytes of an answer.
async fn bytes(project: &Project<'_>, sha: &str, headers: &[(&str, &str)]) -> (u16, Option<String>, Vec<u8>) {
    let path = format!("/projects/{}/files/blobs/{sha}/content", project.id);
    let mut request = Request::builder()
        .uri(path)
        .header("authorization", format!("Bearer {}", project.token));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = project.instance.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let range = parts
        .headers
        .get("content-range")
        .map(|value| value.to_str().unwrap().to_owned());
    (
        parts.status.as_u16(),
        range,
        to_bytes(body, 64 << 20).await.unwrap().to_vec(),
    )
}

/// Shows 001/FR-030.
#[tokio::test]
async fn large_files_are_read_in_ranges_and_never_edited() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    project.head().await;
    let repository = git2::Repository::open_bare(project.folder()).unwrap();
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let sha = repository.blob(&large).unwrap().to_string();
    let info = project.get(&format!("blobs/{sha}")).await.is(200);
    assert_eq!(
        (
            &info.body["editable"],
            &info.body["binary"],
            &info.body["rangesAdvised"]
        ),
        (&json!(false), &Value::Null, &json!(true))
    );
    assert_eq!(bytes(&project, &sha, &[]).await.0, 413);
    let (status, range, part) = bytes(&project, &sha, &[("range", "bytes=2999990-")]).await;
    assert_eq!(
        (status, range.as_deref(), part.as_slice()),
        (206, Some("bytes 2999990-2999999/3000000"), &large[2_999_990..])
    );
    let (status, range, part) = bytes(&project, &sha, &[("range", "bytes=1-")]).await;
    assert_eq!(
        (status, range.as_deref(), part.len()),
        (206, Some("bytes 1-2097152/3000000"), 2 << 20)
    );
    let (status, range, _) = bytes(&project, &sha, &[("range", "bytes=3000000-")]).await;
    assert_eq!((status, range.as_deref()), (416, Some("bytes */3000000")));
    let small = repository.blob(b"hello").unwrap().to_string();
    assert_eq!(bytes(&project, &small, &[]).await, (200, None, b"hello".to_vec()));
    let tag = format!("\"{small}\"");
    assert_eq!(
        bytes(&project, &small, &[("if-none-match", &tag)]).await,
        (304, None, Vec::new())
    );
    // What is too large is refused before it is in the repository.
    let base = project.head().await;
    let limit = instance.platform.settings.max_body;
    let content = "x".repeat(limit);
    assert_eq!(
        project.commit(&base, json!([write("large", &content)])).await.status,
        413
    );
}
