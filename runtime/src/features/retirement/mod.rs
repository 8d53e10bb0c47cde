//! The domain `retirement`: what ends things together with all they hold.
//!
//! Owns: its operations. Must not know: HTTP. Deleting a project takes a run of the provisioning pipeline.

use flaresmith_api::api::retirement::{
    DeleteOrganizationRequest, DeleteOrganizationResponse, DeleteProjectRequest, DeleteProjectResponse, RetirementApi,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_store::entities::{organizations, projects};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use crate::features::shown::shown;
use crate::pipeline::Access;
use crate::pipeline::access::absent_organization;
use crate::platform::Platform;
use crate::provisioning::request as runs;
use crate::store::failed;

impl RetirementApi for Platform {
    async fn delete_project(
        &self,
        context: Context,
        request: DeleteProjectRequest,
    ) -> Result<DeleteProjectResponse, Failure> {
        let by = Access::of(&context)?.caller.user();
        let keep = request.keep_resources.unwrap_or(false);
        let run = runs::remove(self, request.project_id, &request.project_slug, keep, by).await?;
        shown(&run).map(DeleteProjectResponse::Accepted)
    }

    async fn delete_organization(
        &self,
        _: Context,
        request: DeleteOrganizationRequest,
    ) -> Result<DeleteOrganizationResponse, Failure> {
        let id = request.organization_id;
        let write = self.store.begin().await?;
        let row = organizations::Entity::find_by_id(id)
            .one(&*write)
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| absent_organization(id))?;
        if row.operator {
            return Err(Failure::new(ErrorCode::OrganizationOperatorProtected));
        }
        if row.slug != request.organization_slug {
            return Err(Failure::new(ErrorCode::ProjectConfirmationMismatch));
        }
        let held = projects::Entity::find()
            .filter(projects::Column::OrganizationId.eq(id))
            .count(&*write)
            .await
            .map_err(failed)?;
        if held > 0 {
            return Err(Failure::new(ErrorCode::OrganizationNotEmpty));
        }
        organizations::Entity::delete_by_id(id)
            .exec(&*write)
            .await
            .map_err(failed)?;
        write.commit().await?;
        Ok(DeleteOrganizationResponse::NoContent)
    }
}
