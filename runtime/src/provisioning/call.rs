//! Calls that steps make, in words.
//!
//! Owns: what is said of a call. Must not know: any step. A test holds the tables, which stand beside the steps, against what providers
//! were asked.

use flaresmith_api::types::{PlannedCallMethod, Provider};

/// A call that a step makes, or may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The provider; `None`: this installation itself.
    pub provider: Option<Provider>,
    /// Method and path, with names in braces for what differs; `None`: it is no request.
    pub line: Option<(PlannedCallMethod, &'static str)>,
    /// Whether it changes something there.
    pub changes: bool,
    /// What it is for.
    pub summary: &'static str,
}

/// Which of the things that may be on this machine are made at a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct There {
    /// The database of the environment is at Neon.
    pub database: bool,
    /// The worker of the environment is at Cloudflare.
    pub worker: bool,
}

/// Something that is done here.
pub(super) const fn here(summary: &'static str) -> Call {
    Call {
        provider: None,
        line: None,
        changes: true,
        summary,
    }
}

/// A question.
pub(super) const fn asks(provider: Provider, path: &'static str, summary: &'static str) -> Call {
    Call {
        provider: Some(provider),
        line: Some((PlannedCallMethod::Get, path)),
        changes: false,
        summary,
    }
}

/// A request that changes something.
pub(super) const fn changes(
    provider: Provider,
    method: PlannedCallMethod,
    path: &'static str,
    summary: &'static str,
) -> Call {
    Call {
        provider: Some(provider),
        line: Some((method, path)),
        changes: true,
        summary,
    }
}
