//! From rows to what the contract shows of them.
//!
//! Owns: the way from one to the other. Must not know: any entity. A row written as JSON is a value of its schema, without what is
//! secret; so any type of the contract that has those members is made of it.

use flaresmith_api::errors::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::store::page::Page;

/// A row as a type of the contract.
///
/// # Errors
/// The type has other members than the row.
pub(crate) fn shown<T: DeserializeOwned>(row: &impl Serialize) -> Result<T, Failure> {
    let value = serde_json::to_value(row).map_err(Failure::internal)?;
    serde_json::from_value(value).map_err(Failure::internal)
}

/// A row as a type of the contract that has more members.
///
/// # Errors
/// The type has other members than the row and these.
pub(crate) fn extended<T: DeserializeOwned>(row: &impl Serialize, more: Value) -> Result<T, Failure> {
    let mut members = match serde_json::to_value(row).map_err(Failure::internal)? {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if let Value::Object(more) = more {
        members.extend(more);
    }
    serde_json::from_value(Value::Object(members)).map_err(Failure::internal)
}

/// A page of rows as a page of the contract: every list there has the same three members.
///
/// # Errors
/// What is listed has other members than the rows.
pub(crate) fn listed<T: DeserializeOwned>(page: &Page<impl Serialize>) -> Result<T, Failure> {
    shown(&json!({
        "hasMore": page.has_more(),
        "items": page.items,
        "nextCursor": page.next_cursor,
    }))
}
