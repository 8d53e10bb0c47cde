//! JSON, key by key.

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
    let mine = "[\n  {\"id\": 1, \"n\": \"a\", \"own\": 1},\n  {\"id\": 2, \"n\": \"b\"},\n  {\"n\": \"by hand\"}\n]\n";
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

    let clash = &clashes_of("a.json", base, "{\n\t\"list\": [\"x\"],\n\t\"a\": 3\n}", theirs)[0];
    assert_eq!((clash.what.as_str(), clash.line), ("/a", 3));
}
