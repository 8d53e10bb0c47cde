//! Names of types: those the author gave, and those that inline schemas get from where they stand.
//!
//! Owns: keeping names distinct in every case style. Must not know: what the types look like.

use hashbrown::HashSet;

use crate::model::{Case, Name};
use crate::pointer::unescape;

/// Names that are taken, in every style in which two could meet.
#[derive(Debug, Default)]
pub(super) struct TypeNames {
    taken: HashSet<(u8, String)>,
}

impl TypeNames {
    /// Takes a name, with a number behind it when it is already taken. Whoever comes first keeps the plain name; components
    /// come before everything inline, so that an inline schema never renames a component.
    pub(super) fn take(&mut self, wanted: &Name) -> Name {
        let mut name = wanted.clone();
        let mut spellings = keys(&name);
        let mut number = 2;
        while !self.are_free(&spellings) {
            name = wanted.numbered(number);
            spellings = keys(&name);
            number += 1;
        }
        self.taken.extend(spellings);
        name
    }

    /// Whether no other name is spelt like this one in any style.
    pub(super) fn is_free(&self, name: &Name) -> bool {
        self.are_free(&keys(name))
    }

    fn are_free(&self, spellings: &[(u8, String)]) -> bool {
        spellings.iter().all(|spelling| !self.taken.contains(spelling))
    }
}

/// The spellings that must not meet. Screaming and kebab case differ whenever snake case does.
fn keys(name: &Name) -> [(u8, String); 3] {
    [
        (0, name.to(Case::Pascal)),
        (1, name.to(Case::Camel)),
        (2, name.to(Case::Snake)),
    ]
}

/// Makes the names of one list distinct in every style; the first of two keeps its spelling.
pub(super) fn distinct(names: &[Name]) -> Vec<Name> {
    let mut taken = TypeNames::default();
    names.iter().map(|name| taken.take(name)).collect()
}

/// Where an inline schema stands: the name of what it is part of, and the words that lead to it. Spelt out only when the
/// schema turns out to need a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    /// What it is part of.
    base: &'c Name,
    /// The way from there.
    parent: Option<&'c Context<'c>>,
    word: &'c str,
}

impl<'c> Context<'c> {
    /// A part of something that has a name.
    pub(super) fn of(base: &'c Name, word: &'c str) -> Self {
        Self {
            base,
            parent: None,
            word,
        }
    }

    /// A part of a part.
    pub(super) fn child(&'c self, word: &'c str) -> Self {
        Self {
            base: self.base,
            parent: Some(self),
            word,
        }
    }

    /// The name it suggests.
    pub(super) fn name(&self) -> Name {
        let mut words = Vec::new();
        let mut current = Some(self);
        while let Some(context) = current {
            words.push(Name::new(context.word));
            current = context.parent;
        }
        words.retain(|word| !word.raw.is_empty());
        Name::join(std::iter::once(self.base).chain(words.iter().rev()))
    }
}

/// A title that reads like a type's name (`CreateProjectInput`): one word on paper, several in fact. Anything else in a title
/// is prose, or a property's name once more, and would make worse names than the place does.
pub(super) fn from_title(title: &str) -> Option<Name> {
    let sensible = title.len() <= 60
        && title.starts_with(|c: char| c.is_ascii_uppercase())
        && title.chars().all(|c| c.is_ascii_alphanumeric())
        && title.chars().any(|c| c.is_ascii_lowercase());
    let name = Name::new(title);
    (sensible && name.words().len() >= 2).then_some(name)
}

/// A name for a schema that is referred to by a pointer other than a component's own.
pub(super) fn from_pointer(pointer: &str) -> Name {
    const STRUCTURE: [&str; 12] = [
        "components",
        "schemas",
        "properties",
        "paths",
        "content",
        "schema",
        "responses",
        "parameters",
        "allOf",
        "oneOf",
        "anyOf",
        "$defs",
    ];
    let words: Vec<Name> = pointer
        .split('/')
        .skip(1)
        .filter(|token| !STRUCTURE.contains(token))
        .map(|token| match token {
            "items" => Name::new("item"),
            "additionalProperties" => Name::new("value"),
            "requestBody" => Name::new("body"),
            _ => Name::new(unescape(token).trim_matches('/')),
        })
        .collect();
    Name::join(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_name_that_meets_the_first_in_any_style_gets_a_number() {
        let mut names = TypeNames::default();
        let take = |names: &mut TypeNames, raw: &str| names.take(&Name::new(raw)).to(Case::Pascal);
        assert_eq!(take(&mut names, "a_b2"), "AB2");
        assert_eq!(take(&mut names, "A-B2"), "AB22");
        assert_eq!(take(&mut names, "other"), "Other");
    }

    #[test]
    fn contexts_spell_the_way_from_the_named_thing() {
        let base = Name::new("Project");
        let owner = Context::of(&base, "owner");
        assert_eq!(owner.child("item").name().to(Case::Pascal), "ProjectOwnerItem");
    }

    #[test]
    fn only_titles_that_read_like_names_are_names() {
        assert!(from_title("CreateProjectInput").is_some());
        for prose in ["Owner Id", "Name", "the Owner", "ID", "Request body."] {
            assert!(from_title(prose).is_none(), "{prose}");
        }
    }
}
