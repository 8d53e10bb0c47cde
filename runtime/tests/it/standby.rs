//! The standby of prod's database at Neon: made, reset, left alone while the database fails, and taking over, with the real workerd and
//! real databases.

use std::time::Duration;

use chrono::TimeDelta;
use flaresmith_api::types::{Incident, IncidentPage};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_store::entities::{database_branches, environments, health_checks, incidents};
use flaresmith_store::enums::{DatabaseBranchPurpose, DatabaseBranchState, EnvironmentState, HealthProbe};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployments::{Shop, with_workerd};
use crate::edge_host::get;
use crate::instance::Instance;
use crate::neon::{Fault, Neon};
use crate::neon_deployed::{JOURNAL, WORKER, write};
use crate::neon_projects::{KEY, ORGANIZATION, beside, connect, connection, gone};
use crate::provisioning::until;

/// A connection as it is made by whoever says nothing about a standby.
pub(crate) fn standing_by() -> Value {
    let mut body = connection(KEY);
    body["settings"].as_object_mut().unwrap().remove("standby");
    body
}

/// Sets how often prod's database is looked at and its standby reset, in seconds.
pub(crate) async fn often(instance: &Instance, owner: &str, project: &str) {
    let path = format!("/projects/{project}");
    let read = instance.call(owner, "GET", &path, None).await.is(200);
    let bearer = format!("Bearer {owner}");
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
    let body = json!({ "settings": { "healthCheckSeconds": 10, "standbyResetSeconds": 15 } });
    instance.send("PATCH", &path, &headers, Some(body)).await.is(200);
}

/// Waits until something is so.
pub(crate) async fn eventually<T>(instance: &Instance, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1800 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}: {:?}", instance.logged());
}

/// Waits until prod's worker says so: the Postgres behind this Neon ends its connections for every copy of a standby.
async fn answers(instance: &Instance, shop: &Shop<'_>, words: &str) {
    eventually(instance, words, async || {
        let (_, text) = get(&shop.url("prod").await).await.ok()?;
        (text == words).then_some(())
    })
    .await;
}

async fn row(instance: &Instance, purpose: DatabaseBranchPurpose, name: &str) -> Option<database_branches::Model> {
    let rows = database_branches::Entity::find()
        .filter(database_branches::Column::Purpose.eq(purpose))
        .all(instance.platform.store.read())
        .await
        .unwrap();
    rows.into_iter().find(|row| row.name.starts_with(name))
}

pub(crate) async fn standby(instance: &Instance) -> Option<database_branches::Model> {
    row(instance, DatabaseBranchPurpose::Standby, "prod-standby-").await
}

/// The standby once it was reset after it was so often before.
pub(crate) async fn reset(instance: &Instance, neon: &Neon, before: usize) -> database_branches::Model {
    eventually(instance, "the standby is reset", async || {
        let found = standby(instance).await?;
        let is_ready = found.state == DatabaseBranchState::Ready && found.last_reset_at.is_some();
        (is_ready && resets(neon) > before).then_some(found)
    })
    .await
}

fn resets(neon: &Neon) -> usize {
    neon.requests().iter().filter(|line| line.ends_with("/restore")).count()
}

/// Looks at prod's database, oldest first.
pub(crate) async fn looks(instance: &Instance) -> Vec<health_checks::Model> {
    health_checks::Entity::find()
        .filter(health_checks::Column::Probe.eq(HealthProbe::Database))
        .order_by_asc(health_checks::Column::CreatedAt)
        .all(instance.platform.store.read())
        .await
        .unwrap()
}

/// Waits until the newest look at prod's database has failed so often in a row.
async fn failed(instance: &Instance, times: i32) {
    for _ in 0..1800 {
        if looks(instance).await.last().map(|last| last.consecutive_failures) == Some(times) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never {times}: {:?} {:?}", looks(instance).await, instance.logged());
}

/// Puts an environment into a state.
async fn be(instance: &Instance, id: Uuid, state: EnvironmentState) {
    let write = instance.platform.store.begin().await.unwrap();
    let row = environments::Entity::find_by_id(id).one(&*write).await.unwrap();
    let mut row = row.unwrap().into_active_model();
    row.state = Set(state);
    row.update(&*write).await.unwrap();
    write.commit().await.unwrap();
}

pub(crate) async fn told(instance: &Instance) -> Vec<incidents::Model> {
    let all = incidents::Entity::find().all(instance.platform.store.read()).await;
    all.unwrap()
}

/// Shows 001/FR-031.
#[tokio::test(flavor = "multi_thread")]
async fn the_standby_takes_over_from_a_database_that_does_not_answer_and_what_is_lost_is_told() {
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
    often(&instance, &owner, &project).await;
    connect(&instance, &owner, &project, standing_by()).await.is(201);
    let run = until(&instance, &owner, &project, "succeeded").await;
    let steps = run.body["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["name"] == "standby-prod"), "{steps:?}");
    let commit = shop
        .commit(&[
            ("worker.js", &WORKER.replace("WORD", "one")),
            ("db/migrations/meta/_journal.json", JOURNAL),
            ("db/migrations/0000_notes.sql", "CREATE TABLE notes (note text)"),
        ])
        .await;
    let first = shop.deploy("prod", &commit).await;
    write(neon.inside("prod").await, "a").await;
    answers(&instance, &shop, "a ?application_name=pooler one").await;

    // What was there before a reset began is in it.
    let before = resets(&neon);
    reset(&instance, &neon, before).await;
    let name = standby(&instance).await.unwrap().name;
    let detail = shop.environment("prod").await;
    assert_eq!(detail.text("/databaseBranch/name"), "prod");
    assert_eq!(detail.text("/standbyBranch/name"), name);
    assert_eq!(neon.branch(&name).parent, Some(neon.branch("prod").id));
    assert_eq!(neon.branch(&name).computes, 1);

    neon.cut("prod", true).await;
    failed(&instance, 1).await;
    // The good copy is reset no more; what stands in it now is what prod will find.
    let left = standby(&instance).await.unwrap();
    let before = resets(&neon);
    write(neon.inside(&name).await, "b").await;
    let incident = eventually(&instance, "a failover", async || {
        told(&instance).await.into_iter().find(|row| row.mitigated_at.is_some())
    })
    .await;
    answers(&instance, &shop, "b ?application_name=pooler one").await;
    assert_eq!(resets(&neon), before);

    let path = format!("incidents/{}", incident.id);
    let shown = shop.get(&path).await.fits::<Incident>();
    assert_eq!(
        (
            shown.text("/kind"),
            shown.text("/severity"),
            shown.text("/failoverBranchId")
        ),
        ("failover".to_owned(), "critical".to_owned(), left.id.to_string())
    );
    let lost = incident.detected_at - left.last_reset_at.unwrap();
    let window = incident.lost_window_seconds.unwrap();
    assert!(
        (window * 1000.0 - lost.as_seconds_f64() * 1000.0).abs() < 2.0,
        "{window} {lost}"
    );
    assert!(window > 0.0);
    let all = looks(&instance).await;
    let sign = all.iter().find(|look| !look.healthy);
    assert_eq!(sign.unwrap().created_at, incident.detected_at);
    let page = shop.get("incidents").await.fits::<IncidentPage>();
    let kinds: Vec<&str> = page.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind != "apiDown").count(), 1, "{kinds:?}");
    let kept = instance.kept("incidents.failover").await;
    assert_eq!(kept.len(), 1);
    let deployments = shop.get("deployments").await;
    let newest = deployments.text("/items/0/commitSha");
    assert_eq!(
        (newest, deployments.text("/items/1/id")),
        (commit.clone(), first.text("/id"))
    );

    // The former one is left aside, as it was; another one stands by for what is used now.
    let former = row(&instance, DatabaseBranchPurpose::Former, "prod").await.unwrap();
    assert_eq!(former.external_id, Some(neon.branch("prod").id));
    let detail = shop.environment("prod").await;
    assert_eq!(detail.text("/databaseBranch/name"), name);
    let another = eventually(&instance, "another standby", async || {
        standby(&instance).await.filter(|row| row.last_reset_at.is_some())
    })
    .await;
    assert_ne!(another.name, name);
    assert_eq!(neon.branch(&another.name).parent, Some(neon.branch(&name).id));
    eventually(&instance, "the incident is over", async || {
        told(&instance)
            .await
            .into_iter()
            .all(|row| row.resolved_at.is_some())
            .then_some(())
    })
    .await;
    neon.cut("prod", false).await;
    // What is deployed from now on uses it as well.
    let commit = shop.commit(&[("worker.js", &WORKER.replace("WORD", "two"))]).await;
    shop.deploy("prod", &commit).await;
    answers(&instance, &shop, "b ?application_name=pooler two").await;
    assert_eq!(instance.kept("incidents.failover").await.len(), 1);
    // What ran before has the address of the former one.
    let back = json!({ "toDeploymentId": first.text("/id") });
    shop.act("prod", "rollback", back)
        .await
        .fails(409, "ENV_ROLLBACK_UNAVAILABLE");
    let back = shop.done("prod", "rollback", json!({})).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?}");
    answers(&instance, &shop, "b ?application_name=pooler one").await;

    // Everything goes with the project.
    let path = format!("/projects/{project}?projectSlug=shop");
    instance.call(&owner, "DELETE", &path, None).await.is(202);
    gone(&instance, &owner, &project).await;
    assert!(neon.projects(|all| all.is_empty()));
    assert_eq!(neon.wrong(), Vec::<String>::new());
    let log = instance.logged().join("\n");
    assert!(!log.contains("npg_") && !log.contains(KEY), "{log}");
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_twice_and_recovers_keeps_its_place_and_its_standby_is_not_reset_meanwhile() {
    for on_postgres in [false, true] {
        let (instance, neon) = beside(on_postgres).await;
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let runner = Runner::start(instance.platform.clone()).unwrap();
        until(&instance, &owner, &project, "succeeded").await;
        often(&instance, &owner, &project).await;
        connect(&instance, &owner, &project, standing_by()).await.is(201);
        until(&instance, &owner, &project, "succeeded").await;
        reset(&instance, &neon, 0).await;
        failed(&instance, 0).await;
        neon.cut("prod", true).await;
        instance.later(TimeDelta::seconds(10));
        failed(&instance, 1).await;
        let (left, before) = (standby(&instance).await.unwrap(), resets(&neon));
        instance.later(TimeDelta::seconds(10));
        failed(&instance, 2).await;
        assert_eq!(resets(&neon), before);
        neon.cut("prod", false).await;
        instance.later(TimeDelta::seconds(10));
        failed(&instance, 0).await;
        assert!(told(&instance).await.is_empty());
        let used = row(&instance, DatabaseBranchPurpose::Primary, "prod").await.unwrap();
        assert_eq!(used.external_id, Some(neon.branch("prod").id));
        // Then it is reset again.
        instance.later(TimeDelta::seconds(15));
        let again = reset(&instance, &neon, before).await;
        assert!(again.id == left.id && again.last_reset_at > left.last_reset_at);
        assert_eq!(neon.wrong(), Vec::<String>::new());
        runner.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_does_not_answer_takes_over_from_nobody_and_a_neon_that_does_not_says_nothing() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    often(&instance, &owner, &project).await;
    connect(&instance, &owner, &project, standing_by()).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    let name = reset(&instance, &neon, 0).await.name;
    failed(&instance, 0).await;
    // An API that is away leaves a database as it is.
    neon.fault("GET", "/branches", Fault::Fails(500), 1);
    let before = looks(&instance).await.len();
    instance.later(TimeDelta::seconds(10));
    eventually(&instance, "it is asked", async || neon.is_sound().then_some(())).await;
    failed(&instance, 0).await;

    neon.cut("prod", true).await;
    for times in 1..=4 {
        instance.later(TimeDelta::seconds(10));
        failed(&instance, times).await;
        // Nothing makes it anew from now on.
        neon.cut(&name, true).await;
    }
    assert!(looks(&instance).await.len() >= before + 4);
    let used = row(&instance, DatabaseBranchPurpose::Primary, "prod").await.unwrap();
    assert_eq!(used.name, "prod");
    let kinds: Vec<String> = told(&instance)
        .await
        .iter()
        .map(|row| format!("{:?}", row.kind))
        .collect();
    assert_eq!(kinds, ["DatabaseDown"]);
    // As soon as it answers it takes over, and the outage becomes a failover that began when the outage did.
    let began = told(&instance).await[0].detected_at;
    let prod = used.environment_id;
    be(&instance, prod, EnvironmentState::Updating).await;
    neon.cut(&name, false).await;
    instance.later(TimeDelta::seconds(10));
    // What is under way there ends first.
    eventually(&instance, "a failover begins", async || {
        row(&instance, DatabaseBranchPurpose::Former, "prod").await
    })
    .await;
    assert!(told(&instance).await[0].mitigated_at.is_none());
    be(&instance, prod, EnvironmentState::Active).await;
    let incident = eventually(&instance, "a failover", async || {
        let all = told(&instance).await;
        assert_eq!(all.len(), 1);
        all.into_iter().find(|row| row.mitigated_at.is_some())
    })
    .await;
    assert_eq!(
        (format!("{:?}", incident.kind).as_str(), incident.detected_at),
        ("Failover", began)
    );
    // What is made anew begins with what prod uses now, and what took over keeps the password that its worker has.
    let (password, id) = (neon.branch(&name).password, neon.branch(&name).id);
    neon.projects(|all| all.last_mut().unwrap().branches.retain(|one| one.name != "dev"));
    let all = environments::Entity::find().all(instance.platform.store.read()).await;
    for row in all
        .unwrap()
        .iter()
        .filter(|row| ["dev", "prod"].contains(&row.name.as_str()))
    {
        be(&instance, row.id, EnvironmentState::Error).await;
        let path = format!("/projects/{project}/environments/{}/retry", row.id);
        let body = Some(json!({ "mode": "provisioning" }));
        instance.call(&owner, "POST", &path, body).await.is(202);
        eventually(&instance, "it is there again", async || {
            let now = environments::Entity::find_by_id(row.id)
                .one(instance.platform.store.read())
                .await
                .unwrap();
            (now.unwrap().state == EnvironmentState::Active).then_some(())
        })
        .await;
    }
    assert_eq!(neon.branch("dev").parent, Some(id));
    assert_eq!(neon.branch(&name).password, password);
    assert_eq!(neon.wrong(), Vec::<String>::new());
    runner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_touches_no_branch_that_was_not_made_as_the_standby() {
    let (instance, neon) = beside(false).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(&instance, &owner, &project, "succeeded").await;
    often(&instance, &owner, &project).await;
    connect(&instance, &owner, &project, standing_by()).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    let row = reset(&instance, &neon, 0).await;
    let becomes = |change: &dyn Fn(&mut crate::neon::Branch)| {
        neon.projects(|all| {
            let branches = &mut all.last_mut().unwrap().branches;
            change(
                branches
                    .iter_mut()
                    .find(|one| Some(&one.id) == row.external_id.as_ref())
                    .unwrap(),
            );
        });
    };
    let dev = neon.branch("dev").id;
    let prod = neon.branch("prod").id;
    let name = row.name.clone();
    // Somebody gave it another name, or hung it elsewhere, or protects it.
    let theirs: [&dyn Fn(&mut crate::neon::Branch); 3] = [
        &|one| one.name = "theirs".to_owned(),
        &|one| one.parent = Some(dev.clone()),
        &|one| one.protected = true,
    ];
    for change in theirs {
        becomes(change);
        let before = resets(&neon);
        instance.later(TimeDelta::seconds(16));
        eventually(&instance, "it is told", async || {
            let found = standby(&instance).await?;
            (found.state == DatabaseBranchState::Failed).then_some(())
        })
        .await;
        assert_eq!(resets(&neon), before);
        becomes(&|one| {
            one.name.clone_from(&name);
            one.parent = Some(prod.clone());
            one.protected = false;
        });
        instance.later(TimeDelta::seconds(16));
        reset(&instance, &neon, before).await;
    }
    // What fails is tried again, and is no other branch's either.
    for fault in [Fault::Fails(500), Fault::Fails(423), Fault::Lost, Fault::Limited(1)] {
        neon.fault("POST", "/restore", fault, 1);
        let (before, last) = (resets(&neon), standby(&instance).await.unwrap().last_reset_at);
        instance.later(TimeDelta::seconds(16));
        eventually(&instance, "it fails", async || neon.is_sound().then_some(())).await;
        eventually(&instance, "it is reset", async || {
            // However long a busy machine takes for that, the token of whoever asks below lives longer.
            instance.later(TimeDelta::milliseconds(400));
            standby(&instance).await.filter(|row| row.last_reset_at > last)
        })
        .await;
        assert!(resets(&neon) > before);
    }
    // Nothing else was ever reset.
    let own = format!("/branches/{}/restore", row.external_id.unwrap());
    let others = neon
        .requests()
        .into_iter()
        .filter(|line| line.ends_with("/restore") && !line.ends_with(&own));
    assert_eq!(others.count(), 0);

    // A project that wants none any more has it taken away, and one that wants it again has another one.
    let path = format!("/projects/{project}/integrations/neon");
    let shown = instance.call(&owner, "GET", &path, None).await.is(200);
    let bearer = format!("Bearer {owner}");
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
    instance
        .send("PUT", &path, &headers, Some(connection(KEY)))
        .await
        .is(200);
    until(&instance, &owner, &project, "succeeded").await;
    assert!(standby(&instance).await.is_none());
    assert_eq!(neon.branches(), ["prod", "dev", "staging"]);
    assert_eq!(neon.wrong(), Vec::<String>::new());
    runner.stop().await;
}
