//! Observation: being told about every request that was answered.
//!
//! Owns: what is told. Must not know: where it goes. Telemetry implements [`Observer`]; [`JsonLines`] is its simplest form.

use std::io::Write as _;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use chrono::{DateTime, SecondsFormat, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Operation;
use flaresmith_api::server::FailureReport;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::audit::Notes;
use super::envelope::Ids;
use crate::identity::Caller;
use crate::identity::roles::Scope;

/// What the pipeline found out about a request; an extension of its response.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who called.
    pub caller: Caller,
    /// Which project or organization it was about.
    pub scope: Option<Scope>,
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
    /// Its operation; `None`: there is none at this address.
    pub operation: Option<&'static Operation>,
    /// Status of the answer.
    pub status: StatusCode,
    /// What went wrong.
    pub failure: Option<&'a FailureReport>,
    /// Who called and where, as far as the request came.
    pub known: Option<&'a Known>,
    /// From the first byte of the request to the head of the answer.
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
    /// The run that it belongs to.
    pub run: Uuid,
    /// What went wrong.
    pub code: ErrorCode,
    /// Why, without secrets.
    pub cause: &'a str,
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

/// Writes a line of JSON to standard error for each.
#[derive(Debug, Clone, Copy)]
pub struct JsonLines;

impl Observer for JsonLines {
    fn answered(&self, answered: &Answered<'_>) {
        write(line(answered));
    }

    fn not_kept(&self, not_kept: &NotKept<'_>) {
        let mut line = base(not_kept.at, "error", not_kept.ids);
        let failure = not_kept.failure;
        let cause = failure
            .log_source()
            .map_or_else(|| failure.to_string(), ToString::to_string);
        let mut put = |key: &str, value: &str| line.insert(key.to_owned(), value.into());
        put("message", "what was done is not in the audit log");
        put("operationId", not_kept.operation.id);
        put("code", failure.code().as_str());
        put("cause", &cause);
        write(line);
    }

    fn act_failed(&self, failed: &ActFailed<'_>) {
        let level = match failed.again {
            true => "warn",
            false => failed.code.severity().as_str(),
        };
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| {
            line.insert(key.to_owned(), value);
        };
        put("timestamp", moment(failed.at).into());
        put("level", level.into());
        put("message", "something that the server does by itself failed".into());
        put("act", failed.act.into());
        put("runId", failed.run.to_string().into());
        if let Some(project) = failed.project {
            put("projectId", project.to_string().into());
        }
        put("code", failed.code.as_str().into());
        put("cause", failed.cause.into());
        put("again", failed.again.into());
        write(line);
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn write(line: Map<String, Value>) {
    // Nobody can be told that the log cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{}", Value::Object(line));
}

/// The fields of every line.
fn base(at: DateTime<Utc>, level: &str, ids: &Ids) -> Map<String, Value> {
    let at = moment(at);
    [
        ("timestamp", at.as_str()),
        ("level", level),
        ("requestId", &ids.request.0),
        ("traceId", &ids.trace.0),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.into()))
    .collect()
}

/// The line of a request.
fn line(answered: &Answered<'_>) -> Map<String, Value> {
    let level = answered
        .failure
        .map_or("info", |failure| failure.code.severity().as_str());
    let mut line = base(answered.at, level, answered.ids);
    let mut put = |key: &str, value: Value| {
        line.insert(key.to_owned(), value);
    };
    put("method", answered.method.as_str().into());
    put("status", answered.status.as_u16().into());
    put("durationMs", (answered.duration.as_secs_f64() * 1000.0).into());
    if let Some(operation) = answered.operation {
        put("operationId", operation.id.into());
    }
    if let Some(failure) = answered.failure {
        put("code", failure.code.as_str().into());
        put("severity", failure.code.severity().as_str().into());
        // Errors of the server alone: those of others may repeat what callers sent.
        if let Some(source) = failure.source.as_ref().filter(|_| answered.status.is_server_error()) {
            put("cause", source.to_string().into());
        }
    }
    if let Some(known) = answered.known {
        if let Some(user) = known.caller.user() {
            put("userId", user.to_string().into());
        }
        if let Some(Scope::Project(project)) = known.scope {
            put("projectId", project.to_string().into());
        }
    }
    line
}
