//! Which items of three sides are the same, and in which order the merged ones stand.
//!
//! Owns: keys and order. Must not know: what the items hold.

use std::collections::{HashMap, HashSet};

use crate::items::json::{IDS, ITSELF};
use crate::items::outline::{Body, Item, Order};

/// The sides of a merge, as indices.
pub(crate) const BASE: usize = 0;
pub(crate) const MINE: usize = 1;
pub(crate) const THEIRS: usize = 2;

/// A key for every item of each side, equal where the items are the same thing. `None`: only their sequence tells.
pub(crate) fn keys(bodies: [Option<&Body>; 3]) -> Option<[Vec<String>; 3]> {
    let items = bodies.map(|body| body.map_or(&[][..], |body| body.items.as_slice()));
    let listed = bodies.iter().flatten().any(|body| body.order == Order::Listed);
    if listed {
        identified(items)
    } else {
        Some(items.map(|items| numbered(items.iter().map(Item::key))))
    }
}

/// Keys made unique: a key that was there before gets a number.
fn numbered(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let keys = keys.map(|key| {
        let count = seen.entry(key.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { key } else { format!("{key} #{count}") }
    });
    keys.collect()
}

/// Keys of elements: by the best member that tells the generated ones apart. What a person added by hand without it,
/// or with another value of it, is the generated element that something else identifies, if that is nowhere else;
/// else it stands for itself. Words are told apart by what they are.
fn identified(items: [&[Item]; 3]) -> Option<[Vec<String>; 3]> {
    let by = |field: &str| items.map(|items| items.iter().filter_map(|item| id(item, field)).collect());
    let generated = [items[BASE], items[THEIRS]];
    if generated.iter().all(|items| items.is_empty()) || items.iter().all(|items| tells_apart(items, ITSELF)) {
        let field = IDS.iter().chain([&ITSELF]);
        let field = field
            .copied()
            .find(|field| items.iter().all(|items| tells_apart(items, field)))?;
        return Some(by(field));
    }
    let field = IDS
        .iter()
        .copied()
        .find(|field| generated.iter().all(|items| tells_apart(items, field)))?;
    let [base, own, theirs]: [Vec<String>; 3] = by(field);
    let own: HashSet<&String> = own.iter().collect();
    let known: HashSet<&String> = base.iter().chain(&theirs).collect();
    let lost: Vec<(&Item, &String)> = items[BASE]
        .iter()
        .zip(&base)
        .filter(|(_, key)| !own.contains(key))
        .collect();
    let mine = items[MINE].iter().enumerate().map(|(i, item)| {
        let key = id(item, field);
        if let Some(key) = key.as_ref().filter(|key| known.contains(key)) {
            return key.clone();
        }
        let same = |old: &Item| old.ids.iter().any(|known| item.ids.contains(known));
        let found = lost.iter().find(|(old, _)| same(old)).map(|(_, key)| (*key).clone());
        found
            .or(key)
            .unwrap_or_else(|| format!("by hand {i} {:?}", item.ids.first()))
    });
    let mine = numbered(mine);
    Some([base, mine, theirs])
}

fn id(item: &Item, field: &str) -> Option<String> {
    let (_, value) = item.ids.iter().find(|(name, _)| *name == field)?;
    Some(format!("{field}={value}"))
}

fn tells_apart(items: &[Item], field: &str) -> bool {
    let mut seen = HashSet::new();
    items
        .iter()
        .all(|item| id(item, field).is_some_and(|key| seen.insert(key)))
}

/// The order of what is kept: that of mine, unless theirs moved things; what only the other side has stands after its
/// neighbour from there.
pub(crate) fn order<'k>(keys: &'k [Vec<String>; 3], kept: &HashSet<&str>) -> Vec<&'k str> {
    let sets = [&keys[BASE], &keys[MINE], &keys[THEIRS]].map(|keys| keys.iter().map(String::as_str).collect());
    let [base, mine, theirs]: [HashSet<&str>; 3] = sets;
    let everywhere =
        |key: &&String| base.contains(key.as_str()) && mine.contains(key.as_str()) && theirs.contains(key.as_str());
    let unmoved = keys[BASE]
        .iter()
        .filter(everywhere)
        .eq(keys[THEIRS].iter().filter(everywhere));
    let (frame, other) = if unmoved { (MINE, THEIRS) } else { (THEIRS, MINE) };
    let in_frame = if frame == MINE { &mine } else { &theirs };
    let kept_of = |side: usize| keys[side].iter().map(String::as_str).filter(|key| kept.contains(key));
    // What the other side adds, by the neighbour it stands after.
    let mut after: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    let mut neighbour = None;
    for key in kept_of(other) {
        if in_frame.contains(key) {
            neighbour = Some(key);
        } else {
            after.entry(neighbour).or_default().push(key);
        }
    }
    let mut ordered: Vec<&str> = after.remove(&None).unwrap_or_default();
    for key in kept_of(frame) {
        ordered.push(key);
        ordered.extend(after.remove(&Some(key)).unwrap_or_default());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(base: &str, mine: &str, theirs: &str) -> String {
        let keys = [base, mine, theirs].map(|side| side.chars().map(String::from).collect::<Vec<String>>());
        let gone: Vec<&String> = keys[BASE]
            .iter()
            .filter(|key| !keys[MINE].contains(key) || !keys[THEIRS].contains(key))
            .collect();
        let all = keys[MINE].iter().chain(&keys[THEIRS]);
        let kept = all.filter(|key| !gone.contains(key)).map(String::as_str).collect();
        order(&keys, &kept).concat()
    }

    #[test]
    fn new_items_stand_after_their_neighbour() {
        assert_eq!(ordered("abc", "aXbc", "abcY"), "aXbcY");
        assert_eq!(ordered("abc", "Xabc", "abYc"), "XabYc");
    }

    #[test]
    fn a_neighbour_that_went_hands_over_to_the_one_before() {
        assert_eq!(ordered("abc", "ac", "abYc"), "aYc");
    }

    #[test]
    fn an_order_that_one_side_changed_stays() {
        assert_eq!(ordered("abc", "cba", "abc"), "cba");
        assert_eq!(ordered("abc", "abcX", "cba"), "cXba");
    }
}
