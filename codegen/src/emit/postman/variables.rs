//! Variables: what one answer gives and later requests take.
//!
//! Owns: which names are captured, and what they hold before. Must not know: requests.

use std::collections::BTreeMap;

use crate::emit::example::{Direction, of_content, of_type};
use crate::model::{Model, Operation, Parameter};
use crate::tree::Value;

/// The variable that signs requests. Only authorization takes it: a member `token` of a body is another token.
pub(super) const TOKEN: &str = "token";

/// The captured names with the values they begin with.
pub(super) struct Variables {
    initial: BTreeMap<String, String>,
}

impl Variables {
    /// Every name that some operation captures.
    pub(super) fn of(model: &Model) -> Self {
        let names = model
            .operations
            .iter()
            .flat_map(|operation| operation.policy.postman.captures.keys());
        let mut initial: BTreeMap<String, String> = names.map(|name| (name.clone(), String::new())).collect();
        for operation in &model.operations {
            for parameter in &operation.parameters {
                if let Some(value) = variable_of(operation, parameter).and_then(|name| initial.get_mut(name))
                    && value.is_empty()
                {
                    *value = plain(&example(model, parameter));
                }
            }
            let bodies = operation.body.iter().flat_map(|body| &body.contents);
            for example in bodies.filter_map(|content| of_content(model, content, Direction::Request)) {
                for (key, member) in example.as_object().into_iter().flatten() {
                    let name = member_of(operation, key);
                    if let (Some(value), Value::String(text)) = (name.and_then(|name| initial.get_mut(name)), member)
                        && value.is_empty()
                    {
                        text.as_str().clone_into(value);
                    }
                }
            }
        }
        Self { initial }
    }

    /// Every name: requests depend on nothing else of this.
    pub(super) fn names(&self) -> String {
        self.initial.keys().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Names and first values, by name. The token is the environment's.
    pub(super) fn initial(&self) -> impl Iterator<Item = (&str, &str)> {
        self.initial
            .iter()
            .filter(|(name, _)| *name != TOKEN)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The variable for a parameter, as requests write it.
    pub(super) fn parameter(&self, operation: &Operation, parameter: &Parameter) -> Option<String> {
        self.reference(variable_of(operation, parameter)?)
    }

    /// The variable for a member of a body, as requests write it.
    pub(super) fn member(&self, operation: &Operation, name: &str) -> Option<String> {
        self.reference(member_of(operation, name)?)
    }

    fn reference(&self, name: &str) -> Option<String> {
        (name != TOKEN && self.initial.contains_key(name)).then(|| format!("{{{{{name}}}}}"))
    }
}

/// The name under which a parameter's value would have been captured.
fn variable_of<'a>(operation: &'a Operation, parameter: &'a Parameter) -> Option<&'a str> {
    let is_named = operation.policy.postman.uses.contains_key(&parameter.wire);
    if !is_named && parameter.wire.eq_ignore_ascii_case("if-match") {
        return Some("etag");
    }
    member_of(operation, &parameter.wire)
}

/// The same of a member of a body: its own name, if the contract gives no other.
fn member_of<'a>(operation: &'a Operation, name: &'a str) -> Option<&'a str> {
    match operation.policy.postman.uses.get(name) {
        Some(variable) => Some(variable.as_str()),
        None => (name != TOKEN).then_some(name),
    }
}

/// An example of a parameter's value.
pub(super) fn example(model: &Model, parameter: &Parameter) -> Value {
    let written = parameter.docs.examples.first().cloned();
    written
        .or_else(|| parameter.default.clone())
        .unwrap_or_else(|| of_type(model, &parameter.ty, Direction::Request))
}

/// A value as text without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
