//! Objects: values by key, in the order in which they were written.
//!
//! Owns: finding keys, keeping their order, sharing. Must not know: what keys mean.

use std::hash::BuildHasher as _;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Text, Value};

/// Most members that are compared one after the other where a key is looked up, which costs less than making a digest of the key.
pub(crate) const FEW: usize = 12;

/// An object. A copy shares the members until one of both is changed.
#[derive(Clone, Default)]
pub struct Map(Arc<Members>);

#[derive(Clone, Default)]
struct Members {
    list: Vec<(Text, Value)>,
    /// Where each key stands in the list, when there are more than a few.
    places: Option<Box<Places>>,
}

#[derive(Clone, Default)]
struct Places {
    hasher: DefaultHashBuilder,
    table: HashTable<usize>,
}

impl Members {
    fn place(&self, key: &str) -> Option<usize> {
        match &self.places {
            None => self.list.iter().position(|(known, _)| known == key),
            Some(places) => {
                let hash = places.hasher.hash_one(key);
                let same = |at: &usize| self.list.get(*at).is_some_and(|(known, _)| known == key);
                places.table.find(hash, same).copied()
            }
        }
    }

    fn push(&mut self, key: Text, value: Value) {
        let at = self.list.len();
        match &mut self.places {
            Some(places) => {
                let hash = places.hasher.hash_one(key.as_str());
                let (hasher, list) = (&places.hasher, &self.list);
                let again = |at: &usize| list.get(*at).map_or(0, |(key, _)| hasher.hash_one(key.as_str()));
                places.table.insert_unique(hash, at, again);
                self.list.push((key, value));
            }
            None => {
                self.list.push((key, value));
                if self.list.len() > FEW {
                    self.find_places();
                }
            }
        }
    }

    /// Finds out anew where each key stands, after some have moved.
    fn find_places(&mut self) {
        self.places = None;
        if self.list.len() <= FEW {
            return;
        }
        let hasher = DefaultHashBuilder::default();
        let hash = |at: &usize| self.list.get(*at).map_or(0, |(key, _)| hasher.hash_one(key.as_str()));
        let mut table = HashTable::with_capacity(self.list.len());
        for at in 0..self.list.len() {
            table.insert_unique(hash(&at), at, hash);
        }
        self.places = Some(Box::new(Places { hasher, table }));
    }
}

impl Map {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one with room for so many members.
    #[must_use]
    pub fn with_capacity(members: usize) -> Self {
        Self(Arc::new(Members {
            list: Vec::with_capacity(members),
            places: None,
        }))
    }

    /// One of these members, whose keys are all different.
    #[must_use]
    pub(crate) fn of_distinct(list: Vec<(Text, Value)>) -> Self {
        let mut members = Members { list, places: None };
        members.find_places();
        Self(Arc::new(members))
    }

    /// Whether both are one and the same, which needs no look at the members.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.list.len()
    }

    /// Whether it has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.list.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.0.place(key)?;
        self.0.list.get(at).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.0.place(key)?;
        Arc::make_mut(&mut self.0).list.get_mut(at).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.place(key).is_some()
    }

    /// Gives a key its value, in the place of the former one or behind all others. The former one, if there was one.
    pub fn insert(&mut self, key: impl AsRef<str> + Into<Text>, value: Value) -> Option<Value> {
        let place = self.0.place(key.as_ref());
        let members = Arc::make_mut(&mut self.0);
        match place.and_then(|at| members.list.get_mut(at)) {
            Some((_, known)) => Some(std::mem::replace(known, value)),
            None => {
                members.push(key.into(), value);
                None
            }
        }
    }

    /// Gives a key its value, so that it stands in this place among all members.
    pub fn insert_at(&mut self, at: usize, key: impl Into<Text>, value: Value) {
        let key = key.into();
        self.remove(&key);
        let members = Arc::make_mut(&mut self.0);
        let at = at.min(members.list.len());
        members.list.insert(at, (key, value));
        members.find_places();
    }

    /// The member of a key, there or not.
    pub fn entry(&mut self, key: impl Into<Text>) -> Entry<'_> {
        Entry {
            map: self,
            key: key.into(),
        }
    }

    /// Takes a member out; those behind it move up.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.place(key)?;
        let members = Arc::make_mut(&mut self.0);
        let (_, value) = members.list.remove(at);
        if members.places.is_some() {
            members.find_places();
        }
        Some(value)
    }

    /// Keeps the members of which it is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &mut Value) -> bool) {
        let members = Arc::make_mut(&mut self.0);
        members.list.retain_mut(|(key, value)| keep(key, value));
        if members.places.is_some() {
            members.find_places();
        }
    }

    /// Keys and values.
    pub fn iter(&self) -> Iter<'_> {
        self.0.list.iter().map(pair)
    }

    /// Keys and values, which may be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        Arc::make_mut(&mut self.0).list.iter_mut().map(pair_mut)
    }

    /// The keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator + Clone {
        self.0.list.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.0.list.iter().map(|(_, value)| value)
    }

    /// The values, which may be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        Arc::make_mut(&mut self.0).list.iter_mut().map(|(_, value)| value)
    }
}

/// Members of a map.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (Text, Value)>, fn(&(Text, Value)) -> (&Text, &Value)>;

/// Members of a map, to be changed.
pub type IterMut<'a> =
    std::iter::Map<std::slice::IterMut<'a, (Text, Value)>, fn(&mut (Text, Value)) -> (&Text, &mut Value)>;

fn pair((key, value): &(Text, Value)) -> (&Text, &Value) {
    (key, value)
}

fn pair_mut((key, value): &mut (Text, Value)) -> (&Text, &mut Value) {
    (key, value)
}

/// Keys in another order make no other object.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.is(other) {
            return true;
        }
        // Mostly the order is the same.
        let beside = |at: usize| other.0.list.get(at);
        self.len() == other.len()
            && self.iter().enumerate().all(|(at, (key, value))| {
                let found = beside(at).filter(|(known, _)| known == key).map(|(_, found)| found);
                found.or_else(|| other.get(key)) == Some(value)
            })
    }
}

impl Eq for Map {}

impl std::fmt::Debug for Map {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

impl<K: AsRef<str> + Into<Text>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut map = Self::with_capacity(members.size_hint().0);
        map.extend(members);
        map
    }
}

impl<K: AsRef<str> + Into<Text>> Extend<(K, Value)> for Map {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, members: I) {
        for (key, value) in members {
            self.insert(key, value);
        }
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Text, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// What is not there is `null`.
impl Index<&str> for Map {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }
}

/// What is not there is made, as `null`.
impl IndexMut<&str> for Map {
    fn index_mut(&mut self, key: &str) -> &mut Value {
        self.entry(key).or_insert_with(|| Value::Null)
    }
}

/// The member of a key, there or not.
pub struct Entry<'a> {
    map: &'a mut Map,
    key: Text,
}

impl<'a> Entry<'a> {
    /// Its value; when there is none, the one that is made.
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'a mut Value {
        let place = self.map.0.place(&self.key);
        let members = Arc::make_mut(&mut self.map.0);
        let at = place.unwrap_or_else(|| {
            members.push(self.key, make());
            members.list.len() - 1
        });
        &mut members.list[at].1
    }

    /// Its value; when there is none, this one.
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    fn of(count: usize) -> Map {
        (0..count)
            .map(|number| (format!("key-{number}"), json!(number)))
            .collect()
    }

    #[test]
    fn keys_keep_their_order_and_are_found_however_many_there_are() {
        for count in [0, 1, FEW, FEW + 1, 1000] {
            let mut map = of(count);
            assert_eq!(map.len(), count);
            assert!((0..count).all(|number| map.get(&format!("key-{number}")) == Some(&json!(number))));
            assert_eq!(map.get("key-none"), None);
            assert_eq!(map.insert("key-0", json!("other")).is_some(), count > 0);
            assert_eq!(map.remove("key-1").is_some(), count > 1);
            map.insert_at(0, "first", json!(true));
            *map.entry("last").or_insert(json!(1)) = json!(2);
            let keys: Vec<&str> = map.keys().map(Text::as_str).collect();
            assert_eq!((keys.first(), keys.last()), (Some(&"first"), Some(&"last")));
            assert!(keys.iter().all(|key| map.contains_key(key)), "{count}");
            map.retain(|key, _| key.starts_with("key-"));
            assert!(map.get("first").is_none() && map.get("last").is_none());
            assert!((2..count).all(|number| map.get(&format!("key-{number}")) == Some(&json!(number))));
        }
    }

    #[test]
    fn a_copy_is_shared_until_one_of_both_changes() {
        for count in [3, 100] {
            let map = of(count);
            let mut copy = map.clone();
            assert!(copy.is(&map));
            assert!(copy.remove("no-such-key").is_none() && copy.get_mut("no-such-key").is_none());
            assert!(copy.is(&map), "nothing was changed");
            copy.insert("key-2", json!(null));
            assert!(!copy.is(&map));
            assert_eq!((&map["key-2"], &copy["key-2"]), (&json!(2), &json!(null)));
        }
    }

    #[test]
    fn the_order_of_keys_makes_no_other_object() {
        for count in [3, 100] {
            let map = of(count);
            let turned: Map = map.clone().into_iter().rev().collect();
            assert_eq!((&map, &turned), (&turned, &map));
            let mut other = turned.clone();
            other.insert("key-1", json!("1"));
            assert!(map != other);
            other.remove("key-1");
            assert_ne!(map, other);
            assert_ne!(other, map);
        }
    }
}
