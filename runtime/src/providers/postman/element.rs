//! A collection or an environment in the workspace of a project.
//!
//! Owns: how one is found, made, brought up to date and removed. Must not know: what is in it.
//!
//! Postman takes a whole document in place of what is there, whatever that is by then. So what is there is read right before, and what
//! people changed is carried over; where that cannot be done, nothing is written.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde_json::Value;

use super::document::{Kind, Wanted};
use super::ids;
use super::merged::{Together, together};
use super::{Postman, because};
use crate::providers::Mark;
use crate::providers::cloud::{Access, Answer};
use crate::repositories::{Local, Repositories};

/// How many are looked at when the one that is looked for is known by its mark alone.
const LOOKED_AT: usize = 20;

/// What there is at Postman now.
#[derive(Debug, Clone)]
pub struct There {
    /// Its id, which no other has; for later calls.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where people and the generator changed the same thing differently, so that it stays as it is; empty: it is up to date.
    pub apart: Vec<String>,
}

/// Whether what is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whether {
    /// It is.
    Made,
    /// It is not: somebody removed it.
    Left,
}

/// One as lists and answers to changes have it.
#[derive(Debug, Clone, Deserialize)]
struct Listed {
    id: String,
    uid: Option<String>,
    #[serde(default)]
    name: String,
}

impl Listed {
    /// What it is called for by.
    fn called(&self) -> &str {
        self.uid.as_deref().unwrap_or(&self.id)
    }
}

/// One as it is there.
struct Found {
    id: String,
    shown: Value,
    created_at: Option<DateTime<Utc>>,
}

impl Postman {
    /// Makes sure that it is there and up to date. `known`: the id that was kept of it.
    ///
    /// # Errors
    /// It is gone and not to be made, Postman does not answer or refuses, or the repository cannot be written to.
    #[allow(clippy::too_many_arguments, reason = "each says something of its own")]
    pub async fn ensure(
        &self,
        access: &Access,
        mark: &Mark,
        workspace: &str,
        wanted: &Wanted,
        known: Option<&str>,
        whether: Whether,
        here: &Repositories,
    ) -> Result<There, Failure> {
        let mut found = self.own(access, mark, workspace, wanted, known).await?;
        if found.is_none() && known.is_some() && whether == Whether::Made {
            found = self.own(access, mark, workspace, wanted, None).await?;
        }
        match (found, whether) {
            (Some(found), _) => self.brought(access, mark, wanted, found, here).await,
            (None, Whether::Made) => self.make(access, mark, workspace, wanted, here).await,
            (None, Whether::Left) => Err(Self::failures().rejected(&format!(
                "its {} `{}` is gone there; end the connection and connect again to have it made anew.",
                wanted.kind.member(),
                wanted.kind.name(&wanted.document),
            ))),
        }
    }

    /// Whether the project has it there.
    async fn own(
        &self,
        access: &Access,
        mark: &Mark,
        workspace: &str,
        wanted: &Wanted,
        known: Option<&str>,
    ) -> Result<Option<Found>, Failure> {
        if let Some(known) = known {
            return self.read(access, wanted.kind, known).await;
        }
        let mut all = self.listed(access, wanted.kind, workspace).await?;
        let id = wanted.document["info"]["_postman_id"].as_str();
        let name = wanted.kind.name(&wanted.document);
        // People may have given it another name, and the server another id.
        all.sort_by_key(|one| (Some(one.id.as_str()) != id, one.name != name));
        for one in all.into_iter().take(LOOKED_AT) {
            let found = self.read(access, wanted.kind, one.called()).await?;
            let Some(found) = found else { continue };
            let (_, told) = wanted.kind.read(found.shown.clone());
            if told.is_some_and(|told| told.says(mark.project, &wanted.kind.part(&wanted.scope))) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether it was made for the project, wherever it is.
    fn is_made(&self, mark: &Mark, wanted: &Wanted, found: &Found) -> bool {
        let (_, told) = wanted.kind.read(found.shown.clone());
        told.is_some_and(|told| self.made(&told, mark.project, &wanted.kind.part(&wanted.scope)))
    }

    /// One by its id; `None`: there is none that the key may see.
    async fn read(&self, access: &Access, kind: Kind, id: &str) -> Result<Option<Found>, Failure> {
        let found: Option<Value> = self.found(access, &[kind.path(), id], &[]).await?;
        Ok(found.map(|mut told| {
            let shown = told[kind.member()].take();
            let text = shown["info"]["createdAt"].as_str().or(shown["createdAt"].as_str());
            Found {
                id: id.to_owned(),
                created_at: text.and_then(|text| text.parse().ok()),
                shown,
            }
        }))
    }

    /// All of a kind in a workspace. The workspace is asked: a list of the kind is empty when there is no such workspace, and what is
    /// made then lies somewhere else.
    async fn listed(&self, access: &Access, kind: Kind, workspace: &str) -> Result<Vec<Listed>, Failure> {
        let found = self.workspace(access, workspace).await?.ok_or_else(|| {
            Self::failures().rejected(
                "the workspace of the project is gone there; end the connection and connect again to have it made anew.",
            )
        })?;
        serde_json::from_value(found.listed(kind.path())).map_err(strange)
    }

    async fn make(
        &self,
        access: &Access,
        mark: &Mark,
        workspace: &str,
        wanted: &Wanted,
        here: &Repositories,
    ) -> Result<There, Failure> {
        let sent = keep(mark, wanted, here).await?;
        let text = self.mark(mark.project, &wanted.kind.part(&wanted.scope), &sent);
        let query = [("workspace", workspace)];
        let path = [wanted.kind.path()];
        let body = wanted.kind.marked(&wanted.document, &text);
        mark.fence.check(None).await?;
        let mut made = self.call(access, Method::POST, &path, &query, Some(&body)).await?;
        if let Some(id) = taken_id(&made) {
            // What was sent before may not be in lists yet.
            let found = self.read(access, wanted.kind, &id).await?;
            if let Some(found) = found.filter(|found| self.is_made(mark, wanted, found)) {
                return self.brought(access, mark, wanted, found, here).await;
            }
            // Somebody's, or one that was removed there: the server gives ids of its own.
            let mut document = wanted.document.clone();
            ids::without_new(&mut document, None);
            let body = wanted.kind.marked(&document, &text);
            mark.fence.check(None).await?;
            made = self.call(access, Method::POST, &path, &query, Some(&body)).await?;
        }
        if !made.status.is_success() {
            return Err(because(&made));
        }
        let mut told: Value = made.json()?;
        let listed: Listed = serde_json::from_value(told[wanted.kind.member()].take()).map_err(strange)?;
        Ok(There {
            id: listed.called().to_owned(),
            name: wanted.kind.name(&wanted.document).to_owned(),
            apart: Vec::new(),
        })
    }

    /// Brings what is there up to date, with what people made of it.
    async fn brought(
        &self,
        access: &Access,
        mark: &Mark,
        wanted: &Wanted,
        found: Found,
        here: &Repositories,
    ) -> Result<There, Failure> {
        let kind = wanted.kind;
        let (there, told) = kind.read(found.shown);
        let digest = told.map(|told| told.sent);
        let (done, there, text) = compared(mark, wanted, there, digest.clone(), here).await?;
        let name = kind.name(&there).to_owned();
        let id = found.id;
        let document = match done {
            Together::Apart(apart) => return Ok(There { id, name, apart }),
            Together::Whole(document) => document,
        };
        let current = Local::digest_of(&text)?;
        if document == there && digest.as_deref() == Some(&current) {
            return Ok(There {
                id,
                name,
                apart: Vec::new(),
            });
        }
        let sent = keep(mark, wanted, here).await?;
        let text = self.mark(mark.project, &kind.part(&wanted.scope), &sent);
        let path = [kind.path(), id.as_str()];
        mark.fence.check(None).await?;
        let body = kind.marked(&document, &text);
        let mut done = self.call(access, Method::PUT, &path, &[], Some(&body)).await?;
        if taken_id(&done).is_some() {
            // A request that was removed there may have had the id before.
            let mut document = document.clone();
            ids::without_new(&mut document, Some(&there));
            let body = kind.marked(&document, &text);
            mark.fence.check(None).await?;
            done = self.call(access, Method::PUT, &path, &[], Some(&body)).await?;
        }
        if !done.status.is_success() {
            return Err(because(&done));
        }
        if let Some(former) = digest.filter(|former| *former != sent) {
            let place = kind.place(&wanted.scope);
            let forget = move |local: &Local| local.forget_sent(&place, &former);
            here.with_standing(mark.project, forget).await?;
        }
        Ok(There {
            id,
            name: kind.name(&document).to_owned(),
            apart: Vec::new(),
        })
    }

    /// Takes back what was made since a moment, unless people changed it.
    ///
    /// # Errors
    /// Postman does not answer or refuses.
    #[allow(clippy::too_many_arguments, reason = "each says something of its own")]
    pub async fn take_back(
        &self,
        access: &Access,
        mark: &Mark,
        workspace: &str,
        wanted: &Wanted,
        known: Option<&str>,
        since: DateTime<Utc>,
        here: &Repositories,
    ) -> Result<(), Failure> {
        let Some(found) = self.own(access, mark, workspace, wanted, known).await? else {
            return Ok(());
        };
        // Clocks differ by little.
        if found.created_at.is_none_or(|made| made + TimeDelta::seconds(1) < since) {
            return Ok(());
        }
        let (there, told) = wanted.kind.read(found.shown);
        let Some(digest) = told.map(|told| told.sent) else {
            return Ok(());
        };
        let place = wanted.kind.place(&wanted.scope);
        let sent = here
            .with_standing(mark.project, move |local| local.sent(&place, &digest))
            .await?;
        let sent = sent.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let untouched = sent.is_some_and(|mut sent| {
            let given = ids::given(&sent, &there);
            ids::taken_over(&mut sent, &given);
            sent == there
        });
        match untouched {
            true => self.remove(access, mark, wanted.kind, &found.id).await,
            false => Ok(()),
        }
    }

    /// Removes one that was found to be the project's own.
    pub(super) async fn remove(&self, access: &Access, mark: &Mark, kind: Kind, id: &str) -> Result<(), Failure> {
        mark.fence.check(None).await?;
        let done = self.call(access, Method::DELETE, &[kind.path(), id], &[], None).await?;
        match done.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(because(&done)),
        }
    }

    /// Those of a workspace that bear the project's marks, one for each part: a copy that somebody made is younger, and is not meant.
    pub(super) async fn marked_in(
        &self,
        access: &Access,
        mark: &Mark,
        kind: Kind,
        workspace: &str,
    ) -> Result<Vec<String>, Failure> {
        let mut all = Vec::new();
        for one in self.listed(access, kind, workspace).await? {
            all.extend(self.read(access, kind, one.called()).await?);
        }
        all.sort_by_key(|one| one.created_at);
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for found in all {
            let (_, told) = kind.read(found.shown);
            if let Some(part) = told.as_ref().and_then(|told| told.part_of(mark.project)) {
                own.entry(part.to_owned()).or_insert(found.id);
            }
        }
        Ok(own.into_values().collect())
    }
}

/// An answer is of another shape than it should be.
fn strange(error: serde_json::Error) -> Failure {
    let reason = "its answer is not what its contract says.";
    Postman::failures().rejected(reason).with_source(error)
}

/// The id that something has already which was to be made with it.
fn taken_id(answer: &Answer) -> Option<String> {
    if answer.status != StatusCode::BAD_REQUEST {
        return None;
    }
    let told: Value = answer.json().ok()?;
    let error = &told["error"];
    (error["name"] == "instanceFoundError").then(|| error["details"]["id"].as_str().unwrap_or_default().to_owned())
}

/// Keeps what is about to be sent; its digest.
async fn keep(mark: &Mark, wanted: &Wanted, here: &Repositories) -> Result<String, Failure> {
    let text = text_of(wanted)?;
    let place = wanted.kind.place(&wanted.scope);
    let keep = move |local: &Local| {
        local.keep_sent(&place, &text)?;
        Local::digest_of(&text)
    };
    here.with_standing(mark.project, keep).await
}

fn text_of(wanted: &Wanted) -> Result<String, Failure> {
    serde_json::to_string(&wanted.document).map_err(Failure::internal)
}

/// Compares what is there with what was sent last and with what is wanted; what is there, and the text of what is wanted, are given
/// back. It takes its time with large collections, so no other task waits for it.
async fn compared(
    mark: &Mark,
    wanted: &Wanted,
    there: Value,
    digest: Option<String>,
    here: &Repositories,
) -> Result<(Together, Value, String), Failure> {
    let (place, document, text) = (
        wanted.kind.place(&wanted.scope),
        wanted.document.clone(),
        text_of(wanted)?,
    );
    let compare = move |local: &Local| {
        let sent = match digest {
            Some(digest) => local.sent(&place, &digest)?,
            None => None,
        };
        let done = together(sent.as_deref(), &there, &document)?;
        Ok((done, there, text))
    };
    here.with_standing(mark.project, compare).await
}
