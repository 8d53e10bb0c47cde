//! YAML, by key.

use super::*;

const API: &str = "\
# The contract.

openapi: 3.1.0
paths:
  # Projects.
  /projects:
    get:
      operationId: listProjects # stable
      parameters:
        - name: limit
          in: query
        - name: id
          in: path
      description: |
        # Not a comment.

        Text.
tags:
- one
- two
";

fn with(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(API.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn keys_and_elements_of_both_sides_are_there_and_comments_stay() {
    let mine = [
        ("openapi: 3.1.0\n", "openapi: 3.1.0\n# Mine.\nx-own:\n  a: 1\n"),
        ("          in: query\n", "          in: query\n          x-own: 1\n"),
        ("- two\n", "- two\n- mine\n"),
        ("# stable", "# stable and mine"),
    ];
    let theirs = [
        ("- name: limit\n", "- name: limit\n          required: false\n"),
        ("tags:\n", "    post:\n      operationId: createProject\ntags:\n"),
        ("        Text.\n", "        Text.\n        More.\n"),
    ];
    let all = [&mine[..], &theirs[..]].concat();
    assert_eq!(whole_of("a.yaml", API, &with(&mine), &with(&theirs)), with(&all));
}

#[test]
fn an_element_is_matched_by_its_name_when_it_moves() {
    let block = "        - name: limit\n          in: query\n";
    let moved = with(&[
        (block, ""),
        ("          in: path\n", &format!("          in: path\n{block}")),
    ]);
    let mine = with(&[("          in: query\n", "          in: query\n          own: 1\n")]);
    let expected = moved.replace("          in: query\n", "          in: query\n          own: 1\n");
    assert_eq!(whole_of("a.yaml", API, &mine, &moved), expected);
}

#[test]
fn a_value_that_both_changed_clashes_by_its_pointer() {
    let mine = with(&[("listProjects", "mine")]);
    let clashes = clashes_of("a.yaml", API, &mine, &with(&[("listProjects", "theirs")]));
    assert_eq!(clashes.len(), 1);
    assert_eq!(
        (clashes[0].what.as_str(), clashes[0].line),
        ("/paths/~1projects/get/operationId", 8)
    );
}
