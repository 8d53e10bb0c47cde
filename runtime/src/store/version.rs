//! Versions of rows: changes that are lost to nobody.
//!
//! Owns: ETags and what `If-Match` and `If-None-Match` say about them. Must not know: which rows have versions.
//!
//! A change reads the row, calls [`demand`] with what the caller sent, and writes with the version it read as a condition and one
//! more as the new value. Nothing written means that somebody was faster: [`moved`].

use flaresmith_api::errors::{ErrorCode, Failure};

/// The ETag of a version.
#[must_use]
pub fn tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// Checks `If-Match` against the version of the row.
///
/// # Errors
/// The row has changed since it was read.
pub fn demand(if_match: Option<&str>, version: i32) -> Result<(), Failure> {
    demand_tag(if_match, &tag(version))
}

/// The same of a row that has another ETag: one whose name can come to be another's says which one it is, too.
///
/// # Errors
/// The row has changed since it was read.
pub fn demand_tag(if_match: Option<&str>, own: &str) -> Result<(), Failure> {
    match if_match {
        Some(sent) if !lists(sent, own, false) => Err(moved()),
        _ => Ok(()),
    }
}

/// Whether `If-None-Match` says that the caller has this version.
#[must_use]
pub fn is_known(if_none_match: Option<&str>, version: i32) -> bool {
    if_none_match.is_some_and(|sent| lists(sent, &tag(version), true))
}

/// The failure of a change that came too late.
#[must_use]
pub fn moved() -> Failure {
    Failure::new(ErrorCode::RequestPreconditionFailed)
}

/// Whether a list of ETags has this one. `weak`: a weak one counts as well.
#[must_use]
pub fn lists(sent: &str, own: &str, weak: bool) -> bool {
    sent.split(',').map(str::trim).any(|one| {
        let strong = one.strip_prefix("W/");
        one == "*" || one == own || (weak && strong == Some(own))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_the_version_that_was_read() {
        assert!(demand(None, 3).is_ok() && demand(Some("*"), 3).is_ok());
        assert!(demand(Some("\"v2\", \"v3\""), 3).is_ok());
        for bad in ["\"v2\"", "v3", "W/\"v3\"", ""] {
            assert!(demand(Some(bad), 3).is_err(), "{bad}");
        }
        assert!(is_known(Some("W/\"v3\""), 3) && !is_known(Some("\"v2\""), 3) && !is_known(None, 3));
    }
}
