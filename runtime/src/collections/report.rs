//! What a run of a collection came to.
//!
//! Owns: reading the report of the program. Must not know: how it is run.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::telemetry::redact::redacted;

/// Largest report, in bytes.
const LARGEST: u64 = 64 << 20;

/// Most failures that are kept.
const MOST: usize = 100;

/// An assertion that did not hold, or a request that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// The request that it is about.
    pub request: String,
    /// What was asserted.
    pub assertion: String,
    /// What was found instead, without what is not shown.
    pub message: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many assertions were made.
    pub assertions: usize,
    /// How many of them did not hold, with requests and scripts that failed.
    pub failed: usize,
    /// How many requests had no answer, or one that tells of a failure of the server.
    pub critical: usize,
    /// The first of those that did not hold.
    pub failures: Vec<Failed>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Whether something was asserted, and all of it holds.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.assertions > 0 && self.failed == 0
    }
}

/// Reads a report; why it is none, in words for people.
pub(super) fn read(file: &Path) -> Result<Report, String> {
    let mut text = Vec::new();
    let open = File::open(file).map_err(|_| "it left no report".to_owned())?;
    let read = open.take(LARGEST + 1).read_to_end(&mut text);
    read.map_err(|error| format!("its report cannot be read: {error}"))?;
    if text.len() as u64 > LARGEST {
        return Err(format!("its report has more than {LARGEST} bytes"));
    }
    let report: Value = serde_json::from_slice(&text).map_err(|error| format!("its report is none: {error}"))?;
    of(&report).ok_or_else(|| "its report has no run".to_owned())
}

fn of(report: &Value) -> Option<Report> {
    let run = report.get("run")?;
    let number = |pointer: &str| run.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let executions = list("executions", run);
    let skipped = executions.iter().flat_map(|one| list("assertions", one));
    let skipped = skipped
        .filter(|one| one.get("skipped") == Some(&Value::Bool(true)))
        .count();
    let is_critical = |one: &&Value| {
        let status = one.pointer("/response/code").and_then(Value::as_u64);
        one.get("requestError").is_some() || status.is_none_or(|status| status >= 500)
    };
    let mut failures: Vec<Failed> = list("failures", run).iter().map(failed).collect();
    // What kept it from going on is no assertion of any request.
    if let Some(error) = run.get("error").filter(|error| !error.is_null()) {
        failures.push(failed(&serde_json::json!({"error": error})));
    }
    let all = failures.len();
    failures.truncate(MOST);
    let took = number("/timings/completed").saturating_sub(number("/timings/started"));
    Some(Report {
        assertions: usize::try_from(number("/stats/assertions/total"))
            .ok()?
            .saturating_sub(skipped),
        failed: all,
        critical: executions.iter().filter(is_critical).count(),
        failures,
        took: Duration::from_millis(took),
    })
}

fn list<'v>(name: &str, of: &'v Value) -> &'v [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn failed(failure: &Value) -> Failed {
    let text = |pointer: &str, longest: usize| {
        let found = failure.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        redacted(found)
            .replace('\0', "")
            .chars()
            .take(longest)
            .collect::<String>()
    };
    let assertion = match text("/error/test", 300) {
        none if none.is_empty() => text("/at", 300),
        named => named,
    };
    Failed {
        request: text("/source/name", 200),
        assertion,
        message: text("/error/message", 1000),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_without_an_assertion_has_not_passed() {
        let none =
            json!({"run": {"stats": {"assertions": {"total": 0, "failed": 0}}, "executions": [], "failures": []}});
        assert!(!of(&none).unwrap().has_passed());
        let skipped = json!({"run": {
            "stats": {"assertions": {"total": 1, "failed": 0}},
            "executions": [{"response": {"code": 200}, "assertions": [{"assertion": "a", "skipped": true}]}],
            "failures": [],
        }});
        assert!(!of(&skipped).unwrap().has_passed());
        assert_eq!(of(&json!({})), None);
    }

    #[test]
    fn what_failed_is_told_without_secrets_and_what_the_server_did_wrong_is_critical() {
        let report = json!({"run": {
            "stats": {"assertions": {"total": 3, "failed": 1}},
            "timings": {"started": 1000, "completed": 1250},
            "executions": [
                {"response": {"code": 503}, "assertions": []},
                {"requestError": {"code": "ECONNREFUSED"}, "assertions": []},
                {"response": {"code": 200}, "assertions": []},
            ],
            "failures": [{
                "source": {"name": "Get it"},
                "at": "assertion:0 in test-script",
                "error": {"test": "status is 200", "message": "expected 503 of ada@example.com to be 200"},
            }],
        }});
        let found = of(&report).unwrap();
        assert!(!found.has_passed());
        assert_eq!((found.assertions, found.failed, found.critical), (3, 1, 2));
        assert_eq!(found.took, Duration::from_millis(250));
        let failed = &found.failures[0];
        assert_eq!(
            (failed.request.as_str(), failed.assertion.as_str()),
            ("Get it", "status is 200")
        );
        assert_eq!(failed.message, "expected 503 of *** to be 200");
    }
}
