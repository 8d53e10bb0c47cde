//! The standby of prod's database when two servers look after it.

use chrono::TimeDelta;
use flaresmith_runtime::provisioning::Runner;

use crate::neon_projects::{beside, connect};
use crate::provisioning::until;
use crate::standby::{eventually, looks, often, reset, standby, standing_by, told};

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_look_and_reset_as_often_as_one_and_fail_over_once() {
    let (instance, neon) = beside(true).await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let api = neon.api.clone();
    let other = instance.again_with(|settings| settings.neon = api).await;
    let runners = [&instance, &other].map(|one| Runner::start(one.platform.clone()).unwrap());
    until(&instance, &owner, &project, "succeeded").await;
    often(&instance, &owner, &project).await;
    connect(&instance, &owner, &project, standing_by()).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    reset(&instance, &neon, 0).await;
    reset(&instance, &neon, 2).await;
    let looks = looks(&instance).await;
    assert!(looks.len() > 2);
    assert!(
        looks
            .windows(2)
            .all(|two| two[1].created_at - two[0].created_at >= TimeDelta::seconds(10)),
        "{looks:?}"
    );
    // Nor does more than one of them decide.
    neon.cut("prod", true).await;
    eventually(&instance, "the failover is over", async || {
        told(&instance).await.into_iter().find(|row| row.mitigated_at.is_some())
    })
    .await;
    eventually(&instance, "another standby", async || standby(&instance).await).await;
    assert_eq!(told(&instance).await.len(), 1);
    assert_eq!(instance.kept("incidents.failover").await.len(), 1);
    assert_eq!(neon.branches().len(), 5, "{:?}", neon.branches());
    assert_eq!(neon.wrong(), Vec::<String>::new());
    for runner in runners {
        runner.stop().await;
    }
}
