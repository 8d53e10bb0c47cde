//! Which specs a project has, on which branches, and which version of each is the current one.

use flaresmith_api::types::{SpecDetail, SpecPage};
use serde_json::{Value, json};

use crate::hello::{CONTRACT, FEATURE, Project, SPEC, contract};
use crate::instance::{Instance, on_both};

const NOTES: &str = "specs/notes.md";

/// Path, kind and current version of every spec.
async fn specs(project: &Project<'_>) -> Vec<(String, String, i64)> {
    let list = project.get("specs?limit=100").await.is(200).fits::<SpecPage>();
    let items = list.body["items"].as_array().unwrap();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let mut specs: Vec<_> = items
        .iter()
        .map(|item| {
            (
                text(item, "path"),
                text(item, "kind"),
                item["currentVersion"].as_i64().unwrap(),
            )
        })
        .collect();
    specs.sort();
    specs
}

async fn spec(project: &Project<'_>, path: &str) -> Option<(String, i64)> {
    let specs = specs(project).await.into_iter();
    specs
        .filter(|(found, ..)| found == path)
        .map(|(_, kind, version)| (kind, version))
        .next()
}

async fn changes(project: &Project<'_>, branch: &str, changes: Value) {
    let body =
        json!({"branch": branch, "baseSha": project.head(branch).await, "message": "Change", "changes": changes});
    let path = format!("/projects/{}/files/commit", project.id);
    project
        .instance
        .call(&project.token, "POST", &path, Some(body))
        .await
        .is(201);
}

#[tokio::test]
async fn a_kind_that_was_told_stays_and_makes_no_versions() {
    on_both(async |instance| {
        let project = Project::hello(instance).await;
        let told = [("kind", "architecture")];
        let first = project.upload(NOTES, "# Notes\n", &told).await.is(201);
        assert_eq!(first.text("/kind"), "architecture");
        project.apply(json!({})).await.is(200);
        assert_eq!(spec(&project, NOTES).await, Some(("architecture".to_owned(), 1)));
        project.upload(NOTES, "# Notes\n", &[]).await.is(201);
        project.upload(NOTES, "# Notes\n\nMore.\n", &[]).await.is(201);
        assert_eq!(spec(&project, NOTES).await, Some(("architecture".to_owned(), 2)));
        let other = project
            .upload(NOTES, "# Notes\n\nMore.\n", &[("kind", "feature")])
            .await
            .is(201);
        assert_eq!(
            (other.text("/kind"), &other.body["currentVersion"]),
            ("feature".to_owned(), &json!(2))
        );
        // Of data the text tells what it is.
        let data = "specs/001-hello/more.yaml";
        project.upload(data, "$defs: {}\n", &[]).await.is(201);
        assert_eq!(spec(&project, data).await, Some(("dataModel".to_owned(), 1)));
        project.upload(data, "openapi: 3.1.0\n", &[]).await.is(201);
        assert_eq!(spec(&project, data).await, Some(("contract".to_owned(), 2)));
    })
    .await;
}

#[tokio::test]
async fn a_spec_that_no_branch_has_any_more_is_listed_no_more_and_keeps_its_versions() {
    on_both(async |instance| {
        let project = Project::hello(instance).await;
        let branch = [("branch", "feature/x")];
        let made = project.upload(NOTES, "# Notes\n", &branch).await.is(201);
        changes(&project, "feature/x", json!([{"op": "delete", "path": SPEC}])).await;
        // The default branch has it.
        assert!(spec(&project, SPEC).await.is_some());
        changes(
            &project,
            "feature/x",
            json!([{"op": "move", "path": NOTES, "newPath": "specs/moved.md"}]),
        )
        .await;
        assert_eq!(spec(&project, NOTES).await, None);
        assert_eq!(spec(&project, "specs/moved.md").await, Some(("feature".to_owned(), 1)));
        let path = format!("specs/{}", made.text("/id"));
        let gone = project.get(&path).await.is(200).fits::<SpecDetail>();
        assert!(gone.body["removedAt"].is_string(), "{gone:?}");
        let version = project.get(&format!("{path}/versions/1")).await.is(200);
        assert_eq!(version.body["version"], 1);
        changes(
            &project,
            "feature/x",
            json!([{"op": "delete", "path": "specs/moved.md"}]),
        )
        .await;
        assert_eq!(spec(&project, "specs/moved.md").await, None);
        // It comes back as what it was.
        let back = project.upload(NOTES, "# Notes\n", &branch).await.is(201);
        assert_eq!(
            (back.text("/id"), &back.body["currentVersion"]),
            (made.text("/id"), &json!(1))
        );
        assert_eq!(back.body["removedAt"], Value::Null);

        // What was taken away elsewhere is found out by an apply.
        let data = &instance.platform.settings.data;
        let repository = git2::Repository::open_bare(data.join(format!("repositories/{}.git", project.id))).unwrap();
        let main = repository
            .find_reference("refs/heads/main")
            .unwrap()
            .peel_to_commit()
            .unwrap();
        let mut index = git2::Index::new().unwrap();
        index.read_tree(&main.tree().unwrap()).unwrap();
        index.remove(std::path::Path::new("specs/constitution.md"), 0).unwrap();
        let tree = repository.find_tree(index.write_tree_to(&repository).unwrap()).unwrap();
        let who = git2::Signature::now("x", "x@example.com").unwrap();
        repository
            .commit(Some("refs/heads/main"), &who, &who, "By hand", &tree, &[&main])
            .unwrap();
        repository
            .find_reference("refs/heads/feature/x")
            .unwrap()
            .delete()
            .unwrap();
        project.apply(json!({})).await.is(200);
        let paths: Vec<String> = specs(&project).await.into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, [CONTRACT, SPEC]);
    })
    .await;
}

#[tokio::test]
async fn what_was_tried_on_a_branch_does_not_make_a_version_of_what_the_default_branch_has() {
    on_both(async |instance| {
        let project = Project::hello(instance).await;
        let tried = format!("{FEATURE}\nTried.\n");
        let branch = [("branch", "feature/x")];
        project.upload(SPEC, &tried, &branch).await.is(201);
        assert_eq!(spec(&project, SPEC).await, Some(("feature".to_owned(), 2)));
        project.apply(json!({})).await.is(200);
        assert_eq!(spec(&project, SPEC).await, Some(("feature".to_owned(), 1)));
        // An apply of the branch keeps that its own text was applied, and the current version is that of the default branch.
        project.apply(json!({"ref": "feature/x"})).await.is(200);
        assert_eq!(spec(&project, SPEC).await, Some(("feature".to_owned(), 1)));
        let id = project.get("specs?kind=feature").await.is(200).text("/items/0/id");
        let versions = project.get(&format!("specs/{id}/versions")).await.is(200);
        let told: Vec<_> = versions.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| (version["version"].as_i64().unwrap(), version["appliedAt"].is_string()))
            .collect();
        assert_eq!(told, [(2, true), (1, true)]);
        // The next new text has a number that none had.
        let next = project.upload(SPEC, &format!("{FEATURE}\nOther.\n"), &[]).await.is(201);
        assert_eq!(next.body["currentVersion"], 3);
    })
    .await;
}

#[tokio::test]
async fn branches_that_staging_and_prod_follow_take_specs_only_where_that_is_the_default_branch() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let refused = project.upload(NOTES, "# Notes\n", &[("branch", "staging")]).await;
    assert_eq!(refused.text("/error/context/branch"), "staging");
    refused.fails(403, "FILE_BRANCH_PROTECTED");
    project
        .apply(json!({"ref": "staging"}))
        .await
        .fails(403, "FILE_BRANCH_PROTECTED");
    project.upload(NOTES, "# Notes\n", &[("branch", "main")]).await.is(201);
    project.apply(json!({"ref": "main"})).await.is(200);
    project.upload(NOTES, "# Notes\n", &[("branch", "dev")]).await.is(201);
}

#[tokio::test]
async fn a_file_that_is_kept_elsewhere_is_named_and_does_not_keep_others_from_being_uploaded() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let branch = [("branch", "feature/x")];
    let big = "specs/001-hello/contracts/big.yaml";
    project.upload(NOTES, "# Notes\n", &branch).await.is(201);
    let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12345\n");
    project.write("feature/x", big, &pointer).await.is(201);
    for answer in [
        project.get("drift?ref=feature/x").await,
        project.apply(json!({"ref": "feature/x"})).await,
    ] {
        let problem = answer.body.pointer("/error/details/problems/0").unwrap().clone();
        assert_eq!(
            (&problem["code"], &problem["path"]),
            (&json!("GIT_LFS_MISSING"), &json!(big))
        );
        let said = format!("{answer:?}");
        assert!(
            !said.contains(&instance.platform.settings.data.display().to_string()),
            "{said}"
        );
        answer.fails(422, "SPEC_INVALID");
    }
    let notes = project.upload(NOTES, "# Other notes\n", &branch).await.is(201);
    let notes = format!("specs/{}", notes.text("/id"));
    // Specs that were uploaded after it are told about, and nobody takes it for a fault of the server.
    project.get(&notes).await.fails(422, "SPEC_INVALID");
    project.upload(big, "$defs: {}\n", &branch).await.is(201);
    project.get("drift?ref=feature/x").await.is(200);
}

#[tokio::test]
async fn specs_that_are_too_much_together_are_not_compiled() {
    let instance = Instance::sqlite().await;
    let project = Project::hello(&instance).await;
    let data = &instance.platform.settings.data;
    let repository = git2::Repository::open_bare(data.join(format!("repositories/{}.git", project.id))).unwrap();
    let main = repository
        .find_reference("refs/heads/main")
        .unwrap()
        .peel_to_commit()
        .unwrap();
    let mut index = git2::Index::new().unwrap();
    index.read_tree(&main.tree().unwrap()).unwrap();
    let text = "Words of no weight.\n".repeat(100_000);
    let blob = repository.blob(text.as_bytes()).unwrap();
    let mut entry = index.get_path(std::path::Path::new(SPEC), 0).unwrap();
    entry.id = blob;
    for number in 0..9 {
        entry.path = format!("specs/notes-{number}.md").into_bytes();
        index.add(&entry).unwrap();
    }
    let tree = repository.find_tree(index.write_tree_to(&repository).unwrap()).unwrap();
    let who = git2::Signature::now("x", "x@example.com").unwrap();
    repository
        .commit(Some("refs/heads/feature/x"), &who, &who, "Much", &tree, &[&main])
        .unwrap();
    for answer in [
        project.get("drift?ref=feature/x").await,
        project.apply(json!({"ref": "feature/x", "dryRun": true})).await,
    ] {
        assert_eq!(answer.text("/error/details/problems/0/code"), "SPEC_SIZE");
        answer.fails(422, "SPEC_INVALID");
    }
    project
        .upload(SPEC, &contract("greet"), &[("branch", "feature/x")])
        .await
        .is(201);
}
