//! Runs that change hands: who lost one changes nothing any more, in the store or outside of it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_runtime::providers::source_host::SeedFile;
use flaresmith_runtime::providers::{Fence, Mark};
use flaresmith_runtime::provisioning::journal::{Journal, Stopped};
use flaresmith_runtime::provisioning::lease::{Holder, beat};
use flaresmith_runtime::provisioning::step::key;
use flaresmith_runtime::store::Write;
use flaresmith_store::entities::provisioning_runs;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use serde_json::json;
use uuid::Uuid;

use crate::instance::{Instance, folder, on_both};
use crate::killed::{command, send, sign_in};
use crate::program::{Started, started};
use crate::provisioning::databases;
use crate::provisioning_killed::{check, postgres, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_taken_over_and_who_had_it_writes_nothing_more() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        instance.project(&owner, &organization, "Shop").await;
        let platform = &instance.platform;
        let read = || async {
            let rows = provisioning_runs::Entity::find().all(platform.store.read()).await;
            rows.unwrap().remove(0)
        };
        let run = read().await.id;
        let [first, second] = [(); 2].map(|()| Holder::begin(&platform.settings.data).unwrap());
        let lease = first.take(platform, run).await.unwrap().unwrap();
        let journal = Journal::new(platform.clone(), lease.clone());
        let page = journal.page().await.unwrap_or_else(|stopped| panic!("{stopped:?}"));
        page.close().await.unwrap();

        // For as long as it gives signs of life, nobody takes it.
        instance.later(TimeDelta::seconds(11));
        assert!(beat(platform, &lease.turn).await.unwrap());
        instance.later(TimeDelta::seconds(11));
        assert!(second.take(platform, run).await.unwrap().is_none());
        assert!(second.free(platform, vec![run]).await.unwrap().is_empty());
        assert!(journal.fence("").check(None).await.is_ok());

        instance.later(TimeDelta::seconds(2));
        assert_eq!(second.free(platform, vec![run]).await.unwrap(), [run]);
        let taken = second.take(platform, run).await.unwrap().unwrap();
        assert_eq!(taken.turn.fencing, lease.turn.fencing + 1);
        let version = read().await.version;
        assert!(matches!(journal.page().await, Err(Stopped::Lost)));
        assert!(!beat(platform, &lease.turn).await.unwrap());
        assert!(journal.fence("").check(None).await.is_err());
        assert_eq!(read().await.version, version);
        // Its giving back takes nothing from the one that has it now.
        first.give_back(platform, None).await.unwrap();
        assert!(beat(platform, &taken.turn).await.unwrap());
        let page = Journal::new(platform.clone(), taken);
        assert!(page.page().await.is_ok());
    })
    .await;
}

/// A fence that lets everybody through, or nobody.
#[derive(Debug)]
struct Gate(bool);

impl Fence for Gate {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        let done = match self.0 {
            true => Ok(()),
            false => Err(Failure::new(ErrorCode::ProvisionRunActive)),
        };
        Box::pin(async { done })
    }
}

fn mark(project: &str, open: bool) -> Mark {
    let project = Uuid::parse_str(project).unwrap();
    Mark {
        project,
        environment: "dev".to_owned(),
        key: key(project, "neonBranch", Some("dev")),
        fence: Arc::new(Gate(open)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_run_makes_nothing_and_takes_nothing_away() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let providers = &instance.platform.providers;
        let (open, shut) = (mark(&project, true), mark(&project, false));
        let place = instance
            .platform
            .settings
            .data
            .join("repositories")
            .join(format!("{project}.git"));
        assert!(providers.databases.ensure_database(&shut).await.is_err());
        assert_eq!(databases(instance, &project).await.len(), 0);

        providers.databases.ensure_database(&open).await.unwrap();
        providers.source.ensure_repository(&open).await.unwrap();
        let file = SeedFile {
            path: "a".to_owned(),
            bytes: b"a".to_vec(),
        };
        assert!(providers.source.ensure_files(&shut, vec![file]).await.is_err());
        assert!(providers.source.ensure_branch(&shut, "dev").await.is_err());
        assert!(providers.databases.remove_database(&shut).await.is_err());
        assert!(providers.source.remove_repository(&shut).await.is_err());
        assert_eq!(databases(instance, &project).await.len(), 1);
        assert!(place.join("HEAD").exists());
        let git = git2::Repository::open_bare(&place).unwrap();
        assert!(git.find_branch("dev", git2::BranchType::Local).is_err());

        providers.databases.remove_database(&open).await.unwrap();
        providers.source.remove_repository(&open).await.unwrap();
        assert_eq!(databases(instance, &project).await.len(), 0);
        assert!(!place.exists());
    })
    .await;
}

/// A transaction that is begun is dropped with whoever began it, at any moment: whoever is given the connection next is in none.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_while_it_begins_to_write_leaves_no_connection_in_the_midst_of_it() {
    let instance = Instance::postgres().await;
    let store = &instance.platform.store;
    for round in 0..200 {
        let moment = Duration::from_micros(20 * (round % 40));
        let _ = tokio::time::timeout(moment, store.begin()).await;
    }
    let sql =
        "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    let began = Instant::now();
    loop {
        let asked = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let open: i64 = store.query(asked).await.unwrap()[0].try_get("", "open").unwrap();
        if open == 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{open}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every version and line of a run, as the store has them.
fn written(data: &Path, database: Option<&str>) -> Vec<String> {
    let address = match database {
        Some(database) => database.to_owned(),
        None => format!("sqlite://{}", data.join("flaresmith.sqlite").display()),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let connection = sea_orm::Database::connect(address).await.unwrap();
        let sql = "SELECT CAST(version AS TEXT) AS one FROM provisioning_runs \
                   UNION ALL SELECT CAST(version AS TEXT) FROM run_steps \
                   UNION ALL SELECT CAST(sequence AS TEXT) FROM journal_entries ORDER BY 1";
        let rows = connection.query_all_raw(sea_orm::Statement::from_string(connection.get_database_backend(), sql));
        let rows = rows.await.unwrap();
        let lines = rows.iter().map(|row| row.try_get("", "one").unwrap()).collect();
        connection.close().await.unwrap();
        lines
    })
}

fn signal(server: &Started, name: &str) {
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

fn is_frozen(server: &Started) -> bool {
    let id = server.child.id().to_string();
    let said = Command::new("ps").args(["-o", "stat=", "-p", &id]).output().unwrap();
    said.stdout.starts_with(b"T")
}

/// Whether somebody has SQLite's only writer, as one who is frozen in the midst of a write has it for good.
fn is_locked(data: &Path) -> bool {
    let address = format!("sqlite://{}", data.join("flaresmith.sqlite").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let connection = sea_orm::Database::connect(address).await.unwrap();
        let locked = connection
            .execute_unprepared("BEGIN IMMEDIATE; ROLLBACK")
            .await
            .is_err();
        connection.close().await.unwrap();
        locked
    })
}

/// Whether somebody has the turn to move branches of a repository, which a frozen process keeps as well.
fn is_moving_branches(data: &Path) -> bool {
    let folders = std::fs::read_dir(data.join("repositories")).into_iter().flatten();
    folders.flatten().any(|folder| {
        let turn = std::fs::File::open(folder.path().join("flaresmith-heads"));
        turn.is_ok_and(|turn| turn.try_lock().is_err())
    })
}

/// The same as often as it takes until what else the server was doing, such as giving a sign of life, holds nothing that is its
/// alone until it wakes.
fn freezes_between_writes(place: u32, on_postgres: bool, cancelled: bool) {
    let frozen = |_| freezes(place, on_postgres.then(postgres).as_deref(), cancelled);
    assert!((0..8).any(frozen), "place {place} is always in the midst of a write");
}

/// A server that freezes at a place of a creation; another ends the run, and the first wakes up. `false`: it holds what nobody can
/// take from it, SQLite's writer or the turn of a repository.
fn freezes(place: u32, database: Option<&str>, cancelled: bool) -> bool {
    let data = folder();
    let mut frozen = command(&data, database);
    let frozen = started(frozen.env("FLARESMITH_FREEZE_AT", place.to_string()), 1);
    let token = sign_in(&frozen.address);
    let (address, bearer) = (frozen.address.clone(), token.clone());
    let asking = std::thread::spawn(move || {
        let body = json!({"name": "shop"});
        send(&address, "POST", "/projects", Some(&bearer), Some(&body))
    });
    let asked = Instant::now();
    while !is_frozen(&frozen) {
        assert!(
            asked.elapsed() < Duration::from_secs(60),
            "place {place} is never come to"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    if (database.is_none() && is_locked(&data)) || is_moving_branches(&data) {
        return false;
    }
    let other = started(&mut command(&data, database), 1);
    let ids = |other: &Started| -> std::collections::BTreeSet<String> {
        let projects = settled(&other.address, &token);
        projects
            .iter()
            .map(|project| project["id"].as_str().unwrap().to_owned())
            .collect()
    };
    if cancelled {
        let projects = crate::killed::all(&other.address, &token, "/projects");
        let path = format!("/projects/{}/provisioning", projects[0]["id"].as_str().unwrap());
        let (status, _) = send(&other.address, "POST", &format!("{path}/cancel"), Some(&token), None).unwrap();
        assert_eq!(status, 202);
        ids(&other);
        let (status, _) = send(&other.address, "POST", &format!("{path}/retry"), Some(&token), None).unwrap();
        assert_eq!(status, 202);
    }
    let known = ids(&other);
    assert_eq!(known.len(), 1);
    check(&data, database, &other.address, &token, &known);
    let before = written(&data, database);

    signal(&frozen, "-CONT");
    let (status, answer) = asking.join().unwrap().unwrap();
    // What was not answered before it froze is answered too late.
    assert!([201, 503].contains(&status), "place {place}: {status} {answer}");
    // Longer than the time between two looks or signs of life.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(written(&data, database), before, "place {place}");
    check(&data, database, &other.address, &token, &known);
    // It works on as before.
    let (status, _) = send(&frozen.address, "GET", "/projects", Some(&token), None).unwrap();
    assert_eq!(status, 200);
    drop((frozen, other));
    std::fs::remove_dir_all(data).unwrap();
    true
}

/// Places after a write, where nothing of the store is held: before, in and after acts.
const BETWEEN: [u32; 4] = [2, 8, 16, 30];

#[test]
fn a_server_on_sqlite_that_freezes_in_a_run_and_wakes_when_it_is_over_changes_nothing() {
    std::thread::scope(|scope| {
        for place in BETWEEN {
            scope.spawn(move || freezes_between_writes(place, false, false));
        }
        scope.spawn(|| freezes_between_writes(10, false, true));
    });
}

#[test]
fn a_server_on_postgres_that_freezes_in_a_run_and_wakes_when_it_is_over_changes_nothing() {
    std::thread::scope(|scope| {
        // Also in the midst of a write: Postgres ends its transaction for it.
        for place in BETWEEN.into_iter().chain([9]) {
            scope.spawn(move || freezes_between_writes(place, true, false));
        }
        scope.spawn(|| freezes_between_writes(10, true, true));
    });
}

/// Whatever asks for files of a project while it goes, its repository does not come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_going_gets_no_new_repository() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let tree = format!("/projects/{project}/files/tree");
        let place = instance
            .platform
            .settings
            .data
            .join("repositories")
            .join(format!("{project}.git"));
        instance.call(&owner, "GET", &tree, None).await.is(200);
        assert!(place.exists());
        cancelled_and_deleted(instance, &owner, &project).await;
        // As the run that takes it away does, which nobody carries out here.
        std::fs::remove_dir_all(&place).unwrap();
        let answer = instance.call(&owner, "GET", &tree, None).await;
        answer.fails(404, "PROJECT_NOT_FOUND");
        let beside = std::fs::read_dir(place.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 0);
    })
    .await;
}

/// Brings a project to where its removal waits for somebody to carry it out.
async fn cancelled_and_deleted(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}");
    let cancel = format!("{path}/provisioning/cancel");
    instance.call(owner, "POST", &cancel, None).await.is(202);
    let runner = flaresmith_runtime::provisioning::Runner::start(instance.platform.clone()).unwrap();
    crate::provisioning::until(instance, owner, project, "undone").await;
    runner.stop().await;
    instance
        .call(owner, "GET", &format!("{path}/files/tree"), None)
        .await
        .is(200);
    let path = format!("{path}?projectSlug=shop");
    instance.call(owner, "DELETE", &path, None).await.is(202);
}
