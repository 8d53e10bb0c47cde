//! Where the name of a project stands in the template.
//!
//! Owns: making a name harmless for the language of each file. Must not know: which files there are. What the specs give has its
//! own ways of quoting.

use crate::features::slug;

/// The name that the template bears where a project's own shall stand, as people write it.
const NAME: &str = "Flaresmith Project";

/// The same as packages and workers are named.
const SLUG: &str = "flaresmith-project";

/// The text of a file with the project's name in it.
pub(super) fn filled(path: &str, text: &str, name: &str) -> String {
    let slug = slug::of(name, "project");
    // What is filled in is not looked through again, whatever a project is called.
    let text = text.replace(SLUG, &slug);
    if !text.contains(NAME) {
        return text;
    }
    let quoted = if path.ends_with(".md") {
        markdown(name)
    } else {
        inside_quotes(name)
    };
    text.replace(NAME, if quoted.is_empty() { &slug } else { &quoted })
}

/// For the inside of a string of JSON or TOML, which escape alike.
fn inside_quotes(name: &str) -> String {
    let quoted = serde_json::Value::from(name).to_string();
    // TOML takes no control character as it is, and JSON calls this one none.
    quoted
        .trim_start_matches('"')
        .strip_suffix('"')
        .unwrap_or_default()
        .replace('\u{7f}', "\\u007f")
}

/// For one line of Markdown: nothing in it begins markup, or turns what follows around.
fn markdown(name: &str) -> String {
    let unseen =
        |sign: char| matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = name.chars().filter(|sign| !unseen(*sign)).collect();
    let words = plain.split(|sign: char| sign.is_whitespace() || sign.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut escaped = String::new();
    for sign in line.chars() {
        if sign.is_ascii_punctuation() && !"-,.".contains(sign) {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Parser, Tag, TagEnd};
    use serde_json::Value;

    use super::super::files::FILES;
    use super::*;

    /// Names that would mean something in one language or another.
    const HOSTILE: [&str; 12] = [
        "Shop Floor",
        "\"; rm -rf / #",
        "</h1><script>alert(1)</script>",
        "a\nname = \"b\"\r\n[docs]\tout = \"..\"",
        "[x](javascript:y) `z` *b* _c_ ![d](e) # f",
        "{{ name }} {% raw %} ${NAME} $(id) %s \\u0022 \\",
        "\u{202e}evil\u{2066} \u{7f}\u{1} \u{2028}",
        "flaresmith-project Flaresmith Project",
        "../../../etc",
        "日本語",
        "   ",
        "'''\"\"\" //* */ -->",
    ];

    fn file(path: &str, name: &str) -> String {
        let (_, text) = FILES.iter().find(|(known, _)| *known == path).unwrap();
        filled(path, text, name)
    }

    #[test]
    fn a_name_is_a_name_in_every_language_and_nothing_else() {
        for name in HOSTILE {
            let settings: toml::Table = file("flaresmith.toml", name).parse().unwrap();
            assert_eq!(settings["name"].as_str(), Some(name));
            assert_eq!(settings["docs"]["out"].as_str(), Some("docs"), "{name:?}");
            let container: Value = serde_json::from_str(&file(".devcontainer/devcontainer.json", name)).unwrap();
            assert_eq!(container["name"], name);

            let slug = slug::of(name, "project");
            let package: Value = serde_json::from_str(&file("package.json", name)).unwrap();
            let lock: Value = serde_json::from_str(&file("package-lock.json", name)).unwrap();
            for named in [&package, &lock, &lock["packages"][""]] {
                assert_eq!(named["name"], slug.as_str());
            }
            let worker = file("wrangler.jsonc", name);
            for end in ["", "-dev", "-staging", "-prod"] {
                assert!(worker.contains(&format!("\"name\": \"{slug}{end}\"")), "{worker}");
            }
        }
    }

    #[test]
    fn a_title_is_one_line_of_plain_text() {
        for name in HOSTILE {
            let text = file("README.md", name);
            let mut events = Parser::new(&text);
            assert!(
                matches!(events.next(), Some(Event::Start(Tag::Heading { .. }))),
                "{name:?}"
            );
            let mut title = String::new();
            for event in events.by_ref() {
                match event {
                    Event::Text(part) => title.push_str(&part),
                    Event::End(TagEnd::Heading(_)) => break,
                    other => panic!("{name:?}: {other:?}"),
                }
            }
            let seen = |text: &str| -> String { text.chars().filter(|sign| sign.is_alphanumeric()).collect() };
            let expected = if name.trim().is_empty() { "project" } else { name };
            assert_eq!(seen(&title), seen(expected));
            let lines = |text: &str| text.lines().count();
            assert_eq!(
                lines(&text),
                lines(FILES.iter().find(|(path, _)| *path == "README.md").unwrap().1)
            );
        }
    }

    #[test]
    fn the_name_of_the_template_is_left_nowhere() {
        for (path, text) in FILES {
            let filled = filled(path, text, "Shop");
            assert!(!filled.contains(NAME) && !filled.contains(SLUG), "{path}");
        }
    }
}
