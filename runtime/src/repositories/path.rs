//! Paths in a repository.
//!
//! Owns: which text is one. Must not know: what stands there. A repository is checked out on any system, so what one of them
//! takes for something else is refused on all.

use flaresmith_api::errors::{ErrorCode, Failure};
use serde_json::json;

/// Longest name of a file or folder, in bytes.
const LONGEST: usize = 255;

/// Refuses what is no path inside a repository, or lies in git's own records.
///
/// # Errors
/// It is none.
pub fn refuse(path: &str) -> Result<(), Failure> {
    let good = !path.is_empty() && path.split('/').all(is_name);
    if good { Ok(()) } else { Err(invalid(path)) }
}

/// The failure for a path that cannot be used.
pub(super) fn invalid(path: &str) -> Failure {
    let path: String = path.chars().take(400).collect();
    Failure::new(ErrorCode::FilePathInvalid).with_details(json!({ "path": path }))
}

fn is_name(name: &str) -> bool {
    let plain = !name
        .chars()
        .any(|sign| sign.is_control() || matches!(sign, '\\' | ':' | '\u{2028}' | '\u{2029}'));
    plain && !matches!(name, "" | "." | "..") && name.len() <= LONGEST && !is_git(name)
}

/// Whether some file system opens git's folder under this name: in any case, with dots and blanks at its end, by its short name,
/// or with signs in it that are not looked at.
fn is_git(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|sign| !is_ignored(*sign))
        .flat_map(char::to_lowercase)
        .collect();
    matches!(name.trim_end_matches(['.', ' ']), ".git" | "git~1")
}

/// Signs that a file system of Apple's leaves out when it compares names.
fn is_ignored(sign: char) -> bool {
    matches!(sign, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_path_leaves_the_repository_or_reaches_its_records() {
        for good in [
            "a",
            "specs/001-shop/spec.md",
            ".github/workflows/ci.yml",
            ".gitignore",
            "a b/ü.md",
            "..a",
            "git",
        ] {
            assert!(super::refuse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "./a",
            "..",
            "a/../../b",
            "a/..",
            ".git",
            ".git/config",
            "a/.git/hooks/x",
            ".GIT/config",
            ".git./config",
            ".git /x",
            "git~1/config",
            "GIT~1",
            ".g\u{200c}it/config",
            "a\\b",
            "..\\x",
            "c:/x",
            ".git::$INDEX_ALLOCATION/x",
            "a\0b",
            "a\nb",
            &"x".repeat(256),
        ] {
            assert!(super::refuse(bad).is_err(), "{bad:?}");
        }
    }
}
