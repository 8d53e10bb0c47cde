//! Commits between a repository here and the same at GitHub, by git's own protocol over HTTP.
//!
//! Owns: which branch has to move where, and moving it without losing anybody's commit. Must not know: what is in a commit.
//!
//! A branch that moved on one side only moves on the other. One that moved on both sides stays as it is on both, and is told: whose
//! commits come first is for people to say.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use git2::Oid;

use super::{Access, Github, Repository, below, pack, pkt};
use crate::providers::Mark;
use crate::providers::cloud::{Answer, Call};
use crate::repositories::{Local, Repositories};

/// Beginning of the names of branches.
const HEADS: &str = "refs/heads/";

/// The id that stands where there is no commit.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// What an exchange has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Branches that moved at GitHub.
    pub sent: Vec<String>,
    /// Branches that moved here.
    pub taken: Vec<String>,
    /// Branches that moved on both sides, and stayed.
    pub apart: Vec<String>,
}

/// A branch that is to be moved at GitHub.
#[derive(Debug, Clone)]
pub(super) struct Move {
    name: String,
    from: Option<Oid>,
    to: Oid,
}

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) moves: Vec<Move>,
    pub(super) pack: Vec<u8>,
    done: Exchanged,
}

impl Github {
    /// Brings a repository here and the one at GitHub in step.
    ///
    /// # Errors
    /// GitHub does not answer or refuses, or the repository here is damaged.
    pub async fn exchange(
        &self,
        access: &Access,
        mark: &Mark,
        there: &Repository,
        here: &Repositories,
    ) -> Result<Exchanged, Failure> {
        let heads = self.heads(access, there).await?;
        let known = heads.clone();
        let unknown = here.with(mark.project, move |local| Ok(lacking(local, &known))).await?;
        let fetched = match unknown.is_empty() {
            true => Vec::new(),
            false => {
                let have = here.with(mark.project, Local::heads).await?;
                self.fetch(access, there, &unknown, have.values()).await?
            }
        };
        mark.fence.check(None).await?;
        let plan = here
            .with(mark.project, move |local| planned(local, &heads, &fetched))
            .await?;
        let mut done = plan.done;
        if !plan.moves.is_empty() {
            mark.fence.check(None).await?;
            done.sent = self.send(access, there, &plan.moves, plan.pack).await?;
        }
        Ok(done)
    }

    /// Whether GitHub has commits on a branch that are not here.
    ///
    /// # Errors
    /// GitHub does not answer or refuses, or the repository here is damaged.
    pub async fn has_more(
        &self,
        access: &Access,
        mark: &Mark,
        there: &Repository,
        here: &Repositories,
    ) -> Result<bool, Failure> {
        let heads = self.heads(access, there).await?;
        let unknown = here.with(mark.project, move |local| Ok(lacking(local, &heads))).await?;
        Ok(!unknown.is_empty())
    }

    /// Branches at GitHub.
    async fn heads(&self, access: &Access, there: &Repository) -> Result<BTreeMap<String, Oid>, Failure> {
        let answer = self
            .git(
                access,
                there,
                Method::GET,
                &["info", "refs"],
                "git-receive-pack",
                Vec::new(),
            )
            .await?;
        let mut rest: &[u8] = &answer.body;
        let mut heads = BTreeMap::new();
        let mut ended = 0;
        while let Some((line, left)) = pkt::next(rest) {
            rest = left;
            match line {
                // After the line that names the service, and at the end.
                pkt::Line::End => ended += 1,
                pkt::Line::Text(text) => {
                    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                    let text = String::from_utf8_lossy(text);
                    if let Some((id, name)) = text.trim_end().split_once(' ')
                        && let Some(branch) = name.strip_prefix(HEADS)
                        && let Some(id) = crate::repositories::id(id)
                    {
                        heads.insert(branch.to_owned(), id);
                    }
                }
            }
        }
        match ended {
            0 | 1 => Err(Self::failures().away("It told only a part of its branches.")),
            _ => Ok(heads),
        }
    }

    /// A pack with what leads to these commits.
    async fn fetch(
        &self,
        access: &Access,
        there: &Repository,
        wanted: &[Oid],
        have: impl Iterator<Item = &Oid>,
    ) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        for (number, id) in wanted.iter().enumerate() {
            let more = if number == 0 { " ofs-delta" } else { "" };
            pkt::push(&mut body, &format!("want {id}{more}\n"));
        }
        pkt::end(&mut body);
        for id in have {
            pkt::push(&mut body, &format!("have {id}\n"));
        }
        pkt::push(&mut body, "done\n");
        let answer = self
            .git(
                access,
                there,
                Method::POST,
                &["git-upload-pack"],
                "git-upload-pack",
                body,
            )
            .await?;
        let mut rest: &[u8] = &answer.body;
        // `NAK`, or `ACK` with a commit that both have; then the pack.
        while let Some((pkt::Line::Text(text), left)) = pkt::next(rest) {
            if !(text.starts_with(b"NAK") || text.starts_with(b"ACK")) {
                break;
            }
            rest = left;
        }
        match rest.starts_with(b"PACK") {
            true => Ok(rest.to_vec()),
            false => Err(Self::failures().rejected("it does not give the commits that it has.")),
        }
    }

    /// Moves branches at GitHub, each only from where it was seen; which ones moved.
    async fn send(
        &self,
        access: &Access,
        there: &Repository,
        moves: &[Move],
        pack: Vec<u8>,
    ) -> Result<Vec<String>, Failure> {
        let mut body = Vec::new();
        for (number, one) in moves.iter().enumerate() {
            let from = one.from.map_or_else(|| NOTHING.to_owned(), |from| from.to_string());
            let more = if number == 0 { "\0report-status" } else { "" };
            pkt::push(&mut body, &format!("{from} {} {HEADS}{}{more}", one.to, one.name));
        }
        pkt::end(&mut body);
        body.extend(pack);
        let answer = self
            .git(
                access,
                there,
                Method::POST,
                &["git-receive-pack"],
                "git-receive-pack",
                body,
            )
            .await?;
        let mut rest: &[u8] = &answer.body;
        let mut lines = Vec::new();
        while let Some((pkt::Line::Text(text), left)) = pkt::next(rest) {
            lines.push(String::from_utf8_lossy(text).trim_end().to_owned());
            rest = left;
        }
        if lines.first().map(String::as_str) != Some("unpack ok") {
            return Err(Self::failures().rejected("it could not read what it was sent."));
        }
        let refused = lines.iter().find_map(|line| line.strip_prefix("ng "));
        if let Some(refused) = refused {
            let name = refused.split(' ').next().unwrap_or_default().trim_start_matches(HEADS);
            // Rules of the repository, or somebody moved it in this moment; the next exchange sees which.
            let reason =
                format!("The branch `{name}` could not be moved: it has rules that forbid it, or it moved meanwhile.");
            return Err(Self::failures().conflict(&reason));
        }
        Ok(moves.iter().map(|one| one.name.clone()).collect())
    }

    async fn git(
        &self,
        access: &Access,
        there: &Repository,
        method: Method,
        path: &[&str],
        service: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let name = format!("{}.git", there.name);
        let whole = [&[there.owner(), name.as_str()], path].concat();
        let mut url = below(&self.place.web, &whole)?;
        let mut headers = HeaderMap::new();
        let signed = STANDARD.encode(format!("x-access-token:{}", access.token.expose()));
        let mut signed = HeaderValue::from_str(&format!("Basic {signed}")).map_err(Failure::internal)?;
        signed.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, signed);
        if method == Method::GET {
            url.set_query(Some(&format!("service={service}")));
        } else {
            let kind = format!("application/x-{service}-request");
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_str(&kind).map_err(Failure::internal)?,
            );
        }
        let answer = self
            .client
            .send(Call {
                project: access.project,
                provider: Provider::Github,
                method,
                url,
                headers,
                body: Bytes::from(body),
            })
            .await?;
        match answer.status {
            status if status.is_success() => Ok(answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(Self::failures().rejected("the token may not read or write the repository."))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Err(Self::failures().rejected("the commits are too large for it.")),
            status => Err(Self::failures().rejected(&format!("git answered with status {}.", status.as_u16()))),
        }
    }
}

/// Commits there that are not here.
fn lacking(local: &Local, heads: &BTreeMap<String, Oid>) -> Vec<Oid> {
    let mut lacking: Vec<Oid> = heads
        .values()
        .copied()
        .filter(|&id| local.git().find_commit(id).is_err())
        .collect();
    lacking.sort_unstable();
    lacking.dedup();
    lacking
}

/// Takes what is new there, and finds what is new here.
fn planned(local: &Local, there: &BTreeMap<String, Oid>, fetched: &[u8]) -> Result<Plan, Failure> {
    if !fetched.is_empty() {
        pack::unpack(local, fetched)?;
    }
    let mut plan = Plan::default();
    for (name, &theirs) in there {
        match local.heads()?.get(name).copied() {
            Some(ours) if ours == theirs => {}
            Some(ours) if local.leads_to(theirs, ours)? => plan.moves.push(Move {
                name: name.clone(),
                from: Some(theirs),
                to: ours,
            }),
            Some(ours) if local.leads_to(ours, theirs)? => match local.forward(name, Some(ours), theirs)? {
                true => plan.done.taken.push(name.clone()),
                false => plan.done.apart.push(name.clone()),
            },
            Some(_) => plan.done.apart.push(name.clone()),
            None => {
                // A name that git takes elsewhere may be none here.
                if local.forward(name, None, theirs)? {
                    plan.done.taken.push(name.clone());
                }
            }
        }
    }
    for (name, ours) in local.heads()? {
        if !there.contains_key(&name) {
            plan.moves.push(Move {
                name,
                from: None,
                to: ours,
            });
        }
    }
    if !plan.moves.is_empty() {
        let to: Vec<Oid> = plan.moves.iter().map(|one| one.to).collect();
        plan.pack = pack::packed(local, &to, there.values())?;
    }
    Ok(plan)
}
