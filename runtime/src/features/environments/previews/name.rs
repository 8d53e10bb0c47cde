//! What the preview of a branch is called.
//!
//! Owns: `preview-<branchSlug>`, and telling apart branches whose slugs are the same. Must not know: rows.

use crate::features::slug;
use crate::sealing::digest;

/// So many digits of a branch's digest tell it from others.
const DIGITS: usize = 8;

/// Longest slug; with the digits behind it, it is the longest that an environment's name can have.
const LONGEST: usize = 40;

/// The name of a branch's preview. `taken`: whether another branch has this one.
pub(super) fn of(branch: &str, taken: impl Fn(&str) -> bool) -> String {
    let slug = slug::of(branch, "branch");
    let plain = format!("preview-{slug}");
    // A long one was cut, and others may begin alike.
    if slug.len() < LONGEST - 1 && !taken(&plain) {
        return plain;
    }
    let digest = digest(branch.as_bytes());
    let digits: String = digest.trim_start_matches("sha256:").chars().take(DIGITS).collect();
    format!("{plain}-{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_a_name_that_no_other_has() {
        let free = |_: &str| false;
        assert_eq!(of("feature/x", free), "preview-feature-x");
        let second = of("feature-x", |name| name == "preview-feature-x");
        assert!(
            second.starts_with("preview-feature-x-") && second.len() == 26,
            "{second}"
        );
        let [a, b] = ["a", "b"].map(|end| of(&format!("{}{end}", "long/".repeat(20)), free));
        assert!(a != b && a.len() <= 58, "{a} {b}");
        assert_eq!(of("日本", free), "preview-branch");
    }
}
