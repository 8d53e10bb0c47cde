//! Expressions: the Zod schema of a use of a type.
//!
//! Owns: kinds, formats and rules. Must not know: how definitions are laid out.
//!
//! Other targets write schemas with the same [`Writer`]: its place tells where the modules of schemas are from there, and the
//! imports that an expression needs are collected beside it.

use std::collections::BTreeSet;

use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::layout::Layout;
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{regex, string};
use crate::emit::typescript::types::{literal, needed_items};
use crate::model::graph::Components;
use crate::model::{Kind, Rules, TextFormat, Type, TypeId};
use crate::tree::{Number, Value};

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
    pub(in crate::emit) fn expression(&mut self, ty: &Type) -> Layout {
        let mut schema = self.kind(ty);
        if ty.nullable && !matches!(ty.kind, Kind::Any | Kind::Null) {
            schema = schema.then("nullable", Vec::new());
        }
        match &ty.rules {
            Some(rules) => self.guarded(schema, &rules.guards),
            None => schema,
        }
    }

    /// The schema with what it does not say itself.
    pub(super) fn guarded(&mut self, schema: Layout, guards: &[Value]) -> Layout {
        if guards.is_empty() {
            return schema;
        }
        let name = self.support("guard", "guarded");
        let guards = guards.iter().map(Layout::value);
        Layout::call(name, std::iter::once(schema).chain(guards).collect())
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
    pub(super) fn schema(&mut self, id: TypeId) -> Layout {
        let module = self.names.module(id);
        if !matches!(self.place, Place::Module(own) if own == module) {
            let from = self.specifier(module);
            self.imports.value(&from, self.names.schema_name(id));
        }
        let name = self.names.schema_name(id);
        if self.within.is_some_and(|from| self.components.closes_circle(from, id)) {
            Layout::call("z.lazy", vec![Layout::text(format!("() => {name}"))])
        } else {
            Layout::text(name.to_owned())
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

    fn kind(&mut self, ty: &Type) -> Layout {
        let none = Rules::default();
        let rules = ty.rules.as_deref().unwrap_or(&none);
        match &ty.kind {
            Kind::Any => Layout::text("z.unknown()"),
            Kind::Never => Layout::text("z.never()"),
            Kind::Null => Layout::text("z.null()"),
            Kind::Boolean => Layout::text("z.boolean()"),
            Kind::Integer { narrow: true } => range(Layout::text("z.int32()"), rules, true),
            Kind::Integer { narrow: false } => range(Layout::text("z.int()"), rules, true),
            Kind::Number => range(Layout::text("z.number()"), rules, false),
            Kind::Text(format) => self.text(format, rules),
            Kind::List(item) => {
                let schema = Layout::call("z.array", vec![self.expression(item)]);
                let schema = bound(schema, "min", rules.min_items);
                let schema = bound(schema, "max", rules.max_items);
                self.unique(schema, rules)
            }
            Kind::Tuple { items, rest } => self.tuple(items, rest.as_deref(), rules),
            Kind::Map(item) => {
                let mut key = Layout::text("z.string()");
                if let Some(pattern) = &rules.key_pattern {
                    key = key.then("regex", vec![self.pattern(pattern)]);
                }
                let schema = Layout::call("z.record", vec![key, self.expression(item)]);
                let schema = self.counted(schema, "minProperties", rules.min_properties);
                self.counted(schema, "maxProperties", rules.max_properties)
            }
            Kind::Literals(values) => self.literals(values),
            Kind::Named(id) => self.schema(*id),
        }
    }

    /// The schema with a check of `rules.ts` that takes a count.
    pub(super) fn counted(&mut self, schema: Layout, name: &'static str, count: Option<u64>) -> Layout {
        match count {
            Some(count) => schema.then(
                "check",
                vec![Layout::text(format!("{}({count})", self.support("rules", name)))],
            ),
            None => schema,
        }
    }

    fn unique(&mut self, schema: Layout, rules: &Rules) -> Layout {
        match rules.unique_items {
            true => schema.then("check", vec![Layout::text(self.support("rules", "uniqueItems"))]),
            false => schema,
        }
    }

    fn pattern(&mut self, pattern: &str) -> Layout {
        match regex(pattern) {
            Some(literal) => Layout::text(literal),
            None => Layout::call(self.support("rules", "pattern"), vec![Layout::text(string(pattern))]),
        }
    }

    fn text(&mut self, format: &TextFormat, rules: &Rules) -> Layout {
        let own = match format {
            TextFormat::Bytes => return Layout::text(self.support("rules", "bytes")),
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
        let schema = match own {
            // No schema of a module has this name: theirs end in `Schema`.
            Ok(name) => self.support("formats", name),
            Err(built_in) => built_in,
        };
        let schema = bound(Layout::text(schema), "min", rules.min_length);
        let schema = bound(schema, "max", rules.max_length);
        match &rules.pattern {
            Some(pattern) => schema.then("regex", vec![self.pattern(pattern)]),
            None => schema,
        }
    }

    fn tuple(&mut self, items: &[Type], rest: Option<&Type>, rules: &Rules) -> Layout {
        let needed = needed_items(items.len(), Some(rules));
        let spelt = items.iter().enumerate().map(|(i, item)| {
            let schema = self.expression(item);
            if i < needed {
                schema
            } else {
                schema.then("optional", Vec::new())
            }
        });
        let mut arguments = vec![Layout::list(spelt.collect())];
        arguments.extend(rest.map(|rest| self.expression(rest)));
        let mut schema = Layout::call("z.tuple", arguments);
        let own = items.len() as u64;
        schema = self.counted(schema, "minItems", rules.min_items.filter(|least| *least > own));
        schema = self.counted(schema, "maxItems", rules.max_items);
        self.unique(schema, rules)
    }

    /// One of a list of JSON values.
    pub(super) fn literals(&mut self, values: &[Value]) -> Layout {
        let mut list: Vec<Layout> = values.iter().map(Layout::value).collect();
        if values.iter().any(|value| value.is_object() || value.is_array()) {
            let types = Layout::generic(
                self.support("rules", "values"),
                vec![Layout::union(values.iter().map(literal).collect())],
            );
            return Layout::run(vec![types, Layout::call("", list)]);
        }
        match (list.len(), values.iter().all(Value::is_string)) {
            (0, _) => Layout::text("z.never()"),
            (1, _) => Layout::call("z.literal", list.split_off(0)),
            (_, true) => Layout::call("z.enum", vec![Layout::list(list)]),
            _ => Layout::call("z.literal", vec![Layout::list(list)]),
        }
    }
}

fn bound(schema: Layout, method: &str, bound: Option<u64>) -> Layout {
    match bound {
        Some(bound) => schema.then(method, vec![Layout::text(bound.to_string())]),
        None => schema,
    }
}

/// Bounds of numbers. Those that JavaScript's whole numbers never reach are left out: `z.int()` stops before them.
fn range(mut schema: Layout, rules: &Rules, whole: bool) -> Layout {
    let reached = |number: &&Number| !whole || number.as_f64().is_none_or(|f| f.abs() <= 9_007_199_254_740_991.0);
    for (method, bound) in [
        ("min", &rules.minimum),
        ("gt", &rules.exclusive_minimum),
        ("max", &rules.maximum),
        ("lt", &rules.exclusive_maximum),
        ("multipleOf", &rules.multiple_of),
    ] {
        if let Some(bound) = bound.as_ref().filter(reached) {
            schema = schema.then(method, vec![Layout::text(bound.to_string())]);
        }
    }
    schema
}
