//! The server dying at every write of a run's journal, and what the next one makes of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use flaresmith_runtime::settings::Database;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use crate::instance::folder;
use crate::killed::{all, command, refill, send, sign_in};
use crate::program::{Started, started};

/// Says at which place the server dies.
pub(crate) const STOP_AT: &str = "FLARESMITH_STOP_AT";

/// Places of a creation: before and after each of its 22 writes. A removal has 16.
const CREATION: u32 = 44;
const REMOVAL: u32 = 32;

/// Whether a process ends by itself.
pub(crate) fn ends(child: &mut Child) -> bool {
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(120) {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn start(data: &Path, database: Option<&str>, stop_at: Option<u32>) -> Started {
    let mut command = command(data, database);
    if let Some(place) = stop_at {
        command.env(STOP_AT, place.to_string());
    }
    started(&mut command, 1)
}

/// Every project, once nobody works on any.
pub(crate) fn settled(address: &str, token: &str) -> Vec<Value> {
    let asked = Instant::now();
    loop {
        let projects = all(address, token, "/projects");
        let moving = |project: &Value| project["state"] == "provisioning" || project["state"] == "deleting";
        if !projects.iter().any(moving) {
            return projects;
        }
        assert!(asked.elapsed() < Duration::from_secs(180), "{projects:?}");
        std::thread::sleep(Duration::from_millis(1000));
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Names of the databases on the server that are of any project here.
fn on_server(database: &str) -> BTreeSet<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let connection = sea_orm::Database::connect(database).await.unwrap();
        let sql = "SELECT datname FROM pg_database WHERE datname LIKE 'fs%'";
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let rows = connection.query_all_raw(statement).await.unwrap();
        let names = rows.iter().map(|row| row.try_get("", "datname").unwrap()).collect();
        connection.close().await.unwrap();
        names
    })
}

/// Checks that every project has what it needs once, and that nothing else is there. Other tests use the same Postgres, so
/// databases of projects that `known` does not name are not looked at.
pub(crate) fn check(
    data: &Path,
    database: Option<&str>,
    address: &str,
    token: &str,
    known: &BTreeSet<String>,
) -> Vec<String> {
    let projects = settled(address, token);
    let mut ids = Vec::new();
    for project in &projects {
        let id = project["id"].as_str().unwrap();
        assert_eq!(project["state"], "active", "{project}");
        let resources = all(address, token, &format!("/projects/{id}/resources"));
        let keys: BTreeSet<&str> = resources
            .iter()
            .map(|resource| resource["key"].as_str().unwrap())
            .collect();
        assert_eq!((resources.len(), keys.len()), (7, 7), "{resources:?}");
        assert!(
            resources.iter().all(|resource| resource["state"] == "ready"),
            "{resources:?}"
        );
        ids.push(id.to_owned());
    }
    let repositories: BTreeSet<String> = ids.iter().map(|id| format!("{id}.git")).collect();
    assert_eq!(names(&data.join("repositories")), repositories);
    match database {
        None => {
            assert_eq!(names(&data.join("databases")), ids.iter().cloned().collect());
            let expected = ["dev", "prod", "staging"].map(|name| format!("{name}.sqlite"));
            for id in &ids {
                assert_eq!(names(&data.join("databases").join(id)), expected.clone().into());
            }
        }
        Some(database) => {
            let of = |id: &String| ["dev", "prod", "staging"].map(|name| format!("fs_{}_{name}", id.replace('-', "")));
            let expected: BTreeSet<String> = ids.iter().flat_map(of).collect();
            let ours: BTreeSet<String> = known.iter().flat_map(of).collect();
            let there = on_server(database);
            assert_eq!(there.intersection(&ours).cloned().collect::<BTreeSet<_>>(), expected);
        }
    }
    ids
}

/// Says that a server on Postgres dies at every place, not at some.
const ALL: &str = "FLARESMITH_KILLED_ALL";

/// Dies at every so manieth place, and at each in turn.
fn dies_at(every: usize, database: Option<&str>) {
    let data = folder();
    let mut token = String::new();
    let mut died = 0;
    let places: Vec<u32> = (1..=CREATION).step_by(every).collect();
    for (round, place) in places.iter().copied().enumerate() {
        refill(database);
        let mut server = start(&data, database, Some(place));
        if round % 16 == 0 {
            token = sign_in(&server.address);
        }
        let body = json!({ "name": format!("p{place}") });
        // The answer may or may not come.
        send(&server.address, "POST", "/projects", Some(&token), Some(&body));
        died += usize::from(ends(&mut server.child));
        drop(server);
        let server = start(&data, database, None);
        settled(&server.address, &token);
    }
    assert_eq!(died, places.len());
    let server = start(&data, database, None);
    token = sign_in(&server.address);
    let known: BTreeSet<String> = settled(&server.address, &token)
        .iter()
        .map(|project| project["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(known.len(), places.len());
    let ids = check(&data, database, &server.address, &token, &known);
    drop(server);

    died = 0;
    let removals: Vec<u32> = (1..=REMOVAL).step_by(every).collect();
    for (place, id) in removals.iter().zip(&ids) {
        refill(database);
        let mut server = start(&data, database, Some(*place));
        let (_, project) = send(&server.address, "GET", &format!("/projects/{id}"), Some(&token), None).unwrap();
        let path = format!("/projects/{id}?projectSlug={}", project["slug"].as_str().unwrap());
        send(&server.address, "DELETE", &path, Some(&token), None);
        died += usize::from(ends(&mut server.child));
        drop(server);
        let server = start(&data, database, None);
        settled(&server.address, &token);
    }
    assert_eq!(died, removals.len());
    let server = start(&data, database, None);
    let left = check(&data, database, &server.address, &token, &known);
    assert_eq!(left.len(), places.len() - removals.len());
    drop(server);
    std::fs::remove_dir_all(data).unwrap();
}

pub(crate) fn postgres() -> String {
    let Database::Postgres(url) = crate::postgres::database() else {
        panic!("it is a Postgres");
    };
    url.expose().to_owned()
}

/// Shows 001/FR-021, 001/SC-004.
#[test]
fn a_server_on_sqlite_that_dies_at_any_write_of_a_run_is_followed_by_one_that_ends_it() {
    dies_at(1, None);
}

/// At every third place, which takes a third of the minutes; at all of them where that is asked for.
#[test]
fn a_server_on_postgres_that_dies_at_writes_of_a_run_is_followed_by_one_that_ends_it() {
    let every = if std::env::var_os(ALL).is_some() { 1 } else { 3 };
    dies_at(every, Some(&postgres()));
}

#[test]
fn of_two_servers_on_one_postgres_one_takes_over_what_the_other_was_doing() {
    let (data, url) = (folder(), postgres());
    let database = Some(url.as_str());
    let other = start(&data, database, None);
    let token = sign_in(&other.address);
    let mut died = 0;
    for round in 0..5 {
        let mut server = start(&data, database, Some(5 + 3 * round));
        // The other one may be faster: then there is nothing to die of.
        for number in 0..3 {
            let body = json!({ "name": format!("r{round}n{number}") });
            if send(&server.address, "POST", "/projects", Some(&token), Some(&body)).is_none() {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(200));
        if server.child.try_wait().unwrap().is_some() {
            died += 1;
        }
        drop(server);
        settled(&other.address, &token);
    }
    assert!(died > 0);
    let known = settled(&other.address, &token)
        .iter()
        .map(|project| project["id"].as_str().unwrap().to_owned())
        .collect();
    check(&data, database, &other.address, &token, &known);
    drop(other);
    std::fs::remove_dir_all(data).unwrap();
}
