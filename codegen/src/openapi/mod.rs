//! OpenAPI documents of every version, read into one canonical document.
//!
//! Owns: the differences between 3.0, 3.1 and 3.2, references between files, and the bundle: one 3.1 document whose
//! references all stay inside it. Must not know: the model or any target.

mod bundle;
mod circles;
mod documents;
pub mod extension;
mod follow;
pub(crate) mod grammar;
mod link;
mod reference;
mod spread;
pub(crate) mod update;
mod upgrade;

use crate::tree::Value;

pub use bundle::bundle;
pub(crate) use bundle::bundle_for_more;

use crate::diagnostics::{At, Place};

/// All contracts of a repository as one OpenAPI 3.1 document.
///
/// Every `$ref` in it is a pointer into itself. What was told in 3.0 or 3.2 terms has been rewritten; `x-flaresmith` stands
/// where the author put it.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    /// The document.
    pub document: Value,
    /// Where its parts were written: bundle pointer -> file and pointer there, ordered by bundle pointer. A part without an
    /// entry of its own belongs to the nearest entry above it.
    pub origins: Vec<(String, Place)>,
}

impl Bundle {
    /// Where the value at a pointer of the bundle was written.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        let Some((key, place)) = self.origin(pointer) else {
            return Place::pointer("", pointer);
        };
        match &place.at {
            At::Pointer(base) => Place {
                file: place.file.clone(),
                at: At::Pointer(format!("{base}{}", pointer.get(key.len()..).unwrap_or(""))),
            },
            _ => place.clone(),
        }
    }

    /// The origin with the longest pointer that leads to a value or to what it is in.
    fn origin(&self, pointer: &str) -> Option<&(String, Place)> {
        let mut inside = pointer;
        loop {
            let behind = self.origins.partition_point(|(key, _)| key.as_str() <= inside);
            let found = self.origins.get(behind.checked_sub(1)?)?;
            let key = found.0.as_str();
            if inside
                .strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            {
                return Some(found);
            }
            // All between this one and what leads there begins with what leads there, and so does this one.
            let same = inside.bytes().zip(key.bytes()).take_while(|(one, other)| one == other);
            let end = inside
                .as_bytes()
                .get(..=same.count())?
                .iter()
                .rposition(|byte| *byte == b'/')?;
            inside = inside.get(..end)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_an_origin_belongs_to_the_nearest_one_above_it() {
        let pointers = [
            "/a", "/a-b", "/a-b/c", "/a.b", "/a/b", "/a/b-c/d", "/a/b/c/d", "/a/bc", "/b/c", "/ä/é", "/ä/éé",
        ];
        // Every choice of them, with the document itself and without it.
        for chosen in 0..1 << pointers.len() {
            let chosen = |at: &usize| chosen >> at & 1 == 1;
            for whole in [None, Some("")] {
                let some = (0..pointers.len()).filter(chosen).map(|at| pointers[at]);
                let mut origins: Vec<(String, Place)> = whole
                    .into_iter()
                    .chain(some)
                    .map(|key| (key.to_owned(), Place::pointer(key, key)))
                    .collect();
                origins.sort();
                let bundle = Bundle {
                    origins,
                    ..Bundle::default()
                };
                for pointer in pointers
                    .iter()
                    .flat_map(|one| [(*one).to_owned(), format!("{one}/d"), format!("{one}d")])
                {
                    let above = bundle.origins.iter().filter(|(key, _)| {
                        let rest = pointer.strip_prefix(key.as_str());
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    });
                    let nearest = above.max_by_key(|(key, _)| key.len());
                    assert_eq!(bundle.origin(&pointer), nearest, "{pointer}");
                    let file = nearest.map_or("", |(key, _)| key);
                    assert_eq!(bundle.place(&pointer), Place::pointer(file, &pointer));
                }
            }
        }
        assert_eq!(Bundle::default().place("/a"), Place::pointer("", "/a"));
    }
}
