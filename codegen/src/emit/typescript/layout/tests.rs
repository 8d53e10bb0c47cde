//! How layouts stand on lines.

use super::*;
use crate::tree::json;

fn word(text: &'static str) -> Layout {
    Layout::text(text)
}

fn line(head: &str, layout: &Layout) -> String {
    let mut text = String::new();
    layout.line(0, head, ";", &mut text);
    text
}

#[test]
fn what_fits_stands_on_one_line_and_each_part_on_its_own_where_it_does_not() {
    let fitting = json!({ "id": 1, "b-c": [], "__proto__": { "x": [1, null], "none": {} } });
    assert_eq!(
        line("const a = ", &Layout::value(&fitting)),
        "const a = { id: 1, 'b-c': [], ['__proto__']: { x: [1, null], none: {} } };\n"
    );
    let long = "word ".repeat(11);
    let nested = json!({ "a": [1], "b": { "c": [long, long], "d": true } });
    assert_eq!(
        line("const a = ", &Layout::value(&nested)),
        format!(
            "const a = {{\n  a: [1],\n  b: {{\n    c: [\n      '{long}',\n      '{long}',\n    ],\n    d: true,\n  }},\n}};\n"
        )
    );
}

#[test]
fn a_line_is_as_long_as_the_widest_allowed_and_no_longer() {
    // The head, two quotes, two brackets and the semicolon are thirteen characters.
    for (letters, lines) in [(WIDTH - 13, 1), (WIDTH - 12, 3)] {
        let list = Layout::list(vec![Layout::text(format!("'{}'", "é".repeat(letters)))]);
        assert_eq!(line("let a = ", &list).lines().count(), lines, "{letters}");
    }
}

#[test]
fn a_literal_that_comes_last_begins_behind_the_other_arguments() {
    let values = Layout::list(vec![word("'a'"), word("'b'")]).on_lines();
    assert_eq!(
        line("", &Layout::call("pgEnum", vec![word("'kind'"), values.clone()])),
        "pgEnum('kind', [\n  'a',\n  'b',\n]);\n"
    );
    assert_eq!(
        line("", &Layout::call("check", vec![values, word("z.int()")])),
        "check(\n  [\n    'a',\n    'b',\n  ],\n  z.int(),\n);\n"
    );
}

#[test]
fn calls_go_on_in_the_next_line_and_stay_behind_what_ends_with_a_bracket() {
    let pattern = Layout::text(format!("/{}/u", "x".repeat(70)));
    let text = word("z.string()")
        .then("min", vec![word("1")])
        .then("regex", vec![pattern]);
    assert_eq!(
        line("const a = ", &text.then("optional", Vec::new())),
        format!(
            "const a = z.string().min(1).regex(/{}/u)\n  .optional();\n",
            "x".repeat(70)
        )
    );
    let member = Item::member("a", word("z.int()")).about("/** One. */\n".to_owned());
    let object = Layout::call("z.object", vec![Layout::object(vec![member])]);
    assert_eq!(
        line("const a = ", &object.then("check", vec![word("some(1)")])),
        "const a = z.object({\n  /** One. */\n  a: z.int(),\n}).check(some(1));\n"
    );
}

#[test]
fn what_cannot_begin_behind_its_head_stands_below_it() {
    let head = format!("export const {} = ", "a".repeat(90));
    let call = Layout::call("z.object", vec![Layout::object(vec![Item::member("a", word("1"))])]);
    assert_eq!(
        line(&head, &call),
        format!("{}\n  z.object({{ a: 1 }});\n", head.trim_end())
    );
}

#[test]
fn unions_are_flat_and_have_a_bar_before_each_type_where_they_have_lines() {
    let reply = |body| Layout::generic("Reply", vec![word("200"), body]);
    let inner = Layout::union(vec![word("B"), word("null")]);
    let union = Layout::union(vec![reply(word("A")), inner]);
    assert_eq!(line("type T = ", &union), "type T = Reply<200, A> | B | null;\n");
    assert_eq!(
        line("type T = ", &union.clone().on_lines()),
        "type T =\n  | Reply<200, A>\n  | B\n  | null;\n"
    );
    assert_eq!(
        line("", &Layout::run(vec![union.grouped(), word("[]")])),
        "(Reply<200, A> | B | null)[];\n"
    );
    assert_eq!(line("type T = ", &Layout::union(Vec::new())), "type T = never;\n");
    let wide = reply(Layout::text("x".repeat(100)));
    assert_eq!(
        line("type T = ", &wide),
        format!("type T = Reply<\n  200,\n  {}\n>;\n", "x".repeat(100))
    );
}

#[test]
fn nesting_costs_no_more_than_its_text() {
    let deep = (0..2000).fold(Layout::text("1"), |inner, _| Layout::list(vec![inner]));
    assert_eq!(line("", &deep).matches('[').count(), 2000);
}
