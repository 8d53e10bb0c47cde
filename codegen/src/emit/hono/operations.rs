//! The table of operations: what the contract demands of each, as data.
//!
//! Owns: its rows. Must not know: routes, schemas.

use crate::emit::typescript::layout::Layout;
use crate::emit::typescript::names::TsNames;
use crate::model::Operation;
use crate::tree::{Value, json};

/// The rows of the table: `createProject: { id: …, … },` each, without a line end behind the last.
pub(super) fn rows(names: &TsNames<'_>) -> String {
    let mut text = String::new();
    for (index, operation) in names.model.operations.iter().enumerate() {
        let handler = names.operation(index);
        Layout::value(&row(names, handler, operation)).row(handler, &mut text);
    }
    text.truncate(text.trim_end().len());
    text
}

fn row(names: &TsNames<'_>, handler: &str, operation: &Operation) -> Value {
    let model = names.model;
    let policy = &operation.policy;
    let role = policy.role.and_then(|role| model.roles.get(role));
    json!({
        "id": operation.id.raw,
        "handler": handler,
        "method": operation.method.as_str(),
        "path": operation.path.raw,
        "domain": model.domain(operation.domain).name.raw,
        "summary": operation.summary.as_deref().unwrap_or_default(),
        "public": operation.public,
        "role": role,
        "rateClass": policy.rate_class,
        "idempotent": policy.idempotent,
        "requirements": policy.requirements,
        "errors": policy.errors,
        "security": operation.security,
    })
}
