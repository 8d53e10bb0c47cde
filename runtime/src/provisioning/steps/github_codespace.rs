//! The codespace of a project at GitHub, and its removal.
//!
//! Owns: waiting until it can be worked in, and that undoing takes away what the run made alone. Must not know: how GitHub is called,
//! what a row of one has.
//!
//! A token that may not have codespaces, and an account that would have to pay for them, leave this step out and nothing else.

use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post};
use flaresmith_api::types::Provider::Github;
use flaresmith_store::entities::{provisioning_runs, repos};
use flaresmith_store::enums::{Provider, RepoHost, RunState};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::features::projects::access;
use crate::providers::Made;
use crate::providers::cloud::{Access, Failures, Waits};
use crate::providers::github::{Codespace as There, Repository, Stage, WantedCodespace};
use crate::provisioning::at_neon::began;
use crate::provisioning::call::{Call, There as Providers, asks, changes};
use crate::provisioning::codespace;
use crate::provisioning::look::{Kind, Looked};
use crate::provisioning::step::{Step, Subject};
use crate::store::{Write, failed};

/// How long one may take to come up. Whoever retries the run finds it again, and waits as long.
const READY: Duration = Duration::from_secs(300);

/// What making it takes.
const MAKES: [Call; 6] = [
    asks(Github, "/repos/{owner}/{repo}", "Looks for the repository."),
    asks(
        Github,
        "/repositories/{id}",
        "Looks for it by its number, where it was renamed.",
    ),
    asks(
        Github,
        "/repos/{owner}/{repo}/codespaces",
        "Looks for the codespace by its mark.",
    ),
    changes(Github, Delete, "/user/codespaces/{name}", "Removes one that failed."),
    changes(
        Github,
        Post,
        "/repos/{owner}/{repo}/codespaces",
        "Makes the codespace where it is not there.",
    ),
    asks(Github, "/user/codespaces/{name}", "Waits until it can be worked in."),
];

/// What taking it away takes.
const REMOVES: [Call; 5] = [
    asks(Github, "/repos/{owner}/{repo}", "Looks for the repository."),
    asks(
        Github,
        "/repositories/{id}",
        "Looks for it by its number, where it was renamed.",
    ),
    asks(
        Github,
        "/repos/{owner}/{repo}/codespaces",
        "Looks for codespaces of the project.",
    ),
    asks(
        Github,
        "/user/codespaces/{name}",
        "Looks for the one that is known, where the repository is gone.",
    ),
    changes(Github, Delete, "/user/codespaces/{name}", "Removes the codespace."),
];

/// Makes it.
pub(super) struct Codespace;

/// Takes it away.
pub(super) struct Removal;

/// Who signs in, and what is known of where it is.
struct Place {
    access: Access,
    machine: Option<String>,
    /// The repository, unless it is gone.
    repository: Option<Repository>,
    /// The name of the codespace that the project has.
    known: Option<String>,
}

/// `None`: the connection has ended.
async fn place(on: &Subject) -> Result<Option<Place>, Failure> {
    let Some((row, access)) = access(&on.platform, on.project.id, Provider::Github).await? else {
        return Ok(None);
    };
    let read = on.platform.store.read();
    let repo = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(on.project.id))
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .one(read)
        .await
        .map_err(failed)?;
    let github = &on.platform.providers.github;
    let repository = match &repo {
        Some(repo) => {
            let number = repo.external_id.as_deref();
            github.standing(&access, &repo.owner, &repo.name, number).await?
        }
        None => None,
    };
    let known = codespace::row(read, on.project.id).await?;
    Ok(Some(Place {
        access,
        machine: row.settings["machine"].as_str().map(str::to_owned),
        repository,
        known: known.map(|row| row.name),
    }))
}

impl Place {
    /// Everything that the project has there.
    async fn own(&self, on: &Subject) -> Result<Vec<There>, Failure> {
        let (github, known) = (&on.platform.providers.github, self.known.as_deref());
        let found = match (&self.repository, known) {
            (Some(repository), _) => {
                github
                    .own_codespaces(&self.access, on.project.id, repository, known)
                    .await
            }
            (None, Some(known)) => {
                let found = github.codespace(&self.access, known).await;
                found.map(|found| found.into_iter().collect())
            }
            (None, None) => Ok(Vec::new()),
        };
        match found {
            // What nobody may make was not made.
            Err(failure) if known.is_none() && codespace::WITHHELD.contains(&failure.code()) => Ok(Vec::new()),
            found => found,
        }
    }
}

impl Step for Codespace {
    fn calls(&self, _: Providers) -> Vec<Call> {
        MAKES.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(looked(on))
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let made = made(on).await;
            if let Err(failure) = &made
                && self.leaves_out(failure.code())
            {
                let write = on.write().await?;
                codespace::withheld(&write, &on.platform, on.project.id, Some(failure)).await?;
                write.commit().await?;
            }
            made
        })
    }

    fn leaves_out(&self, code: ErrorCode) -> bool {
        codespace::WITHHELD.contains(&code)
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            codespace::recorded(write, &on.platform, &on.mark.key, made).await?;
            codespace::withheld(write, &on.platform, on.project.id, None).await
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (Some(place), Some(since)) = (place(on).await?, began(on).await?) else {
                return Ok(());
            };
            let github = &on.platform.providers.github;
            // What somebody has worked in meanwhile stays.
            let is_of_this_run = |one: &There| one.is_younger_than(since) && !one.has_work();
            for one in place.own(on).await?.into_iter().filter(is_of_this_run) {
                github.remove_codespace(&place.access, &on.mark, &one.name).await?;
            }
            Ok(())
        })
    }

    fn forget<'a>(&'a self, write: &'a Write, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(codespace::forget(write, on.project.id))
    }
}

/// Looks for it by its mark, and whether it failed. One that was stopped starts when somebody opens it.
async fn looked(on: &Subject) -> Result<Option<Looked>, Failure> {
    let place = place(on).await?;
    let place = place.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
    let slug = &on.project.slug;
    let hint = format!(
        "Make another: `flaresmith project retry {slug}`; or have none: `flaresmith integration connect github {slug} --no-codespace`.",
    );
    let should = "The codespace of the project.";
    Ok(Some(match place.own(on).await?.into_iter().next() {
        None => Looked::missing("GitHub has no codespace of the project.", should, hint),
        Some(found) if found.stage() == Stage::Failed => {
            let is = format!("`{}` has failed.", found.name);
            Looked::but(found.name, Kind::Differs, is, should, hint)
        }
        Some(found) => Looked::fine(found.name),
    }))
}

/// Makes sure that it is there and can be worked in.
async fn made(on: &Subject) -> Result<Made, Failure> {
    let place = place(on).await?;
    let place = place.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
    let refuses = |reason: &str| Failures::of(Provider::Github).rejected(reason);
    let gone = || refuses("the repository of the project is gone, or the token may not see it.");
    let repository = place.repository.as_ref().ok_or_else(gone)?;
    let environment = on.environment.as_ref();
    let environment = environment.ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))?;
    let github = &on.platform.providers.github;
    let wanted = WantedCodespace {
        repository,
        branch: &environment.branch,
        machine: place.machine.as_deref(),
        title: &on.project.slug,
    };
    let known = place.known.as_deref();
    let mut there = github.ensure_codespace(&place.access, &on.mark, &wanted, known).await?;
    let ports = codespace::ports(&on.platform, on.project.id, &environment.branch).await?;
    let (until, mut waits) = (Instant::now() + READY, Waits::begin());
    loop {
        let write = on.write().await?;
        codespace::put(&write, &on.platform, on.project.id, &there, &ports).await?;
        write.commit().await?;
        match there.stage() {
            // One that was there before and was stopped starts when somebody opens it.
            Stage::Available | Stage::Shutdown => break,
            Stage::Failed => {
                return Err(refuses(
                    "the codespace could not be made; look there for the reason, then retry the run, which makes another.",
                ));
            }
            Stage::Queued | Stage::UnderWay | Stage::Gone if Instant::now() >= until => {
                return Err(refuses(
                    "the codespace has not come up within five minutes; retry the run, which waits for it again.",
                ));
            }
            Stage::Queued | Stage::UnderWay | Stage::Gone => tokio::time::sleep(waits.following()).await,
        }
        if !goes_on(on).await? {
            return Err(refuses("the run was cancelled while the codespace came up."));
        }
        let found = github.codespace(&place.access, &there.name).await?;
        there = found.ok_or_else(|| refuses("somebody removed the codespace while it came up; retry the run."))?;
    }
    Ok(Made {
        external_id: Some(there.name.clone()),
        name: there.name,
        url: Some(there.web_url),
        ..Made::default()
    })
}

/// Whether the run is still to be carried out.
async fn goes_on(on: &Subject) -> Result<bool, Failure> {
    let run = provisioning_runs::Entity::find_by_id(on.run)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    Ok(run.is_some_and(|run| run.state == RunState::Running))
}

impl Step for Removal {
    fn calls(&self, _: Providers) -> Vec<Call> {
        REMOVES.to_vec()
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            // Who ended the connection before keeps it.
            if let Some(place) = place(on).await? {
                for one in place.own(on).await? {
                    let github = &on.platform.providers.github;
                    github.remove_codespace(&place.access, &on.mark, &one.name).await?;
                }
            }
            Ok(Made::default())
        })
    }
}
