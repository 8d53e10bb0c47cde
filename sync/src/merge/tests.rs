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
