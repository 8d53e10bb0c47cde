//! Workers of one project at Cloudflare.
//!
//! Owns: from a host's words to scripts, versions and deployments there, and that a version is tried before it answers. Must not know: how
//! Cloudflare is called, how a project came to be connected.
//!
//! A version is tried at an address of its own, which there is only meanwhile: former versions, with what they did wrong, do not
//! stay reachable.

use flaresmith_api::errors::{ErrorCode, Failure};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{EdgeHost, Standing, Version, answering};
use crate::providers::cloud::Access;
use crate::providers::cloudflare::{Cloudflare, Script, WantedVersion};
use crate::providers::{Made, Mark};

/// The worker of one environment in the account of its project.
pub struct AtCloudflare {
    /// Cloudflare.
    pub cloudflare: Cloudflare,
    /// Who signs in.
    pub access: Access,
    /// The script.
    pub script: Script,
    /// Plain variables that its versions get.
    pub variables: Vec<(String, String)>,
}

impl AtCloudflare {
    /// The id of the version that answers then.
    async fn change(&self, mark: &Mark, id: Uuid) -> Result<String, Failure> {
        let (cloudflare, access, script) = (&self.cloudflare, &self.access, &self.script);
        let url = cloudflare.ensure_script(access, mark, script).await?;
        let version = cloudflare.version(access, script, id).await?;
        let version = version.ok_or_else(|| Failure::new(ErrorCode::EnvRollbackUnavailable))?;
        let former = cloudflare.deployed(access, script).await?;
        let (client, patience) = (cloudflare.client(), cloudflare.patience());
        if former.as_ref() != Some(&version) {
            cloudflare.show_versions(access, mark, script, true).await?;
            let tried = match cloudflare.address_of(access, script, &version).await {
                Ok(own) => answering::answers(client, &own, patience).await,
                Err(failure) => Err(failure),
            };
            let hidden = cloudflare.show_versions(access, mark, script, false).await;
            tried.and(hidden)?;
            cloudflare.deploy(access, mark, script, &version, id).await?;
        }
        let served = answering::answers(client, &url, patience).await;
        if served.is_err()
            && let Some(former) = former.filter(|former| *former != version)
        {
            // What answered before is to go on.
            cloudflare.deploy(access, mark, script, &former, id).await?;
        }
        served.map(|()| version)
    }
}

impl EdgeHost for AtCloudflare {
    fn look_worker<'a>(
        &'a self,
        mark: &'a Mark,
        version: Option<Uuid>,
    ) -> BoxFuture<'a, Result<Option<Standing>, Failure>> {
        Box::pin(async move {
            let (cloudflare, access, script) = (&self.cloudflare, &self.access, &self.script);
            if !cloudflare.is_there(access, mark, script).await? {
                return Ok(None);
            }
            Ok(Some(Standing {
                active: cloudflare.deployed(access, script).await?,
                wanted: match version {
                    Some(version) => cloudflare.version(access, script, version).await?,
                    None => None,
                },
            }))
        })
    }

    fn ensure_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let url = self.cloudflare.ensure_script(&self.access, mark, &self.script).await?;
            Ok(Made {
                external_id: Some(format!("{}/{}", self.script.account, self.script.name)),
                name: self.script.name.clone(),
                url: Some(url.as_str().trim_end_matches('/').to_owned()),
                ..Made::default()
            })
        })
    }

    fn put_version<'a>(&'a self, mark: &'a Mark, version: Version) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let wanted = WantedVersion {
                id: version.id,
                module: version.module,
                secrets: version.bindings,
                variables: self.variables.clone(),
            };
            let (access, script) = (&self.access, &self.script);
            self.cloudflare.put_version(access, mark, script, wanted).await
        })
    }

    fn repeat_version<'a>(&'a self, _: &'a Mark, of: Uuid, _: Uuid) -> BoxFuture<'a, Result<Uuid, Failure>> {
        Box::pin(async move {
            // What it has that is secret nobody can read, so it is not uploaded again: it is the one that answers again.
            let found = self.cloudflare.version(&self.access, &self.script, of).await?;
            found.map(|_| of).ok_or_else(|| {
                Failure::new(ErrorCode::EnvRollbackUnavailable)
                    .with_message("Cloudflare does not have that version, or not any more.")
                    .with_hint("Deploy its commit again.")
            })
        })
    }

    fn activate<'a>(&'a self, mark: &'a Mark, id: Uuid) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async move { self.change(mark, id).await.map(Some) })
    }

    fn remove_worker<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.cloudflare.remove_script(&self.access, mark, &self.script))
    }
}
