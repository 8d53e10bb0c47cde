//! OpenAPI documents of every version, read into one canonical document.
//!
//! Owns: the differences between 3.0, 3.1 and 3.2, references between files, and the bundle: one 3.1 document whose
//! references all stay inside it. Must not know: the model or any target.

mod bundle;
mod circles;
mod documents;
pub mod extension;
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
        let mut prefix = pointer;
        loop {
            if let Ok(found) = self.origins.binary_search_by(|(key, _)| key.as_str().cmp(prefix))
                && let Some((key, place)) = self.origins.get(found)
            {
                return match &place.at {
                    At::Pointer(base) => Place {
                        file: place.file.clone(),
                        at: At::Pointer(format!("{base}{}", pointer.get(key.len()..).unwrap_or(""))),
                    },
                    _ => place.clone(),
                };
            }
            match prefix.rfind('/') {
                Some(end) => prefix = prefix.get(..end).unwrap_or(""),
                None => return Place::pointer("", pointer),
            }
        }
    }
}
