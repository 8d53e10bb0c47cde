//! Lifecycles: which state may follow which, as tables.
//!
//! Owns: the module `lifecycles`. Must not know: who changes a state.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::docs::{comment, lines, literal};
use super::super::imports::imports;
use super::super::layout::Node;
use super::super::names::{RustNames, is_taken};
use super::enumeration;
use crate::model::{Case, Enumeration, Lifecycle, Name, Shape, Transition};

/// Writes the module around the frame with its trait.
pub(super) fn module(names: &RustNames<'_>, frame: &str) -> String {
    let mut text = frame.to_owned();
    let model = names.model;
    // One name each, so that neither of the two that are made of it meets the other's.
    let stems: Vec<&Name> = model.lifecycles.iter().map(|lifecycle| &lifecycle.name).collect();
    let stems = Case::Pascal.distinct(stems, is_taken);
    for (lifecycle, stem) in model.lifecycles.iter().zip(&stems) {
        if let Shape::Enumeration(states) = &model.type_def(lifecycle.state_type).shape {
            write(names, lifecycle, states, stem, &mut text);
        }
    }
    let imports = imports(&text, &[("serde", &["Deserialize", "Serialize"])]);
    let blank = if imports.is_empty() { "" } else { "\n" };
    format!("//! Lifecycles: which state may follow which.\n\n{imports}{blank}{text}")
}

/// Transitions of a set of rules under its name: the lifecycle's own first.
fn rules(lifecycle: &Lifecycle) -> Vec<(Name, &str, &[Transition])> {
    let own = (
        Name::new("standard"),
        lifecycle.initial.as_str(),
        lifecycle.transitions.as_slice(),
    );
    let others = lifecycle.variants.iter();
    let others = others.map(|other| (other.name.clone(), other.initial.as_str(), other.transitions.as_slice()));
    std::iter::once(own).chain(others).collect()
}

fn write(names: &RustNames<'_>, lifecycle: &Lifecycle, states: &Enumeration, stem: &str, text: &mut String) {
    let rules = rules(lifecycle);
    let rule_names = Case::Pascal.distinct(rules.iter().map(|(name, ..)| name), |text| text == "Self");
    let events = events(&rules);
    let event_names = Case::Pascal.distinct(events.values(), |text| text == "Self");
    let event_of: BTreeMap<&str, &String> = events.keys().copied().zip(&event_names).collect();
    let members = names.members(lifecycle.state_type);
    let state_of = |state: &str| {
        let position = states.values.iter().position(|value| value.as_str() == Some(state));
        position.and_then(|position| members.get(position))
    };
    let state = format!("crate::types::{}", names.type_name(lifecycle.state_type));
    let subject = format!("crate::types::{}", names.type_name(lifecycle.ty));

    let list = Enumeration {
        values: events.keys().map(|event| (*event).into()).collect(),
        names: Vec::new(),
        docs: Vec::new(),
    };
    let _ = write!(text, "\n/// What may happen to a [`{subject}`].\n");
    enumeration::write_enum(&format!("{stem}Event"), &list, &event_names, text);

    let _ = write!(
        text,
        "\n/// How the state of a [`{subject}`] may change.\n#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]\npub enum {stem}Lifecycle {{\n"
    );
    for (i, name) in rule_names.iter().enumerate() {
        let about = match i.checked_sub(1).and_then(|i| lifecycle.variants.get(i)) {
            None => "The rules for all, unless others are named here.".to_owned(),
            Some(variant) => {
                let conditions = variant.when.iter();
                let conditions: Vec<String> = conditions
                    .map(|(field, value)| format!("`{field}` is `{value}`"))
                    .collect();
                format!("The rules where {}.", conditions.join(" and "))
            }
        };
        text.push_str(&comment(&lines(&about), "    "));
        let _ = writeln!(text, "    {name},");
    }
    text.push_str("}\n");

    let mut initial = String::new();
    let mut tables = String::new();
    for ((_, begins, transitions), name) in rules.iter().zip(&rule_names) {
        if let Some(begins) = state_of(begins).or(members.first()) {
            let _ = writeln!(initial, "            Self::{name} => {state}::{begins},");
        }
        let _ = writeln!(tables, "            Self::{name} => &[");
        for transition in *transitions {
            let places = (
                state_of(&transition.from),
                event_of.get(transition.on.as_str()),
                state_of(&transition.to),
            );
            if let (Some(from), Some(on), Some(to)) = places {
                let members = [("from", "State", from), ("on", "Event", on), ("to", "State", to)];
                let members = members.map(|(name, ty, value)| Node::leaf(format!("{name}: {ty}::{value}")));
                Node::block("Transition {", members.into(), "}").line(4, "", ",", &mut tables);
            }
        }
        tables.push_str("            ],\n");
    }
    let _ = write!(
        text,
        r#"
impl Lifecycle for {stem}Lifecycle {{
    type State = {state};
    type Event = {stem}Event;

    fn initial(self) -> {state} {{
        match self {{
{initial}        }}
    }}

    fn transitions(self) -> &'static [Transition<{state}, {stem}Event>] {{
        use self::{stem}Event as Event;
        use {state} as State;
        match self {{
{tables}        }}
    }}
}}
"#
    );
    write_of(lifecycle, &rule_names, stem, &subject, text);
}

/// The function that tells which rules hold for a value.
fn write_of(lifecycle: &Lifecycle, rule_names: &[String], stem: &str, subject: &str, text: &mut String) {
    let mut choices = String::new();
    for (variant, name) in lifecycle.variants.iter().zip(rule_names.iter().skip(1)) {
        let conditions = variant.when.iter();
        let conditions: Vec<String> = conditions
            .map(|(field, value)| format!("is({}, {})", literal(field), literal(&value.to_string())))
            .collect();
        let condition = if conditions.is_empty() {
            "false".to_owned()
        } else {
            conditions.join(" && ")
        };
        let _ = write!(
            choices,
            "        if {condition} {{\n            return Self::{name};\n        }}\n"
        );
    }
    let body = match choices.is_empty() {
        true => "        let _ = value;\n        Self::Standard\n".to_owned(),
        false => format!(
            r#"        let value = serde_json::to_value(value).unwrap_or_default();
        let is = |field: &str, wanted: &str| {{
            let wanted = serde_json::from_str::<serde_json::Value>(wanted);
            wanted.is_ok_and(|wanted| value.get(field) == Some(&wanted))
        }};
{choices}        Self::Standard
"#
        ),
    };
    let _ = write!(
        text,
        "\nimpl {stem}Lifecycle {{\n    /// The rules that hold for a value.\n    #[must_use]\n    pub fn of(value: &{subject}) -> Self {{\n{body}    }}\n}}\n"
    );
}

/// Events of all rules, by their name on the wire, in the order in which they first occur.
fn events<'l>(rules: &[(Name, &str, &'l [Transition])]) -> indexmap::IndexMap<&'l str, Name> {
    let all = rules.iter().flat_map(|(_, _, transitions)| *transitions);
    all.map(|transition| (transition.on.as_str(), Name::new(&transition.on)))
        .collect()
}
