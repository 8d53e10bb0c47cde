//! How a project is at one moment, and whether it is still so.
//!
//! Owns: what a digest stands for, and telling which part of it moved. Must not know: what is planned.
//!
//! A digest has a part for each of what may move: heads of branches, files that are compiled, what was made (in the store and at
//! providers), connections. So nobody has to keep it to tell what moved.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use flaresmith_api::errors::Failure;
use flaresmith_api::types::ProvisionErrorDetailsMovedItem as Moved;
use flaresmith_store::entities::{environments, projects};
use flaresmith_store::enums::{EnvironmentKind, ResourceKind};
use git2::Oid;
use uuid::Uuid;

use super::project;
use crate::features::specs::planned;
use crate::platform::Platform;
use crate::providers::{Mark, Never};
use crate::provisioning::look::{self, Found};
use crate::provisioning::stand::{Stand, short, stale};
use crate::provisioning::step::{ALL, key};
use crate::repositories::Local;

/// A project at one moment.
pub(super) struct Moment {
    /// Its environments.
    pub(super) environments: Vec<environments::Model>,
    /// Branches that environments follow, and their heads.
    pub(super) heads: BTreeMap<String, Oid>,
    /// The branch whose specs count: that of dev.
    pub(super) branch: Option<String>,
    /// Its head.
    pub(super) specs: Option<Oid>,
    /// What was found at providers.
    pub(super) found: Vec<Found>,
    stand: Stand,
    parts: [String; 4],
}

/// What each part stands for.
const PARTS: [Moved; 4] = [Moved::Repository, Moved::Specs, Moved::Resources, Moved::Integrations];

impl Moment {
    /// How it is now.
    pub(super) async fn of(platform: &Platform, project: &projects::Model) -> Result<Self, Failure> {
        // Before anything else is looked at: what changes meanwhile makes the plan one from before.
        let stand = Stand::read(platform.store.read(), project.id).await?;
        let environments = look::environments_of(platform, project.id).await?;
        let heads = heads(platform, project.id, &environments).await?;
        let dev = environments.iter().find(|row| row.kind == EnvironmentKind::Dev);
        let branch = dev.map(|row| row.branch.clone());
        let specs = branch.as_ref().and_then(|branch| heads.get(branch)).copied();
        let sources = match specs {
            Some(commit) => planned::sources(platform, project.id, commit).await?,
            None => String::new(),
        };
        let found = look::all(platform, project).await?;
        let told: String = heads.iter().fold(String::new(), |mut text, (branch, head)| {
            let _ = writeln!(text, "{head} {branch}");
            text
        });
        let parts = [
            short(&told),
            short(&sources),
            short(&format!("{}\n{}", stand.resources, seen(&found))),
            stand.integrations.clone(),
        ];
        Ok(Self {
            environments,
            heads,
            branch,
            specs,
            found,
            stand,
            parts,
        })
    }

    /// What stands for it.
    pub(super) fn digest(&self) -> String {
        self.parts.join("-")
    }

    /// What is another by now than a digest says.
    fn moved_since(&self, digest: &str) -> Vec<Moved> {
        let parts: Vec<&str> = digest.split('-').collect();
        let moved = PARTS.into_iter().zip(&self.parts).enumerate();
        let moved = moved.filter(|(at, (_, now))| parts.get(*at) != Some(&now.as_str()));
        moved.map(|(_, (part, _))| part).collect()
    }
}

/// Refuses a digest that does not stand for the project as it is; with one that does, how the project stands in the store comes back,
/// for whoever begins what was planned. `deploys`: the environment and the commit that is to be deployed there, which has to be the
/// planned one.
///
/// # Errors
/// Something moved, or it cannot be found out.
pub(crate) async fn demand(
    platform: &Platform,
    id: Uuid,
    digest: Option<&str>,
    deploys: Option<(Uuid, &str)>,
) -> Result<Option<Stand>, Failure> {
    let Some(digest) = digest else {
        return Ok(None);
    };
    let project = project(platform, id).await?;
    let moment = Moment::of(platform, &project).await?;
    let mut moved = moment.moved_since(digest);
    if let Some((environment, commit)) = deploys
        && moved.is_empty()
    {
        let planned = moment.environments.iter().find(|row| row.id == environment);
        let planned = planned.and_then(|row| moment.heads.get(&row.branch));
        if planned.is_none_or(|planned| planned.to_string() != commit) {
            moved.push(Moved::Repository);
        }
    }
    match moved.is_empty() {
        true => Ok(Some(moment.stand)),
        false => Err(stale(moved, Some(moment.digest()))),
    }
}

/// Heads of the branches that environments follow. A repository that is not there has none, and is not made to look.
async fn heads(
    platform: &Platform,
    project: Uuid,
    environments: &[environments::Model],
) -> Result<BTreeMap<String, Oid>, Failure> {
    let mark = Mark {
        project,
        environment: ALL.to_owned(),
        key: key(project, ResourceKind::GithubRepo.as_str(), None),
        fence: Arc::new(Never),
    };
    // What is another's is told among what was found.
    if !matches!(platform.providers.source.look_repository(&mark).await, Ok(Some(_))) {
        return Ok(BTreeMap::new());
    }
    let mut heads = platform.repositories.with_standing(project, Local::heads).await?;
    heads.retain(|branch, _| environments.iter().any(|row| row.branch == *branch));
    Ok(heads)
}

/// What was seen, as a text.
fn seen(found: &[Found]) -> String {
    let mut text = String::new();
    for one in found {
        let kinds: Vec<String> = one
            .looked
            .differences
            .iter()
            .map(|one| format!("{:?}", one.kind))
            .collect();
        let _ = writeln!(
            text,
            "{} {} {} {}",
            one.key,
            one.step.name,
            one.looked.seen,
            kinds.join(" ")
        );
    }
    text
}
