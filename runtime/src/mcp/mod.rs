//! MCP: the operations of the contract as tools for language models.
//!
//! Owns: where tools are served, in which forms, and who may use them. Must not know: what an operation does; a call goes through
//! the pipeline as any request does, with the token that came with it.
//!
//! | path | form |
//! |---|---|
//! | `/mcp` | one tool an operation |
//! | `/mcp/grouped` | one tool a domain, for clients that take few tools |

mod answer;
mod arguments;
mod catalog;
mod form;
mod guard;
mod tools;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::pipeline::observe::Served;
use crate::pipeline::{envelope, layer, protect};
use crate::platform::Platform;
use crate::settings::Settings;
use catalog::Form;
use tools::Tools;

/// The router of the platform with its tools beside it, and what ends the streams that clients keep open: they would hold up a
/// server that stops.
pub fn beside(platform: &Platform, api: Router) -> (Router, impl FnOnce() + Send + 'static) {
    let config = StreamableHttpServerConfig::default()
        // A page of another site that got at this address still has no token, and every request needs one.
        .disable_allowed_hosts()
        .with_allowed_origins(origins(&platform.settings))
        .enforce_origin_validation()
        .with_max_request_body_bytes(platform.settings.max_body);
    let streams = config.cancellation_token.clone();
    let service = |form: Form| {
        let tools = Tools::new(form, api.clone());
        StreamableHttpService::new(
            move || Ok(tools.clone()),
            Arc::<LocalSessionManager>::default(),
            config.clone(),
        )
    };
    let (guarded, followed) = (platform.clone(), platform.clone());
    let mcp = Router::new()
        .route_service("/mcp", service(Form::Operations))
        .route_service("/mcp/grouped", service(Form::Domains))
        .layer(layer::around(move |request, next| {
            guard::admit(guarded.clone(), request, next)
        }))
        .layer(layer::around(move |request, next| {
            envelope::around(followed.clone(), Served::Mcp, request, next)
        }))
        .layer(protect::layer(&platform.settings));
    (api.merge(mcp), move || streams.cancel())
}

/// The origins whose pages may call: this server's own, and those of the settings.
fn origins(settings: &Settings) -> Vec<String> {
    let named = settings.allow_origin.iter().filter_map(|named| named.0.to_str().ok());
    let own = settings.public_url();
    named.chain([own.as_str()]).filter_map(origin).collect()
}

/// The origin of pages at an address, with its port; none when the address says none.
fn origin(address: &str) -> Option<String> {
    let url: Uri = address.parse().ok()?;
    let scheme = url.scheme_str()?;
    let port = url.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some(format!("{scheme}://{}:{port}", url.host()?))
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_has_a_port_and_no_path() {
        let of = |url: &str| origin(url).unwrap_or_default();
        assert_eq!(of("https://example.com/api"), "https://example.com:443");
        assert_eq!(of("http://127.0.0.1:8787"), "http://127.0.0.1:8787");
        assert_eq!(of("nothing"), "");
    }
}
