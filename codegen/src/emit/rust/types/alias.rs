//! Aliases: another type under a name of its own.
//!
//! Owns: how they are written. Must not know: other shapes.

use std::fmt::Write as _;

use super::super::names::RustNames;
use super::super::spell::Within;
use super::definition_docs;
use crate::model::{Type, TypeId};

/// Writes a definition.
pub(super) fn write(names: &RustNames<'_>, id: TypeId, ty: &Type, text: &mut String) {
    let name = names.type_name(id);
    let spelt = names.spell(ty, Within::Type(id));
    text.push_str(&definition_docs(names, id));
    if names.is_newtype(id) {
        let _ = write!(
            text,
            "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n#[serde(transparent)]\npub struct {name}(pub {spelt});\n"
        );
    } else {
        let _ = writeln!(text, "pub type {name} = {spelt};");
    }
}
