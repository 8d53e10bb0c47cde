//! Members of an organization.
//!
//! Owns: adding, changing and removing them, and that an organization keeps an owner. Must not know: HTTP.

use flaresmith_api::api::organizations::ListOrganizationMembersRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{
    OrganizationMemberAdd, OrganizationMemberAdded, OrganizationMemberPage, OrganizationMemberView, Role,
};
use flaresmith_store::entities::organization_members::{ActiveModel, Column, Entity, Model};
use flaresmith_store::entities::{memberships, projects, users};
use flaresmith_store::enums;
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::features::users::{invitation, people, profile};
use crate::platform::Platform;
use crate::store::page::{Asked, newest_first};
use crate::store::{Write, failed, new_id, taken_or_failed};

/// One page of members, the newest first.
pub(super) async fn list(
    platform: &Platform,
    request: ListOrganizationMembersRequest,
) -> Result<OrganizationMemberPage, Failure> {
    let organization = request.organization_id;
    let select = Entity::find().filter(Column::OrganizationId.eq(organization));
    let asked = Asked {
        list: &format!("organizationMembers/{organization}"),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let read = platform.store.read();
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(read, &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    let people = people(read, page.items.iter().map(|row| row.user_id)).await?;
    let has_more = page.has_more();
    let items = page
        .items
        .iter()
        .filter_map(|row| Some(view(row, people.get(&row.user_id)?)));
    Ok(OrganizationMemberPage {
        items: items.collect(),
        has_more,
        next_cursor: page.next_cursor,
    })
}

/// Adds a person, inviting those without an account.
pub(super) async fn add(
    platform: &Platform,
    organization: Uuid,
    body: OrganizationMemberAdd,
) -> Result<OrganizationMemberAdded, Failure> {
    let write = platform.store.begin().await?;
    let (person, invitation) =
        invitation::find_or_invite(platform, &write, organization, &body.email, body.name).await?;
    let now = platform.clock.now();
    let row = ActiveModel {
        id: Set(new_id()),
        organization_id: Set(organization),
        user_id: Set(person.id),
        role: Set(profile::stored_role(body.role)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let exists = || Failure::new(ErrorCode::OrganizationMemberExists);
    let row = row
        .insert(&*write)
        .await
        .map_err(|error| taken_or_failed(error, exists))?;
    write.commit().await?;
    Ok(OrganizationMemberAdded {
        member: view(&row, &person),
        invitation,
    })
}

/// Gives a member another role.
pub(super) async fn change(
    platform: &Platform,
    organization: Uuid,
    member: Uuid,
    role: Role,
) -> Result<OrganizationMemberView, Failure> {
    // Of two owners who take the role from each other at the same time, one has to come second.
    let write = platform.store.begin_alone(&format!("members/{organization}")).await?;
    let row = find(&write, organization, member).await?;
    let role = profile::stored_role(role);
    if row.role == enums::Role::Owner && role != enums::Role::Owner {
        keep_an_owner(&write, organization).await?;
    }
    let mut row = row.into_active_model();
    row.role = Set(role);
    row.updated_at = Set(platform.clock.now());
    let row = row.update(&*write).await.map_err(failed)?;
    let people = people(&*write, [row.user_id]).await?;
    write.commit().await?;
    let person = people.get(&row.user_id).ok_or_else(absent)?;
    Ok(view(&row, person))
}

/// Takes a person's roles in an organization and its projects away.
pub(super) async fn remove(platform: &Platform, organization: Uuid, member: Uuid) -> Result<(), Failure> {
    let write = platform.store.begin_alone(&format!("members/{organization}")).await?;
    let row = find(&write, organization, member).await?;
    if row.role == enums::Role::Owner {
        keep_an_owner(&write, organization).await?;
    }
    let its_projects = Query::select()
        .column(projects::Column::Id)
        .from(projects::Entity)
        .and_where(projects::Column::OrganizationId.eq(organization))
        .to_owned();
    memberships::Entity::delete_many()
        .filter(memberships::Column::UserId.eq(row.user_id))
        .filter(memberships::Column::ProjectId.in_subquery(its_projects))
        .exec(&*write)
        .await
        .map_err(failed)?;
    Entity::delete_by_id(row.id).exec(&*write).await.map_err(failed)?;
    write.commit().await
}

async fn find(write: &Write, organization: Uuid, member: Uuid) -> Result<Model, Failure> {
    let row = Entity::find_by_id(member)
        .filter(Column::OrganizationId.eq(organization))
        .one(&**write)
        .await
        .map_err(failed)?;
    row.ok_or_else(absent)
}

/// Refuses to take away the last owner.
async fn keep_an_owner(write: &Write, organization: Uuid) -> Result<(), Failure> {
    let owners = Entity::find()
        .filter(Column::OrganizationId.eq(organization))
        .filter(Column::Role.eq(enums::Role::Owner))
        .count(&**write)
        .await
        .map_err(failed)?;
    match owners {
        0 | 1 => Err(Failure::new(ErrorCode::OrganizationLastOwner)),
        _ => Ok(()),
    }
}

fn view(row: &Model, person: &users::Model) -> OrganizationMemberView {
    OrganizationMemberView {
        id: row.id,
        user_id: row.user_id,
        user: profile::of(person),
        role: profile::role(row.role),
        created_at: row.created_at,
    }
}

fn absent() -> Failure {
    Failure::new(ErrorCode::OrganizationMemberNotFound)
}
