//! Roles: what a caller may do where.
//!
//! Owns: how roles in organizations and projects add up. Must not know: operations.
//!
//! A role in an organization holds in all its projects, and the higher of the two counts. Who has none gets the same answer as
//! if there were no such project or organization.

use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Role;
use flaresmith_store::entities::{memberships, organization_members, organizations, projects};
use flaresmith_store::enums::{self, ProjectState};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, UnionType};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::Caller;
use crate::store::failed;

/// Where a role is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A project.
    Project(Uuid),
    /// An organization.
    Organization(Uuid),
    /// The organization that runs the installation.
    Installation,
}

/// The role of the contract for a role of the store.
#[must_use]
pub fn role(stored: enums::Role) -> Role {
    match stored {
        enums::Role::Viewer => Role::Viewer,
        enums::Role::Contributor => Role::Contributor,
        enums::Role::Maintainer => Role::Maintainer,
        enums::Role::Owner => Role::Owner,
    }
}

/// The highest role of a caller in a scope; `None` when there is no such scope, or the caller has no role there.
///
/// # Errors
/// The store fails.
pub async fn role_in<C: ConnectionTrait>(
    connection: &C,
    caller: &Caller,
    scope: Scope,
) -> Result<Option<Role>, Failure> {
    match (caller, scope) {
        (Caller::Anonymous, _) => Ok(None),
        (Caller::Service { project, role, .. }, Scope::Project(asked)) if *project == asked => {
            Ok(project_of(connection, asked).await?.map(|_| *role))
        }
        (Caller::Service { .. }, _) => Ok(None),
        (Caller::Person { user, .. }, Scope::Project(project)) => in_project(connection, *user, project).await,
        (Caller::Person { user, .. }, Scope::Organization(organization)) => {
            in_organization(connection, *user, organization).await
        }
        (Caller::Person { user, .. }, Scope::Installation) => {
            let operator = organizations::Entity::find()
                .filter(organizations::Column::Operator.eq(true))
                .one(connection)
                .await
                .map_err(failed)?;
            match operator {
                Some(operator) => in_organization(connection, *user, operator.id).await,
                None => Ok(None),
            }
        }
    }
}

/// The organization of a project that is there.
async fn project_of<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Option<Uuid>, Failure> {
    let row = projects::Entity::find_by_id(project)
        .filter(projects::Column::State.ne(ProjectState::Deleted))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(row.map(|row| row.organization_id))
}

/// The higher of both roles, in one statement: this is asked for with every request.
async fn in_project<C: ConnectionTrait>(connection: &C, user: Uuid, project: Uuid) -> Result<Option<Role>, Failure> {
    use {memberships as own, organization_members as inherited};
    let standing = |column: projects::Column| {
        Query::select()
            .column(column)
            .from(projects::Entity)
            .and_where(projects::Column::Id.eq(project))
            .and_where(projects::Column::State.ne(ProjectState::Deleted))
            .to_owned()
    };
    let inherited = Query::select()
        .expr_as(Expr::col(inherited::Column::Role).cast_as("text"), "role")
        .from(inherited::Entity)
        .and_where(inherited::Column::OrganizationId.in_subquery(standing(projects::Column::OrganizationId)))
        .and_where(inherited::Column::UserId.eq(user))
        .to_owned();
    let both = Query::select()
        .expr_as(Expr::col(own::Column::Role).cast_as("text"), "role")
        .from(own::Entity)
        .and_where(own::Column::ProjectId.in_subquery(standing(projects::Column::Id)))
        .and_where(own::Column::UserId.eq(user))
        .union(UnionType::All, inherited)
        .to_owned();
    let mut highest = None;
    for row in connection.query_all(&both).await.map_err(failed)? {
        let text: String = row.try_get("", "role").map_err(failed)?;
        let stored = enums::Role::try_from(text.as_str()).map_err(Failure::internal)?;
        highest = Ord::max(highest, Some(role(stored)));
    }
    Ok(highest)
}

async fn in_organization<C: ConnectionTrait>(
    connection: &C,
    user: Uuid,
    organization: Uuid,
) -> Result<Option<Role>, Failure> {
    let row = organization_members::Entity::find()
        .filter(organization_members::Column::OrganizationId.eq(organization))
        .filter(organization_members::Column::UserId.eq(user))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(row.map(|row| role(row.role)))
}
