//! The domain `environments`: the environment matrix and every change of state.
//!
//! Owns: its operations. Must not know: HTTP. What deploys or provisions answers 501 until there is a pipeline.

mod matrix;

use flaresmith_api::api::environments::{
    EnvironmentsApi, GetEnvironmentMatrixRequest, GetEnvironmentMatrixResponse, GetEnvironmentRequest,
    GetEnvironmentResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

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
}
