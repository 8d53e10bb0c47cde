//! Audit: what was done and by whom.
//!
//! Owns: which requests are kept, and the log in the store. Must not know: what operations do; one that has more to say keeps it
//! itself with [`AuditLog::keep`].
//!
//! Kept are requests that change something and those that a role forbade.

use std::sync::{Arc, Mutex, PoisonError};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;
use flaresmith_store::entities::{audit_events, organizations, projects};
use flaresmith_store::enums::{AuditEventOutcome as Outcome, Origin};
use futures_util::future::BoxFuture;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::envelope::Ids;
use super::observe::{Known, NotKept};
use crate::clock::Clock;
use crate::identity::Caller;
use crate::identity::roles::Scope;
use crate::platform::Platform;
use crate::store::{Store, failed, new_id};

/// Something that was done.
#[derive(Debug, Clone)]
pub struct Event {
    /// Who acted.
    pub actor: Option<Uuid>,
    /// Whether a person or a job did.
    pub origin: Origin,
    /// Such as `projects.createProject`.
    pub action: String,
    /// A code of the catalog.
    pub code: Option<&'static str>,
    /// What came of it.
    pub outcome: Outcome,
    /// Kind of what it was done to.
    pub subject_type: String,
    /// Id of what it was done to.
    pub subject_id: Option<String>,
    /// The project or organization it belongs to.
    pub scope: Option<Scope>,
    /// The request.
    pub request: Option<Uuid>,
    /// One line about it.
    pub summary: String,
    /// What else is worth keeping. Never holds a secret.
    pub context: Map<String, Value>,
}

/// Keeps what was done.
pub trait AuditLog: Send + Sync + 'static {
    /// Keeps one event.
    fn keep(&self, event: Event) -> BoxFuture<'_, Result<(), Failure>>;
}

/// The log in the store.
pub struct StoredAudit {
    store: Store,
    clock: Clock,
}

impl StoredAudit {
    /// The log of this store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }
}

impl AuditLog for StoredAudit {
    fn keep(&self, event: Event) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let write = self.store.begin().await?;
            // What was just deleted can be referred to no more; its id stays as that of the subject.
            let (organization, project) = match event.scope {
                Some(Scope::Project(project)) => {
                    let row = projects::Entity::find_by_id(project)
                        .one(&*write)
                        .await
                        .map_err(failed)?;
                    (row.map(|row| row.organization_id), Some(project))
                }
                Some(Scope::Organization(organization)) => {
                    let row = organizations::Entity::find_by_id(organization)
                        .one(&*write)
                        .await
                        .map_err(failed)?;
                    (row.map(|row| row.id), None)
                }
                Some(Scope::Installation) | None => (None, None),
            };
            let now = self.clock.now();
            audit_events::ActiveModel {
                id: Set(new_id()),
                organization_id: Set(organization),
                project_id: Set(project),
                actor_id: Set(event.actor),
                origin: Set(event.origin),
                action: Set(event.action),
                code: Set(event.code.map(str::to_owned)),
                outcome: Set(event.outcome),
                subject_type: Set(event.subject_type),
                subject_id: Set(event.subject_id),
                request_id: Set(event.request),
                summary: Set(event.summary.chars().take(300).collect()),
                context: Set(Some(Value::Object(event.context))),
                created_at: Set(now),
                updated_at: Set(now),
            }
            .insert(&*write)
            .await
            .map_err(failed)?;
            write.commit().await
        })
    }
}

/// What a handler has to say about what it does, for the entry of its request.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Mutex<Map<String, Value>>>);

impl Notes {
    /// Adds something. It must not be a secret.
    pub fn add(&self, name: &str, value: impl Into<Value>) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.insert(name.to_owned(), value.into());
    }

    fn all(&self) -> Map<String, Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Keeps what a request did, when it is one to be kept. A log that cannot be written does not undo what was done; the observer
/// is told.
pub(super) async fn record(
    platform: &Platform,
    operation: &'static Operation,
    known: &Known,
    ids: &Ids,
    code: Option<ErrorCode>,
) {
    let outcome = match code {
        None => Outcome::Allowed,
        Some(ErrorCode::AuthRoleInsufficient) => Outcome::Denied,
        Some(_) => Outcome::Failed,
    };
    let stranger = known.caller == Caller::Anonymous && outcome != Outcome::Allowed;
    if (operation.is_safe() && outcome != Outcome::Denied) || stranger {
        return;
    }
    let (subject_type, subject_id) = match known.scope {
        Some(Scope::Project(id)) => ("project", Some(id.to_string())),
        Some(Scope::Organization(id)) => ("organization", Some(id.to_string())),
        Some(Scope::Installation) | None => (operation.domain, None),
    };
    let event = Event {
        actor: known.caller.user(),
        origin: Origin::User,
        action: format!("{}.{}", operation.domain, operation.id),
        code: code.map(ErrorCode::as_str),
        outcome,
        subject_type: subject_type.to_owned(),
        subject_id,
        scope: known.scope,
        request: Uuid::parse_str(&ids.request.0).ok(),
        summary: operation.summary.to_owned(),
        context: known.notes.all(),
    };
    let kept = platform.audit.keep(event).await;
    platform.metrics.audited(kept.is_ok());
    if let Err(failure) = kept {
        platform.observer.not_kept(&NotKept {
            ids,
            operation,
            failure: &failure,
            at: platform.clock.now(),
        });
    }
}
