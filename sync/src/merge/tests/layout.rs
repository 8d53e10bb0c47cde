//! How items of both sides stand one after the other.

use super::*;

#[test]
fn a_thing_of_one_line_is_laid_out_as_its_new_neighbours() {
    let merged = "struct A {\n    t: u8,\n    m: u8,\n}\n";
    let base = "struct A {}\n";
    assert_eq!(
        whole_of("a.rs", base, "struct A { m: u8 }\n", "struct A {\n    t: u8,\n}\n"),
        merged
    );
    assert_eq!(
        whole_of("a.rs", base, "struct A {\n    m: u8,\n}\n", "struct A { t: u8 }\n"),
        merged
    );
    assert_eq!(
        whole_of(
            "a.rs",
            "struct A { a: u8 }\n",
            "struct A { a: u8, m: u8 }\n",
            "struct A { t: u8, a: u8 }\n"
        ),
        "struct A { t: u8, a: u8, m: u8 }\n"
    );
}

#[test]
fn a_body_that_grew_stands_under_the_new_signature() {
    assert_eq!(
        whole_of(
            "a.rs",
            "fn a() { 1 }\n",
            "fn a() {\n    log();\n    1\n}\n",
            "fn a(x: u8) { 1 }\n"
        ),
        "fn a(x: u8) {\n    log();\n    1\n}\n"
    );
}

#[test]
fn a_signature_that_both_changed_clashes_without_its_body() {
    let base = "fn a() {\n    1\n}\n";
    let (mine, theirs) = (base.replace("()", "(m: u8)"), base.replace("()", "(t: u8)"));
    assert_eq!(
        with_markers("a.rs", base, &mine, &theirs),
        "<<<<<<< yours\nfn a(m: u8) {\n=======\nfn a(t: u8) {\n>>>>>>> generated\n    1\n}\n"
    );
}

#[test]
fn blank_lines_stay_where_the_first_thing_went_or_came() {
    let base = "// H\n\nuse a::b;\n\nfn x() {}\n";
    assert_eq!(
        whole_of(
            "a.rs",
            base,
            "// H\n\nfn x() {}\n",
            "// H\n\nuse a::b;\nuse a::c;\n\nfn x() {}\n"
        ),
        "// H\n\nuse a::c;\n\nfn x() {}\n"
    );
    assert_eq!(
        whole_of(
            "a.rs",
            "fn x() {}\n",
            "fn m() {}\n\nfn x() {}\n",
            "fn x() {}\n\nfn t() {}\n"
        ),
        "fn m() {}\n\nfn x() {}\n\nfn t() {}\n"
    );
}

#[test]
fn commas_and_comments_at_the_end_of_a_list_stay_right() {
    assert_eq!(
        whole_of(
            "a.rs",
            "enum A {\n    One\n}\n",
            "enum A {\n    One,\n    Mine\n}\n",
            "enum A {\n    One,\n    Theirs,\n}\n"
        ),
        "enum A {\n    One,\n    Theirs,\n    Mine,\n}\n"
    );
    assert_eq!(
        whole_of(
            "a.rs",
            "struct A {\n    a: u8,\n    // end\n}\n",
            "struct A {\n    a: u8, // mine\n    // end\n}\n",
            "struct A {\n    a: u8,\n    t: u8,\n    // end 2\n}\n"
        ),
        "struct A {\n    a: u8, // mine\n    t: u8,\n    // end 2\n}\n"
    );
}

#[test]
fn derives_are_a_set() {
    assert_eq!(
        whole_of(
            "a.rs",
            "#[derive(Debug, Eq)]\nstruct A;\n",
            "#[derive(Debug, Eq, Clone)]\nstruct A;\n",
            "#[derive(Debug, Hash)]\nstruct A;\n"
        ),
        "#[derive(Debug, Hash, Clone)]\nstruct A;\n"
    );
}

#[test]
fn a_type_that_both_sides_import_in_two_ways_is_imported_once() {
    let base = "import { a } from 'x';\n\nf();\n";
    let mine = base.replace(";\n\n", ";\nimport type { T } from 'y';\n\n");
    let theirs = base.replace(";\n\n", ";\nimport { S, type T } from 'y';\n\n");
    let merged = whole_of("a.ts", base, &mine, &theirs);
    assert_eq!(merged.matches("T }").count(), 1, "{merged}");
    assert!(merged.contains("S"), "{merged}");
}
