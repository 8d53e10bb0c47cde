//! JSON: one document on standard output.
//!
//! Owns: the form of each document, as types, from which its published schema is made too. Must not know: the human form.

use std::borrow::Cow;

use flaresmith_codegen::diagnostics::{Code, Diagnostic, Place, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::trace::Trace;
use flaresmith_sync::SyncError;
use flaresmith_sync::drift::DriftReport;
use flaresmith_sync::mentions::Mention;
use schemars::JsonSchema;
use serde::Serialize;

/// A value as indented JSON with a line end.
pub(crate) fn document(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string())) + "\n"
}

/// One round of watching.
pub(super) fn round(report: &DriftReport, milliseconds: u64) -> String {
    document(&serde_json::json!({ "report": report, "milliseconds": milliseconds }))
}

/// A JSON document on one line; `None` for text that is none.
pub(super) fn on_one_line(text: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(format!("{document}\n"))
}

/// What was found in the specs of a failed run.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DiagnosticsDocument<'a> {
    /// Every problem, in the order of the stages.
    diagnostics: Vec<DiagnosticEntry<'a>>,
}

/// One problem: what, where, and what to do next.
#[derive(Serialize, JsonSchema)]
struct DiagnosticEntry<'a> {
    /// Its kind, `CATEGORY_SUBCATEGORY`; `flaresmith explain CODE` tells more.
    code: &'a str,
    /// How bad it is.
    severity: Severity,
    /// What is wrong, in one sentence.
    message: &'a str,
    /// Path of the file, relative to the root; null when no file shows the problem.
    file: Option<&'a str>,
    /// Line in the file, from 1; null for the file as a whole.
    line: Option<u32>,
    /// Column in the line, from 1; null for the file as a whole.
    column: Option<u32>,
    /// What to type or change next.
    hint: String,
    /// Other places that belong to the story.
    related: Vec<RelatedPlace<'a>>,
}

/// Another place that belongs to a problem.
#[derive(Serialize, JsonSchema)]
struct RelatedPlace<'a> {
    /// Path of the file, relative to the root.
    file: &'a str,
    /// Line in the file, from 1; null for the file as a whole.
    line: Option<u32>,
    /// Column in the line, from 1; null for the file as a whole.
    column: Option<u32>,
    /// What it has to do with the problem.
    message: &'a str,
}

/// The problems of a failed run.
pub(super) fn diagnostics(found: &[Diagnostic], sources: &Locator<'_>) -> String {
    let diagnostics = found.iter().map(|diagnostic| entry(diagnostic, sources)).collect();
    document(&DiagnosticsDocument { diagnostics })
}

fn entry<'a>(diagnostic: &'a Diagnostic, sources: &Locator<'_>) -> DiagnosticEntry<'a> {
    let position = |place: &Place| sources.locate(place).map(|at| (at.line, at.column)).unzip();
    let (line, column) = diagnostic.place.as_ref().map_or((None, None), position);
    let related = diagnostic.related.iter().map(|(place, label)| {
        let (line, column) = position(place);
        RelatedPlace {
            file: &place.file,
            line,
            column,
            message: label,
        }
    });
    DiagnosticEntry {
        code: diagnostic.code.id,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        file: diagnostic.place.as_ref().map(|place| &*place.file),
        line,
        column,
        hint: diagnostic.advice(),
        related: related.collect(),
    }
}

/// A run that could not go on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FailureDocument<'a> {
    /// Why.
    error: FailureEntry<'a>,
}

/// Why a run could not go on.
#[derive(Serialize, JsonSchema)]
struct FailureEntry<'a> {
    /// Its kind, `CATEGORY_SUBCATEGORY`.
    code: &'a str,
    /// What failed, in one sentence.
    message: &'a str,
    /// The file or folder concerned.
    path: Option<Cow<'a, str>>,
    /// What to type or change next.
    hint: Option<&'a str>,
    /// What a server calls the request that it refused; absent when no server did.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// A run that could not go on.
pub(super) fn failure(error: &SyncError, request_id: Option<&str>) -> String {
    document(&FailureDocument {
        error: FailureEntry {
            code: error.code,
            message: &error.message,
            path: error.path.as_ref().map(|path| path.to_string_lossy()),
            hint: error.hint.as_deref(),
            request_id,
        },
    })
}

/// Every kind of problem there is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CodesDocument {
    /// By code.
    codes: Vec<CodeDocument>,
}

/// A kind of problem and what it means.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CodeDocument {
    /// `CATEGORY_SUBCATEGORY`, unique for ever.
    code: &'static str,
    /// How bad it is, unless warnings are treated as errors.
    severity: Severity,
    /// One line: what it means.
    title: &'static str,
    /// What causes it and what to do, as plain paragraphs.
    explanation: &'static str,
}

impl From<&Code> for CodeDocument {
    fn from(code: &Code) -> Self {
        Self {
            code: code.id,
            severity: code.severity,
            title: code.title,
            explanation: code.explanation,
        }
    }
}

/// Every code.
pub(super) fn codes(codes: &[&Code]) -> String {
    let codes = codes.iter().map(|code| CodeDocument::from(*code)).collect();
    document(&CodesDocument { codes })
}

/// One code.
pub(super) fn code(code: &Code) -> String {
    document(&CodeDocument::from(code))
}

/// Requirements and what carries them: in the contract, and in the files of the repository.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TraceDocument<'a> {
    #[serde(flatten)]
    trace: &'a Trace,
    /// Files in which the requirement that was asked for is mentioned; empty when all were.
    mentions: &'a [Mention],
}

/// The trace as it is, with the mentions beside it.
pub(super) fn trace(trace: &Trace, mentions: &[Mention]) -> String {
    document(&TraceDocument { trace, mentions })
}

/// The files that a command wrote.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WrittenDocument<'a> {
    /// Paths, in the order of writing.
    written: &'a [String],
}

/// The files that a command wrote.
pub(super) fn written(written: &[String]) -> String {
    document(&WrittenDocument { written })
}

/// Every schema that is published.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SchemasDocument<'a> {
    /// In the order of the table.
    schemas: Vec<SchemaEntry<'a>>,
}

/// A schema that is published.
#[derive(Serialize, JsonSchema)]
struct SchemaEntry<'a> {
    /// `flaresmith schema NAME` prints it.
    name: &'a str,
    /// What it describes.
    about: &'a str,
}

/// The names of schemas, each with what it describes.
pub(super) fn schemas(schemas: &[(&str, &str)]) -> String {
    let schemas = schemas.iter().map(|&(name, about)| SchemaEntry { name, about });
    document(&SchemasDocument {
        schemas: schemas.collect(),
    })
}
