//! Rollbacks that take the database back with code and secrets: on a Postgres server and at Neon.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use uuid::Uuid;

use crate::deployments::{Shop, with_workerd};
use crate::edge_host::get;
use crate::instance::Instance;
use crate::neon::{Fault, Neon};
use crate::neon_deployed::{JOURNAL, WORKER, write};
use crate::neon_projects::{KEY, ORGANIZATION, connect};
use crate::own_postgres::mark;
use crate::provisioning::until;
use crate::standby::standing_by;

/// The same with a second change of the tables.
const LATER: &str = r#"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_notes","breakpoints":true},{"idx":1,"version":"7","when":2,"tag":"0001_more","breakpoints":true}]}"#;

async fn says(shop: &Shop<'_>, environment: &str) -> String {
    get(&shop.url(environment).await).await.unwrap().1
}

/// A first version with a table, and a second one with another column.
async fn one(shop: &mut Shop<'_>) -> String {
    shop.commit(&[
        ("worker.js", &WORKER.replace("WORD", "one")),
        ("db/migrations/meta/_journal.json", JOURNAL),
        ("db/migrations/0000_notes.sql", "CREATE TABLE notes (note text)"),
    ])
    .await
}

async fn two(shop: &mut Shop<'_>) -> String {
    shop.commit(&[
        ("worker.js", &WORKER.replace("WORD", "two")),
        ("db/migrations/meta/_journal.json", LATER),
        ("db/migrations/0001_more.sql", "ALTER TABLE notes ADD COLUMN more text"),
    ])
    .await
}

/// The columns of the table of notes.
async fn columns(inside: DatabaseConnection) -> Vec<String> {
    let sql = "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = 'notes' ORDER BY 1";
    let rows = inside
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    inside.close().await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

/// The database of dev on the server of the test.
async fn here(instance: &Instance, project: &str) -> DatabaseConnection {
    let reached = instance.platform.providers.databases.reached(&mark(project)).await;
    let address = reached.unwrap().unwrap().address;
    sea_orm::Database::connect(address.expose()).await.unwrap()
}

/// Comments on databases of a project that are kept for going back, with whoever may connect.
async fn kept(instance: &Instance, project: &str) -> Vec<(String, String)> {
    let sql = format!(
        "SELECT shobj_description(oid, 'pg_database') AS mark, coalesce(datacl::text, 'everybody') AS access FROM pg_database \
         WHERE starts_with(shobj_description(oid, 'pg_database'), 'Flaresmith {project}-kept-')"
    );
    let rows = instance.platform.store.read();
    let rows = rows
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    let text = |row: &sea_orm::QueryResult, name: &str| row.try_get("", name).unwrap();
    rows.iter()
        .map(|row| (text(row, "mark"), text(row, "access")))
        .collect()
}

/// Shows 001/FR-016.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_takes_the_database_back_as_well_and_what_was_in_it_is_kept() {
    let instance = Instance::set_on_postgres(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let project = shop.files.id.clone();
    let first = one(&mut shop).await;
    let first = shop.deploy("dev", &first).await;
    write(here(&instance, &project).await, "a").await;
    // Nothing ran before the first, so nothing of it is kept.
    assert_eq!(kept(&instance, &project).await, []);
    let second = two(&mut shop).await;
    let second = shop.deploy("dev", &second).await;
    write(here(&instance, &project).await, "b").await;
    assert_eq!(says(&shop, "dev").await, "b  two");
    assert_eq!(columns(here(&instance, &project).await).await, ["more", "note"]);

    let back = shop.done("dev", "rollback", json!({"restoreDatabase": true})).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?}");
    assert_eq!(says(&shop, "dev").await, "a  one");
    assert_eq!(columns(here(&instance, &project).await).await, ["note"]);
    write(here(&instance, &project).await, "c").await;
    assert_eq!(says(&shop, "dev").await, "c  one");

    // What the second one had is there for whoever goes to it again.
    let there = json!({"toDeploymentId": second.text("/id"), "restoreDatabase": true});
    let forth = shop.done("dev", "rollback", there).await;
    assert_eq!(forth.text("/state"), "succeeded", "{forth:?}");
    assert_eq!(says(&shop, "dev").await, "b  two");
    assert_eq!(columns(here(&instance, &project).await).await, ["more", "note"]);
    // And without the database it stays as it is.
    let there = json!({"toDeploymentId": first.text("/id")});
    let code = shop.done("dev", "rollback", there).await;
    assert_eq!(code.text("/state"), "succeeded", "{code:?}");
    assert_eq!(says(&shop, "dev").await, "b  one");

    // Nobody but the platform gets at what is kept, and it goes with the project.
    let all = kept(&instance, &project).await;
    assert_eq!(all.len(), 3, "{all:?}");
    for (mark, access) in &all {
        assert!(
            !access.contains("{=") && !access.contains(",=") && access != "everybody",
            "{mark}: {access}"
        );
    }
    let path = format!("/projects/{project}?projectSlug=shop");
    let gone = instance.call(&shop.files.token, "DELETE", &path, None).await;
    gone.is(202);
    for _ in 0..1200 {
        if kept(&instance, &project).await.is_empty() {
            return shop.end().await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "what is kept outlives its project: {:?}",
        kept(&instance, &project).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_a_database_are_made_once_for_each_deployment_and_the_newest_five_stay() {
    let instance = Instance::set_on_postgres(with_workerd).await;
    let shop = Shop::new(&instance).await;
    let (project, databases) = (shop.files.id.clone(), &instance.platform.providers.databases);
    let mark = mark(&project);
    let all: Vec<Uuid> = (0..7).map(|_| Uuid::new_v4()).collect();
    for deployment in &all {
        for _ in 0..2 {
            assert!(databases.keep_before(&mark, *deployment).await.unwrap());
        }
    }
    assert_eq!(kept(&instance, &project).await.len(), 5);
    let moment = |before: Uuid| flaresmith_runtime::providers::database_host::Moment {
        before,
        ago: chrono::TimeDelta::zero(),
    };
    for (number, deployment) in all.iter().enumerate() {
        let found = databases.reaches_back(&mark, &moment(*deployment)).await;
        assert_eq!(found.is_ok(), number >= 2, "{number}: {found:?}");
    }
    let refused = databases.take_back(&mark, &moment(all[0]), Uuid::new_v4()).await;
    assert_eq!(refused.unwrap_err().code().as_str(), "ENV_ROLLBACK_UNAVAILABLE");
    // Once it was done for a deployment it is not done again.
    let own = Uuid::new_v4();
    databases.take_back(&mark, &moment(all[6]), own).await.unwrap();
    let inside = here(&instance, &project).await;
    inside.execute_unprepared("CREATE TABLE since ()").await.unwrap();
    inside.close().await.unwrap();
    databases.take_back(&mark, &moment(all[6]), own).await.unwrap();
    let inside = here(&instance, &project).await;
    inside.execute_unprepared("SELECT FROM since").await.unwrap();
    inside.close().await.unwrap();
    shop.end().await;
}

/// Shows 001/FR-016.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_back_is_told_before_anything_is_done() {
    let instance = Instance::set(with_workerd).await;
    let mut shop = Shop::new(&instance).await;
    let commit = shop.saying("one").await;
    shop.deploy("dev", &commit).await;
    let commit = shop.saying("two").await;
    shop.deploy("dev", &commit).await;
    let refused = shop.act("dev", "rollback", json!({"restoreDatabase": true})).await;
    let refused = refused.fails(409, "ENV_ROLLBACK_UNAVAILABLE");
    assert!(refused.text("/error/message").contains("nothing is in"), "{refused:?}");
    assert_eq!(shop.environment("dev").await.text("/state"), "active");
    assert!(says(&shop, "dev").await.starts_with("two"));
    shop.end().await;
}

/// Shows 001/FR-016, 001/FR-031.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_at_neon_goes_back_in_its_own_history_and_its_standby_is_made_anew() {
    let neon = Neon::start().await;
    neon.key(KEY, ORGANIZATION);
    let api = neon.api.clone();
    let instance = Instance::set_on_postgres(|settings| {
        with_workerd(settings);
        settings.neon = api;
    })
    .await;
    let mut shop = Shop::new(&instance).await;
    let (owner, project) = (shop.files.token.clone(), shop.files.id.clone());
    connect(&instance, &owner, &project, standing_by()).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    let commit = one(&mut shop).await;
    for environment in ["dev", "prod"] {
        shop.deploy(environment, &commit).await;
        write(neon.inside(environment).await, "a").await;
        neon.remember(environment).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let commit = two(&mut shop).await;
    for environment in ["dev", "prod"] {
        shop.deploy(environment, &commit).await;
        write(neon.inside(environment).await, "b").await;
        assert_eq!(says(&shop, environment).await, "b ?application_name=pooler two");
    }
    let stood_by = neon
        .branches()
        .into_iter()
        .find(|name| name.starts_with("prod-standby"))
        .unwrap();
    let (former, before) = (neon.branch(&stood_by), neon.branch("prod"));

    let back = shop.done("prod", "rollback", json!({"restoreDatabase": true})).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?}");
    assert_eq!(says(&shop, "prod").await, "a ?application_name=pooler one");
    let now = neon.branch("prod");
    assert_eq!((&now.id, &now.password), (&before.id, &before.password));
    let kept = neon
        .branches()
        .into_iter()
        .find(|name| name.starts_with("prod-before-"))
        .unwrap();
    let kept = neon.branch(&kept);
    assert_eq!(now.parent.as_ref(), Some(&kept.id));
    assert_eq!(columns(neon.inside(&kept.name).await).await, ["more", "note"]);
    // Its children went with what they began with, and the standby is another one.
    assert_eq!(neon.branch("dev").parent.as_ref(), Some(&kept.id));
    until(&instance, &owner, &project, "succeeded").await;
    for _ in 0..1200 {
        if neon.branches().contains(&stood_by) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let standby = neon.branch(&stood_by);
    assert_ne!(standby.id, former.id);
    assert_eq!(standby.parent.as_ref(), Some(&now.id));

    // Nobody goes back beyond that, nor without the history that it takes.
    let again = json!({"toDeploymentId": back.text("/rollbackOfId"), "restoreDatabase": true});
    let refused = shop
        .act("prod", "rollback", again)
        .await
        .fails(409, "ENV_ROLLBACK_UNAVAILABLE");
    assert!(
        refused.text("/error/message").contains("taken back since"),
        "{refused:?}"
    );
    neon.keeps_history(0);
    let refused = shop.act("dev", "rollback", json!({"restoreDatabase": true})).await;
    refused.fails(409, "ENV_ROLLBACK_UNAVAILABLE");
    neon.keeps_history(86_400);

    // An answer that was lost is looked up, and nothing is done twice.
    neon.fault("POST", &format!("{}/restore", neon.branch("dev").id), Fault::Lost, 1);
    let back = shop.done("dev", "rollback", json!({"restoreDatabase": true})).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?}");
    assert!(neon.is_sound());
    assert_eq!(says(&shop, "dev").await, "a ?application_name=pooler one");
    let all = neon.branches();
    assert_eq!(
        all.iter().filter(|name| name.starts_with("dev-before-")).count(),
        1,
        "{all:?}"
    );
    // Whoever deploys after it finds the password that older versions have.
    let password = neon.branch("dev").password;
    shop.deploy("dev", &commit).await;
    assert_eq!(says(&shop, "dev").await, "a ?application_name=pooler two");
    assert_eq!(neon.branch("dev").password, password);
    assert_eq!(neon.wrong(), Vec::<String>::new());
    shop.end().await;
}
