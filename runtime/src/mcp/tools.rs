//! Tools: listing them, and carrying out a call.
//!
//! Owns: what the protocol asks of a server of tools. Must not know: transports, how operations are carried out.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::{RequestId, TraceId};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use tower::ServiceExt as _;

use super::catalog::{Catalog, Form, Unknown};
use super::{answer, arguments};

/// What of a client's own request goes along with the call: who calls, and which trace it belongs to.
const ALONG: [&str; 3] = ["authorization", "traceparent", "tracestate"];

/// A server of tools.
#[derive(Clone)]
pub(super) struct Tools {
    catalog: &'static Catalog,
    form: Form,
    api: Router,
}

impl Tools {
    /// Tools in a form, in front of this API.
    pub(super) fn new(form: Form, api: Router) -> Self {
        Self {
            catalog: Catalog::own(),
            form,
            api,
        }
    }

    /// Carries out a call as the request of whoever sent `parts`.
    async fn call(&self, asked: CallToolRequestParams, parts: &Parts) -> Result<CallToolResponse, ErrorData> {
        let ids = (
            RequestId::of(&parts.extensions, &parts.headers),
            TraceId::of(&parts.extensions, &parts.headers),
        );
        let given = asked.arguments.unwrap_or_default();
        let (operation, given) = match self.catalog.meant(self.form, &asked.name, given) {
            Ok(meant) => meant,
            Err(Unknown::Tool) => {
                return Err(ErrorData::invalid_params(
                    format!("there is no tool {:?}", asked.name),
                    None,
                ));
            }
            Err(Unknown::Operation) => {
                let failure = Failure::new(ErrorCode::RequestValidationFailed).with_message(
                    "`operation` is the name of an operation of this tool, `arguments` an object, and there is nothing else.",
                );
                return Ok(answer::failed(&failure, &ids).into());
            }
        };
        let mut request = match arguments::request(operation, given) {
            Ok(request) => request,
            Err(violations) => {
                let failure = Failure::new(ErrorCode::RequestValidationFailed);
                let failure = failure.with_details(json!({ "violations": violations }));
                return Ok(answer::failed(&failure, &ids).into());
            }
        };
        for name in ALONG {
            if let Some(value) = parts.headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(address) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            request.extensions_mut().insert(*address);
        }
        request.extensions_mut().insert(ids.0.clone());
        request.extensions_mut().insert(ids.1.clone());
        let response = match self.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        Ok(answer::of(response, &ids).await.into())
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("flaresmith", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "The operations of a Flaresmith platform. A failure says its code, a hint and a request id.",
            )
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let mut tools = self.catalog.tools(self.form).iter();
        tools.find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.catalog.tools(self.form).to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match context.extensions.get::<Parts>() {
            Some(parts) => self.call(request, parts).await,
            None => Err(ErrorData::internal_error("a call came without its request", None)),
        }
    }
}
