//! SARIF 2.1.0: findings for code scanning, all in one document.
//!
//! Owns: the form. Must not know: how findings came about.

use flaresmith_codegen::diagnostics::{Diagnostic, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::drift::{DriftKind, DriftReport, Reason};
use flaresmith_sync::{SyncError, codes};
use serde_json::{Value, json};

use super::{Told, json};

/// One result of a run.
pub(crate) struct Finding {
    rule: String,
    level: &'static str,
    message: String,
    file: Option<String>,
    region: Option<(u32, u32)>,
}

/// The diagnostics as findings.
pub(super) fn findings(found: &[Diagnostic], sources: &Locator<'_>) -> Vec<Finding> {
    found
        .iter()
        .map(|diagnostic| {
            let at = diagnostic.place.as_ref().and_then(|place| sources.locate(place));
            Finding {
                rule: diagnostic.code.id.to_owned(),
                level: match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Info => "note",
                },
                message: format!("{}\n{}", diagnostic.message, diagnostic.advice()),
                file: diagnostic.place.as_ref().map(|place| place.file.to_string()),
                region: at.map(|at| (at.line, at.column)),
            }
        })
        .collect()
}

/// Drift and conflicts as findings. Files that were just written are no finding.
pub(super) fn drift_findings(report: &DriftReport, told: Told) -> Vec<Finding> {
    let changed = report
        .changed_files
        .iter()
        .filter(|_| told != Told::Applied)
        .map(|file| Finding {
            rule: "SYNC_DRIFT".to_owned(),
            level: "error",
            message: format!(
                "{} by the next `flaresmith spec apply`: {}",
                match file.kind {
                    DriftKind::Added => "would be added",
                    DriftKind::Modified => "would be changed",
                    DriftKind::Removed => "would be removed",
                },
                file.diff_summary
            ),
            file: Some(file.path.clone()),
            region: None,
        });
    let conflicts = report.conflicts.iter().map(|conflict| Finding {
        rule: match conflict.reason {
            Reason::UncommittedLocalChanges => "UNCOMMITTED_LOCAL_CHANGES",
            Reason::ManualDivergence => "MANUAL_DIVERGENCE",
            Reason::SchemaMismatch => "SCHEMA_MISMATCH",
        }
        .to_owned(),
        level: "error",
        message: conflict.suggestion.clone(),
        file: Some(conflict.path.clone()),
        region: None,
    });
    changed.chain(conflicts).collect()
}

/// A run that could not go on as a finding.
pub(super) fn failure(error: &SyncError) -> Finding {
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\n{hint}"));
    Finding {
        rule: error.code.to_owned(),
        level: "error",
        message: format!("{}{hint}", error.message),
        // A path outside of the repository is no place for code scanning; the message names it.
        file: None,
        region: None,
    }
}

/// The whole document.
pub(super) fn document(findings: &[Finding]) -> String {
    let rules: Vec<Value> = codes::all()
        .iter()
        .filter(|code| findings.iter().any(|finding| finding.rule == code.id))
        .map(|code| {
            json!({ "id": code.id, "shortDescription": { "text": code.title }, "fullDescription": { "text": code.explanation } })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let mut result = json!({
                "ruleId": finding.rule,
                "level": finding.level,
                "message": { "text": finding.message },
            });
            if let (Some(file), Some(object)) = (&finding.file, result.as_object_mut()) {
                let mut location = json!({ "artifactLocation": { "uri": uri(file), "uriBaseId": "SRCROOT" } });
                if let (Some((line, column)), Some(location)) = (finding.region, location.as_object_mut()) {
                    location.insert("region".to_owned(), json!({ "startLine": line, "startColumn": column }));
                }
                object.insert("locations".to_owned(), json!([{ "physicalLocation": location }]));
            }
            result
        })
        .collect();
    json::document(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flaresmith",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
