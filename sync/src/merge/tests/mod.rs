//! What holds of every merge.

mod json;
mod layout;
mod rust;
mod typescript;
mod yaml;

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
fn a_byte_order_mark_of_mine_stays_and_is_no_clash() {
    assert_eq!(
        whole_of(
            "a.json",
            "{\n  \"a\": 1\n}\n",
            "\u{feff}{\n  \"a\": 2\n}\n",
            "{\n  \"a\": 1,\n  \"b\": 1\n}\n"
        ),
        "\u{feff}{\n  \"a\": 2,\n  \"b\": 1\n}\n"
    );
    assert_eq!(parses("a.json", "\u{feff}{}"), Ok(()));
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
