//! Cloudflare: where the workers of a project run, for whoever connected it.
//!
//! Owns: from the platform's words to calls of Cloudflare's API, as its published contract has them. Must not know: runs, rows, requests
//! of people, what a worker does.
//!
//! Cloudflare knows no key that makes a repeated request harmless, and whoever uploads a script under a name that is taken overwrites
//! what runs there, at once. So a script is uploaded whole a single time, when nothing stands under its name; from then on versions are
//! added beside the one that answers. What is to be made is looked up first and after every doubt, and is ours only when it bears the
//! mark that nobody else can make. Answers that say `success: false` are refusals, whatever their status.

mod account;
mod deployment;
mod envelope;
mod multipart;
mod page;
mod quiet;
mod script;
mod version;

use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use bytes::Bytes;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use reqwest::Url;
use serde_json::Value;

use super::cloud::{Access, Call, Client, Failures, below};
use crate::sealing::Sealer;
use crate::settings::CloudflarePlace;
pub use account::{Account, PAGES as PAGES_SCOPE};
use envelope::Told;
use multipart::Parts;
pub use page::{Page, Wanted as WantedPage};
use quiet::Quiet;
pub use script::Script;
pub use version::Wanted as WantedVersion;

/// Longest time for one call of the API.
const CALL: Duration = Duration::from_secs(20);

/// Longest time for an upload.
const UPLOAD: Duration = Duration::from_secs(90);

/// Most pages of one list.
const PAGES: usize = 50;

/// Codes of what is not there: a worker, what belongs to one, a Pages project.
const ABSENT: [i64; 3] = [10007, 10090, 8_000_007];

/// Cloudflare.
#[derive(Clone)]
pub struct Cloudflare {
    client: Client,
    place: CloudflarePlace,
    quiet: Quiet,
    /// What marks are made with.
    key: [u8; 32],
}

/// What is sent with a call.
enum Sent<'a> {
    Nothing,
    Json(&'a Value),
    Parts(Parts),
}

impl Cloudflare {
    /// The one that is at a place.
    #[must_use]
    pub fn new(client: Client, place: CloudflarePlace, sealer: &Sealer) -> Self {
        Self {
            client,
            place,
            quiet: Quiet::default(),
            key: sealer.derive("cloudflare.mark"),
        }
    }

    /// What asks workers whether they answer.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How long is waited until something that was made there can be used.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.place.ready
    }

    fn failures() -> Failures {
        Failures::of(Provider::Cloudflare)
    }

    /// One call. What it came to is for the caller to tell, but for what is the same for all: a token that is refused, a failure that
    /// passes, being asked to wait.
    async fn call(
        &self,
        access: &Access,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        sent: Sent<'_>,
    ) -> Result<Told, Failure> {
        let told = self.asked(access, method, path, query, sent).await?;
        match told.is_unauthorized() {
            true => Err(Self::failures().rejected("it does not accept the token, or the token may not do this.")),
            false => Ok(told),
        }
    }

    async fn asked(
        &self,
        access: &Access,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        sent: Sent<'_>,
    ) -> Result<Told, Failure> {
        self.quiet.pass(&self.key, access)?;
        let mut url: Url = below(&self.place.api, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let (json, limit) = match &sent {
            Sent::Json(body) => (Some(*body), CALL),
            Sent::Parts(_) => (None, UPLOAD),
            Sent::Nothing => (None, CALL),
        };
        let mut call = Call::json(access, Provider::Cloudflare, method, url, json, limit)?;
        if let Sent::Parts(parts) = sent {
            let kind = HeaderValue::from_str(&parts.content_type()).map_err(Failure::internal)?;
            call.headers.insert(header::CONTENT_TYPE, kind);
            call.body = Bytes::from(parts.whole());
        }
        let answer = self.client.send(call).await;
        if let Err(failure) = &answer
            && failure.code() == ErrorCode::IntegrationCloudflareRateLimited
        {
            self.quiet.asked_for(&self.key, access, failure);
        }
        let answer = answer?;
        self.quiet.used_up(&self.key, access, &answer.headers);
        if answer.status.is_redirection() {
            return Err(Self::failures().rejected("its answer leads elsewhere, and is not followed."));
        }
        Told::read(&answer)
    }
}
