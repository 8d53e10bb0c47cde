//! What holds of every merge.

use super::*;

fn whole_of(path: &str, base: &str, mine: &str, theirs: &str) -> String {
    match merge(path, base, mine, theirs) {
        Merged::Whole(text) => text,
        Merged::Clash(clashes) => panic!("{clashes:#?}"),
    }
}

fn clashes_of(path: &str, base: &str, mine: &str, theirs: &str) -> Vec<Clash> {
    match merge(path, base, mine, theirs) {
        Merged::Whole(text) => panic!("merged to:\n{text}"),
        Merged::Clash(clashes) => clashes,
    }
}

#[test]
fn lines_far_apart_and_side_by_side_are_both_kept() {
    assert_eq!(whole_of("a.sql", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), "A\nb\nC\n");
    assert_eq!(whole_of("a.sql", "a\nb\n", "A\nb\n", "a\nB\n"), "A\nB\n");
}

#[test]
fn crlf_of_mine_is_the_result_s_and_no_clash() {
    assert_eq!(
        whole_of("a.sql", "a\nb\nc\n", "A\r\nb\r\nc\r\n", "a\nb\nC\n"),
        "A\r\nb\r\nC\r\n"
    );
}

#[test]
fn a_last_newline_alone_is_no_clash() {
    assert_eq!(whole_of("a.sql", "a\nb\n", "a\nb", "a\nB\n"), "a\nB");
    assert_eq!(whole_of("a.sql", "a\nb", "a\nb\n", "A\nb"), "A\nb\n");
}

#[test]
fn white_space_alone_is_no_clash() {
    assert_eq!(whole_of("a.sql", "a\nb\n", "a\nb  \n", "a\nB\n"), "a\nB\n");
}

#[test]
fn a_clash_tells_its_lines_and_markers_are_git_s() {
    let clash = &clashes_of("a.sql", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n")[0];
    assert_eq!((clash.what.as_str(), clash.line), ("line 2", 2));
    assert_eq!(
        with_markers("a.sql", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n"),
        "a\n<<<<<<< yours\nX\n=======\nY\n>>>>>>> generated\nc\n"
    );
}

#[test]
fn a_text_that_is_nested_without_end_is_refused_and_not_followed() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for (path, text) in [
        ("a.rs", format!("fn a() {{ {} }}", deep("(", ")"))),
        ("a.rs", format!("fn a() {{ {} }}", deep("!", ""))),
        ("a.ts", format!("const a = {};", deep("(", ")"))),
        ("a.json", deep("[", "]")),
        ("a.yaml", deep("[", "]")),
        ("a.toml", format!("a = {}", deep("[", "]"))),
    ] {
        let refused = parses(path, &text).unwrap_err();
        assert!(refused.starts_with("line 1, column "), "{path}: {refused}");
        assert!(matches!(merge(path, "a\n", &text, "b\n"), Merged::Clash(_)), "{path}");
    }
    for (path, text) in [
        ("a.rs", format!("fn a() {{ {}1{} }}", "(".repeat(250), ")".repeat(250))),
        ("a.ts", format!("const a = {}1{};", "(".repeat(250), ")".repeat(250))),
        ("a.json", format!("{}1{}", "[".repeat(250), "]".repeat(250))),
    ] {
        assert_eq!(parses(path, &text), Ok(()), "{path}");
        assert!(outline(path, &text).is_some(), "{path}");
    }
}

#[test]
fn a_refusal_names_line_and_column() {
    for (path, text, place) in [
        ("a.rs", "fn a() {\n    let b = ;\n}\n", "line 2, column 13: "),
        ("a.ts", "const a = {\n  b: ,\n};\n", "line 2, column 6: "),
        ("a.json", "{\n  \"a\": ,\n}\n", "line 2, column 8: "),
        ("a.toml", "a = 1\nb = \n", "line 2, column 5: "),
        ("a.yaml", "a: 1\nb: [\n", "line "),
    ] {
        let refused = parses(path, text).unwrap_err();
        assert!(refused.starts_with(place), "{path}: {refused}");
    }
    assert_eq!(parses("a.sql", "anything ("), Ok(()));
}

mod json {
    use super::*;

    #[test]
    fn keys_that_each_side_adds_are_both_there() {
        let base = "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 1\n  }\n}\n";
        let mine = "{\n  \"a\": 1,\n  \"mine\": [1, 2],\n  \"b\": {\n    \"c\": 1,\n    \"own\": true\n  }\n}\n";
        let theirs = "{\n  \"a\": 2,\n  \"b\": {\n    \"c\": 1,\n    \"new\": null\n  },\n  \"d\": 4\n}\n";
        assert_eq!(
            whole_of("a.json", base, mine, theirs),
            "{\n  \"a\": 2,\n  \"mine\": [1, 2],\n  \"b\": {\n    \"c\": 1,\n    \"new\": null,\n    \"own\": true\n  },\n  \"d\": 4\n}\n"
        );
    }

    #[test]
    fn a_comma_goes_with_its_place() {
        let base = "{\n  \"a\": 1,\n  \"b\": 2\n}\n";
        assert_eq!(
            whole_of("a.json", base, "{\n  \"a\": 1\n}\n", "{\n  \"a\": 3,\n  \"b\": 2\n}\n"),
            "{\n  \"a\": 3\n}\n"
        );
        assert_eq!(
            whole_of("a.json", "{}\n", "{\n  \"a\": 1\n}\n", "{\n  \"b\": 1\n}\n"),
            "{\n  \"b\": 1,\n  \"a\": 1\n}\n"
        );
        assert_eq!(
            whole_of("a.json", "{\"a\":[1]}\n", "{\"a\":[1,2]}\n", "{\"a\":[1],\"b\":3}\n"),
            "{\"a\":[1,2],\"b\":3}\n"
        );
    }

    #[test]
    fn a_value_that_both_changed_clashes_by_its_pointer() {
        let base = "{\n  \"item\": [\n    {\n      \"id\": \"x\",\n      \"name\": \"a\"\n    }\n  ]\n}\n";
        let mine = base.replace("\"a\"", "\"mine\"");
        let theirs = base.replace("\"a\"", "\"theirs\"");
        let clashes = clashes_of("a.json", base, &mine, &theirs);
        assert_eq!(clashes.len(), 1);
        assert_eq!((clashes[0].what.as_str(), clashes[0].line), ("/item/0/name", 5));
        assert_eq!(clashes[0].mine, "      \"name\": \"mine\"\n");
    }

    #[test]
    fn elements_are_matched_by_id_when_they_move_and_are_renamed() {
        let base = "[\n  {\"id\": 1, \"n\": \"a\"},\n  {\"id\": 2, \"n\": \"b\"}\n]\n";
        let mine =
            "[\n  {\"id\": 1, \"n\": \"a\", \"own\": 1},\n  {\"id\": 2, \"n\": \"b\"},\n  {\"n\": \"by hand\"}\n]\n";
        let theirs = "[\n  {\"id\": 2, \"n\": \"b\"},\n  {\"id\": 1, \"n\": \"A\"}\n]\n";
        assert_eq!(
            whole_of("a.json", base, mine, theirs),
            "[\n  {\"id\": 2, \"n\": \"b\"},\n  {\"n\": \"by hand\"},\n  {\"id\": 1, \"n\": \"A\", \"own\": 1}\n]\n"
        );
    }

    #[test]
    fn words_are_a_set_and_lines_of_text_a_sequence() {
        let base = "{\"r\": [\"a\", \"b\"]}";
        assert_eq!(
            whole_of(
                "a.json",
                base,
                "{\"r\": [\"a\", \"b\", \"m\"]}",
                "{\"r\": [\"a\", \"b\", \"t\"]}"
            ),
            "{\"r\": [\"a\", \"b\", \"t\", \"m\"]}"
        );
        let base = "{\"r\": [\"line one\", \"line two\"]}";
        let mine = "{\"r\": [\"line one\", \"line two\", \"mine too\"]}";
        let theirs = "{\"r\": [\"line 1\", \"line two\"]}";
        assert_eq!(
            whole_of("a.json", base, mine, theirs),
            "{\"r\": [\"line 1\", \"line two\", \"mine too\"]}"
        );
        let clashes = clashes_of("a.json", base, mine, &base.replace("two\"", "two\", \"theirs too\""));
        assert_eq!(clashes[0].what, "/r/2");
    }

    #[test]
    fn a_document_printed_anew_by_a_program_comes_back_in_the_generated_form() {
        let base = "{\n  \"a\": 1,\n  \"list\": [\n    \"x\"\n  ]\n}\n";
        let mine = "{\n\t\"list\": [\"x\"],\n\t\"a\": 1,\n\t\"own\": 1.0\n}";
        let theirs = "{\n  \"a\": 2,\n  \"list\": [\n    \"x\"\n  ]\n}\n";
        let text = whole_of("a.json", base, mine, theirs);
        assert_eq!(
            text,
            "{\n  \"list\": [\n    \"x\"\n  ],\n  \"a\": 2,\n  \"own\": 1.0\n}"
        );
    }
}

mod rust {
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
}

mod typescript {
    use super::*;

    const ZOD: &str = "\
// Generated.

import { z } from 'zod';
import { A, B } from './shared.js';

/** A project. */
export const ProjectSchema = z.object({
  id: z.string(),
  name: z.string().max(80), // shown
}).strict();

export interface Store {
  get(id: string): Promise<string>;
  readonly size: number;
}

export const projects = {
  /** GET /projects */
  async listProjects(_input, call) {
    throw notImplemented(call);
  },

  async getProject(input) {
    const id = input.id;
    return id;
  },
} satisfies Partial<ProjectsHandlers>;

export enum Kind {
  One = 'one',
  Two = 'two',
}
";

    fn with(pairs: &[(&str, &str)]) -> String {
        pairs.iter().fold(ZOD.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        })
    }

    #[test]
    fn members_of_schemas_interfaces_handlers_and_imports_of_both_sides_are_there() {
        let mine = [
            ("{ A, B }", "{ A, B, Mine }"),
            ("import { A", "import * as own from './own.js';\nimport { A"),
            ("  name: z", "  own: z.string(),\n  name: z"),
            ("string>;\n", "string>;\n  own(): void;\n"),
            ("    throw notImplemented(call);\n", "    return own.list(call);\n"),
            ("  Two =", "  Own = 'own',\n  Two ="),
        ];
        let theirs = [
            (
                "z.string().max(80), // shown\n",
                "z.string().max(90), // shown\n  state: z.string(),\n",
            ),
            ("number;\n", "number;\n  put(id: string): void;\n"),
            (
                "async listProjects(_input, call)",
                "async listProjects(_input, call, more)",
            ),
            (
                "\n  async getProject(input) {",
                "\n  /** GET /projects/{id} */\n  async getProject(input) {",
            ),
            ("'two',\n", "'two',\n  Three = 'three',\n"),
        ];
        let all = [&mine[..], &theirs[..]].concat();
        let merged = whole_of("a.ts", ZOD, &with(&mine), &with(&theirs));
        assert_eq!(merged, with(&all));
        let theirs = [("{ A, B }", "{ A, B, C }")];
        let merged = whole_of("a.ts", ZOD, &with(&mine), &with(&theirs));
        assert!(merged.contains("{ A, B, C, Mine }"), "{merged}");
    }

    #[test]
    fn an_edited_member_that_is_gone_or_changed_otherwise_clashes() {
        let mine = with(&[("const id = input.id;", "const id = 1;")]);
        let theirs = with(&[("const id = input.id;", "const id = 2;")]);
        let clashes = clashes_of("a.ts", ZOD, &mine, &theirs);
        assert_eq!(clashes.len(), 1);
        assert_eq!(
            (clashes[0].what.as_str(), clashes[0].mine.as_str(), clashes[0].line),
            ("member getProject in const projects", "    const id = 1;\n", 24)
        );
        let gone = with(&[("  name: z.string().max(80), // shown\n", "")]);
        let mine = with(&[("max(80)", "max(7)")]);
        let clashes = clashes_of("a.ts", ZOD, &mine, &gone);
        assert_eq!(clashes[0].what, "member name in const ProjectSchema");
        assert_eq!(
            with_markers("a.ts", ZOD, &mine, &gone),
            with(&[(
                "  name: z.string().max(80), // shown\n",
                "<<<<<<< yours\n  name: z.string().max(7), // shown\n=======\n>>>>>>> generated\n"
            )])
        );
    }

    #[test]
    fn a_module_formatted_anew_by_a_person_is_no_clash() {
        let mine = with(&[
            ("{ A, B }", "{\n  A,\n  B,\n}"),
            ("  readonly size: number;\n", "    readonly   size: number;\n"),
        ]);
        let theirs = with(&[("{ A, B }", "{ A, B, C }"), ("size: number", "size: bigint")]);
        let merged = whole_of("a.ts", ZOD, &mine, &theirs);
        assert_eq!(merged, theirs);
    }
}

mod yaml {
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
}
