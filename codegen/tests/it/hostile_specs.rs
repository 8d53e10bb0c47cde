//! Markdown that nobody means well with: it is only text, and reading it takes time in proportion to its length.

#![allow(clippy::disallowed_methods, reason = "a test measures what reading takes")]

use std::time::Instant;

use flaresmith_codegen::diagnostics::{At, Diagnostics};
use flaresmith_codegen::model::Feature;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::spec;
use proptest::prelude::*;

fn read(text: &str) -> (Vec<Feature>, Diagnostics) {
    let mut sources = Sources::default();
    sources.insert("specs/001-x/spec.md", text.as_bytes().to_vec());
    sources.insert("specs/constitution.md", text.as_bytes().to_vec());
    let mut diagnostics = Diagnostics::new();
    let (features, _) = spec::features(&sources, &Settings::default(), &mut diagnostics);
    (features, diagnostics)
}

/// Pieces from which texts are put together that come close to what the reader looks for.
const PIECES: &[&str] = &[
    "# ",
    "## Requirements\n",
    "### User Story 1 - ",
    "(Priority: P1)",
    "- ",
    "  - ",
    "**",
    "FR-001",
    "FR-",
    "-",
    ":",
    "\n",
    "\n\n",
    "~~",
    "`",
    "```\n",
    "| ",
    "|---|---|\n",
    "<!--",
    "-->",
    "[NEEDS CLARIFICATION:",
    "]",
    "**Given**",
    "When",
    "Then",
    "Not in the contract:",
    "\u{feff}",
    "é",
    "日本",
    "İ",
    "\0",
    "---\n",
    "> ",
    "## Clarifications\n",
    "Q:",
    "A:",
    "→",
    "## Key Entities\n",
    "1. ",
    "&amp;",
    "\\",
    "\r\n",
    "<br>",
    "<del>",
    "</del>",
    " to FR-002",
    "(",
    ")",
    "**Status**:",
    "US-1",
    "SC-001",
    "001/FR-001",
    "\t",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_makes_the_reader_fail(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        let text: String = pieces.concat();
        let (features, diagnostics) = read(&text);
        for requirement in features.iter().flat_map(|feature| &feature.requirements) {
            let At::Bytes(range) = requirement.place.at else {
                panic!("{requirement:?}");
            };
            let written = text.get(range.start..range.end).unwrap_or_default();
            // Markup in the middle of an id is no part of it, but of the place.
            let mut rest = written.chars();
            prop_assert!(requirement.id.chars().all(|letter| rest.any(|c| c == letter)), "{:?}", requirement);
            prop_assert_eq!(written.chars().next(), requirement.id.chars().next());
            prop_assert_eq!(written.chars().last(), requirement.id.chars().last());
        }
        for place in diagnostics.iter().filter_map(|one| one.place.as_ref()) {
            if let At::Bytes(range) = place.at {
                prop_assert!(text.get(range.start..range.end).is_some(), "{:?} in {:?}", range, text);
            }
        }
    }

    #[test]
    fn no_characters_at_all_make_the_reader_fail(text in "\\PC{0,200}") {
        read(&text);
    }
}

#[test]
fn an_id_with_markup_inside_is_read_and_its_place_spans_the_markup() {
    let text = "## Requirements\n\n- **FR**-<del>001</del>: text\n";
    let (features, _) = read(text);
    let requirement = &features[0].requirements[0];
    let At::Bytes(range) = requirement.place.at else {
        panic!("{requirement:?}");
    };
    assert_eq!(requirement.id, "FR-001");
    assert_eq!(&text[range.start..range.end], "FR**-<del>001");
}

#[test]
fn reading_takes_time_in_proportion_to_the_length() {
    let repeated: &[(&str, &str)] = &[
        ("requirements", "- **FR-001**: text with **bold** and `code`\n"),
        ("one paragraph of many", "**FR-001**: a\n"),
        ("open questions", "[NEEDS CLARIFICATION: a] "),
        ("hyphens", "A-a-"),
        ("nested lists", "- "),
        ("bold signs", "**a** "),
        ("open brackets", "[NEEDS CLARIFICATION: ["),
        ("steps", "Given a, When b, Then c, "),
        ("signs before words", "!?.,"),
        ("ids in one text", "FR-1234a "),
        ("quotes", "> "),
        ("headings", "### User Story 1 - a (Priority: P1)\n"),
        ("cells", "| FR-001 "),
        ("arrows", "Q: a → A: b "),
        ("keys", "-----BEGIN PRIVATE KEY-----\n"),
    ];
    let time = |piece: &str, bytes: usize| {
        let text = format!("# T\n\n## Requirements\n\n{}", piece.repeat(bytes / piece.len()));
        let start = Instant::now();
        read(&text);
        start.elapsed().as_secs_f64()
    };
    for (name, piece) in repeated {
        // Quadratic time would be 16 times as long for four times the text, at every try. What else a busy machine does makes some
        // tries longer, and none shorter.
        let (mut small, mut large) = (f64::INFINITY, f64::INFINITY);
        let in_proportion = (0..8).any(|_| {
            small = small.min(time(piece, 60_000));
            large = large.min(time(piece, 240_000));
            large < small.max(0.004) * 11.0
        });
        assert!(in_proportion, "{name}: {small:.4} s for 60 kB, {large:.4} s for 240 kB");
    }
}
