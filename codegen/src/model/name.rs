//! Names: words taken from a source's spelling, and the spellings that targets make of them.
//!
//! Owns: splitting into words, case styles, making lists of names distinct. Must not know: which words a language reserves
//! (targets pass those in).

use hashbrown::HashSet;

use crate::tree::Text;

/// A name as words, so that every target can spell it its own way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// As written in the source.
    pub raw: Text,
    words: Vec<Text>,
}

/// Ways to spell a name as an identifier. Every style yields only `[A-Za-z0-9_-]`, never begins with a digit, is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `ProjectMember`
    Pascal,
    /// `projectMember`
    Camel,
    /// `project_member`
    Snake,
    /// `PROJECT_MEMBER`
    Screaming,
    /// `project-member`
    Kebab,
}

impl Name {
    /// Splits a source's spelling into words.
    ///
    /// Words end at anything that is not a letter or digit, at a change from small to capital letter, and before the last
    /// capital of a run (`HTTPServer` is `http server`). Signs that alone tell values apart become words (`+1` is `plus 1`).
    #[must_use]
    pub fn new(raw: &str) -> Self {
        Self {
            raw: raw.into(),
            words: split(raw),
        }
    }

    /// A name made of the words of several, for things that the source leaves unnamed. Repeated words at a seam are kept once.
    #[must_use]
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut words: Vec<Text> = Vec::new();
        for part in parts {
            let overlap = (1..=part.words.len().min(words.len()))
                .rev()
                .find(|n| words.get(words.len() - n..) == part.words.get(..*n))
                .unwrap_or(0);
            words.extend(part.words.iter().skip(overlap).cloned());
        }
        let raw = words.join(" ").into();
        Self { raw, words }
    }

    /// The words, in small letters.
    #[must_use]
    pub fn words(&self) -> &[Text] {
        &self.words
    }

    /// The identifier in one style.
    #[must_use]
    pub fn to(&self, case: Case) -> String {
        let mut text = match case {
            Case::Pascal => joined("", &self.words),
            Case::Camel => match self.words.split_first() {
                Some((first, rest)) => joined(first, rest),
                None => String::new(),
            },
            Case::Snake => self.words.join("_"),
            Case::Screaming => self.words.join("_").to_uppercase(),
            Case::Kebab => self.words.join("-"),
        };
        if text.is_empty() {
            text = Self::new("empty").to(case);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let lead = match case {
                Case::Pascal => "N",
                Case::Camel => "n",
                Case::Snake => "n_",
                Case::Screaming => "N_",
                Case::Kebab => "n-",
            };
            text.insert_str(0, lead);
        }
        text
    }

    /// The same name with no more of its words than a file's name can hold beside folder and extension. What had to be cut ends
    /// in a digest of the whole, so that two names stay apart.
    #[must_use]
    pub fn within_a_file_name(mut self) -> Self {
        const LONGEST: usize = 80;
        let whole = self.words.join(" ");
        if whole.len() <= LONGEST {
            return self;
        }
        let digest = blake3::hash(whole.as_bytes()).to_hex();
        let mut left = LONGEST - 9;
        self.words.retain_mut(|word| {
            let cut = word
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .take_while(|end| *end <= left)
                .last();
            word.truncate(cut.unwrap_or(0));
            left = left.saturating_sub(word.len() + 1);
            !word.is_empty()
        });
        self.words.push(digest.get(..8).unwrap_or_default().into());
        self
    }

    /// The name for people: first word capitalised, words apart (`Project member`).
    #[must_use]
    pub fn title(&self) -> String {
        let mut title = self.words.join(" ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        title
    }

    /// The same name with a number behind it, for the second of two that would be spelt alike.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let mut words = self.words.clone();
        words.push(number.to_string().into());
        Self {
            raw: self.raw.clone(),
            words,
        }
    }
}

/// So many names are compared one by one; more are looked up.
const FEW: usize = 16;

impl Case {
    /// Spells every name, so that no two are alike and none is reserved. The first keeps its spelling; later ones get a number,
    /// so that adding a name at the end renames nothing before it. Reserved words get an underscore at their end (`type_`),
    /// in kebab case `-2` and so on like any repetition.
    #[must_use]
    pub fn distinct<'a>(
        self,
        names: impl IntoIterator<Item = &'a Name>,
        reserved: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut spelt: Vec<String> = Vec::new();
        // Holds all of them once they are many.
        let mut taken: HashSet<String> = HashSet::new();
        for name in names {
            let is_taken = |text: &String| match taken.is_empty() {
                true => spelt.contains(text),
                false => taken.contains(text),
            };
            let mut text = name.to(self);
            if self != Self::Kebab && reserved(&text) {
                text.push('_');
            }
            let mut number = 2;
            while reserved(&text) || is_taken(&text) {
                text = name.numbered(number).to(self);
                number += 1;
            }
            match spelt.len() {
                FEW => taken.extend(spelt.iter().chain([&text]).cloned()),
                0..FEW => {}
                _ => drop(taken.insert(text.clone())),
            }
            spelt.push(text);
        }
        spelt
    }
}

/// Words behind a first one, each with a capital.
fn joined(first: &str, words: &[Text]) -> String {
    let more = words.iter().map(Text::len).sum::<usize>();
    let mut text = String::with_capacity(first.len() + more + 1);
    text.push_str(first);
    for word in words {
        push_capitalised(&mut text, word);
    }
    text
}

fn push_capitalised(text: &mut String, word: &str) {
    let mut chars = word.chars();
    text.extend(chars.next().map(|first| first.to_ascii_uppercase()));
    text.push_str(chars.as_str());
}

/// Words for signs. They matter only where nothing else tells two names apart, so they are used at the start of a name
/// (`+1`, `-1`, `$ref`) and for names without any letter or digit (`<=`).
fn sign_word(sign: char) -> Option<&'static str> {
    Some(match sign {
        '+' => "plus",
        '-' => "minus",
        '*' => "star",
        '/' => "slash",
        '=' => "equal",
        '<' => "less",
        '>' => "greater",
        '!' => "not",
        '&' => "and",
        '|' => "or",
        '%' => "percent",
        '#' => "hash",
        '.' => "dot",
        ',' => "comma",
        ':' => "colon",
        '?' => "question",
        '~' => "tilde",
        '^' => "caret",
        '_' => "underscore",
        ' ' => "space",
        _ => return None,
    })
}

fn split(raw: &str) -> Vec<Text> {
    // Most names are small letters and signs between them.
    let is_small = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/' | b' ');
    if raw.starts_with(|c: char| c.is_ascii_lowercase()) && raw.bytes().all(is_small) {
        let words = raw.split(['_', '-', '.', '/', ' ']);
        return words.filter(|word| !word.is_empty()).map(Text::from).collect();
    }
    let mut words = Vec::new();
    let bare = !raw.chars().any(char::is_alphanumeric);
    let mut rest = raw;
    if let Some(first) = raw.chars().next() {
        let digit_follows = raw.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        if matches!(first, '+' | '-' | '<' | '>' | '=' | '!')
            && (digit_follows || matches!(first, '+' | '<' | '>' | '=' | '!'))
            && !bare
        {
            words.extend(sign_word(first).map(Text::from));
            rest = raw.get(first.len_utf8()..).unwrap_or("");
        }
    }
    if bare {
        words.extend(raw.chars().filter_map(sign_word).map(Text::from));
        if words.is_empty() {
            words.extend(raw.chars().map(|c| Text::from(format!("u{:x}", c as u32))));
        }
        return words;
    }
    let chars: Vec<char> = rest.chars().collect();
    let mut word = Text::new();
    for (i, c) in chars.iter().copied().enumerate() {
        if !c.is_alphanumeric() {
            // An apostrophe joins: `won't` is one word.
            if c != '\'' && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied();
        let after = chars.get(i + 1).copied();
        let hump = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase)
                    && after.is_some_and(char::is_lowercase)
                    && !plural(&chars, i)));
        if hump && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii() {
            word.push(c.to_ascii_lowercase());
        } else {
            // Identifiers stay ASCII in every target; other letters are told by their code point.
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            words.push(format!("u{:x}", c as u32).into());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the capital at `i` and the `s` behind it are the plural end of an acronym (`IDs`, `URLs`).
fn plural(chars: &[char], i: usize) -> bool {
    chars.get(i + 1) == Some(&'s') && chars.get(i + 2).is_none_or(|c| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_humps_acronyms_and_separators() {
        for (raw, snake) in [
            ("projectId", "project_id"),
            ("HTTPServer", "http_server"),
            ("listIDs", "list_ids"),
            ("x-request-id", "x_request_id"),
            ("won't fix", "wont_fix"),
            ("+1", "plus_1"),
            ("-1", "minus_1"),
            ("1st", "n_1st"),
            ("", "empty"),
            ("OAuth2Token", "o_auth2_token"),
            ("<=", "less_equal"),
            ("dev|staging", "dev_staging"),
        ] {
            assert_eq!(Name::new(raw).to(Case::Snake), snake, "{raw:?}");
        }
    }

    #[test]
    fn no_spelling_can_leave_an_identifier() {
        for raw in ["*/ alert(1)", "a\"b", "${x}", "日本", "\u{0}", "--", "__proto__"] {
            for case in [Case::Pascal, Case::Camel, Case::Snake, Case::Screaming] {
                let text = Name::new(raw).to(case);
                assert!(
                    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
                    "{raw:?} -> {text:?}"
                );
                assert!(!text.starts_with(|c: char| c.is_ascii_digit()));
            }
        }
    }

    #[test]
    fn later_names_get_numbers_and_reserved_words_an_underscore() {
        let names = [Name::new("type"), Name::new("a-b"), Name::new("aB"), Name::new("a_b_2")];
        assert_eq!(
            Case::Snake.distinct(&names, |word| word == "type"),
            ["type_", "a_b", "a_b_2", "a_b_2_2"]
        );
    }

    #[test]
    fn all_names_are_distinct_however_many_there_are() {
        for count in [FEW - 1, FEW, FEW + 1, 10 * FEW] {
            let names: Vec<Name> = (0..count).map(|i| Name::new(&format!("name {}", i / 3))).collect();
            let spelt = Case::Snake.distinct(&names, |word| word == "name_1");
            let all: HashSet<&String> = spelt.iter().collect();
            assert_eq!((all.len(), spelt.len()), (count, count));
        }
    }

    #[test]
    fn names_that_are_cut_for_a_file_stay_apart() {
        let long = "word ".repeat(30);
        let cut = |end: &str| Name::new(&format!("{long}{end}")).within_a_file_name().to(Case::Kebab);
        assert_ne!(cut("one"), cut("two"));
        assert!(cut("one").len() <= 80, "{}", cut("one"));
        assert_eq!(Name::new("pets").within_a_file_name(), Name::new("pets"));
    }

    #[test]
    fn joined_names_keep_a_seam_once() {
        let joined = Name::join([&Name::new("createProject"), &Name::new("project_body")]);
        assert_eq!(joined.to(Case::Pascal), "CreateProjectBody");
    }
}
