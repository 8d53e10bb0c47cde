//! The Neon project of a project.
//!
//! Owns: how it is made, known and removed. Must not know: its branches.
//!
//! Names are not unique there. The project's is known by the id that was kept of it, and before that is known by a name that ends in a
//! mark with a digest which nobody else can make, together with the branch that it was made with.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CALL, DATABASE, Neon, ROLE, because};
use crate::providers::cloud::{Access, Answer};
use crate::providers::late::Making;
use crate::providers::{Mark, foreign};
use crate::sealing::mac;

/// Longest name, in characters.
const LONGEST: usize = 256;

/// A project as Neon has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its data are.
    pub region_id: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How long the history of its branches is kept, in seconds.
    #[serde(default)]
    pub(super) history_retention_seconds: Option<i64>,
}

#[derive(Deserialize)]
struct Told {
    project: Project,
}

/// A project that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What people know it by.
    pub name: String,
    /// Where its data are to be.
    pub region: String,
    /// Whose it is to be; `None`: the key tells.
    pub organization: Option<String>,
    /// Major version of Postgres.
    pub postgres: i64,
    /// The branch that it begins with.
    pub branch: String,
}

impl Neon {
    /// The mark of a project, at the end of a name.
    fn mark(&self, project: Uuid) -> String {
        let digest = mac(&self.key, project.as_bytes());
        let digest: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        format!("(Flaresmith {project} {digest})")
    }

    /// The project of an id; `None`: there is none that the key may see.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn project(&self, access: &Access, id: &str) -> Result<Option<Project>, Failure> {
        let found: Option<Told> = self.found(access, &["projects", id], &[]).await?;
        Ok(found.map(|told| told.project))
    }

    /// Those that bear the mark, oldest first.
    async fn marked(&self, access: &Access, wanted: &Wanted) -> Result<Vec<Project>, Failure> {
        let (mark, searched) = (self.mark(access.project), access.project.to_string());
        let mut query = vec![("limit", "100"), ("search", searched.as_str())];
        query.extend(wanted.organization.as_deref().map(|id| ("org_id", id)));
        let mut all: Vec<Project> = self.listed(access, &["projects"], &query, "projects").await?;
        // A search finds parts of names, and ids.
        all.retain(|one| one.name.ends_with(&mark));
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(all)
    }

    /// The project's own, if it is there. `known`: the id that was kept of it.
    ///
    /// # Errors
    /// Neon does not answer or refuses, or what bears the mark was not made by the platform.
    pub async fn own_project(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &Wanted,
        known: Option<&str>,
    ) -> Result<Option<Project>, Failure> {
        if let Some(known) = known {
            return self.project(access, known).await;
        }
        let Some(found) = self.marked(access, wanted).await?.into_iter().next() else {
            return Ok(None);
        };
        // A name can be copied; what was made with it is there too, or it is not the one.
        let branches = self.branches(access, &found.id).await?;
        let begins = branches.iter().any(|one| one.default && one.name == wanted.branch);
        match begins && found.region_id == wanted.region {
            true => Ok(Some(found)),
            false => Err(foreign(mark)),
        }
    }

    /// Makes sure that it is there, and ready.
    ///
    /// # Errors
    /// What bears its mark was not made by the platform, the one that is known is gone, or Neon does not answer or refuses.
    pub async fn ensure_project(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &Wanted,
        known: Option<&str>,
    ) -> Result<Project, Failure> {
        let found = self.own_project(access, mark, wanted, known).await?;
        match (found, known) {
            (Some(found), _) => {
                self.settled(access, &found.id).await?;
                Ok(found)
            }
            // Another one would be empty, and nobody would have been asked.
            (None, Some(known)) => Err(Self::failures().rejected(&format!(
                "its project {known}, which has the databases, is gone, or the key may not see it; recover it at Neon.",
            ))),
            (None, None) => self.make_project(access, mark, wanted).await,
        }
    }

    async fn make_project(&self, access: &Access, marked: &Mark, wanted: &Wanted) -> Result<Project, Failure> {
        let mark = self.mark(marked.project);
        let room = LONGEST.saturating_sub(mark.chars().count() + 1);
        let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
        let named: String = wanted.name.chars().map(plain).take(room).collect();
        let mut project = json!({
            "name": format!("{named} {mark}"),
            "region_id": wanted.region,
            "pg_version": wanted.postgres,
            // The address of a database is asked for whenever it is needed, and kept nowhere.
            "store_passwords": true,
            "branch": { "name": wanted.branch, "role_name": ROLE, "database_name": DATABASE },
        });
        if let Some(id) = &wanted.organization {
            project["org_id"] = Value::from(id.as_str());
        }
        let body = json!({ "project": project });
        let (neon, of, by) = (self.clone(), marked.clone(), access.unhurried());
        let call = async move {
            let made = neon.change(&by, &of, Method::POST, &["projects"], Some(&body)).await?;
            match made.status.is_success() {
                true => made.json::<Told>().map(|told| (told.project, made)),
                false => Err(because(&made)),
            }
        };
        let (neon, free, by) = (self.clone(), marked.free(), access.clone());
        let making = Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: |(project, _): &(Project, Answer)| Some(project.id.clone()),
            is_given_twice: true,
            remove: Box::new(move |id, _| {
                let (neon, free, by) = (neon.clone(), free.clone(), by.clone());
                Box::pin(async move { neon.remove_project(&by, &free, &id).await })
            }),
        };
        let (project, made) = making.made(marked).await?;
        self.ended(access, &project.id, &made).await?;
        // Somebody who died may have had the same call on its way, which was not to be seen before: what came first stays.
        if self.marked(access, wanted).await?.len() < 2 {
            return Ok(project);
        }
        match self.own_project(access, marked, wanted, None).await? {
            Some(first) if first.id != project.id => {
                self.remove_project(access, marked, &project.id).await?;
                self.settled(access, &first.id).await?;
                Ok(first)
            }
            _ => Ok(project),
        }
    }

    /// Removes a project that was found to be the project's own.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn remove_project(&self, access: &Access, mark: &Mark, id: &str) -> Result<(), Failure> {
        let done = self
            .change(access, mark, Method::DELETE, &["projects", id], None)
            .await?;
        match done.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
                let reason = "the project cannot be removed; take back that branches of it are protected, then retry.";
                Err(Self::failures().rejected(reason))
            }
            _ => Err(because(&done)),
        }
    }
}
