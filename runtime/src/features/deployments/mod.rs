//! The domain `deployments`: history of deployments and builds.
//!
//! Owns: its operations. Must not know: HTTP.

mod read;

use flaresmith_api::api::deployments::{
    DeploymentsApi, GetBuildLogRequest, GetBuildLogResponse, GetBuildRequest, GetBuildResponse, GetDeploymentRequest,
    GetDeploymentResponse, ListBuildsRequest, ListBuildsResponse, ListDeploymentsRequest, ListDeploymentsResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use crate::features::shown::shown;
use crate::platform::Platform;

impl DeploymentsApi for Platform {
    async fn list_deployments(
        &self,
        _: Context,
        request: ListDeploymentsRequest,
    ) -> Result<ListDeploymentsResponse, Failure> {
        read::deployments(self, request).await.map(ListDeploymentsResponse::Ok)
    }

    async fn get_deployment(
        &self,
        _: Context,
        request: GetDeploymentRequest,
    ) -> Result<GetDeploymentResponse, Failure> {
        read::deployment(self, request).await.map(GetDeploymentResponse::Ok)
    }

    async fn list_builds(&self, _: Context, request: ListBuildsRequest) -> Result<ListBuildsResponse, Failure> {
        read::builds(self, request).await.map(ListBuildsResponse::Ok)
    }

    async fn get_build(&self, _: Context, request: GetBuildRequest) -> Result<GetBuildResponse, Failure> {
        shown(&read::build(self, &request).await?).map(GetBuildResponse::Ok)
    }

    async fn get_build_log(&self, _: Context, request: GetBuildLogRequest) -> Result<GetBuildLogResponse, Failure> {
        read::log(self, &request).await.map(GetBuildLogResponse::Ok)
    }
}
