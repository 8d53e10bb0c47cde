//! What is made of the bundle before there is a model, beside lowering.
//!
//! Owns: what targets that ask for no model begin with, and handing it to them. Must not know: when it is begun.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::openapi::{self, Book};
use super::schema::Definitions;
use crate::memo::Memo;
use crate::openapi::Bundle;
use crate::revisions::Revisions;
use crate::settings::Settings;

/// All of the input that does not wait for a model.
#[derive(Clone, Copy)]
pub(super) struct Contract<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) settings: &'a Settings,
    pub(super) memo: &'a Memo,
    pub(super) revisions: &'a Revisions,
}

/// What was begun. Nothing of it is there when nobody began; then each part is made when it is asked for first.
#[derive(Default)]
pub struct Ahead {
    definitions: OnceLock<Definitions>,
    book: Mutex<Option<Book>>,
}

impl Ahead {
    /// Makes all of it that the selected targets ask for. `revisions` need not know of a model, so they must not know of an earlier
    /// round either.
    pub(crate) fn begin(
        &self,
        bundle: &Bundle,
        settings: &Settings,
        memo: &Memo,
        revisions: &Revisions,
        selected: &[&'static str],
    ) {
        memo.begin_to_emit();
        self.definitions(bundle, memo, revisions);
        if selected.contains(&"openapi") {
            let book = openapi::documents(&Contract {
                bundle,
                settings,
                memo,
                revisions,
            });
            *self.book.lock().unwrap_or_else(PoisonError::into_inner) = Some(book);
        }
    }

    /// Whether anything was begun: then so is emitting.
    pub(crate) fn is_begun(&self) -> bool {
        self.definitions.get().is_some()
    }

    /// The components of the bundle, ready to stand alone.
    pub(crate) fn definitions(&self, bundle: &Bundle, memo: &Memo, revisions: &Revisions) -> &Definitions {
        self.definitions
            .get_or_init(|| Definitions::of(&bundle.document, memo, revisions))
    }

    /// Takes the documents that were made.
    pub(super) fn take_book(&self) -> Option<Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
