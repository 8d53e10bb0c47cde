//! Lifecycles: state machines written on schemas.
//!
//! Owns: states, transitions, variants, and whether they make sense. Must not know: tables.

use std::collections::BTreeSet;

use super::node::lookup;
use crate::diagnostics::{Diagnostic, Diagnostics, extension as codes, nearest};
use crate::model::{Kind, Lifecycle, LifecycleVariant, Model, Name, Record, Shape, Transition, TypeId};
use crate::openapi::Bundle;
use crate::openapi::extension::{self, KEY, LifecycleExtension, SchemaExtension, TransitionExtension};
use crate::pointer::below;
use crate::tree::Value;

/// Reads the lifecycles of schemas: of those types that may have one, by their positions.
pub(super) fn lower(bundle: &Bundle, model: &mut Model, may: &[usize], diagnostics: &mut Diagnostics) {
    let mut found = Vec::new();
    for i in may.iter().copied() {
        let Some(def) = model.types.get(i) else { continue };
        let at = below(&def.pointer, KEY);
        let Some(value) = lookup(&bundle.document, &at).filter(|value| value.get("lifecycle").is_some()) else {
            continue;
        };
        let said: SchemaExtension = extension::read(Some(value));
        let (Some(said), Ok(id)) = (said.lifecycle, u32::try_from(i)) else {
            continue;
        };
        let mut reader = Reader {
            bundle,
            model,
            diagnostics,
            at: below(&at, "lifecycle"),
        };
        found.extend(reader.lifecycle(TypeId(id), &said));
    }
    model.lifecycles = found;
}

struct Reader<'a> {
    bundle: &'a Bundle,
    model: &'a Model,
    diagnostics: &'a mut Diagnostics,
    /// Pointer of the lifecycle.
    at: String,
}

impl Reader<'_> {
    fn lifecycle(&mut self, id: TypeId, said: &LifecycleExtension) -> Option<Lifecycle> {
        let def = self.model.type_def(id);
        let Shape::Record(record) = &def.shape else {
            self.tell("", "only an object has a state".to_owned(), None);
            return None;
        };
        let (state_type, states) = self.states(record, &said.field)?;
        self.demand_state(&said.initial, &states, "/initial");
        let transitions = self.transitions(&said.transitions, &states, "/transitions");
        let mut variants = Vec::new();
        for (i, variant) in said.variants.iter().enumerate() {
            let at = format!("/variants/{i}");
            self.demand_state(&variant.initial, &states, &format!("{at}/initial"));
            for (field, value) in &variant.when {
                self.demand_value(record, field, value, &format!("{at}/when/{field}"));
            }
            variants.push(LifecycleVariant {
                name: Name::new(&variant.name),
                when: variant
                    .when
                    .iter()
                    .map(|(field, value)| (field.clone(), value.clone()))
                    .collect(),
                initial: variant.initial.clone(),
                transitions: self.transitions(&variant.transitions, &states, &format!("{at}/transitions")),
            });
        }
        let lifecycle = Lifecycle {
            name: def.name.clone(),
            ty: id,
            field: said.field.clone(),
            state_type,
            states,
            initial: said.initial.clone(),
            transitions,
            variants,
            place: self.bundle.place(&self.at),
        };
        self.tell_unreachable(&lifecycle);
        Some(lifecycle)
    }

    /// The enumeration of states behind a property.
    fn states(&mut self, record: &Record, field: &str) -> Option<(TypeId, Vec<String>)> {
        let Some(found) = record.fields.iter().find(|known| known.wire == field) else {
            let near = nearest(field, record.fields.iter().map(|known| known.wire.as_str()));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            self.tell("/field", format!("there is no property `{field}`"), hint);
            return None;
        };
        let (ty, _) = self.model.resolve(&found.ty);
        if let Kind::Named(id) = ty.kind
            && let Shape::Enumeration(enumeration) = &self.model.type_def(id).shape
        {
            let states: Option<Vec<String>> = enumeration
                .values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect();
            if let Some(states) = states {
                return Some((id, states));
            }
        }
        let hint = "give it `type: string` and list its states under `enum`";
        self.tell(
            "/field",
            format!("`{field}` is not an enumeration of strings"),
            Some(hint.to_owned()),
        );
        None
    }

    fn transitions(&mut self, said: &[TransitionExtension], states: &[String], at: &str) -> Vec<Transition> {
        let mut found: Vec<Transition> = Vec::new();
        for (i, transition) in said.iter().enumerate() {
            let at = format!("{at}/{i}");
            self.demand_state(&transition.to, states, &format!("{at}/to"));
            for from in transition.from.words() {
                self.demand_state(from, states, &format!("{at}/from"));
                let known = found
                    .iter()
                    .find(|known| known.from == *from && known.on == transition.on);
                if let Some(known) = known {
                    let message = format!("in `{from}`, `{}` leads to `{}` already", transition.on, known.to);
                    self.tell(&at, message, None);
                    continue;
                }
                found.push(Transition {
                    from: from.clone(),
                    to: transition.to.clone(),
                    on: transition.on.clone(),
                });
            }
        }
        found
    }

    fn demand_state(&mut self, state: &str, states: &[String], at: &str) {
        if states.iter().any(|known| known == state) {
            return;
        }
        let hint = match nearest(state, states.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the states are {}", states.join(", ")),
        };
        self.tell(at, format!("there is no state `{state}`"), Some(hint));
    }

    /// The value that selects a variant must be one that the property can have.
    fn demand_value(&mut self, record: &Record, field: &str, value: &Value, at: &str) {
        let Some(found) = record.fields.iter().find(|known| known.wire == field) else {
            self.tell(at, format!("there is no property `{field}`"), None);
            return;
        };
        let (ty, _) = self.model.resolve(&found.ty);
        if let Kind::Named(id) = ty.kind
            && let Shape::Enumeration(enumeration) = &self.model.type_def(id).shape
            && !enumeration.values.contains(value)
        {
            self.tell(at, format!("`{field}` is never {value}"), None);
        }
    }

    /// A state that nothing leads to, in any variant, is a slip.
    fn tell_unreachable(&mut self, lifecycle: &Lifecycle) {
        let variants = lifecycle
            .variants
            .iter()
            .map(|variant| (&variant.initial, &variant.transitions));
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        for (initial, transitions) in std::iter::once((&lifecycle.initial, &lifecycle.transitions)).chain(variants) {
            let mut seen = BTreeSet::from([initial.as_str()]);
            let mut queue = vec![initial.as_str()];
            while let Some(state) = queue.pop() {
                for next in transitions.iter().filter(|transition| transition.from == state) {
                    if seen.insert(&next.to) {
                        queue.push(&next.to);
                    }
                }
            }
            reached.append(&mut seen);
        }
        for state in lifecycle
            .states
            .iter()
            .filter(|state| !reached.contains(state.as_str()))
        {
            // A state that no transition touches is a kind of thing that never changes.
            let all = std::iter::once(&lifecycle.transitions)
                .chain(lifecycle.variants.iter().map(|variant| &variant.transitions));
            if !all.flatten().any(|transition| transition.from == *state) {
                continue;
            }
            let hint = "add a transition to it, or remove those that begin there";
            self.tell(
                "/transitions",
                format!("no transition leads to `{state}`"),
                Some(hint.to_owned()),
            );
        }
    }

    fn tell(&mut self, at: &str, message: String, hint: Option<String>) {
        let place = self.bundle.place(&format!("{}{at}", self.at));
        self.diagnostics
            .push(Diagnostic::new(&codes::LIFECYCLE_INVALID, message, place).maybe_hint(hint));
    }
}
