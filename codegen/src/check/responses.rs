//! Rules about answers.
//!
//! Owns: whether an operation can succeed. Must not know: what bodies look like.

use crate::diagnostics::{Diagnostic, Diagnostics, feature as codes};
use crate::model::{Model, Status};
use crate::openapi::Bundle;

/// An operation that declares answers, none of which can be a success.
pub(super) fn success(model: &Model, _bundle: &Bundle, diagnostics: &mut Diagnostics) {
    for operation in &model.operations {
        let can = |status: Status| {
            status.is_success() || matches!(status, Status::Default | Status::Exact(100..200) | Status::Range(1))
        };
        if !operation.responses.is_empty() && !operation.responses.iter().any(|response| can(response.status)) {
            let message = format!(
                "{} {} declares failures only",
                operation.method.as_str(),
                operation.path.raw
            );
            diagnostics.push(
                Diagnostic::new(&codes::WITHOUT_SUCCESS, message, operation.place.clone())
                    .hint("declare what it answers when it works"),
            );
        }
    }
}
