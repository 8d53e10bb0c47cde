//! Imports: which of the names that a file may need it uses.
//!
//! Owns: telling used names from others, and writing them as `use` lines. Must not know: what the names stand for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use memchr::{memchr, memchr2};

use super::layout::WIDTH;

/// The `use` lines of a file for those of the names that its text uses, each module with its names in the order given. A module
/// without names is imported itself.
pub(super) fn imports(text: &str, modules: &[(&str, &[&str])]) -> String {
    imports_of(&used(text, modules), modules)
}

/// Which of the names a text uses: those that stand in a line of code as a word of their own, not behind a path and not in a string.
/// The text is gone through once for all of them.
pub(super) fn used<'n>(text: &str, modules: &[(&'n str, &[&'n str])]) -> BTreeSet<&'n str> {
    let mut wanted = Words::new();
    for (module, names) in modules {
        match names {
            [] => wanted.add(last(module)),
            names => names.iter().for_each(|name| wanted.add(name)),
        }
    }
    let mut used = BTreeSet::new();
    let mut rest = text.as_bytes();
    while !rest.is_empty() && !wanted.names.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        if !line.trim_ascii_start().starts_with(b"//") {
            outside_of_strings(line, |code| wanted.take(code, &mut used));
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    used
}

/// Names that are looked for.
struct Words<'n> {
    names: Vec<&'n str>,
    /// Which letters they begin with: few words have to be looked up.
    first: [bool; 256],
}

/// Whether a byte is part of a word, in a table: every byte of every module is asked about.
static IS_PART: [bool; 256] = {
    let mut is_part = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        is_part[byte] = ascii.is_ascii_alphanumeric() || ascii == b'_' || !ascii.is_ascii();
        byte += 1;
    }
    is_part
};

fn is_part(byte: u8) -> bool {
    IS_PART.get(usize::from(byte)) == Some(&true)
}

impl<'n> Words<'n> {
    fn new() -> Self {
        Self {
            names: Vec::new(),
            first: [false; 256],
        }
    }

    fn add(&mut self, name: &'n str) {
        if let Some(first) = name
            .bytes()
            .next()
            .and_then(|byte| self.first.get_mut(usize::from(byte)))
        {
            *first = true;
            self.names.push(name);
        }
    }

    /// Moves the names that a piece of code uses.
    fn take(&mut self, bytes: &[u8], used: &mut BTreeSet<&'n str>) {
        let mut inside = false;
        for (at, &byte) in bytes.iter().enumerate() {
            let begins = !inside && self.first.get(usize::from(byte)) == Some(&true);
            inside = is_part(byte);
            if !begins {
                continue;
            }
            let (before, rest) = bytes.split_at(at);
            let length = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            if let Some(found) = self.names.iter().position(|name| name.as_bytes() == word)
                && !before.ends_with(b"::")
            {
                used.insert(self.names.swap_remove(found));
            }
        }
    }
}

fn last(module: &str) -> &str {
    module.rsplit("::").next().unwrap_or(module)
}

/// The same lines, when it is known which names are used.
pub(super) fn imports_of(used: &BTreeSet<&str>, modules: &[(&str, &[&str])]) -> String {
    let mut lines = String::new();
    for (module, names) in modules {
        let found: Vec<&str> = names.iter().copied().filter(|name| used.contains(name)).collect();
        let _ = match found.as_slice() {
            [] if names.is_empty() && used.contains(last(module)) => writeln!(lines, "use {module};"),
            [] => Ok(()),
            [one] => writeln!(lines, "use {module}::{one};"),
            several => {
                list(module, several, &mut lines);
                Ok(())
            }
        };
    }
    lines
}

/// Names on one line, or as many to a line as there is room for.
fn list(module: &str, names: &[&str], lines: &mut String) {
    let line = format!("use {module}::{{{}}};", names.join(", "));
    if line.len() <= WIDTH {
        let _ = writeln!(lines, "{line}");
        return;
    }
    let _ = write!(lines, "use {module}::{{");
    let mut column = WIDTH;
    for name in names {
        if column + name.len() + 2 > WIDTH {
            let _ = write!(lines, "\n    {name},");
            column = 4 + name.len() + 1;
        } else {
            let _ = write!(lines, " {name},");
            column += name.len() + 2;
        }
    }
    lines.push_str("\n};\n");
}

/// The pieces of a line between its strings. A quotation mark behind a backslash ends none, in JSON inside of a raw string too.
fn outside_of_strings(line: &[u8], mut tell: impl FnMut(&[u8])) {
    let (mut inside, mut rest) = (false, line);
    while let Some(at) = memchr2(b'"', b'\\', rest) {
        let (piece, mark) = rest.split_at(at);
        if !inside {
            tell(piece);
        }
        let is_end = mark.starts_with(b"\"");
        inside ^= is_end;
        // What is behind a backslash may be more than a byte; no other of its bytes is one of both marks.
        rest = mark.get(if is_end { 1 } else { 2 }..).unwrap_or_default();
    }
    if !inside {
        tell(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_used_as_a_word_is_imported() {
        let text = "/// Style\nstatic A: &[Parameter] = &[Parameter { at: Location::Query, of: types::Role, is: MyMedia, as: \"Style \\\" Role\" }];\n";
        let modules: [(&str, &[&str]); 4] = [
            ("crate::operations", &["Media", "Role"]),
            ("crate::types", &[]),
            ("crate::bodies", &[]),
            ("crate::wire", &["Location", "Parameter", "Style"]),
        ];
        assert_eq!(
            imports(text, &modules),
            "use crate::types;\nuse crate::wire::{Location, Parameter};\n"
        );
        assert_eq!(imports("", &modules), "");
    }

    #[test]
    fn names_that_need_more_than_a_line_are_as_many_to_a_line_as_there_is_room_for() {
        let names: Vec<String> = (10..50).map(|number| format!("Name{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let lines = imports(&names.join("\n"), &[("crate::validate", &names)]);
        let widths: Vec<usize> = lines.lines().map(str::len).collect();
        assert!(
            widths.iter().all(|width| *width <= WIDTH) && widths[1] > WIDTH - 8,
            "{lines}"
        );
        let parsed = syn::parse_file(&lines).map(|file| file.items.len());
        assert_eq!(parsed.ok(), Some(1), "{lines}");
    }
}
