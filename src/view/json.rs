//! JSON: one document on standard output.
//!
//! Owns: the form of each document. Must not know: the human form.

use flaresmith_codegen::diagnostics::{Code, Diagnostic, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::trace::Trace;
use flaresmith_sync::SyncError;
use flaresmith_sync::mentions::Mention;
use serde::Serialize;
use serde_json::{Value, json};

/// A value as indented JSON with a line end.
pub(super) fn document(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string())) + "\n"
}

/// `{diagnostics: [{code, severity, message, file, line, column, hint, related}]}`
pub(super) fn diagnostics(found: &[Diagnostic], sources: &Locator<'_>) -> String {
    let list: Vec<Value> = found.iter().map(|diagnostic| one(diagnostic, sources)).collect();
    document(&json!({ "diagnostics": list }))
}

fn one(diagnostic: &Diagnostic, sources: &Locator<'_>) -> Value {
    let place = diagnostic.place.as_ref().map(|place| (place, sources.locate(place)));
    json!({
        "code": diagnostic.code.id,
        "severity": severity(diagnostic.severity),
        "message": diagnostic.message,
        "file": place.as_ref().map(|(place, _)| &*place.file),
        "line": place.as_ref().and_then(|(_, at)| at.as_ref()).map(|at| at.line),
        "column": place.as_ref().and_then(|(_, at)| at.as_ref()).map(|at| at.column),
        "hint": diagnostic.advice(),
        "related": diagnostic.related.iter().map(|(place, label)| {
            let at = sources.locate(place);
            json!({
                "file": &*place.file,
                "line": at.as_ref().map(|at| at.line),
                "column": at.as_ref().map(|at| at.column),
                "message": label,
            })
        }).collect::<Vec<_>>(),
    })
}

/// The word for a severity.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// `{error: {code, message, path, hint}}`
pub(super) fn failure(error: &SyncError) -> String {
    document(&json!({ "error": {
        "code": error.code,
        "message": error.message,
        "path": error.path.as_ref().map(|path| path.to_string_lossy()),
        "hint": error.hint,
    }}))
}

/// `{codes: [{code, severity, title, explanation}]}`
pub(super) fn codes(codes: &[&Code]) -> String {
    document(&json!({ "codes": codes.iter().map(|code| code_value(code)).collect::<Vec<_>>() }))
}

/// `{code, severity, title, explanation}`
pub(super) fn code(code: &Code) -> String {
    document(&code_value(code))
}

fn code_value(code: &Code) -> Value {
    json!({ "code": code.id, "severity": severity(code.severity), "title": code.title, "explanation": code.explanation })
}

/// The trace as it is, with `mentions: [{path, line, test}]` beside it.
pub(super) fn trace(trace: &Trace, mentions: &[Mention]) -> String {
    let mut value = serde_json::to_value(trace).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert(
            "mentions".to_owned(),
            serde_json::to_value(mentions).unwrap_or_default(),
        );
    }
    document(&value)
}
