//! Validation: what the contract demands of values beyond their Rust types.
//!
//! Owns: checking a JSON value against a schema, and turning it into its Rust type. Must not know: HTTP, operations.
//! All violations of a value are told, each with the place where it stands; messages never repeat the value, which may be a
//! secret.

mod check;
mod format;
{%- if guards %}
mod guard;
{%- endif %}
mod number;
mod schema;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use check::{check, choose};
pub use schema::{
    Extra, Field, Format, List, Literal, Map, Number, Range, Record, Schema, Text, Tuple, Union, Variant, Width,
};

/// Something that a schema does not admit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Violation {
    /// JSON pointer to it; empty for the whole value.
    pub pointer: String,
    /// The rule it breaks, in JSON Schema's words: `required`, `maxLength`, `format`.
    pub keyword: String,
    /// What is wrong, for people.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() { "the value" } else { &self.pointer };
        write!(f, "{place} {}", self.message)
    }
}

/// A value of a type, when its schema admits it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse<T: DeserializeOwned>(schema: &'static Schema, mut value: Value) -> Result<T, Vec<Violation>> {
    let violations = check(schema, &value);
    if !violations.is_empty() {
        return Err(violations);
    }
    number::normalise(&mut value);
    serde_json::from_value(value).map_err(|_| {
        // The message of the error may repeat the value, so it is left out.
        let message = "is not what its type can hold".to_owned();
        vec![Violation { pointer: String::new(), keyword: "type".to_owned(), message }]
    })
}

/// Types that the contract names.
pub trait Validate: Serialize {
    /// What the contract admits.
    fn schema() -> &'static Schema;

    /// Checks the value against the rules that its Rust type cannot express.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn validate(&self) -> Result<(), Vec<Violation>> {
        let violations = match serde_json::to_value(self) {
            Ok(value) => check(Self::schema(), &value),
            Err(_) => {
                let message = "cannot be written as JSON".to_owned();
                vec![Violation { pointer: String::new(), keyword: "type".to_owned(), message }]
            }
        };
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }

    /// A value of this type out of JSON, when the contract admits it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn parse(value: Value) -> Result<Self, Vec<Violation>>
    where
        Self: DeserializeOwned,
    {
        parse(Self::schema(), value)
    }
}
