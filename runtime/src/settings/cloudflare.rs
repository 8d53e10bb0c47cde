//! Where Cloudflare is.
//!
//! Owns: its addresses, what they may look like, and how long it is given. Must not know: what is called there.

use std::time::Duration;

use reqwest::Url;

use super::github::{https, plain};
use crate::problem::Problem;

/// How long something that was made there may take until it can be used.
const READY: Duration = Duration::from_secs(60);

/// Where Cloudflare is, or a server of one's own that speaks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudflarePlace {
    /// Address of its API.
    pub api: Url,
    /// The address below which workers answer.
    pub workers: Url,
    /// How long something that was made there may take until it can be used.
    pub ready: Duration,
}

impl CloudflarePlace {
    /// The usual one where nothing is said.
    pub(super) fn of(api: Option<&str>, workers: Option<&str>) -> Result<Self, Problem> {
        let usual = Self::default();
        Ok(Self {
            api: api.map_or(Ok(usual.api), |text| given("--cloudflare-api", text))?,
            workers: workers.map_or(Ok(usual.workers), |text| given("--cloudflare-workers", text))?,
            ready: usual.ready,
        })
    }
}

impl Default for CloudflarePlace {
    fn default() -> Self {
        let mut api = https("api.cloudflare.com");
        api.set_path("/client/v4");
        Self {
            api,
            workers: https("workers.dev"),
            ready: READY,
        }
    }
}

/// An address of Cloudflare's. What is wrong is not repeated: it may hold a password.
fn given(flag: &str, text: &str) -> Result<Url, Problem> {
    plain(text).ok_or_else(|| {
        Problem::new(
            "SETTINGS_CLOUDFLARE",
            "the address of Cloudflare is no plain one of HTTP",
        )
        .at(flag)
        .hint(format!(
            "write `{flag} https://HOST/PATH`, without a name, a password or a query"
        ))
    })
}
