//! Observation: being told about every request that was answered.
//!
//! Owns: what is told. Must not know: where it goes; [`Log`](crate::telemetry::log::Log) writes it down.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Operation;
use flaresmith_api::server::FailureReport;
use uuid::Uuid;

use super::audit::Notes;
use super::envelope::Ids;
use crate::identity::Caller;
use crate::identity::roles::Scope;

/// What a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Served {
    /// An operation.
    Operation(&'static Operation),
    /// A message of MCP. What it calls is a request of its own.
    Mcp,
    /// Nothing that is known.
    Nothing,
}

impl Served {
    /// Its operation, if it has one.
    #[must_use]
    pub fn operation(self) -> Option<&'static Operation> {
        match self {
            Self::Operation(operation) => Some(operation),
            Self::Mcp | Self::Nothing => None,
        }
    }

    /// Its name: that of the operation, `mcp` or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.id,
            Self::Mcp => "mcp",
            Self::Nothing => "none",
        }
    }
}

/// What the pipeline found out about a request.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who called.
    pub caller: Caller,
    /// Which project or organization it was about.
    pub scope: Option<Scope>,
    /// Which environment its path names.
    pub environment: Option<Uuid>,
    /// What its handler said about it.
    pub notes: Notes,
}

/// A request that was answered. The path is not among it: paths may hold what must not be logged.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Its ids.
    pub ids: &'a Ids,
    /// Its method.
    pub method: &'a Method,
    /// What it was for.
    pub served: Served,
    /// Status of the answer.
    pub status: StatusCode,
    /// What went wrong.
    pub failure: Option<&'a FailureReport>,
    /// Who called and where, as far as the request came.
    pub known: &'a Known,
    /// Whether it is the answer that was given to the same request before.
    pub replayed: bool,
    /// Whether nobody was there any more to hear the answer.
    pub unheard: bool,
    /// From the head of the request to that of the answer.
    pub duration: Duration,
    /// When it was answered.
    pub at: DateTime<Utc>,
}

/// An entry of the audit log that could not be kept.
#[derive(Debug)]
pub struct NotKept<'a> {
    /// Ids of the request that it is about.
    pub ids: &'a Ids,
    /// The operation that was carried out.
    pub operation: &'static Operation,
    /// Why it could not.
    pub failure: &'a Failure,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something that the server did by itself, such as a step of a run, and that failed.
#[derive(Debug)]
pub struct ActFailed<'a> {
    /// What was being done.
    pub act: &'a str,
    /// The project that it was for.
    pub project: Option<Uuid>,
    /// The run that it belongs to, if any.
    pub run: Option<Uuid>,
    /// What went wrong.
    pub failure: &'a Failure,
    /// Whether it is tried again.
    pub again: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// Is told about every request.
pub trait Observer: Send + Sync + 'static {
    /// A request was answered. Called on the way of the answer: do not wait for anything here.
    fn answered(&self, answered: &Answered<'_>);

    /// What a request did is not in the audit log. The same holds.
    fn not_kept(&self, not_kept: &NotKept<'_>);

    /// Something failed that nobody is answered with. The same holds.
    fn act_failed(&self, failed: &ActFailed<'_>);
}

/// One observer, then another.
impl<A: Observer> Observer for (A, Box<dyn Observer>) {
    fn answered(&self, answered: &Answered<'_>) {
        self.0.answered(answered);
        self.1.answered(answered);
    }

    fn not_kept(&self, not_kept: &NotKept<'_>) {
        self.0.not_kept(not_kept);
        self.1.not_kept(not_kept);
    }

    fn act_failed(&self, failed: &ActFailed<'_>) {
        self.0.act_failed(failed);
        self.1.act_failed(failed);
    }
}
