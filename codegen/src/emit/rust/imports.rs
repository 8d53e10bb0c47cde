//! Imports: which of the names that a file may need it uses.
//!
//! Owns: telling used names from others, and writing them as `use` lines. Must not know: what the names stand for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::WIDTH;

/// The `use` lines of a file for those of the names that its text uses, each module with its names in the order given. A module
/// without names is imported itself.
pub(super) fn imports(text: &str, modules: &[(&str, &[&str])]) -> String {
    imports_of(&used(text, modules), modules)
}

/// Which of the names a text uses.
pub(super) fn used<'n>(text: &str, modules: &[(&'n str, &[&'n str])]) -> BTreeSet<&'n str> {
    let names = modules.iter().flat_map(|(module, names)| match names {
        [] => vec![last(module)],
        names => names.to_vec(),
    });
    names.into_iter().filter(|name| uses(text, name)).collect()
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

/// Whether a name stands in a line of code, as a word of its own, not behind a path and not in a string.
fn uses(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.lines()
        .filter(|line| line.contains(name) && !line.trim_start().starts_with("//"))
        .any(|line| {
            let line = without_strings(line);
            line.match_indices(name).any(|(at, _)| {
                let before = line.get(..at).unwrap_or_default();
                let after = line.get(at + name.len()..).unwrap_or_default();
                !before.ends_with(part) && !before.ends_with("::") && !after.starts_with(part)
            })
        })
}

/// A line without what stands in its strings. A quotation mark behind a backslash ends none, in JSON inside of a raw string too.
fn without_strings(line: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => {
                signs.next();
            }
            '"' => inside = !inside,
            _ if !inside => code.push(sign),
            _ => {}
        }
    }
    code
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
