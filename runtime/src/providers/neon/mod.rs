//! Neon: where the databases of a project are, for whoever connected it.
//!
//! Owns: from the platform's words to calls of Neon's API, as its published contract has them. Must not know: runs, rows, requests of
//! people, what is in a database.
//!
//! Neon knows no key that makes a repeated request harmless, and gives a second project to whoever asks twice. So what is to be made
//! is looked up first and after every doubt. A change there is done when its operations are, not when it is answered; while one is
//! under way the project may be locked, which is waited for and is no failure.

mod account;
mod branch;
mod operations;
mod project;
mod restore;
mod standby;

use std::time::{Duration, Instant};

use axum::http::{HeaderValue, Method, StatusCode};
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Mark;
use super::cloud::{Access, Answer, Call, Client, Failures, Waits, below};
use crate::sealing::Sealer;
pub use account::Account;
pub use branch::{Branch, Wanted as WantedBranch};
pub use project::{Project, Wanted as WantedProject};
pub use standby::Standby;

/// Longest time for one call of the API.
const CALL: Duration = Duration::from_secs(20);

/// How long is waited for a project that another operation has locked.
const LOCKED: Duration = Duration::from_secs(60);

/// Most pages of one list.
const PAGES: usize = 200;

/// The major version of Postgres where nobody names one.
pub const POSTGRES: i64 = 17;

/// The database of a branch, and the role that owns it.
const DATABASE: &str = "app";
const ROLE: &str = "app";

/// Neon.
#[derive(Clone)]
pub struct Neon {
    client: Client,
    api: Url,
    /// What marks are made with.
    key: [u8; 32],
}

impl Neon {
    /// The one whose API is at an address.
    #[must_use]
    pub fn new(client: Client, api: Url, sealer: &Sealer) -> Self {
        Self {
            client,
            api,
            key: sealer.derive("neon.mark"),
        }
    }

    fn failures() -> Failures {
        Failures::of(Provider::Neon)
    }

    async fn call(
        &self,
        access: &Access,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut url = below(&self.api, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut call = Call::json(access, Provider::Neon, method, url, body, CALL)?;
        if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
            // Neon takes it for its own, and tells it where something is to be found out.
            call.headers.insert("x-request-id", id);
        }
        let answer = self.client.send(call).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => {
                Err(Self::failures().rejected("it does not accept the key any more; connect it again."))
            }
            status if status.is_redirection() => {
                Err(Self::failures().rejected("its answer leads elsewhere, and is not followed."))
            }
            _ => Ok(answer),
        }
    }

    /// A call that changes something. A project that is locked is waited for.
    async fn change(
        &self,
        access: &Access,
        mark: &Mark,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let (began, mut waits) = (Instant::now(), Waits::begin());
        loop {
            // Whoever waited may have lost its run meanwhile.
            mark.fence.check(None).await?;
            let answer = self.call(access, method.clone(), path, &[], body).await?;
            if answer.status != StatusCode::LOCKED || began.elapsed() >= LOCKED {
                return Ok(answer);
            }
            tokio::time::sleep(waits.following()).await;
        }
    }

    /// What is there, as a type; `None`: nothing, or nothing that the key may see.
    async fn found<T: DeserializeOwned>(
        &self,
        access: &Access,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<T>, Failure> {
        let answer = self.call(access, Method::GET, path, query, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => answer.json().map(Some),
            _ => Err(because(&answer)),
        }
    }

    /// Everything that a list has under a name, page by page. A page may have less than was asked for and not be the last.
    async fn listed<T: DeserializeOwned>(
        &self,
        access: &Access,
        path: &[&str],
        query: &[(&str, &str)],
        name: &str,
    ) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let mut query = query.to_vec();
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let answer = self.call(access, Method::GET, path, &query, None).await?;
            if !answer.status.is_success() {
                return Err(because(&answer));
            }
            let mut page: Value = answer.json()?;
            let items = page.get_mut(name).map(Value::take).unwrap_or_default();
            let wrong = |error| {
                let reason = "its answer is not what its contract says.";
                Self::failures().rejected(reason).with_source(error)
            };
            let items: Vec<T> = serde_json::from_value(items).map_err(wrong)?;
            let pagination = page.get("pagination");
            let told = pagination.and_then(|page| page.get("next").or_else(|| page.get("cursor")));
            let next = told
                .and_then(Value::as_str)
                .filter(|next| !next.is_empty())
                .map(str::to_owned);
            // Some lists give a cursor behind their last page too.
            let is_last = items.is_empty() || next.is_none() || next == cursor;
            all.extend(items);
            if is_last {
                break;
            }
            cursor = next;
        }
        Ok(all)
    }
}

/// Why Neon refused, in our words: its own may repeat what it was sent. The status alone tells; its code may be empty.
fn because(answer: &Answer) -> Failure {
    let failures = Neon::failures();
    match answer.status {
        StatusCode::PAYMENT_REQUIRED => failures.rejected("the plan does not pay for this."),
        StatusCode::FORBIDDEN => {
            failures.rejected("the key may not do this; one of a single project makes no others, for one.")
        }
        StatusCode::NOT_FOUND => failures.rejected("there is no such thing, or the key may not see it."),
        StatusCode::CONFLICT => failures.conflict("Something there changed at the same time."),
        StatusCode::LOCKED => failures.conflict("Another operation holds the project there."),
        StatusCode::UNPROCESSABLE_ENTITY => failures.rejected(
            "it does not take a setting, or the plan has no room: it allows so many projects, and so many branches of each.",
        ),
        status => failures.rejected(&format!("it answered with status {}.", status.as_u16())),
    }
}
