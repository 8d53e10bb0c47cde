//! Members of a project.
//!
//! Owns: adding, changing and removing them. Must not know: HTTP. A project always has an owner: its organization keeps one.
//!
//! Members are those with a role in the project and those with one in its organization; each is listed once, with the higher.

use std::collections::BTreeMap;

use flaresmith_api::api::projects::ListMembersRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{Member, MemberAdd, MemberAdded, MemberPage, MemberSource, Role};
use flaresmith_store::entities::memberships::{ActiveModel, Column, Entity, Model};
use flaresmith_store::entities::{organization_members, projects, users};
use flaresmith_store::enums;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use crate::features::users::{invitation, people, profile};
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::store::page::{Asked, slice};
use crate::store::{Write, failed, new_id, taken_or_failed};

/// One page of members, the newest first.
pub(super) async fn list(platform: &Platform, request: ListMembersRequest) -> Result<MemberPage, Failure> {
    let read = platform.store.read();
    let project = request.project_id;
    let members = members(read, project).await?;
    let asked = Asked {
        list: &format!("members/{project}"),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let page = slice(&platform.cursors, asked, members, |member| {
        (member.created_at, member.id)
    })?;
    Ok(MemberPage {
        has_more: page.has_more(),
        items: page.items,
        next_cursor: page.next_cursor,
    })
}

/// Adds a person, inviting those without an account.
pub(super) async fn add(platform: &Platform, project: Uuid, body: MemberAdd) -> Result<MemberAdded, Failure> {
    let write = platform.store.begin().await?;
    let organization = organization_of(&*write, project).await?;
    // Who is removed from the organization meanwhile is not left with a role in the project.
    write.alone(&format!("members/{organization}")).await?;
    let (person, invitation) = invitation::find_or_invite(platform, &write, organization, &body.email, None).await?;
    let now = platform.clock.now();
    let belongs = organization_members::Entity::find()
        .filter(organization_members::Column::OrganizationId.eq(organization))
        .filter(organization_members::Column::UserId.eq(person.id))
        .one(&*write)
        .await
        .map_err(failed)?;
    if belongs.is_none() {
        organization_members::ActiveModel {
            id: Set(new_id()),
            organization_id: Set(organization),
            user_id: Set(person.id),
            role: Set(enums::Role::Viewer),
            created_at: Set(now),
            updated_at: Set(now),
        }
        .insert(&*write)
        .await
        .map_err(failed)?;
    }
    let row = ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        user_id: Set(person.id),
        role: Set(profile::stored_role(body.role)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let exists = || Failure::new(ErrorCode::ProjectMemberExists);
    let row = row
        .insert(&*write)
        .await
        .map_err(|error| taken_or_failed(error, exists))?;
    write.commit().await?;
    Ok(MemberAdded {
        member: own(&row, &person),
        invitation,
    })
}

/// Gives a member another role.
pub(super) async fn change(platform: &Platform, project: Uuid, member: Uuid, role: Role) -> Result<Member, Failure> {
    let write = platform.store.begin().await?;
    let mut row = find(&write, project, member).await?.into_active_model();
    row.role = Set(profile::stored_role(role));
    row.updated_at = Set(platform.clock.now());
    let row = row.update(&*write).await.map_err(failed)?;
    let person = users::Entity::find_by_id(row.user_id)
        .one(&*write)
        .await
        .map_err(failed)?;
    write.commit().await?;
    Ok(own(&row, &person.ok_or_else(absent)?))
}

/// Takes a role in a project away.
pub(super) async fn remove(platform: &Platform, project: Uuid, member: Uuid) -> Result<(), Failure> {
    let write = platform.store.begin().await?;
    let row = find(&write, project, member).await?;
    Entity::delete_by_id(row.id).exec(&*write).await.map_err(failed)?;
    write.commit().await
}

async fn members<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Vec<Member>, Failure> {
    let organization = organization_of(connection, project).await?;
    let own_rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .all(connection)
        .await
        .map_err(failed)?;
    let inherited = organization_members::Entity::find()
        .filter(organization_members::Column::OrganizationId.eq(organization))
        .all(connection)
        .await
        .map_err(failed)?;
    let ids = own_rows
        .iter()
        .map(|row| row.user_id)
        .chain(inherited.iter().map(|row| row.user_id));
    let people = people(connection, ids).await?;
    let mut members: BTreeMap<Uuid, Member> = BTreeMap::new();
    for row in &own_rows {
        if let Some(person) = people.get(&row.user_id) {
            members.insert(row.user_id, own(row, person));
        }
    }
    for row in &inherited {
        let role = profile::role(row.role);
        let higher = members.get(&row.user_id).is_none_or(|member| member.role < role);
        if let Some(person) = people.get(&row.user_id).filter(|_| higher) {
            let member = Member {
                id: row.id,
                user: profile::of(person),
                role,
                source: MemberSource::Organization,
                created_at: row.created_at,
            };
            members.insert(row.user_id, member);
        }
    }
    Ok(members.into_values().collect())
}

fn own(row: &Model, person: &users::Model) -> Member {
    Member {
        id: row.id,
        user: profile::of(person),
        role: profile::role(row.role),
        source: MemberSource::Project,
        created_at: row.created_at,
    }
}

async fn organization_of<C: ConnectionTrait>(connection: &C, project: Uuid) -> Result<Uuid, Failure> {
    let row = projects::Entity::find_by_id(project)
        .one(connection)
        .await
        .map_err(failed)?;
    row.map(|row| row.organization_id)
        .ok_or_else(|| absent_project(project))
}

async fn find(write: &Write, project: Uuid, member: Uuid) -> Result<Model, Failure> {
    let row = Entity::find_by_id(member)
        .filter(Column::ProjectId.eq(project))
        .one(&**write)
        .await
        .map_err(failed)?;
    row.ok_or_else(absent)
}

fn absent() -> Failure {
    Failure::new(ErrorCode::ProjectMemberNotFound)
}
