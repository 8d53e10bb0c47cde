//! The domain `system`: the contract itself and health.
//!
//! Owns: its operations. Must not know: HTTP.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Instant;

use flaresmith_api::api::system::{
    GetLivenessRequest, GetLivenessResponse, GetOpenapiRequest, GetOpenapiResponse, GetReadinessRequest,
    GetReadinessResponse, SystemApi,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::{Liveness, OpenapiDocument, Readiness, ReadinessCheck};

use crate::platform::Platform;
use crate::sealing::digest;

/// The contract that this server keeps.
const CONTRACT: &str = include_str!("../../../../generated/openapi/openapi.json");

/// Its ETag.
static TAG: LazyLock<String> = LazyLock::new(|| {
    let digest = digest(CONTRACT.as_bytes());
    format!("\"{}\"", digest.get(7..39).unwrap_or_default())
});

impl SystemApi for Platform {
    async fn get_openapi(&self, _: Context, request: GetOpenapiRequest) -> Result<GetOpenapiResponse, Failure> {
        let known = request.if_none_match.as_deref().is_some_and(|sent| {
            let own = TAG.as_str();
            sent.split(',')
                .map(str::trim)
                .any(|one| one == "*" || one == own || one.strip_prefix("W/") == Some(own))
        });
        if known {
            return Ok(GetOpenapiResponse::NotModified);
        }
        let body: OpenapiDocument = serde_json::from_str(CONTRACT).map_err(Failure::internal)?;
        Ok(GetOpenapiResponse::Ok {
            e_tag: Some(TAG.clone()),
            body,
        })
    }

    async fn get_liveness(&self, _: Context, _: GetLivenessRequest) -> Result<GetLivenessResponse, Failure> {
        Ok(GetLivenessResponse::Ok(Liveness {
            status: "alive".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: self.started.elapsed().as_secs_f64(),
        }))
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
