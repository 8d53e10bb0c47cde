//! Rust, item by item.

use super::*;

const API: &str = "\
//! Head.

use std::fmt;
use crate::types::{A, B};

/// A project.
#[derive(Debug)]
pub struct Project {
    /// Its id.
    pub id: String,
    pub name: String, // shown
}

impl Api for Server {
    fn one(&self) -> u8 {
        let a = 1;
        a
    }

    fn two(&self) -> u8 {
        2
    }
}

fn last() {}
";

fn with(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(API.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn items_fields_methods_and_imports_of_both_sides_are_there() {
    let mine = with(&[
        ("use std::fmt;\n", "use std::fmt;\nuse std::io;\n"),
        ("{A, B}", "{A, B, Mine}"),
        ("    pub name", "    /// Mine.\n    pub own: u8,\n    pub name"),
        ("let a = 1;", "let a = 7;"),
        ("fn last() {}\n", "// About mine.\nfn mine() {}\n\nfn last() {}\n"),
    ]);
    let theirs = with(&[
        ("use std::fmt;\n", "use std::fmt;\nuse std::rc;\n"),
        ("{A, B}", "{A, B, Theirs}"),
        (
            "pub name: String, // shown\n",
            "pub name: String, // shown\n    pub new: u8,\n",
        ),
        ("        2\n", "        22\n"),
        ("    fn two", "    fn new(&self) {}\n\n    fn two"),
        ("fn last() {}\n", "fn last() {}\n\nfn end() {}\n"),
    ]);
    let expected = with(&[
        ("use std::fmt;\n", "use std::fmt;\nuse std::rc;\nuse std::io;\n"),
        ("{A, B}", "{A, B, Theirs, Mine}"),
        ("    pub name", "    /// Mine.\n    pub own: u8,\n    pub name"),
        (
            "pub name: String, // shown\n",
            "pub name: String, // shown\n    pub new: u8,\n",
        ),
        ("let a = 1;", "let a = 7;"),
        ("        2\n", "        22\n"),
        ("    fn two", "    fn new(&self) {}\n\n    fn two"),
        (
            "fn last() {}\n",
            "// About mine.\nfn mine() {}\n\nfn last() {}\n\nfn end() {}\n",
        ),
    ]);
    assert_eq!(whole_of("a.rs", API, &mine, &theirs), expected);
}

#[test]
fn a_body_and_a_signature_change_apart() {
    let mine = with(&[("let a = 1;", "let a = 7;")]);
    let theirs = with(&[("fn one(&self)", "fn one(&self, more: u8)")]);
    let expected = with(&[
        ("let a = 1;", "let a = 7;"),
        ("fn one(&self)", "fn one(&self, more: u8)"),
    ]);
    assert_eq!(whole_of("a.rs", API, &mine, &theirs), expected);
}

#[test]
fn an_edited_thing_that_is_no_longer_generated_clashes() {
    let mine = with(&[("        2\n", "        22\n")]);
    let theirs = with(&[("\n    fn two(&self) -> u8 {\n        2\n    }\n", "")]);
    let clashes = clashes_of("a.rs", API, &mine, &theirs);
    assert_eq!(clashes.len(), 1, "{clashes:#?}");
    assert_eq!(
        (clashes[0].what.as_str(), clashes[0].line, clashes[0].theirs.as_str()),
        ("fn two in impl Api for Server", 20, "")
    );
    let marked = with_markers("a.rs", API, &mine, &theirs);
    assert!(
        marked.contains(
            "\n\n<<<<<<< yours\n    fn two(&self) -> u8 {\n        22\n    }\n=======\n>>>>>>> generated\n}\n"
        ),
        "{marked}"
    );
}

#[test]
fn a_thing_that_one_side_took_out_is_gone_and_its_neighbours_stay() {
    let mine = with(&[("let a = 1;", "let a = 7;")]);
    let theirs = with(&[("\n    fn two(&self) -> u8 {\n        2\n    }\n", "")]);
    let expected = with(&[
        ("let a = 1;", "let a = 7;"),
        ("\n    fn two(&self) -> u8 {\n        2\n    }\n", ""),
    ]);
    assert_eq!(whole_of("a.rs", API, &mine, &theirs), expected);
    assert_eq!(whole_of("a.rs", API, &theirs, &mine), expected);
}

#[test]
fn a_file_formatted_anew_by_a_person_is_no_clash() {
    let mine = with(&[
        ("    pub id: String,\n", "        pub id:   String,\n"),
        ("fn last() {}", "fn last() {\n}"),
    ]);
    let theirs = with(&[
        ("pub id: String", "pub id: u64"),
        ("fn last() {}", "fn last() { go() }"),
    ]);
    assert_eq!(whole_of("a.rs", API, &mine, &theirs), theirs);
}

#[test]
fn a_text_that_does_not_parse_is_never_whole() {
    let mine = with(&[("let a = 1;", "let a = ;")]);
    let theirs = with(&[("        2\n", "        22\n")]);
    assert!(!clashes_of("a.rs", API, &mine, &theirs).is_empty());
}

#[test]
fn an_import_that_both_sides_added_in_other_forms_is_there_once() {
    let mine = with(&[("use std::fmt;\n", "use std::fmt;\nuse std::io::Read;\n")]);
    let theirs = with(&[("use std::fmt;\n", "use std::fmt;\nuse std::io::{Read, Write};\n")]);
    assert_eq!(whole_of("a.rs", API, &mine, &theirs), theirs);
}
