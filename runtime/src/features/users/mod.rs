//! The domain `users`: people with an account.
//!
//! Owns: its operations, and inviting people. Must not know: HTTP.

pub(crate) mod invitation;
pub(crate) mod profile;

use std::collections::BTreeMap;

use flaresmith_api::api::users::{GetUserRequest, GetUserResponse, ListUsersRequest, ListUsersResponse, UsersApi};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::UserPage;
use flaresmith_store::entities::{organization_members, users};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::pipeline::Access;
use crate::platform::Platform;
use crate::store::failed;
use crate::store::page::{Asked, newest_first};

impl UsersApi for Platform {
    async fn list_users(&self, context: Context, request: ListUsersRequest) -> Result<ListUsersResponse, Failure> {
        let person = Access::of(&context)?.person()?;
        let name = request.name.unwrap_or_default();
        let mut select = users::Entity::find().filter(users::Column::Id.in_subquery(companions(person)));
        if !name.is_empty() {
            select = select.filter(holds(users::Column::Name, &name));
        }
        let asked = Asked {
            list: &format!("users/{person}/{name}"),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        let by = (users::Column::CreatedAt, users::Column::Id);
        let page = newest_first(self.store.read(), &self.cursors, asked, select, by, |row| {
            (row.created_at, row.id)
        })
        .await?;
        Ok(ListUsersResponse::Ok(UserPage {
            has_more: page.has_more(),
            items: page.items.iter().map(profile::of).collect(),
            next_cursor: page.next_cursor,
        }))
    }

    async fn get_user(&self, context: Context, request: GetUserRequest) -> Result<GetUserResponse, Failure> {
        let person = Access::of(&context)?.person()?;
        let row = users::Entity::find_by_id(request.user_id)
            .filter(users::Column::Id.in_subquery(companions(person)))
            .one(self.store.read())
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| Failure::new(ErrorCode::UserNotFound))?;
        Ok(GetUserResponse::Ok(profile::of(&row)))
    }
}

/// The people with these ids.
pub(crate) async fn people<C: ConnectionTrait>(
    connection: &C,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, users::Model>, Failure> {
    let rows = users::Entity::find()
        .filter(users::Column::Id.is_in(ids))
        .all(connection)
        .await
        .map_err(failed)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Ids of those who share an organization with a person, the person among them.
fn companions(person: Uuid) -> SelectStatement {
    let own = Query::select()
        .column(organization_members::Column::OrganizationId)
        .from(organization_members::Entity)
        .and_where(organization_members::Column::UserId.eq(person))
        .to_owned();
    Query::select()
        .column(organization_members::Column::UserId)
        .from(organization_members::Entity)
        .and_where(organization_members::Column::OrganizationId.in_subquery(own))
        .to_owned()
}

/// Whether a column holds a text, in capitals or not. Signs of patterns stand for themselves.
///
/// Which letters LOWER knows depends on the database: those of ASCII alone on SQLite and in Postgres' locale C, all of them
/// elsewhere. So both forms of the text are looked for.
pub(crate) fn holds(column: impl sea_orm::IntoSimpleExpr, text: &str) -> Condition {
    let pattern = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let lowered = Expr::expr(Func::lower(column.into_simple_expr()));
    let like = |pattern: &str| {
        let like = LikeExpr::new(format!("%{pattern}%")).escape('\\');
        lowered.clone().like(like)
    };
    Condition::any()
        .add(like(&pattern.to_lowercase()))
        .add(like(&pattern.to_ascii_lowercase()))
}
