//! Incidents, for reading.
//!
//! Owns: which of them a caller asks for. Must not know: what begins or ends one.

use chrono::NaiveTime;
use flaresmith_api::api::incidents::ListIncidentsRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{Incident, IncidentPage};
use flaresmith_store::entities::incidents::{Column, Entity};
use flaresmith_store::enums::IncidentState;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::features::shown::{listed, shown};
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

/// One page of a project's incidents.
pub(super) async fn page(platform: &Platform, request: ListIncidentsRequest) -> Result<IncidentPage, Failure> {
    let mut select = Entity::find().filter(Column::ProjectId.eq(request.project_id));
    let state = request.state.map(|state| state.as_str());
    if let Some(state) = state.and_then(|state| IncidentState::try_from(state).ok()) {
        select = select.filter(Column::State.eq(state));
    }
    if let Some(since) = request.since {
        select = select.filter(Column::DetectedAt.gte(since.and_time(NaiveTime::MIN).and_utc()));
    }
    let asked = Asked {
        list: &format!("incidents/{}/{state:?}/{:?}", request.project_id, request.since),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let by = (Column::DetectedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.detected_at, row.id)
    })
    .await?;
    listed(&page)
}

/// One incident.
pub(super) async fn one(platform: &Platform, project: Uuid, id: Uuid) -> Result<Incident, Failure> {
    let row = Entity::find_by_id(id)
        .filter(Column::ProjectId.eq(project))
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::IncidentNotFound).with_context("incidentId", id))?;
    shown(&row)
}
