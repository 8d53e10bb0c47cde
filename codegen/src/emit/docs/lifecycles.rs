//! The page of the lifecycles: a state diagram for each, and for each of its variants.
//!
//! Owns: Mermaid. Must not know: what a state means.

use std::fmt::Write as _;

use super::book::{Book, variant_heading};
use super::quote::{code, fence, literal, text};
use super::table::table;
use crate::model::{Lifecycle, Transition};

/// The body of the page.
pub(super) fn page(book: &Book<'_>, from: &str) -> String {
    let mut out = String::new();
    for (i, lifecycle) in book.model.lifecycles.iter().enumerate() {
        let Some(spot) = book.lifecycle(i) else { continue };
        out.push_str(&spot.title(2));
        let _ = write!(
            out,
            "The states of {}, in its field {}.\n\n",
            book.type_link(lifecycle.ty, from),
            code(&lifecycle.field)
        );
        machine(lifecycle, &lifecycle.initial, &lifecycle.transitions, &mut out);
        for variant in &lifecycle.variants {
            let _ = write!(
                out,
                "### {}\n\n",
                text(&variant_heading(&lifecycle.name, &variant.name))
            );
            let when: Vec<String> = variant
                .when
                .iter()
                .map(|(field, value)| format!("{} is {}", code(field), literal(value)))
                .collect();
            if !when.is_empty() {
                let _ = write!(out, "For those whose {}.\n\n", when.join(" and "));
            }
            machine(lifecycle, &variant.initial, &variant.transitions, &mut out);
        }
    }
    out
}

fn machine(lifecycle: &Lifecycle, initial: &str, transitions: &[Transition], out: &mut String) {
    out.push_str(&fence("mermaid", &diagram(lifecycle, initial, transitions)));
    out.push('\n');
    let rows: Vec<Vec<String>> = transitions
        .iter()
        .map(|step| vec![code(&step.from), code(&step.on), code(&step.to)])
        .collect();
    table(&["From", "On", "To"], &rows, out);
}

/// The states that take part, and the ways between them. States that nothing leaves lead to the end.
fn diagram(lifecycle: &Lifecycle, initial: &str, transitions: &[Transition]) -> String {
    let mut states: Vec<&str> = Vec::new();
    let ends = transitions
        .iter()
        .flat_map(|step| [step.from.as_str(), step.to.as_str()]);
    let mentioned: Vec<&str> = std::iter::once(initial).chain(ends).collect();
    // In the order of the contract; what it does not list comes last.
    for state in lifecycle
        .states
        .iter()
        .map(String::as_str)
        .chain(mentioned.iter().copied())
    {
        if mentioned.contains(&state) && !states.contains(&state) {
            states.push(state);
        }
    }
    let id = |state: &str| {
        states
            .iter()
            .position(|known| *known == state)
            .map_or_else(String::new, |i| state_id(state, i))
    };
    let mut out = String::from("stateDiagram-v2\n");
    for state in &states {
        let _ = writeln!(out, "    state \"{}\" as {}", label(state), id(state));
    }
    let _ = writeln!(out, "    [*] --> {}", id(initial));
    for step in transitions {
        let _ = writeln!(out, "    {} --> {} : {}", id(&step.from), id(&step.to), label(&step.on));
    }
    for state in &states {
        if !transitions.iter().any(|step| step.from == **state) {
            let _ = writeln!(out, "    {} --> [*]", id(state));
        }
    }
    out
}

/// An id that is no word of Mermaid's, whatever the state is called.
fn state_id(state: &str, position: usize) -> String {
    let plain = !state.is_empty() && state.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        format!("s_{state}")
    } else {
        format!("s{position}")
    }
}

/// Text in a diagram: whatever could be syntax is written as a character code.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    if out.trim().is_empty() {
        "#8203;".to_owned()
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_no_syntax() {
        assert_eq!(
            label("a\"b\n%%{init}:;-->"),
            "a#34;b#10;#37;#37;#123;init#125;#58;#59;--#62;"
        );
        assert_eq!(state_id("end", 0), "s_end");
        assert_eq!(state_id("a b", 3), "s3");
    }
}
