//! Projects and environments, their rows read and written.

use std::collections::BTreeSet;

use serde_json::json;

use crate::instance::{Instance, on_both};

#[tokio::test]
async fn a_project_is_made_with_three_environments_and_a_run_that_waits() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let body = json!({"name": "Shop Floor", "organizationId": organization, "description": "d", "settings": {"previewTtlHours": 48}});
        let made = instance.call(&owner, "POST", "/projects", Some(body.clone())).await.is(201);
        assert_eq!(made.text("/slug"), "shop-floor");
        assert_eq!(made.text("/state"), "provisioning");
        assert_eq!(made.text("/role"), "owner");
        let names: Vec<_> = (0..3).map(|at| made.text(&format!("/environments/{at}/name"))).collect();
        assert_eq!(names, ["dev", "staging", "prod"]);
        assert_eq!(made.text("/provisioning/state"), "pending");
        let id = made.text("/id");
        assert_eq!(made.headers.get("location").unwrap(), &format!("/projects/{id}"));
        let again = instance.call(&owner, "GET", &format!("/projects/{id}"), None).await.is(200);
        assert_eq!(again.body, made.body);
        instance.call(&owner, "POST", "/projects", Some(body)).await.fails(409, "PROJECT_NAME_TAKEN");
        let progress = instance.call(&owner, "GET", &format!("/projects/{id}/provisioning"), None).await.is(200);
        assert_eq!(progress.text("/run/kind"), "create");
        let path = format!("/projects/{id}/environments/{}", made.text("/environments/0/id"));
        let early = instance.call(&owner, "POST", &format!("{path}/reset"), None).await;
        early.fails(409, "ENV_STATE_INVALID");
        instance.call(&owner, "DELETE", &path, None).await.fails(409, "ENV_CORE_PROTECTED");
    })
    .await;
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read_and_null_puts_a_setting_back() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let id = instance.project(&owner, &organization, "Shop").await;
        let path = format!("/projects/{id}");
        let read = instance.call(&owner, "GET", &path, None).await.is(200);
        let tag = read.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        let bearer = format!("Bearer {owner}");
        let change = async |tag: &str, body| {
            let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
            instance.send("PATCH", &path, &headers, Some(body)).await
        };
        let settings = json!({"previewTtlHours": 48, "promotionsObeyErrorBudget": false});
        let changed = change(&tag, json!({"name": "Store", "settings": settings}))
            .await
            .is(200);
        assert_eq!(changed.text("/name"), "Store");
        assert_eq!(changed.text("/slug"), "shop");
        change(&tag, json!({"name": "Late"}))
            .await
            .fails(412, "REQUEST_PRECONDITION_FAILED");
        let tag = changed.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        let changed = change(
            &tag,
            json!({"settings": {"previewTtlHours": null}, "description": null}),
        )
        .await
        .is(200);
        assert_eq!(
            changed.body.pointer("/settings"),
            Some(&json!({"promotionsObeyErrorBudget": false}))
        );
        // Of many who change without a version at the same time, all are counted.
        let many = (0..6).map(|n| instance.call(&owner, "PATCH", &path, Some(json!({"description": format!("{n}")}))));
        let answers = futures_util::future::join_all(many).await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        let late = answers.iter().filter(|answer| answer.status == 412).count();
        assert_eq!(good + late, 6, "{answers:?}");
        let read = instance.call(&owner, "GET", &path, None).await.is(200);
        assert_eq!(read.body.pointer("/version"), Some(&json!(3 + good)));
    })
    .await;
}

/// Shows 001/FR-025.
#[tokio::test]
async fn a_list_is_read_to_its_end_without_repeats_and_its_cursors_fit_nothing_else() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        for n in 0..7 {
            instance
                .project(&owner, &organization, &format!("Project {n} %_"))
                .await;
        }
        let mut seen = BTreeSet::new();
        let mut path = "/projects?limit=3".to_owned();
        let mut first = None;
        loop {
            let page = instance.call(&owner, "GET", &path, None).await.is(200);
            for item in page.body.pointer("/items").unwrap().as_array().unwrap() {
                assert!(seen.insert(item["id"].to_string()), "{item} came twice");
            }
            let more = page.body.pointer("/hasMore") == Some(&json!(true));
            assert_eq!(more, page.body.pointer("/nextCursor").unwrap().is_string());
            if !more {
                break;
            }
            let cursor = page.text("/nextCursor");
            first.get_or_insert_with(|| cursor.clone());
            path = format!("/projects?limit=3&cursor={cursor}");
        }
        assert_eq!(seen.len(), 7);
        let cursor = first.unwrap();
        for other in [
            format!("/organizations?cursor={cursor}"),
            format!("/projects?name=x&cursor={cursor}"),
        ] {
            instance
                .call(&owner, "GET", &other, None)
                .await
                .fails(400, "REQUEST_CURSOR_INVALID");
        }
        let count = async |query: &str| {
            let page = instance
                .call(&owner, "GET", &format!("/projects?{query}"), None)
                .await
                .is(200);
            page.body.pointer("/items").unwrap().as_array().unwrap().len()
        };
        assert_eq!(count("name=project%203").await, 1);
        assert_eq!(count("name=%25_").await, 7);
        assert_eq!(count("name=_%25").await, 0);
        instance.project(&owner, &organization, "Ärzte Haus").await;
        for found in ["%C3%84", "%C3%84rzte", "%C3%84RZTE%20haus", "haus"] {
            assert_eq!(count(&format!("name={found}")).await, 1, "{found}");
        }
        assert_eq!(count("name=%C3%96rzte").await, 0);
        assert_eq!(count("state=active").await, 0);
        assert_eq!(count("state=active&state=provisioning").await, 8);
    })
    .await;
}

/// Shows 001/FR-007.
#[tokio::test]
async fn the_matrix_shows_every_environment_and_what_may_happen_next() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let id = instance.project(&owner, &organization, "Shop").await;
        let path = format!("/projects/{id}/environments");
        let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
        assert_eq!(
            matrix.body.pointer("/environments/0/allowedEvents"),
            Some(&json!(["provision"]))
        );
        assert_eq!(matrix.text("/environments/2/kind"), "prod");
        assert_eq!(matrix.body.pointer("/errorBudget/spentSeconds"), Some(&json!(0.0)));
        let environment = matrix.text("/environments/1/id");
        let one = instance
            .call(&owner, "GET", &format!("{path}/{environment}"), None)
            .await
            .is(200);
        assert_eq!(one.text("/name"), "staging");
        let other = instance.project(&owner, &organization, "Other").await;
        let path = format!("/projects/{other}/environments/{environment}");
        instance
            .call(&owner, "GET", &path, None)
            .await
            .fails(404, "ENV_NOT_FOUND");
    })
    .await;
}

/// Shows 001/FR-007.
#[tokio::test]
async fn the_matrix_shows_the_newest_of_what_stands_behind_each_environment() {
    use flaresmith_store::entities::health_checks;
    use flaresmith_store::enums::HealthProbe;
    use sea_orm::{ActiveModelTrait as _, ActiveValue::Set};

    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let id = instance.project(&owner, &organization, "Shop").await;
        let path = format!("/projects/{id}/environments");
        let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
        let environment = |at: usize| {
            matrix
                .text(&format!("/environments/{at}/id"))
                .parse::<uuid::Uuid>()
                .unwrap()
        };
        let write = instance.platform.store.begin().await.unwrap();
        // Of the first: well, then not. Of the second: not, then well. Of the third nothing is known.
        for (seconds, of, healthy) in [(3, 1, true), (1, 0, true), (2, 0, false), (1, 1, false)] {
            let at = instance.platform.clock.now() + chrono::TimeDelta::seconds(seconds);
            health_checks::ActiveModel {
                id: Set(uuid::Uuid::new_v4()),
                environment_id: Set(environment(of)),
                probe: Set(HealthProbe::Api),
                healthy: Set(healthy),
                latency_ms: Set(None),
                consecutive_failures: Set(0),
                error_code: Set(None),
                created_at: Set(at),
                updated_at: Set(at),
            }
            .insert(&*write)
            .await
            .unwrap();
        }
        write.commit().await.unwrap();
        let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
        let healthy = |at: usize| matrix.body.pointer(&format!("/environments/{at}/healthy")).cloned();
        let all: Vec<_> = (0..3).map(healthy).collect();
        assert_eq!(all, [Some(json!(false)), Some(json!(true)), Some(json!(null))]);
    })
    .await;
}

#[tokio::test]
async fn organizations_are_renamed_and_deleted_when_they_are_empty() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let path = format!("/organizations/{organization}");
        let renamed = instance
            .call(&owner, "PATCH", &path, Some(json!({"name": "South"})))
            .await
            .is(200);
        assert_eq!(
            (renamed.text("/name"), renamed.text("/slug")),
            ("South".to_owned(), "northwind".to_owned())
        );
        let delete = async |slug: &str| {
            instance
                .call(&owner, "DELETE", &format!("{path}?organizationSlug={slug}"), None)
                .await
        };
        assert_eq!(
            delete("south").await.text("/error/code"),
            "PROJECT_CONFIRMATION_MISMATCH"
        );
        instance.project(&owner, &organization, "Shop").await;
        delete("northwind").await.fails(409, "ORGANIZATION_NOT_EMPTY");
        let made = instance
            .call(&owner, "POST", "/organizations", Some(json!({"name": "Empty"})))
            .await
            .is(201);
        let path = format!("/organizations/{}?organizationSlug=empty", made.text("/id"));
        instance.call(&owner, "DELETE", &path, None).await.is(204);
        let kept = instance.kept("retirement.deleteOrganization").await;
        let done: Vec<_> = kept.iter().filter(|event| event.code.is_none()).collect();
        assert_eq!(done.len(), 1, "{kept:?}");
        assert_eq!(done[0].subject_id, Some(made.text("/id")));
        assert_eq!(
            (done[0].subject_type.as_str(), done[0].organization_id),
            ("organization", None)
        );
        let taken = Some(json!({"name": "x", "slug": "northwind"}));
        instance
            .call(&owner, "POST", "/organizations", taken)
            .await
            .fails(409, "ORGANIZATION_SLUG_TAKEN");
        let people = instance.call(&owner, "GET", "/users", None).await.is(200);
        assert_eq!(people.text("/items/0/email"), "owner@flaresmith.localhost");
    })
    .await;
}

/// Shows 001/FR-013.
#[tokio::test]
async fn what_was_done_is_kept_with_who_did_it() {
    use flaresmith_store::entities::audit_events;
    use flaresmith_store::enums::AuditEventOutcome;
    use sea_orm::EntityTrait as _;

    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let viewer = instance.member(&owner, &organization, "v@example.com", "viewer").await;
    let path = format!("/organizations/{organization}");
    instance
        .call(&viewer, "PATCH", &path, Some(json!({"name": "x"})))
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
    let events = audit_events::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    let denied = events
        .iter()
        .find(|event| event.outcome == AuditEventOutcome::Denied)
        .unwrap();
    assert_eq!(denied.action, "organizations.updateOrganization");
    assert_eq!(denied.organization_id.unwrap().to_string(), organization);
    assert!(denied.actor_id.is_some() && denied.request_id.is_some());
    assert!(
        events
            .iter()
            .any(|event| event.action == "organizations.createOrganization")
    );
}
