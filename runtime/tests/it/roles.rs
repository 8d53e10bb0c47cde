//! The matrix of roles and operations, every cell of it.

use flaresmith_api::operations::{OPERATIONS, Role};
use flaresmith_runtime::provisioning::Runner;
use serde_json::json;

use crate::instance::{Instance, on_both};

/// Shows 001/FR-020.
#[tokio::test]
async fn every_operation_is_for_its_role_and_above_and_hides_from_strangers() {
    on_both(async |instance| {
        // What follows a run ends with it.
        let runner = Runner::start(instance.platform.clone()).unwrap();
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let mut tokens = Vec::new();
        for role in Role::ALL {
            let email = format!("{}@example.com", role.as_str());
            let token = instance.member(&owner, &organization, &email, role.as_str()).await;
            tokens.push((*role, token));
        }
        let other = instance
            .call(&owner, "POST", "/organizations", Some(json!({"name": "Other"})))
            .await;
        let other = other.is(201).text("/id");
        let stranger = instance.member(&owner, &other, "stranger@example.com", "owner").await;
        let mut cells = 0;
        for operation in OPERATIONS {
            let (Some(least), true) = (
                operation.role,
                operation.path.contains("{projectId}") || operation.path.contains("{organizationId}"),
            ) else {
                continue;
            };
            let path = operation
                .path
                .replace("{projectId}", &project)
                .replace("{organizationId}", &organization)
                .replace(['{', '}'], "");
            let hidden = if operation.path.contains("{projectId}") {
                "PROJECT_NOT_FOUND"
            } else {
                "ORGANIZATION_NOT_FOUND"
            };
            let answer = instance.call(&stranger, operation.method, &path, None).await;
            answer.fails(404, hidden);
            for (role, token) in &tokens {
                let answer = instance.call(token, operation.method, &path, None).await;
                let refused = answer.body.pointer("/error/code") == Some(&json!("AUTH_ROLE_INSUFFICIENT"));
                assert_eq!(refused, *role < least, "{} as {role:?}: {answer:?}", operation.id);
                assert!(
                    answer.status != 401 && answer.status != 500,
                    "{} as {role:?}: {answer:?}",
                    operation.id
                );
                cells += 1;
            }
        }
        assert!(cells > 250, "{cells}");
        runner.stop().await;
    })
    .await;
}

/// Shows 001/FR-020.
#[tokio::test]
async fn operations_of_the_installation_are_for_those_who_run_it() {
    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let other = instance
        .member(&owner, &organization, "other@example.com", "owner")
        .await;
    let body = Some(json!({"reason": "because"}));
    let answer = instance.call(&other, "POST", "/auth/keys/invalidate", body).await;
    answer.fails(403, "AUTH_ROLE_INSUFFICIENT");
    instance
        .call(&other, "GET", "/metrics", None)
        .await
        .fails(403, "AUTH_ROLE_INSUFFICIENT");
}

/// Shows 001/FR-020.
#[tokio::test]
async fn the_higher_of_two_roles_counts_and_the_project_in_a_body_is_looked_at() {
    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let viewer = instance
        .member(&owner, &organization, "viewer@example.com", "viewer")
        .await;
    let apply = async || {
        let body = json!({"projectId": project, "dryRun": true});
        instance.call(&viewer, "POST", "/specs/apply", Some(body)).await
    };
    apply().await.fails(403, "AUTH_ROLE_INSUFFICIENT");
    let path = format!("/projects/{project}/members");
    let body = json!({"email": "viewer@example.com", "role": "contributor"});
    let added = instance.call(&owner, "POST", &path, Some(body.clone())).await.is(201);
    assert_eq!(added.body.pointer("/invitation"), Some(&json!(null)));
    assert_ne!(
        apply().await.body.pointer("/error/code"),
        Some(&json!("AUTH_ROLE_INSUFFICIENT"))
    );
    instance
        .call(&owner, "POST", &path, Some(body))
        .await
        .fails(409, "PROJECT_MEMBER_EXISTS");
    let list = instance.call(&viewer, "GET", &path, None).await.is(200);
    let sources: Vec<_> = (0..2).map(|at| list.text(&format!("/items/{at}/source"))).collect();
    assert!(sources.contains(&"project".to_owned()) && sources.contains(&"organization".to_owned()));
    let member = format!("{path}/{}", added.text("/member/id"));
    instance.call(&owner, "DELETE", &member, None).await.is(204);
    apply().await.fails(403, "AUTH_ROLE_INSUFFICIENT");
}

#[tokio::test]
async fn a_body_without_the_id_that_the_role_is_looked_up_for_is_refused() {
    let instance = Instance::limited().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let viewer = instance
        .member(&owner, &organization, "viewer@example.com", "viewer")
        .await;
    for body in [
        json!({"dryRun": true}),
        json!({"projectId": 7, "dryRun": true}),
        json!({"projectId": "x"}),
    ] {
        let answer = instance.call(&viewer, "POST", "/specs/apply", Some(body)).await;
        assert!(answer.headers.get("x-ratelimit-remaining-user").is_some(), "{answer:?}");
        let answer = answer.fails(400, "REQUEST_VALIDATION_FAILED");
        assert_eq!(answer.text("/error/details/violations/0/location"), "body");
    }
    let answer = instance.call(&viewer, "POST", "/specs/apply", Some(json!([]))).await;
    answer.fails(400, "REQUEST_VALIDATION_FAILED");
}

/// Shows 001/FR-020.
#[tokio::test]
async fn a_project_is_made_by_maintainers_and_by_nobody_below_or_beside() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let other = instance
            .call(&owner, "POST", "/organizations", Some(json!({"name": "Other"})))
            .await;
        let other = other.is(201).text("/id");
        let stranger = instance.member(&owner, &other, "s@example.com", "owner").await;
        let make = async |token: &str, organization: Option<&str>| {
            let mut body = json!({"name": "Shop"});
            if let Some(organization) = organization {
                body["organizationId"] = organization.into();
            }
            instance.call(token, "POST", "/projects", Some(body)).await
        };
        for role in ["viewer", "contributor"] {
            let email = format!("{role}@example.com");
            let token = instance.member(&owner, &organization, &email, role).await;
            for named in [Some(organization.as_str()), None] {
                make(&token, named).await.fails(403, "AUTH_ROLE_INSUFFICIENT");
            }
        }
        let named = Some(organization.as_str());
        make(&stranger, named).await.fails(404, "ORGANIZATION_NOT_FOUND");
        let maintainer = instance
            .member(&owner, &organization, "m@example.com", "maintainer")
            .await;
        make(&maintainer, named).await.is(201);
    })
    .await;
}

/// Shows 001/FR-020.
#[tokio::test]
async fn an_organization_keeps_an_owner_and_who_is_removed_sees_nothing() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let token = instance
            .member(&owner, &organization, "m@example.com", "maintainer")
            .await;
        let path = format!("/organizations/{organization}/members");
        let list = instance.call(&owner, "GET", &path, None).await.is(200);
        let find = |role: &str| {
            let items = list.body.pointer("/items").unwrap().as_array().unwrap();
            let item = items.iter().find(|item| item["role"] == role).unwrap();
            format!("{path}/{}", item["id"].as_str().unwrap())
        };
        let (mine, theirs) = (find("owner"), find("maintainer"));
        instance
            .call(&owner, "DELETE", &mine, None)
            .await
            .fails(409, "ORGANIZATION_LAST_OWNER");
        let lower = Some(json!({"role": "viewer"}));
        instance
            .call(&owner, "PATCH", &mine, lower.clone())
            .await
            .fails(409, "ORGANIZATION_LAST_OWNER");
        let changed = instance.call(&owner, "PATCH", &theirs, lower).await.is(200);
        assert_eq!(changed.text("/role"), "viewer");
        let path = format!("/projects/{project}");
        instance.call(&token, "GET", &path, None).await.is(200);
        instance.call(&owner, "DELETE", &theirs, None).await.is(204);
        instance
            .call(&token, "GET", &path, None)
            .await
            .fails(404, "PROJECT_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_opens_an_account_with_the_roles_of_one_organization_alone() {
    on_both(async |instance| {
        let (first, owner) = instance.organization("Northwind").await;
        let attacker = instance.member(&owner, &first, "a@example.com", "viewer").await;
        let made = instance
            .call(&attacker, "POST", "/organizations", Some(json!({"name": "Trap"})))
            .await
            .is(201);
        let trap = made.text("/id");
        let invite = async |token: &str, organization: &str, role: &str| {
            let body = json!({"email": "victim@example.com", "role": role});
            let path = format!("/organizations/{organization}/members");
            instance.call(token, "POST", &path, Some(body)).await
        };
        let accept = async |invitation: &str| {
            let body = json!({"token": invitation, "name": "x", "password": "correct horse battery staple"});
            instance.send("POST", "/auth/invitations/accept", &[], Some(body)).await
        };
        // The account waits with a role of the first organization: no other gets a token for it, or adds anything.
        let invited = invite(&owner, &first, "owner").await.is(201);
        invite(&attacker, &trap, "viewer").await.fails(409, "RESOURCE_CONFLICT");
        let project = instance.project(&attacker, &trap, "Shop").await;
        let path = format!("/projects/{project}/members");
        let body = json!({"email": "victim@example.com", "role": "viewer"});
        instance
            .call(&attacker, "POST", &path, Some(body.clone()))
            .await
            .fails(409, "RESOURCE_CONFLICT");
        let path = format!("/organizations/{trap}/members");
        let list = instance.call(&attacker, "GET", &path, None).await.is(200);
        assert!(list.body.pointer("/items/1").is_none(), "{list:?}");

        // Nor does an owner of a mere project of the same organization.
        let project = instance.project(&owner, &first, "Shop").await;
        let path = format!("/projects/{project}/members");
        let added = instance.call(&owner, "POST", &path, Some(body)).await.is(201);
        assert_eq!(added.body.pointer("/invitation"), Some(&json!(null)));

        // An invitation that somebody kept from before opens nothing once there is another.
        let members = format!("/organizations/{first}/members");
        let member = format!("{members}/{}", invited.text("/member/id"));
        instance.call(&owner, "DELETE", &member, None).await.is(204);
        let kept = invite(&attacker, &trap, "viewer").await.is(201);
        let member = format!("/organizations/{trap}/members/{}", kept.text("/member/id"));
        instance.call(&attacker, "DELETE", &member, None).await.is(204);
        let good = invite(&owner, &first, "owner").await.is(201);
        for old in [&invited, &kept] {
            accept(&old.text("/invitation/token"))
                .await
                .fails(400, "AUTH_INVITATION_INVALID");
        }
        let session = accept(&good.text("/invitation/token")).await.is(200);
        assert_eq!(session.body.pointer("/user/emailVerified"), Some(&json!(false)));
        // Who has an account is added as they are.
        let added = invite(&attacker, &trap, "viewer").await.is(201);
        assert_eq!(added.body.pointer("/invitation"), Some(&json!(null)));
    })
    .await;
}

#[tokio::test]
async fn of_many_who_invite_one_person_at_once_one_does() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let path = format!("/organizations/{organization}/members");
        let body = json!({"email": "new@example.com", "role": "viewer"});
        let many = (0..8).map(|_| instance.call(&owner, "POST", &path, Some(body.clone())));
        let answers = futures_util::future::join_all(many).await;
        let good = answers.iter().filter(|answer| answer.status == 201).count();
        let late = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((good, late), (1, 7), "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn who_is_removed_while_being_added_to_a_project_has_both_roles_or_none() {
    use flaresmith_store::entities::{memberships, organization_members};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let token = instance.member(&owner, &organization, "m@example.com", "viewer").await;
        let me = instance.call(&token, "GET", "/auth/me", None).await.is(200);
        let person: uuid::Uuid = me.text("/user/id").parse().unwrap();
        let members = format!("/organizations/{organization}/members");
        let of_project = format!("/projects/{project}/members");
        let body = json!({"email": "m@example.com", "role": "contributor"});
        for _ in 0..12 {
            let list = instance.call(&owner, "GET", &members, None).await.is(200);
            let items = list.body.pointer("/items").unwrap().as_array().unwrap();
            let mine = items.iter().find(|item| item["userId"] == person.to_string());
            let Some(mine) = mine else {
                let body = json!({"email": "m@example.com", "role": "viewer"});
                instance.call(&owner, "POST", &members, Some(body)).await.is(201);
                continue;
            };
            let member = format!("{members}/{}", mine["id"].as_str().unwrap());
            let remove = instance.call(&owner, "DELETE", &member, None);
            let add = instance.call(&owner, "POST", &of_project, Some(body.clone()));
            let (removed, added) = futures_util::future::join(remove, add).await;
            removed.is(204);
            assert!(added.status == 201 || added.status == 409, "{added:?}");
            let read = instance.platform.store.read();
            let own = memberships::Entity::find()
                .filter(memberships::Column::UserId.eq(person))
                .count(read)
                .await
                .unwrap();
            let belongs = organization_members::Entity::find()
                .filter(organization_members::Column::UserId.eq(person))
                .count(read)
                .await
                .unwrap();
            assert_eq!(own, belongs);
        }
    })
    .await;
}

/// Shows 001/FR-020.
#[tokio::test]
async fn a_service_token_is_good_for_its_project_and_role() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let project = instance.project(&owner, &organization, "Shop").await;
        let other = instance.project(&owner, &organization, "Other").await;
        let maintainer = instance
            .member(&owner, &organization, "m@example.com", "maintainer")
            .await;
        let path = format!("/projects/{project}/service-tokens");
        let body = |role: &str| Some(json!({"name": "ci", "role": role}));
        instance
            .call(&maintainer, "POST", &path, body("owner"))
            .await
            .fails(403, "AUTH_ROLE_INSUFFICIENT");
        let made = instance.call(&maintainer, "POST", &path, body("viewer")).await.is(201);
        instance
            .call(&maintainer, "POST", &path, body("viewer"))
            .await
            .fails(409, "RESOURCE_CONFLICT");
        let (token, id) = (made.text("/token"), made.text("/serviceToken/id"));
        assert!(token.starts_with(&made.text("/serviceToken/prefix")));
        let me = instance.call(&token, "GET", "/auth/me", None).await.is(200);
        assert_eq!(me.text("/serviceToken/id"), id);
        instance
            .call(&token, "GET", &format!("/projects/{project}"), None)
            .await
            .is(200);
        instance
            .call(&token, "GET", &format!("/projects/{other}"), None)
            .await
            .fails(404, "PROJECT_NOT_FOUND");
        let list = instance.call(&token, "GET", "/projects", None).await.is(200);
        assert_eq!(list.text("/items/0/id"), project);
        assert!(list.body.pointer("/items/1").is_none());
        let shown = instance
            .call(&maintainer, "GET", &path, None)
            .await
            .is(200)
            .body
            .to_string();
        assert!(shown.contains(&id) && !shown.contains(&token));
        instance
            .call(&token, "GET", &path, None)
            .await
            .fails(403, "AUTH_ROLE_INSUFFICIENT");
        instance
            .call(&maintainer, "DELETE", &format!("{path}/{id}"), None)
            .await
            .is(204);
        instance
            .call(&token, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
        instance.call(&maintainer, "POST", &path, body("viewer")).await.is(201);
    })
    .await;
}

#[tokio::test]
async fn a_stranger_uses_up_nothing_of_a_project_and_leaves_nothing_in_its_log() {
    use flaresmith_store::entities::audit_events;
    use sea_orm::EntityTrait as _;

    let instance = Instance::limited().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let made = instance
        .call(&owner, "POST", "/organizations", Some(json!({"name": "Other"})))
        .await
        .is(201);
    let stranger = instance
        .member(&owner, &made.text("/id"), "s@example.com", "owner")
        .await;
    let path = format!("/projects/{project}");
    let answer = instance.call(&stranger, "GET", &path, None).await;
    // Told as where no project is meant: full.
    assert_eq!(
        answer.headers.get("x-ratelimit-remaining-project"),
        answer.headers.get("x-ratelimit-limit-project")
    );
    let changed = instance
        .call(&stranger, "PATCH", &path, Some(json!({"name": "x"})))
        .await;
    changed.fails(404, "PROJECT_NOT_FOUND");
    let events = audit_events::Entity::find()
        .all(instance.platform.store.read())
        .await
        .unwrap();
    let of_project = |event: &&audit_events::Model| event.project_id.is_some_and(|id| id.to_string() == project);
    assert_eq!(events.iter().filter(of_project).count(), 0);
    let answer = instance.call(&owner, "GET", &path, None).await.is(200);
    assert!(answer.headers.get("x-ratelimit-remaining-project").is_some());
}
