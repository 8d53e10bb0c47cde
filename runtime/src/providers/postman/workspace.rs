//! The workspace of a project.
//!
//! Owns: how it is made, known and removed. Must not know: what a collection is.

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::document::Kind;
use super::mark::{WORKSPACE, taken};
use super::{PAGE, PAGES, Postman, because, gone};
use crate::providers::Mark;
use crate::providers::cloud::Access;

/// A workspace as Postman has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about; lists may leave it out.
    about: Option<String>,
    /// When it was made.
    created_at: Option<DateTime<Utc>>,
    /// Lists of what is in it, and more.
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Workspace {
    /// What it has of a kind.
    pub(super) fn listed(&self, kind: &str) -> Value {
        self.more.get(kind).cloned().unwrap_or_else(|| json!([]))
    }
}

/// A workspace that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What people know it by.
    pub name: String,
    /// Who sees it: `personal`, `team` or `private`.
    pub visibility: String,
    /// Whose it is to be, where the key does not tell.
    pub team: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Made {
    workspace: Id,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    workspaces: Vec<Workspace>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    next_cursor: Option<String>,
}

impl Postman {
    /// The workspace of an id; `None`: there is none that the key may see.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    pub async fn workspace(&self, access: &Access, id: &str) -> Result<Option<Workspace>, Failure> {
        let found: Option<Told> = self.found(access, &["workspaces", id], &[]).await?;
        Ok(found.map(|told| told.workspace))
    }

    /// The project's own, if it is there. `known`: the id that was kept of it. Of several the oldest.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    pub async fn own_workspace(
        &self,
        access: &Access,
        mark: &Mark,
        name: &str,
        known: Option<&str>,
    ) -> Result<Option<Workspace>, Failure> {
        if let Some(known) = known {
            return self.workspace(access, known).await;
        }
        let is_own = |about: Option<&str>| {
            let told = about.and_then(taken);
            told.is_some_and(|(told, _)| self.made(&told, mark.project, WORKSPACE))
        };
        let mut own: Vec<Workspace> = Vec::new();
        for one in self.all_workspaces(access).await? {
            match &one.about {
                Some(about) => own.extend(is_own(Some(about)).then_some(one)),
                None if one.name == name => {
                    let whole = self.workspace(access, &one.id).await?;
                    own.extend(whole.filter(|whole| is_own(whole.about.as_deref())));
                }
                None => {}
            }
        }
        own.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(own.into_iter().next())
    }

    async fn all_workspaces(&self, access: &Access) -> Result<Vec<Workspace>, Failure> {
        let mut all: Vec<Workspace> = Vec::new();
        let limit = PAGE.to_string();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Option<Page> = self.found(access, &["workspaces"], &query).await?;
            let Some(page) = page else { break };
            all.extend(page.workspaces);
            let next = page
                .meta
                .and_then(|meta| meta.next_cursor)
                .filter(|next| !next.is_empty());
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        Ok(all)
    }

    /// Makes sure that it is there.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    pub async fn ensure_workspace(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &Wanted,
        known: Option<&str>,
    ) -> Result<(String, String), Failure> {
        let mut found = self.own_workspace(access, mark, &wanted.name, known).await?;
        if found.is_none() && known.is_some() {
            found = self.own_workspace(access, mark, &wanted.name, None).await?;
        }
        if let Some(found) = found {
            return Ok((found.id, found.name));
        }
        let text = self.mark(mark.project, WORKSPACE, "-");
        let mut workspace = json!({
            "name": wanted.name,
            "type": wanted.visibility,
            "about": format!("The collections of {}, as they are generated. {text}", wanted.name),
        });
        if let Some(team) = &wanted.team {
            workspace["teamId"] = json!(team);
        }
        let body = json!({ "workspace": workspace });
        let made = self.make_one(access, mark, None, body).await?;
        if !made.status.is_success() {
            return Err(because(&made));
        }
        let made: Made = made.json()?;
        Ok((made.workspace.id, wanted.name.clone()))
    }

    /// Removes what was made for the project in a workspace that was found to be its own, and the workspace if nothing else is in it.
    /// `own`: ids of its collections, as far as they are known.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    pub async fn remove_workspace(
        &self,
        access: &Access,
        mark: &Mark,
        id: &str,
        own: &[String],
    ) -> Result<(), Failure> {
        for one in self.marked_in(access, mark, Kind::Environment, id).await? {
            self.remove(access, mark, Kind::Environment, &one).await?;
        }
        // Those whose ids are known are the project's whatever people made of them.
        let found = match own.is_empty() {
            true => self.marked_in(access, mark, Kind::Collection, id).await?,
            false => own.to_vec(),
        };
        for one in found {
            self.remove(access, mark, Kind::Collection, &one).await?;
        }
        self.remove_empty(access, mark, id, None).await
    }

    /// Removes a workspace that was found to be the project's own if nothing is in it. `since`: and if it was made since then.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    pub async fn remove_empty(
        &self,
        access: &Access,
        mark: &Mark,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        let Some(found) = self.workspace(access, id).await? else {
            return Ok(());
        };
        // Clocks differ by little.
        let is_late = |since| {
            found
                .created_at
                .is_some_and(|made| made + TimeDelta::seconds(1) >= since)
        };
        let has_more = found
            .more
            .values()
            .any(|one| one.as_array().is_some_and(|all| !all.is_empty()));
        if has_more || !since.is_none_or(is_late) {
            return Ok(());
        }
        mark.fence.check(None).await?;
        let done = self
            .call(access, Method::DELETE, &["workspaces", id], &[], None)
            .await?;
        gone(&done)
    }
}
