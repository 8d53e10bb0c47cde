//! Values that must not be shown: what is marked as secret in the data model.
//!
//! Owns: that printing one prints nothing of it. Reading one is a call that can be searched for.

use std::fmt;

use sea_orm::DeriveValueType;

/// A text that must not be shown or logged.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct SecretText(String);

/// Bytes that must not be shown or logged.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct SecretBytes(Vec<u8>);

impl SecretText {
    /// Takes a text in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SecretBytes {
    /// Takes bytes in.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
