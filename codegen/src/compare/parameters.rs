//! Parameters of operations.
//!
//! Owns: which parameters belong together, and what changed about one. Must not know: types in detail.

use super::Contract;
use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::model::{Location, Operation, Parameter, PathPart, Style};
use crate::tree::Value;

impl Comparison<'_> {
    /// Every parameter of an operation.
    pub(super) fn parameters(&mut self, before: &Operation, after: &Operation, spot: &Spot) {
        let (old, now) = (keyed(before), keyed(after));
        for (key, parameter) in &old {
            if !now.iter().any(|(other, _)| other == key) {
                let place = self.parameter_spot(before, parameter, after, parameter, spot);
                let message = format!("the {} was removed", words(parameter));
                self.removed(&rules::PARAMETER_REMOVED, &place, message, None);
            }
        }
        for (key, parameter) in &now {
            match old.iter().find(|(other, _)| other == key) {
                Some((_, former)) => {
                    let place = self.parameter_spot(before, former, after, parameter, spot);
                    self.parameter(former, parameter, &place.shared());
                }
                None => {
                    let place = self.parameter_spot(before, parameter, after, parameter, spot);
                    let (rule, kind) = match parameter.required {
                        true => (&rules::PARAMETER_ADDED_REQUIRED, "required"),
                        false => (&rules::PARAMETER_ADDED, "optional"),
                    };
                    let message = format!("the {kind} {} was added", words(parameter));
                    self.added(rule, &place, message, None);
                }
            }
        }
    }

    fn parameter(&mut self, before: &Parameter, after: &Parameter, spot: &Spot) {
        let name = words(after);
        if before.location == Location::Path && before.wire != after.wire {
            let message = format!("the {name} was called `{}`", before.wire);
            let (old, now) = (before.wire.clone(), after.wire.clone());
            self.changed(&rules::PARAMETER_RENAMED, spot, message, old, now);
        }
        match (before.required, after.required) {
            (false, true) => self.said(&rules::PARAMETER_REQUIRED, spot, format!("the {name} is required now")),
            (true, false) => {
                self.said(&rules::PARAMETER_OPTIONAL, spot, format!("the {name} is optional now"));
            }
            _ => {}
        }
        let style = |parameter: &Parameter| (parameter.style, parameter.explode && many(parameter.style));
        if style(before) != style(after) {
            let message = format!("the {name} is written in another style");
            self.changed(
                &rules::PARAMETER_STYLE,
                spot,
                message,
                style_words(before),
                style_words(after),
            );
        }
        self.types(&before.ty, &after.ty, spot);
        self.default(before.default.as_ref(), after.default.as_ref(), spot);
        self.docs(&before.docs, &after.docs, spot);
    }

    fn parameter_spot(
        &self,
        before: &Operation,
        old: &Parameter,
        after: &Operation,
        now: &Parameter,
        spot: &Spot,
    ) -> Spot {
        spot.part(
            format!("the {}", words(now)),
            &pointer(self.before, before, old),
            &pointer(self.after, after, now),
            spot.direction,
        )
    }

    /// What absence stands for.
    pub(super) fn default(&mut self, before: Option<&Value>, after: Option<&Value>, spot: &Spot) {
        let words = spot.words();
        match (before, after) {
            (Some(old), Some(now)) if old != now => {
                let message = format!("absence of {words} stands for `{now}` now, it was `{old}`");
                self.changed(&rules::DEFAULT_CHANGED, spot, message, old.to_string(), now.to_string());
            }
            (Some(old), None) => {
                let message = format!("absence of {words} does not stand for `{old}` any more");
                self.removed(&rules::DEFAULT_REMOVED, spot, message, Some(old.to_string()));
            }
            (None, Some(now)) => {
                let message = format!("absence of {words} stands for `{now}` now");
                self.added(&rules::DEFAULT_ADDED, spot, message, Some(now.to_string()));
            }
            _ => {}
        }
    }
}

/// Parameters by what tells them apart on the wire: those of a path by their place in it.
fn keyed(operation: &Operation) -> Vec<((Location, String), &Parameter)> {
    let in_path: Vec<&str> = operation
        .path
        .segments
        .iter()
        .flatten()
        .filter_map(|part| match part {
            PathPart::Parameter(name) => Some(name.as_str()),
            PathPart::Fixed(_) => None,
        })
        .collect();
    let key = |parameter: &Parameter| match parameter.location {
        Location::Path => in_path
            .iter()
            .position(|name| *name == parameter.wire)
            .map_or_else(|| parameter.wire.clone(), |i| i.to_string()),
        Location::Header => parameter.wire.to_ascii_lowercase(),
        _ => parameter.wire.clone(),
    };
    let parameters = operation.parameters.iter();
    parameters
        .map(|parameter| ((parameter.location, key(parameter)), parameter))
        .collect()
}

fn words(parameter: &Parameter) -> String {
    format!("{} parameter `{}`", place(parameter.location), parameter.wire)
}

/// As OpenAPI writes it.
pub(super) fn place(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// Whether repeating the parameter makes a difference in this style at all.
fn many(style: Style) -> bool {
    style != Style::Json
}

fn style_words(parameter: &Parameter) -> String {
    let style = match parameter.style {
        Style::Simple => "simple",
        Style::Label => "label",
        Style::Matrix => "matrix",
        Style::Form => "form",
        Style::SpaceDelimited => "spaceDelimited",
        Style::PipeDelimited => "pipeDelimited",
        Style::DeepObject => "deepObject",
        Style::Json => "JSON",
    };
    match parameter.explode && many(parameter.style) {
        true => format!("{style}, exploded"),
        false => style.to_owned(),
    }
}

/// Where a parameter stands in the bundle: at the operation or at its path item, perhaps behind a reference.
fn pointer(contract: Contract<'_>, operation: &Operation, parameter: &Parameter) -> String {
    let document = &contract.bundle.document;
    let item = operation
        .pointer
        .rfind('/')
        .and_then(|end| operation.pointer.get(..end));
    for base in [Some(operation.pointer.as_str()), item].into_iter().flatten() {
        let list = document
            .pointer(&format!("{base}/parameters"))
            .and_then(Value::as_array);
        for (i, value) in list.into_iter().flatten().enumerate() {
            let referred = value
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|to| to.strip_prefix('#'));
            let found = referred.and_then(|to| document.pointer(to)).unwrap_or(value);
            if found.get("name").and_then(Value::as_str) == Some(&parameter.wire)
                && found.get("in").and_then(Value::as_str) == Some(place(parameter.location))
            {
                return referred.map_or_else(|| format!("{base}/parameters/{i}"), str::to_owned);
            }
        }
    }
    operation.pointer.clone()
}
