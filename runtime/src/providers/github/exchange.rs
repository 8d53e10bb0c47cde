//! Commits between a repository here and the same at GitHub, by git's own protocol over HTTP.
//!
//! Owns: which branch has to move where, and moving it without losing anybody's commit. Must not know: what is in a commit.
//!
//! It is remembered what both sides had in common last. A branch that moved forward on one side only moves on the other. One that moved
//! on both sides, or was put back, stays as it is on both, and is told: whose commits come first is for people to say. One that was
//! taken away on one side is not brought back from the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use git2::Oid;

use super::{Access, Github, Repository, pack, pkt};
use crate::providers::Mark;
use crate::providers::cloud::{Answer, Call, below};
use crate::repositories::{Local, Repositories};

/// Beginning of the names of branches.
const HEADS: &str = "refs/heads/";

/// Longest time for one call: all commits of a repository may travel in it.
const LONGEST: Duration = Duration::from_secs(600);

/// The id that stands where there is no commit.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// A branch that is to be moved at GitHub.
#[derive(Debug, Clone)]
struct Move {
    name: String,
    from: Option<Oid>,
    to: Oid,
}

/// What GitHub has.
#[derive(Debug, Default)]
struct References {
    heads: BTreeMap<String, Oid>,
    tags: bool,
}

/// Where commits go.
struct Place<'a> {
    access: &'a Access,
    mark: &'a Mark,
    there: &'a Repository,
    here: &'a Repositories,
    /// Commits that are there already.
    heads: Vec<Oid>,
}

/// What there is to do.
#[derive(Debug, Default)]
struct Plan {
    moves: Vec<Move>,
    /// Branches that stay as they are on both sides, for people to see to.
    apart: Vec<String>,
}

impl Github {
    /// Brings a repository here and the one at GitHub in step; the branches that could not be, and stayed as they are on both sides.
    ///
    /// # Errors
    /// GitHub does not answer or refuses, or the repository here is damaged.
    pub async fn exchange(
        &self,
        access: &Access,
        mark: &Mark,
        there: &Repository,
        here: &Repositories,
    ) -> Result<Vec<String>, Failure> {
        let heads = self.references(access, there).await?.heads;
        let known = heads.clone();
        let unknown = here.with(mark.project, move |local| Ok(lacking(local, &known))).await?;
        let fetched = match unknown.is_empty() {
            true => Bytes::new(),
            false => {
                let have = here.with(mark.project, Local::heads).await?;
                self.fetch(access, there, &unknown, have.values()).await?
            }
        };
        mark.fence.check(None).await?;
        // A repository that took the name of another is another.
        let other = there.id.to_string();
        let of = other.clone();
        let of_there: Vec<Oid> = heads.values().copied().collect();
        let plan = here
            .with(mark.project, move |local| planned(local, &of, &heads, &fetched))
            .await?;
        let mut apart = plan.apart;
        if plan.moves.is_empty() {
            return Ok(apart);
        }
        mark.fence.check(None).await?;
        let place = Place {
            access,
            mark,
            there,
            here,
            heads: of_there,
        };
        let refused = self.moved(&place, &plan.moves).await?;
        let (declined, sent): (Vec<Move>, Vec<Move>) =
            plan.moves.into_iter().partition(|one| refused.contains(&one.name));
        apart.extend(declined.into_iter().map(|one| one.name));
        let note = move |local: &Local| sent.iter().try_for_each(|one| local.same(&other, &one.name, one.to));
        here.with(mark.project, note).await?;
        Ok(apart)
    }

    /// Branches at GitHub and their heads.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn heads(&self, access: &Access, there: &Repository) -> Result<BTreeMap<String, Oid>, Failure> {
        Ok(self.references(access, there).await?.heads)
    }

    /// Whether GitHub has commits that no branch here leads to, or tags.
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
        let References { heads, tags } = self.references(access, there).await?;
        let has_more = move |local: &Local| {
            let ours = local.heads()?;
            for &theirs in heads.values() {
                let mut is_here = false;
                for &head in ours.values() {
                    is_here |= head == theirs || local.leads_to(theirs, head)?;
                }
                if !is_here {
                    return Ok(true);
                }
            }
            // Tags are not exchanged.
            Ok(tags)
        };
        here.with(mark.project, has_more).await
    }

    /// Branches at GitHub.
    async fn references(&self, access: &Access, there: &Repository) -> Result<References, Failure> {
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
        let mut found = References::default();
        let mut ended = 0;
        while let Some((line, left)) = pkt::next(rest) {
            rest = left;
            match line {
                // After the line that names the service, and at the end.
                pkt::Line::End => ended += 1,
                pkt::Line::Text(text) => {
                    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                    // A branch whose name is none of letters stays where it is.
                    let text = std::str::from_utf8(text).unwrap_or_default();
                    if let Some((id, name)) = text.trim_end().split_once(' ') {
                        found.tags |= name.starts_with("refs/tags/");
                        if let (Some(branch), Some(id)) = (name.strip_prefix(HEADS), crate::repositories::id(id)) {
                            found.heads.insert(branch.to_owned(), id);
                        }
                    }
                }
            }
        }
        match ended {
            0 | 1 => Err(Self::failures().away("It told only a part of its branches.")),
            _ => Ok(found),
        }
    }

    /// A pack with what leads to these commits.
    async fn fetch(
        &self,
        access: &Access,
        there: &Repository,
        wanted: &[Oid],
        have: impl Iterator<Item = &Oid>,
    ) -> Result<Bytes, Failure> {
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
            true => Ok(answer.body.slice_ref(rest)),
            false => Err(Self::failures().rejected("it does not give the commits that it has.")),
        }
    }

    /// Moves branches at GitHub; which ones it refused to move.
    async fn moved(&self, place: &Place<'_>, moves: &[Move]) -> Result<Vec<String>, Failure> {
        let mut refused = self.send(place, moves).await?;
        if moves.len() > 1 {
            // One that is declined, such as for a file that is too large, may have kept the others from moving.
            let alone: Vec<&Move> = moves.iter().filter(|one| refused.contains(&one.name)).collect();
            refused = Vec::new();
            for one in alone {
                refused.extend(self.send(place, std::slice::from_ref(one)).await?);
            }
        }
        if !refused.is_empty() {
            // Another server may have been faster with the same.
            let heads = self.references(place.access, place.there).await?.heads;
            let is_there = |one: &Move| heads.get(&one.name) == Some(&one.to);
            refused.retain(|name| !moves.iter().any(|one| one.name == *name && is_there(one)));
        }
        Ok(refused)
    }

    /// Asks GitHub once to move branches, each only from where it was seen; which ones did not move.
    async fn send(&self, place: &Place<'_>, moves: &[Move]) -> Result<Vec<String>, Failure> {
        let mut body = Vec::new();
        for (number, one) in moves.iter().enumerate() {
            let from = one.from.map_or_else(|| NOTHING.to_owned(), |from| from.to_string());
            let more = if number == 0 { "\0report-status" } else { "" };
            pkt::push(&mut body, &format!("{from} {} {HEADS}{}{more}", one.to, one.name));
        }
        pkt::end(&mut body);
        let (to, heads) = (moves.iter().map(|one| one.to).collect::<Vec<_>>(), place.heads.clone());
        let packed = move |local: &Local| pack::packed(local, &to, heads.iter());
        body.extend(place.here.with(place.mark.project, packed).await?);
        let answer = self
            .git(
                place.access,
                place.there,
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
        let moved = |one: &&Move| lines.contains(&format!("ok {HEADS}{}", one.name));
        Ok(moves
            .iter()
            .filter(|one| !moved(one))
            .map(|one| one.name.clone())
            .collect())
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
                project: Some(access.project),
                provider: Provider::Github,
                method,
                url,
                headers,
                body: Bytes::from(body),
                limit: LONGEST,
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
fn planned(local: &Local, other: &str, there: &BTreeMap<String, Oid>, fetched: &[u8]) -> Result<Plan, Failure> {
    if !fetched.is_empty() {
        pack::unpack(local, fetched)?;
    }
    let here = local.heads()?;
    let mut plan = Plan::default();
    let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for name in names {
        let (ours, theirs) = (here.get(name).copied(), there.get(name).copied());
        match next(local, local.base(other, name)?, ours, theirs)? {
            Next::Stay => {}
            Next::Same(head) => local.same(other, name, head)?,
            Next::Apart => plan.apart.push(name.clone()),
            Next::Send(to) => plan.moves.push(Move {
                name: name.clone(),
                from: theirs,
                to,
            }),
            Next::Take(to) => match local.forward(name, ours, to)? {
                true => local.same(other, name, to)?,
                // It moved meanwhile, or there is a branch here that its name collides with.
                false => plan.apart.push(name.clone()),
            },
        }
    }
    Ok(plan)
}

/// What happens to a branch.
enum Next {
    /// Nothing.
    Stay,
    /// Both have this head.
    Same(Oid),
    /// People have to say which comes first.
    Apart,
    /// It moves there.
    Send(Oid),
    /// It moves here.
    Take(Oid),
}

/// From what both sides had in common, and what each has now.
fn next(local: &Local, base: Option<Oid>, ours: Option<Oid>, theirs: Option<Oid>) -> Result<Next, Failure> {
    Ok(match (ours, theirs) {
        (None, None) => Next::Stay,
        (Some(ours), Some(theirs)) if ours == theirs => Next::Same(ours),
        (Some(ours), Some(theirs)) if local.leads_to(theirs, ours)? => match base == Some(ours) {
            // Somebody has put it back there, which is no reason to bring back what was taken away.
            true => Next::Apart,
            false => Next::Send(ours),
        },
        (Some(ours), Some(theirs)) if local.leads_to(ours, theirs)? => Next::Take(theirs),
        (Some(_), Some(_)) => Next::Apart,
        // Taken away on the other side, and not touched on this one.
        (Some(one), None) | (None, Some(one)) if base == Some(one) => Next::Stay,
        (Some(ours), None) => Next::Send(ours),
        (None, Some(theirs)) => Next::Take(theirs),
    })
}
