//! Secrets: what is told of them, what is kept of their uses, and what is never said.

use chrono::TimeDelta;
use flaresmith_api::types::{SecretAuditPage, SecretEntry, SecretsOverview};
use flaresmith_runtime::settings::Database;
use flaresmith_store::entities::environment_secrets;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Statement};
use serde_json::{Value, json};

use crate::instance::{Answer, Instance, OWNER, folder, on_both};
use crate::program::{call, start_logging};
use crate::scanned;

pub(crate) const VALUE: &str = "ghp_0hush0hush0hush0hush0hush0WXYZ";

/// A secret of a project, as it is addressed.
pub(crate) fn address(project: &str, name: &str, kind: &str) -> String {
    format!("/projects/{project}/secrets/{name}?environment=staging&type={kind}")
}

pub(crate) async fn put(instance: &Instance, token: &str, path: &str, value: &str) -> Answer {
    instance.call(token, "PUT", path, Some(json!({ "value": value }))).await
}

async fn with_tag(instance: &Instance, token: &str, method: &str, path: &str, tag: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
    let body = (method == "PUT").then(|| json!({"value": "another-value-of-it"}));
    instance.send(method, path, &headers, body).await
}

fn tag(answer: &Answer) -> String {
    answer.headers.get("etag").unwrap().to_str().unwrap().to_owned()
}

pub(crate) async fn overview(instance: &Instance, token: &str, project: &str) -> Answer {
    let path = format!("/projects/{project}/secrets");
    let answer = instance.call(token, "GET", &path, None).await.is(200);
    answer.fits::<SecretsOverview>()
}

/// Shows 001/FR-023.
#[tokio::test]
async fn a_secret_is_shown_by_its_mask_and_its_end_only_to_those_who_manage_it() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let path = address(&project, "DEPLOY_TOKEN", "githubEnvironmentSecret");
        let made = put(instance, &owner, &path, VALUE).await.is(201).fits::<SecretEntry>();
        assert_eq!(made.text("/maskedValue"), "ghp_****WXYZ");
        put(instance, &owner, &address(&project, "PIN", "cloudflareBinding"), "1234")
            .await
            .is(201);
        for (role, masks) in [
            ("viewer", ["ghp_****", "****"]),
            ("contributor", ["ghp_****", "****"]),
            ("maintainer", ["ghp_****WXYZ", "****"]),
            ("owner", ["ghp_****WXYZ", "****"]),
        ] {
            let email = format!("{role}@example.com");
            let token = instance.member(&owner, &organization, &email, role).await;
            let seen = overview(instance, &token, &project).await;
            let shown = [0, 1].map(|at| seen.text(&format!("/secrets/{at}/maskedValue")));
            assert_eq!(shown, masks, "{role}");
            assert_eq!(seen.text("/secrets/0/secretRefHash"), made.text("/secretRefHash"));
            let expected = if ["viewer", "contributor"].contains(&role) {
                403
            } else {
                200
            };
            put(instance, &token, &path, VALUE).await.is(expected);
        }
        let filtered = format!("/projects/{project}/secrets?environment=prod");
        let none = instance.call(&owner, "GET", &filtered, None).await.is(200);
        assert_eq!(none.body, json!({"secrets": []}));
        // What another project has is not this one's.
        let other = instance.project(&owner, &organization, "Other").await;
        assert_eq!(overview(instance, &owner, &other).await.body, json!({"secrets": []}));
    })
    .await;
}

/// Shows 001/FR-036.
#[tokio::test]
async fn a_change_needs_the_version_that_was_read_and_the_same_value_is_no_rotation() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let path = address(&project, "API_KEY", "cloudflareBinding");
        with_tag(instance, &owner, "PUT", &path, "\"v1\"")
            .await
            .fails(412, "REQUEST_PRECONDITION_FAILED");
        let first = put(instance, &owner, &path, VALUE).await.is(201);
        instance.later(TimeDelta::seconds(60));
        let same = put(instance, &owner, &path, VALUE).await.is(200);
        assert_eq!(same.text("/lastRotatedAt"), first.text("/lastRotatedAt"));
        for method in ["PUT", "DELETE"] {
            with_tag(instance, &owner, method, &path, &tag(&first))
                .await
                .fails(412, "REQUEST_PRECONDITION_FAILED");
        }
        let changed = with_tag(instance, &owner, "PUT", &path, &tag(&same)).await.is(200);
        assert_ne!(changed.text("/lastRotatedAt"), first.text("/lastRotatedAt"));
        with_tag(instance, &owner, "DELETE", &path, &tag(&changed))
            .await
            .is(204);
        instance
            .call(&owner, "DELETE", &path, None)
            .await
            .fails(404, "SEC_SECRET_NOT_FOUND");
        // Many at once become one secret, and every change counts.
        let values: Vec<String> = (0..6).map(|n| format!("value-{n}")).collect();
        let many = values.iter().map(|value| put(instance, &owner, &path, value));
        let answers = futures_util::future::join_all(many).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "{answers:?}");
        let last = put(instance, &owner, &path, VALUE).await.is(200);
        assert!(tag(&last).ends_with(".v7\""), "{last:?}");
        // One that was deleted and set again is another, whatever its version.
        instance.call(&owner, "DELETE", &path, None).await.is(204);
        let other = put(instance, &owner, &path, VALUE).await.is(201);
        assert!(tag(&other).ends_with(".v1\""), "{other:?}");
        with_tag(instance, &owner, "PUT", &path, &tag(&first))
            .await
            .fails(412, "REQUEST_PRECONDITION_FAILED");
    })
    .await;
}

#[tokio::test]
async fn names_that_github_keeps_are_refused_and_a_value_that_others_gave_is_not_made_anew() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let path = address(&project, "GITHUB_TOKEN", "githubActionSecret");
        put(instance, &owner, &path, VALUE)
            .await
            .fails(422, "SEC_SECRET_NAME_RESERVED");
        let rotate = async |name: &str, kind: &str| {
            let path = address(&project, name, kind).replace('?', "/rotate?");
            instance.call(&owner, "POST", &path, None).await
        };
        rotate("DATABASE_URL", "neonCredential")
            .await
            .fails(404, "SEC_SECRET_NOT_FOUND");
        let path = address(&project, "DATABASE_URL", "neonCredential");
        let url = "postgres://app:hushhushhush@db.example/shop";
        let first = put(instance, &owner, &path, url).await.is(201);
        assert_eq!(first.text("/maskedValue"), "neon_****shop");
        // No provider makes a new password valid, so the one that works stays.
        rotate("DATABASE_URL", "neonCredential")
            .await
            .fails(409, "SEC_ROTATION_UNSUPPORTED");
        instance.later(TimeDelta::seconds(60));
        let again = put(instance, &owner, &path, url).await.is(200);
        assert_eq!(
            again.text("/lastRotatedAt"),
            first.text("/lastRotatedAt"),
            "it is another value"
        );
        put(
            instance,
            &owner,
            &address(&project, "PAY_KEY", "cloudflareBinding"),
            VALUE,
        )
        .await
        .is(201);
        rotate("PAY_KEY", "cloudflareBinding")
            .await
            .fails(409, "SEC_ROTATION_UNSUPPORTED");
    })
    .await;
}

/// Shows 001/FR-013, 001/FR-036 and 001/SC-011.
#[tokio::test]
async fn every_use_is_kept_also_of_a_secret_that_is_gone_and_only_owners_read_of_it() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let other = instance.project(&owner, &organization, "Other").await;
        let viewer = instance.member(&owner, &organization, "v@example.com", "viewer").await;
        let path = address(&project, "DATABASE_URL", "neonCredential");
        let made = put(instance, &owner, &path, VALUE).await.is(201);
        put(
            instance,
            &owner,
            &address(&other, "DATABASE_URL", "neonCredential"),
            VALUE,
        )
        .await
        .is(201);
        overview(instance, &viewer, &project).await;
        overview(instance, &owner, &project).await;
        instance.call(&owner, "DELETE", &path, None).await.is(204);
        let list = format!("/projects/{project}/secret-audit");
        let page = instance.call(&owner, "GET", &list, None).await.is(200);
        let page = page.fits::<SecretAuditPage>();
        let items = page.body.pointer("/items").and_then(Value::as_array).unwrap();
        let operations: Vec<&str> = items.iter().map(|item| item["operation"].as_str().unwrap()).collect();
        // A mask is made without the value, so the viewer's look is no reading.
        assert_eq!(operations, ["update", "read", "update"]);
        assert!(
            items
                .iter()
                .all(|item| item["origin"] == "user" && item["secretRefHash"] == made.text("/secretRefHash"))
        );
        let reads = instance
            .call(&owner, "GET", &format!("{list}?operation=read"), None)
            .await
            .is(200);
        assert_eq!(reads.body.pointer("/items").unwrap().as_array().unwrap().len(), 1);
        let page = instance
            .call(&owner, "GET", &format!("{list}?limit=2"), None)
            .await
            .is(200);
        let rest = format!("{list}?limit=2&cursor={}", page.text("/nextCursor"));
        let rest = instance.call(&owner, "GET", &rest, None).await.is(200);
        assert_eq!(rest.body.pointer("/hasMore"), Some(&json!(false)));
        instance
            .call(&viewer, "GET", &list, None)
            .await
            .fails(403, "AUTH_ROLE_INSUFFICIENT");
        let events = instance
            .call(&owner, "GET", &format!("/projects/{project}/audit"), None)
            .await
            .is(200);
        let events = events.body.pointer("/items").and_then(Value::as_array).unwrap();
        let uses = events
            .iter()
            .filter(|event| event["code"] == "SEC_SECRET_ACCESS")
            .count();
        assert_eq!(uses, 3);
        // A use that cannot be kept does not happen.
        let refused = instance.platform.store.read();
        refused
            .execute_unprepared("ALTER TABLE secret_audit_records RENAME TO away")
            .await
            .unwrap();
        put(instance, &owner, &path, VALUE).await.is(500);
        let rows = environment_secrets::Entity::find().all(refused).await.unwrap();
        assert_eq!(rows.len(), 1, "the one of the other project");
    })
    .await;
}

/// Everything that the store holds, bytes as hexadecimal digits too.
async fn stored(instance: &Instance) -> Vec<u8> {
    if let Database::Sqlite(path) = &instance.platform.settings.database {
        let files = [path.clone(), path.with_extension("sqlite-wal")];
        return files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    }
    let read = instance.platform.store.read();
    let mut text = String::new();
    for table in [
        "environment_secrets",
        "audit_events",
        "secret_audit_records",
        "idempotency_records",
    ] {
        let rows = Statement::from_string(
            read.get_database_backend(),
            format!("SELECT string_agg(t::text, ' ') FROM {table} t"),
        );
        let row = read.query_one_raw(rows).await.unwrap().unwrap();
        text.push_str(&row.try_get_by_index::<Option<String>>(0).unwrap().unwrap());
    }
    text.into_bytes()
}

/// Shows 001/FR-013.
#[tokio::test]
async fn no_value_is_logged_answered_or_stored_as_it_is() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let path = address(&project, "DEPLOY_TOKEN", "githubEnvironmentSecret");
        let bearer = format!("Bearer {owner}");
        let mut answers = Vec::new();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "key-secret-1")];
        for _ in 0..2 {
            let body = Some(json!({ "value": VALUE }));
            answers.push(instance.send("PUT", &path, &headers, body).await.is(201));
        }
        // Bodies that are refused, too.
        for body in [
            json!({"value": VALUE, "expiresAt": "never"}),
            json!({"value": {"nested": VALUE}}),
        ] {
            answers.push(instance.call(&owner, "PUT", &path, Some(body)).await.is(400));
        }
        // A name that nobody expected is told to whoever sent it, and to nobody else.
        instance
            .call(&owner, "PUT", &path, Some(json!({ VALUE: "x" })))
            .await
            .is(400);
        let reserved = address(&project, "GITHUB_X", "githubActionSecret");
        answers.push(put(instance, &owner, &reserved, VALUE).await);
        answers.push(overview(instance, &owner, &project).await);
        let list = format!("/projects/{project}/audit");
        answers.push(instance.call(&owner, "GET", &list, None).await.is(200));
        let rotate = path.replace('?', "/rotate?");
        answers.push(instance.call(&owner, "POST", &rotate, None).await);
        let kept = instance.platform.store.read();
        kept.execute_unprepared("ALTER TABLE secret_audit_records RENAME TO away")
            .await
            .unwrap();
        answers.push(put(instance, &owner, &path, VALUE).await.is(500));
        kept.execute_unprepared("ALTER TABLE away RENAME TO secret_audit_records")
            .await
            .unwrap();
        let hush = &VALUE[4..24];
        let logged = instance.logged().join("\n");
        assert!(
            logged.contains("putSecret 201") && logged.contains("putSecret 500"),
            "{logged}"
        );
        assert!(!logged.contains(hush), "{logged}");
        for answer in &answers {
            let said = format!("{answer:?}");
            assert!(!said.contains(hush), "{said}");
        }
        let stored = stored(instance).await;
        let digits: String = hush.bytes().map(|byte| format!("{byte:02x}")).collect();
        let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("DEPLOY_TOKEN") && !holds(hush) && !holds(&digits));
    })
    .await;
}

/// Shows 001/FR-013 and 001/SC-007.
#[test]
fn the_log_of_the_program_holds_no_value_password_or_token() {
    let data = folder();
    let log = data.join("log");
    let started = start_logging(&data, 2, std::fs::File::create(&log).unwrap().into());
    let password = std::fs::read_to_string(data.join("first-owner.password")).unwrap();
    let body = json!({"email": OWNER, "password": password.trim()}).to_string();
    let session = call(&started.address, "none", "POST /auth/sign-in", &body);
    let token = session["accessToken"].as_str().unwrap();
    let send = |line: &str, body: Value| call(&started.address, token, line, &body.to_string());
    let organization = send("POST /organizations", json!({"name": "Northwind"}));
    let project = send(
        "POST /projects",
        json!({"name": "Shop", "organizationId": organization["id"]}),
    );
    let path = address(
        project["id"].as_str().unwrap(),
        "DEPLOY_TOKEN",
        "githubEnvironmentSecret",
    );
    let put = format!("PUT {path}");
    assert_eq!(send(&put, json!({ "value": VALUE }))["maskedValue"], "ghp_****WXYZ");
    for wrong in [
        json!({"value": VALUE, "expiresAt": "never"}),
        json!({"value": [VALUE]}),
        json!({ VALUE: VALUE }),
    ] {
        send(&put, wrong);
    }
    // In the wrong places, too: as a token, as a key, as a name, in a query.
    call(&started.address, VALUE, &put, "{}");
    send(
        &format!("PUT {}", path.replace("DEPLOY_TOKEN", VALUE)),
        json!({ "value": VALUE }),
    );
    send(&format!("{put}&value={VALUE}"), json!({ "value": "other" }));
    send(&format!("POST /{VALUE}"), json!({}));
    // The last line is written when the answer has gone out.
    let read = || std::fs::read_to_string(&log).unwrap();
    for _ in 0..600 {
        if read().lines().count() >= 11 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(started);
    let log = read();
    scanned::log(log.lines().map(str::to_owned));
    assert!(
        log.lines().count() >= 11 && log.contains("\"operationId\":\"putSecret\""),
        "{log}"
    );
    let claims = token.split('.').nth(1).unwrap();
    for hush in [&VALUE[4..24], password.trim(), claims] {
        assert!(!log.contains(hush), "{log}");
    }
    std::fs::remove_dir_all(data).unwrap();
}
