//! The log: a line of JSON for each request, each job that failed, and, when asked for, each part of a request.
//!
//! Owns: the fields of lines, and which levels are written. Must not know: where the lines go.
//!
//! Nothing that a caller sent is written: no path, no query, no header, no body. Causes of failures, which come from libraries,
//! are [`redacted`] first.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};

use super::context::hexadecimal;
use super::otlp::Collector;
use super::redact::redacted;
use super::span::{self, Span};
use crate::identity::roles::Scope;
use crate::pipeline::observe::{ActFailed, Answered, NotKept, Observer, Served};
use crate::pipeline::trace;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Parts of requests, and why callers were refused.
    Debug,
    /// What went on.
    Info,
    /// A caller was refused.
    Warn,
    /// Something failed.
    Error,
    /// Something failed that a person has to look at.
    Critical,
}

impl Level {
    /// Its name in lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level of a severity of the contract.
    fn of(severity: &str) -> Self {
        match severity {
            "info" => Self::Info,
            "warn" => Self::Warn,
            "critical" => Self::Critical,
            _ => Self::Error,
        }
    }
}

/// Longest cause that is written, in characters: a library may repeat all that it was given.
const LONGEST: usize = 2000;

/// Takes whole lines, without their end.
pub type Lines = Arc<dyn Fn(&str) + Send + Sync>;

/// Writes what happens, from a level on.
#[derive(Clone)]
pub struct Log {
    from: Level,
    lines: Lines,
}

/// The fields of a line, in their order, as the text that they become.
struct Line(Vec<u8>);

/// Room for a usual line, in bytes.
const USUAL: usize = 512;

impl Line {
    fn new(at: DateTime<Utc>, level: Level) -> Self {
        let mut line = Self(Vec::with_capacity(USUAL));
        line.put("timestamp", at.to_rfc3339_opts(SecondsFormat::Millis, true));
        line.put("level", level.as_str());
        line
    }

    /// A field. Names are words of this program, in which nothing has to be escaped.
    fn put(&mut self, name: &'static str, value: impl Serialize) {
        self.0
            .extend_from_slice(if self.0.is_empty() { b"{\"" } else { b",\"" });
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        // Nothing that is put can fail to be written into memory.
        let _ = serde_json::to_writer(&mut self.0, &value);
    }

    fn put_some(&mut self, name: &'static str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn text(mut self) -> String {
        self.0.push(b'}');
        String::from_utf8(self.0).unwrap_or_default()
    }

    fn place(&mut self) {
        if let Some(place) = span::here() {
            self.put_some("requestId", place.request_id());
            self.put("traceId", place.trace_id());
            self.put("spanId", place.span_id());
        }
    }

    fn failure(&mut self, failure: &Failure) {
        let cause = failure
            .log_source()
            .map_or_else(|| failure.to_string(), ToString::to_string);
        self.put("code", failure.code().as_str());
        self.put("severity", failure.code().severity().as_str());
        self.cause(&cause);
    }

    /// Why something failed: its beginning, without what is not shown.
    fn cause(&mut self, cause: &str) {
        let end = cause.char_indices().nth(LONGEST).map_or(cause.len(), |(end, _)| end);
        let mut shown = redacted(&cause[..end]).into_owned();
        if end < cause.len() {
            shown.push('…');
        }
        self.put("cause", shown);
    }
}

impl Log {
    /// A log of everything from a level on.
    #[must_use]
    pub fn new(from: Level, lines: Lines) -> Self {
        Self { from, lines }
    }

    /// Whether lines of a level are written.
    #[must_use]
    pub fn writes(&self, level: Level) -> bool {
        level >= self.from
    }

    fn write(&self, level: Level, line: Line) {
        if self.writes(level) {
            (self.lines)(&line.text());
        }
    }

    /// Something panicked; whoever waits for it is answered all the same. Its words are redacted, and stand nowhere else.
    pub fn panicked(&self, panic: &PanicHookInfo<'_>) {
        let mut line = Line::new(Utc::now(), Level::Critical);
        line.place();
        line.put("message", "a panic");
        line.put("code", ErrorCode::ServerInternal.as_str());
        line.put("severity", Level::Critical.as_str());
        let words = panic.payload().downcast_ref::<&str>().copied();
        let words = words.or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str));
        if let Some(words) = words {
            line.cause(words);
        }
        line.put_some("place", panic.location().map(ToString::to_string));
        self.write(Level::Critical, line);
    }

    /// The collector of traces and metrics does something else than before.
    pub fn collector(&self, now: Collector) {
        let (level, message) = match now {
            Collector::Takes => (Level::Info, "the collector takes traces and metrics again"),
            Collector::Refuses(_) => (Level::Warn, "the collector refuses traces and metrics, which are lost"),
            Collector::IsAway => (Level::Warn, "the collector is away; traces and metrics wait for it"),
        };
        let mut line = Line::new(Utc::now(), level);
        line.put("message", message);
        if let Collector::Refuses(status) = now {
            line.put("status", status);
        }
        self.write(level, line);
    }

    /// A part of a request ended.
    pub fn part(&self, span: &Span, request: Option<&str>) {
        if !self.writes(Level::Debug) {
            return;
        }
        let ended = SystemTime::now();
        let mut line = Line::new(ended.into(), Level::Debug);
        line.put_some("requestId", request);
        line.put("traceId", hexadecimal(&span.trace));
        line.put("spanId", hexadecimal(&span.id));
        line.put("message", span.name.as_ref());
        line.put("durationMs", milliseconds(span.took));
        line.put("failed", span.failed);
        for (name, value) in &span.attributes {
            match value {
                span::Value::Text(text) => line.put(name, redacted(text)),
                span::Value::Number(number) => line.put(name, *number),
            }
        }
        self.write(Level::Debug, line);
    }
}

/// The line that says how many others were left out.
pub(super) fn left_out(lines: u64) -> String {
    let mut line = Line::new(Utc::now(), Level::Warn);
    line.put("message", "lines were left out");
    line.put("count", lines);
    line.text()
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

impl Observer for Log {
    fn answered(&self, answered: &Answered<'_>) {
        let failure = answered.failure;
        let level = failure.map_or(Level::Info, |failure| Level::of(failure.code.severity().as_str()));
        let mut line = Line::new(answered.at, level);
        line.put("requestId", answered.ids.request.0.as_str());
        line.put("traceId", answered.ids.trace.0.as_str());
        line.put("spanId", answered.ids.span.as_str());
        // A method may be any word that a caller makes up.
        line.put("method", trace::method(answered.method));
        line.put("status", answered.status.as_u16());
        line.put("durationMs", milliseconds(answered.duration));
        line.put_some("operationId", answered.served.operation().map(|operation| operation.id));
        if let Served::Mcp = answered.served {
            line.put("message", "a message of MCP");
        }
        if answered.unheard {
            line.put("unheard", true);
        }
        if let Some(failure) = failure {
            line.put("code", failure.code.as_str());
            line.put("severity", failure.code.severity().as_str());
            // Those of callers repeat what they sent, and help only whoever looks for it.
            let worth = answered.status.is_server_error() || self.writes(Level::Debug);
            if let Some(source) = failure.source.as_ref().filter(|_| worth) {
                line.cause(&source.to_string());
            }
        }
        let known = answered.known;
        line.put_some("userId", known.caller.user());
        if let Some(Scope::Project(project)) = known.scope {
            line.put("projectId", project);
        }
        line.put_some("environmentId", known.environment);
        self.write(level, line);
    }

    fn not_kept(&self, not_kept: &NotKept<'_>) {
        let mut line = Line::new(not_kept.at, Level::Error);
        line.put("requestId", not_kept.ids.request.0.as_str());
        line.put("traceId", not_kept.ids.trace.0.as_str());
        line.put("spanId", not_kept.ids.span.as_str());
        line.put("message", "what was done is not in the audit log");
        line.put("operationId", not_kept.operation.id);
        line.failure(not_kept.failure);
        self.write(Level::Error, line);
    }

    fn act_failed(&self, failed: &ActFailed<'_>) {
        let severity = failed.failure.code().severity().as_str();
        let level = if failed.again { Level::Warn } else { Level::of(severity) };
        let mut line = Line::new(failed.at, level);
        line.place();
        line.put("message", "something that the server does by itself failed");
        line.put("act", failed.act);
        line.put_some("runId", failed.run.map(|run| run.to_string()));
        line.put_some("projectId", failed.project.map(|project| project.to_string()));
        line.failure(failed.failure);
        line.put("again", failed.again);
        self.write(level, line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::Value;

    use super::*;

    fn log(from: Level) -> (Log, Arc<Mutex<Vec<String>>>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&written);
        let lines: Lines = Arc::new(move |line| into.lock().unwrap().push(line.to_owned()));
        (Log::new(from, lines), written)
    }

    fn failed(log: &Log, again: bool) {
        log.act_failed(&ActFailed {
            act: "deleting what has expired",
            project: None,
            run: None,
            failure: &Failure::internal("Key (email)=(ada@example.com) with ghp_0123456789abcdefABCDEF0123456789abcd"),
            again,
            at: DateTime::UNIX_EPOCH,
        });
    }

    #[tokio::test]
    async fn a_cause_is_told_without_whom_and_what_it_names() {
        let (log, written) = log(Level::Info);
        let work = async {
            failed(&log, false);
            Ok::<(), ()>(())
        };
        span::Tracer::default().job("job", work).await.unwrap();
        let line: Value = serde_json::from_str(&written.lock().unwrap()[0]).unwrap();
        assert_eq!(line["cause"], "Key (email)=(***) with ***");
        assert_eq!(
            (&line["level"], &line["code"]),
            (&"critical".into(), &"SERVER_INTERNAL".into())
        );
        for id in ["requestId", "traceId", "spanId"] {
            assert!(line[id].is_string(), "{id}: {line}");
        }
    }

    #[test]
    fn lines_below_the_level_are_not_written() {
        let (log, written) = log(Level::Critical);
        failed(&log, true);
        assert!(written.lock().unwrap().is_empty());
    }
}
