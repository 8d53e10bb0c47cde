//! Types: what values look like, on both sides of one place.
//!
//! Owns: which kinds admit more than others, `null`, formats, lists of values. Must not know: records, unions and bounds.

use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::diagnostics::change::Rule;
use crate::model::{Enumeration, Extra, Kind, Model, Record, Shape, TextFormat, Type, TypeId, Union};
use crate::tree::Value;

/// A type seen through names.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    Record(&'a Record),
    Union(&'a Union),
    Enumeration(&'a Enumeration),
    Plain(&'a Type),
}

/// A form, and the definition that has it.
pub(super) type Formed<'a> = (Form<'a>, Option<TypeId>);

/// The form of a type, behind every alias.
pub(super) fn form<'a>(model: &'a Model, ty: &'a Type) -> Formed<'a> {
    let (ty, _) = model.resolve(ty);
    match &ty.kind {
        Kind::Named(id) => form_of(model, *id),
        _ => (Form::Plain(ty), None),
    }
}

/// The form of a definition. An alias that ends nowhere has been told by lowering; it is what it is.
pub(super) fn form_of(model: &Model, id: TypeId) -> Formed<'_> {
    match &model.type_def(id).shape {
        Shape::Record(record) => (Form::Record(record), Some(id)),
        Shape::Union(union) => (Form::Union(union), Some(id)),
        Shape::Enumeration(list) => (Form::Enumeration(list), Some(id)),
        Shape::Alias(ty) => match model.resolve(ty).0 {
            Type {
                kind: Kind::Named(inner),
                ..
            } if *inner != id && !matches!(model.type_def(*inner).shape, Shape::Alias(_)) => form_of(model, *inner),
            plain => (Form::Plain(plain), Some(id)),
        },
    }
}

/// What the schema of a form says that the form does not.
fn guards<'a>(model: &'a Model, (form, id): Formed<'a>) -> Vec<&'a Value> {
    let own = id.map_or(&[][..], |id| &model.type_def(id).guards);
    let rules = match form {
        Form::Plain(ty) => ty.rules.as_deref(),
        _ => None,
    };
    own.iter().chain(rules.map_or(&[][..], |rules| &rules.guards)).collect()
}

impl Comparison<'_> {
    /// Two types at one place.
    pub(super) fn types(&mut self, before: &Type, after: &Type, spot: &Spot) {
        if let (Kind::Named(old), Kind::Named(now)) = (&before.kind, &after.kind)
            && self.pairs.same(*old, *now)
        {
            // The schema tells what changed inside of it, and whether it admits `null` by itself.
            if self.own_null(*old, *now).is_none() {
                self.null(before.nullable, after.nullable, spot);
            }
            return;
        }
        let (old, now) = (self.before.model, self.after.model);
        let admits = |model: &Model, ty: &Type| {
            let (resolved, nullable) = model.resolve(ty);
            nullable || matches!(resolved.kind, Kind::Any | Kind::Null)
        };
        let any = |model: &Model, ty: &Type| matches!(model.resolve(ty).0.kind, Kind::Any);
        if !any(old, before) && !any(now, after) {
            self.null(admits(old, before), admits(now, after), spot);
        }
        self.forms(form(old, before), form(now, after), spot);
    }

    /// `null` as a value.
    pub(super) fn null(&mut self, before: bool, after: bool, spot: &Spot) {
        let words = spot.words();
        match (before, after) {
            (false, true) => self.said(&rules::NULL_ADMITTED, spot, format!("{words} may be `null` now")),
            (true, false) => self.said(
                &rules::NULL_REFUSED,
                spot,
                format!("{words} may not be `null` any more"),
            ),
            _ => {}
        }
    }

    /// Two forms at one place.
    pub(super) fn forms(&mut self, before: Formed<'_>, after: Formed<'_>, spot: &Spot) {
        if let (Some(old), Some(now)) = (before.1, after.1) {
            if self.visited.contains(&(old, now)) {
                return;
            }
            self.visited.insert((old, now));
        }
        let spot = &spot.moved(pointer(self.before.model, before.1), pointer(self.after.model, after.1));
        let (old, now) = (guards(self.before.model, before), guards(self.after.model, after));
        self.guards(&old, &now, spot);
        match (before.0, after.0) {
            (Form::Record(old), Form::Record(now)) => self.records(old, now, spot),
            (Form::Union(old), Form::Union(now)) => self.unions(old, now, spot),
            (Form::Union(old), _) => {
                let kept = !self.trial
                    && old
                        .variants
                        .iter()
                        .any(|variant| self.alike(form(self.before.model, &variant.ty), after, spot));
                let rule = if kept {
                    &rules::TYPE_NARROWED
                } else {
                    &rules::TYPE_CHANGED
                };
                self.retyped(rule, before, after, spot);
            }
            (_, Form::Union(now)) => {
                let kept = !self.trial
                    && now
                        .variants
                        .iter()
                        .any(|variant| self.alike(before, form(self.after.model, &variant.ty), spot));
                let rule = if kept {
                    &rules::TYPE_WIDENED
                } else {
                    &rules::TYPE_CHANGED
                };
                self.retyped(rule, before, after, spot);
            }
            (Form::Plain(old), Form::Plain(now)) => self.plain(old, now, spot),
            (Form::Record(old), Form::Plain(now)) if matches!(now.kind, Kind::Map(_)) => {
                self.records(old, &of_map(now), spot)
            }
            (Form::Plain(old), Form::Record(now)) if matches!(old.kind, Kind::Map(_)) => {
                self.records(&of_map(old), now, spot)
            }
            _ => self.lists_of_values(before, after, spot),
        }
    }

    /// Whether two forms admit the same values, as far as the comparison can tell.
    pub(super) fn alike(&mut self, before: Formed<'_>, after: Formed<'_>, spot: &Spot) -> bool {
        let (visited, found) = (self.visited.clone(), self.changes.len());
        self.trial = true;
        self.forms(before, after, spot);
        self.trial = false;
        self.visited = visited;
        let alike = self
            .changes
            .iter()
            .skip(found)
            .all(|change| change.class == super::Class::Docs);
        self.changes.truncate(found);
        alike
    }

    /// A type that is another one now.
    fn retyped(&mut self, rule: &'static Rule, before: Formed<'_>, after: Formed<'_>, spot: &Spot) {
        let (old, now) = (describe(self.before.model, before), describe(self.after.model, after));
        let message = format!("{} is {now} now, it was {old}", spot.words());
        self.changed(rule, spot, message, old, now);
    }

    /// Where at least one side is a closed list of values, and the other is something else.
    fn lists_of_values(&mut self, before: Formed<'_>, after: Formed<'_>, spot: &Spot) {
        match (values(before.0), values(after.0)) {
            (Some(old), Some(now)) => {
                let state = |model: &Model, id: Option<TypeId>| {
                    model
                        .lifecycles
                        .iter()
                        .any(|lifecycle| Some(lifecycle.state_type) == id)
                };
                // The lifecycle tells of its states in its own words.
                if !(state(self.before.model, before.1) && state(self.after.model, after.1)) {
                    self.values(old, now, spot);
                }
                if let (Form::Enumeration(old), Form::Enumeration(now)) = (before.0, after.0) {
                    self.value_docs(old, now, spot);
                }
            }
            (Some(old), None) => {
                let rule = if admits_all(after.0, old) {
                    &rules::TYPE_WIDENED
                } else {
                    &rules::TYPE_CHANGED
                };
                self.retyped(rule, before, after, spot);
            }
            (None, Some(now)) => {
                let rule = if admits_all(before.0, now) {
                    &rules::TYPE_NARROWED
                } else {
                    &rules::TYPE_CHANGED
                };
                self.retyped(rule, before, after, spot);
            }
            (None, None) => {
                let open = |form: Form<'_>| matches!(form, Form::Plain(Type { kind: Kind::Any, .. }));
                let rule = match (open(before.0), open(after.0)) {
                    (true, _) => &rules::TYPE_NARROWED,
                    (_, true) => &rules::TYPE_WIDENED,
                    _ => &rules::TYPE_CHANGED,
                };
                self.retyped(rule, before, after, spot);
            }
        }
    }

    fn values(&mut self, before: &[Value], after: &[Value], spot: &Spot) {
        let words = spot.words();
        for value in before.iter().filter(|value| !after.contains(value)) {
            let message = format!("the value {} of {words} was removed", shown(value));
            self.removed(&rules::VALUE_REMOVED, spot, message, Some(value.to_string()));
        }
        for value in after.iter().filter(|value| !before.contains(value)) {
            let message = format!("{words} may be {} now", shown(value));
            self.added(&rules::VALUE_ADDED, spot, message, Some(value.to_string()));
        }
    }

    fn value_docs(&mut self, before: &Enumeration, after: &Enumeration, spot: &Spot) {
        for (value, docs) in after.values.iter().zip(&after.docs) {
            let old = before.values.iter().position(|other| other == value);
            if let Some(old) = old.map(|i| before.docs.get(i).cloned().flatten()) {
                let what = format!("description of the value {}", shown(value));
                self.text(&what, old.as_deref(), docs.as_deref(), spot);
            }
        }
    }

    fn plain(&mut self, before: &Type, after: &Type, spot: &Spot) {
        match (&before.kind, &after.kind) {
            (Kind::Literals(_), _) | (_, Kind::Literals(_)) => {
                self.lists_of_values((Form::Plain(before), None), (Form::Plain(after), None), spot);
                return;
            }
            (Kind::Any, Kind::Any)
            | (Kind::Never, Kind::Never)
            | (Kind::Null, Kind::Null)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Number, Kind::Number) => {}
            (Kind::Any | Kind::Number, Kind::Integer { .. }) | (Kind::Any, _) | (_, Kind::Never) => {
                self.retyped(
                    &rules::TYPE_NARROWED,
                    (Form::Plain(before), None),
                    (Form::Plain(after), None),
                    spot,
                );
                return;
            }
            (Kind::Integer { .. }, Kind::Number) | (_, Kind::Any) | (Kind::Never, _) => {
                self.retyped(
                    &rules::TYPE_WIDENED,
                    (Form::Plain(before), None),
                    (Form::Plain(after), None),
                    spot,
                );
                return;
            }
            (Kind::Integer { narrow: old }, Kind::Integer { narrow: now }) => match (old, now) {
                (true, false) => self.formatted(
                    &rules::FORMAT_WIDENED,
                    "a number of 32 bits",
                    "a number of 64 bits",
                    spot,
                ),
                (false, true) => self.formatted(
                    &rules::FORMAT_NARROWED,
                    "a number of 64 bits",
                    "a number of 32 bits",
                    spot,
                ),
                _ => {}
            },
            (Kind::Text(old), Kind::Text(now)) => {
                if let Some(rule) = format_rule(old, now) {
                    self.formatted(rule, &format_words(old), &format_words(now), spot);
                }
            }
            (Kind::List(old), Kind::List(now)) => self.types(old, now, &spot.items()),
            (Kind::Map(old), Kind::Map(now)) => self.types(old, now, &spot.members()),
            (Kind::Tuple { items: old, rest }, Kind::Tuple { items: now, rest: more }) if old.len() == now.len() => {
                for (i, (old, now)) in old.iter().zip(now).enumerate() {
                    self.types(old, now, &spot.item(i));
                }
                match (rest, more) {
                    (Some(old), Some(now)) => self.types(old, now, &spot.items()),
                    (Some(_), None) => self.said(
                        &rules::LENGTH_NARROWED,
                        spot,
                        format!("{} has no further items any more", spot.words()),
                    ),
                    (None, Some(_)) => self.said(
                        &rules::LENGTH_WIDENED,
                        spot,
                        format!("{} may have further items now", spot.words()),
                    ),
                    (None, None) => {}
                }
            }
            _ => {
                self.retyped(
                    &rules::TYPE_CHANGED,
                    (Form::Plain(before), None),
                    (Form::Plain(after), None),
                    spot,
                );
                return;
            }
        }
        self.bounds(before, after, spot);
    }

    fn formatted(&mut self, rule: &'static Rule, before: &str, after: &str, spot: &Spot) {
        let message = format!("{} is {after} now, it was {before}", spot.words());
        self.changed(rule, spot, message, before.to_owned(), after.to_owned());
    }
}

/// A map as an object without properties of its own.
fn of_map(ty: &Type) -> Record {
    let rules = ty.rules.as_deref();
    Record {
        fields: Vec::new(),
        extra: match &ty.kind {
            Kind::Map(item) => Extra::Kept((**item).clone()),
            _ => Extra::Ignored,
        },
        min_properties: rules.and_then(|rules| rules.min_properties),
        max_properties: rules.and_then(|rules| rules.max_properties),
    }
}

/// Where a definition stands in its bundle.
fn pointer(model: &Model, id: Option<TypeId>) -> Option<&str> {
    let pointer = model.type_def(id?).pointer.as_str();
    (!pointer.is_empty()).then_some(pointer)
}

/// The rule for two formats of strings; `None` when they are one.
fn format_rule(before: &TextFormat, after: &TextFormat) -> Option<&'static Rule> {
    let loose = |format: &TextFormat| matches!(format, TextFormat::Plain | TextFormat::Password | TextFormat::Other(_));
    Some(match (before, after) {
        (old, now) if old == now => return None,
        (TextFormat::Bytes, _) | (_, TextFormat::Bytes) => &rules::FORMAT_CHANGED,
        (old, now) if loose(old) && loose(now) => &rules::FORMAT_REMARK,
        (TextFormat::Uri, TextFormat::UriReference) => &rules::FORMAT_WIDENED,
        (TextFormat::UriReference, TextFormat::Uri) => &rules::FORMAT_NARROWED,
        (old, _) if loose(old) => &rules::FORMAT_NARROWED,
        (_, now) if loose(now) => &rules::FORMAT_WIDENED,
        _ => &rules::FORMAT_CHANGED,
    })
}

fn format_words(format: &TextFormat) -> String {
    match format {
        TextFormat::Plain => "a string".to_owned(),
        TextFormat::Bytes => "bytes".to_owned(),
        TextFormat::Other(name) => format!("a string of the format `{name}`"),
        TextFormat::Uuid => "a UUID".to_owned(),
        TextFormat::DateTime => "a date and time".to_owned(),
        TextFormat::Date => "a date".to_owned(),
        TextFormat::Time => "a time".to_owned(),
        TextFormat::Duration => "a duration".to_owned(),
        TextFormat::Email => "a mail address".to_owned(),
        TextFormat::Uri => "a URI".to_owned(),
        TextFormat::UriReference => "a URI or a reference".to_owned(),
        TextFormat::Hostname => "a host name".to_owned(),
        TextFormat::Ipv4 => "an IPv4 address".to_owned(),
        TextFormat::Ipv6 => "an IPv6 address".to_owned(),
        TextFormat::Base64 => "Base64".to_owned(),
        TextFormat::Decimal => "a decimal number in a string".to_owned(),
        TextFormat::Password => "a password".to_owned(),
    }
}

fn values(form: Form<'_>) -> Option<&[Value]> {
    match form {
        Form::Enumeration(list) => Some(&list.values),
        Form::Plain(Type {
            kind: Kind::Literals(values),
            ..
        }) => Some(values),
        _ => None,
    }
}

/// Whether a form surely admits all of the values.
fn admits_all(form: Form<'_>, values: &[Value]) -> bool {
    let Form::Plain(ty) = form else { return false };
    ty.rules.is_none()
        && values.iter().all(|value| match &ty.kind {
            Kind::Any => true,
            Kind::Text(format) => value.is_string() && *format == TextFormat::Plain,
            Kind::Integer { .. } => value.is_i64() || value.is_u64(),
            Kind::Number => value.is_number(),
            Kind::Boolean => value.is_boolean(),
            _ => false,
        })
}

/// A value in a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// A type in a sentence.
fn describe(model: &Model, (form, id): Formed<'_>) -> String {
    let name = id.map(|id| model.type_def(id)).filter(|def| def.component);
    let of = name.map_or_else(String::new, |def| format!(" (`{}`)", def.name.raw));
    match form {
        Form::Record(_) => format!("an object{of}"),
        Form::Union(union) => {
            let names: Vec<&str> = union
                .variants
                .iter()
                .map(|variant| variant.name.raw.as_str())
                .take(4)
                .collect();
            match name {
                Some(_) => format!("a union{of}"),
                None => format!("one of {}", names.join(", ")),
            }
        }
        Form::Enumeration(_) => format!("an enumeration{of}"),
        Form::Plain(ty) => of_kind(model, ty),
    }
}

fn of_kind(model: &Model, ty: &Type) -> String {
    match &ty.kind {
        Kind::Any => "any value".to_owned(),
        Kind::Never => "no value".to_owned(),
        Kind::Null => "`null`".to_owned(),
        Kind::Boolean => "a boolean".to_owned(),
        Kind::Integer { .. } => "an integer".to_owned(),
        Kind::Number => "a number".to_owned(),
        Kind::Text(format) => format_words(format),
        Kind::List(_) => "a list".to_owned(),
        Kind::Tuple { items, .. } => format!("a tuple of {}", items.len()),
        Kind::Map(_) => "a map".to_owned(),
        Kind::Literals(values) => match values.as_slice() {
            [one] => format!("always {}", shown(one)),
            _ => "an enumeration".to_owned(),
        },
        Kind::Named(id) => describe(model, form_of(model, *id)),
    }
}
