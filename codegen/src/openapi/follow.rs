//! Following a reference from where it is written to what it names.
//!
//! Owns: what is told of one that leads nowhere. Must not know: what becomes of what it leads to.

use std::sync::Arc;

use super::documents::Document;
use super::grammar::Place as Kind;
use super::link::{At, Linker};
use super::reference::{self, Refusal, Target};
use crate::diagnostics::{Diagnostic, document as codes, nearest};
use crate::pointer::unescape;
use crate::tree::{Text, Value};

impl Linker<'_, '_> {
    /// The file and the pointer that a reference leads to. `None`: nothing stands there, which has been told.
    pub(super) fn led_to(&mut self, text: &str, kind: Kind, at: &At<'_>) -> Option<(Arc<Document>, String)> {
        let target = match reference::parse(text, &at.document.path) {
            Ok(target) => target,
            Err(Refusal::Outside) => {
                let message = format!("`{text}` leaves the repository");
                let hint = "copy the file into the repository and refer to the copy";
                self.diagnostics
                    .push(Diagnostic::new(&codes::REF_OUTSIDE_ROOT, message, at.place()).hint(hint));
                return None;
            }
            Err(Refusal::Anchor) => {
                let message = format!("`{text}` names an anchor, not a place");
                let hint = "write a JSON pointer: `#/components/schemas/Name` or `#/$defs/Name`";
                self.diagnostics
                    .push(Diagnostic::new(&codes::REF_UNRESOLVED, message, at.place()).hint(hint));
                return None;
            }
        };
        let document = self.document_of(&target, text, at)?;
        if document.value.pointer(&target.pointer).is_none() {
            self.tell_missing(&document, &target, text, kind, at);
            return None;
        }
        Some((document, target.pointer))
    }

    fn document_of(&mut self, target: &Target, text: &str, at: &At<'_>) -> Option<Arc<Document>> {
        if *target.file == *at.document.path {
            return Some(Arc::clone(at.document));
        }
        let diagnostics = &mut *self.diagnostics;
        self.documents
            .referred(&target.file, text, at.document.old, &at.place(), diagnostics)
    }

    fn tell_missing(&mut self, document: &Document, target: &Target, text: &str, kind: Kind, at: &At<'_>) {
        let (parent, last) = target.pointer.rsplit_once('/').unwrap_or(("", ""));
        let siblings = document.value.pointer(parent).and_then(Value::as_object);
        let near = siblings.and_then(|map| nearest(&unescape(last), map.keys().map(Text::as_str)).map(str::to_owned));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let (code, message) = if kind == Kind::Schema {
            (
                &codes::SCHEMA_MISSING,
                format!("`{text}` does not exist; any value is taken here"),
            )
        } else {
            (&codes::REF_UNRESOLVED, format!("`{text}` does not exist"))
        };
        self.diagnostics
            .push(Diagnostic::new(code, message, at.place()).maybe_hint(hint));
    }
}
