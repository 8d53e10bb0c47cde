//! SARIF 2.1.0: findings for code scanning, all in one document.
//!
//! Owns: the form. Must not know: how findings came about.

use flaresmith_codegen::settings;
use flaresmith_sync::codes;
use serde_json::{Value, json};

use super::finding::{Finding, Findings, Level};
use super::json;

/// The whole document.
pub(super) fn document(findings: &Findings) -> String {
    let findings = findings.all();
    let rules: Vec<Value> = codes::all()
        .iter()
        .filter(|code| findings.iter().any(|finding| finding.rule == code.id))
        .map(|code| {
            json!({ "id": code.id, "shortDescription": { "text": code.title }, "fullDescription": { "text": code.explanation } })
        })
        .collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding)).collect();
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

/// Code scanning refuses a result without a place; the settings stand for the run as a whole.
fn result(finding: &Finding) -> Value {
    let file = finding.file.as_deref().unwrap_or(settings::FILE);
    let mut location = json!({ "artifactLocation": { "uri": uri(file), "uriBaseId": "SRCROOT" } });
    if let (Some((line, column)), Some(location)) = (finding.region, location.as_object_mut()) {
        location.insert("region".to_owned(), json!({ "startLine": line, "startColumn": column }));
    }
    json!({
        "ruleId": finding.rule,
        "level": level(finding),
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": location }],
    })
}

fn level(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
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
