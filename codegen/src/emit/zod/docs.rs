//! Documentation comments of types and fields.
//!
//! Owns: what a reader of the schema is told. Must not know: schemas.

use crate::emit::typescript::text::comment_with_tags;
use crate::model::types::Docs;
use crate::model::{Field, Kind, Model, Shape, TextFormat, TypeDef};

/// Words about a definition, as a comment.
pub(super) fn definition(def: &TypeDef) -> String {
    let mut text = about(&def.docs);
    if let Shape::Enumeration(list) = &def.shape
        && list.docs.iter().any(Option::is_some)
    {
        text.push('\n');
        for (value, docs) in list.values.iter().zip(&list.docs) {
            if let Some(docs) = docs {
                let docs = docs.split_whitespace().collect::<Vec<_>>().join(" ");
                text.push_str(&format!("\n- `{}`: {docs}", code(value)));
            }
        }
    }
    comment_with_tags(&text, tags(&def.docs), "")
}

/// At the second export of a definition: where the words about it stand.
pub(super) fn beside(def: &TypeDef, other: &str) -> String {
    comment_with_tags(&format!("See {{@link {other}}}."), tags(&def.docs), "")
}

/// Words about a field, as a comment in lines without indentation.
pub(super) fn field(model: &Model, field: &Field) -> String {
    let mut text = about(&field.docs);
    let mut remark = |remark: &str| {
        if !text.is_empty() {
            text.push(if text.contains('\n') { '\n' } else { ' ' });
        }
        text.push_str(remark);
    };
    if field.read_only {
        remark("Only in answers.");
    }
    if field.write_only {
        remark("Only in requests.");
    }
    let hidden = field.secret || model.resolve(&field.ty).0.kind == Kind::Text(TextFormat::Password);
    if hidden {
        remark("A secret: not to be shown or logged.");
    } else if let Some(default) = &field.default {
        remark(&format!("Default: `{}`.", code(default)));
    }
    comment_with_tags(&text, tags(&field.docs), "")
}

fn about(docs: &Docs) -> String {
    let text = docs.description.as_deref().or(docs.title.as_deref());
    text.unwrap_or_default().trim().to_owned()
}

fn tags(docs: &Docs) -> &'static [&'static str] {
    if docs.deprecated { &["@deprecated"] } else { &[] }
}

/// A value between backticks.
fn code(value: &crate::tree::Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.replace('`', "'").split_whitespace().collect::<Vec<_>>().join(" ")
}
