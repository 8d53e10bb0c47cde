//! What is wrong with specs, told to callers.
//!
//! Owns: from diagnostics and errors of the tools to failures. Must not know: operations. Texts may quote what stood in a spec,
//! so whatever looks like a secret is put out of sight.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_codegen::check::redacted;
use flaresmith_codegen::diagnostics::{Diagnostic, Severity, rule};
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::SyncError;
use serde_json::{Map, Value, json};

/// Most problems that are told.
const MOST: usize = 200;

/// Longest text of one, in characters.
const LONGEST: usize = 500;

/// The failure for specs with errors; `None`: there are none. `strict`: a warning is one, too.
pub(super) fn of(found: &[Diagnostic], sources: &Sources, strict: bool) -> Option<Failure> {
    let least = if strict { Severity::Warning } else { Severity::Error };
    let errors: Vec<&Diagnostic> = found.iter().filter(|one| one.severity >= least).collect();
    if errors.is_empty() {
        return None;
    }
    let secret = errors.iter().any(|one| one.code == &rule::SECRET_PLAINTEXT);
    let code = match secret {
        true => ErrorCode::SpecSecretPlaintext,
        false => ErrorCode::SpecInvalid,
    };
    let locator = Locator::new(sources);
    let problems: Vec<Value> = errors.iter().take(MOST).map(|one| told(one, &locator)).collect();
    Some(Failure::new(code).with_details(json!({ "problems": problems })))
}

/// The failure of reading or comparing what is in a repository.
pub(super) fn failed(error: SyncError) -> Failure {
    match error.code {
        // The lock is damaged, what is generated has the path of something else or leads out, or a file is kept elsewhere.
        code @ ("LOCK_INVALID" | "LOCK_VERSION" | "PATH_RESERVED" | "PATH_NOT_GENERATED" | "PATH_OUTSIDE_ROOT"
        | "PATH_SYMLINK" | "GIT_LFS_MISSING") => {
            let mut message = error.message.clone();
            let path = match &error.path {
                // Where the view of the repository lies concerns nobody.
                Some(path) if path.is_absolute() => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    message = message.replace(&path.display().to_string(), &name);
                    name
                }
                path => path.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            };
            let hint = error.hint.as_deref().unwrap_or_default();
            let problem = json!({
                "code": code,
                "path": path.chars().take(400).collect::<String>(),
                "message": shortened(&message),
                "hint": shortened(hint),
            });
            Failure::new(ErrorCode::SpecInvalid).with_details(json!({ "problems": [problem] }))
        }
        _ => Failure::internal(error),
    }
}

fn told(one: &Diagnostic, locator: &Locator<'_>) -> Value {
    let mut problem = Map::new();
    let file = one.place.as_ref().map_or("", |place| &*place.file);
    problem.insert("code".to_owned(), one.code.id.into());
    problem.insert("path".to_owned(), file.chars().take(400).collect::<String>().into());
    if let Some(at) = one.place.as_ref().and_then(|place| locator.locate(place)) {
        problem.insert("line".to_owned(), at.line.into());
        problem.insert("column".to_owned(), at.column.into());
    }
    problem.insert("message".to_owned(), shortened(&one.message).into());
    problem.insert("hint".to_owned(), shortened(&one.advice()).into());
    Value::Object(problem)
}

/// A text that may be shown, no longer than the contract has it.
pub(super) fn shortened(text: &str) -> String {
    redacted(text).chars().take(LONGEST).collect()
}
