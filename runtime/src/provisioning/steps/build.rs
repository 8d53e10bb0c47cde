//! The build of a commit.
//!
//! Owns: the row of the build, and its log. Must not know: how anything is built.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::BuildEvent;
use flaresmith_api::types::DeploymentErrorDetails;
use flaresmith_store::entities::{build_logs, builds};
use flaresmith_store::enums::BuildState;
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::builds::{Order, Outcome};
use crate::providers::Made;
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::{deploy, states};
use crate::store::{failed, new_id};

/// Longest part of a log in one row, in bytes.
const PART: usize = 60_000;

/// So much of the end of a log is told with a failure, in characters.
const TOLD: usize = 200;

/// Makes it, unless it is there.
pub(super) struct Build;

impl Step for Build {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let deployment = deploy::of(on).await?;
            let id = deployment
                .build_id
                .ok_or_else(|| Failure::new(ErrorCode::DeploymentBuildNotFound))?;
            let order = Order {
                project: on.project.id,
                build: id,
                commit: deployment.commit_sha,
            };
            if let Some(made) = made_before(on, &order).await? {
                return Ok(made);
            }
            let _turn = on.platform.builds.turn(&order).await?;
            if let Some(made) = made_before(on, &order).await? {
                return Ok(made);
            }
            begin(on, id).await?;
            let outcome = on.platform.builds.make(&on.platform.repositories, &order).await?;
            keep(on, &order, &outcome).await?;
            on.platform.builds.forget_log(&order);
            match outcome.left {
                Ok(left) => Ok(made(&order, &left.digest)),
                Err(why) => Err(not_built(&order, &format!("{why}. {}", end_of(&outcome.log)))),
            }
        })
    }
}

/// What of a build that was made before is there; a failure when it failed.
async fn made_before(on: &Subject, order: &Order) -> Result<Option<Made>, Failure> {
    let row = read(on, order.build).await?;
    match (row.state, row.digest) {
        (BuildState::Succeeded, Some(digest)) => {
            let there = on.platform.builds.module(order.project, &digest)?.is_some();
            // One that was lost is made again: a commit has the same files whenever it is built.
            Ok(there.then(|| made(order, &digest)))
        }
        (BuildState::Failed | BuildState::Canceled, _) => Err(not_built(order, "It was tried before.")),
        _ => Ok(None),
    }
}

fn made(order: &Order, digest: &str) -> Made {
    Made {
        external_id: Some(order.build.to_string()),
        name: digest.to_owned(),
        url: None,
        ..Made::default()
    }
}

async fn read(on: &Subject, id: Uuid) -> Result<builds::Model, Failure> {
    let row = builds::Entity::find_by_id(id)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::DeploymentBuildNotFound))
}

async fn begin(on: &Subject, id: Uuid) -> Result<(), Failure> {
    let row = read(on, id).await?;
    let Ok(state) = states::build(row.state, BuildEvent::Start) else {
        // Whoever began it has died.
        return Ok(());
    };
    let write = on.write().await?;
    let now = on.platform.clock.now();
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.started_at = Set(Some(now));
    row.updated_at = Set(now);
    row.update(&*write).await.map_err(failed)?;
    write.commit().await
}

async fn keep(on: &Subject, order: &Order, outcome: &Outcome) -> Result<(), Failure> {
    let write = on.write().await?;
    let now = on.platform.clock.now();
    let row = builds::Entity::find_by_id(order.build)
        .one(&*write)
        .await
        .map_err(failed)?;
    let row = row.ok_or_else(|| Failure::new(ErrorCode::DeploymentBuildNotFound))?;
    let event = match outcome.left {
        Ok(_) => BuildEvent::Succeed,
        Err(_) => BuildEvent::Fail,
    };
    // One that was lost and made again has ended before.
    let state = states::build(row.state, event).unwrap_or(row.state);
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.finished_at = Set(Some(now));
    row.updated_at = Set(now);
    match &outcome.left {
        Ok(left) => {
            row.digest = Set(Some(left.digest.clone()));
            row.size_bytes = Set(i64::try_from(left.size).ok());
            row.error_code = Set(None);
        }
        Err(_) => row.error_code = Set(Some(ErrorCode::DeploymentBuildFailed.as_str().to_owned())),
    }
    row.update(&*write).await.map_err(failed)?;
    build_logs::Entity::delete_many()
        .filter(build_logs::Column::BuildId.eq(order.build))
        .exec(&*write)
        .await
        .map_err(failed)?;
    let why = outcome.left.as_ref().err();
    let log = match why {
        Some(why) => format!("{}\n{why}\n", outcome.log.trim_end()),
        None => outcome.log.clone(),
    };
    for (sequence, text) in (0..).zip(parts(&log)) {
        let part = build_logs::ActiveModel {
            id: Set(new_id()),
            build_id: Set(order.build),
            sequence: Set(sequence),
            text: Set(text.to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
        };
        part.insert(&*write).await.map_err(failed)?;
    }
    write.commit().await
}

/// A text in parts that fit into rows.
fn parts(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let mut at = text.len().min(PART);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (part, rest) = text.split_at(at);
        parts.push(part);
        text = rest;
    }
    parts
}

/// The last lines of a log, on one.
fn end_of(log: &str) -> String {
    let line = log.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = line.char_indices().rev().nth(TOLD).map_or(0, |(at, _)| at);
    line.get(from..).unwrap_or_default().to_owned()
}

fn not_built(order: &Order, why: &str) -> Failure {
    Failure::new(ErrorCode::DeploymentBuildFailed)
        .with_message(format!("The commit could not be built: {why}"))
        .with_details(DeploymentErrorDetails {
            build_id: Some(order.build),
            commit_sha: Some(order.commit.clone()),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_between_characters_and_loses_none() {
        let log = "äö€".repeat(PART / 3);
        let parts = parts(&log);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= PART));
        assert_eq!(parts.concat(), log);
        assert_eq!(end_of("a\nb   c\n"), "a b c");
        assert!(end_of(&log).chars().count() <= TOLD + 1);
    }
}
