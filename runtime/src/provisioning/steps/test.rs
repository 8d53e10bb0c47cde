//! Running a collection against an environment.
//!
//! Owns: which files are run against which address. Must not know: how a collection is run.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::postman_test_runs;
use flaresmith_store::enums::TestRunState;
use futures_util::future::BoxFuture;

use crate::collections::{Order, Report};
use crate::providers::Made;
use crate::provisioning::deploy::present;
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::test_run;
use crate::repositories::{Local, collection, id};

/// Runs it, unless it was run.
pub(super) struct Test;

impl Step for Test {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let row = test_run::read(on.platform.store.read(), on.run).await?;
            if matches!(row.state, TestRunState::Passed | TestRunState::Failed) {
                return Ok(made(&row));
            }
            let order = order(on, &row).await?;
            let now = on.platform.clock.now();
            let write = on.write().await?;
            test_run::started(&write, on.run, now).await?;
            write.commit().await?;
            let report = on.platform.collections.run(&order).await?;
            keep(on, &report).await?;
            Ok(made(&row))
        })
    }
}

fn made(row: &postman_test_runs::Model) -> Made {
    Made {
        external_id: Some(row.id.to_string()),
        name: row.collection.clone(),
        url: None,
        ..Made::default()
    }
}

async fn keep(on: &Subject, report: &Report) -> Result<(), Failure> {
    let write = on.write().await?;
    test_run::ran(&write, on.run, report, on.platform.clock.now()).await?;
    write.commit().await
}

/// The collection as it is at the commit that runs in the environment.
async fn order(on: &Subject, row: &postman_test_runs::Model) -> Result<Order, Failure> {
    let missing = || Failure::new(ErrorCode::TestCollectionMissing);
    let running = present(on.platform.store.read(), row.environment_id).await?;
    let running = running.ok_or_else(missing)?;
    let commit = id(&running.commit_sha).ok_or_else(missing)?;
    let environment = on.mark.environment.clone();
    let read = move |local: &Local| collection::read(local, commit, &environment);
    let found = on.platform.repositories.with_standing(on.project.id, read).await?;
    let found = found.ok_or_else(missing)?;
    Ok(Order {
        collection: found.document,
        environment: found.environment,
        url: running.url.ok_or_else(missing)?,
        folder: row.folder.clone(),
    })
}
