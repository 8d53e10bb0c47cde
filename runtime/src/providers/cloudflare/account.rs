//! Whose token it is, what it may do, and where workers of the account answer.
//!
//! Owns: which calls tell. Must not know: what is made with it.

use axum::http::Method;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Cloudflare, Sent};
use crate::providers::cloud::{Access, refused};

/// What a token has to have, as Cloudflare calls it.
const SEES: &str = "Workers Scripts: Read";
const EDITS: &str = "Workers Scripts: Edit";

/// What it has to have for Pages alone.
pub const PAGES: &str = "Cloudflare Pages: Edit";

/// The account of a token.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name; its id where the token may not read that.
    pub name: String,
    /// What the token was seen to be able to do.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Verified {
    status: String,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Subdomain {
    #[serde(default, alias = "name")]
    subdomain: Option<String>,
}

impl Cloudflare {
    /// Whose token it is, and whether workers can be made with it in an account. `pages`: whether it is to have Pages, too.
    ///
    /// # Errors
    /// It is nobody's, it may not do what it has to, or Cloudflare does not answer.
    pub async fn account(&self, access: &Access, account: &str, pages: bool) -> Result<Account, Failure> {
        let done = self.asked_about(access, account, pages).await;
        done.map_err(|failure| match failure.code() {
            // Nothing was to be changed, so nothing stands against it for long.
            ErrorCode::IntegrationCloudflareConflict => Self::failures().away("It is busy with something else."),
            _ => failure,
        })
    }

    async fn asked_about(&self, access: &Access, account: &str, pages: bool) -> Result<Account, Failure> {
        self.verified(access, account).await?;
        let path = ["accounts", account, "workers", "scripts"];
        let scripts = self.asked(access, Method::GET, &path, &[], Sent::Nothing).await?;
        if scripts.is(7003) || (scripts.is_absent() && !scripts.is_unauthorized()) {
            return Err(refused(Provider::Cloudflare, vec![format!("account {account}")]));
        }
        if scripts.is_unauthorized() {
            return Err(refused(
                Provider::Cloudflare,
                vec![format!("{SEES} in account {account}")],
            ));
        }
        if !scripts.is_done() {
            return Err(scripts.because());
        }
        if !self.edits(access, account).await? {
            return Err(refused(Provider::Cloudflare, vec![EDITS.to_owned()]));
        }
        self.subdomain(access, account).await?;
        // What is not needed for workers is not asked of a token: without it the account is known by its id.
        let told = self
            .asked(access, Method::GET, &["accounts", account], &[], Sent::Nothing)
            .await?;
        let named = match told.is_done() {
            true => told.result::<Named>()?.name,
            false => None,
        };
        let mut scopes = vec![EDITS.to_owned()];
        if pages && self.edits_pages(access, account).await? {
            scopes.push(PAGES.to_owned());
        }
        Ok(Account {
            name: named.unwrap_or_else(|| account.to_owned()),
            scopes,
        })
    }

    /// Whether the token is one. Those of a person and those of an account are told at different places.
    async fn verified(&self, access: &Access, account: &str) -> Result<(), Failure> {
        let of_account = ["accounts", account, "tokens", "verify"];
        for path in [["user", "tokens", "verify"].as_slice(), &of_account] {
            let told = self.asked(access, Method::GET, path, &[], Sent::Nothing).await?;
            if told.is_done() {
                let Verified { status } = told.result()?;
                return match status.as_str() {
                    "active" => Ok(()),
                    _ => Err(refused(Provider::Cloudflare, Vec::new())
                        .with_message("The token is disabled, or its time is over.")),
                };
            }
        }
        Err(refused(Provider::Cloudflare, Vec::new()))
    }

    /// Whether the token may change workers. Nothing tells that but a change, so one is asked for that cannot happen: to deploy a version
    /// that is not there, of a worker that is not there.
    async fn edits(&self, access: &Access, account: &str) -> Result<bool, Failure> {
        let nobodys = format!("flaresmith-nobodys-{}", Uuid::new_v4().simple());
        let path = ["accounts", account, "workers", "scripts", &nobodys, "deployments"];
        let body = json!({
            "strategy": "percentage",
            "versions": [{ "version_id": Uuid::new_v4().to_string(), "percentage": 100 }],
        });
        let told = self.asked(access, Method::POST, &path, &[], Sent::Json(&body)).await?;
        Ok(!told.is_unauthorized())
    }

    /// Whether it may change Pages, which is told in the same way: by removing a project that is not there.
    async fn edits_pages(&self, access: &Access, account: &str) -> Result<bool, Failure> {
        let nobodys = format!("flaresmith-nobodys-{}", Uuid::new_v4().simple());
        let path = ["accounts", account, "pages", "projects", &nobodys];
        let told = self.asked(access, Method::DELETE, &path, &[], Sent::Nothing).await?;
        Ok(!told.is_unauthorized())
    }

    /// The name below which workers of an account answer.
    ///
    /// # Errors
    /// It has none yet, or Cloudflare does not answer or refuses.
    pub async fn subdomain(&self, access: &Access, account: &str) -> Result<String, Failure> {
        let path = ["accounts", account, "workers", "subdomain"];
        let told = self.call(access, Method::GET, &path, &[], Sent::Nothing).await?;
        let name = match told.is_absent() {
            true => None,
            false => told.result::<Subdomain>()?.subdomain,
        };
        name.filter(|name| !name.is_empty()).ok_or_else(|| {
            let reason = "the account has no workers.dev subdomain yet; open Workers in its dashboard once, which registers one.";
            Self::failures().rejected(reason)
        })
    }
}
