//! Files and diffs that are large: read in ranges, refused before anything is written, never more at once than is bearable.

use axum::body::to_bytes;
use axum::http::Request;
use flaresmith_api::types::DiffPreview;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::files::{Project, objects, write};
use crate::instance::Instance;

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
}

#[tokio::test]
async fn a_file_of_two_megabytes_is_refused_before_it_is_in_the_repository() {
    let instance = Instance::set(|settings| settings.max_body = 8 << 20).await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let before = objects(&project);
    let content = "x".repeat(2 << 20);
    let refused = project
        .commit(&base, json!([write("a", "1\n"), write("large", &content)]))
        .await;
    assert_eq!(refused.body.pointer("/error/details/path"), Some(&json!("large")));
    refused.fails(413, "FILE_TOO_LARGE");
    assert_eq!(objects(&project), before);
    project
        .commit(&base, json!([write("large", &content[1..])]))
        .await
        .is(201);
}

#[tokio::test]
async fn a_diff_of_more_than_is_shown_at_once_is_refused_and_can_be_committed() {
    let instance = Instance::sqlite().await;
    let project = Project::new(&instance).await;
    let base = project.head().await;
    let repository = git2::Repository::open_bare(project.folder()).unwrap();
    let mut tree = repository.treebuilder(None).unwrap();
    for number in 0..12 {
        let text = format!("line of {number}\n").repeat(50_000);
        let blob = repository.blob(text.as_bytes()).unwrap();
        tree.insert(format!("f{number}"), blob, 0o100_644).unwrap();
    }
    let huge = repository.blob("line\n".repeat(600_000).as_bytes()).unwrap();
    tree.insert("huge", huge, 0o100_644).unwrap();
    let tree = repository.find_tree(tree.write().unwrap()).unwrap();
    let who = git2::Signature::now("x", "x@example.com").unwrap();
    let parent = repository.find_commit(git2::Oid::from_str(&base).unwrap()).unwrap();
    let head = repository
        .commit(Some("refs/heads/feature/x"), &who, &who, "much", &tree, &[&parent])
        .unwrap()
        .to_string();
    let deleted: Vec<Value> = (0..12)
        .map(|n| json!({"op": "delete", "path": format!("f{n}")}))
        .collect();
    let ask = |changes: Value| {
        let body = json!({"branch": "feature/x", "baseSha": head, "changes": changes});
        project.post("diff", body)
    };
    let refused = ask(json!(deleted)).await;
    assert_eq!(refused.body.pointer("/error/details/limitBytes"), Some(&json!(4 << 20)));
    refused.fails(413, "FILE_TOO_LARGE");
    let some = ask(json!([deleted[0], deleted[1]])).await.is(200).fits::<DiffPreview>();
    assert_eq!(some.body["removedLines"], 100_000);
    // That a file has another path costs nothing, however large it is; nor does one whose lines are not looked at.
    let mut moved: Vec<Value> = (0..12)
        .map(|n| json!({"op": "move", "path": format!("f{n}"), "newPath": format!("g{n}")}))
        .collect();
    moved.push(json!({"op": "delete", "path": "huge"}));
    let seen = ask(json!(moved)).await.is(200).fits::<DiffPreview>();
    let files = seen.body["files"].as_array().unwrap();
    assert_eq!(
        files.iter().filter(|file| file["type"] == "moved").count(),
        12,
        "{files:?}"
    );
    let last = files.iter().find(|file| file["path"] == "huge").unwrap();
    assert_eq!((&last["binary"], &last["patch"]), (&json!(true), &Value::Null));
    let made = project.commit(&head, json!(deleted)).await.is(201);
    assert_eq!(made.body["fileCount"], 12);
}
