//! What is wrong with an extension, told at its place.
//!
//! Owns: finding all of it at once, and the nearest field to one that is not known. Must not know: what a field does.

use serde::de::DeserializeOwned;

use super::super::grammar::Place as Kind;
use super::{OperationExtension, RootExtension, SchemaExtension};
use crate::diagnostics::{At, Diagnostic, Diagnostics, Place, extension as codes, nearest};
use crate::pointer::{below, push, unescape};
use crate::tree::Value;

/// Tells everything that is wrong with an extension at its place.
pub(in crate::openapi) fn check(value: &Value, kind: Kind, place: &Place, diagnostics: &mut Diagnostics) {
    match kind {
        Kind::Document => check_as::<RootExtension>(value, place, diagnostics),
        Kind::Operation => check_as::<OperationExtension>(value, place, diagnostics),
        Kind::Schema => check_as::<SchemaExtension>(value, place, diagnostics),
        _ => {
            let hint = "move it to the root of the contract, to an operation or to a schema";
            let message = "`x-flaresmith` means nothing on this kind of object";
            diagnostics.push(Diagnostic::new(&codes::MISPLACED, message, place.clone()).hint(hint));
        }
    }
}

/// Reads again and again, each time without the field that was in the way, so that all problems are told at once.
fn check_as<T: DeserializeOwned>(value: &Value, place: &Place, diagnostics: &mut Diagnostics) {
    // Most extensions are right: those are read once, without a copy.
    if T::deserialize(value).is_ok() {
        return;
    }
    let mut rest = value.clone();
    for _ in 0..64 {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&rest) else {
            return;
        };
        let pointer = pointer_of(error.path());
        let message = error.inner().to_string();
        let at = |more: &str, key: bool| {
            let At::Pointer(base) = &place.at else {
                return place.clone();
            };
            let full = format!("{base}{more}");
            if key {
                Place::key(&place.file, full)
            } else {
                Place::pointer(&place.file, full)
            }
        };
        let Some((field, known)) = unknown_field(&message) else {
            diagnostics.push(Diagnostic::new(&codes::INVALID, message, at(&pointer, false)));
            let Some((parent, last)) = pointer.rsplit_once('/') else {
                return;
            };
            let last = unescape(last);
            // Where a field is demanded, leaving it out would only bring the next complaint.
            let removed = rest
                .pointer_mut(parent)
                .and_then(Value::as_object_mut)
                .and_then(|map| map.remove(&last));
            if removed.is_none() {
                return;
            }
            continue;
        };
        // The path of the error may name the unknown field itself or what it stands in.
        let parent = pointer
            .strip_suffix(&format!("/{field}"))
            .unwrap_or(&pointer)
            .to_owned();
        let hint = match nearest(&field, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let message = format!("there is no field `{field}` here");
        let place = at(&below(&parent, &field), true);
        diagnostics.push(Diagnostic::new(&codes::UNKNOWN_FIELD, message, place).hint(hint));
        let removed = rest
            .pointer_mut(&parent)
            .and_then(Value::as_object_mut)
            .and_then(|map| map.remove(&field));
        if removed.is_none() {
            return;
        }
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                push(&mut pointer, key);
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Takes serde's message about an unknown field apart: the field, and those there are.
fn unknown_field(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (field, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((field.to_owned(), known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    fn told(kind: Kind, value: &Value) -> Vec<(String, String, Option<String>)> {
        let mut diagnostics = Vec::new();
        check(value, kind, &Place::pointer("a.yaml", "/x"), &mut diagnostics);
        diagnostics
            .into_iter()
            .map(|found| {
                let at = match found.place.unwrap().at {
                    At::Pointer(pointer) | At::Key(pointer) => pointer,
                    other => panic!("{other:?}"),
                };
                (found.code.id.to_owned(), at, found.hint)
            })
            .collect()
    }

    #[test]
    fn every_unknown_field_is_told_with_the_nearest_known_one() {
        let value = json!({"rolle": "x", "mcp": {"readonly": true}, "ratelimit": "y", "errors": []});
        let told = told(Kind::Operation, &value);
        let at: Vec<&str> = told.iter().map(|(_, at, _)| at.as_str()).collect();
        assert_eq!(at, ["/x/rolle", "/x/mcp/readonly", "/x/ratelimit"]);
        assert_eq!(told[1].2.as_deref(), Some("did you mean `readOnly`?"));
    }

    #[test]
    fn values_of_the_wrong_type_are_told_where_they_stand() {
        let told = told(
            Kind::Operation,
            &json!({"idempotent": "yes", "postman": {"order": "first"}}),
        );
        let at: Vec<&str> = told.iter().map(|(_, at, _)| at.as_str()).collect();
        assert_eq!(at, ["/x/idempotent", "/x/postman/order"]);
    }

    #[test]
    fn the_extension_is_refused_where_it_means_nothing() {
        assert_eq!(told(Kind::Parameter, &json!({}))[0].0, "SPEC_EXTENSION_MISPLACED");
    }
}
