//! Databases on the embedded store: the Postgres cluster of the server's own, made, shared, found again and stopped.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flaresmith_api::errors::Failure;
use flaresmith_runtime::node::tools::{Tool, Tools};
use flaresmith_runtime::postgres::Cluster;
use flaresmith_runtime::providers::database_host::Migration;
use flaresmith_runtime::providers::{Fence, Mark};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::provisioning::step::key;
use flaresmith_runtime::settings::{Database, Databases, Settings};
use flaresmith_runtime::store::Write;
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use uuid::Uuid;

use crate::instance::{Instance, folder};
use crate::killed::{command, send, sign_in};
use crate::postgres::binaries;
use crate::program::{Started, started};
use crate::provisioning::until;
use crate::provisioning_killed::settled;

fn own(settings: &mut Settings) {
    settings.databases = Databases::Auto;
}

/// The process file of a cluster that runs.
fn process_file(data: &Path) -> PathBuf {
    data.join("postgres/cluster/data/postmaster.pid")
}

/// Number of the process and port of a cluster that runs and takes connections.
fn runs(data: &Path) -> Option<(String, u16)> {
    let text = fs::read_to_string(process_file(data)).ok()?;
    let mut lines = text.lines();
    let process = lines.next()?.to_owned();
    let port = lines.nth(2)?.trim().parse().ok()?;
    TcpStream::connect(("127.0.0.1", port)).ok()?;
    Some((process, port))
}

#[track_caller]
fn waited(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it is never so that {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[derive(Debug)]
struct Open;

impl Fence for Open {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// What the steps of a deployment say whose the database is.
pub(crate) fn mark(project: &str) -> Mark {
    let project = Uuid::parse_str(project).unwrap();
    Mark {
        project,
        environment: "dev".to_owned(),
        key: key(project, "cloudflareWorker", Some("dev")),
        fence: Arc::new(Open),
    }
}

async fn is_migrated(instance: &Instance, project: &str) {
    let databases = &instance.platform.providers.databases;
    let migration = Migration {
        name: "0000_first".to_owned(),
        at: 1,
        text: "CREATE TABLE a (b text)".to_owned(),
    };
    databases.migrate(&mark(project), vec![migration]).await.unwrap();
    let reached = databases.reached(&mark(project)).await.unwrap().unwrap();
    assert_eq!(reached.networks, ["127.0.0.1/32"]);
    let connection = sea_orm::Database::connect(reached.address.expose()).await.unwrap();
    connection
        .execute_unprepared("INSERT INTO a VALUES ('c')")
        .await
        .unwrap();
    let sql = "SELECT b, current_user::text AS who FROM a";
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    let text = |name: &str| row.try_get::<String>("", name).unwrap();
    assert_eq!(text("b"), "c");
    assert!(text("who").starts_with("fs_"), "{}", text("who"));
    // It may look into no other database.
    let (before, _) = reached.address.expose().rsplit_once("_dev").unwrap();
    let refused = sea_orm::Database::connect(format!("{before}_prod")).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    connection.close().await.unwrap();
}

async fn removed(instance: &Instance, token: &str, project: &str) {
    let path = format!("/projects/{project}?projectSlug=shop");
    let gone = instance.call(token, "DELETE", &path, None).await;
    assert!(gone.status.is_success(), "{gone:?}");
    for _ in 0..600 {
        let found = instance.call(token, "GET", &format!("/projects/{project}"), None).await;
        if found.status.as_u16() == 404 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the project is never gone: {:?}", instance.logged());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_on_the_embedded_store_has_a_database_and_a_role_of_its_own() {
    let instance = Instance::set(own).await;
    let data = instance.platform.settings.data.clone();
    let (organization, token) = instance.organization("Northwind").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    // Nobody needs one yet.
    assert!(!data.join("postgres").exists());
    let project = instance.project(&token, &organization, "Shop").await;
    until(&instance, &token, &project, "succeeded").await;
    is_migrated(&instance, &project).await;
    let sql = "SELECT lower('ÄÖ') AS letters, current_setting('fsync') AS lasts";
    let reached = instance.platform.providers.databases.reached(&mark(&project)).await;
    let connection = sea_orm::Database::connect(reached.unwrap().unwrap().address.expose())
        .await
        .unwrap();
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    let text = |name: &str| row.try_get::<String>("", name).unwrap();
    assert_eq!((text("letters"), text("lasts")), ("äö".to_owned(), "on".to_owned()));
    connection.close().await.unwrap();

    let cluster = data.join("postgres/cluster");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cluster), mode(&cluster.join("password"))), (0o700, 0o600));
    let password = fs::read_to_string(cluster.join("password")).unwrap();
    let rules = fs::read_to_string(cluster.join("data/pg_hba.conf")).unwrap();
    let mut methods = rules
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    assert!(methods.all(|line| line.ends_with("scram-sha-256")), "{rules}");

    // It is started again when it ends by itself.
    let (process, port) = runs(&data).unwrap();
    assert!(
        Command::new("kill")
            .args(["-QUIT", &process])
            .status()
            .unwrap()
            .success()
    );
    waited("it runs again", || {
        runs(&data).is_some_and(|(other, again)| other != process && again == port)
    });
    is_here_again(&instance, &project).await;

    // A copy of the data folder has a cluster of its own, whatever the copied process file says.
    let copy = folder();
    fs::set_permissions(&copy, fs::metadata(&data).unwrap().permissions()).unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(data.join("postgres"))
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    let other = Cluster::new(&copy, None);
    let address = other.address().await.unwrap();
    assert!(!address.expose().contains(&format!(":{port}/")));
    other.end().await.unwrap();
    assert!(!process_file(&copy).exists() && runs(&data).is_some());
    fs::remove_dir_all(copy).unwrap();

    removed(&instance, &token, &project).await;
    runner.stop().await;
    assert!(!process_file(&data).exists() && TcpStream::connect(("127.0.0.1", port)).is_err());
    let lines: Vec<String> = instance.log().iter().map(ToString::to_string).collect();
    let said = instance.logged().into_iter().chain(lines);
    assert!(said.into_iter().all(|line| !line.contains(&password)));
    // Who has no projects any more starts none.
    let runner = Runner::start(instance.platform.clone()).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!process_file(&data).exists());
    runner.stop().await;
}

async fn is_here_again(instance: &Instance, project: &str) {
    let reached = instance.platform.providers.databases.reached(&mark(project)).await;
    let connection = sea_orm::Database::connect(reached.unwrap().unwrap().address.expose())
        .await
        .unwrap();
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), "SELECT b FROM a");
    assert!(connection.query_one_raw(statement).await.unwrap().is_some());
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_of_the_embedded_store_can_be_on_another_server() {
    let Database::Postgres(address) = crate::postgres::database() else {
        panic!("there is no Postgres");
    };
    let instance = Instance::set(|settings| settings.databases = Databases::Postgres(address)).await;
    let (organization, token) = instance.organization("Northwind").await;
    let project = instance.project(&token, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &token, &project, "succeeded").await;
    is_migrated(&instance, &project).await;
    removed(&instance, &token, &project).await;
    runner.stop().await;
    assert!(!instance.platform.settings.data.join("postgres").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_had_files_gets_databases_when_it_is_deployed_and_its_files_go_with_it() {
    let former = Instance::set(|settings| settings.databases = Databases::None).await;
    let (organization, token) = former.organization("Northwind").await;
    let project = former.project(&token, &organization, "Shop").await;
    let runner = Runner::start(former.platform.clone()).unwrap();
    until(&former, &token, &project, "succeeded").await;
    runner.stop().await;
    let data = former.platform.settings.data.clone();
    let files = data.join("databases").join(&project);
    assert!(files.join("dev.sqlite").is_file() && !data.join("postgres").exists());

    let instance = former.again_with(own).await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    is_migrated_alone(&instance, &project).await;
    removed(&instance, &token, &project).await;
    assert!(!files.exists());
    runner.stop().await;
    assert!(!process_file(&data).exists());
}

/// As a deployment to dev does it, the first time that anybody needs the database.
async fn is_migrated_alone(instance: &Instance, project: &str) {
    let databases = &instance.platform.providers.databases;
    let migration = Migration {
        name: "0000_first".to_owned(),
        at: 1,
        text: "CREATE TABLE a (b text); INSERT INTO a VALUES ('c')".to_owned(),
    };
    databases.migrate(&mark(project), vec![migration]).await.unwrap();
    is_here_again(instance, project).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_the_step_says_what_to_do_and_can_be_retried() {
    let programs = folder().join("programs");
    let named = programs.clone();
    let instance = Instance::set(move |settings| {
        own(settings);
        settings.postgres = Some(named);
    })
    .await;
    let (organization, token) = instance.organization("Northwind").await;
    let project = instance.project(&token, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let failed = until(&instance, &token, &project, "failed").await;
    let steps = failed.body["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["state"] == "failed").unwrap();
    assert_eq!(step["errorCode"], "INTEGRATION_NEON_UNAVAILABLE", "{step:#}");
    let hint = step["hint"].as_str().unwrap();
    assert!(
        hint.contains("apt-get install postgresql") && hint.contains("--databases none"),
        "{hint}"
    );

    std::os::unix::fs::symlink(binaries(), &programs).unwrap();
    let path = format!("/projects/{project}/provisioning/retry");
    let again = instance.call(&token, "POST", &path, None).await;
    assert!(again.status.is_success(), "{again:?}");
    until(&instance, &token, &project, "succeeded").await;
    runner.stop().await;
    fs::remove_dir_all(programs.parent().unwrap()).unwrap();
}

/// Root cannot run Postgres, and nobody else comes to the data folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_is_its_owners_alone_has_a_cluster_as_well() {
    let instance = Instance::set(|settings| {
        own(settings);
        fs::set_permissions(&settings.data, fs::Permissions::from_mode(0o700)).unwrap();
    })
    .await;
    let data = instance.platform.settings.data.clone();
    let (organization, token) = instance.organization("Northwind").await;
    let project = instance.project(&token, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &token, &project, "succeeded").await;
    is_migrated(&instance, &project).await;
    let id = Command::new("id").arg("-u").output().unwrap();
    match id.stdout == b"0\n" {
        true => {
            let elsewhere = fs::read_to_string(data.join("postgres/elsewhere")).unwrap();
            assert!(!data.join("postgres/cluster").exists());
            runner.stop().await;
            let cluster = Path::new(&elsewhere).join("cluster");
            assert!(cluster.is_dir() && !cluster.join("data/postmaster.pid").exists());
            fs::remove_dir_all(elsewhere).unwrap();
        }
        false => {
            assert!(runs(&data).is_some());
            runner.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_installed_where_a_machine_has_none() {
    let data = folder();
    let file = Tools::new(&data).file(Tool::Postgres).await.unwrap().unwrap();
    let instance = Instance::set(|settings| {
        own(settings);
        settings.postgres = Some(file.parent().unwrap().to_owned());
    })
    .await;
    let (organization, token) = instance.organization("Northwind").await;
    let project = instance.project(&token, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &token, &project, "succeeded").await;
    is_migrated(&instance, &project).await;
    runner.stop().await;
    fs::remove_dir_all(data).unwrap();
}

fn start(data: &Path) -> Started {
    started(command(data, None).args(["--databases", "auto"]), 1)
}

fn killed(mut server: Started) {
    server.child.kill().unwrap();
    server.child.wait().unwrap();
}

fn asked_to_stop(mut server: Started) {
    let id = server.child.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

fn is_made_beside(data: &Path) -> bool {
    let entries = fs::read_dir(data.join("postgres")).into_iter().flatten().flatten();
    let mut beside = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".new-"));
    beside.any(|entry| entry.path().join("data/PG_VERSION").exists())
}

#[test]
fn a_cluster_outlives_servers_that_are_killed_serves_all_of_a_data_folder_and_stops_with_the_last() {
    let data = folder();
    let first = start(&data);
    let token = sign_in(&first.address);
    let body = json!({ "name": "Shop" });
    let (status, made) = send(&first.address, "POST", "/projects", Some(&token), Some(&body)).unwrap();
    assert_eq!(status, 201, "{made}");
    waited("a cluster is being made", || is_made_beside(&data));
    killed(first);
    assert!(!data.join("postgres/cluster").exists());

    // The next one makes it anew.
    let second = start(&data);
    let projects = settled(&second.address, &sign_in(&second.address));
    assert_eq!(projects[0]["state"], "active", "{projects:?}");
    assert!(!is_made_beside(&data));
    let found = runs(&data).unwrap();
    killed(second);
    assert_eq!(runs(&data), Some(found.clone()));

    let [third, fourth] = [(); 2].map(|()| start(&data));
    std::thread::sleep(Duration::from_secs(5));
    asked_to_stop(third);
    assert_eq!(runs(&data), Some(found.clone()));
    let file = fs::read_to_string(process_file(&data)).unwrap();
    asked_to_stop(fourth);
    assert_eq!(runs(&data), None);
    assert!(!process_file(&data).exists());

    // As a power cut leaves it: another program has the number of the process by now. And somebody else has the port for good.
    let owner = fs::metadata(data.join("postgres/cluster")).unwrap();
    let mut other = Command::new("sleep")
        .arg("300")
        .uid(owner.uid())
        .gid(owner.gid())
        .spawn()
        .unwrap();
    let left = file.replacen(&found.0, &other.id().to_string(), 1);
    fs::write(process_file(&data), left).unwrap();
    let held = std::net::TcpListener::bind(("127.0.0.1", found.1)).unwrap();
    // Whoever connects is sent away, until the tests end.
    std::thread::spawn(move || held.incoming().for_each(drop));
    let fifth = start(&data);
    waited("it runs at another port", || {
        runs(&data).is_some_and(|(process, port)| process != other.id().to_string() && port != found.1)
    });
    other.kill().unwrap();
    other.wait().unwrap();
    asked_to_stop(fifth);
    assert_eq!(runs(&data), None);

    // Whoever wants databases elsewhere is not given empty ones in silence.
    for elsewhere in ["none", "postgres://me@127.0.0.1:1/x"] {
        let refused = command(&data, None).args(["--databases", elsewhere]).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("error[SETTINGS_DATABASES_LEFT]"), "{said}");
    }
    fs::remove_dir_all(data).unwrap();
}
