//! GitHub: where the repository of a project also is, for whoever connected it.
//!
//! Owns: from the platform's words to calls of GitHub's API, as its published contract has them. Must not know: runs, rows, requests
//! of people.
//!
//! GitHub knows no key that makes a repeated request harmless. So what is to be made is looked up first and after every doubt, and
//! is ours only when it bears the project's mark. That stands in the description, which comes to be with the repository, and holds a
//! digest that nobody else can make. Once the repository is known by its number, the mark may go.

mod codespaces;
mod exchange;
mod pack;
mod pkt;
pub mod secrets;
mod sign_in;

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cloud::{Access, Answer, Call, Client, Failures, below, refused};
use super::late::Making;
use super::{Mark, foreign};
use crate::sealing::{Sealer, mac};
use crate::settings::GithubPlace;
pub use codespaces::{Codespace, SCOPE as CODESPACE_SCOPE, Stage, WantedCodespace};
pub use sign_in::{Person, Returned, unverified};

/// The version of the API that the calls are written for.
const VERSION: &str = "2022-11-28";

/// What a classic token must be allowed: repositories, and the workflows that the template brings.
const SCOPES: [&str; 2] = ["repo", "workflow"];

/// Longest time for one call of the API.
const CALL: Duration = Duration::from_secs(15);

/// Longest description of a repository.
const LONGEST: usize = 350;

/// GitHub, or a server of one's own that speaks the same.
#[derive(Clone)]
pub struct Github {
    client: Client,
    place: GithubPlace,
    /// What marks are made with.
    key: [u8; 32],
}

/// What is made there that somebody may make too late.
#[derive(Clone, Copy)]
enum Kind {
    Repository,
    Codespace,
}

/// Whose token it is and what it may do.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name of the account.
    pub login: String,
    /// What the token may do, as GitHub tells it of classic tokens. Of others it tells nothing.
    pub scopes: Vec<String>,
    /// What it would have to be allowed besides.
    pub missing: Vec<String>,
}

/// A repository as GitHub has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Repository {
    /// Its number, which survives a rename.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Its name.
    pub name: String,
    /// Where people see it.
    pub html_url: String,
    /// The branch that people see first.
    #[serde(default)]
    pub default_branch: Option<String>,
    description: Option<String>,
    #[serde(default)]
    fork: bool,
    created_at: Option<DateTime<Utc>>,
    owner: Login,
}

#[derive(Debug, Clone, Deserialize)]
struct Login {
    login: String,
}

/// A repository that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The account or organization that it belongs to.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Whether only those see it who are let in.
    pub private: bool,
    /// What it is.
    pub description: String,
}

impl Repository {
    /// Who owns it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner.login
    }

    fn has_number(&self, number: Option<&str>) -> bool {
        number.is_some_and(|number| number == self.id.to_string())
    }

    /// Whether it came to be after a moment, as far as both clocks agree. In doubt it did not.
    #[must_use]
    pub fn is_younger_than(&self, moment: DateTime<Utc>) -> bool {
        // GitHub tells no parts of a second.
        self.created_at
            .is_some_and(|created| created + TimeDelta::seconds(1) >= moment)
    }
}

impl Github {
    /// The one at a place.
    #[must_use]
    pub fn new(client: Client, place: GithubPlace, sealer: &Sealer) -> Self {
        Self {
            client,
            place,
            key: sealer.derive("github.mark"),
        }
    }

    /// The mark of a project, at the end of a description.
    fn mark(&self, project: Uuid) -> String {
        let digest = mac(&self.key, project.as_bytes());
        let digest: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        format!("(Flaresmith {project} {digest})")
    }

    /// Whether a repository is the project's: it is known by its number, or bears the mark. A fork takes over what its origin says of
    /// itself.
    #[must_use]
    pub fn is_own(&self, repository: &Repository, project: Uuid, known: Option<&str>) -> bool {
        let described = repository.description.as_deref().unwrap_or_default();
        repository.has_number(known) || (!repository.fork && described.trim_end().ends_with(&self.mark(project)))
    }

    fn failures() -> Failures {
        Failures::of(Provider::Github)
    }

    async fn call(
        &self,
        access: &Access,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let url = below(&self.place.api, path)?;
        self.sent(access, method, url, body).await
    }

    /// The same where the address has more than a path.
    async fn sent(&self, access: &Access, method: Method, url: Url, body: Option<&Value>) -> Result<Answer, Failure> {
        let answer = self.asked(access, method, url, body).await?;
        match answer.status.is_redirection() {
            true => Err(Self::failures().rejected("the repository was renamed or moved in this moment; try again.")),
            false => Ok(answer),
        }
    }

    /// The same where a redirection is an answer like any other.
    async fn asked(&self, access: &Access, method: Method, url: Url, body: Option<&Value>) -> Result<Answer, Failure> {
        let mut call = Call::json(access, Provider::Github, method, url, body, CALL)?;
        let kind = HeaderValue::from_static("application/vnd.github+json");
        call.headers.insert(header::ACCEPT, kind);
        call.headers
            .insert("x-github-api-version", HeaderValue::from_static(VERSION));
        let answer = self.client.send(call).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => {
                Err(Self::failures().rejected("it does not accept the token any more; connect it again."))
            }
            _ => Ok(answer),
        }
    }

    /// A call that makes something, for which nobody need wait.
    fn making(
        &self,
        access: &Access,
        mark: &Mark,
        path: &[&str],
        body: Value,
        kind: Kind,
    ) -> Result<Making<Answer>, Failure> {
        let url = below(&self.place.api, path)?;
        let (github, by) = (self.clone(), access.unhurried());
        let call = async move { github.sent(&by, Method::POST, url, Some(&body)).await };
        let (github, by, free) = (self.clone(), access.clone(), mark.free());
        Ok(Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: match kind {
                Kind::Codespace => |made| {
                    made.status
                        .is_success()
                        .then(|| made.json::<Codespace>().ok())?
                        .map(|one| one.name)
                },
                Kind::Repository => |made| {
                    made.status
                        .is_success()
                        .then(|| made.json::<Repository>().ok())?
                        .map(|one| one.id.to_string())
                },
            },
            is_given_twice: matches!(kind, Kind::Codespace),
            remove: Box::new(move |id, _| {
                let (github, by, free) = (github.clone(), by.clone(), free.clone());
                Box::pin(async move {
                    match kind {
                        Kind::Codespace => github.remove_codespace(&by, &free, &id).await,
                        Kind::Repository => github.remove_number(&by, &free, &id).await,
                    }
                })
            }),
        })
    }

    /// Removes the repository of a number, as long as it bears the project's mark.
    async fn remove_number(&self, access: &Access, mark: &Mark, number: &str) -> Result<(), Failure> {
        let answer = self.call(access, Method::GET, &["repositories", number], None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => {
                let found: Repository = answer.json()?;
                match self.is_own(&found, mark.project, None) {
                    true => self.remove_repository(access, mark, &found).await,
                    false => Ok(()),
                }
            }
            _ => Err(because(&answer)),
        }
    }

    /// Whose token it is. Made again while GitHub does not answer.
    ///
    /// # Errors
    /// It is nobody's, or GitHub does not answer.
    pub async fn account(&self, access: &Access, private: bool) -> Result<Account, Failure> {
        let answer = match self.call(access, Method::GET, &["user"], None).await {
            Err(failure) if failure.code() == flaresmith_api::errors::ErrorCode::IntegrationGithubRejected => {
                return Err(refused(Provider::Github, Vec::new()));
            }
            done => done?,
        };
        if !answer.status.is_success() {
            return Err(refused(Provider::Github, Vec::new()));
        }
        let Login { login } = answer.json()?;
        let told = answer
            .headers
            .get("x-oauth-scopes")
            .and_then(|value| value.to_str().ok());
        let scopes: Vec<String> = told
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        let has = |wanted: &str| {
            scopes.iter().any(|scope| scope == wanted)
                || (wanted == "repo" && !private && scopes.iter().any(|scope| scope == "public_repo"))
        };
        // Of tokens that are no classic ones GitHub tells nothing; what they lack is seen when it is needed.
        let missing = match told {
            Some(told) if !told.trim().is_empty() => SCOPES
                .iter()
                .filter(|wanted| !has(wanted))
                .map(|&wanted| wanted.to_owned())
                .collect(),
            _ => Vec::new(),
        };
        Ok(Account { login, scopes, missing })
    }

    /// The repository of a name, or the one of a number that had it before it was renamed; `None`: there is none, or none that the
    /// token may see.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn repository(
        &self,
        access: &Access,
        owner: &str,
        name: &str,
        number: Option<&str>,
    ) -> Result<Option<Repository>, Failure> {
        let named = below(&self.place.api, &["repos", owner, name])?;
        let mut answer = self.asked(access, Method::GET, named, None).await?;
        if answer.status.is_redirection() {
            // A name that leads on to another's repository is free.
            let Some(number) = number.filter(|number| self.leads_to(&answer, number)) else {
                return Ok(None);
            };
            answer = self.call(access, Method::GET, &["repositories", number], None).await?;
        }
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => answer.json().map(Some),
            _ => Err(because(&answer)),
        }
    }

    /// Whether an answer leads on to the repository of a number. No other redirection is followed, and none of a request that changes
    /// anything.
    fn leads_to(&self, answer: &Answer, number: &str) -> bool {
        let told = answer
            .headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok());
        let wanted = below(&self.place.api, &["repositories", number]);
        told.and_then(|told| self.place.api.join(told).ok())
            .is_some_and(|told| wanted.is_ok_and(|wanted| wanted == told))
    }

    /// The repository of a name, if it is the one of this number, under whatever name it has by now; `None`: another stands there, or
    /// none.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn standing(
        &self,
        access: &Access,
        owner: &str,
        name: &str,
        number: Option<&str>,
    ) -> Result<Option<Repository>, Failure> {
        let found = self.repository(access, owner, name, number).await?;
        Ok(found.filter(|found| found.has_number(number)))
    }

    /// Makes sure that the repository is there and the project's. `known`: the number of the one that was the project's before.
    ///
    /// # Errors
    /// One of that name is there that is not ours, or GitHub does not answer or refuses.
    pub async fn ensure_repository(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &Wanted,
        known: Option<&str>,
    ) -> Result<Repository, Failure> {
        let found = match self.repository(access, &wanted.owner, &wanted.name, known).await? {
            Some(found) => found,
            None => {
                mark.fence.check(None).await?;
                self.make(access, mark, wanted).await?
            }
        };
        match self.is_own(&found, mark.project, known) {
            true => Ok(found),
            false => Err(foreign(mark)),
        }
    }

    async fn make(&self, access: &Access, marked: &Mark, wanted: &Wanted) -> Result<Repository, Failure> {
        let ours = self.mark(marked.project);
        let room = LONGEST.saturating_sub(ours.chars().count() + 1);
        // What stands there has no control characters at GitHub.
        let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
        let described: String = wanted.description.chars().map(plain).take(room).collect();
        let body = json!({
            "name": wanted.name,
            "description": format!("{described} {ours}").trim(),
            "private": wanted.private,
            "auto_init": false,
            "has_wiki": false,
        });
        let own = self
            .account(access, wanted.private)
            .await?
            .login
            .eq_ignore_ascii_case(&wanted.owner);
        let path: &[&str] = match own {
            true => &["user", "repos"],
            false => &["orgs", &wanted.owner, "repos"],
        };
        let making = self.making(access, marked, path, body, Kind::Repository)?;
        let made = making.made(marked).await;
        match made {
            Ok(answer) if answer.status.is_success() => answer.json(),
            // Somebody has the name, or what was asked for twice was done once.
            Ok(answer) if answer.status == StatusCode::UNPROCESSABLE_ENTITY => {
                let found = self.repository(access, &wanted.owner, &wanted.name, None).await?;
                found.ok_or_else(|| because(&answer))
            }
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => Err(Self::failures()
                .rejected("there is no such organization, or the token may not make repositories there.")),
            Ok(answer) => Err(because(&answer)),
            // Nobody knows what came of it: it is looked for when this is tried again.
            Err(failure) => Err(failure),
        }
    }

    /// Makes a branch the one that people see first.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn show_first(&self, access: &Access, repository: &Repository, branch: &str) -> Result<(), Failure> {
        if repository.default_branch.as_deref() == Some(branch) {
            return Ok(());
        }
        let path = ["repos", repository.owner(), &repository.name];
        let body = json!({ "default_branch": branch });
        let done = self.call(access, Method::PATCH, &path, Some(&body)).await?;
        match done.status.is_success() {
            true => Ok(()),
            false => Err(because(&done)),
        }
    }

    /// Removes a repository that was found to be the project's.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn remove_repository(&self, access: &Access, mark: &Mark, found: &Repository) -> Result<(), Failure> {
        mark.fence.check(None).await?;
        let path = ["repos", found.owner(), &found.name];
        let done = self.call(access, Method::DELETE, &path, None).await?;
        match done.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            StatusCode::FORBIDDEN => {
                Err(Self::failures().rejected("the token may not delete repositories (`delete_repo`); delete it by hand, or connect with one that may."))
            }
            _ => Err(because(&done)),
        }
    }
}

/// Why GitHub refused, in our words: its own may repeat what it was sent.
fn because(answer: &Answer) -> Failure {
    let failures = Github::failures();
    match answer.status {
        StatusCode::FORBIDDEN => failures.rejected("the token may not do this."),
        StatusCode::NOT_FOUND => failures.rejected("there is no such thing, or the token may not see it."),
        StatusCode::CONFLICT => failures.conflict("Something there changed at the same time."),
        StatusCode::UNPROCESSABLE_ENTITY => failures.rejected("it does not take a name or a setting."),
        status => failures.rejected(&format!("it answered with status {}.", status.as_u16())),
    }
}
