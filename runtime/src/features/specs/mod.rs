//! The domain `specs`: spec files, and applying them.
//!
//! Owns: its operations. Must not know: HTTP, how anything is generated or compared; `flaresmith-codegen` and `flaresmith-sync` do.

mod apply;
mod compare;
mod kind;
mod outline;
pub(crate) mod planned;
mod problem;
mod read;
pub(crate) mod secrets;
mod upload;
pub(crate) mod version;

use flaresmith_api::api::specs::{
    ApplySpecsRequest, ApplySpecsResponse, GetDriftRequest, GetDriftResponse, GetSpecRequest, GetSpecResponse,
    GetSpecVersionRequest, GetSpecVersionResponse, ListSpecVersionsRequest, ListSpecVersionsResponse, ListSpecsRequest,
    ListSpecsResponse, SpecsApi, UploadSpecRequest, UploadSpecResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use crate::pipeline::Access;
use crate::platform::Platform;

impl SpecsApi for Platform {
    async fn apply_specs(&self, context: Context, request: ApplySpecsRequest) -> Result<ApplySpecsResponse, Failure> {
        let access = Access::of(&context)?;
        let (flaresmith_commit, body) = apply::apply(self, access, request.body).await?;
        Ok(ApplySpecsResponse::Ok {
            flaresmith_commit,
            body,
        })
    }

    async fn get_drift(&self, _: Context, request: GetDriftRequest) -> Result<GetDriftResponse, Failure> {
        apply::drift(self, request).await.map(GetDriftResponse::Ok)
    }

    async fn list_specs(&self, _: Context, request: ListSpecsRequest) -> Result<ListSpecsResponse, Failure> {
        read::list(self, request).await.map(ListSpecsResponse::Ok)
    }

    async fn upload_spec(&self, context: Context, request: UploadSpecRequest) -> Result<UploadSpecResponse, Failure> {
        let access = Access::of(&context)?;
        let project = request.project_id;
        let body = upload::upload(self, access, project, request.body).await?;
        Ok(UploadSpecResponse::Created {
            location: Some(format!("/projects/{project}/specs/{}", body.id)),
            body,
        })
    }

    async fn get_spec(&self, _: Context, request: GetSpecRequest) -> Result<GetSpecResponse, Failure> {
        read::detail(self, request).await.map(GetSpecResponse::Ok)
    }

    async fn list_spec_versions(
        &self,
        _: Context,
        request: ListSpecVersionsRequest,
    ) -> Result<ListSpecVersionsResponse, Failure> {
        read::versions(self, request).await.map(ListSpecVersionsResponse::Ok)
    }

    async fn get_spec_version(
        &self,
        context: Context,
        request: GetSpecVersionRequest,
    ) -> Result<GetSpecVersionResponse, Failure> {
        read::version(self, context.headers(), request).await
    }
}
