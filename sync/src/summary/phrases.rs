//! From two lists of things to a few phrases.
//!
//! Owns: counting, grouping, singular and plural. Must not know: languages.

use indexmap::IndexMap;

/// Most phrases that are told; the rest is counted.
const MOST: usize = 3;

/// Something that a text is made of.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    /// What it is, in the singular: `field`, `operation`.
    pub(crate) noun: &'static str,
    /// Its name among its neighbours.
    pub(crate) name: String,
    /// What it is called where things are added to it; `None` if what it holds is told without it.
    pub(crate) title: Option<String>,
    /// What it says itself, white space aside.
    pub(crate) own: String,
    /// What it holds.
    pub(crate) inside: Vec<Thing>,
}

/// What became of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Verb {
    Added,
    Removed,
    Changed,
}

/// Things of one kind that the same became of, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Group {
    verb: Verb,
    noun: &'static str,
    title: Option<String>,
}

type Groups = IndexMap<Group, usize>;

/// The phrases that tell two lists of things apart, without a limit.
pub(crate) fn changes(before: &[Thing], after: &[Thing]) -> Vec<String> {
    let mut groups = Groups::new();
    compare(before, after, None, &mut groups);
    if groups.len() > MOST {
        groups = together(groups);
    }
    groups.sort_by(|a, _, b, _| (a.verb as u8).cmp(&(b.verb as u8)));
    groups.iter().map(|(group, number)| phrase(group, *number)).collect()
}

/// What a list of things holds: `2 structs`, `1 function`; what goes without saying only if there is nothing else.
pub(crate) fn contents(things: &[Thing]) -> Vec<String> {
    let mut numbers: IndexMap<&str, usize> = IndexMap::new();
    number(things, &mut numbers);
    let said = |noun: &str| !matches!(noun, "import" | "key" | "path");
    if numbers.keys().any(|noun| said(noun)) {
        numbers.retain(|noun, _| said(noun));
    }
    numbers.iter().map(|(noun, number)| count(*number, noun)).collect()
}

fn number<'t>(things: &'t [Thing], numbers: &mut IndexMap<&'t str, usize>) {
    for thing in things {
        *numbers.entry(thing.noun).or_insert(0) += 1;
        if thing.noun == "folder" {
            number(&thing.inside, numbers);
        }
    }
}

/// The first phrases, and how many more there are.
pub(crate) fn listed(phrases: &[String]) -> String {
    let shown = phrases.get(..MOST).unwrap_or(phrases).join(", ");
    match phrases.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 field`, `2 fields`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    let plural = if let Some(stem) = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o'])) {
        format!("{stem}ies")
    } else if noun.ends_with("as") || noun.ends_with("ss") || noun.ends_with("ch") {
        format!("{noun}es")
    } else {
        format!("{noun}s")
    };
    format!("{number} {plural}")
}

fn compare(before: &[Thing], after: &[Thing], title: Option<&str>, groups: &mut Groups) {
    let (old, new) = (by_name(before), by_name(after));
    let mut tell = |verb, thing: &Thing| {
        let group = Group {
            verb,
            noun: thing.noun,
            title: title.map(str::to_owned),
        };
        *groups.entry(group).or_insert(0) += 1;
    };
    let mut shared = Vec::new();
    for (key, thing) in &new {
        match old.get(key) {
            None => tell(Verb::Added, thing),
            Some(was) => {
                if was.own != thing.own {
                    tell(Verb::Changed, thing);
                }
                shared.push((*was, *thing));
            }
        }
    }
    for (key, thing) in &old {
        if !new.contains_key(key) {
            tell(Verb::Removed, thing);
        }
    }
    for (was, is) in shared {
        compare(&was.inside, &is.inside, is.title.as_deref(), groups);
    }
}

/// Things by what they are called; a second of one name has a number.
fn by_name(things: &[Thing]) -> IndexMap<(&'static str, &str, usize), &Thing> {
    let mut numbers: IndexMap<(&'static str, &str), usize> = IndexMap::new();
    let mut named = IndexMap::new();
    for thing in things {
        let number = numbers.entry((thing.noun, thing.name.as_str())).or_insert(0);
        named.insert((thing.noun, thing.name.as_str(), *number), thing);
        *number += 1;
    }
    named
}

/// The same without the places, where one kind of thing has several.
fn together(groups: Groups) -> Groups {
    let mut places: IndexMap<(u8, &str), usize> = IndexMap::new();
    for group in groups.keys() {
        *places.entry((group.verb as u8, group.noun)).or_insert(0) += 1;
    }
    let mut all = Groups::new();
    for (mut group, number) in groups {
        if places
            .get(&(group.verb as u8, group.noun))
            .is_some_and(|places| *places > 1)
        {
            group.title = None;
        }
        *all.entry(group).or_insert(0) += number;
    }
    all
}

fn phrase(group: &Group, number: usize) -> String {
    let things = count(number, group.noun);
    match (group.verb, &group.title) {
        (Verb::Added, None) => format!("{things} added"),
        (Verb::Removed, None) => format!("{things} removed"),
        (Verb::Changed, None) => format!("{things} changed"),
        (Verb::Added, Some(title)) => format!("{things} added to {title}"),
        (Verb::Removed, Some(title)) => format!("{things} removed from {title}"),
        (Verb::Changed, Some(title)) => format!("{things} changed in {title}"),
    }
}
