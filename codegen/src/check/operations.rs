//! Lint of operations.
//!
//! Owns: what is told about an operation by itself. Must not know: features.

use super::Input;
use crate::diagnostics::{Diagnostic, Diagnostics, extension, nearest, rule as codes};
use crate::model::Status;
use crate::pointer::escape;
use crate::tree::Value;

/// Operations that declare failures only. One that declares nothing at all says nothing wrong.
pub(super) fn no_success(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    for operation in &input.model.operations {
        let answers = |status| match status {
            Status::Exact(code) => code < 400,
            Status::Range(hundred) => hundred < 4,
            Status::Default => true,
        };
        if !operation.responses.is_empty() && !operation.responses.iter().any(|response| answers(response.status)) {
            let message = format!("operation `{}` declares no answer but failures", operation.id.raw);
            let hint = "add a response for what it answers when all is well, such as '200' or '204'";
            diagnostics.push(Diagnostic::new(&codes::NO_SUCCESS, message, operation.place.clone()).hint(hint));
        }
    }
}

/// Operations whose names are derived.
pub(super) fn no_id(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    for operation in &input.model.operations {
        let said = input
            .bundle
            .document
            .pointer(&operation.pointer)
            .and_then(|value| value.get("operationId"));
        if said.and_then(Value::as_str).is_none_or(|id| id.trim().is_empty()) {
            let (method, path) = (operation.method.as_str(), &operation.path.raw);
            let message = format!(
                "{method} {path} has no `operationId`; it is named `{}`",
                operation.id.raw
            );
            let hint = format!("write `operationId: {}` to keep the name", operation.id.raw);
            diagnostics.push(Diagnostic::new(&codes::NO_ID, message, operation.place.clone()).hint(hint));
        }
    }
}

/// Variables that requests of a collection use and none captures.
pub(super) fn uncaptured(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let operations = &input.model.operations;
    let captured = || operations.iter().flat_map(|one| one.policy.postman.captures.keys());
    for operation in operations {
        for (name, variable) in &operation.policy.postman.uses {
            if captured().any(|known| known == variable) {
                continue;
            }
            let hint = match nearest(variable, captured().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "capture it from the answer of an operation before, or remove it here".to_owned(),
            };
            let at = format!("{}/x-flaresmith/postman/uses/{}", operation.pointer, escape(name));
            let message = format!("no operation captures the variable `{variable}`");
            let place = input.bundle.place(&at);
            diagnostics.push(Diagnostic::new(&extension::POLICY_UNKNOWN, message, place).hint(hint));
        }
    }
}
