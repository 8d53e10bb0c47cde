//! Wrapping: lines of Markdown that are too long for a comment, broken where that means the same.
//!
//! Owns: where a line may be broken. Must not know: what is documented, or in which comment it stands.

/// The lines, those of paragraphs and lists broken before `width` signs where a space allows it. Code, tables and headings stay as
/// they are: there a line break means something.
pub(super) fn wrap(lines: &[String], width: usize) -> Vec<String> {
    let mut wrapped = Vec::new();
    let mut fence: Option<&str> = None;
    for line in lines {
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| line.trim_start().starts_with(mark));
        let fenced = fence.is_some() || mark.is_some();
        fence = match (fence, mark) {
            (None, mark) => mark,
            (Some(open), Some(mark)) if open == mark => None,
            (open, _) => open,
        };
        if fenced || line.chars().count() <= width || !is_prose(line) {
            wrapped.push(line.clone());
        } else {
            broken(line, width, &mut wrapped);
        }
    }
    wrapped
}

fn is_prose(line: &str) -> bool {
    !line.starts_with("    ")
        && !line.trim_start().starts_with(['|', '#', '>', '<', '[', '\t'])
        && !line.contains(" | ")
}

fn broken(line: &str, width: usize, wrapped: &mut Vec<String>) {
    // What follows in a list item stands below its first word.
    let hang = hang(line);
    let mut words = line.split(' ');
    let mut current = words.next().unwrap_or_default().to_owned();
    let mut length = current.chars().count();
    for word in words {
        let more = word.chars().count();
        if length + 1 + more > width && length > hang && !is_markup(word) {
            wrapped.push(current.trim_end().to_owned());
            current = " ".repeat(hang) + word;
            length = hang + more;
        } else {
            current.push(' ');
            current.push_str(word);
            length += 1 + more;
        }
    }
    wrapped.push(current);
}

/// How far the text of a list item is indented; what other lines are.
fn hang(line: &str) -> usize {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match (text.as_bytes(), text.as_bytes().get(digits..)) {
        ([b'-' | b'*' | b'+', b' ', ..], _) => indent + 2,
        (_, Some([b'.' | b')', b' ', ..])) if digits > 0 => indent + digits + 2,
        _ => indent,
    }
}

/// Whether a word would be something else at the beginning of a line.
fn is_markup(word: &str) -> bool {
    let numbered = word.trim_start_matches(|c: char| c.is_ascii_digit());
    word.is_empty()
        || word.starts_with(['#', '>', '|', '<', '~', '\\'])
        || word.starts_with("```")
        || word.trim_start_matches(['-', '+', '*', '=', '_', ':']).is_empty()
        || word.ends_with("]:")
        || (numbered.len() < word.len() && matches!(numbered, "." | ")"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(lines: &[&str], width: usize) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        wrap(&lines, width)
    }

    #[test]
    fn paragraphs_and_lists_are_broken_between_words() {
        assert_eq!(wrapped(&["one two three four"], 9), ["one two", "three", "four"]);
        assert_eq!(wrapped(&["- one two three"], 9), ["- one two", "  three"]);
        assert_eq!(wrapped(&["  12. one two three"], 14), ["  12. one two", "      three"]);
        assert_eq!(
            wrapped(&["short", "", "averylongword"], 5),
            ["short", "", "averylongword"]
        );
    }

    #[test]
    fn a_break_makes_no_markup_and_takes_none_apart() {
        for line in [
            "    code is kept as it is",
            "| a table | is kept |",
            "# a heading is kept as it is",
            "a - - --- * + ===",
            "a 1. 2. 3. 4.",
        ] {
            assert_eq!(wrapped(&[line], 6), [line]);
        }
        let fenced = ["```text", "one two three four", "```", "one two"];
        assert_eq!(
            wrapped(&fenced, 5),
            ["```text", "one two three four", "```", "one", "two"]
        );
    }

    #[test]
    fn nothing_but_spaces_between_words_is_changed() {
        for line in ["a  b   c d", " lead and more", "x y  ", "1. a b c d e f"] {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped(&[line], 3).join(" ")), words(line));
        }
    }
}
