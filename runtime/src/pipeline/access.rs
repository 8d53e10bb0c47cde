//! Access: whether a caller's role is enough, and what handlers are told about it.
//!
//! Owns: comparing the role that the contract demands with the caller's. Must not know: where roles come from.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::{Operation, Role};
use flaresmith_api::server::Context;
use uuid::Uuid;

use super::audit::Notes;
use crate::identity::Caller;
use crate::identity::roles::Scope;

/// Who calls, and with which role. Handlers get it with [`Access::of`].
#[derive(Debug, Clone)]
pub struct Access {
    /// Who calls.
    pub caller: Caller,
    /// The caller's role in the project or organization that the request names.
    pub role: Option<Role>,
    /// What else is to stand in the audit log about the request.
    pub notes: Notes,
}

impl Access {
    /// The access of a request that went through the pipeline.
    ///
    /// # Errors
    /// It did not.
    pub fn of(context: &Context) -> Result<&Self, Failure> {
        let found = context.parts.extensions.get();
        found.ok_or_else(|| Failure::internal("a handler was reached around the pipeline"))
    }

    /// The person who calls.
    ///
    /// # Errors
    /// A machine calls.
    pub fn person(&self) -> Result<Uuid, Failure> {
        self.caller.person()
    }

    /// Refuses a caller whose role is lower than this, for rules that depend on more than the operation.
    ///
    /// # Errors
    /// The role is lower.
    pub fn demand(&self, least: Role) -> Result<(), Failure> {
        match self.role {
            Some(role) if role >= least => Ok(()),
            actual => Err(insufficient(least, actual)),
        }
    }
}

/// Refuses a caller whose role in the scope is lower than the operation demands. Without any role there, the answer is the same
/// as if the project or organization did not exist.
///
/// # Errors
/// The role is lower, or there is none.
pub(super) fn demand(operation: &Operation, scope: Option<Scope>, role: Option<Role>) -> Result<(), Failure> {
    let Some(least) = operation.role else {
        return Ok(());
    };
    match (scope, role) {
        (_, Some(role)) if role >= least => Ok(()),
        (_, Some(role)) => Err(insufficient(least, Some(role))),
        (Some(Scope::Project(id)), None) => Err(absent_project(id)),
        (Some(Scope::Organization(id)), None) => Err(absent_organization(id)),
        (Some(Scope::Installation), None) => Err(insufficient(least, None)),
        // The segment of the id, or the whole body, is of a form that no operation admits: the router refuses it.
        (None, None) => Ok(()),
    }
}

/// There is no such project, or it is not the caller's to see.
#[must_use]
pub fn absent_project(id: Uuid) -> Failure {
    Failure::new(ErrorCode::ProjectNotFound).with_context("projectId", id)
}

/// There is no such organization, or it is not the caller's to see.
#[must_use]
pub fn absent_organization(id: Uuid) -> Failure {
    Failure::new(ErrorCode::OrganizationNotFound).with_context("organizationId", id)
}

/// The role is not enough.
#[must_use]
pub fn insufficient(least: Role, actual: Option<Role>) -> Failure {
    let mut details = serde_json::Map::new();
    details.insert("requiredRole".to_owned(), least.as_str().into());
    if let Some(actual) = actual {
        details.insert("actualRole".to_owned(), actual.as_str().into());
    }
    Failure::new(ErrorCode::AuthRoleInsufficient).with_details(details)
}
