//! Versions of a script.
//!
//! Owns: how one is uploaded and known again. Must not know: which one answers.
//!
//! A version bears a tag with a digest of the platform's id of it, which nobody else can make. An upload brings everything that the worker is
//! to have: what it does not name is gone, and what is set beside it would answer at once.

use std::collections::BTreeSet;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flaresmith_api::errors::{ErrorCode, Failure};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::multipart::Parts;
use super::script::MODULE;
use super::{Cloudflare, PAGES, Script, Sent};
use crate::providers::Mark;
use crate::providers::cloud::Access;
pub(super) use crate::providers::edge_host::COMPATIBILITY;
use crate::providers::edge_host::FLAGS;
use crate::sealing::mac;
use crate::settings::Hidden;

/// Codes of a module that cannot be run.
const INVALID: [i64; 3] = [10006, 10021, 10068];

/// The annotation by which a version is known again.
const TAG: &str = "workers/tag";

/// Most versions of a page.
const PAGE: &str = "100";

/// A version that is wanted.
pub struct Wanted {
    /// The platform's id of it.
    pub id: Uuid,
    /// Its module.
    pub module: Vec<u8>,
    /// Names and values that are secret.
    pub secrets: Vec<(String, Hidden)>,
    /// Names and values that anybody may see.
    pub variables: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    items: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    id: String,
    #[serde(default)]
    annotations: Value,
}

impl Cloudflare {
    fn version_tag(&self, id: Uuid) -> String {
        // 15 bytes: as long as a tag was allowed to be in former days.
        let digest = mac(&self.key, format!("version/{id}").as_bytes());
        URL_SAFE_NO_PAD.encode(digest.get(..15).unwrap_or_default())
    }

    /// Cloudflare's id of a version; `None`: it is not there.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub async fn version(&self, access: &Access, script: &Script, id: Uuid) -> Result<Option<String>, Failure> {
        let tag = self.version_tag(id);
        let is_it = |one: &Version| one.annotations[TAG] == tag.as_str();
        let found = self.versions(access, script, is_it).await?.pop();
        Ok(found.filter(is_it).map(|found| found.id))
    }

    /// Ids of the versions of a script, newest first, with whether they were uploaded beside the one that answered.
    pub(super) async fn all_versions(&self, access: &Access, script: &Script) -> Result<Vec<(String, bool)>, Failure> {
        let all = self.versions(access, script, |_| false).await?;
        Ok(all
            .into_iter()
            .map(|one| (one.id, one.annotations[TAG].is_string()))
            .collect())
    }

    /// Versions, newest first, up to the one that is looked for.
    async fn versions(
        &self,
        access: &Access,
        script: &Script,
        is_it: impl Fn(&Version) -> bool,
    ) -> Result<Vec<Version>, Failure> {
        let path = script.path(&["versions"]);
        let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
        for number in 1..=PAGES {
            let page = number.to_string();
            let query = [("page", page.as_str()), ("per_page", PAGE)];
            let told = self.call(access, Method::GET, &path, &query, Sent::Nothing).await?;
            if told.is_absent() {
                return Ok(all);
            }
            let is_last = told.pages.is_some_and(|pages| number >= pages);
            let Page { items } = told.result()?;
            // A page may have less than was asked for and not be the last; one that comes again is.
            let before = seen.len();
            seen.extend(items.iter().map(|one| one.id.clone()));
            for one in items {
                let is_found = is_it(&one);
                all.push(one);
                if is_found {
                    return Ok(all);
                }
            }
            if is_last || seen.len() == before {
                break;
            }
        }
        Ok(all)
    }

    /// Uploads a version beside the one that answers; one that is there is left as it is.
    ///
    /// # Errors
    /// Its module cannot be run, the script is not the environment's own, or Cloudflare does not answer or refuses.
    pub async fn put_version(
        &self,
        access: &Access,
        mark: &Mark,
        script: &Script,
        wanted: Wanted,
    ) -> Result<(), Failure> {
        if !self.is_there(access, mark, script).await? {
            return Err(Self::failures().rejected("the worker is gone there; deploy again, which makes it anew."));
        }
        if self.version(access, script, wanted.id).await?.is_some() {
            return Ok(());
        }
        let secrets = wanted.secrets.iter().map(|(name, value)| {
            let text = value.expose();
            json!({ "type": "secret_text", "name": name, "text": text })
        });
        let is_secret = |name: &String| wanted.secrets.iter().any(|(other, _)| other == name);
        let variables = wanted
            .variables
            .iter()
            .filter(|(name, _)| !is_secret(name))
            .map(|(name, text)| json!({ "type": "plain_text", "name": name, "text": text }));
        let metadata = json!({
            "main_module": MODULE,
            "compatibility_date": COMPATIBILITY,
            "compatibility_flags": FLAGS,
            "bindings": secrets.chain(variables).collect::<Vec<Value>>(),
            "annotations": {
                TAG: self.version_tag(wanted.id),
                "workers/message": format!("Flaresmith {}", wanted.id),
            },
        });
        let parts = Parts::of(&metadata).with_module(MODULE, &wanted.module);
        mark.fence.check(None).await?;
        let path = script.path(&["versions"]);
        let told = self.call(access, Method::POST, &path, &[], Sent::Parts(parts)).await?;
        if INVALID.iter().any(|code| told.is(*code)) {
            // It is text of the project's, so it is for the journal alone.
            return Err(Failure::new(ErrorCode::DeploymentNotReady).with_source(told.said()));
        }
        told.result::<Value>().map(drop)
    }
}
