//! Spec files: uploaded, kept in versions, read.

use flaresmith_api::types::{SpecPage, SpecVersion, SpecVersionPage};
use serde_json::{Value, json};

use crate::hello::{CONTRACT, FEATURE, Project, SPEC, contract};
use crate::instance::{Instance, on_both};

/// Shows 001/FR-027.
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

/// Shows 001/FR-013.
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
async fn specs_that_are_committed_like_other_files_are_versions_too() {
    on_both(async |instance| {
        let project = Project::new(instance).await;
        project.upload(SPEC, FEATURE, &[("branch", "feature/x")]).await.is(201);
        project.write("feature/x", "README.md", "# Hello\n").await.is(201);
        let more = format!("{FEATURE}\nMore.\n");
        let made = project.write("feature/x", SPEC, &more).await.is(201);
        project.write("feature/x", CONTRACT, &contract("greet")).await.is(201);
        let list = project.get("specs").await.is(200).fits::<SpecPage>();
        let items = list.body["items"].as_array().unwrap();
        let told: Vec<_> = items
            .iter()
            .map(|item| (item["path"].as_str().unwrap(), &item["currentVersion"]))
            .collect();
        assert_eq!(told, [(CONTRACT, &json!(1)), (SPEC, &json!(2))]);
        let id = list.text("/items/1/id");
        let versions = project.get(&format!("specs/{id}/versions")).await.is(200);
        assert_eq!(versions.text("/items/0/commitSha"), made.text("/sha"));
        assert_eq!(versions.text("/items/0/summary"), "By hand");
        // Many at once: every one that is committed has a version of its own.
        let texts: Vec<String> = (0..5).map(|n| format!("{more}{n}\n")).collect();
        let many = texts
            .iter()
            .map(|text| project.upload(SPEC, text, &[("branch", "feature/x")]));
        let answers = futures_util::future::join_all(many).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        let spec = project.get("specs?kind=feature").await.is(200);
        assert_eq!(spec.body["items"][0]["currentVersion"], 7);
        let path = format!("specs/{id}/versions/7");
        let last = project.get(&path).await.is(200);
        assert_eq!(last.text("/commitSha"), project.head("feature/x").await);
    })
    .await;
}

#[tokio::test]
async fn a_spec_of_more_than_two_megabytes_is_refused_and_one_of_two_is_taken() {
    let instance = Instance::set(|settings| settings.max_body = 4 << 20).await;
    let project = Project::hello(&instance).await;
    let before = project.head("main").await;
    let text = |size: usize| "x".repeat(size);
    let refused = project.upload(SPEC, &text((2 << 20) + 1), &[]).await;
    assert_eq!(refused.body.pointer("/error/details/limitBytes"), Some(&json!(2 << 20)));
    refused.fails(413, "REQUEST_PAYLOAD_TOO_LARGE");
    assert_eq!(project.head("main").await, before);
    project.upload(SPEC, &text(2 << 20), &[]).await.is(201);
}

#[tokio::test]
async fn a_character_that_no_text_may_hold_is_refused_in_a_form_too() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    for part in ["message", "branch"] {
        let answer = project.upload(SPEC, FEATURE, &[(part, "a\0b")]).await;
        let answer = answer.fails(400, "REQUEST_VALIDATION_FAILED");
        assert_eq!(answer.text("/error/details/violations/0/pointer"), format!("/{part}"));
    }
}

#[test]
fn many_who_wait_for_their_turn_keep_nobody_from_working() {
    // More wait than there are threads for work that blocks.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let instance = Instance::sqlite().await;
        let project = Project::hello(&instance).await;
        let texts: Vec<String> = (0..12).map(|number| format!("{FEATURE}\nThe {number}th.\n")).collect();
        let uploads = texts.iter().map(|text| project.upload(SPEC, text, &[]));
        let all = futures_util::future::join_all(uploads);
        // Not a measurement: without threads to work with they would never end.
        let answers = tokio::time::timeout(std::time::Duration::from_secs(300), all).await;
        for answer in answers.expect("they wait for each other") {
            answer.is(201);
        }
        let versions = project.get("specs?kind=feature").await.is(200);
        assert!(versions.body["items"][0]["currentVersion"].as_i64().unwrap() >= 12);
    });
}
