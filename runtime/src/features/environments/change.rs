//! What every change of an environment has in common.
//!
//! Owns: that one change goes on at a time, and that each begins in a state that allows it. Must not know: what is changed.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::EnvironmentEvent;
use flaresmith_api::types::Deployment;
use flaresmith_store::entities::{deployments, environments, projects};
use flaresmith_store::enums::{DeploymentKind, EnvironmentKind, EnvironmentState, ProjectState};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use uuid::Uuid;

use super::matrix::allowed;
use crate::features::shown::shown;
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::provisioning::deploy::{self, Wanted};
use crate::provisioning::{previews, states};
use crate::store::{Write, failed};

/// A change that is about to begin: nobody else begins one in the project meanwhile.
pub(in crate::features) struct Change {
    /// The transaction.
    pub(in crate::features) write: Write,
    /// The moment.
    pub(in crate::features) now: DateTime<Utc>,
    pub(in crate::features) platform: Platform,
    pub(in crate::features) project: Uuid,
}

impl Change {
    /// Begins one.
    ///
    /// # Errors
    /// The project is not there, or is being taken away.
    pub(in crate::features) async fn begin(platform: &Platform, project: Uuid) -> Result<Self, Failure> {
        let write = platform.store.begin_alone(&format!("provisioning/{project}")).await?;
        let row = projects::Entity::find_by_id(project)
            .one(&*write)
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| absent_project(project))?;
        if matches!(row.state, ProjectState::Deleting | ProjectState::Deleted) {
            return Err(Failure::new(ErrorCode::EnvStateInvalid).with_message("The project is being deleted."));
        }
        Ok(Self {
            write,
            now: platform.clock.now(),
            platform: platform.clone(),
            project,
        })
    }

    /// An environment of the project.
    ///
    /// # Errors
    /// There is none, or it is a preview that has expired.
    pub(in crate::features) async fn environment(&self, id: Uuid) -> Result<environments::Model, Failure> {
        let row = find(&*self.write, self.project, id).await?;
        let over = row.expires_at.is_some_and(|expires| expires <= self.now);
        if row.kind == EnvironmentKind::Preview && (over || row.state == EnvironmentState::Archived) {
            return Err(expired(&row));
        }
        Ok(row)
    }

    /// Begins a deployment in an environment that one of these events may happen to.
    ///
    /// # Errors
    /// It is busy, or in a state that allows none.
    pub(in crate::features) async fn deploy(
        self,
        environment: &environments::Model,
        events: &[EnvironmentEvent],
        wanted: Wanted,
    ) -> Result<Deployment, Failure> {
        if deploy::is_busy(environment) {
            return Err(told(environment, ErrorCode::EnvBusy)?);
        }
        let cause = deploy::cause(wanted.kind);
        let mut moved = false;
        for &event in events {
            moved = moved
                || states::move_environment(&self.write, environment.id, event, self.now, |row| {
                    match environment.kind {
                        // What goes on in a preview is told by its state alone.
                        EnvironmentKind::Preview => previews::stay(row, self.now),
                        _ => row.update_cause = Set(Some(cause)),
                    }
                })
                .await?;
        }
        if !moved {
            return Err(told(environment, ErrorCode::EnvStateInvalid)?);
        }
        let row = deploy::begin(&self.write, environment, wanted, self.now).await?;
        self.write.commit().await?;
        self.platform.bell.notify_one();
        shown(&row)
    }
}

/// An environment of a project.
pub(in crate::features) async fn find<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    id: Uuid,
) -> Result<environments::Model, Failure> {
    let row = environments::Entity::find_by_id(id)
        .filter(environments::Column::ProjectId.eq(project))
        .one(connection)
        .await
        .map_err(failed)?;
    row.ok_or_else(|| Failure::new(ErrorCode::EnvNotFound).with_context("environmentId", id))
}

/// A refusal that tells that a preview is over.
pub(in crate::features) fn expired(row: &environments::Model) -> Failure {
    let ended = row.archived_at.or(row.expires_at);
    let hours = row
        .expires_at
        .map(|expires| (expires - row.last_activity_at).num_hours());
    let mut details = json!({"environmentId": row.id});
    if let (Some(details), Some(ended)) = (details.as_object_mut(), ended) {
        details.insert("expiredAt".to_owned(), json!(ended));
        if let Some(hours) = hours.filter(|hours| *hours > 0) {
            details.insert("expiryHours".to_owned(), json!(hours));
        }
    }
    Failure::new(ErrorCode::EnvPreviewExpired)
        .with_details(details)
        .with_context("environmentId", row.id)
        .with_context("branch", &row.branch)
        .with_cause(ErrorCode::EnvPreviewTtlExpired.as_str())
}

/// A refusal that tells how the environment stands.
pub(in crate::features) fn told(environment: &environments::Model, code: ErrorCode) -> Result<Failure, Failure> {
    Ok(Failure::new(code).with_details(json!({
        "environmentId": environment.id,
        "state": environment.state,
        "allowedEvents": allowed(environment)?,
    })))
}

/// What a deployment wants that is like another one, by somebody.
pub(in crate::features) fn like(row: &deployments::Model, kind: DeploymentKind, by: Option<Uuid>) -> Wanted {
    Wanted {
        kind,
        commit: row.commit_sha.clone(),
        branch: row.commit_sha.clone(),
        build: row.build_id,
        source: None,
        rollback_of: None,
        repeats: None,
        takes_back: None,
        test_run: None,
        by,
        message: None,
    }
}
