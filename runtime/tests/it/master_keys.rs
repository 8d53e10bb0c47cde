//! Master keys that are replaced while processes run.

use std::collections::BTreeMap;
use std::io::Write as _;

use chrono::TimeDelta;
use flaresmith_api::errors::ErrorCode;
use flaresmith_api::types::AuditEventPage;
use flaresmith_runtime::store::idempotency::{self, Turn};
use flaresmith_runtime::{Platform, master_key};
use flaresmith_store::entities::{environment_secrets, master_key_versions, secret_audit_records};
use flaresmith_store::enums::MasterKeyVersionState;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::instance::on_both;
use crate::secrets::{VALUE, address, overview, put};

/// Shows 001/FR-036.
#[tokio::test]
async fn a_start_with_a_newer_master_key_encrypts_everything_anew_and_the_old_one_can_go() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let path = address(&project, "DATABASE_URL", "neonCredential");
        let bearer = format!("Bearer {owner}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "key-secret-2")];
        let body = json!({ "value": VALUE });
        let made = instance.send("PUT", &path, &headers, Some(body.clone())).await.is(201);

        let old = &instance.platform;
        let claim = async |key: &str, of: &Platform| {
            let request = idempotency::Request {
                caller: "somebody".to_owned(),
                operation: "putSecret",
                key: key.to_owned(),
                fingerprint: "of a request".to_owned(),
            };
            let turn = idempotency::claim(&of.store, &of.sealer, &request, of.clock.now()).await;
            turn.unwrap()
        };
        let answer = idempotency::Answer {
            status: 200,
            headers: BTreeMap::new(),
            body: b"done".to_vec(),
        };
        let finish = async |record| {
            let done = idempotency::finish(&old.store, &old.sealer, record, &answer, old.clock.now()).await;
            done.unwrap();
        };
        let (Turn::Go(early), Turn::Go(late)) = (claim("key-early", old).await, claim("key-late", old).await) else {
            panic!("they are new");
        };
        let settings = instance.platform.settings.clone();
        let first = std::fs::read_to_string(&settings.master_keys).unwrap();
        let second = format!("CM_ENC_MASTER_V2={}\n", "07".repeat(32));
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&settings.master_keys)
            .unwrap();
        file.write_all(second.as_bytes()).unwrap();
        // Several processes may be started at once.
        let together = (0..3).map(|_| Platform::start(settings.clone()));
        for started in futures_util::future::join_all(together).await {
            started.unwrap().store.clone().close().await;
        }
        // A process that still runs with the old key seals nothing with it that is to last.
        put(instance, &owner, &address(&project, "LATE", "neonCredential"), VALUE)
            .await
            .fails(500, "SEC_KEY_MISSING");
        let refused = old.keys.rotate_due().await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::SecKeyMissing);
        // What it finishes of requests that it began is encrypted anew by the next start, while that has the old key.
        finish(early).await;
        let started = Platform::start(settings.clone()).await.unwrap();
        let Turn::Again(kept) = claim("key-early", &started).await else {
            panic!("it was carried out before");
        };
        assert_eq!(kept.body, answer.body);
        started.store.clone().close().await;
        finish(late).await;
        std::fs::write(&settings.master_keys, &second).unwrap();
        let instance = instance.again().await;
        // Of what nobody can open any more nothing is left to stand in the way.
        assert!(matches!(claim("key-late", &instance.platform).await, Turn::Go(_)));
        let Turn::Again(kept) = claim("key-early", &instance.platform).await else {
            panic!("it was carried out before");
        };
        assert_eq!(kept.body, answer.body);
        let again = instance.send("PUT", &path, &headers, Some(body)).await.is(201);
        assert_eq!(again.body, made.body);
        let shown = overview(&instance, &owner, &project).await;
        assert_eq!(shown.text("/secrets/0/maskedValue"), "ghp_****WXYZ");
        let read = instance.platform.store.read();
        let rows = environment_secrets::Entity::find().all(read).await.unwrap();
        assert!(
            rows.iter()
                .all(|row| row.master_key_id == "CM_ENC_MASTER_V2" && row.version == 1)
        );
        let versions = master_key_versions::Entity::find().all(read).await.unwrap();
        let state = |id: &str| versions.iter().find(|row| row.key_id == id).unwrap().state;
        assert_eq!(state("CM_ENC_MASTER_V1"), MasterKeyVersionState::Retired);
        assert_eq!(state("CM_ENC_MASTER_V2"), MasterKeyVersionState::Active);
        // It was a job that rotated it, and once.
        let organizations = instance.call(&owner, "GET", "/organizations", None).await.is(200);
        let items = organizations.body.pointer("/items").and_then(Value::as_array).unwrap();
        let operator = items.iter().find(|item| item["name"] == "Operator").unwrap();
        let path = format!("/organizations/{}/audit", operator["id"].as_str().unwrap());
        let events = instance.call(&owner, "GET", &path, None).await.is(200);
        let events = events.fits::<AuditEventPage>();
        let events = events.body.pointer("/items").and_then(Value::as_array).unwrap();
        let rotations: Vec<_> = events
            .iter()
            .filter(|event| event["action"] == "masterKey.rotate")
            .collect();
        assert_eq!((rotations.len(), &rotations[0]["origin"]), (1, &json!("system")));
        // A year later it is time for the next one.
        let overdue = async || {
            let platform = &instance.platform;
            master_key::overdue(&platform.store, &platform.clock).await.unwrap()
        };
        assert_eq!(overdue().await, None);
        instance.later(TimeDelta::days(366));
        assert_eq!(overdue().await.unwrap().0, "CM_ENC_MASTER_V2");
        let uses = secret_audit_records::Entity::find().all(read).await.unwrap();
        assert_eq!(uses.len(), 2);
        // With the old key alone there is no start, and nothing is changed.
        std::fs::write(&settings.master_keys, first).unwrap();
        let refused = Platform::start(settings.clone()).await.err().unwrap();
        assert_eq!(refused.code, "SERVER_KEYS");
        std::fs::write(&settings.master_keys, second).unwrap();
    })
    .await;
}
