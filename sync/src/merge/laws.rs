//! What holds of any three texts: no byte that a person wrote is lost, and what nobody disputes is settled.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

const RUST: &str = "\
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

pub enum Kind {
    One,
    Two { a: u8, b: u8 },
}

impl Api for Server {
    fn one(&self) -> u8 {
        let a = 1;
        let b = 2;
        a + b
    }

    fn two(&self) -> u8 { 2 }
}

fn last() {}
";

const TYPESCRIPT: &str = "\
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
";

const JSON: &str = "\
{
  \"info\": { \"name\": \"A\", \"schema\": \"s\" },
  \"item\": [
    {
      \"id\": \"1\",
      \"name\": \"List\",
      \"event\": [
        {
          \"listen\": \"test\",
          \"exec\": [
            \"const a = 1;\",
            \"const b = 2;\"
          ]
        }
      ]
    },
    {
      \"id\": \"2\",
      \"name\": \"Create\"
    }
  ],
  \"required\": [\"a\", \"b\"]
}
";

const YAML: &str = "\
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
tags:
- one
- two
";

const PLAIN: &str = "one\ntwo\n\nthree\nfour\nfive\n";

/// A text that somebody edited: lines taken out, written twice, moved, changed, or new.
fn edited(name: &'static str, base: &'static str, by: &'static str) -> impl Strategy<Value = String> {
    let edit = (0..6_u8, 0..200_usize, 0..200_usize);
    proptest::collection::vec(edit, 0..4).prop_map(move |edits| {
        let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
        for (number, (kind, at, other)) in edits.into_iter().enumerate() {
            if lines.is_empty() {
                break;
            }
            let (at, other) = (at % lines.len(), other % lines.len());
            match kind {
                0 => {
                    lines.remove(at);
                }
                1 => lines.insert(other, lines[at].clone()),
                2 => lines.swap(at, other),
                3 => lines[at] = lines[at].replacen(char::is_alphanumeric, &format!("{by}{number}"), 1),
                4 => lines[at].push_str("  "),
                _ => lines.insert(at, new_line(name, other, by, number)),
            }
        }
        lines.into_iter().map(|line| line + "\n").collect()
    })
}

fn new_line(name: &str, kind: usize, by: &str, number: usize) -> String {
    match (name, kind % 4) {
        ("a.rs", 0) => format!("// note {by}{number}"),
        ("a.rs", 1) => format!("fn {by}{number}() {{}}"),
        ("a.rs", 2) => format!("    {by}{number}: u8,"),
        ("a.rs", _) => format!("use {by}{number}::A;"),
        ("a.ts", 0) => format!("// note {by}{number}"),
        ("a.ts", 1) => format!("function {by}{number}() {{}}"),
        ("a.ts", 2) => format!("  {by}{number}: z.string(),"),
        ("a.ts", _) => format!("import {{ {by}{number} }} from './{by}.js';"),
        ("a.json", _) => format!("\"{by}{number}\": {{ \"a\": 1 }},"),
        ("a.yaml", 0) => format!("# note {by}{number}"),
        ("a.yaml", 1) => format!("        - {by}{number}"),
        ("a.yaml", _) => format!("{by}{number}: 1"),
        _ => format!("{by}{number}"),
    }
}

/// A text and two edits of it.
fn sides() -> impl Strategy<Value = (&'static str, &'static str, String, String)> {
    let files = [
        ("a.rs", RUST),
        ("a.ts", TYPESCRIPT),
        ("a.json", JSON),
        ("a.yaml", YAML),
        ("a.sql", PLAIN),
    ];
    proptest::sample::select(files.to_vec()).prop_flat_map(|(name, base)| {
        (
            Just(name),
            Just(base),
            edited(name, base, "mine"),
            edited(name, base, "theirs"),
        )
    })
}

/// What was said before, white space aside.
fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(Config { cases: 250, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_line_that_a_side_added_is_in_the_result_or_in_a_clash((name, base, mine, theirs) in sides()) {
        let known: Vec<String> = base.lines().map(said).collect();
        let result = match merge(name, base, &mine, &theirs) {
            Merged::Whole(text) => {
                if text != mine && text != theirs {
                    prop_assert!(parses(name, &text).is_ok(), "not readable:\n{text}");
                }
                said(&text)
            }
            Merged::Clash(clashes) => {
                prop_assert!(!clashes.is_empty());
                let marked = with_markers(name, base, &mine, &theirs);
                prop_assert!(marked.contains("<<<<<<< yours"), "{marked}");
                said(&marked)
            }
        };
        for line in mine.lines().chain(theirs.lines()) {
            let line = said(line);
            let line = line.trim_end_matches(',');
            let added = !line.is_empty() && known.iter().all(|known| known.trim_end_matches(',') != line);
            prop_assert!(!added || result.contains(line), "{line} is lost in:\n{result}");
        }
    }

    #[test]
    fn what_one_side_left_alone_is_as_the_other_has_it((name, base, mine, theirs) in sides()) {
        prop_assert_eq!(merge(name, base, &mine, base), Merged::Whole(mine.clone()));
        prop_assert_eq!(merge(name, base, base, &theirs), Merged::Whole(theirs.clone()));
        prop_assert_eq!(merge(name, base, &mine, &mine), Merged::Whole(mine));
    }

    #[test]
    fn white_space_of_mine_is_never_a_clash(
        (name, base, _, theirs) in sides(),
        spots in proptest::collection::vec((0..3_u8, 0..60_usize), 0..5),
        crlf in any::<bool>(),
        last in any::<bool>(),
    ) {
        // What is imported twice is imported once in what comes of it.
        let imports: Vec<&str> = theirs.lines().filter(|line| line.starts_with("use ") || line.starts_with("import ")).collect();
        let different: BTreeSet<&&str> = imports.iter().collect();
        if parses(name, &theirs).is_err() || different.len() < imports.len() {
            return Ok(());
        }
        let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
        for (kind, at) in spots {
            let at = at % lines.len();
            match kind {
                0 => lines[at].push_str("   "),
                1 => lines.insert(at, String::new()),
                _ if name == "a.yaml" || name == "a.sql" => lines.insert(at, "  ".to_owned()),
                _ => lines[at].insert(0, '\t'),
            }
        }
        let end = if crlf { "\r\n" } else { "\n" };
        let mut mine = lines.join(end);
        if last {
            mine.push_str(end);
        }
        match merge(name, base, &mine, &theirs) {
            Merged::Whole(text) => prop_assert_eq!(said(&text), said(&theirs)),
            Merged::Clash(clashes) => prop_assert!(false, "{mine}\n{clashes:#?}"),
        }
    }

    #[test]
    fn line_ends_of_mine_change_nothing_else((name, base, mine, theirs) in sides()) {
        if mine == base || theirs == base || mine == theirs {
            return Ok(());
        }
        let crlf = mine.replace('\n', "\r\n");
        match (merge(name, base, &mine, &theirs), merge(name, base, &crlf, &theirs)) {
            (Merged::Whole(text), Merged::Whole(other)) => prop_assert_eq!(text.replace('\n', "\r\n"), other),
            (Merged::Clash(clashes), Merged::Clash(others)) => prop_assert_eq!(clashes, others),
            (one, other) => prop_assert!(false, "{one:#?}\n{other:#?}"),
        }
    }

    #[test]
    fn a_merge_carried_over_once_more_changes_nothing((name, base, mine, theirs) in sides()) {
        if let Merged::Whole(text) = merge(name, base, &mine, &theirs) {
            prop_assert_eq!(merge(name, &theirs, &text, &theirs), Merged::Whole(text));
        }
    }
}

/// Any text, of signs that mean something somewhere.
fn noise(most: usize) -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        ";",
        "\"",
        "'",
        "`",
        "#",
        "//",
        "/*",
        "*/",
        "\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "- ",
        "a",
        "é",
        "\u{feff}",
        "\u{2028}",
        "fn a",
        "use a::",
        "import ",
        "const a = ",
        "a: ",
        "\"a\": ",
        "r#\"",
        "b'",
        "\\",
        "|",
        "&x",
        "---",
        "1",
        "struct A ",
        "impl B for C ",
        "<",
        ">",
        "=>",
        "=",
        "...",
        "class A ",
        "export ",
        "from 'x'",
        "enum E ",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..most).prop_map(|words| words.concat())
}

/// A text with such signs put in anywhere.
fn spliced(base: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec((0..base.len(), 0..12_usize, noise(3)), 0..3).prop_map(move |splices| {
        let mut text = base.to_owned();
        for (at, length, words) in splices {
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) && at <= end {
                text.replace_range(at..end, &words);
            }
        }
        text
    })
}

fn any_sides() -> impl Strategy<Value = (&'static str, String, String, String)> {
    let names = vec![
        "a.rs", "a.ts", "a.tsx", "a.js", "a.json", "a.yaml", "a.toml", "a.md", "a",
    ];
    let noise = (proptest::sample::select(names), noise(25), noise(25), noise(25));
    let files = [("a.rs", RUST), ("a.ts", TYPESCRIPT), ("a.json", JSON), ("a.yaml", YAML)];
    let spliced = proptest::sample::select(files.to_vec())
        .prop_flat_map(|(name, base)| (Just(name), spliced(base), spliced(base), spliced(base)));
    prop_oneof![1 => noise, 3 => spliced]
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_text_ends_the_process((name, base, mine, theirs) in any_sides()) {
        if let Merged::Whole(text) = merge(name, &base, &mine, &theirs) {
            let settled = text == mine || text == theirs;
            prop_assert!(settled || parses(name, &text).is_ok(), "{text}");
        }
        let _ = with_markers(name, &base, &mine, &theirs);
        let _ = crate::summary::summary(name, Some(&mine), Some(&theirs));
        let _ = crate::summary::summary(name, None, Some(&theirs));
        let _ = crate::fit::misfits(name, &theirs, &mine);
        let _ = crate::fit::malformed(name, &theirs, &mine);
        if let (Some(outline), false) = (outline(name, &mine), mine.starts_with('\u{feff}')) {
            prop_assert_eq!(real::again(&mine, 0, &outline, mine.len()), mine);
        }
    }
}

/// A Rust file of functions with bodies by number, TypeScript and JSON alike.
fn written(name: &str, bodies: &[(usize, u8)]) -> String {
    let items = bodies.iter().map(|(item, body)| match name {
        "a.rs" => format!("/// About {item}.\nfn item{item}() -> u8 {{\n    {body}\n}}\n"),
        "a.ts" => format!("/** About {item}. */\nexport function item{item}() {{\n  return {body};\n}}\n"),
        _ => format!("  \"item{item}\": {{\n    \"value\": {body}\n  }}"),
    });
    let items: Vec<String> = items.collect();
    match name {
        "a.json" if items.is_empty() => "{\n}\n".to_owned(),
        "a.json" => format!("{{\n{}\n}}\n", items.join(",\n")),
        _ => items.join("\n"),
    }
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn edits_of_different_items_are_all_there(
        name in proptest::sample::select(vec!["a.rs", "a.ts", "a.json"]),
        // For each item: who touches it (0 nobody, 1 mine, 2 theirs), and how (0 edits, 1 takes out, 2 adds one
        // behind it).
        touched in proptest::collection::vec((0..3_u8, 0..3_u8), 1..8),
    ) {
        let side = |who: u8| -> Vec<(usize, u8)> {
            let items = touched.iter().enumerate().flat_map(|(item, (by, how))| {
                let touched = *by != 0 && *by == who;
                match (touched, how) {
                    (true, 0) => vec![(item, who)],
                    (true, 1) => vec![],
                    (true, _) => vec![(item, 0), (100 * usize::from(who) + item, who)],
                    (false, _) => vec![(item, 0)],
                }
            });
            items.collect()
        };
        let all: Vec<(usize, u8)> = touched
            .iter()
            .enumerate()
            .flat_map(|(item, (by, how))| match (by, how) {
                (0, _) => vec![(item, 0)],
                (_, 0) => vec![(item, *by)],
                (_, 1) => vec![],
                _ => vec![(item, 0), (100 * usize::from(*by) + item, *by)],
            })
            .collect();
        let (base, mine, theirs) = (written(name, &side(0)), written(name, &side(1)), written(name, &side(2)));
        prop_assert_eq!(merge(name, &base, &mine, &theirs), Merged::Whole(written(name, &all)));
    }
}
