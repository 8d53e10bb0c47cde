//! Stubs of operations that the contract calls by another name now: method and path are the same, the name is not.
//!
//! Owns: recognising them, and giving the base and the person's file the new names, so that a merge compares like with like and
//! the body stays with its operation. Must not know: how texts are merged.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Stub, route_above, rust, typescript};
use crate::items::Language;
use crate::items::outline::slice;
use crate::items::tokens::tokens;

/// Both sides of a merge with the names that the contract has now.
pub(crate) struct Followed {
    /// What was generated.
    pub(crate) base: String,
    /// What the person made of it.
    pub(crate) mine: String,
    /// Why an operation was not followed, in words.
    pub(crate) unclear: Option<String>,
}

impl Followed {
    /// Texts in which nothing is followed.
    pub(crate) fn nothing(base: &str, mine: &str) -> Self {
        Self {
            base: base.to_owned(),
            mine: mine.to_owned(),
            unclear: None,
        }
    }
}

/// Follows what the contract renamed. A rename is one where both generated texts have its route once, and neither has the
/// name of the other. The person's function follows it by its old name, unless one of the new name stands beside it.
pub(crate) fn follow(path: &str, base: &str, mine: &str, theirs: &str) -> Followed {
    let (was, own, is) = (stubs(path, base), stubs(path, mine), stubs(path, theirs));
    let mut followed = Followed::nothing(base, mine);
    let find = |stubs: &[Stub], of: &str, name: &str| stubs.iter().position(|stub| stub.of == of && stub.name == name);
    let mut words: BTreeMap<&str, &str> = BTreeMap::new();
    let mut edits: [Vec<(Range<usize>, String)>; 2] = [Vec::new(), Vec::new()];
    for (old, new) in renamed((base, &was), (theirs, &is)) {
        let mine_old = find(&own, &old.of, &old.name).and_then(|i| own.get(i));
        if mine_old.is_some() && find(&own, &old.of, &new.name).is_some() {
            let note = format!(
                "`{}` is called `{}` now, and the file has both, so it is not clear which of them it is",
                old.name, new.name
            );
            followed.unclear.get_or_insert(note);
            continue;
        }
        let name = slice(theirs, new.at.clone());
        for (stub, edits) in [Some(old), mine_old].into_iter().zip(&mut edits) {
            edits.extend(stub.map(|stub| (stub.at.clone(), stub.called(name))));
        }
        // Types are named after the operation, and stand in the signature; TypeScript writes none.
        if Language::of(path) == Language::Rust {
            words.extend(types(old, new));
        }
    }
    let [in_base, in_mine] = edits;
    if in_base.is_empty() {
        return followed;
    }
    let still: BTreeSet<&str> = tokens(Language::Rust, theirs).into_iter().collect();
    let declared = declared(mine);
    words.retain(|old, _| !still.contains(old) && !declared.contains(old));
    followed.base = rewritten(base, in_base, &words);
    followed.mine = rewritten(mine, in_mine, &words);
    followed
}

/// Whether a person's scaffold has everything that the newly generated one asks for. One that asks for nothing cannot tell.
pub(crate) fn is_complete(path: &str, theirs: &str, mine: &str) -> bool {
    let (asked, own) = (stubs(path, theirs), stubs(path, mine));
    let has = |asked: &Stub| own.iter().any(|own| own.of == asked.of && own.name == asked.name);
    !asked.is_empty() && asked.iter().all(has)
}

/// The stubs of a file. A byte order mark is no part of the language, but of the text in which they stand.
fn stubs(path: &str, text: &str) -> Vec<Stub> {
    let code = text.trim_start_matches('\u{feff}');
    let mark = text.len() - code.len();
    let mut stubs = match Language::of(path) {
        Language::Rust => rust::stubs(code),
        Language::TypeScript => typescript::stubs(path, code),
        Language::Json | Language::Yaml | Language::Toml | Language::Lines => Vec::new(),
    };
    for stub in &mut stubs {
        stub.at = stub.at.start + mark..stub.at.end + mark;
    }
    stubs
}

/// Pairs of stubs of one route and two names.
fn renamed<'s>((base, was): (&str, &'s [Stub]), (theirs, is): (&str, &'s [Stub])) -> Vec<(&'s Stub, &'s Stub)> {
    let by_route = |text: &str, stubs: &'s [Stub]| {
        let mut routes: BTreeMap<(&'s str, String), Vec<&'s Stub>> = BTreeMap::new();
        for stub in stubs {
            if let Some(route) = route_above(text, stub.line) {
                routes.entry((&stub.of, shape(route))).or_default().push(stub);
            }
        }
        routes
    };
    let has = |stubs: &[Stub], like: &Stub| stubs.iter().any(|stub| stub.of == like.of && stub.name == like.name);
    let new = by_route(theirs, is);
    let pairs = by_route(base, was).into_iter().filter_map(|(route, old)| {
        let ([old], [new]) = (old.as_slice(), new.get(&route)?.as_slice()) else {
            return None;
        };
        (!has(is, old) && !has(was, new)).then_some((*old, *new))
    });
    pairs.collect()
}

/// A route without the names of its parameters.
fn shape(route: &str) -> String {
    let mut parts = route.split('{');
    let mut shape = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shape.push_str("{}");
        shape.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    shape
}

/// What the types of a signature are called now, by what they were called.
fn types<'s>(old: &'s Stub, new: &'s Stub) -> Vec<(&'s str, &'s str)> {
    let (was, is) = (tokens(Language::Rust, &old.told), tokens(Language::Rust, &new.told));
    if was.len() != is.len() {
        return Vec::new();
    }
    let name = |word: &str| word.starts_with(|first: char| first.is_uppercase());
    let pairs = was.into_iter().zip(is);
    pairs.filter(|(was, is)| was != is && name(was) && name(is)).collect()
}

/// Names of the types that a text of Rust makes itself.
fn declared(text: &str) -> BTreeSet<&str> {
    let all = tokens(Language::Rust, text);
    let pairs = all.iter().zip(all.iter().skip(1));
    pairs
        .filter(|(word, _)| ["struct", "enum", "type", "trait", "union"].contains(word))
        .map(|(_, name)| *name)
        .collect()
}

/// A text with other names in some places, and other words everywhere but in strings and comments.
fn rewritten(text: &str, mut edits: Vec<(Range<usize>, String)>, words: &BTreeMap<&str, &str>) -> String {
    if !words.is_empty() {
        let mut at = 0;
        for token in tokens(Language::Rust, text) {
            let Some(found) = slice(text, at..text.len()).find(token) else {
                break;
            };
            let range = at + found..at + found + token.len();
            at = range.end;
            edits.extend(words.get(token).map(|word| (range, (*word).to_owned())));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut out, mut at) = (String::new(), 0);
    for (range, word) in edits.into_iter().filter(|(range, _)| !range.is_empty()) {
        out.push_str(slice(text, at..range.start));
        out.push_str(&word);
        at = range.end;
    }
    out.push_str(slice(text, at..text.len()));
    out
}
