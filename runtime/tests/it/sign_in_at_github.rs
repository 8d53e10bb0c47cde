//! Signing in at GitHub: whose account it is, that each sign-in ends once and with whoever began it, and what happens when GitHub
//! misbehaves.

use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use flaresmith_runtime::sealing::s256;
use flaresmith_runtime::settings::Settings;
use flaresmith_store::entities::users;
use flaresmith_store::enums::UserStatus;
use reqwest::Url;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use serde_json::json;

use crate::github_people::{BACK, People, Somebody, Wrong};
use crate::instance::{Answer, Instance, OWNER, PASSWORD};
use crate::scanned;

const VERIFIER: &str = "a-verifier-of-the-tests-that-is-long-enough-for-all";

fn octo(addresses: &[(&'static str, bool, bool)]) -> Somebody {
    Somebody {
        id: 583_231,
        name: Some("Mona Octo"),
        addresses: addresses.to_vec(),
    }
}

fn mona() -> Somebody {
    octo(&[("other@example.com", false, true), ("Mona@Example.com", true, true)])
}

fn with(people: &People) -> impl FnOnce(&mut Settings) + use<> {
    let (place, application) = (people.place.clone(), people.application());
    move |settings| {
        settings.github = place;
        settings.sign_in = Some(application);
    }
}

/// Something that is done on both stores, with a GitHub each.
async fn on_both(test: impl AsyncFn(&Instance, &People)) {
    for postgres in [false, true] {
        let people = People::start().await;
        let instance = match postgres {
            false => Instance::set(with(&people)).await,
            true => Instance::set_on_postgres(with(&people)).await,
        };
        test(&instance, &people).await;
        says_nothing(&instance, &people);
    }
}

/// Nothing that is secret in a sign-in was logged.
fn says_nothing(instance: &Instance, people: &People) {
    let log: Vec<String> = instance.log().iter().map(ToString::to_string).collect();
    let log = format!("{}\n{}", log.join("\n"), instance.logged().join("\n"));
    for secret in people
        .secrets()
        .iter()
        .map(String::as_str)
        .chain([VERIFIER, "Example.com", "access_token=hush"])
    {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

async fn started(instance: &Instance, redirect: &str) -> Answer {
    let body = json!({"redirectUri": redirect, "codeChallenge": s256(VERIFIER)});
    instance.send("POST", "/auth/oauth/start", &[], Some(body)).await
}

async fn exchanged(instance: &Instance, form: &[(&str, &str)]) -> Answer {
    let mut address = Url::parse("http://form/").unwrap();
    address.query_pairs_mut().extend_pairs(form);
    scanned::note_text(VERIFIER);
    let request = Request::post("/auth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(address.query().unwrap().to_owned()))
        .unwrap();
    instance.answer(request).await
}

/// Code and state of an address that a browser is sent to.
fn brought(back: &Url) -> (String, String) {
    let of = |name: &str| back.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
    (of("code"), of("state"))
}

async fn finish(instance: &Instance, back: &Url, redirect: &str, verifier: &str) -> Answer {
    let (code, state) = brought(back);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("state", &state),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ];
    exchanged(instance, &form).await
}

/// A whole sign-in.
async fn signs_in(instance: &Instance, people: &People, whose: &Somebody) -> Answer {
    let start = started(instance, BACK).await.is(200);
    let back = people.agrees(&start.text("/authorizationUrl"), whose);
    finish(instance, &back, BACK, VERIFIER).await
}

async fn invited(instance: &Instance, email: &str) -> (String, String) {
    let (organization, owner) = instance.organization("Northwind").await;
    let path = format!("/organizations/{organization}/members");
    let body = json!({"email": email, "role": "contributor"});
    let added = instance.call(&owner, "POST", &path, Some(body)).await.is(201);
    (added.text("/invitation/token"), owner)
}

async fn set_status(instance: &Instance, email: &str, status: UserStatus, verified: bool) {
    let platform = &instance.platform;
    let found = users::Entity::find().filter(users::Column::Email.eq(email));
    let mut row = found
        .one(platform.store.read())
        .await
        .unwrap()
        .unwrap()
        .into_active_model();
    row.status = Set(status);
    row.email_verified = Set(verified);
    let write = platform.store.begin().await.unwrap();
    row.update(&*write).await.unwrap();
    write.commit().await.unwrap();
}

/// Shows 001/FR-020.
#[tokio::test]
async fn whoever_was_invited_signs_in_at_github_and_is_known_by_number_from_then_on() {
    on_both(async |instance, people| {
        let (invitation, _) = invited(instance, "mona@example.com").await;
        let first = signs_in(instance, people, &mona()).await.is(200);
        assert!(first.headers.contains_key("set-cookie"));
        assert_eq!(first.text("/user/name"), "Mona Octo");
        assert_eq!(first.text("/user/email"), "mona@example.com");
        let token = first.text("/accessToken");
        let me = instance.call(&token, "GET", "/auth/me", None).await.is(200);
        assert_eq!(me.text("/organizations/0/role"), "contributor");
        let refresh = json!({"refreshToken": first.text("/refreshToken")});
        instance.send("POST", "/auth/refresh", &[], Some(refresh)).await.is(200);
        // The invitation was used up with it.
        let body = json!({"token": invitation, "name": "Other", "password": PASSWORD});
        instance
            .send("POST", "/auth/invitations/accept", &[], Some(body))
            .await
            .fails(400, "AUTH_INVITATION_INVALID");
        // Another address there, even one that is not verified, changes nothing any more.
        let moved = octo(&[("new@elsewhere.example", true, false)]);
        let again = signs_in(instance, people, &moved).await.is(200);
        assert_eq!(again.text("/user/id"), first.text("/user/id"));
        // Somebody else who got the former address does not get the account.
        let other = Somebody { id: 7, ..mona() };
        signs_in(instance, people, &other)
            .await
            .fails(401, "AUTH_OAUTH_REFUSED");
        let kept = instance.kept("auth.exchangeToken").await;
        let mut how: Vec<String> = kept
            .iter()
            .map(|row| row.context.as_ref().unwrap()["account"].as_str().unwrap().to_owned())
            .collect();
        how.sort();
        assert_eq!(how, ["invited", "linked"]);
    })
    .await;
}

/// Shows 001/FR-020.
#[tokio::test]
async fn the_first_owner_is_linked_by_the_address_that_the_operator_set() {
    let people = People::start().await;
    let set = with(&people);
    let instance = Instance::set(|settings| {
        set(settings);
        settings.owner_email = "mona@example.com".to_owned();
    })
    .await;
    let token = signs_in(&instance, &people, &mona()).await.is(200).text("/accessToken");
    let me = instance.call(&token, "GET", "/auth/me", None).await.is(200);
    assert_eq!(me.text("/organizations/0/role"), "owner");
}

#[tokio::test]
async fn no_account_is_given_to_an_address_that_either_side_has_not_verified() {
    on_both(async |instance, people| {
        let (invitation, _) = invited(instance, "mona@example.com").await;
        for addresses in [
            &[("mona@example.com", true, false)][..],
            &[("mona@example.com", false, true), ("a@b.example", true, false)],
            &[],
        ] {
            let refused = signs_in(instance, people, &octo(addresses)).await;
            refused.fails(401, "AUTH_OAUTH_REFUSED");
        }
        // Whoever holds the invitation takes it with a password: the address is nobody's for certain from then on.
        let body = json!({"token": invitation, "name": "Somebody", "password": PASSWORD});
        let path = "/auth/invitations/accept";
        instance.send("POST", path, &[], Some(body)).await.is(200);
        let refused = signs_in(instance, people, &mona())
            .await
            .fails(401, "AUTH_OAUTH_REFUSED");
        assert!(refused.text("/error/hint").contains("password"), "{refused:?}");
        let stranger = octo(&[("nobody@example.com", true, true)]);
        let refused = signs_in(instance, people, &stranger)
            .await
            .fails(401, "AUTH_OAUTH_REFUSED");
        assert!(refused.text("/error/hint").contains("invitation"), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_that_has_expired_lets_nobody_in_by_address_either() {
    let people = People::start().await;
    let instance = Instance::set(with(&people)).await;
    invited(&instance, "mona@example.com").await;
    instance.later(TimeDelta::days(8));
    let refused = signs_in(&instance, &people, &mona())
        .await
        .fails(401, "AUTH_OAUTH_REFUSED");
    assert!(refused.text("/error/message").contains("expired"), "{refused:?}");
}

#[tokio::test]
async fn a_disabled_account_and_that_of_the_system_are_refused() {
    on_both(async |instance, people| {
        set_status(instance, OWNER, UserStatus::Disabled, true).await;
        let owner = octo(&[(OWNER, true, true)]);
        signs_in(instance, people, &owner)
            .await
            .fails(403, "AUTH_ACCOUNT_DISABLED");
        set_status(instance, OWNER, UserStatus::Active, true).await;
        signs_in(instance, people, &owner).await.is(200);
        set_status(instance, OWNER, UserStatus::Disabled, true).await;
        signs_in(instance, people, &owner)
            .await
            .fails(403, "AUTH_ACCOUNT_DISABLED");
        let system = Somebody {
            id: 9,
            ..octo(&[("system@flaresmith.localhost", true, true)])
        };
        signs_in(instance, people, &system)
            .await
            .fails(401, "AUTH_OAUTH_REFUSED");
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_ends_once_in_time_and_only_with_whoever_began_it() {
    on_both(async |instance, people| {
        invited(instance, "mona@example.com").await;
        let invalid = |answer: Answer| answer.fails(400, "AUTH_OAUTH_STATE_INVALID");
        let begun = async || {
            let start = started(instance, BACK).await.is(200);
            people.agrees(&start.text("/authorizationUrl"), &mona())
        };
        // Another's verifier, and then the right one: the attempt used the state up.
        let back = begun().await;
        let other = "another-verifier-that-is-just-as-long-as-the-first";
        invalid(finish(instance, &back, BACK, other).await);
        invalid(finish(instance, &back, BACK, VERIFIER).await);
        // Another address than the one that it was started with.
        invalid(finish(instance, &begun().await, "http://127.0.0.1:4/signed-in", VERIFIER).await);
        // A state that was never given out.
        let back = begun().await;
        let (code, _) = brought(&back);
        let mut made_up = Url::parse(BACK).unwrap();
        made_up
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", "a-state-that-was-made-up");
        invalid(finish(instance, &made_up, BACK, VERIFIER).await);
        // Too late.
        let back = begun().await;
        instance.later(TimeDelta::minutes(11));
        invalid(finish(instance, &back, BACK, VERIFIER).await);
        let tokens = |line: &String| line.ends_with("access_token");
        assert!(!people.requests().iter().any(tokens), "GitHub was asked for nothing");
        // Twice.
        let back = begun().await;
        finish(instance, &back, BACK, VERIFIER).await.is(200);
        invalid(finish(instance, &back, BACK, VERIFIER).await);
        // A code that was used, with a state of its own.
        let (used, _) = brought(&back);
        let (_, state) = brought(&begun().await);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", used.as_str()),
            ("state", &state),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        exchanged(instance, &form).await.fails(401, "AUTH_OAUTH_REFUSED");
    })
    .await;
}

#[tokio::test]
async fn another_process_ends_what_one_began_and_of_two_at_once_one_succeeds() {
    let people = People::start().await;
    let one = Instance::set_on_postgres(with(&people)).await;
    let two = one.again_with(with(&people)).await;
    invited(&one, "mona@example.com").await;
    let start = started(&one, BACK).await.is(200);
    let back = people.agrees(&start.text("/authorizationUrl"), &mona());
    let (first, second) = tokio::join!(finish(&one, &back, BACK, VERIFIER), finish(&two, &back, BACK, VERIFIER));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{first:?} {second:?}");
    // Two sign-ins of one new person at once make one link.
    let somebody = Somebody {
        id: 8,
        ..octo(&[(OWNER, true, true)])
    };
    let (first, second) = tokio::join!(signs_in(&one, &people, &somebody), signs_in(&two, &people, &somebody));
    assert_eq!(first.is(200).text("/user/id"), second.is(200).text("/user/id"));
    says_nothing(&one, &people);
    says_nothing(&two, &people);
}

#[tokio::test]
async fn people_come_back_only_to_addresses_that_the_operator_allows() {
    let people = People::start().await;
    let instance = Instance::set(with(&people)).await;
    for address in [
        "https://evil.example/signed-in",
        "https://app.example/signed-in/../other",
        "http://127.0.0.1:4000/other",
        "http://127.0.0.2:4000/signed-in",
    ] {
        started(&instance, address)
            .await
            .fails(400, "REQUEST_VALIDATION_FAILED");
    }
    started(&instance, "http://127.0.0.1:49152/signed-in").await.is(200);
    let none = Instance::sqlite().await;
    started(&none, BACK).await.fails(400, "AUTH_OAUTH_NOT_CONFIGURED");
}

#[tokio::test]
async fn what_github_says_wrong_is_told_as_what_it_is_and_repeated_nowhere() {
    let people = People::start().await;
    let instance = Instance::set(with(&people)).await;
    let cases = [
        (
            "access_token",
            Wrong::Says(json!({"error": "bad_verification_code"})),
            401,
            "AUTH_OAUTH_REFUSED",
        ),
        (
            "access_token",
            Wrong::Says(json!({"error": "unverified_user_email"})),
            401,
            "AUTH_OAUTH_REFUSED",
        ),
        (
            "access_token",
            Wrong::Says(json!({"error": "incorrect_client_credentials"})),
            400,
            "AUTH_OAUTH_NOT_CONFIGURED",
        ),
        (
            "access_token",
            Wrong::Says(json!({"error": "redirect_uri_mismatch"})),
            400,
            "AUTH_OAUTH_NOT_CONFIGURED",
        ),
        ("access_token", Wrong::Status(404), 400, "AUTH_OAUTH_NOT_CONFIGURED"),
        (
            "access_token",
            Wrong::Says(json!({"access_token": ["gho_hush"]})),
            502,
            "INTEGRATION_GITHUB_REJECTED",
        ),
        (
            "access_token",
            Wrong::Says(json!({})),
            502,
            "INTEGRATION_GITHUB_REJECTED",
        ),
        ("access_token", Wrong::Page, 502, "INTEGRATION_GITHUB_REJECTED"),
        ("access_token", Wrong::Status(302), 502, "INTEGRATION_GITHUB_REJECTED"),
        ("access_token", Wrong::Status(503), 504, "INTEGRATION_GITHUB_TIMEOUT"),
        (
            "access_token",
            Wrong::Status(429),
            503,
            "INTEGRATION_GITHUB_RATE_LIMITED",
        ),
        ("/user", Wrong::Status(401), 401, "AUTH_OAUTH_REFUSED"),
        (
            "/user",
            Wrong::Says(json!({"id": "583231"})),
            502,
            "INTEGRATION_GITHUB_REJECTED",
        ),
        ("/user/emails", Wrong::Status(404), 401, "AUTH_OAUTH_REFUSED"),
        ("/user/emails", Wrong::Status(500), 504, "INTEGRATION_GITHUB_TIMEOUT"),
    ];
    for (path, wrong, status, code) in cases {
        people.wrong(path, wrong);
        let answer = signs_in(&instance, &people, &octo(&[(OWNER, true, true)])).await;
        for secret in people.secrets() {
            assert!(!answer.raw.contains(&secret), "{answer:?}");
        }
        assert!(!answer.raw.contains("hush"), "{answer:?}");
        answer.fails(status, code);
    }
    signs_in(&instance, &people, &octo(&[(OWNER, true, true)]))
        .await
        .is(200);
    says_nothing(&instance, &people);
}

/// Shows 001/FR-032.
#[tokio::test]
async fn github_is_left_alone_while_it_fails_and_asked_again_later_by_every_process() {
    let people = People::start().await;
    let one = Instance::set_on_postgres(with(&people)).await;
    let two = one.again_with(with(&people)).await;
    let owner = octo(&[(OWNER, true, true)]);
    for at in 0..10 {
        people.wrong("access_token", Wrong::Status(500));
        let instance = if at % 2 == 0 { &one } else { &two };
        signs_in(instance, &people, &owner)
            .await
            .fails(504, "INTEGRATION_GITHUB_TIMEOUT");
    }
    let before = people.requests().len();
    let refused = signs_in(&two, &people, &owner).await;
    let refused = refused.fails(503, "INTEGRATION_GITHUB_UNAVAILABLE");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(people.requests().len(), before);
    one.later(TimeDelta::seconds(31));
    signs_in(&one, &people, &owner).await.is(200);
    signs_in(&two, &people, &owner).await.is(200);
}

#[tokio::test]
async fn sign_ins_at_github_use_up_the_tokens_of_signing_in() {
    let people = People::start().await;
    let instance = Instance::limited_with(with(&people)).await;
    let mut last = None;
    for _ in 0..200 {
        let answer = started(&instance, BACK).await;
        if answer.status != 200 {
            last = Some(answer);
            break;
        }
    }
    let refused = last.unwrap().is(429);
    assert!(refused.text("/error/code").starts_with("RATE_LIMIT_"), "{refused:?}");
}
