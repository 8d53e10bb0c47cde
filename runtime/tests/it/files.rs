//! Files of a project's repository, read and committed.

use std::path::PathBuf;

use flaresmith_api::types::{BlobInfo, Commit, DiffPreview, FileTreePage};
use serde_json::{Value, json};

use crate::instance::{Answer, Instance, on_both};

/// A project with a token of its owner.
pub(crate) struct Project<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) token: String,
    organization: String,
    pub(crate) id: String,
}

impl<'a> Project<'a> {
    pub(crate) async fn new(instance: &'a Instance) -> Self {
        let (organization, token) = instance.organization("Northwind").await;
        let id = instance.project(&token, &organization, "Shop").await;
        Self {
            instance,
            token,
            organization,
            id,
        }
    }

    pub(crate) async fn get(&self, rest: &str) -> Answer {
        let path = format!("/projects/{}/files/{rest}", self.id);
        self.instance.call(&self.token, "GET", &path, None).await
    }

    pub(crate) async fn post(&self, rest: &str, body: Value) -> Answer {
        let path = format!("/projects/{}/files/{rest}", self.id);
        self.instance.call(&self.token, "POST", &path, Some(body)).await
    }

    pub(crate) async fn head(&self) -> String {
        self.get("tree").await.is(200).text("/commitSha")
    }

    pub(crate) async fn commit(&self, base: &str, changes: Value) -> Answer {
        let body = json!({"branch": "feature/x", "baseSha": base, "message": "Change", "changes": changes});
        self.post("commit", body).await
    }

    pub(crate) fn folder(&self) -> PathBuf {
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

pub(crate) fn write(path: &str, content: &str) -> Value {
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
    // It may be somebody who is at work this moment, and is waited for.
    let at_work = lock.clone();
    let work = tokio::task::spawn_blocking(move || {
        std::thread::sleep(std::time::Duration::from_millis(500));
        std::fs::remove_file(at_work)
    });
    let made = project.commit(&head, json!([write("c", "1\n")])).await.is(201);
    // Nobody was at work any more when it was made, or it had stood there too long.
    let _ = work.await.unwrap();
    let head = made.text("/sha");
    std::fs::write(&lock, "").unwrap();
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
async fn a_process_that_is_frozen_at_a_branch_is_not_waited_for_without_end() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let turn = std::fs::File::create(project.folder().join("flaresmith-heads")).unwrap();
    turn.lock().unwrap();
    let refused = project.commit(&base, json!([write("a", "1\n")])).await;
    refused.fails(503, "SERVER_STORE_UNAVAILABLE");
    turn.unlock().unwrap();
    project.commit(&base, json!([write("a", "1\n")])).await.is(201);
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
    let before = objects(&project);
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
    assert_eq!(objects(&project), before);
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

#[tokio::test]
async fn folders_are_listed_by_name_and_paths_are_measured_in_characters() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let long = format!("{0}/{0}/a", "ü".repeat(120));
    let changes = json!([
        write("zz/a/x", "1\n"),
        write("zz/a-b/x", "1\n"),
        write("zz/a.b", "1\n"),
        write(&long, "1\n")
    ]);
    let head = project.commit(&base, changes).await.is(201).text("/sha");
    assert_eq!(project.names("path=zz").await, ["zz/a.b", "zz/a", "zz/a-b"]);
    let paths = project.names("recursive=true&type=blob").await;
    assert!(paths.contains(&long), "{paths:?}");
    // Whether a file may be executed stays when nothing is said.
    let run = json!([{"op": "write", "path": "run", "content": "1\n", "executable": true}]);
    let head = project.commit(&head, run).await.is(201).text("/sha");
    project.commit(&head, json!([write("run", "2\n")])).await.is(201);
    let repository = git2::Repository::open_bare(project.folder()).unwrap();
    let tree = repository
        .revparse_single("feature/x:")
        .unwrap()
        .peel_to_tree()
        .unwrap();
    assert_eq!(tree.get_name("run").unwrap().filemode(), 0o100_755);
}

/// How many objects the repository has.
pub(crate) fn objects(project: &Project<'_>) -> String {
    let seen = std::process::Command::new("git")
        .args(["count-objects"])
        .env("GIT_DIR", project.folder())
        .output()
        .unwrap();
    String::from_utf8(seen.stdout).unwrap()
}
