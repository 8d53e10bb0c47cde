//! Buckets that processes share when they share a Postgres database.

use chrono::TimeDelta;
use flaresmith_api::operations::{OPERATIONS, RATE_CLASSES};
use flaresmith_runtime::pipeline::rate_limit::stored::delete_full;
use flaresmith_runtime::pipeline::rate_limit::{Asked, Subject};
use flaresmith_store::entities::rate_buckets;
use futures_util::future::join_all;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use uuid::Uuid;

use crate::instance::{Answer, Instance};

fn left(answer: &Answer, bucket: &str) -> u32 {
    let name = format!("x-ratelimit-remaining-{bucket}");
    answer.headers.get(&name).unwrap().to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_processes_on_one_database_share_the_bucket_of_a_user() {
    let one = Instance::limited_on_postgres().await;
    let other = one.again_limited().await;
    let token = one.owner().await;
    let mut refused = None;
    let mut before = 120;
    // Each of both may have taken a sixteenth ahead, which the other does not see.
    let lent = 2 * 120 / 16;
    for number in 0..140 {
        let process = if number % 2 == 0 { &one } else { &other };
        let answer = process.call(&token, "GET", "/auth/me", None).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
        // Time passes as well: a second gives a token back.
        assert!(left(&answer, "user") <= before + lent, "{answer:?}");
        before = before.min(left(&answer, "user") + 1);
    }
    let refused = refused.unwrap().fails(429, "RATE_LIMIT_USER");
    for name in [
        "retry-after",
        "x-ratelimit-limit-user",
        "x-ratelimit-remaining-user",
        "x-ratelimit-limit-project",
        "x-ratelimit-remaining-project",
    ] {
        assert!(refused.headers.contains_key(name), "{name}: {refused:?}");
    }
    assert_eq!(left(&refused, "user"), 0);
    other.later(TimeDelta::minutes(2));
    other.call(&token, "GET", "/auth/me", None).await.is(200);
}

#[tokio::test]
async fn calls_at_once_take_no_more_than_there_is_and_from_all_buckets_or_none() {
    let one = Instance::limited_on_postgres().await;
    let other = one.again_limited().await;
    // Five tokens from a person's 120 and a project's 600.
    let class = RATE_CLASSES.iter().find(|class| class.name == "provisioning").unwrap();
    assert!(
        OPERATIONS
            .iter()
            .any(|operation| operation.rate_class.is_some_and(|own| own.name == class.name))
    );
    let project = Uuid::new_v4();
    let ask = |caller: u128| Asked {
        class: Some(class),
        caller: Some(Subject::User(Uuid::from_u128(caller))),
        project: Some(project),
        network: None,
    };
    let first = ask(1);
    one.platform.limiter.take(&first).await;
    let calls = (0..60).map(|number| if number % 2 == 0 { &one } else { &other });
    let taken = join_all(calls.map(|process| process.platform.limiter.take(&first))).await;
    let granted = taken.iter().filter(|taken| taken.refused.is_none()).count();
    // One went before; a second of time gives one token back, and five are needed for a call.
    assert!((23..=27).contains(&granted), "{granted}");
    let second = one.platform.limiter.take(&ask(2)).await;
    let remaining = second.left.iter().find(|(bucket, _)| bucket.name == "project");
    let remaining = remaining.unwrap().1;
    let spent = f64::from(5 * (u32::try_from(granted).unwrap() + 2));
    // Refused calls took nothing from the project; it gains five tokens a second. The other process may have a sixteenth ahead.
    let lent = 600.0 / 16.0;
    assert!(
        (600.0 - spent - lent..=600.0 - spent + 60.0).contains(&remaining),
        "{remaining} after {spent}"
    );
}

#[tokio::test]
async fn buckets_that_are_full_again_go() {
    let instance = Instance::limited_on_postgres().await;
    instance.owner().await;
    let count = async || {
        rate_buckets::Entity::find()
            .count(instance.platform.store.read())
            .await
            .unwrap()
    };
    assert_eq!(count().await, 2);
    delete_full(&instance.platform.store, instance.platform.clock.now())
        .await
        .unwrap();
    assert_eq!(count().await, 2);
    instance.later(TimeDelta::hours(1));
    delete_full(&instance.platform.store, instance.platform.clock.now())
        .await
        .unwrap();
    assert_eq!(count().await, 0);
}
