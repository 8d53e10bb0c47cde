//! The list of projects.
//!
//! Owns: which projects a caller sees. Must not know: what is in one.

use flaresmith_api::api::projects::ListProjectsRequest;
use flaresmith_api::errors::Failure;
use flaresmith_api::types::ProjectPage;
use flaresmith_store::entities::projects::{Column, Entity};
use flaresmith_store::entities::{memberships, organization_members};
use flaresmith_store::enums::ProjectState;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _};

use crate::features::shown::listed;
use crate::features::users::holds;
use crate::identity::Caller;
use crate::platform::Platform;
use crate::store::page::{Asked, newest_first};

/// One page of the projects that a caller has a role in.
pub(super) async fn page(
    platform: &Platform,
    caller: &Caller,
    request: ListProjectsRequest,
) -> Result<ProjectPage, Failure> {
    let mut select = Entity::find()
        .filter(visible(caller))
        .filter(Column::State.ne(ProjectState::Deleted));
    if let Some(organization) = request.organization_id {
        select = select.filter(Column::OrganizationId.eq(organization));
    }
    let mut states = request.state.unwrap_or_default();
    states.sort_unstable();
    if !states.is_empty() {
        let wanted = states
            .iter()
            .filter_map(|state| ProjectState::try_from(state.as_str()).ok());
        select = select.filter(Column::State.is_in(wanted));
    }
    let name = request.name.unwrap_or_default();
    if !name.is_empty() {
        select = select.filter(holds(Column::Name, &name));
    }
    let asked = Asked {
        list: &format!(
            "projects/{}/{:?}/{states:?}/{name}",
            caller.key(),
            request.organization_id
        ),
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

/// Projects in which a caller has a role.
fn visible(caller: &Caller) -> Condition {
    match caller {
        Caller::Anonymous => Condition::all().add(Column::Id.is_null()),
        Caller::Service { project, .. } => Condition::all().add(Column::Id.eq(*project)),
        Caller::Person { user, .. } => {
            let through_organization = Query::select()
                .column(organization_members::Column::OrganizationId)
                .from(organization_members::Entity)
                .and_where(organization_members::Column::UserId.eq(*user))
                .to_owned();
            let itself = Query::select()
                .column(memberships::Column::ProjectId)
                .from(memberships::Entity)
                .and_where(memberships::Column::UserId.eq(*user))
                .to_owned();
            Condition::any()
                .add(Column::OrganizationId.in_subquery(through_organization))
                .add(Column::Id.in_subquery(itself))
        }
    }
}
