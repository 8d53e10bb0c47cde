//! Which version of a script answers.
//!
//! Owns: telling it and changing it. Must not know: what a version is.

use std::sync::Arc;

use axum::http::Method;
use flaresmith_api::errors::{ErrorCode, Failure};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::envelope::Told;
use super::{CALL, Cloudflare, Script, Sent};
use crate::providers::cloud::Access;
use crate::providers::late::Making;
use crate::providers::{Fate, Mark};

/// The code of a change that has to be forced: a secret is another one since.
const CHANGED: i64 = 10220;

/// The code of a version that is not there, or not any more.
const NO_VERSION: i64 = 100_146;

/// So many signs of a version's id stand in its address.
const SIGNS: usize = 8;

#[derive(Deserialize)]
struct Deployments {
    #[serde(default)]
    deployments: Vec<Deployment>,
}

#[derive(Deserialize)]
struct Deployment {
    #[serde(default)]
    versions: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    version_id: String,
    percentage: f64,
}

/// What came of letting a version answer.
struct Put {
    told: Told,
    version: String,
}

impl Cloudflare {
    /// The version that answers every request; `None`: several do, or none.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub async fn deployed(&self, access: &Access, script: &Script) -> Result<Option<String>, Failure> {
        Ok(self.deployments(access, script).await?.into_iter().next().flatten())
    }

    /// The versions that answered every request, newest first; `None`: several did.
    async fn deployments(&self, access: &Access, script: &Script) -> Result<Vec<Option<String>>, Failure> {
        let path = script.path(&["deployments"]);
        let told = self.call(access, Method::GET, &path, &[], Sent::Nothing).await?;
        if told.is_absent() {
            return Ok(Vec::new());
        }
        let all: Deployments = told.result()?;
        let whole = |one: Deployment| one.versions.into_iter().find(|part| part.percentage >= 100.0);
        let all = all.deployments.into_iter().map(whole);
        Ok(all.map(|part| part.map(|part| part.version_id)).collect())
    }

    /// Puts in front again what a first upload has covered that came too late. There is one such upload for each script; another one
    /// is younger than something else and was not uploaded beside what answered.
    pub(super) async fn uncover(&self, access: &Access, mark: &Mark, script: &Script) -> Result<(), Failure> {
        let versions = self.all_versions(access, script).await?;
        let first = versions.last().map(|(id, _)| id.clone());
        let is_late =
            |id: &String| first.as_ref() != Some(id) && versions.iter().any(|(one, beside)| one == id && !beside);
        let history = self.deployments(access, script).await?;
        let mut history = history.into_iter().flatten();
        let Some(late) = history.next().filter(is_late) else {
            return Ok(());
        };
        match history.find(|id| !is_late(id)) {
            Some(former) if former != late => self.deploy(access, mark, script, &former, Uuid::nil()).await,
            _ => Ok(()),
        }
    }

    /// Lets a version answer every request. `id`: of the deployment, for whoever reads the list there. What comes too late is taken back by
    /// letting answer again what it came before, unless the act came to that very version.
    ///
    /// # Errors
    /// The version is not there any more, or Cloudflare does not answer or refuses.
    pub async fn deploy(
        &self,
        access: &Access,
        mark: &Mark,
        script: &Script,
        version: &str,
        id: Uuid,
    ) -> Result<(), Failure> {
        let put = self.putting(access, mark, script, version, id).made(mark).await?;
        match put.told.is(NO_VERSION) {
            true => Err(Failure::new(ErrorCode::EnvRollbackUnavailable)),
            false => put.told.result::<Value>().map(drop),
        }
    }

    fn putting(&self, access: &Access, mark: &Mark, script: &Script, version: &str, id: Uuid) -> Making<Put> {
        let body = json!({
            "strategy": "percentage",
            "versions": [{ "version_id": version, "percentage": 100 }],
            "annotations": { "workers/message": format!("Flaresmith {id}") },
        });
        let (cloudflare, by, of, version) = (self.clone(), access.unhurried(), script.clone(), version.to_owned());
        let fence = Arc::clone(&mark.fence);
        let call = async move {
            let path = of.path(&["deployments"]);
            let told = cloudflare
                .call(&by, Method::POST, &path, &[], Sent::Json(&body))
                .await?;
            // A version brings its secrets along, so it is meant to have others than the present one.
            let told = match told.is(CHANGED) {
                true => {
                    fence.check(None).await?;
                    let forced = [("force", "true")];
                    cloudflare
                        .call(&by, Method::POST, &path, &forced, Sent::Json(&body))
                        .await?
                }
                false => told,
            };
            Ok(Put { told, version })
        };
        let (cloudflare, by, of, free) = (self.clone(), access.clone(), script.clone(), mark.free());
        Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: |put| put.told.is_done().then(|| put.version.clone()),
            is_given_twice: false,
            remove: Box::new(move |late, fate| {
                let (cloudflare, by, of, free) = (cloudflare.clone(), by.clone(), of.clone(), free.clone());
                Box::pin(async move {
                    match fate {
                        // It goes with all of its versions, by whoever takes it away.
                        Fate::Nothing | Fate::Gone => Ok(()),
                        _ => cloudflare.take_back(&by, &free, &of, &late).await,
                    }
                })
            }),
        }
    }

    /// Lets what answered before a version answer again, as long as that is what answers.
    async fn take_back(&self, access: &Access, mark: &Mark, script: &Script, late: &str) -> Result<(), Failure> {
        let mut history = self.deployments(access, script).await?.into_iter().flatten();
        if history.next().as_deref() != Some(late) {
            return Ok(());
        }
        match history.next() {
            Some(former) if former != late => {
                // Boxed, as it is a deployment like the one that it takes back.
                Box::pin(self.deploy(access, mark, script, &former, Uuid::nil())).await
            }
            _ => Ok(()),
        }
    }

    /// Where a version answers by itself, while versions of the script do.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub async fn address_of(&self, access: &Access, script: &Script, version: &str) -> Result<Url, Failure> {
        let subdomain = self.subdomain(access, &script.account).await?;
        let signs: String = version.chars().take(SIGNS).collect();
        self.address(&format!("{signs}-{}", script.name), &subdomain)
    }

    /// Lets versions of the script answer at addresses of their own, or not any more.
    ///
    /// # Errors
    /// Cloudflare does not answer or refuses.
    pub async fn show_versions(
        &self,
        access: &Access,
        mark: &Mark,
        script: &Script,
        shown: bool,
    ) -> Result<(), Failure> {
        self.open(access, mark, script, shown).await
    }
}
