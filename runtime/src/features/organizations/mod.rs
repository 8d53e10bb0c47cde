//! The domain `organizations`: organizations and their members.
//!
//! Owns: its operations. Must not know: HTTP.

mod members;

use flaresmith_api::api::organizations::{
    AddOrganizationMemberRequest, AddOrganizationMemberResponse, CreateOrganizationRequest, CreateOrganizationResponse,
    GetOrganizationRequest, GetOrganizationResponse, ListOrganizationMembersRequest, ListOrganizationMembersResponse,
    ListOrganizationsRequest, ListOrganizationsResponse, OrganizationsApi, RemoveOrganizationMemberRequest,
    RemoveOrganizationMemberResponse, UpdateOrganizationMemberRequest, UpdateOrganizationMemberResponse,
    UpdateOrganizationRequest, UpdateOrganizationResponse,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::{Organization, OrganizationCreate};
use flaresmith_store::entities::{organization_members, organizations};
use flaresmith_store::enums::Role;
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::features::shown::{listed, shown};
use crate::features::slug;
use crate::pipeline::Access;
use crate::pipeline::access::absent_organization;
use crate::platform::Platform;
use crate::store::page::{Asked, newest_first};
use crate::store::{failed, new_id, taken_or_failed};

impl OrganizationsApi for Platform {
    async fn list_organizations(
        &self,
        context: Context,
        request: ListOrganizationsRequest,
    ) -> Result<ListOrganizationsResponse, Failure> {
        let person = Access::of(&context)?.person()?;
        let mine = Query::select()
            .column(organization_members::Column::OrganizationId)
            .from(organization_members::Entity)
            .and_where(organization_members::Column::UserId.eq(person))
            .to_owned();
        let select = organizations::Entity::find().filter(organizations::Column::Id.in_subquery(mine));
        let asked = Asked {
            list: &format!("organizations/{person}"),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        let by = (organizations::Column::CreatedAt, organizations::Column::Id);
        let page = newest_first(self.store.read(), &self.cursors, asked, select, by, |row| {
            (row.created_at, row.id)
        })
        .await?;
        listed(&page).map(ListOrganizationsResponse::Ok)
    }

    async fn create_organization(
        &self,
        context: Context,
        request: CreateOrganizationRequest,
    ) -> Result<CreateOrganizationResponse, Failure> {
        let person = Access::of(&context)?.person()?;
        let body = create(self, person, request.body).await?;
        Ok(CreateOrganizationResponse::Created {
            location: Some(format!("/organizations/{}", body.id)),
            body,
        })
    }

    async fn get_organization(
        &self,
        _: Context,
        request: GetOrganizationRequest,
    ) -> Result<GetOrganizationResponse, Failure> {
        let row = organizations::Entity::find_by_id(request.organization_id)
            .one(self.store.read())
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| absent_organization(request.organization_id))?;
        Ok(GetOrganizationResponse::Ok(shown(&row)?))
    }

    async fn update_organization(
        &self,
        _: Context,
        request: UpdateOrganizationRequest,
    ) -> Result<UpdateOrganizationResponse, Failure> {
        let write = self.store.begin().await?;
        let row = organizations::Entity::find_by_id(request.organization_id)
            .one(&*write)
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| absent_organization(request.organization_id))?;
        let mut row = row.into_active_model();
        row.name = Set(request.body.name);
        row.updated_at = Set(self.clock.now());
        let row = row.update(&*write).await.map_err(failed)?;
        write.commit().await?;
        Ok(UpdateOrganizationResponse::Ok(shown(&row)?))
    }

    async fn list_organization_members(
        &self,
        _: Context,
        request: ListOrganizationMembersRequest,
    ) -> Result<ListOrganizationMembersResponse, Failure> {
        members::list(self, request)
            .await
            .map(ListOrganizationMembersResponse::Ok)
    }

    async fn add_organization_member(
        &self,
        _: Context,
        request: AddOrganizationMemberRequest,
    ) -> Result<AddOrganizationMemberResponse, Failure> {
        let organization = request.organization_id;
        let body = members::add(self, organization, request.body).await?;
        Ok(AddOrganizationMemberResponse::Created {
            location: Some(format!("/organizations/{organization}/members/{}", body.member.id)),
            body,
        })
    }

    async fn update_organization_member(
        &self,
        _: Context,
        request: UpdateOrganizationMemberRequest,
    ) -> Result<UpdateOrganizationMemberResponse, Failure> {
        let (organization, member) = (request.organization_id, request.member_id);
        members::change(self, organization, member, request.body.role)
            .await
            .map(UpdateOrganizationMemberResponse::Ok)
    }

    async fn remove_organization_member(
        &self,
        _: Context,
        request: RemoveOrganizationMemberRequest,
    ) -> Result<RemoveOrganizationMemberResponse, Failure> {
        members::remove(self, request.organization_id, request.member_id).await?;
        Ok(RemoveOrganizationMemberResponse::NoContent)
    }
}

/// Makes an organization and its owner.
async fn create(platform: &Platform, person: Uuid, body: OrganizationCreate) -> Result<Organization, Failure> {
    let now = platform.clock.now();
    let slug = body.slug.unwrap_or_else(|| slug::of(&body.name, "organization"));
    let write = platform.store.begin().await?;
    let row = organizations::ActiveModel {
        id: Set(new_id()),
        name: Set(body.name),
        slug: Set(slug),
        operator: Set(false),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let taken = || Failure::new(ErrorCode::OrganizationSlugTaken);
    let row = row
        .insert(&*write)
        .await
        .map_err(|error| taken_or_failed(error, taken))?;
    organization_members::ActiveModel {
        id: Set(new_id()),
        organization_id: Set(row.id),
        user_id: Set(person),
        role: Set(Role::Owner),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&*write)
    .await
    .map_err(failed)?;
    write.commit().await?;
    shown(&row)
}
