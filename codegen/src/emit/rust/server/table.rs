//! `crate::operations`: what is known about operations before anyone calls them.
//!
//! Owns: the table, roles, rate classes. Must not know: handlers, the client.

use std::fmt::Write as _;

use super::super::docs::{code, heading, literal};
use super::super::imports::imports;
use super::super::layout::Node;
use super::super::types::schema;
use super::carrier::{self, Carrier, Part, PartKind};
use super::errors::Codes;
use super::plan::{Body, Plan, Planned};
use crate::model::{
    Case, Content, DomainId, Kind, Location, MediaKind, Method, Model, Name, PathPart, Shape, Style, TextFormat, Type,
};

/// `operations/mod.rs`.
pub(super) fn index(plan: &Plan<'_>) -> String {
    let mut text = String::from(concat!(
        "//! The operation table: every operation with its policy, as data.\n\n",
        "mod operation;\nmod policy;\npub mod table;\n\n",
        "pub use operation::{Media, Operation, PathPart};\n",
        "pub use policy::{RATE_BUCKETS, RATE_CLASSES, RateBucket, RateClass, Role};\n",
    ));
    text.push_str("\n/// Every operation, in the order of the contract.\npub static OPERATIONS: &[&Operation] = &[\n");
    for planned in &plan.operations {
        let _ = writeln!(
            text,
            "    &table::{}::{},",
            plan.names.domain(planned.operation.domain),
            planned.constant
        );
    }
    text.push_str(
        "];\n\n/// The operation with this id.\n#[must_use]\npub fn find(id: &str) -> Option<&'static Operation> {\n",
    );
    text.push_str("    OPERATIONS.iter().find(|operation| operation.id == id).copied()\n}\n");
    text
}

/// `operations/table/mod.rs`.
pub(super) fn list(plan: &Plan<'_>, domains: &[DomainId]) -> String {
    let mut text = String::from("//! The entries of the operation table, one module a domain.\n\n");
    for domain in domains {
        let _ = writeln!(text, "pub mod {};", plan.names.domain(*domain));
    }
    text
}

/// What entries refer to.
const IMPORTS: &[(&str, &[&str])] = &[
    ("crate::errors", &["ErrorCode"]),
    (
        "crate::operations",
        &["Media", "Operation", "PathPart", "RATE_CLASSES", "Role"],
    ),
    ("crate::schemas", &[]),
    ("crate::validate", schema::NAMES),
    ("crate::wire", &["Location", "Parameter", "Style"]),
];

/// `operations/table/<domain>.rs`.
pub(super) fn domain(plan: &Plan<'_>, codes: &Codes<'_>, domain: DomainId) -> String {
    let mut text = String::new();
    for planned in plan
        .operations
        .iter()
        .filter(|planned| planned.operation.domain == domain)
    {
        entry(plan, codes, planned, &mut text);
    }
    let title = heading(&plan.names.model.domain(domain).title);
    let imports = imports(&text, IMPORTS);
    format!("//! Operations of {title}, as data.\n\n{imports}{text}")
}

fn entry(plan: &Plan<'_>, codes: &Codes<'_>, planned: &Planned<'_>, text: &mut String) {
    let (model, operation) = (plan.names.model, planned.operation);
    let policy = &operation.policy;
    let domain = model.domain(operation.domain);
    let summary = (operation.summary.as_deref())
        .or(operation.docs.title.as_deref())
        .unwrap_or_default();
    let texts = [
        ("id", &*operation.id.raw),
        ("method", operation.method.as_str()),
        ("path", &operation.path.raw),
        ("domain", &domain.name.raw),
        ("summary", summary),
    ];
    let mut members: Vec<Node> = texts.map(|(name, value)| text_member(name, value)).into();
    let segments = operation.path.segments.iter().map(|segment| {
        Node::texts(segment.iter().map(|part| match part {
            PathPart::Fixed(fixed) => format!("PathPart::Fixed({})", literal(fixed)),
            PathPart::Parameter(name) => format!("PathPart::Parameter({})", literal(name)),
        }))
    });
    members.push(Node::member("segments", Node::slice(segments)));
    members.push(Node::leaf(format!("public: {}", operation.public)));
    let roles = roles(plan);
    let role = policy.role.filter(|role| *role < model.roles.len());
    let role = role.and_then(|role| roles.get(role));
    let role = role.map(|role| Node::leaf(format!("Role::{role}")));
    members.push(Node::member("role", Node::option(role)));
    let class = (policy.rate_class.as_ref()).and_then(|class| model.rate_classes.get_index_of(class));
    let class = class.map(|class| Node::leaf(format!("&RATE_CLASSES[{class}]")));
    members.push(Node::member("rate_class", Node::option(class)));
    members.push(Node::leaf(format!("idempotent: {}", policy.idempotent)));
    let errors = policy.errors.iter().filter_map(|code| codes.variant(code));
    let errors = Node::texts(errors.map(|variant| format!("ErrorCode::{variant}")));
    members.push(Node::member("errors", errors));
    let requirements = Node::texts(policy.requirements.iter().map(|id| literal(id)));
    members.push(Node::member("requirements", requirements));
    let security = operation.security.iter().map(|alternative| {
        Node::slice(alternative.iter().map(|(scheme, scopes)| {
            let scopes = Node::texts(scopes.iter().map(|scope| literal(scope)));
            Node::block("(", vec![Node::leaf(literal(scheme)), scopes], ")")
        }))
    });
    members.push(Node::member("security", Node::slice(security)));
    let parameters = operation.parameters.iter().map(|parameter| {
        let place = match parameter.location {
            Location::Path => "Path",
            Location::Query => "Query",
            Location::Header => "Header",
            Location::Cookie => "Cookie",
        };
        let schema = schema::expression(plan.names, &parameter.ty);
        parameter_of(
            &parameter.wire,
            place,
            parameter.required,
            parameter.style,
            parameter.explode,
            schema,
        )
    });
    members.push(Node::member("parameters", Node::slice(parameters)));
    let body_required = planned.body.as_ref().is_some_and(|body| body.required);
    members.push(Node::leaf(format!("body_required: {body_required}")));
    let media = planned.body.iter().flat_map(|body| medias(plan, body));
    members.push(Node::member("consumes", Node::slice(media)));
    let mut produced: Vec<&str> = Vec::new();
    if operation.method != Method::Head {
        for content in operation.responses.iter().flat_map(|response| &response.contents) {
            if !produced.contains(&content.media.as_str()) {
                produced.push(&content.media);
            }
        }
    }
    let produced = Node::texts(produced.into_iter().map(literal));
    members.push(Node::member("produces", produced));
    let headers = planned.headers.iter().map(|header| {
        let schema = schema::expression(plan.names, &header.ty);
        parameter_of(&header.wire, "Header", header.required, Style::Simple, false, schema)
    });
    members.push(Node::member("headers", Node::slice(headers)));
    let _ = writeln!(text, "\n/// {}", code(&operation.id.raw));
    let head = format!("pub static {}: Operation = ", planned.constant);
    Node::block("Operation {", members, "}").line(0, &head, ";", text);
}

fn text_member(name: &str, value: &str) -> Node {
    Node::leaf(format!("{name}: {}", literal(value)))
}

fn parameter_of(wire: &str, location: &str, required: bool, style: Style, explode: bool, schema: Node) -> Node {
    let style = match style {
        Style::Simple => "Simple",
        Style::Label => "Label",
        Style::Matrix => "Matrix",
        Style::Form => "Form",
        Style::SpaceDelimited => "SpaceDelimited",
        Style::PipeDelimited => "PipeDelimited",
        Style::DeepObject => "DeepObject",
        Style::Json => "Json",
    };
    let members = vec![
        text_member("name", wire),
        Node::leaf(format!("location: Location::{location}")),
        Node::leaf(format!("required: {required}")),
        Node::leaf(format!("style: Style::{style}")),
        Node::leaf(format!("explode: {explode}")),
        Node::member("schema", schema.prefixed("&")),
    ];
    Node::block("Parameter {", members, "}")
}

fn medias(plan: &Plan<'_>, body: &Body<'_>) -> Vec<Node> {
    let any = || Node::leaf("Schema::Any");
    let media = |(_, content, carrier): &(String, &Content, Carrier<'_>)| {
        let looked_into = matches!(carrier, Carrier::Json(_) | Carrier::Form(_) | Carrier::Text);
        let schema = content.ty.as_ref().filter(|_| looked_into);
        let schema = match schema.map(|ty| (carrier, plan.names.model.resolve(ty).0)) {
            // Text is a string, whatever its schema says of numbers and objects.
            Some((Carrier::Text, ty)) if !matches!(&ty.kind, Kind::Text(_) | Kind::Literals(_) | Kind::Named(_)) => {
                None
            }
            _ => schema,
        };
        let schema = schema.map_or_else(any, |ty| schema::expression(plan.names, ty));
        let fields = match carrier {
            Carrier::Form(ty) => form_fields(plan, content, *ty),
            Carrier::Multipart(form) => part_fields(plan, content, &form.parts),
            _ => Vec::new(),
        };
        let rest = match carrier {
            Carrier::Form(ty) => carrier::rest(plan.names, *ty).map(|value| {
                let value = value.map_or_else(any, |ty| schema::expression(plan.names, ty));
                let members = vec![Node::member("value", value.prefixed("&")), Node::leaf("..Map::ANY")];
                let map = Node::block("Schema::Map(", vec![Node::block("Map {", members, "}")], ")");
                parameter_of("", "Body", false, Style::Form, true, map).prefixed("&")
            }),
            _ => None,
        };
        let may_be_empty = !matches!(content.kind, MediaKind::Json | MediaKind::Multipart);
        let members = vec![
            text_member("media", &content.media),
            Node::leaf(format!("may_be_empty: {may_be_empty}")),
            Node::member("schema", schema.prefixed("&")),
            Node::member("fields", Node::slice(fields)),
            Node::member("rest", Node::option(rest)),
        ];
        Node::block("Media {", members, "}")
    };
    body.contents.iter().map(media).collect()
}

fn form_fields(plan: &Plan<'_>, content: &Content, ty: Option<&Type>) -> Vec<Node> {
    let Some(record) = ty.and_then(|ty| carrier::record(plan.names, ty)) else {
        return Vec::new();
    };
    let field = |field: &crate::model::Field| {
        let encoding = content.encodings.get(&field.wire).cloned().unwrap_or_default();
        let json = encoding
            .content_type
            .as_deref()
            .is_some_and(|media| media.contains("json"));
        // Without a style of its own a field is written by its media type, which is JSON for what has members.
        let style = match encoding.style {
            Some(style) => style,
            None if json || has_members(plan.names.model, &field.ty, 8) => Style::Json,
            None => Style::Form,
        };
        let explode = encoding.explode.unwrap_or(style == Style::Form);
        let required = field.required && !field.read_only;
        parameter_of(
            &field.wire,
            "Body",
            required,
            style,
            explode,
            schema::expression(plan.names, &field.ty),
        )
    };
    record.fields.iter().map(field).collect()
}

/// Whether some value of the type is an object, a list of lists, or a list of such, so far down as it matters.
fn has_members(model: &Model, ty: &Type, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match &model.resolve(ty).0.kind {
        Kind::Map(_) => true,
        Kind::List(item) => matches!(model.resolve(item).0.kind, Kind::List(_)) || has_members(model, item, depth),
        Kind::Named(id) => match &model.type_def(*id).shape {
            Shape::Record(_) => true,
            Shape::Union(union) => union
                .variants
                .iter()
                .any(|variant| has_members(model, &variant.ty, depth)),
            Shape::Enumeration(_) | Shape::Alias(_) => false,
        },
        _ => false,
    }
}

fn part_fields(plan: &Plan<'_>, content: &Content, parts: &[Part<'_>]) -> Vec<Node> {
    let values = parts.iter().filter(|part| matches!(part.kind, PartKind::Value(_)));
    let field = |part: &Part<'_>| {
        let field = part.field;
        let json = content
            .encodings
            .get(&field.wire)
            .and_then(|encoding| encoding.content_type.as_deref())
            .is_some_and(|media| media.contains("json"));
        let plain = matches!(&field.ty.kind, Kind::Text(format) if *format != TextFormat::Bytes);
        let style = if json && !plain { Style::Json } else { Style::Form };
        parameter_of(
            &field.wire,
            "Body",
            part.is_required(),
            style,
            true,
            schema::expression(plan.names, &field.ty),
        )
    };
    values.map(field).collect()
}

fn roles(plan: &Plan<'_>) -> Vec<String> {
    let names: Vec<Name> = plan.names.model.roles.iter().map(|role| Name::new(role)).collect();
    Case::Pascal.distinct(&names, |text| text == "Self")
}

/// `operations/policy.rs`.
pub(super) fn policy(plan: &Plan<'_>) -> String {
    let model = plan.names.model;
    let names = roles(plan);
    let list = |form: &dyn Fn(&str, &str) -> String| -> String {
        names
            .iter()
            .zip(&model.roles)
            .map(|(name, role)| form(name, role))
            .collect()
    };
    let as_str = match names.is_empty() {
        true => "        match self {}\n".to_owned(),
        false => format!(
            "        match self {{\n{}        }}\n",
            list(&|name, role| format!("            Self::{name} => {},\n", literal(role)))
        ),
    };
    let this = if names.is_empty() { "*self" } else { "self" };
    let mut all = String::new();
    let roles = Node::texts(names.iter().map(|name| format!("Self::{name}")));
    roles.line(1, "pub const ALL: &'static [Self] = ", ";", &mut all);
    let mut text = format!(
        concat!(
            "//! Roles and rate limits of the contract, as data. A host enforces them.\n\n",
            "/// Roles, lowest first.\n",
            "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n",
            "pub enum Role {{\n{}}}\n\n",
            "impl Role {{\n",
            "    /// Every role, lowest first.\n",
            "{}\n",
            "    /// As the contract writes it.\n",
            "    #[must_use]\n",
            "    pub fn as_str(self) -> &'static str {{\n{}    }}\n",
            "}}\n\n",
            "impl std::str::FromStr for Role {{\n",
            "    type Err = crate::scalars::UnknownValue;\n\n",
            "    fn from_str(text: &str) -> Result<Self, Self::Err> {{\n",
            "        let found = Self::ALL.iter().find(|role| role.as_str() == text);\n",
            "        found.copied().ok_or(crate::scalars::UnknownValue(\"Role\"))\n",
            "    }}\n",
            "}}\n\n",
            "/// A bucket of tokens.\n",
            "#[derive(Debug)]\n",
            "pub struct RateBucket {{\n",
            "    /// Its name.\n    pub name: &'static str,\n",
            "    /// Most tokens it holds.\n    pub capacity: u64,\n",
            "    /// Tokens it gains in a minute.\n    pub refill_per_minute: u64,\n",
            "}}\n\n",
            "/// What one call takes.\n",
            "#[derive(Debug)]\n",
            "pub struct RateClass {{\n",
            "    /// Its name.\n    pub name: &'static str,\n",
            "    /// Tokens.\n    pub tokens: u64,\n",
            "    /// Names of the buckets, from each of which the tokens are taken.\n    pub buckets: &'static [&'static str],\n",
            "    /// Taken again after so many seconds while the connection is open.\n    pub every_seconds: Option<u64>,\n",
            "}}\n",
        ),
        list(&|name, role| format!("    /// {}\n    {name},\n", code(role))),
        all,
        as_str,
    );
    if names.is_empty() {
        text = text.replace("match self {}", &format!("match {} {{}}", this.trim_start_matches('*')));
    }
    let buckets = model.rate_buckets.iter().map(|(name, bucket)| {
        let members = vec![
            text_member("name", name),
            Node::leaf(format!("capacity: {}", bucket.capacity)),
            Node::leaf(format!("refill_per_minute: {}", bucket.refill_per_minute)),
        ];
        Node::block("RateBucket {", members, "}")
    });
    let classes = model.rate_classes.iter().map(|(name, class)| {
        let buckets = Node::texts(class.buckets.iter().map(|bucket| literal(bucket)));
        let every = class.every_seconds.map(|seconds| Node::leaf(seconds.to_string()));
        let members = vec![
            text_member("name", name),
            Node::leaf(format!("tokens: {}", class.tokens)),
            Node::member("buckets", buckets),
            Node::member("every_seconds", Node::option(every)),
        ];
        Node::block("RateClass {", members, "}")
    });
    text.push_str("\n/// The buckets of the contract.\n");
    Node::slice(buckets).line(0, "pub static RATE_BUCKETS: &[RateBucket] = ", ";", &mut text);
    text.push_str("\n/// The rate classes of the contract.\n");
    Node::slice(classes).line(0, "pub static RATE_CLASSES: &[RateClass] = ", ";", &mut text);
    text
}
