//! Previews of branches: made, followed, ended by hand and by time, and held against what providers have.

use chrono::{TimeDelta, Utc};
use flaresmith_api::types::{Environment, EnvironmentDetail, EnvironmentMatrix};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Database;
use flaresmith_store::entities::{environments, resource_records};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deployments::{Shop, with_workerd};
use crate::edge_host::{answers, get};
use crate::instance::{Answer, Instance, OWNER, PASSWORD};
use crate::provisioning::databases;

const BRANCH: &str = "feature/x";

async fn on_both(test: impl AsyncFn(&Instance)) {
    test(&Instance::set(with_workerd).await).await;
    test(&Instance::set_on_postgres(with_workerd).await).await;
}

async fn call(shop: &Shop<'_>, method: &str, rest: &str, body: Option<Value>) -> Answer {
    let path = format!("/projects/{}/environments{rest}", shop.files.id);
    shop.files.instance.call(&shop.files.token, method, &path, body).await
}

async fn ask(shop: &Shop<'_>, branch: &str) -> Answer {
    call(shop, "POST", "", Some(json!({ "branch": branch }))).await
}

/// Access tokens do not outlast a clock that is moved by hours.
async fn signed_in_anew(shop: &mut Shop<'_>) {
    let answer = shop.files.instance.sign_in(OWNER, PASSWORD).await.is(200);
    shop.files.token = answer.text("/accessToken");
}

/// A new preview of a branch. The one before may be on its way out.
async fn made(shop: &Shop<'_>, branch: &str) -> Answer {
    for _ in 0..600 {
        let answer = ask(shop, branch).await;
        if answer.status != 409 {
            return answer.is(201).fits::<Environment>();
        }
        answer.fails(409, "ENV_BUSY");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the former one never goes");
}

/// The row of an environment, once it is as wanted.
async fn row(shop: &Shop<'_>, id: &str, wanted: impl Fn(&environments::Model) -> bool) -> environments::Model {
    let id: Uuid = id.parse().unwrap();
    let mut last = None;
    for _ in 0..1200 {
        let read = shop.files.instance.platform.store.read();
        let row = environments::Entity::find_by_id(id).one(read).await.unwrap().unwrap();
        if wanted(&row) {
            return row;
        }
        last = Some(row);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it is never so: {last:?} {:?}", shop.files.instance.logged());
}

async fn active(shop: &Shop<'_>, id: &str) -> Answer {
    row(shop, id, |row| row.state == EnvironmentState::Active).await;
    call(shop, "GET", &format!("/{id}"), None)
        .await
        .is(200)
        .fits::<EnvironmentDetail>()
}

/// Whether there is anything of a preview at the providers.
async fn is_there(shop: &Shop<'_>, name: &str) -> (bool, bool) {
    let instance = shop.files.instance;
    let end = name.replace('-', "_");
    let known = databases(instance, &shop.files.id).await;
    let plain = format!("{name}.sqlite");
    // The three of every project have names that end in themselves.
    let database = known.iter().any(|found| *found == plain || found.ends_with(&end)) || known.len() > 3;
    let edge = instance
        .platform
        .settings
        .data
        .join("edge")
        .join(&shop.files.id)
        .join(name);
    (edge.exists(), database)
}

async fn gone(shop: &Shop<'_>, name: &str) {
    for _ in 0..1200 {
        if is_there(shop, name).await == (false, false) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!(
        "{name} stays: {:?} {:?}",
        is_there(shop, name).await,
        shop.files.instance.logged()
    );
}

/// Shows 001/FR-026, 001/FR-034.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_has_a_preview_that_answers_follows_it_and_goes_with_everything_that_it_had() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        shop.saying("one").await;
        let begun = ask(&shop, BRANCH).await.is(201).fits::<Environment>();
        assert_eq!(
            (begun.text("/name"), begun.text("/state"), begun.text("/kind")),
            ("preview-feature-x".into(), "provisioning".into(), "preview".into())
        );
        let id = begun.text("/id");
        let place = format!("/projects/{}/environments/{id}", shop.files.id);
        assert_eq!(begun.headers["location"], place.as_str());
        let detail = active(&shop, &id).await;
        let url = detail.text("/url");
        answers(&url, "one ").await;
        assert_eq!(is_there(&shop, "preview-feature-x").await, (true, true));
        assert_eq!(detail.text("/databaseBranch/purpose"), "primary");
        let dev = shop.environment("dev").await;
        assert_eq!(
            detail.text("/databaseBranch/parentId"),
            dev.text("/databaseBranch/id"),
            "a copy of dev's"
        );

        // What is committed to the branch is what answers, and nobody has to ask for it.
        shop.saying("two").await;
        answers(&url, "two ").await;
        active(&shop, &id).await;
        // Whoever asks again finds the same, with its whole time.
        let again = ask(&shop, BRANCH).await.is(201);
        assert_eq!(
            (again.text("/id"), again.body["generation"].to_string()),
            (id.clone(), "1".into())
        );
        let longer = call(&shop, "POST", "", Some(json!({"branch": BRANCH, "ttlHours": 168})))
            .await
            .is(201);
        let [before, after] = [&again, &longer].map(|answer| {
            let at = answer.text("/expiresAt");
            chrono::DateTime::parse_from_rfc3339(&at).unwrap()
        });
        assert_eq!((after - before).num_hours(), 168 - 72);

        let refused = call(&shop, "POST", &format!("/{id}/promote"), Some(json!({"to": "staging"}))).await;
        refused.fails(409, "ENV_PREVIEW_NOT_PROMOTABLE");
        ask(&shop, "no/such").await.fails(422, "DEPLOYMENT_COMMIT_UNKNOWN");
        let dev = format!("/{}", shop.environments["dev"]);
        call(&shop, "DELETE", &dev, None).await.fails(409, "ENV_CORE_PROTECTED");
        let matrix = shop.get("environments").await.fits::<EnvironmentMatrix>();
        assert_eq!(matrix.body["environments"].as_array().unwrap().len(), 4);
        // Runs of previews are none of the project's own.
        assert_eq!(shop.get("provisioning").await.text("/run/kind"), "create");

        let ended = call(&shop, "DELETE", &format!("/{id}"), None)
            .await
            .is(200)
            .fits::<Environment>();
        assert_eq!(ended.text("/state"), "archived");
        call(&shop, "DELETE", &format!("/{id}"), None).await.is(200);
        let over = call(&shop, "GET", &format!("/{id}"), None)
            .await
            .fails(404, "ENV_PREVIEW_EXPIRED");
        assert_eq!(over.text("/error/causeChain/0"), "ENV_PREVIEW_TTL_EXPIRED");
        gone(&shop, "preview-feature-x").await;
        assert!(get(&url).await.is_err());
        let history = shop.get(&format!("deployments?environmentId={id}")).await;
        assert_eq!(
            history.body["items"].as_array().unwrap().len(),
            2,
            "its history is kept"
        );
        let all = shop.get("environments?includeArchived=true").await;
        assert_eq!(all.body["environments"].as_array().unwrap().len(), 4);

        let second = made(&shop, BRANCH).await;
        assert_eq!(second.body["generation"], 2);
        let detail = active(&shop, &second.text("/id")).await;
        answers(&detail.text("/url"), "two ").await;
        shop.end().await;
    })
    .await;
}

/// A connection to the database of an environment.
async fn inside(instance: &Instance, name: &str) -> sea_orm::DatabaseConnection {
    let Database::Postgres(url) = &instance.platform.settings.database else {
        panic!("it is a Postgres");
    };
    let (server, _) = url.expose().rsplit_once('/').unwrap();
    sea_orm::Database::connect(format!("{server}/{name}")).await.unwrap()
}

/// Shows 001/FR-034.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_preview_begins_as_a_copy_of_devs_that_its_own_role_owns() {
    let instance = &Instance::set_on_postgres(with_workerd).await;
    let mut shop = Shop::new(instance).await;
    shop.saying("one").await;
    let project = shop.files.id.replace('-', "");
    let dev = format!("fs_{project}_dev");
    let connection = inside(instance, &dev).await;
    for sql in [
        "CREATE SCHEMA shop",
        "CREATE TYPE shop.colour AS ENUM ('red', 'blue')",
        "CREATE TABLE shop.goods (id serial PRIMARY KEY, colour shop.colour)",
        "INSERT INTO shop.goods (colour) VALUES ('red')",
        &format!("ALTER SCHEMA shop OWNER TO {dev}"),
        &format!("ALTER TYPE shop.colour OWNER TO {dev}"),
        &format!("ALTER TABLE shop.goods OWNER TO {dev}"),
    ] {
        connection.execute_unprepared(sql).await.unwrap();
    }
    // It stays open, as a worker's connections do.
    let id = ask(&shop, BRANCH).await.is(201).text("/id");
    active(&shop, &id).await;
    let all = databases(instance, &shop.files.id).await;
    let copy = all
        .iter()
        .find(|name| !name.ends_with("_dev") && !name.ends_with("_staging") && !name.ends_with("_prod"));
    let copy = copy.unwrap_or_else(|| panic!("{all:?}"));
    let preview = inside(instance, copy).await;
    let row = sea_orm::Statement::from_string(
        sea_orm::DbBackend::Postgres,
        "SELECT (SELECT count(*) FROM shop.goods WHERE colour = 'red') AS goods, \
         (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE n.nspname = 'shop' AND c.relowner <> n.nspowner) AS foreign_ones, \
         (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'shop') AS owner",
    );
    let row = preview.query_one_raw(row).await.unwrap().unwrap();
    let (goods, others): (i64, i64) = (
        row.try_get("", "goods").unwrap(),
        row.try_get("", "foreign_ones").unwrap(),
    );
    let owner: String = row.try_get("", "owner").unwrap();
    assert_eq!((goods, others, owner.trim_matches('"')), (1, 0, copy.as_str()));
    // What is done in the one is not seen in the other.
    preview.execute_unprepared("DELETE FROM shop.goods").await.unwrap();
    preview.close().await.unwrap();
    let connection = inside(instance, &dev).await;
    let row = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "SELECT count(*) AS goods FROM shop.goods");
    let goods: i64 = connection
        .query_one_raw(row)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "goods")
        .unwrap();
    assert_eq!(goods, 1);
    connection.close().await.unwrap();
    shop.end().await;
}

/// A row of a preview that nothing was made for.
fn bare(project: Uuid, number: usize) -> environments::ActiveModel {
    let now = Utc::now();
    environments::ActiveModel {
        id: Set(Uuid::new_v4()),
        project_id: Set(project),
        name: Set(format!("preview-b{number}")),
        kind: Set(EnvironmentKind::Preview),
        generation: Set(1),
        state: Set(EnvironmentState::Error),
        update_cause: Set(None),
        branch: Set(format!("b{number}")),
        url: Set(None),
        commit_sha: Set(None),
        failure_count: Set(0),
        last_error_code: Set(None),
        last_activity_at: Set(now),
        expires_at: Set(Some(now + TimeDelta::hours(72))),
        archived_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Shows 001/FR-034.
#[tokio::test(flavor = "multi_thread")]
async fn a_sixteenth_preview_is_refused_until_one_is_archived() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        shop.saying("one").await;
        let write = instance.platform.store.begin().await.unwrap();
        let mut first = None;
        for number in 0..15 {
            let row = bare(shop.files.id.parse().unwrap(), number)
                .insert(&*write)
                .await
                .unwrap();
            first.get_or_insert(row.id);
        }
        write.commit().await.unwrap();
        let refused = ask(&shop, BRANCH).await.fails(409, "ENV_PREVIEW_LIMIT_REACHED");
        let details = refused.body.pointer("/error/details").unwrap();
        assert_eq!(
            (&details["activePreviews"], &details["previewLimit"]),
            (&json!(15), &json!(15))
        );
        assert_eq!(
            refused.text("/error/hint"),
            "Archive an existing preview or wait for TTL expiry"
        );
        let first = format!("/{}", first.unwrap());
        call(&shop, "DELETE", &first, None).await.is(200);
        let id = ask(&shop, BRANCH).await.is(201).text("/id");
        active(&shop, &id).await;
        shop.end().await;
    })
    .await;
}

/// Shows 001/FR-034.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_nothing_happened_in_ends_by_itself_and_a_new_commit_brings_it_back() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        shop.saying("one").await;
        let id = ask(&shop, BRANCH).await.is(201).text("/id");
        active(&shop, &id).await;
        shop.stop().await;
        instance.later(TimeDelta::hours(71));
        signed_in_anew(&mut shop).await;
        call(&shop, "GET", &format!("/{id}"), None).await.is(200);
        instance.later(TimeDelta::hours(2));
        signed_in_anew(&mut shop).await;
        // Nobody has looked yet, and it is over all the same.
        let over = call(&shop, "GET", &format!("/{id}"), None)
            .await
            .fails(404, "ENV_PREVIEW_EXPIRED");
        assert_eq!(over.body.pointer("/error/details/expiryHours"), Some(&json!(72)));
        let deploy = call(&shop, "POST", &format!("/{id}/deploy"), Some(json!({}))).await;
        deploy.fails(404, "ENV_PREVIEW_EXPIRED");
        // Two processes look at once.
        let other = instance.again_with(with_workerd).await;
        other.later(TimeDelta::hours(73));
        let runners = [&instance.platform, &other.platform].map(|platform| Runner::start(platform.clone()).unwrap());
        let ended = row(&shop, &id, |row| row.state == EnvironmentState::Archived).await;
        assert!(ended.archived_at >= ended.expires_at);
        gone(&shop, "preview-feature-x").await;

        shop.saying("two").await;
        let mut back = None;
        for _ in 0..600 {
            let matrix = shop.get("environments").await;
            let cards = matrix.body["environments"].as_array().unwrap().clone();
            back = cards
                .into_iter()
                .find(|card| card["name"] == "preview-feature-x" && card["state"] == "active");
            if back.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let back = back.unwrap_or_else(|| panic!("it does not come back: {:?}", instance.logged()));
        assert_eq!(back["generation"], 2);
        answers(back["url"].as_str().unwrap(), "two ").await;
        for runner in runners {
            runner.stop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_providers_have_too_much_is_taken_away_and_what_they_lack_is_told() {
    on_both(async |instance| {
        let mut shop = Shop::new(instance).await;
        shop.saying("one").await;
        let id = ask(&shop, BRANCH).await.is(201).text("/id");
        active(&shop, &id).await;
        shop.stop().await;
        let edge = instance.platform.settings.data.join("edge").join(&shop.files.id);
        // Somebody else's, that only looks like ours.
        let foreign = edge.join("preview-theirs");
        std::fs::create_dir(&foreign).unwrap();
        std::fs::write(foreign.join("mark"), "somebody else\n").unwrap();
        std::fs::remove_dir_all(edge.join("preview-feature-x")).unwrap();
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let told = row(&shop, &id, |row| row.state == EnvironmentState::Error).await;
        assert_eq!(told.last_error_code.as_deref(), Some("ENV_RESOURCE_LOST"));
        let lines = instance.logged();
        assert!(lines.iter().any(|line| line.contains("ENV_RESOURCE_LOST")), "{lines:?}");
        // Asking for it again makes anew what is missing.
        let again = ask(&shop, BRANCH).await.is(201);
        assert_eq!(again.text("/id"), id);
        let detail = active(&shop, &id).await;
        answers(&detail.text("/url"), "one ").await;
        runner.stop().await;

        // Nothing in the store tells of it any more.
        let write = instance.platform.store.begin().await.unwrap();
        environments::Entity::delete_by_id(id.parse::<Uuid>().unwrap())
            .exec(&*write)
            .await
            .unwrap();
        resource_records::Entity::delete_many()
            .filter(resource_records::Column::Environment.eq("preview-feature-x"))
            .exec(&*write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert_eq!(is_there(&shop, "preview-feature-x").await, (true, true));
        let runner = Runner::start(instance.platform.clone()).unwrap();
        gone(&shop, "preview-feature-x").await;
        assert!(foreign.join("mark").exists());
        for name in ["dev", "staging", "prod"] {
            assert!(edge.join(name).exists(), "{name}");
        }
        runner.stop().await;
    })
    .await;
}

/// What a preview cannot be built from leaves it in an error, and a better commit mends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_cannot_run_leaves_a_preview_in_error_until_a_better_one_comes() {
    let instance = &Instance::set(with_workerd).await;
    let mut shop = Shop::new(instance).await;
    shop.commit(&[("worker.js", "throw new Error('at start');\n")]).await;
    let id = ask(&shop, BRANCH).await.is(201).text("/id");
    let broken = row(&shop, &id, |row| row.state == EnvironmentState::Error).await;
    assert_eq!(broken.last_error_code.as_deref(), Some("DEPLOYMENT_NOT_READY"));
    shop.saying("good").await;
    let detail = active(&shop, &id).await;
    answers(&detail.text("/url"), "good ").await;
    shop.end().await;
}

#[test]
fn hours_of_previews_are_those_that_the_contract_allows() {
    use flaresmith_runtime::settings::{Settings, Stop};
    let read = |hours: &str| {
        let arguments = ["flaresmithd", "--data", "/tmp", "--preview-ttl-hours", hours];
        Settings::read(arguments.map(std::ffi::OsString::from))
    };
    assert_eq!(read("168").unwrap().preview_ttl_hours, 168);
    for wrong in ["23", "169", "x"] {
        assert!(matches!(read(wrong), Err(Stop::Usage(_))), "{wrong}");
    }
}
