//! Runs of the provisioning pipeline on the local providers, and what they leave on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use flaresmith_api::types::ProvisioningEvent;
use flaresmith_api::validate::{Validate as _, check};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Database;
use flaresmith_store::entities::{journal_entries, leases, provisioning_runs, repos, resource_records, run_steps};
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _, Statement};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::files::{Project, write};
use crate::instance::{Answer, Instance, on_both};

/// The latest run once it is in this state.
pub(crate) async fn until(instance: &Instance, token: &str, project: &str, state: &str) -> Answer {
    let path = format!("/projects/{project}/provisioning");
    let mut last = None;
    for _ in 0..600 {
        let answer = instance.call(token, "GET", &path, None).await.is(200);
        if answer.text("/run/state") == state {
            return answer;
        }
        last = Some(answer);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the run is never {state}: {last:?}");
}

fn data(instance: &Instance) -> &Path {
    &instance.platform.settings.data
}

fn repository(instance: &Instance, project: &str) -> PathBuf {
    data(instance).join("repositories").join(format!("{project}.git"))
}

/// Names of the databases of a project.
pub(crate) async fn databases(instance: &Instance, project: &str) -> Vec<String> {
    if matches!(instance.platform.settings.database, Database::Sqlite(_)) {
        let folder = data(instance).join("databases").join(project);
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        return names;
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY 1",
        [format!("fs_{}_%", project.replace('-', "")).into()],
    );
    let rows = instance.platform.store.read().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "datname").unwrap()).collect()
}

/// Puts something that is not ours where the project's database of prod would be.
async fn squat(instance: &Instance, project: &str) {
    if matches!(instance.platform.settings.database, Database::Sqlite(_)) {
        let folder = data(instance).join("databases").join(project);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("prod.sqlite"), "somebody's diary").unwrap();
        return;
    }
    on_prod(instance, "CREATE", project).await;
}

async fn leave(instance: &Instance, project: &str) {
    if matches!(instance.platform.settings.database, Database::Sqlite(_)) {
        let file = data(instance).join("databases").join(project).join("prod.sqlite");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's diary");
        std::fs::remove_file(file).unwrap();
        return;
    }
    on_prod(instance, "DROP", project).await;
}

/// Makes or drops the database on the server that has the name of the project's one of prod.
async fn on_prod(instance: &Instance, what: &str, project: &str) {
    let statement = format!("{what} DATABASE fs_{}_prod", project.replace('-', ""));
    let store = instance.platform.store.read();
    store.execute_unprepared(&statement).await.unwrap();
}

fn step<'a>(progress: &'a Answer, name: &str) -> &'a Value {
    let steps = progress.body.pointer("/steps").unwrap().as_array().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap()
}

/// The events of the latest run after the one with this id, to the end of the stream.
async fn events(instance: &Instance, token: &str, project: &str, after: Option<&str>) -> Vec<(String, Value)> {
    let mut request = Request::builder()
        .uri(format!("/projects/{project}/provisioning/events"))
        .header("authorization", format!("Bearer {token}"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = instance.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut events = Vec::new();
    for block in text.split("\n\n") {
        let line = |name: &str| {
            let found = block.lines().find_map(|line| line.strip_prefix(name));
            found.map(|value| value.trim_start().to_owned())
        };
        if let Some(data) = line("data:") {
            let data: Value = serde_json::from_str(&data).unwrap();
            let violations = check(ProvisioningEvent::schema(), &data);
            assert!(violations.is_empty(), "{violations:?}: {data}");
            events.push((line("id:").unwrap_or_default(), data));
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_ends_active_with_its_resources_on_this_machine() {
    on_both(async |instance| {
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop Floor").await;
        let progress = until(instance, &owner, &project, "succeeded").await;
        assert_eq!(progress.body.pointer("/run/doneCount"), Some(&json!(10)));
        assert_eq!(progress.body.pointer("/run/stepCount"), Some(&json!(10)));

        let detail = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await
            .is(200);
        assert_eq!(detail.text("/state"), "active");
        assert_eq!(detail.text("/constitutionVersion"), "1.0.0");
        assert_eq!(
            (detail.text("/repo/host"), detail.text("/repo/name")),
            ("local".into(), "shop-floor".into())
        );
        for at in 0..3 {
            assert_eq!(detail.text(&format!("/environments/{at}/state")), "active");
        }
        let resources = instance
            .call(&owner, "GET", &format!("/projects/{project}/resources"), None)
            .await
            .is(200);
        let items = resources.body.pointer("/items").unwrap().as_array().unwrap();
        let mut keys: Vec<&str> = items.iter().map(|item| item["key"].as_str().unwrap()).collect();
        keys.sort_unstable();
        let expected = [
            "cloudflareWorker-dev",
            "cloudflareWorker-prod",
            "cloudflareWorker-staging",
            "githubRepo-all",
            "neonBranch-dev",
            "neonBranch-prod",
            "neonBranch-staging",
        ];
        assert_eq!(keys, expected.map(|end| format!("{project}-{end}")));
        assert!(items.iter().all(|item| item["state"] == "ready"), "{items:?}");

        let git = git2::Repository::open_bare(repository(instance, &project)).unwrap();
        let head = |branch: &str| git.refname_to_id(&format!("refs/heads/{branch}")).unwrap();
        assert!(head("main") == head("dev") && head("main") == head("staging"));
        assert_eq!(head("main").to_string(), detail.text("/repo/headSha"));
        assert_eq!(databases(instance, &project).await.len(), 3);
        // What it begins with is applied already, and its tools are there.
        let specs = instance
            .call(&owner, "GET", &format!("/projects/{project}/specs"), None)
            .await
            .is(200);
        assert_eq!(
            specs.body.pointer("/items").unwrap().as_array().unwrap().len(),
            5,
            "{specs:?}"
        );
        let tools = async || {
            let path = format!("/projects/{project}/mcp/tools");
            let tools = instance.call(&owner, "GET", &path, None).await.is(200);
            tools.body.pointer("/items").unwrap().as_array().unwrap().clone()
        };
        let begun = tools().await;
        assert!(begun.iter().any(|tool| tool["name"] == "create_task"), "{begun:?}");
        let body = json!({"projectId": project});
        let applied = instance.call(&owner, "POST", "/specs/apply", Some(body)).await.is(200);
        assert_eq!(applied.text("/summary/status"), "clean");
        assert!(!applied.headers.contains_key("flaresmith-commit"), "{applied:?}");
        assert_eq!(tools().await, begun);
        // Nothing is left to do, and a run that has ended is not cancelled.
        let path = format!("/projects/{project}/provisioning");
        let answer = instance.call(&owner, "POST", &format!("{path}/retry"), None).await;
        answer.fails(409, "PROVISION_NOTHING_TO_RETRY");
        let answer = instance.call(&owner, "POST", &format!("{path}/cancel"), None).await;
        answer.fails(409, "PROVISION_NOT_CANCELABLE");
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_to_its_end_and_from_where_a_caller_left_it() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let all = events(instance, &owner, &project, None).await;
        let numbers: Vec<u64> = all.iter().map(|(id, _)| id.parse().unwrap()).collect();
        // Each once and in order; the last line is the one that the end is told after.
        let expected: Vec<u64> = (1..=22).chain([22]).collect();
        assert_eq!(numbers, expected, "{all:?}");
        assert_eq!(all.last().unwrap().1["type"], "end");
        assert_eq!(all.last().unwrap().1["state"], "succeeded");
        let begun = all
            .iter()
            .filter(|(_, event)| event["step"]["state"] == "running")
            .count();
        let done = all
            .iter()
            .filter(|(_, event)| event["step"]["state"] == "succeeded")
            .count();
        assert_eq!((begun, done), (10, 10));
        let rest = events(instance, &owner, &project, Some("9")).await;
        assert_eq!(rest, all[9..]);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_for_good_leaves_a_run_that_can_be_retried() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        squat(instance, &project).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let progress = until(instance, &owner, &project, "failed").await;
        assert_eq!(progress.text("/run/errorCode"), "PROVISION_STEP_FAILED");
        let failed = step(&progress, "database-prod");
        assert_eq!(failed["state"], "failed");
        assert_eq!(failed["errorCode"], "PROVISION_RESOURCE_FOREIGN");
        assert!(failed["hint"].is_string());
        let told = |line: &String| line.starts_with("database-prod failed PROVISION_RESOURCE_FOREIGN");
        assert_eq!(instance.logged().iter().filter(|line| told(line)).count(), 1);
        let path = format!("/projects/{project}");
        let detail = instance.call(&owner, "GET", &path, None).await.is(200);
        assert_eq!(detail.text("/state"), "degraded");
        assert_eq!(detail.text("/environments/0/state"), "error");

        leave(instance, &project).await;
        let retried = instance
            .call(&owner, "POST", &format!("{path}/provisioning/retry"), None)
            .await
            .is(202);
        assert_eq!(retried.body.pointer("/attempt"), Some(&json!(2)));
        let progress = until(instance, &owner, &project, "succeeded").await;
        assert_eq!(
            step(&progress, "source-repository")["attempt"],
            1,
            "what was done is not done again"
        );
        let detail = instance.call(&owner, "GET", &path, None).await.is(200);
        assert_eq!(
            (detail.text("/state"), detail.text("/environments/2/state")),
            ("active".into(), "active".into())
        );
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_steps_is_planned_when_it_begins() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let write = instance.platform.store.begin().await.unwrap();
        for sql in ["DELETE FROM run_steps", "UPDATE provisioning_runs SET step_count = 0"] {
            write.execute_unprepared(sql).await.unwrap();
        }
        write.commit().await.unwrap();
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let progress = until(instance, &owner, &project, "succeeded").await;
        let counts = ["/run/doneCount", "/run/stepCount"].map(|at| progress.body.pointer(at).cloned());
        assert_eq!(counts, [Some(json!(10)), Some(json!(10))]);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_undoes_what_was_made_and_leaves_what_was_not() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        // Before anything was made.
        let early = instance.project(&owner, &organization, "Early").await;
        let path = format!("/projects/{early}/provisioning");
        let cancelled = instance
            .call(&owner, "POST", &format!("{path}/cancel"), None)
            .await
            .is(202);
        assert_eq!(cancelled.text("/state"), "undoing");
        // After a part of it was.
        let project = instance.project(&owner, &organization, "Shop").await;
        squat(instance, &project).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(instance, &owner, &early, "undone").await;
        assert!(!repository(instance, &early).exists());
        until(instance, &owner, &project, "failed").await;
        let path = format!("/projects/{project}/provisioning");
        instance
            .call(&owner, "POST", &format!("{path}/cancel"), None)
            .await
            .is(202);
        let progress = until(instance, &owner, &project, "undone").await;
        assert!(!repository(instance, &project).exists());
        assert_eq!(databases(instance, &project).await.len(), 1, "that of somebody else");
        let steps = progress.body.pointer("/steps").unwrap().as_array().unwrap();
        assert!(
            steps
                .iter()
                .all(|step| step["state"] == "undone" || step["state"] == "pending"),
            "{steps:?}"
        );
        let resources = instance
            .call(&owner, "GET", &format!("/projects/{project}/resources"), None)
            .await
            .is(200);
        assert_eq!(resources.body.pointer("/items"), Some(&json!([])));
        let detail = instance
            .call(&owner, "GET", &format!("/projects/{project}"), None)
            .await
            .is(200);
        assert_eq!(
            (detail.text("/state"), detail.body.pointer("/repo")),
            ("degraded".into(), Some(&Value::Null))
        );
        // What was undone can be made anew.
        leave(instance, &project).await;
        for project in [&early, &project] {
            let path = format!("/projects/{project}/provisioning/retry");
            instance.call(&owner, "POST", &path, None).await.is(202);
            until(instance, &owner, project, "succeeded").await;
            assert_eq!(databases(instance, project).await.len(), 3);
        }
        runner.stop().await;
    })
    .await;
}

/// Cancelling asks for no confirmation, so it takes away nothing that people made.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_people_committed_to_stays_when_its_run_is_cancelled() {
    on_both(async |instance| {
        let files = Project::new(instance).await;
        let (owner, project) = (files.token.clone(), files.id.clone());
        squat(instance, &project).await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(instance, &owner, &project, "failed").await;
        let base = files.head().await;
        files.commit(&base, json!([write("notes.md", "# Notes")])).await.is(201);
        let path = format!("/projects/{project}/provisioning");
        instance
            .call(&owner, "POST", &format!("{path}/cancel"), None)
            .await
            .is(202);
        let progress = until(instance, &owner, &project, "failed").await;
        let steps = progress.body.pointer("/steps").unwrap().as_array().unwrap();
        let stuck: Vec<&Value> = steps.iter().filter(|step| step["state"] == "stuck").collect();
        assert_eq!(stuck.len(), 1, "{steps:?}");
        assert_eq!(stuck[0]["name"], "source-repository");
        assert!(repository(instance, &project).exists());
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_project_leaves_nothing_of_it() {
    on_both(async |instance| {
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        until(instance, &owner, &project, "succeeded").await;
        let path = format!("/projects/{project}");
        let answer = instance
            .call(&owner, "DELETE", &format!("{path}?projectSlug=store"), None)
            .await;
        answer.fails(422, "PROJECT_CONFIRMATION_MISMATCH");
        let run = instance
            .call(&owner, "DELETE", &format!("{path}?projectSlug=shop"), None)
            .await
            .is(202);
        assert_eq!(
            (run.text("/kind"), run.body.pointer("/stepCount")),
            ("delete".into(), Some(&json!(7)))
        );
        for _ in 0..600 {
            if instance.call(&owner, "GET", &path, None).await.status == 404 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        instance
            .call(&owner, "GET", &path, None)
            .await
            .fails(404, "PROJECT_NOT_FOUND");
        assert!(!repository(instance, &project).exists());
        assert_eq!(databases(instance, &project).await, Vec::<String>::new());
        let read = instance.platform.store.read();
        let left = [
            provisioning_runs::Entity::find().count(read).await.unwrap(),
            run_steps::Entity::find().count(read).await.unwrap(),
            journal_entries::Entity::find().count(read).await.unwrap(),
            resource_records::Entity::find().count(read).await.unwrap(),
            repos::Entity::find().count(read).await.unwrap(),
            leases::Entity::find().count(read).await.unwrap(),
        ];
        assert_eq!(left, [0; 6]);
        let path = format!("/organizations/{organization}?organizationSlug=northwind");
        instance.call(&owner, "DELETE", &path, None).await.is(204);
        runner.stop().await;
    })
    .await;
}
