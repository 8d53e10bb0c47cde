//! The domain `incidents`: outages and health.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::incidents::{IncidentsApi, ListHealthChecksRequest, ListHealthChecksResponse};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use super::environments::health;
use crate::platform::Platform;

impl IncidentsApi for Platform {
    async fn list_health_checks(
        &self,
        _: Context,
        request: ListHealthChecksRequest,
    ) -> Result<ListHealthChecksResponse, Failure> {
        health::page(self, request).await.map(ListHealthChecksResponse::Ok)
    }
}
