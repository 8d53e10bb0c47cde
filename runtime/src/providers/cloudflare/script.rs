//! The worker of an environment, as a script of an account.
//!
//! Owns: its name, whose it is, how it is made, at which address it answers, and its removal. Must not know: its versions.
//!
//! A name ends in a digest that nobody else can make, and tags of the script have a longer one: whatever lacks them is somebody else's. The
//! first upload answers at once, so it is one that says that nothing is deployed.

use std::time::Instant;

use axum::http::Method;
use flaresmith_api::errors::Failure;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::envelope::Told;
use super::multipart::Parts;
use super::{Cloudflare, Sent, UPLOAD};
use crate::providers::cloud::{Access, Waits};
use crate::providers::late::Making;
use crate::providers::{Fate, Mark, Marked, foreign};
use crate::sealing::mac;

/// What is uploaded first.
const FIRST: &[u8] = include_bytes!("first.js");

/// Name of the one module.
pub(super) const MODULE: &str = "worker.js";

/// Most characters of a name that are taken from each of the names of a project and of an environment. Together with the rest a name of
/// a version before it still fits into a part of a host.
const PART: usize = 20;

/// The tag that all scripts of the platform have, and what others begin with.
const OURS: &str = "flaresmith";
const MARK: &str = "flaresmith-mark-";
const PROJECT: &str = "flaresmith-project-";
const ENVIRONMENT: &str = "flaresmith-environment-";

/// A script, by its account and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The account.
    pub account: String,
    /// The name.
    pub name: String,
}

/// What stands under a name.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Nothing,
    Ours,
    Foreign,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Open {
    enabled: bool,
    #[serde(default)]
    previews_enabled: bool,
}

impl Script {
    /// The path of what belongs to it.
    pub(super) fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let beginning = ["accounts", &self.account, "workers", "scripts", &self.name];
        beginning.into_iter().chain(rest.iter().copied()).collect()
    }
}

/// Hexadecimal digits of a digest, cut to so many bytes.
pub(super) fn digits(digest: [u8; 32], bytes: usize) -> String {
    digest.iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// What of a name can stand in that of a host.
pub(super) fn plain(text: &str) -> String {
    let signs = text.chars().map(|sign| sign.to_ascii_lowercase());
    let signs = signs.map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' });
    let cut: String = signs.skip_while(|sign| *sign == '-').take(PART).collect();
    cut.trim_end_matches('-').to_owned()
}

impl Cloudflare {
    /// The script that an environment of a project has in an account, or will have.
    #[must_use]
    pub fn script(&self, account: &str, slug: &str, mark: &Mark) -> Script {
        let digest = digits(mac(&self.key, mark.key.as_bytes()), 5);
        let parts = [plain(slug), plain(&mark.environment), digest];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Script {
            account: account.to_owned(),
            name: parts.join("-"),
        }
    }

    fn tag(&self, key: &str) -> String {
        format!("{MARK}{}", digits(mac(&self.key, format!("tag/{key}").as_bytes()), 16))
    }

    async fn standing(&self, access: &Access, mark: &Mark, script: &Script) -> Result<Standing, Failure> {
        let path = script.path(&["settings"]);
        let told = self.call(access, Method::GET, &path, &[], Sent::Nothing).await?;
        if told.is_absent() {
            return Ok(Standing::Nothing);
        }
        let tags = told.result::<Settings>()?.tags.unwrap_or_default();
        Ok(match tags.contains(&self.tag(&mark.key)) {
            true => Standing::Ours,
            false => Standing::Foreign,
        })
    }

    /// Whether the environment's own script is there.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, or Cloudflare does not answer or refuses.
    pub async fn is_there(&self, access: &Access, mark: &Mark, script: &Script) -> Result<bool, Failure> {
        match self.standing(access, mark, script).await? {
            Standing::Nothing => Ok(false),
            Standing::Ours => Ok(true),
            Standing::Foreign => Err(foreign(mark)),
        }
    }

    /// Makes sure that the script is there, and answers at its address, which is returned.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, or Cloudflare does not answer or refuses.
    pub async fn ensure_script(&self, access: &Access, mark: &Mark, script: &Script) -> Result<Url, Failure> {
        let subdomain = self.subdomain(access, &script.account).await?;
        if !self.is_there(access, mark, script).await? {
            self.make_script(access, mark, script).await?;
        }
        self.open(access, mark, script, false).await?;
        self.address(&script.name, &subdomain)
    }

    async fn make_script(&self, access: &Access, mark: &Mark, script: &Script) -> Result<(), Failure> {
        let metadata = json!({
            "main_module": MODULE,
            "compatibility_date": super::version::COMPATIBILITY,
            "bindings": [],
            "tags": [
                OURS,
                self.tag(&mark.key),
                format!("{PROJECT}{}", mark.project),
                format!("{ENVIRONMENT}{}", mark.environment),
            ],
        });
        let parts = Parts::of(&metadata).with_module(MODULE, FIRST);
        let (cloudflare, by, of) = (self.clone(), access.unhurried(), script.clone());
        let call = async move {
            let sent = Sent::Parts(parts);
            cloudflare.call(&by, Method::PUT, &of.path(&[]), &[], sent).await
        };
        let (cloudflare, by, of, free) = (self.clone(), access.clone(), script.clone(), mark.free());
        let making = Making {
            limit: UPLOAD,
            failures: Self::failures(),
            call: Box::pin(call),
            // No version has this id: whatever became of the act, what was uploaded is not what it came to.
            id: |told: &Told| told.is_done().then(String::new),
            is_given_twice: false,
            remove: Box::new(move |_, fate| {
                let (cloudflare, by, of, free) = (cloudflare.clone(), by.clone(), of.clone(), free.clone());
                Box::pin(async move {
                    match fate {
                        Fate::Nothing | Fate::Gone => cloudflare.remove_script(&by, &free, &of).await,
                        _ => cloudflare.uncover(&by, &free, &of).await,
                    }
                })
            }),
        };
        making.made(mark).await?.result::<Value>().map(drop)
    }

    /// Lets the script answer at its address, and its versions at theirs or not. What was made a moment ago may not be found at first.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub(super) async fn open(
        &self,
        access: &Access,
        mark: &Mark,
        script: &Script,
        previews: bool,
    ) -> Result<(), Failure> {
        let path = script.path(&["subdomain"]);
        let (began, mut waits) = (Instant::now(), Waits::begin());
        loop {
            let told = self.call(access, Method::GET, &path, &[], Sent::Nothing).await?;
            let told = match told.is_absent() {
                true => told,
                false => {
                    let open: Open = told.result()?;
                    if open.enabled && open.previews_enabled == previews {
                        return Ok(());
                    }
                    mark.fence.check(None).await?;
                    let body = json!({ "enabled": true, "previews_enabled": previews });
                    self.call(access, Method::POST, &path, &[], Sent::Json(&body)).await?
                }
            };
            if !told.is_absent() {
                return told.result::<Value>().map(drop);
            }
            if began.elapsed() >= self.place.ready {
                return Err(Self::failures().away("The worker that was made is not found there."));
            }
            tokio::time::sleep(waits.following()).await;
        }
    }

    /// Where a host of a name answers below a subdomain.
    pub(super) fn address(&self, name: &str, subdomain: &str) -> Result<Url, Failure> {
        let mut url = self.place.workers.clone();
        let below = url.host_str().unwrap_or_default().to_owned();
        url.set_host(Some(&format!("{name}.{subdomain}.{below}")))
            .map_err(Failure::internal)?;
        Ok(url)
    }

    /// Removes the environment's own script with all of its versions.
    ///
    /// # Errors
    /// What stands under its name is somebody else's, other workers use it, or Cloudflare does not answer or refuses.
    pub async fn remove_script(&self, access: &Access, mark: &Mark, script: &Script) -> Result<(), Failure> {
        if !self.is_there(access, mark, script).await? {
            return Ok(());
        }
        mark.fence.check(None).await?;
        let path = script.path(&[]);
        let told = self
            .call(access, Method::DELETE, &path, &[("force", "true")], Sent::Nothing)
            .await?;
        if told.is_done() || told.is_absent() {
            return Ok(());
        }
        match told.is_bad() {
            true => Err(Self::failures()
                .rejected("the worker is not removed; take back that other workers use it, then retry.")),
            false => Err(told.because()),
        }
    }

    /// Environments of which an account has a script that bears the platform's mark.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub async fn marked(&self, access: &Access, account: &str) -> Result<Vec<Marked>, Failure> {
        let path = ["accounts", account, "workers", "scripts"];
        let told = self.call(access, Method::GET, &path, &[], Sent::Nothing).await?;
        let all: Vec<Listed> = told.result()?;
        let of = |tags: Vec<String>| {
            let value = |name: &str| tags.iter().find_map(|tag| tag.strip_prefix(name)).map(str::to_owned);
            let project: Uuid = value(PROJECT)?.parse().ok()?;
            let environment = value(ENVIRONMENT)?;
            let key = format!("{project}-cloudflareWorker-{environment}");
            // Tags are anybody's to write, but for this one.
            tags.contains(&self.tag(&key))
                .then_some(Marked { project, environment })
        };
        Ok(all
            .into_iter()
            .filter_map(|one| of(one.tags.unwrap_or_default()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_host_can_have_whatever_it_is_made_of() {
        for (text, name) in [
            ("Shop", "shop"),
            ("--a_b.c--", "a-b-c"),
            ("preview-feature-with-a-long-name", "preview-feature-with"),
            ("ünïcode", "n-code"),
            ("---", ""),
        ] {
            assert_eq!(plain(text), name);
        }
    }
}
