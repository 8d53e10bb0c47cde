//! Statements of the database: counted, and parts of what asked for them.
//!
//! Owns: what is told of a statement; its text, and so its values, is not. Must not know: tables.

use std::time::SystemTime;

use super::Metrics;
use super::span::{self, Kind, Part, Value};
use crate::store::Store;

/// What statements do, as they are named; others have one name.
const KNOWN: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// Has the statements of a store counted and told to the span that they are part of.
pub(crate) fn tell(store: &mut Store, metrics: &Metrics) {
    let count = metrics.statements();
    let system = store.system();
    store.tell_statements(move |told| {
        count(told.took, told.failed);
        if !span::is_seen() {
            return;
        }
        let name = KNOWN.iter().find(|known| {
            let first = told.text.trim_start().get(..known.len());
            first.is_some_and(|first| first.eq_ignore_ascii_case(known))
        });
        let name = name.copied().unwrap_or("STATEMENT");
        let part = Part {
            name: name.into(),
            kind: Kind::Client,
            began: SystemTime::now() - told.took,
            took: told.took,
            attributes: vec![
                ("db.system.name", Value::Text(system.into())),
                ("db.operation.name", Value::Text(name.into())),
            ],
        };
        span::done(part, told.failed);
    });
}
