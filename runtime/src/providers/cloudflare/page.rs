//! The Pages project of a project: where whoever builds a front end for it uploads that to.
//!
//! Owns: its name, whose it is, how it is made, and its removal. Must not know: what is uploaded to it.
//!
//! An account has a name once, so two calls cannot make two. It has no tags: a variable of production is the mark, with a digest that nobody
//! else can make, and whatever lacks it is somebody else's. All accounts share the names below `pages.dev`, so the address is the one that
//! Cloudflare tells. Nothing of it is changed once it is there: its settings are for people to change.

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::ProvisionErrorDetails;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::account::PAGES;
use super::envelope::Told;
use super::script::{digits, plain};
use super::{CALL, Cloudflare, Sent};
use crate::providers::cloud::Access;
use crate::providers::late::Making;
use crate::providers::{Made, Mark, foreign};
use crate::sealing::mac;

/// The variable that tells whose it is.
const MARK: &str = "FLARESMITH_MARK";

/// The variable that tells a front end where its API answers.
const API: &str = "API_URL";

/// A Pages project, by its account and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The account.
    pub account: String,
    /// The name.
    pub name: String,
}

/// How one is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The branch whose uploads are production.
    pub branch: String,
    /// Where the API of production answers.
    pub production: Option<String>,
    /// Where that of all other branches does.
    pub preview: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    id: String,
    name: String,
    #[serde(default)]
    subdomain: Option<String>,
    #[serde(default)]
    created_on: Option<DateTime<Utc>>,
    #[serde(default)]
    deployment_configs: Value,
    #[serde(default)]
    canonical_deployment: Value,
    #[serde(default)]
    latest_deployment: Value,
}

impl Page {
    fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let beginning = ["accounts", &self.account, "pages", "projects"];
        beginning.into_iter().chain(rest.iter().copied()).collect()
    }
}

impl Shown {
    fn made(self) -> Made {
        Made {
            external_id: Some(self.id),
            name: self.name,
            url: self.subdomain.map(|host| format!("https://{host}")),
            ..Made::default()
        }
    }

    /// Whether it was made since a moment, and nobody has uploaded anything.
    fn is_unused_since(&self, moment: DateTime<Utc>) -> bool {
        // Parts of a second may be left out.
        let is_younger = self
            .created_on
            .is_some_and(|created| created + TimeDelta::seconds(1) >= moment);
        is_younger && self.canonical_deployment.is_null() && self.latest_deployment.is_null()
    }
}

/// The token lacks what only Pages need.
fn withheld() -> Failure {
    Failure::new(ErrorCode::ProvisionScopeMissing)
        .with_hint(format!(
            "Grant the token {PAGES}, then retry the run; or connect with `--no-pages`."
        ))
        .with_details(ProvisionErrorDetails {
            missing_scopes: Some(vec![PAGES.to_owned()]),
            ..ProvisionErrorDetails::default()
        })
}

impl Cloudflare {
    /// The Pages project that a project has in an account, or will have.
    #[must_use]
    pub fn page(&self, account: &str, slug: &str, mark: &Mark) -> Page {
        let digest = digits(mac(&self.key, mark.key.as_bytes()), 5);
        let parts = [plain(slug), digest];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Page {
            account: account.to_owned(),
            name: parts.join("-"),
        }
    }

    fn page_mark(&self, mark: &Mark) -> String {
        digits(mac(&self.key, format!("page/{}", mark.key).as_bytes()), 16)
    }

    async fn of_pages(&self, access: &Access, method: Method, path: &[&str], sent: Sent<'_>) -> Result<Told, Failure> {
        let told = self.asked(access, method, path, &[], sent).await?;
        match told.is_unauthorized() {
            true => Err(withheld()),
            false => Ok(told),
        }
    }

    async fn standing_page(&self, access: &Access, mark: &Mark, page: &Page) -> Result<Option<Shown>, Failure> {
        let path = page.path(&[&page.name]);
        let told = self.of_pages(access, Method::GET, &path, Sent::Nothing).await?;
        if told.is_absent() {
            return Ok(None);
        }
        let shown: Shown = told.result()?;
        let bears = &shown.deployment_configs["production"]["env_vars"][MARK]["value"];
        match bears.as_str() == Some(self.page_mark(mark).as_str()) {
            true => Ok(Some(shown)),
            false => Err(foreign(mark)),
        }
    }

    /// The project's own, if it is there.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, the token may not see it, or Cloudflare does not answer or refuses.
    pub async fn own_page(&self, access: &Access, mark: &Mark, page: &Page) -> Result<Option<Made>, Failure> {
        let found = self.standing_page(access, mark, page).await?;
        Ok(found.map(Shown::made))
    }

    /// Makes sure that it is there.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, the token may not make it, or Cloudflare does not answer or refuses.
    pub async fn ensure_page(
        &self,
        access: &Access,
        mark: &Mark,
        page: &Page,
        wanted: &Wanted,
    ) -> Result<Made, Failure> {
        if let Some(found) = self.standing_page(access, mark, page).await? {
            return Ok(found.made());
        }
        let told = self.make_page(access, mark, page, wanted).await?;
        if told.is_done() {
            return Ok(told.result::<Shown>()?.made());
        }
        // Somebody may have been first; what stands there tells who.
        match self.standing_page(access, mark, page).await? {
            Some(found) => Ok(found.made()),
            None => Err(told.because()),
        }
    }

    async fn make_page(&self, access: &Access, mark: &Mark, page: &Page, wanted: &Wanted) -> Result<Told, Failure> {
        let plain = |value: &str| json!({ "type": "plain_text", "value": value });
        let with = |api: &Option<String>| -> Map<String, Value> {
            let api = api.as_deref().map(|address| (API.to_owned(), plain(address)));
            api.into_iter().collect()
        };
        let mut production = with(&wanted.production);
        production.insert(MARK.to_owned(), plain(&self.page_mark(mark)));
        let body = json!({
            "name": page.name,
            "production_branch": wanted.branch,
            "deployment_configs": {
                "production": { "env_vars": production },
                "preview": { "env_vars": with(&wanted.preview) },
            },
        });
        let (cloudflare, by, of) = (self.clone(), access.unhurried(), page.clone());
        let call = async move {
            let path = of.path(&[]);
            cloudflare.of_pages(&by, Method::POST, &path, Sent::Json(&body)).await
        };
        let (cloudflare, by, of, free) = (self.clone(), access.clone(), page.clone(), mark.free());
        let making = Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: |told: &Told| told.is_done().then(|| told.id()).flatten(),
            is_given_twice: false,
            remove: Box::new(move |id, _| {
                let (cloudflare, by, of, free) = (cloudflare.clone(), by.clone(), of.clone(), free.clone());
                Box::pin(async move {
                    match cloudflare.standing_page(&by, &free, &of).await? {
                        Some(found) if found.id == id => cloudflare.delete_page(&by, &free, &of).await,
                        _ => Ok(()),
                    }
                })
            }),
        };
        making.made(mark).await
    }

    /// Removes the project's own. `since`: only if it was made since then, and nobody has uploaded anything to it.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, it has a domain of one's own, or Cloudflare does not answer or refuses.
    pub async fn remove_page(
        &self,
        access: &Access,
        mark: &Mark,
        page: &Page,
        since: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        match self.standing_page(access, mark, page).await {
            Ok(Some(found)) if since.is_none_or(|since| found.is_unused_since(since)) => {
                self.delete_page(access, mark, page).await
            }
            Ok(_) => Ok(()),
            // What nobody may make was not made.
            Err(failure) if failure.code() == ErrorCode::ProvisionScopeMissing => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn delete_page(&self, access: &Access, mark: &Mark, page: &Page) -> Result<(), Failure> {
        mark.fence.check(None).await?;
        let path = page.path(&[&page.name]);
        let told = self.of_pages(access, Method::DELETE, &path, Sent::Nothing).await?;
        if told.is_done() || told.is_absent() {
            return Ok(());
        }
        match told.is_bad() {
            true => Err(Self::failures().rejected(
                "the Pages project is not removed; take its own domains and most of its deployments away there, then retry.",
            )),
            false => Err(told.because()),
        }
    }
}
