//! Postman: where the collections of a project are too, for whoever connected it.
//!
//! Owns: from the platform's words to calls of Postman's API, as its published contract has them. Must not know: runs, rows, requests
//! of people, how a collection is generated or run.
//!
//! Names are not unique there, ids are unique among everybody's, and whoever asks twice for a workspace or an environment gets two. So
//! what is to be made is looked up first and after every doubt, and is ours only when it bears a mark. There are no versions to
//! write against: what people changed is found by comparing what is there with what was sent last, which the mark names.

mod account;
mod document;
mod element;
mod ids;
mod mark;
mod merged;
mod workspace;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cloud::{Access, Answer, Call, Client, Failures, below};
use super::late::Making;
use super::{Fate, Mark};
use crate::sealing::Sealer;
pub use account::{Account, Needs};
use document::Kind;
pub use document::{Wanted, collection, environment};
pub use element::{Standing, There, Whether};
pub use workspace::{Wanted as WantedWorkspace, Workspace};

/// Longest time for one call of the API. A collection takes its time.
const CALL: Duration = Duration::from_secs(60);

/// Most pages of one list, and how much is asked for at once.
const PAGES: usize = 200;
const PAGE: usize = 100;

/// Postman.
#[derive(Clone)]
pub struct Postman {
    client: Client,
    api: Url,
    /// What marks are made with.
    key: [u8; 32],
}

impl Postman {
    /// The one whose API is at an address.
    #[must_use]
    pub fn new(client: Client, api: Url, sealer: &Sealer) -> Self {
        Self {
            client,
            api,
            key: sealer.derive("postman.mark"),
        }
    }

    fn failures() -> Failures {
        Failures::of(Provider::Postman)
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
        let call = Call::json(access, Provider::Postman, method, url, body, CALL)?;
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

    /// A call that makes something of a kind in a workspace, or a workspace.
    async fn make_one(
        &self,
        access: &Access,
        mark: &Mark,
        within: Option<(Kind, &str)>,
        body: Value,
    ) -> Result<Answer, Failure> {
        let (path, member) = within.map_or(("workspaces", "workspace"), |(kind, _)| (kind.path(), kind.member()));
        let within = within.map(|(kind, workspace)| (kind, workspace.to_owned()));
        let sent = Arc::new(body);
        let (postman, by, inside, body) = (self.clone(), access.unhurried(), within.clone(), Arc::clone(&sent));
        let call = async move {
            let query: Vec<(&str, &str)> = inside.iter().map(|(_, id)| ("workspace", id.as_str())).collect();
            let made = postman.call(&by, Method::POST, &[path], &query, Some(&body)).await?;
            let told: Option<Value> = made.status.is_success().then(|| made.json().ok()).flatten();
            let id = told.and_then(|told| {
                let one = &told[member];
                // Everywhere it is called for by this, where it has one.
                one["uid"].as_str().or(one["id"].as_str()).map(str::to_owned)
            });
            Ok((made, id))
        };
        let (postman, by, free) = (self.clone(), access.clone(), mark.free());
        let making = Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: |(_, id): &(Answer, Option<String>)| id.clone(),
            is_given_twice: true,
            remove: Box::new(move |id, fate| {
                let (postman, by, free) = (postman.clone(), by.clone(), free.clone());
                let (within, sent) = (within.clone(), Arc::clone(&sent));
                Box::pin(async move {
                    let Some((kind, workspace)) = within else {
                        return postman.remove_empty(&by, &free, &id, None).await;
                    };
                    postman.remove_as_sent(&by, &free, kind, &id, &sent).await?;
                    match fate {
                        // Whoever took the project away left the workspace, since this was in it.
                        Fate::Gone => postman.remove_empty(&by, &free, &workspace, None).await,
                        _ => Ok(()),
                    }
                })
            }),
        };
        making.made(mark).await.map(|(made, _)| made)
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
}

/// Whether something was removed, or was not there.
fn gone(done: &Answer) -> Result<(), Failure> {
    match done.status {
        StatusCode::NOT_FOUND => Ok(()),
        status if status.is_success() => Ok(()),
        _ => Err(because(done)),
    }
}

/// Why Postman refused, in our words: its own may repeat what it was sent. Its errors have two shapes; the status alone tells.
fn because(answer: &Answer) -> Failure {
    let failures = Postman::failures();
    match answer.status {
        StatusCode::FORBIDDEN => failures.rejected(
            "the key may not do this: the plan, the team's rules or the region do not allow it. A personal workspace is on every plan.",
        ),
        StatusCode::NOT_FOUND => failures.rejected("there is no such thing, or the key may not see it."),
        StatusCode::CONFLICT => failures.conflict("Another change of the same collection is under way there."),
        StatusCode::PAYLOAD_TOO_LARGE => failures.rejected("the collection or the environment is too large for it."),
        StatusCode::TOO_MANY_REQUESTS => {
            failures.rejected("the plan has no calls left for this month; ask whoever administers the team.")
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            failures.rejected("it does not take what it was sent.")
        }
        status => failures.rejected(&format!("it answered with status {}.", status.as_u16())),
    }
}
