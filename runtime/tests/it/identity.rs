//! Signing in, tokens and the keys that sign them.

use chrono::TimeDelta;
use serde_json::json;

use crate::instance::{Answer, Instance, OWNER, PASSWORD, on_both};

async fn refresh(instance: &Instance, token: &str) -> Answer {
    let body = json!({"refreshToken": token});
    instance.send("POST", "/auth/refresh", &[], Some(body)).await
}

/// Shows 001/FR-020.
#[tokio::test]
async fn the_first_owner_signs_in_and_out() {
    on_both(async |instance| {
        let answer = instance.sign_in("OWNER@flaresmith.localhost", PASSWORD).await.is(200);
        let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/auth"] {
            assert!(cookie.contains(part), "{part}");
        }
        let token = answer.text("/accessToken");
        let me = instance.call(&token, "GET", "/auth/me", None).await.is(200);
        assert_eq!(me.text("/user/email"), OWNER);
        assert_eq!(me.text("/organizations/0/role"), "owner");
        assert_eq!(
            me.body.pointer("/organizations/0/organization/operator"),
            Some(&json!(true))
        );
        instance.call(&token, "POST", "/auth/sign-out", None).await.is(204);
        instance
            .call(&token, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_answer_alike() {
    let instance = Instance::sqlite().await;
    let wrong = instance
        .sign_in(OWNER, "wrong")
        .await
        .fails(401, "AUTH_CREDENTIALS_INVALID");
    let unknown = instance
        .sign_in("a@b.example", PASSWORD)
        .await
        .fails(401, "AUTH_CREDENTIALS_INVALID");
    assert_eq!(wrong.text("/error/message"), unknown.text("/error/message"));
}

/// Shows 001/FR-020.
#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_second_use_ends_the_session() {
    on_both(async |instance| {
        let first = instance.sign_in(OWNER, PASSWORD).await.is(200).text("/refreshToken");
        let answer = refresh(instance, &first).await.is(200);
        let second = answer.text("/refreshToken");
        let access = answer.text("/accessToken");
        instance.call(&access, "GET", "/auth/me", None).await.is(200);
        refresh(instance, &first).await.fails(401, "AUTH_REFRESH_REUSED");
        refresh(instance, &second).await.fails(401, "AUTH_REFRESH_INVALID");
        instance
            .call(&access, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
    })
    .await;
}

#[tokio::test]
async fn of_many_who_refresh_at_once_one_is_the_first() {
    on_both(async |instance| {
        let token = instance.sign_in(OWNER, PASSWORD).await.is(200).text("/refreshToken");
        let many = (0..8).map(|_| refresh(instance, &token));
        let answers = futures_util::future::join_all(many).await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn tokens_end_in_time() {
    let instance = Instance::sqlite().await;
    let answer = instance.sign_in(OWNER, PASSWORD).await.is(200);
    let (access, token) = (answer.text("/accessToken"), answer.text("/refreshToken"));
    instance.later(TimeDelta::minutes(16));
    instance
        .call(&access, "GET", "/auth/me", None)
        .await
        .fails(401, "AUTH_TOKEN_EXPIRED");
    let token = refresh(&instance, &token).await.is(200).text("/refreshToken");
    instance.later(TimeDelta::hours(25));
    refresh(&instance, &token).await.fails(401, "AUTH_REFRESH_INVALID");
}

#[tokio::test]
async fn a_refresh_token_is_taken_from_the_cookie_too() {
    let instance = Instance::sqlite().await;
    let token = instance.sign_in(OWNER, PASSWORD).await.text("/refreshToken");
    let cookie = format!("flaresmith_refresh={token}");
    instance
        .send("POST", "/auth/refresh", &[("cookie", &cookie)], None)
        .await
        .is(200);
}

/// Shows 001/FR-036 and 001/SC-011.
#[tokio::test]
async fn keys_are_replaced_after_90_days_honoured_for_7_more_and_purged_a_day_later() {
    on_both(async |instance| {
        let manifest = async || instance.send("GET", "/auth/keys", &[], None).await.is(200);
        let before = manifest().await;
        let first = before.text("/keys/0/kid");
        assert_eq!(before.text("/keys/0/state"), "active");
        assert!(!before.body.to_string().contains("material"), "{before:?}");
        instance.platform.keys.rotate_due().await.unwrap();
        assert_eq!(manifest().await.text("/keys/0/kid"), first, "nothing is due yet");

        instance.later(TimeDelta::days(90) - TimeDelta::minutes(5));
        let token = instance.owner().await;
        instance.later(TimeDelta::minutes(6));
        instance.platform.keys.rotate_due().await.unwrap();
        let after = manifest().await;
        assert_ne!(after.text("/keys/0/kid"), first);
        assert_eq!(after.text("/keys/1/state"), "grace");
        instance.call(&token, "GET", "/auth/me", None).await.is(200);

        instance.later(TimeDelta::days(8) + TimeDelta::minutes(1));
        instance.platform.keys.rotate_due().await.unwrap();
        let purged = manifest().await;
        assert!(purged.body.pointer("/keys/1").is_none(), "{purged:?}");
    })
    .await;
}

/// Shows 001/FR-036.
#[tokio::test]
async fn an_invalidated_key_opens_nothing_at_once_and_sessions_go_on() {
    on_both(async |instance| {
        let answer = instance.sign_in(OWNER, PASSWORD).await.is(200);
        let (access, token) = (answer.text("/accessToken"), answer.text("/refreshToken"));
        let body = json!({"reason": "it was on a screen"});
        let after = instance
            .call(&access, "POST", "/auth/keys/invalidate", Some(body))
            .await
            .is(200);
        assert_eq!(after.text("/keys/1/state"), "revoked");
        let kept = instance.kept("auth.invalidateSigningKey").await;
        assert_eq!(kept[0].context, Some(json!({"reason": "it was on a screen"})));
        instance
            .call(&access, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_REVOKED");
        let access = refresh(instance, &token).await.is(200).text("/accessToken");
        instance.call(&access, "GET", "/auth/me", None).await.is(200);
    })
    .await;
}

#[tokio::test]
async fn keys_are_read_and_made_outside_of_transactions() {
    use flaresmith_store::entities::signing_keys;
    use sea_orm::EntityTrait as _;

    for instance in [Instance::sqlite().await, Instance::narrow().await] {
        let (organization, owner) = instance.organization("Northwind").await;
        let path = format!("/organizations/{organization}/members");
        let body = json!({"email": "m@example.com", "role": "viewer"});
        let added = instance.call(&owner, "POST", &path, Some(body)).await.is(201);
        let accept = json!({"token": added.text("/invitation/token"), "name": "m", "password": PASSWORD});
        let stale = async || {
            let write = instance.platform.store.begin().await.unwrap();
            signing_keys::Entity::delete_many().exec(&*write).await.unwrap();
            write.commit().await.unwrap();
            instance.later(TimeDelta::seconds(6));
        };
        // What waits for itself would wait for ever.
        let all = tokio::time::timeout(std::time::Duration::from_secs(120), async {
            stale().await;
            let signed_in = instance.sign_in(OWNER, PASSWORD).await.is(200);
            stale().await;
            refresh(&instance, &signed_in.text("/refreshToken")).await.is(200);
            stale().await;
            instance
                .send("POST", "/auth/invitations/accept", &[], Some(accept))
                .await
                .is(200);
        });
        all.await.unwrap();
    }
}

#[tokio::test]
async fn what_has_expired_is_deleted_and_nothing_else() {
    use flaresmith_runtime::store::expired;
    use flaresmith_store::entities::{idempotency_records, refresh_tokens, verifications};
    use sea_orm::{EntityTrait as _, PaginatorTrait as _};

    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        let bearer = format!("Bearer {owner}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "key-00000001")];
        let path = format!("/organizations/{organization}/members");
        let body = json!({"email": "m@example.com", "role": "viewer"});
        instance.send("POST", &path, &headers, Some(body)).await.is(201);
        let read = instance.platform.store.read();
        let left = async || {
            expired::delete(&instance.platform.store, instance.platform.clock.now())
                .await
                .unwrap();
            [
                idempotency_records::Entity::find().count(read).await.unwrap(),
                refresh_tokens::Entity::find().count(read).await.unwrap(),
                verifications::Entity::find().count(read).await.unwrap(),
            ]
        };
        assert_eq!(left().await, [1, 1, 1]);
        instance.later(TimeDelta::hours(25));
        assert_eq!(left().await, [0, 0, 1]);
        instance.later(TimeDelta::days(7));
        assert_eq!(left().await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    on_both(async |instance| {
        let (mine, other) = (instance.owner().await, instance.owner().await);
        let change = |new: &str| Some(json!({"currentPassword": PASSWORD, "newPassword": new}));
        let set = async |body| instance.call(&mine, "PUT", "/auth/me/password", body).await;
        set(change("aaaaaaaaaaaaaaaa")).await.fails(422, "USER_PASSWORD_WEAK");
        let wrong = Some(json!({"currentPassword": "x", "newPassword": "another horse battery"}));
        set(wrong).await.fails(403, "USER_PASSWORD_WRONG");
        set(change("another horse battery")).await.is(204);
        instance.call(&mine, "GET", "/auth/me", None).await.is(200);
        instance
            .call(&other, "GET", "/auth/me", None)
            .await
            .fails(401, "AUTH_TOKEN_INVALID");
        instance
            .sign_in(OWNER, PASSWORD)
            .await
            .fails(401, "AUTH_CREDENTIALS_INVALID");
        instance.sign_in(OWNER, "another horse battery").await.is(200);
    })
    .await;
}
