//! Starting a test run.
//!
//! Owns: what has to hold before one begins. Must not know: how a collection is run.

use flaresmith_api::api::tests::StartTestRunRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{PostmanTestRun, TestRunStartPurpose};
use flaresmith_store::entities::postman_test_runs::{Column, Entity};
use flaresmith_store::enums::{EnvironmentState, PostmanTestRunPurpose, TestRunState};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::features::environments::change::{Change, told};
use crate::features::shown::shown;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::provisioning::deploy::present;
use crate::provisioning::test_run::{self, Wanted};
use crate::repositories::{Local, collection, id};
use crate::store::failed;

/// Longest name that is kept, in characters.
const LONGEST: usize = 160;

/// Begins one. What runs in the environment is tested with the collection of the same commit.
pub(super) async fn start(
    platform: &Platform,
    access: &Access,
    request: StartTestRunRequest,
) -> Result<PostmanTestRun, Failure> {
    let (project, body) = (request.project_id, request.body);
    let change = Change::begin(platform, project).await?;
    let environment = change.environment(body.environment_id).await?;
    let running = present(&*change.write, environment.id).await?;
    let Some(running) = running.filter(|_| environment.state == EnvironmentState::Active) else {
        return Err(told(&environment, ErrorCode::EnvStateInvalid)?);
    };
    let active = Entity::find()
        .filter(Column::EnvironmentId.eq(environment.id))
        .filter(Column::State.is_in([TestRunState::Queued, TestRunState::Running]))
        .one(&*change.write)
        .await
        .map_err(failed)?;
    if let Some(active) = active {
        let details = json!({"testRunId": active.id, "environmentId": environment.id});
        return Err(Failure::new(ErrorCode::TestRunActive).with_details(details));
    }
    let commit = id(&running.commit_sha).ok_or_else(|| Failure::internal("the commit has no id"))?;
    let of = environment.name.clone();
    let read = move |local: &Local| collection::read(local, commit, &of);
    let found = platform.repositories.with_standing(project, read).await?;
    let name = found.and_then(|found| name(&found.document)).ok_or_else(|| {
        Failure::new(ErrorCode::TestCollectionMissing).with_details(json!({"environmentId": environment.id}))
    })?;
    let wanted = Wanted {
        collection: name,
        folder: body.folder,
        purpose: match body.purpose.unwrap_or(TestRunStartPurpose::Manual) {
            TestRunStartPurpose::Manual => PostmanTestRunPurpose::Manual,
            TestRunStartPurpose::Promotion => PostmanTestRunPurpose::Promotion,
            TestRunStartPurpose::Ci => PostmanTestRunPurpose::Ci,
        },
        by: access.caller.user(),
    };
    let row = test_run::begin(&change.write, &environment, wanted, change.now).await?;
    change.write.commit().await?;
    platform.bell.notify_one();
    shown(&row)
}

/// The name of a collection; `None`: it is none.
fn name(document: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let name = document.pointer("/info/name")?.as_str()?;
    let name: String = name.chars().filter(|sign| *sign != '\0').take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}
