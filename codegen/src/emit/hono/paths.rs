//! Paths: what Hono's router is told, and in which order.
//!
//! Owns: Hono's pattern of a path, the segments that the app matches by itself, precedence. Must not know: what is served there.
//!
//! Hono is told one pattern for all paths of one shape, with parameters named by their position. A segment that Hono cannot say
//! (`{name}.json`, text with signs of its own) counts as a parameter there; the app matches every segment exactly. So no two
//! patterns collide, whatever the contract calls its parameters.

use indexmap::IndexMap;

use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::string;
use crate::model::{Model, PathPart, PathTemplate};

/// Hono's pattern of a path: `/projects/:s1`.
pub(super) fn pattern(path: &PathTemplate) -> String {
    let mut text = String::new();
    for (position, segment) in path.segments.iter().enumerate() {
        text.push('/');
        match segment.as_slice() {
            [] => {}
            [PathPart::Fixed(fixed)] if is_plain(fixed) => text.push_str(fixed),
            _ => text.push_str(&format!(":s{position}")),
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// Whether a fixed text means itself to Hono, and stands in an address as it is.
fn is_plain(fixed: &str) -> bool {
    fixed
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

/// The path between its slashes.
pub(super) fn segments(path: &PathTemplate) -> Layout {
    let segments = path
        .segments
        .iter()
        .map(|parts| {
            let parts = parts
                .iter()
                .filter(|part| !matches!(part, PathPart::Fixed(fixed) if fixed.is_empty()))
                .map(|part| match part {
                    PathPart::Fixed(fixed) => Layout::text(string(fixed)),
                    PathPart::Parameter(name) => Layout::object(vec![Item::member("name", Layout::text(string(name)))]),
                })
                .collect();
            Layout::list(parts)
        })
        .collect();
    Layout::list(segments)
}

/// Operations by pattern. A pattern with fixed text stands before one that has a parameter in the same place, since Hono takes
/// the first that fits; so do operations of one pattern. Otherwise the order is that of the contract.
pub(super) fn table(model: &Model) -> IndexMap<String, Vec<usize>> {
    let mut order: Vec<(Vec<Weight>, usize)> = model
        .operations
        .iter()
        .enumerate()
        .map(|(index, operation)| {
            (
                operation.path.segments.iter().map(|parts| weight(parts)).collect(),
                index,
            )
        })
        .collect();
    order.sort();
    let mut table: IndexMap<String, Vec<usize>> = IndexMap::new();
    for (_, index) in order {
        if let Some(operation) = model.operations.get(index) {
            table.entry(pattern(&operation.path)).or_default().push(index);
        }
    }
    table
}

/// How early a segment is tried: fixed text, then segments with much fixed text, then bare parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Fixed,
    Mixed(std::cmp::Reverse<usize>),
    Parameter,
}

fn weight(parts: &[PathPart]) -> Weight {
    let fixed = |part: &PathPart| match part {
        PathPart::Fixed(text) => text.len(),
        PathPart::Parameter(_) => 0,
    };
    match parts {
        [] | [PathPart::Fixed(_)] => Weight::Fixed,
        [PathPart::Parameter(_)] => Weight::Parameter,
        parts => Weight::Mixed(std::cmp::Reverse(parts.iter().map(fixed).sum())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(segments: &[&[PathPart]]) -> PathTemplate {
        PathTemplate {
            raw: String::new(),
            segments: segments.iter().map(|parts| parts.to_vec()).collect(),
        }
    }

    fn fixed(text: &str) -> PathPart {
        PathPart::Fixed(text.to_owned())
    }

    fn named(name: &str) -> PathPart {
        PathPart::Parameter(name.to_owned())
    }

    #[test]
    fn patterns_name_parameters_by_position_and_leave_odd_text_to_the_app() {
        for (segments, expected) in [
            (&[&[fixed("pets")][..], &[named("pet-id")]][..], "/pets/:s1"),
            (&[&[named("a"), fixed(".json")]], "/:s0"),
            (&[&[fixed(":x")], &[fixed("*")], &[fixed("v1.0")]], "/:s0/:s1/v1.0"),
            (&[&[fixed("caf\u{e9}")]], "/:s0"),
            (&[&[]], "/"),
            (&[], "/"),
        ] {
            assert_eq!(pattern(&path(segments)), expected);
        }
    }

    #[test]
    fn fixed_text_goes_first_and_bare_parameters_last() {
        let mut weights = [
            weight(&[named("a")]),
            weight(&[named("a"), fixed("x")]),
            weight(&[fixed("mine")]),
            weight(&[named("a"), fixed(".json")]),
        ];
        weights.sort();
        assert_eq!(
            weights,
            [
                Weight::Fixed,
                Weight::Mixed(std::cmp::Reverse(5)),
                Weight::Mixed(std::cmp::Reverse(1)),
                Weight::Parameter
            ]
        );
    }

    #[test]
    fn text_of_a_path_stays_in_its_string() {
        let hostile = path(&[&[fixed("'+process.exit()+'"), named("a\n")]]);
        assert_eq!(
            segments(&hostile).behind(0, 0, 0),
            r#"[["'+process.exit()+'", { name: 'a\n' }]]"#
        );
    }
}
