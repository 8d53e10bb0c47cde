//! One module a domain: what handlers are given and give back, and the routes.
//!
//! Owns: the layout of the module, inputs as types, parameters and bodies as schemas. Must not know: outputs ([`super::answers`]),
//! how the frames read a request, which routes other domains have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{paths, wire};
use crate::emit::GENERATED_BY;
use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{comment_with_tags, key, member, string};
use crate::emit::zod::{Place, Writer};
use crate::model::graph::Components;
use crate::model::{
    Case, Content, DomainId, Kind, Location, MediaKind, Model, Name, Operation, Parameter, Shape, Status, Type,
};
use crate::tree::Value;

/// The four places of parameters: member of the input, and the word in names of constants.
const PLACES: [(Location, &str, &str); 4] = [
    (Location::Path, "params", "Params"),
    (Location::Query, "query", "Query"),
    (Location::Header, "headers", "Headers"),
    (Location::Cookie, "cookies", "Cookies"),
];

/// Writes the module of one domain.
pub(super) struct Module<'m> {
    pub(super) model: &'m Model,
    pub(super) names: &'m TsNames<'m>,
    components: &'m Components,
    pub(super) imports: Imports,
    /// Schemas, as constants before everything that mentions them.
    constants: String,
    /// Names of what several operations of the module may have in common, by its text.
    common: BTreeMap<String, String>,
    /// Those names, and the names of what no others have.
    taken: BTreeSet<String>,
    /// Types of headers of answers, before everything that mentions them.
    pub(super) headers: String,
    types: String,
    methods: String,
    routes: String,
}

/// Name of a domain's interface of handlers: `ProjectsHandlers`.
pub(super) fn interface(names: &TsNames<'_>, domain: DomainId) -> String {
    let mut chars = names.domain(domain).chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    format!("{}{}Handlers", first.unwrap_or('X'), chars.as_str())
}

/// Name of a domain's table of routes: `projectsRoutes`.
pub(super) fn routes(names: &TsNames<'_>, domain: DomainId) -> String {
    format!("{}Routes", names.domain(domain))
}

impl<'m> Module<'m> {
    /// The text of the module.
    pub(super) fn write(names: &'m TsNames<'m>, components: &'m Components, domain: DomainId) -> String {
        let mut module = Self {
            model: names.model,
            names,
            components,
            imports: Imports::default(),
            constants: String::new(),
            common: BTreeMap::new(),
            taken: BTreeSet::new(),
            headers: String::new(),
            types: String::new(),
            methods: String::new(),
            routes: String::new(),
        };
        module.imports.ty("hono", "Env");
        module.imports.value("./operations.js", "operations");
        for name in ["Answer", "Call", "Route"] {
            module.imports.ty("./serve/route.js", name);
        }
        for (index, operation) in names.model.operations.iter().enumerate() {
            if operation.domain == domain {
                module.operation(index, operation);
            }
        }
        let interface = interface(names, domain);
        let table = format!("export const {}: ", routes(names, domain));
        let record = vec![Layout::text(format!("keyof {interface}")), Layout::text("Route")];
        let of_routes = Layout::generic("Readonly", vec![Layout::generic("Record", record)]);
        let of_routes = of_routes.behind(table.len(), 0, " = {".len());
        let title = &names.model.domain(domain).title;
        let about = comment_with_tags(&format!("Handlers of the domain {title}."), &[], "");
        format!(
            "// {GENERATED_BY}\n\n{}{}{}{}\n{about}export interface {interface}<E extends Env = Env> {{\n{}}}\n\n/** Routes of the domain, by handler. */\n{table}{of_routes} = {{\n{}}};\n",
            module.imports.render(),
            module.constants,
            module.headers,
            module.types,
            module.methods,
            module.routes,
        )
    }

    fn operation(&mut self, index: usize, operation: &Operation) {
        let names = self.names;
        let id = names.operation(index);
        let ty = names.operation_type(index);
        let mut input = String::new();
        let mut route = vec![
            Item::member("operation", Layout::text(format!("operations{}", member(id)))),
            Item::member("pattern", Layout::text(string(&paths::pattern(&operation.path)))),
            Item::member("segments", paths::segments(&operation.path)),
        ];
        for (location, member, word) in PLACES {
            let parameters: Vec<&Parameter> = operation
                .parameters
                .iter()
                .filter(|parameter| parameter.location == location)
                .collect();
            if parameters.is_empty() {
                continue;
            }
            let constant = self.parameters(id, word, &parameters);
            of_schema("output", &constant).line(2, &format!("readonly {member}: "), ";", &mut input);
            let spelt = parameters.iter().map(|one| wire::parameter(self.model, one));
            let spelt = Layout::list(spelt.collect());
            self.imports.value("./serve/route.js", "parameter");
            let members = vec![
                Item::member("parameters", spelt),
                Item::member("schema", Layout::text(constant)),
            ];
            route.push(Item::member(member, Layout::object(members)));
        }
        self.body(operation, id, &mut input, &mut route);
        let outputs = self.outputs(operation, id);
        route.push(Item::member("responses", responses(operation)));
        Layout::object(route).row(id, &mut self.routes);

        let line = format!("{} {}", operation.method.as_str(), operation.path.raw);
        let about = match &operation.summary {
            Some(summary) => format!("{line}: {summary}"),
            None => line.clone(),
        };
        let tags: &[&str] = if operation.docs.deprecated {
            &["@deprecated"]
        } else {
            &[]
        };
        let what = operation.summary.as_deref().and_then(|summary| summary.lines().next());
        let what = what.map(|summary| summary.trim_end_matches('.')).unwrap_or(&line);
        let given = comment_with_tags(&format!("{what}: what the handler is given."), &[], "");
        if input.is_empty() {
            let _ = write!(
                self.types,
                "\n{given}export type {ty}Input = Readonly<Record<string, never>>;\n"
            );
        } else {
            let _ = write!(self.types, "\n{given}export interface {ty}Input {{\n{input}}}\n");
        }
        let answers = comment_with_tags(&format!("{what}: what the handler may answer."), &[], "");
        let _ = write!(self.types, "\n{answers}");
        outputs.line(0, &format!("export type {ty}Output = "), ";", &mut self.types);
        self.methods.push_str(&comment_with_tags(&about, tags, "  "));
        let arguments = vec![Layout::text(format!("input: {ty}Input")), Layout::text("call: Call<E>")];
        let end = format!(": Answer<{ty}Output>;");
        Layout::call(&key(id), arguments).line(2, "", &end, &mut self.methods);
    }

    /// The schema of all parameters of one place, as a constant; its name. Operations with the same few parameters share one.
    fn parameters(&mut self, id: &str, word: &str, parameters: &[&Parameter]) -> String {
        let mut members = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let mut spelt = self.expression(&parameter.ty);
            if !parameter.required {
                let default = parameter.default.as_ref();
                spelt = match default.filter(|default| fits(self.model, &parameter.ty, default)) {
                    Some(default) => spelt.then("default", vec![Layout::value(default)]),
                    None => spelt.then("optional", Vec::new()),
                };
            }
            members.push(Item::member(&parameter.wire, spelt));
        }
        let object = Layout::call("z.object", vec![Layout::object(members).on_lines()]);
        let wires = parameters.iter().map(|parameter| parameter.wire.as_str());
        let (constant, is_new) = self.common(wires, Case::Camel, word, &object, || format!("{id}{word}"));
        if is_new {
            self.constants.push('\n');
            object.line(0, &format!("const {constant} = "), ";", &mut self.constants);
        }
        constant
    }

    /// The name of what is made of some members, and whether it is a new one. The module has what is equal and has few members only
    /// once, called like its members if no other is: `projectIdParams`. All else has the name of its `own`.
    pub(super) fn common<'w>(
        &mut self,
        wires: impl Iterator<Item = &'w str> + Clone,
        case: Case,
        word: &str,
        layout: &Layout,
        own: impl Fn() -> String,
    ) -> (String, bool) {
        const FEW: usize = 3;
        let few = wires.clone().count() <= FEW;
        let key = few.then(|| layout.behind(0, 0, 0) + word);
        if let Some(known) = key.as_ref().and_then(|key| self.common.get(key)) {
            return (known.clone(), false);
        }
        let by_members = few.then(|| Name::new(&wires.collect::<Vec<_>>().join(" ")).to(case) + word);
        let mut name = by_members.unwrap_or_else(&own);
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            name = match number {
                1 => own(),
                number => format!("{}{number}", own()),
            };
            number += 1;
        }
        if let Some(key) = key {
            self.common.insert(key, name.clone());
        }
        (name, true)
    }

    fn expression(&mut self, ty: &Type) -> Layout {
        self.imports.value("zod", "z");
        Writer::new(self.names, self.components, Place::Folder("../zod"), &mut self.imports).expression(ty)
    }

    /// The name of a schema: that of a named type, else of a constant made for it.
    pub(super) fn schema(&mut self, constant: &str, ty: &Type) -> String {
        let schema = self.expression(ty);
        if let (Kind::Named(id), false, None) = (&ty.kind, ty.nullable, &ty.rules) {
            return self.names.schema_name(*id).to_owned();
        }
        self.constants.push('\n');
        schema.line(0, &format!("const {constant} = "), ";", &mut self.constants);
        constant.to_owned()
    }

    fn body(&mut self, operation: &Operation, id: &str, input: &mut String, route: &mut Vec<Item>) {
        let Some(body) = &operation.body else { return };
        let mut types = Vec::new();
        let mut contents = Vec::new();
        for (number, content) in body.contents.iter().enumerate() {
            let constant = if number == 0 {
                format!("{id}Body")
            } else {
                format!("{id}Body{}", number + 1)
            };
            let mut members = media(content);
            let typed = match (content.kind, &content.ty) {
                (MediaKind::Bytes | MediaKind::EventStream, _) | (_, None) => None,
                (MediaKind::Text, Some(ty)) if !is_text(self.model, ty) => None,
                (_, Some(ty)) => Some(self.schema(&constant, ty)),
            };
            let mut ty = Layout::text(match content.kind {
                MediaKind::Bytes => "Uint8Array",
                MediaKind::Text | MediaKind::EventStream => "string",
                MediaKind::Form | MediaKind::Multipart => "Readonly<Record<string, unknown>>",
                MediaKind::Json => "unknown",
            });
            if let Some(schema) = typed {
                ty = of_schema("output", &schema);
                members.push(Item::member("schema", Layout::text(schema)));
            }
            if matches!(content.kind, MediaKind::Form | MediaKind::Multipart) {
                let (fields, rest) = wire::form(self.model, content);
                if !fields.is_empty() {
                    self.imports.value("./serve/route.js", "parameter");
                }
                members.push(Item::member("fields", Layout::list(fields)));
                members.extend(rest.map(|rest| Item::member("rest", rest)));
            }
            if body.contents.len() > 1 {
                ty = Layout::type_object(vec![
                    Item::readonly("contentType", false, Layout::text(string(&content.media))),
                    Item::readonly("value", false, ty),
                ]);
            }
            types.push(ty);
            contents.push(Layout::object(members));
        }
        if types.is_empty() {
            types.push(Layout::text("unknown"));
        }
        let head = match body.required {
            true => "readonly body: ",
            false => {
                types.push(Layout::text("undefined"));
                "readonly body?: "
            }
        };
        Layout::union(types).line(2, head, ";", input);
        let required = if body.required { "true" } else { "false" };
        let members = vec![
            Item::member("required", Layout::text(required)),
            Item::member("contents", Layout::list(contents)),
        ];
        route.push(Item::member("body", Layout::object(members)));
    }
}

/// What a schema takes or gives back: `z.input<typeof ProjectSchema>`.
pub(super) fn of_schema(side: &str, schema: &str) -> Layout {
    Layout::generic(&format!("z.{side}"), vec![Layout::text(format!("typeof {schema}"))])
}

/// What the app does with a body of this family.
fn body_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Json => "json",
        MediaKind::Form => "form",
        MediaKind::Multipart => "multipart",
        MediaKind::EventStream => "events",
        MediaKind::Text => "text",
        MediaKind::Bytes => "bytes",
    }
}

fn media(content: &Content) -> Vec<Item> {
    vec![
        Item::member("media", Layout::text(string(&content.media))),
        Item::member("kind", Layout::text(string(body_kind(content.kind)))),
    ]
}

fn responses(operation: &Operation) -> Layout {
    let shapes = operation.responses.iter().map(|response| {
        let status = match response.status {
            Status::Exact(code) => code.to_string(),
            Status::Range(hundred) => format!("'{hundred}XX'"),
            Status::Default => "'default'".to_owned(),
        };
        let contents = response.contents.iter().map(|content| Layout::object(media(content)));
        Layout::object(vec![
            Item::member("status", Layout::text(status)),
            Item::member("contents", Layout::list(contents.collect())),
        ])
    });
    Layout::list(shapes.collect())
}

pub(super) fn is_text(model: &Model, ty: &Type) -> bool {
    match &model.resolve(ty).0.kind {
        Kind::Text(_) => true,
        Kind::Literals(values) => values.iter().all(Value::is_string),
        Kind::Named(id) => {
            matches!(&model.type_def(*id).shape, Shape::Enumeration(list) if list.values.iter().all(Value::is_string))
        }
        _ => false,
    }
}

/// Whether a default is certainly of the type; the schema's own type would refuse it otherwise.
fn fits(model: &Model, ty: &Type, default: &Value) -> bool {
    let (resolved, nullable) = model.resolve(ty);
    match (&resolved.kind, default) {
        (_, Value::Null) => nullable,
        (Kind::Any, _) | (Kind::Boolean, Value::Bool(_)) | (Kind::Text(_), Value::String(_)) => true,
        (Kind::Integer { .. } | Kind::Number, Value::Number(_)) => true,
        (Kind::List(item), Value::Array(values)) => values.iter().all(|value| fits(model, item, value)),
        (Kind::Literals(values), value) => values.contains(value),
        (Kind::Named(id), value) => {
            matches!(&model.type_def(*id).shape, Shape::Enumeration(list) if list.values.contains(value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::model;
    use crate::model::graph::Edges;
    use crate::tree::json;

    #[test]
    fn guards_of_a_use_of_a_named_type_are_no_part_of_the_type() {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}});
        let mut model = model(&json!({
            "openapi": "3.1.0", "info": {"title": "T", "version": "1"},
            "paths": {"/pets": {"post": {
                "operationId": "addPet", "requestBody": {"content": content}, "responses": {"204": {"description": "Done."}},
            }}},
            "components": {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}},
        }));
        let contents = model.operations.iter_mut().flat_map(|operation| &mut operation.body);
        for content in contents.flat_map(|body| &mut body.contents) {
            let ty = content.ty.as_mut().unwrap();
            ty.rules
                .get_or_insert_default()
                .guards
                .push(json!({"not": {"required": ["name"]}}));
        }
        let names = TsNames::new(&model);
        let text = Module::write(&names, &model.components(Edges::All), DomainId(0));
        assert!(text.contains("const addPetBody = guarded(PetSchema, "), "{text}");
        assert!(text.contains("schema: addPetBody }"), "{text}");
    }

    #[test]
    fn operations_with_the_same_few_parameters_or_headers_share_one_schema_of_them() {
        let get = |id: &str, limit: u32| {
            let query =
                |name: &str| json!({"name": name, "in": "query", "schema": {"type": "integer", "maximum": limit}});
            let headers = json!({"X-Request-Id": {"schema": {"type": "string"}}});
            json!({"get": {
                "operationId": id, "tags": ["all"], "summary": "Look.", "parameters": [query("limit"), query("page")],
                "responses": {"204": {"description": "Done.", "headers": headers}},
            }})
        };
        let model = model(&json!({
            "openapi": "3.1.0", "info": {"title": "T", "version": "1"},
            "paths": {"/a": get("a", 10), "/b": get("b", 10), "/c": get("c", 99), "/d": get("limitPage", 5)},
        }));
        let names = TsNames::new(&model);
        let text = Module::write(&names, &model.components(Edges::All), DomainId(0));
        for (constant, count) in [
            ("limitPageQuery", 3),
            ("cQuery", 2),
            ("limitPageQuery2", 2),
            ("aQuery", 0),
        ] {
            let uses = [format!("typeof {constant}>"), format!("const {constant} =")];
            let found: usize = uses.iter().map(|one| text.matches(one.as_str()).count()).sum();
            assert_eq!(found, count, "{constant}: {text}");
        }
        assert_eq!(text.matches("readonly 'X-Request-Id'?: string").count(), 1, "{text}");
        assert_eq!(
            text.matches("= EmptyReply<204, XRequestIdHeaders>;").count(),
            4,
            "{text}"
        );
        assert!(text.contains("/** Look: what the handler is given. */"), "{text}");
    }
}
