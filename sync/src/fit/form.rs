//! The form of a document: which members an object may have, of which kinds, and which it must have.
//!
//! Owns: holding a value against such a form. What a form does not name is free. Must not know: any form.

use serde_json::Value;

/// A text.
pub(super) const TEXT: u8 = 1;
/// A number.
pub(super) const NUMBER: u8 = 2;
/// True or false.
pub(super) const FLAG: u8 = 4;
/// A list.
pub(super) const LIST: u8 = 8;
/// An object.
pub(super) const OBJECT: u8 = 16;
/// Nothing.
pub(super) const NULL: u8 = 32;

/// What an object holds.
pub(super) struct Form {
    /// Its members.
    pub(super) members: &'static [Member],
    /// Of each of these groups, at least one is there.
    pub(super) needs: &'static [&'static [&'static str]],
}

/// A member of an object.
pub(super) struct Member {
    name: &'static str,
    kinds: u8,
    /// The form of the object, or of each object in the list.
    of: Option<&'static Form>,
    /// The kinds of what is in the list.
    elements: u8,
}

/// A member of these kinds.
pub(super) const fn member(name: &'static str, kinds: u8) -> Member {
    Member {
        name,
        kinds,
        of: None,
        elements: u8::MAX,
    }
}

/// A member that may be an object of a form.
pub(super) const fn object(name: &'static str, kinds: u8, of: &'static Form) -> Member {
    Member {
        name,
        kinds: kinds | OBJECT,
        of: Some(of),
        elements: u8::MAX,
    }
}

/// A member that may be a list of objects of a form, or of values of other kinds.
pub(super) const fn list(name: &'static str, kinds: u8, elements: u8, of: &'static Form) -> Member {
    Member {
        name,
        kinds: kinds | LIST,
        of: Some(of),
        elements: elements | OBJECT,
    }
}

/// The first thing that is wrong; `way` leads to where.
pub(super) fn problem(form: &'static Form, value: &Value, way: &mut Vec<String>) -> Option<String> {
    let Value::Object(found) = value else {
        return Some(format!("is {}, not an object", kind(value)));
    };
    for member in form.members {
        let Some(value) = found.get(member.name) else { continue };
        way.push(member.name.to_owned());
        if let Some(problem) = wrong(member, value, way) {
            return Some(problem);
        }
        way.pop();
    }
    let missing = form
        .needs
        .iter()
        .find(|names| !names.iter().any(|name| found.contains_key(*name)));
    missing.map(|names| format!("has no `{}`", names.join("` or `")))
}

fn wrong(member: &Member, value: &Value, way: &mut Vec<String>) -> Option<String> {
    if member.kinds & bit(value) == 0 {
        return Some(format!("is {} where {} belongs", kind(value), kinds(member.kinds)));
    }
    let inside = |value: &Value, way: &mut Vec<String>| problem(member.of.filter(|_| value.is_object())?, value, way);
    let Value::Array(elements) = value else {
        return inside(value, way);
    };
    elements.iter().enumerate().find_map(|(i, element)| {
        way.push(i.to_string());
        let found = if member.elements & bit(element) == 0 {
            Some(format!("is {} where {} belongs", kind(element), kinds(member.elements)))
        } else {
            inside(element, way)
        };
        if found.is_none() {
            way.pop();
        }
        found
    })
}

fn bit(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => FLAG,
        Value::Number(_) => NUMBER,
        Value::String(_) => TEXT,
        Value::Array(_) => LIST,
        Value::Object(_) => OBJECT,
    }
}

/// What a value is, for people.
pub(super) fn kind(value: &Value) -> &'static str {
    named(bit(value))
}

fn named(bit: u8) -> &'static str {
    match bit {
        TEXT => "a text",
        NUMBER => "a number",
        FLAG => "true or false",
        LIST => "a list",
        OBJECT => "an object",
        _ => "nothing",
    }
}

/// What a member may be, for people.
fn kinds(bits: u8) -> String {
    let all = [TEXT, NUMBER, FLAG, LIST, OBJECT];
    let names: Vec<&str> = all
        .iter()
        .filter(|bit| bits & **bit != 0)
        .map(|bit| named(*bit))
        .collect();
    names.join(" or ")
}
