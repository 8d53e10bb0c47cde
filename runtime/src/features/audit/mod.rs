//! The domain `audit`: what was done and by whom, for reading.
//!
//! Owns: its operations. Must not know: HTTP, how records are kept; [`pipeline::audit`](crate::pipeline::audit) does that.

use flaresmith_api::api::audit::{
    AuditApi, GetAuditEventRequest, GetAuditEventResponse, ListAuditEventsRequest, ListAuditEventsResponse,
    ListOrganizationAuditRequest, ListOrganizationAuditResponse,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_api::server::Context;
use flaresmith_api::types::{AuditEventPage, Period};
use flaresmith_store::entities::audit_events::{Column, Entity};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Select};

use crate::features::shown::{listed, shown};
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

impl AuditApi for Platform {
    async fn list_audit_events(
        &self,
        context: Context,
        request: ListAuditEventsRequest,
    ) -> Result<ListAuditEventsResponse, Failure> {
        let access = Access::of(&context)?;
        let project = request.project_id;
        let mut select = Entity::find().filter(Column::ProjectId.eq(project));
        if let Some(actor) = request.actor_id {
            select = select.filter(Column::ActorId.eq(actor));
        }
        let asked = Asked {
            list: &format!("audit/{project}/{:?}/{:?}", request.actor_id, request.period),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        let sees_context = access.role == Some(Role::Owner);
        page(self, asked, within(select, request.period.as_ref()), sees_context)
            .await
            .map(ListAuditEventsResponse::Ok)
    }

    async fn get_audit_event(
        &self,
        _: Context,
        request: GetAuditEventRequest,
    ) -> Result<GetAuditEventResponse, Failure> {
        let row = Entity::find_by_id(request.audit_event_id)
            .filter(Column::ProjectId.eq(request.project_id))
            .one(self.store.read())
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| Failure::new(ErrorCode::AuditEventNotFound))?;
        shown(&row).map(GetAuditEventResponse::Ok)
    }

    async fn list_organization_audit(
        &self,
        _: Context,
        request: ListOrganizationAuditRequest,
    ) -> Result<ListOrganizationAuditResponse, Failure> {
        let organization = request.organization_id;
        // What belongs to one of its projects is in the list of that project.
        let select = Entity::find()
            .filter(Column::OrganizationId.eq(organization))
            .filter(Column::ProjectId.is_null());
        let asked = Asked {
            list: &format!("organizationAudit/{organization}/{:?}", request.period),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        page(self, asked, within(select, request.period.as_ref()), true)
            .await
            .map(ListOrganizationAuditResponse::Ok)
    }
}

/// Records of a stretch of time: its first moment is part of it, its last is not.
fn within(mut select: Select<Entity>, period: Option<&Period>) -> Select<Entity> {
    if let Some(from) = period.and_then(|period| period.from) {
        select = select.filter(Column::CreatedAt.gte(from));
    }
    if let Some(to) = period.and_then(|period| period.to) {
        select = select.filter(Column::CreatedAt.lt(to));
    }
    select
}

/// One page of records; the context only for those who may see it.
async fn page(
    platform: &Platform,
    asked: Asked<'_>,
    select: Select<Entity>,
    sees_context: bool,
) -> Result<AuditEventPage, Failure> {
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(platform.store.read(), &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    listed(&page.map(|mut row| {
        row.context = row.context.filter(|_| sees_context);
        row
    }))
}
