//! Branches of a Neon project: one for each environment, with a compute and a password of its own.
//!
//! Owns: how one is made, known, reached and removed. Must not know: which environment it is for.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CALL, DATABASE, Neon, ROLE, because};
use crate::providers::Mark;
use crate::providers::cloud::{Access, Answer};
use crate::providers::late::Making;
use crate::settings::Hidden;

/// A branch as Neon has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Branch {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is the one that the project began with, which cannot be removed.
    pub default: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Whether somebody protects it from being changed as a whole.
    #[serde(default)]
    pub protected: bool,
    #[serde(default)]
    pub(super) parent_id: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    branch: Branch,
}

#[derive(Deserialize)]
struct Endpoints {
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Address {
    uri: String,
}

/// A branch that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The branch that it begins as a copy of, if there is one of that name.
    pub parent: Option<String>,
    /// The id of the one that it else begins with, if that is there; else that is the project's first.
    pub first: Option<String>,
    /// Whether it is to have a password that its parent has not.
    pub own_password: bool,
}

impl Neon {
    /// All branches of a project.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn branches(&self, access: &Access, project: &str) -> Result<Vec<Branch>, Failure> {
        let path = ["projects", project, "branches"];
        let mut all = self.listed(access, &path, &[("limit", "100")], "branches").await?;
        all.sort_by(|a: &Branch, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(all)
    }

    /// The branch of an id or, where there is none of it, of exactly this name.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn branch(
        &self,
        access: &Access,
        project: &str,
        known: Option<&str>,
        name: &str,
    ) -> Result<Option<Branch>, Failure> {
        if let Some(known) = known
            && let Some(found) = self.branch_of_id(access, project, known).await?
        {
            return Ok(Some(found));
        }
        let path = ["projects", project, "branches"];
        let query = [("limit", "100"), ("search", name)];
        let found: Vec<Branch> = self.listed(access, &path, &query, "branches").await?;
        // A search finds parts of names, and ids.
        Ok(found.into_iter().find(|one| one.name == name))
    }

    /// The branch of an id.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn branch_of_id(&self, access: &Access, project: &str, id: &str) -> Result<Option<Branch>, Failure> {
        let path = ["projects", project, "branches", id];
        let found: Option<Told> = self.found(access, &path, &[]).await?;
        Ok(found.map(|told| told.branch))
    }

    /// Makes sure that a branch is there, has a compute, and a password of its own if it is to have one.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn ensure_branch(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        known: Option<&str>,
        wanted: &Wanted,
    ) -> Result<Branch, Failure> {
        let branch = match self.branch(access, project, known, &wanted.name).await? {
            Some(found) => {
                self.settled(access, project).await?;
                found
            }
            None => {
                let all = self.branches(access, project).await?;
                let named = |name: &String| all.iter().find(|one| one.name == *name);
                let parent = wanted.parent.as_ref().and_then(named);
                let first = || all.iter().find(|one| Some(&one.id) == wanted.first.as_ref());
                let parent = parent.or_else(first).or_else(|| all.iter().find(|one| one.default));
                let parent = parent.ok_or_else(|| Self::failures().rejected("the project has no first branch."))?;
                self.make_branch(access, mark, project, &wanted.name, &parent.id)
                    .await?
            }
        };
        self.ensure_compute(access, mark, project, &branch).await?;
        if wanted.own_password {
            self.ensure_password(access, mark, project, &branch).await?;
        }
        Ok(branch)
    }

    /// Makes a branch that begins as a copy of another one.
    pub(super) async fn make_branch(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        name: &str,
        parent: &str,
    ) -> Result<Branch, Failure> {
        let body = json!({
            "branch": { "name": name, "parent_id": parent },
            // Without a compute nobody could connect to it.
            "endpoints": [{ "type": "read_write" }],
        });
        let made = self.making_branch(access, mark, project, body).made(mark).await?;
        match made.status {
            // What was asked for twice was done once, or somebody was faster.
            StatusCode::CONFLICT => {
                let found = self.branch(access, project, None, name).await?;
                let found = found.ok_or_else(|| because(&made))?;
                self.settled(access, project).await?;
                Ok(found)
            }
            status if status.is_success() => {
                let Told { branch } = made.json()?;
                self.ended(access, project, &made).await?;
                Ok(branch)
            }
            _ => Err(because(&made)),
        }
    }

    fn making_branch(&self, access: &Access, mark: &Mark, project: &str, body: Value) -> Making<Answer> {
        let (neon, of, by, within) = (self.clone(), mark.clone(), access.unhurried(), project.to_owned());
        let call = async move {
            let path = ["projects", &within, "branches"];
            neon.change(&by, &of, Method::POST, &path, Some(&body)).await
        };
        let (neon, free, by, within) = (self.clone(), mark.free(), access.clone(), project.to_owned());
        Making {
            limit: CALL,
            failures: Self::failures(),
            call: Box::pin(call),
            id: |made| {
                let told = made.status.is_success().then(|| made.json::<Told>().ok())?;
                told.map(|told| told.branch.id)
            },
            is_given_twice: false,
            remove: Box::new(move |id, _| {
                let (neon, free, by, within) = (neon.clone(), free.clone(), by.clone(), within.clone());
                Box::pin(async move {
                    match neon.branch_of_id(&by, &within, &id).await? {
                        Some(found) => neon.remove_branch(&by, &free, &within, &found).await,
                        None => Ok(()),
                    }
                })
            }),
        }
    }

    /// A branch that people made may have none.
    pub(super) async fn ensure_compute(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &Branch,
    ) -> Result<(), Failure> {
        let path = ["projects", project, "branches", &branch.id, "endpoints"];
        let found: Option<Endpoints> = self.found(access, &path, &[]).await?;
        let writes = |found: &Endpoints| found.endpoints.iter().any(|one| one.kind == "read_write");
        if found.as_ref().is_some_and(writes) {
            return Ok(());
        }
        let body = json!({ "endpoint": { "branch_id": branch.id, "type": "read_write" } });
        let path = ["projects", project, "endpoints"];
        let made = self.change(access, mark, Method::POST, &path, Some(&body)).await?;
        match made.status {
            // There is one by now.
            StatusCode::CONFLICT => self.settled(access, project).await,
            status if status.is_success() => self.ended(access, project, &made).await,
            _ => Err(because(&made)),
        }
    }

    /// A branch takes the passwords of its parent over, so whoever has that of dev would have that of prod. It is changed while both
    /// are the same, which is found out by asking: what was changed once stays, however often this is repeated.
    async fn ensure_password(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &Branch,
    ) -> Result<(), Failure> {
        let Some(parent) = &branch.parent_id else {
            return Ok(());
        };
        let Some(theirs) = self.password(access, project, parent).await? else {
            return Ok(());
        };
        if self.password(access, project, &branch.id).await?.as_ref() != Some(&theirs) {
            return Ok(());
        }
        // One that was taken back begins with what was kept of it, which has its own.
        let kept = self.kept_beginning(mark, &branch.id);
        let above = self.branch_of_id(access, project, parent).await?;
        if above.is_some_and(|above| above.name.starts_with(&kept)) {
            return Ok(());
        }
        let path = [
            "projects",
            project,
            "branches",
            &branch.id,
            "roles",
            ROLE,
            "reset_password",
        ];
        let done = self.change(access, mark, Method::POST, &path, None).await?;
        match done.status.is_success() {
            true => self.ended(access, project, &done).await,
            false => Err(because(&done)),
        }
    }

    async fn password(&self, access: &Access, project: &str, branch: &str) -> Result<Option<Hidden>, Failure> {
        let address = self.asked(access, project, branch, false).await?;
        let url = address.and_then(|address| Url::parse(address.expose()).ok());
        Ok(url.and_then(|url| url.password().map(Hidden::new)))
    }

    /// The address of a branch's database, with its password. `pooled`: for many short connections, rather than for one that keeps
    /// what it sets.
    ///
    /// # Errors
    /// There is none, or Neon does not answer or refuses.
    pub async fn address(&self, access: &Access, project: &str, branch: &str, pooled: bool) -> Result<Hidden, Failure> {
        let found = self.asked(access, project, branch, pooled).await?;
        found.ok_or_else(|| {
            let reason = format!("the branch {branch} has no database `{DATABASE}` of the role `{ROLE}` any more.");
            Self::failures().rejected(&reason)
        })
    }

    /// The same, if there is one.
    ///
    /// # Errors
    /// Neon does not answer or refuses.
    pub async fn asked(
        &self,
        access: &Access,
        project: &str,
        branch: &str,
        pooled: bool,
    ) -> Result<Option<Hidden>, Failure> {
        let path = ["projects", project, "connection_uri"];
        let query = [
            ("branch_id", branch),
            ("database_name", DATABASE),
            ("role_name", ROLE),
            ("pooled", if pooled { "true" } else { "false" }),
        ];
        let found: Option<Address> = self.found(access, &path, &query).await?;
        Ok(found.map(|found| Hidden::new(found.uri)))
    }

    /// Removes a branch with everything in it.
    ///
    /// # Errors
    /// It is protected or others begin with it, or Neon does not answer or refuses.
    pub async fn remove_branch(
        &self,
        access: &Access,
        mark: &Mark,
        project: &str,
        branch: &Branch,
    ) -> Result<(), Failure> {
        let name = &branch.name;
        if branch.protected {
            let reason = format!("the branch {name} is protected there; take that back, then retry.");
            return Err(Self::failures().rejected(&reason));
        }
        let path = ["projects", project, "branches", &branch.id];
        let done = self.change(access, mark, Method::DELETE, &path, None).await?;
        match done.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => self.ended(access, project, &done).await,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
                let reason = format!("the branch {name} cannot be removed; others may begin with it.");
                Err(Self::failures().rejected(&reason))
            }
            _ => Err(because(&done)),
        }
    }
}
