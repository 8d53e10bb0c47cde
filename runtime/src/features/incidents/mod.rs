//! The domain `incidents`: outages, failovers and health.
//!
//! Owns: its operations. Must not know: HTTP.

pub(in crate::features) mod failover;
mod list;
pub(in crate::features) mod outage;

use flaresmith_api::api::incidents::{
    GetIncidentRequest, GetIncidentResponse, IncidentsApi, ListHealthChecksRequest, ListHealthChecksResponse,
    ListIncidentsRequest, ListIncidentsResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use super::environments::health;
use crate::platform::Platform;

impl IncidentsApi for Platform {
    async fn list_incidents(
        &self,
        _: Context,
        request: ListIncidentsRequest,
    ) -> Result<ListIncidentsResponse, Failure> {
        list::page(self, request).await.map(ListIncidentsResponse::Ok)
    }

    async fn get_incident(&self, _: Context, request: GetIncidentRequest) -> Result<GetIncidentResponse, Failure> {
        list::one(self, request.project_id, request.incident_id)
            .await
            .map(GetIncidentResponse::Ok)
    }

    async fn list_health_checks(
        &self,
        _: Context,
        request: ListHealthChecksRequest,
    ) -> Result<ListHealthChecksResponse, Failure> {
        health::page(self, request).await.map(ListHealthChecksResponse::Ok)
    }
}
