//! The domain `environments`: the environment matrix and every change of state.
//!
//! Owns: its operations. Must not know: HTTP.

pub(in crate::features) mod change;
pub(crate) mod connectivity;
mod deploy;
pub(crate) mod health;
mod matrix;
pub(crate) mod previews;
mod promote;
pub(crate) mod reachability;
mod recover;
mod rollback;

use flaresmith_api::api::environments::{
    ArchivePreviewRequest, ArchivePreviewResponse, CreatePreviewRequest, CreatePreviewResponse,
    DeployEnvironmentRequest, DeployEnvironmentResponse, EnvironmentsApi, GetEnvironmentMatrixRequest,
    GetEnvironmentMatrixResponse, GetEnvironmentRequest, GetEnvironmentResponse, PromoteEnvironmentRequest,
    PromoteEnvironmentResponse, ResetEnvironmentRequest, ResetEnvironmentResponse, RetryEnvironmentRequest,
    RetryEnvironmentResponse, RollbackEnvironmentRequest, RollbackEnvironmentResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;
use flaresmith_api::types::Deployment;

use crate::pipeline::Access;
use crate::platform::Platform;

impl EnvironmentsApi for Platform {
    async fn get_environment_matrix(
        &self,
        _: Context,
        request: GetEnvironmentMatrixRequest,
    ) -> Result<GetEnvironmentMatrixResponse, Failure> {
        let archived = request.include_archived.unwrap_or(false);
        matrix::read(self, request.project_id, archived)
            .await
            .map(GetEnvironmentMatrixResponse::Ok)
    }

    async fn get_environment(
        &self,
        _: Context,
        request: GetEnvironmentRequest,
    ) -> Result<GetEnvironmentResponse, Failure> {
        matrix::detail(self, request.project_id, request.environment_id)
            .await
            .map(GetEnvironmentResponse::Ok)
    }

    async fn create_preview(
        &self,
        context: Context,
        request: CreatePreviewRequest,
    ) -> Result<CreatePreviewResponse, Failure> {
        let body = previews::create(self, Access::of(&context)?, request).await?;
        let location = Some(format!("/projects/{}/environments/{}", body.project_id, body.id));
        Ok(CreatePreviewResponse::Created { location, body })
    }

    async fn archive_preview(
        &self,
        context: Context,
        request: ArchivePreviewRequest,
    ) -> Result<ArchivePreviewResponse, Failure> {
        previews::archive(self, Access::of(&context)?, request)
            .await
            .map(ArchivePreviewResponse::Ok)
    }

    async fn deploy_environment(
        &self,
        context: Context,
        request: DeployEnvironmentRequest,
    ) -> Result<DeployEnvironmentResponse, Failure> {
        let body = deploy::deploy(self, Access::of(&context)?, request).await?;
        let location = Some(place(&body));
        Ok(DeployEnvironmentResponse::Accepted { location, body })
    }

    async fn promote_environment(
        &self,
        context: Context,
        request: PromoteEnvironmentRequest,
    ) -> Result<PromoteEnvironmentResponse, Failure> {
        let body = promote::promote(self, Access::of(&context)?, request).await?;
        let location = Some(place(&body));
        Ok(PromoteEnvironmentResponse::Accepted { location, body })
    }

    async fn rollback_environment(
        &self,
        context: Context,
        request: RollbackEnvironmentRequest,
    ) -> Result<RollbackEnvironmentResponse, Failure> {
        let body = rollback::rollback(self, Access::of(&context)?, request).await?;
        let location = Some(place(&body));
        Ok(RollbackEnvironmentResponse::Accepted { location, body })
    }

    async fn retry_environment(
        &self,
        context: Context,
        request: RetryEnvironmentRequest,
    ) -> Result<RetryEnvironmentResponse, Failure> {
        recover::retry(self, Access::of(&context)?, request)
            .await
            .map(RetryEnvironmentResponse::Accepted)
    }

    async fn reset_environment(
        &self,
        context: Context,
        request: ResetEnvironmentRequest,
    ) -> Result<ResetEnvironmentResponse, Failure> {
        recover::reset(self, Access::of(&context)?, request)
            .await
            .map(ResetEnvironmentResponse::Accepted)
    }
}

/// Where a deployment can be followed.
fn place(deployment: &Deployment) -> String {
    format!("/projects/{}/deployments/{}", deployment.project_id, deployment.id)
}
