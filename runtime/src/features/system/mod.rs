//! The domain `system`: the contract itself and health.
//!
//! Owns: its operations. Must not know: HTTP.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Instant;

use flaresmith_api::api::system::{
    GetLivenessRequest, GetLivenessResponse, GetMetricsRequest, GetMetricsResponse, GetOpenapiRequest,
    GetOpenapiResponse, GetReadinessRequest, GetReadinessResponse, SystemApi,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::{Liveness, OpenapiDocument, Readiness, ReadinessCheck};

use crate::platform::Platform;
use crate::sealing::digest;
use crate::store::version;

/// The contract that this server keeps.
pub(crate) const CONTRACT: &str = include_str!("../../../../generated/openapi/openapi.json");

/// Its ETag.
static TAG: LazyLock<String> = LazyLock::new(|| {
    let digest = digest(CONTRACT.as_bytes());
    format!("\"{}\"", digest.get(7..39).unwrap_or_default())
});

/// The same, read once.
static DOCUMENT: LazyLock<Option<OpenapiDocument>> = LazyLock::new(|| serde_json::from_str(CONTRACT).ok());

impl SystemApi for Platform {
    async fn get_openapi(&self, _: Context, request: GetOpenapiRequest) -> Result<GetOpenapiResponse, Failure> {
        let sent = request.if_none_match.as_deref();
        if sent.is_some_and(|sent| version::lists(sent, &TAG, true)) {
            return Ok(GetOpenapiResponse::NotModified);
        }
        let body = DOCUMENT
            .as_ref()
            .ok_or_else(|| Failure::internal("the contract is no JSON"))?;
        Ok(GetOpenapiResponse::Ok {
            e_tag: Some(TAG.clone()),
            body: body.clone(),
        })
    }

    async fn get_liveness(&self, _: Context, _: GetLivenessRequest) -> Result<GetLivenessResponse, Failure> {
        Ok(GetLivenessResponse::Ok(Liveness {
            status: "live".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: self.started.elapsed().as_secs_f64(),
        }))
    }

    async fn get_metrics(&self, _: Context, _: GetMetricsRequest) -> Result<GetMetricsResponse, Failure> {
        let text = self.metrics.text(&self.store.connections());
        text.map(GetMetricsResponse::Ok).map_err(Failure::internal)
    }

    async fn get_readiness(&self, _: Context, _: GetReadinessRequest) -> Result<GetReadinessResponse, Failure> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Failure::new(ErrorCode::ServerNotReady).with_message("The server is about to stop."));
        }
        let asked = Instant::now();
        self.store.ping().await.map_err(|_| {
            Failure::new(ErrorCode::ServerNotReady).with_cause(ErrorCode::ServerStoreUnavailable.as_str())
        })?;
        Ok(GetReadinessResponse::Ok(Readiness {
            status: "ready".to_owned(),
            checks: vec![ReadinessCheck {
                name: "store".to_owned(),
                ok: true,
                latency_ms: asked.elapsed().as_secs_f64() * 1000.0,
            }],
        }))
    }
}
