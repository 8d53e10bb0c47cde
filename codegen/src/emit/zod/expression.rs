//! Expressions: the Zod schema of a use of a type.
//!
//! Owns: kinds, formats and rules. Must not know: how definitions are laid out.
//!
//! Other targets write schemas with the same [`Writer`]: its place tells where the modules of schemas are from there, and the
//! imports that an expression needs are collected beside it.

use std::collections::BTreeSet;

use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{regex, string, value};
use crate::emit::typescript::types::{literal, needed_items};
use crate::model::graph::Components;
use crate::model::{Kind, Rules, TextFormat, Type, TypeId};
use serde_json::{Number, Value};

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::emit) enum Place<'p> {
    /// In a module of schemas, by its name.
    Module(&'p str),
    /// In another folder of `src`; this is the way to the folder of schemas: `../zod`.
    Folder(&'p str),
}

/// Writes expressions and collects the imports that they need (`z` itself is the caller's).
pub(in crate::emit) struct Writer<'w> {
    pub(super) names: &'w TsNames<'w>,
    pub(super) components: &'w Components,
    place: Place<'w>,
    pub(super) imports: &'w mut Imports,
    /// The definition in which the expression stands: mentions that lead back to it are lazy.
    pub(super) within: Option<TypeId>,
    /// Types that are too large to be inferred, where definitions are written.
    pub(super) large: Option<&'w BTreeSet<TypeId>>,
}

impl<'w> Writer<'w> {
    /// A writer for one place. `components` are the model's, with all edges.
    pub(in crate::emit) fn new(
        names: &'w TsNames<'w>,
        components: &'w Components,
        place: Place<'w>,
        imports: &'w mut Imports,
    ) -> Self {
        Self {
            names,
            components,
            place,
            imports,
            within: None,
            large: None,
        }
    }

    /// Whether the type is written out, and its schema said to have it, rather than inferred from the schema.
    pub(super) fn is_written_out(&self, id: TypeId) -> bool {
        self.components.is_recursive(id) || self.large.is_some_and(|large| large.contains(&id))
    }

    /// The schema of a use: `z.array(ProjectSchema).min(1)`.
    pub(in crate::emit) fn expression(&mut self, ty: &Type) -> String {
        let text = self.kind(ty);
        let text = if ty.nullable && !matches!(ty.kind, Kind::Any | Kind::Null) {
            format!("{text}.nullable()")
        } else {
            text
        };
        match &ty.rules {
            Some(rules) => self.guarded(text, &rules.guards),
            None => text,
        }
    }

    /// The schema with what it does not say itself.
    pub(super) fn guarded(&mut self, schema: String, guards: &[Value]) -> String {
        if guards.is_empty() {
            return schema;
        }
        let name = self.support("guard", "guarded");
        let guards: Vec<String> = guards.iter().map(value).collect();
        format!("{name}({schema}, {})", guards.join(", "))
    }

    /// The specifier of a module of schemas from here.
    pub(super) fn specifier(&self, module: &str) -> String {
        match self.place {
            Place::Module(_) => format!("./{module}.js"),
            Place::Folder(folder) => format!("{folder}/{module}.js"),
        }
    }

    /// Mentions something of `rules.ts` or `formats.ts`.
    pub(super) fn support(&mut self, module: &str, name: &'static str) -> &'static str {
        let from = self.specifier(module);
        self.imports.value(&from, name);
        name
    }

    /// Mentions the schema of a named type.
    pub(super) fn schema(&mut self, id: TypeId) -> String {
        let module = self.names.module(id);
        if !matches!(self.place, Place::Module(own) if own == module) {
            let from = self.specifier(module);
            self.imports.value(&from, self.names.schema_name(id));
        }
        let name = self.names.schema_name(id);
        if self.within.is_some_and(|from| self.components.closes_circle(from, id)) {
            format!("z.lazy(() => {name})")
        } else {
            name.to_owned()
        }
    }

    /// Mentions a named type as a type.
    pub(super) fn mention_type(&mut self, id: TypeId) {
        let module = self.names.module(id);
        if !matches!(self.place, Place::Module(own) if own == module) {
            let from = self.specifier(module);
            self.imports.ty(&from, self.names.type_name(id));
        }
    }

    fn kind(&mut self, ty: &Type) -> String {
        let none = Rules::default();
        let rules = ty.rules.as_deref().unwrap_or(&none);
        match &ty.kind {
            Kind::Any => "z.unknown()".to_owned(),
            Kind::Never => "z.never()".to_owned(),
            Kind::Null => "z.null()".to_owned(),
            Kind::Boolean => "z.boolean()".to_owned(),
            Kind::Integer { narrow } => {
                let start = if *narrow { "z.int32()" } else { "z.int()" };
                start.to_owned() + range(rules, true).as_str()
            }
            Kind::Number => "z.number()".to_owned() + range(rules, false).as_str(),
            Kind::Text(format) => self.text(format, rules),
            Kind::List(item) => {
                let mut text = format!("z.array({})", self.expression(item));
                bound(&mut text, "min", rules.min_items);
                bound(&mut text, "max", rules.max_items);
                if rules.unique_items {
                    text.push_str(&format!(".check({})", self.support("rules", "uniqueItems")));
                }
                text
            }
            Kind::Tuple { items, rest } => self.tuple(items, rest.as_deref(), rules),
            Kind::Map(item) => {
                let mut key = "z.string()".to_owned();
                if let Some(pattern) = &rules.key_pattern {
                    key.push_str(&format!(".regex({})", self.pattern(pattern)));
                }
                let mut text = format!("z.record({key}, {})", self.expression(item));
                self.counted(&mut text, "minProperties", rules.min_properties);
                self.counted(&mut text, "maxProperties", rules.max_properties);
                text
            }
            Kind::Literals(values) => self.literals(values),
            Kind::Named(id) => self.schema(*id),
        }
    }

    /// A check of `rules.ts` that takes a count.
    pub(super) fn counted(&mut self, text: &mut String, name: &'static str, count: Option<u64>) {
        if let Some(count) = count {
            text.push_str(&format!(".check({}({count}))", self.support("rules", name)));
        }
    }

    fn pattern(&mut self, pattern: &str) -> String {
        regex(pattern).unwrap_or_else(|| format!("{}({})", self.support("rules", "pattern"), string(pattern)))
    }

    fn text(&mut self, format: &TextFormat, rules: &Rules) -> String {
        let own = match format {
            TextFormat::Bytes => return self.support("rules", "bytes").to_owned(),
            TextFormat::Plain | TextFormat::Password | TextFormat::Other(_) => Err("z.string()"),
            // An id need not be of a version that RFC 9562 knows.
            TextFormat::Uuid => Err("z.guid()"),
            TextFormat::Date => Err("z.iso.date()"),
            TextFormat::Ipv4 => Err("z.ipv4()"),
            TextFormat::Ipv6 => Err("z.ipv6()"),
            TextFormat::DateTime => Ok("dateTime"),
            TextFormat::Time => Ok("time"),
            TextFormat::Duration => Ok("duration"),
            TextFormat::Email => Ok("email"),
            TextFormat::Uri => Ok("uri"),
            TextFormat::UriReference => Ok("uriReference"),
            TextFormat::Hostname => Ok("hostname"),
            TextFormat::Base64 => Ok("base64"),
            TextFormat::Decimal => Ok("decimal"),
        };
        let mut text = match own {
            Ok(name) => {
                self.support("formats", name);
                // No schema of a module has this name: theirs end in `Schema`.
                name.to_owned()
            }
            Err(built_in) => built_in.to_owned(),
        };
        bound(&mut text, "min", rules.min_length);
        bound(&mut text, "max", rules.max_length);
        if let Some(pattern) = &rules.pattern {
            text.push_str(&format!(".regex({})", self.pattern(pattern)));
        }
        text
    }

    fn tuple(&mut self, items: &[Type], rest: Option<&Type>, rules: &Rules) -> String {
        let needed = needed_items(items.len(), Some(rules));
        let spelt: Vec<String> = items
            .iter()
            .enumerate()
            .map(|(i, item)| self.expression(item) + if i < needed { "" } else { ".optional()" })
            .collect();
        let rest_text = rest
            .map(|rest| format!(", {}", self.expression(rest)))
            .unwrap_or_default();
        let mut text = format!("z.tuple([{}]{rest_text})", spelt.join(", "));
        let own = items.len() as u64;
        self.counted(&mut text, "minItems", rules.min_items.filter(|least| *least > own));
        self.counted(&mut text, "maxItems", rules.max_items);
        if rules.unique_items {
            text.push_str(&format!(".check({})", self.support("rules", "uniqueItems")));
        }
        text
    }

    /// One of a list of JSON values.
    pub(super) fn literals(&mut self, values: &[Value]) -> String {
        if values.is_empty() {
            return "z.never()".to_owned();
        }
        let list: Vec<String> = values.iter().map(value).collect();
        if values.iter().any(|value| value.is_object() || value.is_array()) {
            let types: Vec<String> = values.iter().map(literal).collect();
            let name = self.support("rules", "values");
            return format!("{name}<{}>({})", types.join(" | "), list.join(", "));
        }
        match (list.as_slice(), values.iter().all(Value::is_string)) {
            ([only], _) => format!("z.literal({only})"),
            (_, true) => format!("z.enum([{}])", list.join(", ")),
            _ => format!("z.literal([{}])", list.join(", ")),
        }
    }
}

fn bound(text: &mut String, method: &str, bound: Option<u64>) {
    if let Some(bound) = bound {
        text.push_str(&format!(".{method}({bound})"));
    }
}

/// Bounds of numbers. Those that JavaScript's whole numbers never reach are left out: `z.int()` stops before them.
fn range(rules: &Rules, whole: bool) -> String {
    let reached = |number: &&Number| !whole || number.as_f64().is_none_or(|f| f.abs() <= 9_007_199_254_740_991.0);
    let mut text = String::new();
    for (method, bound) in [
        ("min", &rules.minimum),
        ("gt", &rules.exclusive_minimum),
        ("max", &rules.maximum),
        ("lt", &rules.exclusive_maximum),
        ("multipleOf", &rules.multiple_of),
    ] {
        if let Some(bound) = bound.as_ref().filter(reached) {
            text.push_str(&format!(".{method}({bound})"));
        }
    }
    text
}
