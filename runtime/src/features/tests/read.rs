//! Test runs, for reading.
//!
//! Owns: the list of them. Must not know: how they come to be.

use flaresmith_api::api::tests::{GetTestRunRequest, ListTestRunsRequest};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{PostmanTestRun, TestRunPage};
use flaresmith_store::entities::postman_test_runs::{Column, Entity};
use flaresmith_store::enums::TestRunState;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::features::shown::{listed, shown};
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// One page of them.
pub(super) async fn all(platform: &Platform, request: ListTestRunsRequest) -> Result<TestRunPage, Failure> {
    let project = request.project_id;
    let mut select = Entity::find().filter(Column::ProjectId.eq(project));
    if let Some(environment) = request.environment_id {
        select = select.filter(Column::EnvironmentId.eq(environment));
    }
    let state = request.state.map(|state| state.as_str());
    if let Some(state) = state.and_then(|text| TestRunState::try_from(text).ok()) {
        select = select.filter(Column::State.eq(state));
    }
    let asked = Asked {
        list: &format!("test-runs/{project}/{:?}/{state:?}", request.environment_id),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page)
}

/// One of them.
pub(super) async fn one(platform: &Platform, request: GetTestRunRequest) -> Result<PostmanTestRun, Failure> {
    let row = Entity::find_by_id(request.test_run_id)
        .filter(Column::ProjectId.eq(request.project_id))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let row =
        row.ok_or_else(|| Failure::new(ErrorCode::TestRunNotFound).with_context("testRunId", request.test_run_id))?;
    shown(&row)
}
