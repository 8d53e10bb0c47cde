//! Records of every use of a secret.
//!
//! Owns: who answers for a use, and that it is kept in the same transaction as what was done. Must not know: values.
//!
//! A use is kept twice: as a record of the secret itself, and under the code `SEC_SECRET_ACCESS` in the log of the project, where
//! the secret stays findable after it is gone.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_store::entities::{audit_events, projects, secret_audit_records};
use flaresmith_store::enums::{AuditEventOutcome, Origin, SecretOperation};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use uuid::Uuid;

use crate::pipeline::Access;
use crate::store::{Write, failed, new_id};

/// Kind of what an event is about, when it is a secret.
pub(super) const SUBJECT: &str = "secret";

/// Who answers for the use of a secret.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// The person.
    pub(super) person: Uuid,
    request: Option<Uuid>,
}

impl Actor {
    /// Who calls.
    ///
    /// # Errors
    /// Nobody answers for the caller: the account that made its token is gone.
    pub(super) fn of(context: &Context, access: &Access) -> Result<Self, Failure> {
        let refused = || Failure::new(ErrorCode::SecSecretAccess);
        Ok(Self {
            person: access.caller.user().ok_or_else(refused)?,
            request: Uuid::parse_str(&context.request_id.0).ok(),
        })
    }
}

impl Actor {
    /// A person in the course of what they asked for, after their request was answered.
    pub(super) fn in_course_of(person: Uuid) -> Self {
        Self { person, request: None }
    }
}

/// Keeps what was done with one secret.
pub(super) async fn one(
    write: &Write,
    actor: &Actor,
    project: Uuid,
    reference: &str,
    operation: SecretOperation,
    summary: String,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    uses(write, actor, &[reference], operation, now).await?;
    event(write, actor, project, Some(reference), operation, summary, now).await
}

/// Keeps that secrets of a project were read: a record of each, and one event.
pub(super) async fn reading(
    write: &Write,
    actor: &Actor,
    project: Uuid,
    references: &[&str],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    uses(write, actor, references, SecretOperation::Read, now).await?;
    let summary = format!("The last characters of {} secrets were shown", references.len());
    event(write, actor, project, None, SecretOperation::Read, summary, now).await
}

/// Keeps that secrets of a project were given to whoever uses them: a record of each, and one event.
pub(super) async fn handed_on(
    write: &Write,
    actor: &Actor,
    project: Uuid,
    references: &[&str],
    summary: String,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    uses(write, actor, references, SecretOperation::Read, now).await?;
    event(write, actor, project, None, SecretOperation::Read, summary, now).await
}

async fn uses(
    write: &Write,
    actor: &Actor,
    references: &[&str],
    operation: SecretOperation,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let rows = references.iter().map(|reference| secret_audit_records::ActiveModel {
        id: Set(new_id()),
        actor_id: Set(actor.person),
        origin: Set(Origin::User),
        secret_ref_hash: Set((*reference).to_owned()),
        operation: Set(operation),
        timestamp: Set(now),
    });
    secret_audit_records::Entity::insert_many(rows)
        .exec_without_returning(&**write)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn event(
    write: &Write,
    actor: &Actor,
    project: Uuid,
    reference: Option<&str>,
    operation: SecretOperation,
    summary: String,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let row = projects::Entity::find_by_id(project)
        .one(&**write)
        .await
        .map_err(failed)?;
    let (subject_type, subject_id) = match reference {
        Some(reference) => (SUBJECT, reference.to_owned()),
        None => ("project", project.to_string()),
    };
    audit_events::ActiveModel {
        id: Set(new_id()),
        organization_id: Set(row.map(|row| row.organization_id)),
        project_id: Set(Some(project)),
        actor_id: Set(Some(actor.person)),
        origin: Set(Origin::User),
        action: Set(format!("secrets.{}", operation.as_str())),
        code: Set(Some(ErrorCode::SecSecretAccess.as_str().to_owned())),
        outcome: Set(AuditEventOutcome::Allowed),
        subject_type: Set(subject_type.to_owned()),
        subject_id: Set(Some(subject_id)),
        request_id: Set(actor.request),
        summary: Set(summary),
        context: Set(Some(json!({ "operation": operation.as_str() }))),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(())
}
