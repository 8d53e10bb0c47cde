//! Wrapping: lines of Markdown that are too long for a comment, broken where that means the same.
//!
//! Owns: where a line may be broken. Must not know: what is documented, or in which comment it stands.

use std::borrow::Cow;

/// The lines, those of paragraphs and lists broken before `width` signs where a space allows it. Code, tables and headings stay as
/// they are: there a line break means something.
pub(super) fn wrap(lines: &[String], width: usize) -> Cow<'_, [String]> {
    let fits = |line: &String| line.len() <= width || line.chars().count() <= width;
    if lines.iter().all(fits) {
        return Cow::Borrowed(lines);
    }
    let has_table = lines.iter().any(|line| is_delimiter_row(line));
    let mut wrapped = Vec::new();
    let mut fence = None;
    for line in lines {
        let open = Fence::after(fence, line);
        let fenced = fence.is_some() || open.is_some();
        fence = open;
        if fenced || fits(line) || !is_prose(line) || (has_table && line.contains('|')) {
            wrapped.push(line.clone());
        } else {
            broken(line, width, &mut wrapped);
        }
    }
    Cow::Owned(wrapped)
}

/// What stands around lines of code: its sign, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) sign: char,
    pub(super) run: usize,
}

impl Fence {
    /// The fence that is open behind a line, if `open` is before it.
    pub(super) fn after(open: Option<Self>, line: &str) -> Option<Self> {
        let text = line.trim_start();
        let Some(sign) = text.chars().next().filter(|sign| matches!(sign, '`' | '~')) else {
            return open;
        };
        let rest = text.trim_start_matches(sign);
        let run = text.len() - rest.len();
        match open {
            // With more of its sign in the line it is code between words.
            None => (run >= 3 && (sign == '~' || !rest.contains('`'))).then_some(Self { sign, run }),
            Some(open) => (sign != open.sign || run < open.run || !rest.trim().is_empty()).then_some(open),
        }
    }
}

/// The line below the head of a table.
fn is_delimiter_row(line: &str) -> bool {
    line.contains('|') && line.contains('-') && line.bytes().all(|byte| matches!(byte, b'-' | b':' | b'|' | b' '))
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
        // A backslash at the end of a line would break it for the reader, too.
        if length + 1 + more > width && length > hang && !is_markup(word) && !current.ends_with('\\') {
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
        wrap(&lines, width).into_owned()
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
    fn code_ends_where_its_fence_does() {
        let fenced = ["````text", "```", "one two three four", "```", "````", "one two"];
        assert_eq!(wrapped(&fenced, 8)[..5], fenced[..5]);
        assert_eq!(wrapped(&fenced, 5)[5..], ["one", "two"]);
        let said = ["~~~", "~~~ no end", "one two three four", "~~~", "```one``` two three"];
        assert_eq!(wrapped(&said, 10)[..4], said[..4]);
        assert_eq!(wrapped(&said, 10)[4..], ["```one```", "two three"]);
    }

    #[test]
    fn a_break_ends_no_line_in_a_backslash_and_takes_no_table_apart() {
        assert_eq!(wrapped(&["in C:\\ and on"], 6), ["in C:\\ and", "on"]);
        let table = ["one two|three four", "-|-", "five six seven|eight", "nine ten"];
        assert_eq!(
            wrapped(&table, 5),
            ["one two|three four", "-|-", "five six seven|eight", "nine", "ten"]
        );
        assert_eq!(wrapped(&["one|two three"], 8), ["one|two", "three"]);
    }

    #[test]
    fn nothing_but_spaces_between_words_is_changed() {
        for line in ["a  b   c d", " lead and more", "x y  ", "1. a b c d e f"] {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped(&[line], 3).join(" ")), words(line));
        }
    }
}
