//! Codespaces at GitHub.
//!
//! Owns: how one is made, known, looked at and removed. Must not know: rows, how long is waited.
//!
//! Whoever asks twice is given a second one, so what is to be made is looked for first and after every doubt. A codespace is the
//! project's when it is the one whose name was kept, or bears the project's mark at the end of the name that people see, with a digest
//! that nobody else can make. GitHub shows those of the account whose token it is, and no others.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::ProvisionErrorDetails;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Access, Answer, Github, Kind, Repository, because};
use crate::providers::Mark;
use crate::providers::cloud::below;
use crate::sealing::mac;

/// What a token must be allowed besides.
pub const SCOPE: &str = "codespace";

/// Longest name that people see.
const LONGEST: usize = 48;

/// How many one page of a list has at most.
const PAGE: usize = 100;

/// Most pages of a list.
const PAGES: usize = 50;

/// A codespace as GitHub has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Codespace {
    /// Its name, which GitHub gives it and nobody changes.
    pub name: String,
    /// Where people open it.
    pub web_url: String,
    display_name: Option<String>,
    state: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    git_status: GitStatus,
}

/// What stands in it and nowhere else.
#[derive(Debug, Clone, Default, Deserialize)]
struct GitStatus {
    #[serde(default)]
    has_unpushed_changes: bool,
    #[serde(default)]
    has_uncommitted_changes: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It was asked for.
    Queued,
    /// It is on the way to another stage, whichever that is.
    UnderWay,
    /// It can be worked in.
    Available,
    /// It was stopped; whoever opens it starts it.
    Shutdown,
    /// It could not be made or started.
    Failed,
    /// It is being removed.
    Gone,
}

/// A codespace that is wanted.
#[derive(Debug, Clone)]
pub struct WantedCodespace<'a> {
    /// Of which repository.
    pub repository: &'a Repository,
    /// The branch that it begins with.
    pub branch: &'a str,
    /// The kind of machine; `None`: GitHub chooses.
    pub machine: Option<&'a str>,
    /// What people know it by.
    pub title: &'a str,
}

impl Codespace {
    /// How far it is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.state.as_str() {
            "Created" | "Queued" => Stage::Queued,
            "Available" => Stage::Available,
            "Shutdown" | "ShuttingDown" | "Archived" => Stage::Shutdown,
            "Failed" => Stage::Failed,
            "Deleted" => Stage::Gone,
            _ => Stage::UnderWay,
        }
    }

    /// Whether it came to be after a moment, as far as both clocks agree.
    #[must_use]
    pub fn is_younger_than(&self, moment: DateTime<Utc>) -> bool {
        // GitHub tells no parts of a second.
        self.created_at + TimeDelta::seconds(1) >= moment
    }

    /// Whether something stands in it that is not at GitHub.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.git_status.has_unpushed_changes || self.git_status.has_uncommitted_changes
    }
}

impl Github {
    /// The mark of a project, at the end of what people see.
    fn codespace_mark(&self, project: Uuid) -> String {
        let digest = mac(&self.key, format!("codespace\n{project}").as_bytes());
        let digest: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        format!("(Flaresmith {digest})")
    }

    /// Every codespace of the project in a repository, the best first: what failed comes last, the oldest before others. `known`: the
    /// name of the one that was kept.
    ///
    /// # Errors
    /// The token may not see codespaces, or GitHub does not answer or refuses.
    pub async fn own_codespaces(
        &self,
        access: &Access,
        project: Uuid,
        repository: &Repository,
        known: Option<&str>,
    ) -> Result<Vec<Codespace>, Failure> {
        #[derive(Deserialize)]
        struct Page {
            codespaces: Vec<Codespace>,
        }
        let mark = self.codespace_mark(project);
        let mut own = Vec::new();
        for page in 1..=PAGES {
            let path = ["repos", repository.owner(), repository.name.as_str(), "codespaces"];
            let mut url = below(&self.place.api, &path)?;
            url.query_pairs_mut()
                .append_pair("per_page", &PAGE.to_string())
                .append_pair("page", &page.to_string());
            let answer = self.sent(access, Method::GET, url, None).await?;
            if !answer.status.is_success() {
                return Err(withheld(&answer));
            }
            let Page { codespaces } = answer.json()?;
            let is_last = codespaces.len() < PAGE;
            let is_own = |one: &Codespace| {
                let shown = one.display_name.as_deref().unwrap_or_default();
                known == Some(one.name.as_str()) || shown.trim_end().ends_with(&mark)
            };
            own.extend(codespaces.into_iter().filter(is_own));
            if is_last {
                break;
            }
        }
        own.retain(|one| one.stage() != Stage::Gone);
        own.sort_by_key(|one| {
            let is_other = known != Some(one.name.as_str());
            (one.stage() == Stage::Failed, is_other, one.created_at, one.name.clone())
        });
        Ok(own)
    }

    /// Makes sure that the project has one in the repository, however far it is. One that failed gives way to another.
    ///
    /// # Errors
    /// The token may not have codespaces, GitHub wants to be paid for it, does not answer or refuses.
    pub async fn ensure_codespace(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &WantedCodespace<'_>,
        known: Option<&str>,
    ) -> Result<Codespace, Failure> {
        let own = self
            .own_codespaces(access, mark.project, wanted.repository, known)
            .await?;
        match own.into_iter().next() {
            Some(found) if found.stage() == Stage::Failed => self.remove_codespace(access, mark, &found.name).await?,
            Some(found) => return Ok(found),
            None => {}
        }
        self.make_codespace(access, mark, wanted).await
    }

    async fn make_codespace(
        &self,
        access: &Access,
        marked: &Mark,
        wanted: &WantedCodespace<'_>,
    ) -> Result<Codespace, Failure> {
        let mark = self.codespace_mark(marked.project);
        let room = LONGEST.saturating_sub(mark.chars().count() + 1);
        let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
        let title: String = wanted.title.chars().map(plain).take(room).collect();
        let mut body = json!({
            "ref": wanted.branch,
            "display_name": format!("{} {mark}", title.trim_end()).trim(),
        });
        if let Some(machine) = wanted.machine {
            body["machine"] = Value::from(machine);
        }
        let repository = wanted.repository;
        let path = ["repos", repository.owner(), repository.name.as_str(), "codespaces"];
        // Nobody knows what came of a call that is not answered: it is looked for when this is tried again.
        let making = self.making(access, marked, &path, body, Kind::Codespace)?;
        let made = making.made(marked).await?;
        match made.status {
            status if status.is_success() => made.json(),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                let reason = "it makes no codespace of this branch on this kind of machine; name another `machine` in the settings, or none.";
                Err(Self::failures().rejected(reason))
            }
            _ => Err(withheld(&made)),
        }
    }

    /// The codespace of a name; `None`: there is none, or it is another account's.
    ///
    /// # Errors
    /// The token may not see codespaces, or GitHub does not answer or refuses.
    pub async fn codespace(&self, access: &Access, name: &str) -> Result<Option<Codespace>, Failure> {
        let answer = self
            .call(access, Method::GET, &["user", "codespaces", name], None)
            .await?;
        match answer.status {
            status if status.is_success() => answer.json::<Codespace>().map(Some),
            // Without the scope everything is as if it were not there.
            StatusCode::NOT_FOUND if !lacks_scope(&answer) => Ok(None),
            _ => Err(withheld(&answer)),
        }
        .map(|found| found.filter(|one| one.stage() != Stage::Gone))
    }

    /// Removes one. GitHub does so by and by, and shows it as deleted meanwhile, or no more.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn remove_codespace(&self, access: &Access, mark: &Mark, name: &str) -> Result<(), Failure> {
        mark.fence.check(None).await?;
        let done = self
            .call(access, Method::DELETE, &["user", "codespaces", name], None)
            .await?;
        match done.status {
            StatusCode::NOT_FOUND if !lacks_scope(&done) => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(withheld(&done)),
        }
    }
}

/// Whether GitHub tells of a token what it may do, and codespaces are not among it. Of tokens that are no classic ones it tells nothing.
fn lacks_scope(answer: &Answer) -> bool {
    told_scopes(answer).is_some_and(|told| !told.split(',').any(|scope| scope.trim() == SCOPE))
}

fn told_scopes(answer: &Answer) -> Option<&str> {
    let told = answer.headers.get("x-oauth-scopes")?.to_str().ok()?;
    Some(told).filter(|told| !told.trim().is_empty())
}

/// Why GitHub does not let the token have codespaces.
fn withheld(answer: &Answer) -> Failure {
    match answer.status {
        StatusCode::PAYMENT_REQUIRED => Failure::new(ErrorCode::ProvisionPaymentRequired)
            .with_hint("See to billing of codespaces at GitHub, or connect without one, then retry the run."),
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            let is_granted = told_scopes(answer).is_some() && !lacks_scope(answer);
            let (missing, hint) = match is_granted {
                true => (
                    Vec::new(),
                    "GitHub has no codespaces for this account and repository; allow them there, then retry the run.",
                ),
                false => (vec![SCOPE.to_owned()], "Grant the scope codespace, then retry the run."),
            };
            Failure::new(ErrorCode::ProvisionScopeMissing)
                .with_hint(hint)
                .with_details(ProvisionErrorDetails {
                    missing_scopes: Some(missing),
                    ..ProvisionErrorDetails::default()
                })
        }
        _ => because(answer),
    }
}
