//! Enumerations as Rust types that SeaORM stores: types of their own on Postgres, texts on SQLite.
//!
//! Owns: `enums.rs`. Must not know: tables.

use std::fmt::Write as _;

use super::Context;
use crate::emit::rust::docs::{about, comment, literal};
use crate::emit::rust::layout::Node;
use crate::model::Shape;
use crate::tree::Value;

/// The module with all of them.
pub(super) fn module(context: &Context<'_>) -> String {
    let mut text =
        "//! Enumerations that columns hold.\n\nuse serde::Serialize;\n\nuse crate::enumeration::stored;\n".to_owned();
    for (id, stored) in context.names.enums() {
        let def = context.model.type_def(id);
        let Shape::Enumeration(list) = &def.shape else { continue };
        let name = context.names.type_name(id);
        let values: Vec<&str> = list.values.iter().filter_map(Value::as_str).collect();
        let variants: Vec<(&String, &str)> = context.names.variants(id).iter().zip(values).collect();
        let words = about(&def.docs, &format!("`{stored}`"), &[]);
        let _ = write!(
            text,
            "\n{}#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]\npub enum {name} {{\n",
            comment(&words, "")
        );
        for (variant, value) in &variants {
            let words = comment(&[format!("`{}`", value.escape_debug())], "    ");
            let _ = writeln!(
                text,
                "{words}    #[serde(rename = {value})]\n    {variant},",
                value = literal(value)
            );
        }
        let _ = writeln!(
            text,
            "}}\n\nimpl {name} {{\n    /// Every value, in the order of the contract."
        );
        let all = Node::texts(variants.iter().map(|(variant, _)| format!("Self::{variant}")));
        all.line(1, "pub const ALL: &'static [Self] = ", ";", &mut text);
        text.push_str(
            "\n    /// As it is stored.\n    #[must_use]\n    pub const fn as_str(self) -> &'static str {\n        match self {\n",
        );
        for (variant, value) in &variants {
            let _ = writeln!(text, "            Self::{variant} => {},", literal(value));
        }
        let _ = write!(
            text,
            "        }}\n    }}\n}}\n\nstored!({name}, {});\n",
            literal(stored)
        );
    }
    text
}
