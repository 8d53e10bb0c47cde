//! The log of what was done, read through the API.

use flaresmith_api::types::AuditEventPage;
use serde_json::{Value, json};

use crate::instance::{Instance, on_both};

async fn actions(instance: &Instance, token: &str, path: &str) -> Vec<String> {
    let page = instance.call(token, "GET", path, None).await.is(200);
    let page = page.fits::<AuditEventPage>();
    let items = page.body.pointer("/items").and_then(Value::as_array).unwrap();
    items
        .iter()
        .map(|item| item["action"].as_str().unwrap().to_owned())
        .collect()
}

/// Shows 001/FR-013 and 001/FR-025.
#[tokio::test]
async fn what_was_done_in_a_project_is_listed_newest_first_and_only_owners_see_its_context() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let other = instance.project(&owner, &organization, "Other").await;
        let viewer = instance.member(&owner, &organization, "v@example.com", "viewer").await;
        let path = format!("/projects/{project}");
        for n in 0..3 {
            let body = json!({"description": format!("{n}")});
            instance.call(&owner, "PATCH", &path, Some(body)).await.is(200);
        }
        instance
            .call(&viewer, "PATCH", &path, Some(json!({"name": "x"})))
            .await
            .is(403);
        let list = format!("{path}/audit");
        let seen = actions(instance, &viewer, &list).await;
        assert_eq!(seen, ["projects.updateProject"; 4]);
        let mine = instance.call(&viewer, "GET", &list, None).await.is(200);
        assert_eq!(mine.text("/items/0/outcome"), "denied");
        assert_eq!(mine.text("/items/0/code"), "AUTH_ROLE_INSUFFICIENT");
        assert_eq!(mine.body.pointer("/items/0/context"), None);
        let theirs = instance.call(&owner, "GET", &list, None).await.is(200);
        assert_eq!(theirs.body.pointer("/items/0/context"), Some(&json!({})));

        // By who did it, and by when.
        let person = mine.text("/items/0/actorId");
        assert_eq!(
            actions(instance, &owner, &format!("{list}?actorId={person}"))
                .await
                .len(),
            1
        );
        let third = theirs.text("/items/2/createdAt");
        let from = actions(instance, &owner, &format!("{list}?period%5Bfrom%5D={third}")).await;
        let to = actions(instance, &owner, &format!("{list}?period%5Bto%5D={third}")).await;
        assert_eq!((from.len(), to.len()), (3, 1));

        // Page by page, with cursors that fit nothing else.
        let page = instance
            .call(&owner, "GET", &format!("{list}?limit=3"), None)
            .await
            .is(200);
        let cursor = page.text("/nextCursor");
        let rest = actions(instance, &owner, &format!("{list}?limit=3&cursor={cursor}")).await;
        assert_eq!(rest.len(), 1);
        for wrong in [
            format!("{list}?actorId={person}&cursor={cursor}"),
            format!("/projects/{other}/audit?cursor={cursor}"),
        ] {
            let answer = instance.call(&owner, "GET", &wrong, None).await;
            answer.fails(400, "REQUEST_CURSOR_INVALID");
        }

        let id = theirs.text("/items/0/id");
        let one = instance
            .call(&owner, "GET", &format!("{list}/{id}"), None)
            .await
            .is(200);
        assert_eq!(Some(&one.body), theirs.body.pointer("/items/0"));
        instance
            .call(&owner, "GET", &format!("/projects/{other}/audit/{id}"), None)
            .await
            .fails(404, "AUDIT_EVENT_NOT_FOUND");
        instance
            .call(&viewer, "GET", &format!("{list}/{id}"), None)
            .await
            .fails(403, "AUTH_ROLE_INSUFFICIENT");
    })
    .await;
}

/// Shows 001/FR-013.
#[tokio::test]
async fn an_organization_lists_what_belongs_to_none_of_its_projects() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        instance.member(&owner, &organization, "v@example.com", "viewer").await;
        let path = format!("/projects/{project}");
        instance
            .call(&owner, "PATCH", &path, Some(json!({"name": "x"})))
            .await
            .is(200);
        let path = format!("/organizations/{organization}/audit");
        let seen = actions(instance, &owner, &path).await;
        assert!(
            seen.contains(&"organizations.addOrganizationMember".to_owned()),
            "{seen:?}"
        );
        assert!(!seen.contains(&"projects.updateProject".to_owned()), "{seen:?}");
        let none = actions(instance, &owner, &format!("{path}?period%5Bto%5D=2020-01-01T00:00:00Z")).await;
        assert_eq!(none.len(), 0);
    })
    .await;
}
