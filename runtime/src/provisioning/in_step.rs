//! Keeping repositories in step with those at GitHub, and looking after codespaces of them.
//!
//! Owns: when one is looked at, and writing down that one cannot be. Must not know: how commits travel.
//!
//! What was committed here is sent within seconds, and what was pushed there is taken within a minute. Every process does so: whoever
//! is late finds nothing to do, since a branch moves only from where it was seen. Failures are tried again with the next look, and a
//! breaker keeps them seldom. The codespace is looked at with it, which is one call more for projects that have one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::entities::{integration_configs, repos};
use flaresmith_store::enums::{Provider, RepoHost};
use futures_util::future::ready;
use futures_util::stream::{self, StreamExt as _};
use git2::Oid;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::codespace;
use super::step::{ALL, key};
use crate::features::projects::{access, connection};
use crate::platform::Platform;
use crate::providers::github::Repository;
use crate::providers::{Free, Mark};
use crate::repositories::Local;
use crate::store::failed;

/// Time between two looks at the branches here.
const HERE: Duration = Duration::from_secs(3);

/// Time between two looks at the branches and the codespace there.
const THERE: Duration = Duration::from_secs(60);

/// How many are brought in step at the same time.
const SIDE_BY_SIDE: usize = 8;

/// Branches and their heads.
type Heads = BTreeMap<String, Oid>;

/// Looks again and again, until it is dropped.
pub(super) async fn watch(platform: Platform) {
    let mut seen: BTreeMap<Uuid, (Heads, Instant)> = BTreeMap::new();
    loop {
        tokio::time::sleep(HERE).await;
        let mut due = Vec::new();
        // A store that is away now may be back at the next look.
        for row in followed(&platform).await.unwrap_or_default() {
            let project = row.project_id;
            let Ok(heads) = platform.repositories.with_standing(project, Local::heads).await else {
                continue;
            };
            let last = seen.get(&project);
            if last.is_none_or(|(known, looked)| *known != heads || looked.elapsed() >= THERE) {
                // What is committed from now on is seen at the next look.
                seen.insert(project, (heads, Instant::now()));
                due.push(row);
            }
        }
        let exchanges = due.into_iter().map(|row| {
            let platform = &platform;
            async move {
                let before = connection(platform.store.read(), row.project_id, Provider::Github).await?;
                let done = exchange(platform, &row).await;
                told(platform, before, done).await
            }
        });
        // One that takes long keeps few others waiting.
        stream::iter(exchanges)
            .buffer_unordered(SIDE_BY_SIDE)
            .for_each(|_| ready(()))
            .await;
    }
}

/// Repositories that are at GitHub too.
async fn followed(platform: &Platform) -> Result<Vec<repos::Model>, Failure> {
    repos::Entity::find()
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .all(platform.store.read())
        .await
        .map_err(failed)
}

/// Brings one in step, and looks at its codespace; the code of what keeps it from being so.
async fn exchange(platform: &Platform, row: &repos::Model) -> Result<Option<ErrorCode>, Failure> {
    let Some((connection, access)) = access(platform, row.project_id, Provider::Github).await? else {
        return Ok(None);
    };
    let github = &platform.providers.github;
    let number = row.external_id.as_deref();
    let Some(there) = github.standing(&access, &row.owner, &row.name, number).await? else {
        return Ok(Some(ErrorCode::IntegrationGithubRejected));
    };
    renamed(platform, row, &there).await?;
    let mark = Mark {
        project: row.project_id,
        environment: ALL.to_owned(),
        key: key(row.project_id, "githubRepo", None),
        // It moves no branch that somebody else moved.
        fence: Arc::new(Free),
    };
    let apart = github.exchange(&access, &mark, &there, &platform.repositories).await?;
    let withheld = codespace::look(platform, row.project_id, &connection.settings, &access).await?;
    match apart.is_empty() {
        true => Ok(withheld),
        false => Ok(Some(ErrorCode::IntegrationGithubConflict)),
    }
}

/// Writes down the name that a repository was given there.
async fn renamed(platform: &Platform, row: &repos::Model, there: &Repository) -> Result<(), Failure> {
    if row.owner == there.owner() && row.name == there.name {
        return Ok(());
    }
    let write = platform.store.begin_behind().await?;
    repos::Entity::update_many()
        .col_expr(repos::Column::Owner, Expr::value(there.owner()))
        .col_expr(repos::Column::Name, Expr::value(&there.name))
        .col_expr(repos::Column::Url, Expr::value(&there.html_url))
        .col_expr(repos::Column::UpdatedAt, Expr::value(platform.clock.now()))
        .filter(repos::Column::Id.eq(row.id))
        // It may have become another meanwhile.
        .filter(repos::Column::ExternalId.eq(there.id.to_string()))
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await
}

/// Writes down what keeps a project from being in step at a provider, and when nothing does any more: unless somebody else, such
/// as a run, wrote something down since the connection was `before`, which is newer than what was seen.
pub(super) async fn told(
    platform: &Platform,
    before: Option<integration_configs::Model>,
    done: Result<Option<ErrorCode>, Failure>,
) -> Result<(), Failure> {
    use integration_configs::{Column, Entity};
    let code = match done {
        Ok(code) => code,
        Err(failure) => Some(failure.code()),
    };
    let code = code.map(|code| code.as_str().to_owned());
    let Some(row) = before.filter(|row| row.last_error_code != code) else {
        return Ok(());
    };
    let same = match row.last_error_code {
        Some(code) => Column::LastErrorCode.eq(code),
        None => Column::LastErrorCode.is_null(),
    };
    let write = platform.store.begin_behind().await?;
    // Its version stays: who changes settings has seen them as they are.
    Entity::update_many()
        .col_expr(Column::LastErrorCode, Expr::value(code))
        .col_expr(Column::LastCheckedAt, Expr::value(platform.clock.now()))
        .filter(Column::Id.eq(row.id))
        .filter(same)
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await
}
