//! Databases as branches of a Neon project.
//!
//! Owns: which branch an environment has, and how its database is reached from here and from a worker. Must not know: how Neon is
//! called, how a project came to be connected.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use futures_util::future::BoxFuture;
use reqwest::Url;
use uuid::Uuid;

use super::branch::answers_at;
use super::{DatabaseHost, Migration, Moment, Reached, migrate, unavailable};
use crate::providers::cloud::{Access, Failures};
use crate::providers::neon::{Branch, Neon, WantedBranch};
use crate::providers::{Made, Mark};
use crate::settings::Hidden;

/// What other branches than those of the core environments begin as a copy of.
const DEV: &str = "dev";

/// The environments whose branches begin as copies of the project's first.
const CORE: [&str; 2] = [DEV, "staging"];

/// How much earlier a database is taken back to than it was changed: what tells the time is asked before and after.
const MARGIN: TimeDelta = TimeDelta::seconds(1);

/// The branches of one project at Neon.
pub struct AtNeon {
    /// Neon.
    pub neon: Neon,
    /// Who signs in.
    pub access: Access,
    /// The id of the Neon project.
    pub project: String,
    /// The id of the environment's branch, if one was kept.
    pub known: Option<String>,
    /// What it is called there: as the environment, unless a standby took over.
    pub name: String,
    /// The id of the branch that prod uses, if one was kept: what is made anew begins with that.
    pub first: Option<String>,
    /// Only what is younger is removed.
    pub since: Option<DateTime<Utc>>,
}

impl AtNeon {
    async fn branch(&self) -> Result<Option<Branch>, Failure> {
        let known = self.known.as_deref();
        self.neon.branch(&self.access, &self.project, known, &self.name).await
    }

    /// Whether the database takes connections.
    ///
    /// # Errors
    /// Neon does not answer or refuses, so nobody can tell.
    pub async fn answers(&self) -> Result<bool, Failure> {
        let Some(branch) = self.branch().await? else {
            return Ok(false);
        };
        let address = self.neon.asked(&self.access, &self.project, &branch.id, false).await?;
        match address {
            Some(address) => Ok(answers_at(&encrypted(&address)?).await),
            None => Ok(false),
        }
    }

    /// What is told of a branch. Its address holds a password.
    fn told(&self, branch: Branch) -> Made {
        Made {
            name: format!("{}/{}", self.project, branch.name),
            external_id: Some(branch.id),
            url: None,
            ..Made::default()
        }
    }

    /// The branch, if it can be taken back to a moment.
    async fn reaching(&self, mark: &Mark, to: &Moment) -> Result<Branch, Failure> {
        let branch = self.branch().await?;
        let branch = branch.ok_or_else(|| unavailable("The branch of the database is not at Neon any more."))?;
        if branch.protected {
            return Err(unavailable(
                "The branch of the database is protected at Neon. Take that back there, then try again.",
            ));
        }
        let kept = self.neon.kept_of(&self.access, mark, &self.project, &branch.id).await?;
        // Its own history begins where it was taken back last.
        if kept.iter().any(|kept| Utc::now() - kept.created_at <= to.ago + MARGIN) {
            return Err(unavailable(
                "The database was taken back since then, and Neon keeps its history from that on.",
            ));
        }
        let window = self.neon.history(&self.access, &self.project).await?;
        match window.is_none_or(|window| to.ago + MARGIN < window) {
            true => Ok(branch),
            false => Err(unavailable(
                "Neon does not keep the history of the project for so long.",
            )),
        }
    }

    /// Removes what was kept of a branch that is gone.
    async fn remove_kept(&self, mark: &Mark, branch: &str) -> Result<(), Failure> {
        let kept = self.neon.kept_of(&self.access, mark, &self.project, branch).await?;
        // The newest begins with the one before it.
        for kept in kept.iter().rev() {
            self.neon.remove_branch(&self.access, mark, &self.project, kept).await?;
        }
        Ok(())
    }

    async fn address(&self, mark: &Mark, pooled: bool) -> Result<Hidden, Failure> {
        let branch = self.branch().await?.ok_or_else(|| {
            let reason = format!("the environment {} has no branch there any more.", mark.environment);
            Failures::of(Provider::Neon).rejected(&reason)
        })?;
        self.neon.address(&self.access, &self.project, &branch.id, pooled).await
    }
}

impl DatabaseHost for AtNeon {
    fn look_database<'a>(&'a self, _: &'a Mark) -> BoxFuture<'a, Result<Option<Made>, Failure>> {
        Box::pin(async move {
            let found = self.branch().await?;
            Ok(found.map(|branch| self.told(branch)))
        })
    }

    fn migrated<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<i64>, Failure>> {
        Box::pin(async move {
            if self.branch().await?.is_none() {
                return Ok(Some(0));
            }
            let address = encrypted(&self.address(mark, false).await?)?;
            migrate::seen(&address).await.map(Some).map_err(away)
        })
    }

    fn ensure_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let parent = (!CORE.contains(&mark.environment.as_str())).then(|| DEV.to_owned());
            let wanted = WantedBranch {
                name: self.name.clone(),
                parent,
                first: self.first.clone(),
                // What runs on one that took over has the password that it took over.
                own_password: self.name == mark.environment,
            };
            let known = self.known.as_deref();
            let branch = self
                .neon
                .ensure_branch(&self.access, mark, &self.project, known, &wanted)
                .await?;
            Ok(self.told(branch))
        })
    }

    fn branch_database<'a>(&'a self, mark: &'a Mark, _: &'a Mark) -> BoxFuture<'a, Result<Made, Failure>> {
        // There every branch begins as a copy.
        self.ensure_database(mark)
    }

    fn reached<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<Option<Reached>, Failure>> {
        Box::pin(async move {
            let address = self.address(mark, true).await?;
            // The internet is open to workers anyway; a network of one's own is not.
            let url = Url::parse(address.expose()).ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            let own = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
            let networks = own.map(|own| match own {
                IpAddr::V4(own) => format!("{own}/32"),
                IpAddr::V6(own) => format!("{own}/128"),
            });
            Ok(Some(Reached {
                address,
                networks: networks.into_iter().collect(),
            }))
        })
    }

    fn migrate<'a>(&'a self, mark: &'a Mark, migrations: Vec<Migration>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let address = encrypted(&self.address(mark, false).await?)?;
            mark.fence.check(None).await?;
            migrate::migrate(&address, &migrations).await.map_err(away)
        })
    }

    fn keep_before<'a>(&'a self, _: &'a Mark, _: Uuid) -> BoxFuture<'a, Result<bool, Failure>> {
        // Neon keeps the history of every branch by itself.
        Box::pin(async { Ok(true) })
    }

    fn reaches_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move { self.reaching(mark, to).await.map(|_| ()) })
    }

    fn take_back<'a>(&'a self, mark: &'a Mark, to: &'a Moment, own: Uuid) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(branch) = self.branch().await?
                && self
                    .neon
                    .is_kept(&self.access, mark, &self.project, &branch, own)
                    .await?
            {
                return self.neon.settled(&self.access, &self.project).await;
            }
            let branch = self.reaching(mark, to).await?;
            // Its own clock tells when anything was written to it.
            let address = encrypted(&self.address(mark, false).await?)?;
            let at = migrate::now(&address).await.map_err(away)? - to.ago - MARGIN;
            self.neon
                .restore(&self.access, mark, &self.project, &branch, at, own)
                .await
        })
    }

    fn remove_database<'a>(&'a self, mark: &'a Mark) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if self.neon.project(&self.access, &self.project).await?.is_none() {
                return Ok(());
            }
            let Some(branch) = self.branch().await? else {
                // Somebody may have begun to remove it and not seen the end.
                self.neon.settled(&self.access, &self.project).await?;
                return match &self.known {
                    Some(known) => self.remove_kept(mark, known).await,
                    None => Ok(()),
                };
            };
            // Clocks differ by little.
            let is_older = |since: DateTime<Utc>| branch.created_at + TimeDelta::seconds(1) < since;
            // What the project began with goes with the project.
            if branch.default || self.since.is_some_and(is_older) {
                return Ok(());
            }
            self.neon
                .remove_branch(&self.access, mark, &self.project, &branch)
                .await?;
            self.remove_kept(mark, &branch.id).await
        })
    }
}

/// A database there that takes no connection is no failure of the store.
fn away(failure: Failure) -> Failure {
    match failure.code() {
        ErrorCode::ServerStoreUnavailable => {
            Failures::of(Provider::Neon).away("The database of the branch takes no connection.")
        }
        _ => failure,
    }
}

/// The address as this program uses it: over the internet only encrypted, and only with whoever proves to be the host.
fn encrypted(address: &Hidden) -> Result<Hidden, Failure> {
    let wrong = || Failures::of(Provider::Neon).rejected("the address of a database is none.");
    let mut url = Url::parse(address.expose()).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
    if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback()) {
        return Ok(address.clone());
    }
    // The driver knows `sslmode`, and nothing of binding to channels.
    let mut kept: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    kept.retain(|(key, _)| !["sslmode", "channel_binding"].contains(&key.as_str()));
    kept.push(("sslmode".to_owned(), "verify-full".to_owned()));
    url.query_pairs_mut().clear().extend_pairs(kept);
    Ok(Hidden::new(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_on_the_internet_is_reached_encrypted_whatever_its_address_says() {
        for query in ["", "?sslmode=disable", "?sslmode=require&channel_binding=require"] {
            let given = Hidden::new(format!(
                "postgresql://app:pw@ep-a.eu-central-1.aws.neon.tech/app{query}"
            ));
            let used = encrypted(&given).unwrap();
            assert_eq!(
                used.expose(),
                "postgresql://app:pw@ep-a.eu-central-1.aws.neon.tech/app?sslmode=verify-full"
            );
        }
        let near = Hidden::new("postgres://app@127.0.0.1:5432/app");
        assert_eq!(encrypted(&near).unwrap().expose(), near.expose());
    }
}
