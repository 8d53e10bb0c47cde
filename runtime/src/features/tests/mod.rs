//! The domain `tests`: runs of collections.
//!
//! Owns: its operations. Must not know: HTTP.

mod read;
mod start;

use flaresmith_api::api::tests::{
    GetTestRunRequest, GetTestRunResponse, ListTestRunsRequest, ListTestRunsResponse, StartTestRunRequest,
    StartTestRunResponse, TestsApi,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use crate::pipeline::Access;
use crate::platform::Platform;

impl TestsApi for Platform {
    async fn list_test_runs(&self, _: Context, request: ListTestRunsRequest) -> Result<ListTestRunsResponse, Failure> {
        read::all(self, request).await.map(ListTestRunsResponse::Ok)
    }

    async fn start_test_run(
        &self,
        context: Context,
        request: StartTestRunRequest,
    ) -> Result<StartTestRunResponse, Failure> {
        let body = start::start(self, Access::of(&context)?, request).await?;
        let location = Some(format!("/projects/{}/test-runs/{}", body.project_id, body.id));
        Ok(StartTestRunResponse::Accepted { location, body })
    }

    async fn get_test_run(&self, _: Context, request: GetTestRunRequest) -> Result<GetTestRunResponse, Failure> {
        read::one(self, request).await.map(GetTestRunResponse::Ok)
    }
}
