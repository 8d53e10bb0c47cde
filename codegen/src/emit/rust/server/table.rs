//! `crate::operations`: what is known about operations before anyone calls them.
//!
//! Owns: the table, roles, rate classes. Must not know: handlers, the client.

use std::fmt::Write as _;

use super::super::docs::{code, heading, literal};
use super::super::imports::imports;
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
    let _ = writeln!(
        text,
        "\n/// {}\npub static {}: Operation = Operation {{",
        code(&operation.id.raw),
        planned.constant
    );
    let domain = model.domain(operation.domain);
    let summary = operation
        .summary
        .as_deref()
        .or(operation.docs.title.as_deref())
        .unwrap_or_default();
    for (field, value) in [
        ("id", &*operation.id.raw),
        ("method", operation.method.as_str()),
        ("path", &operation.path.raw),
        ("domain", &domain.name.raw),
        ("summary", summary),
    ] {
        let _ = writeln!(text, "    {field}: {},", literal(value));
    }
    let segments = operation.path.segments.iter().map(|segment| {
        let parts = segment.iter().map(|part| match part {
            PathPart::Fixed(fixed) => format!("PathPart::Fixed({})", literal(fixed)),
            PathPart::Parameter(name) => format!("PathPart::Parameter({})", literal(name)),
        });
        slice(parts)
    });
    let _ = writeln!(text, "    segments: {},", slice(segments));
    let _ = writeln!(text, "    public: {},", operation.public);
    let role = policy.role.filter(|role| *role < model.roles.len());
    let roles = roles(plan);
    let role = role.and_then(|role| roles.get(role));
    let _ = writeln!(text, "    role: {},", option(role.map(|role| format!("Role::{role}"))));
    let class = policy
        .rate_class
        .as_ref()
        .and_then(|class| model.rate_classes.get_index_of(class));
    let _ = writeln!(
        text,
        "    rate_class: {},",
        option(class.map(|class| format!("&RATE_CLASSES[{class}]")))
    );
    let _ = writeln!(text, "    idempotent: {},", policy.idempotent);
    let errors = policy.errors.iter().filter_map(|code| codes.variant(code));
    let _ = writeln!(
        text,
        "    errors: {},",
        slice(errors.map(|variant| format!("ErrorCode::{variant}")))
    );
    let _ = writeln!(
        text,
        "    requirements: {},",
        slice(policy.requirements.iter().map(|id| literal(id)))
    );
    let security = operation.security.iter().map(|alternative| {
        let schemes = alternative.iter().map(|(scheme, scopes)| {
            format!(
                "({}, {})",
                literal(scheme),
                slice(scopes.iter().map(|scope| literal(scope)))
            )
        });
        slice(schemes)
    });
    let _ = writeln!(text, "    security: {},", slice(security));
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
            &schema,
        )
    });
    let _ = writeln!(text, "    parameters: {},", block(parameters, 1));
    let _ = writeln!(
        text,
        "    body_required: {},",
        planned.body.as_ref().is_some_and(|body| body.required)
    );
    let media = planned.body.iter().flat_map(|body| medias(plan, body));
    let _ = writeln!(text, "    consumes: {},", block(media, 1));
    let mut produced: Vec<&str> = Vec::new();
    if operation.method != Method::Head {
        for content in operation.responses.iter().flat_map(|response| &response.contents) {
            if !produced.contains(&content.media.as_str()) {
                produced.push(&content.media);
            }
        }
    }
    let _ = writeln!(text, "    produces: {},", slice(produced.into_iter().map(literal)));
    let headers = planned.headers.iter().map(|header| {
        let schema = schema::expression(plan.names, &header.ty);
        parameter_of(&header.wire, "Header", header.required, Style::Simple, false, &schema)
    });
    let _ = writeln!(text, "    headers: {},\n}};", block(headers, 1));
}

fn option(text: Option<String>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("Some({text})"))
}

fn slice(items: impl Iterator<Item = String>) -> String {
    format!("&[{}]", items.collect::<Vec<_>>().join(", "))
}

fn block(items: impl Iterator<Item = String>, indent: usize) -> String {
    let inner = "    ".repeat(indent + 1);
    let items: String = items
        .map(|item| format!("\n{inner}{},", item.replace('\n', &format!("\n{inner}"))))
        .collect();
    if items.is_empty() {
        "&[]".to_owned()
    } else {
        format!("&[{items}\n{}]", "    ".repeat(indent))
    }
}

fn parameter_of(wire: &str, location: &str, required: bool, style: Style, explode: bool, schema: &str) -> String {
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
    format!(
        "Parameter {{\n    name: {},\n    location: Location::{location},\n    required: {required},\n    style: Style::{style},\n    explode: {explode},\n    schema: &{},\n}}",
        literal(wire),
        schema.replace('\n', "\n    "),
    )
}

fn medias(plan: &Plan<'_>, body: &Body<'_>) -> Vec<String> {
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
        let schema = schema.map_or_else(|| "Schema::Any".to_owned(), |ty| schema::expression(plan.names, ty));
        let fields = match carrier {
            Carrier::Form(ty) => form_fields(plan, content, *ty),
            Carrier::Multipart(form) => part_fields(plan, content, &form.parts),
            _ => Vec::new(),
        };
        let rest = match carrier {
            Carrier::Form(ty) => carrier::rest(plan.names, *ty).map(|value| {
                let value = value.map_or_else(|| "Schema::Any".to_owned(), |ty| schema::expression(plan.names, ty));
                let map = format!("Schema::Map(Map {{ value: &{value}, ..Map::ANY }})");
                format!("&{}", parameter_of("", "Body", false, Style::Form, true, &map))
            }),
            _ => None,
        };
        format!(
            "Media {{\n    media: {},\n    may_be_empty: {},\n    schema: &{},\n    fields: {},\n    rest: {},\n}}",
            literal(&content.media),
            !matches!(content.kind, MediaKind::Json | MediaKind::Multipart),
            schema.replace('\n', "\n    "),
            block(fields.into_iter(), 1),
            option(rest).replace('\n', "\n    "),
        )
    };
    body.contents.iter().map(media).collect()
}

fn form_fields(plan: &Plan<'_>, content: &Content, ty: Option<&Type>) -> Vec<String> {
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
            &schema::expression(plan.names, &field.ty),
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

fn part_fields(plan: &Plan<'_>, content: &Content, parts: &[Part<'_>]) -> Vec<String> {
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
            &schema::expression(plan.names, &field.ty),
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
    let mut text = format!(
        concat!(
            "//! Roles and rate limits of the contract, as data. A host enforces them.\n\n",
            "/// Roles, lowest first.\n",
            "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n",
            "pub enum Role {{\n{}}}\n\n",
            "impl Role {{\n",
            "    /// Every role, lowest first.\n",
            "    pub const ALL: &'static [Self] = &[{}];\n\n",
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
        names
            .iter()
            .map(|name| format!("Self::{name}"))
            .collect::<Vec<_>>()
            .join(", "),
        as_str,
    );
    if names.is_empty() {
        text = text.replace("match self {}", &format!("match {} {{}}", this.trim_start_matches('*')));
    }
    let buckets = model.rate_buckets.iter().map(|(name, bucket)| {
        format!(
            "RateBucket {{ name: {}, capacity: {}, refill_per_minute: {} }}",
            literal(name),
            bucket.capacity,
            bucket.refill_per_minute
        )
    });
    let classes = model.rate_classes.iter().map(|(name, class)| {
        format!(
            "RateClass {{ name: {}, tokens: {}, buckets: {}, every_seconds: {} }}",
            literal(name),
            class.tokens,
            slice(class.buckets.iter().map(|bucket| literal(bucket))),
            option(class.every_seconds.map(|seconds| seconds.to_string())),
        )
    });
    let _ = write!(
        text,
        "\n/// The buckets of the contract.\npub static RATE_BUCKETS: &[RateBucket] = {};\n\n/// The rate classes of the contract.\npub static RATE_CLASSES: &[RateClass] = {};\n",
        block(buckets, 0),
        block(classes, 0),
    );
    text
}
