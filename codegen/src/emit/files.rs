//! Names of files: what every file system can hold, side by side.
//!
//! Owns: names that some systems keep for devices, names made safe and distinct where case is folded. Must not know: which files
//! a target has.

use std::collections::BTreeSet;

/// Longest name that is made of a text, without its extension, in bytes. Systems hold 255 at least.
const LONGEST: usize = 80;

/// Whether a name, without its extension, is a device on Windows.
pub(in crate::emit) fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "con" | "prn" | "aux" | "nul")
        || (name.len() == 4
            && (name.starts_with("com") || name.starts_with("lpt"))
            && name.ends_with(|c: char| c.is_ascii_digit()))
}

/// A file name for every text, without extension: no two alike to a file system that folds case, and none in `taken`.
pub(in crate::emit) fn distinct<'a>(texts: impl IntoIterator<Item = &'a str>, taken: &[&str]) -> Vec<String> {
    let mut known: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    texts
        .into_iter()
        .map(|text| {
            let plain = plain(text);
            let mut name = plain.clone();
            let mut number = 2;
            while is_device(&name) || !known.insert(name.to_ascii_lowercase()) {
                name = format!("{plain}-{number}");
                number += 1;
            }
            name
        })
        .collect()
}

fn plain(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            c
        } else {
            '-'
        }
    };
    let name: String = text.chars().map(safe).take(LONGEST).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_gets_a_name_of_its_own_on_every_file_system() {
        let long = "a/".repeat(500);
        let found = distinct(
            ["dev", "Dev", "d/v", "d v", "", "con", "base", "../..", &long, &long],
            &["base"],
        );
        assert_eq!(
            found[..8],
            ["dev", "Dev-2", "d-v", "d-v-2", "unnamed", "con-2", "base-2", "-----"]
        );
        assert_eq!((found[8].len(), found[9].len()), (80, 82));
        for device in ["aux", "COM1", "lpt9", "nul"] {
            assert!(is_device(device), "{device}");
        }
        assert!(!is_device("com") && !is_device("comm") && !is_device("console"));
    }
}
