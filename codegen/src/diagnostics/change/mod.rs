//! Codes of changes between two states of a contract, as `flaresmith spec diff` tells them.
//!
//! Owns: the `CHANGE_*` codes and why each is what it is. Must not know: how a change is found; which class it has in which
//! direction (`compare::rules`).

pub mod operation;
pub mod policy;
pub mod schema;
pub mod storage;
pub mod text;

use super::{Code, Severity};

/// A change that breaks callers, readers or data, at least in one direction.
const fn breaking(id: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code {
        id,
        severity: Severity::Error,
        title,
        explanation,
    }
}

/// A change that breaks nobody.
const fn harmless(id: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code {
        id,
        severity: Severity::Info,
        title,
        explanation,
    }
}
