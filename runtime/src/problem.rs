//! Why the server does not start.
//!
//! Owns: the form in which such problems are told. Must not know: what goes wrong.

use std::fmt;

use flaresmith_api::errors::Failure;

/// A reason not to start: code, words, place and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `CATEGORY_SUBCATEGORY`.
    pub code: &'static str,
    /// What is wrong. Never holds a secret.
    pub message: String,
    /// `file:line:column`, or another place that a person finds.
    pub place: Option<String>,
    /// What to type or change.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            hint: None,
        }
    }

    /// A failure that keeps the server from starting: `words` and what is behind it.
    #[must_use]
    pub fn of(code: &'static str, words: &str, failure: &Failure) -> Self {
        let cause = failure
            .log_source()
            .map_or_else(|| failure.to_string(), ToString::to_string);
        Self::new(code, format!("{words}: {cause}"))
    }

    /// Adds where it is.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  = hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
