//! `crate::api`: what operations take and answer, and the traits that a host implements.
//!
//! Owns: request types, answer types, one trait a domain. Must not know: routes, the client.

use std::fmt::Write as _;

use super::super::docs::{about, code, comment, heading, lines};
use super::super::imports::imports;
use super::super::spell::Within;
use super::carrier::{Carrier, Part};
use super::plan::{Body, Plan, Planned, Variant};
use crate::model::types::Docs;
use crate::model::{DomainId, Status};

/// `api/mod.rs`.
pub(super) fn index(plan: &Plan<'_>, domains: &[DomainId]) -> String {
    let mut text = String::from(
        "//! The operations: what they take, what they answer, and one trait a domain for those who serve them.\n\n",
    );
    for domain in domains {
        let _ = writeln!(text, "pub mod {};", plan.names.domain(*domain));
    }
    text.push('\n');
    for domain in domains {
        let _ = writeln!(text, "pub use self::{}::*;", plan.names.domain(*domain));
    }
    let traits: Vec<&str> = domains.iter().map(|domain| plan.trait_of(*domain)).collect();
    let bounds = match traits.is_empty() {
        true => " Send + Sync + 'static".to_owned(),
        false => format!("\n    {}\n", traits.join("\n    + ")),
    };
    let space = if traits.is_empty() { " " } else { "" };
    let _ = write!(
        text,
        concat!(
            "\n/// Everything that the service does. Whoever implements the traits of all domains has it.\n",
            "#[cfg(feature = \"server\")]\n",
            "pub trait Api:{bounds}{space}{{}}\n\n",
            "#[cfg(feature = \"server\")]\n",
            "impl<T> Api for T where T:{bounds}{space}{{}}\n"
        ),
        bounds = bounds,
        space = space,
    );
    text
}

impl Plan<'_> {
    /// Name of the trait of a domain.
    pub(super) fn trait_of(&self, domain: DomainId) -> &str {
        self.traits.get(domain.index()).map_or("", String::as_str)
    }
}

/// `api/<domain>.rs`.
pub(super) fn domain(plan: &Plan<'_>, domain: DomainId) -> String {
    let about_domain = plan.names.model.domain(domain);
    let title = heading(&about_domain.title);
    let mut text = String::new();
    let members = plan
        .operations
        .iter()
        .filter(|planned| planned.operation.domain == domain);
    for planned in members.clone() {
        request(plan, planned, &mut text);
        if let Some(body) = &planned.body {
            choice(plan, planned, body, &mut text);
        }
        response(plan, planned, &mut text);
    }
    let docs = Docs {
        title: Some(about_domain.title.clone()),
        description: about_domain.description.clone(),
        ..Docs::default()
    };
    let remark = "Operations that are not written answer 501.".to_owned();
    text.push('\n');
    text.push_str(&comment(&about(&docs, &title, &[remark]), ""));
    let name = plan.trait_of(domain);
    let _ = writeln!(
        text,
        "#[cfg(feature = \"server\")]\npub trait {name}: Send + Sync + 'static {{"
    );
    for (position, planned) in members.enumerate() {
        if position > 0 {
            text.push('\n');
        }
        method(planned, &mut text);
    }
    text.push_str("}\n");
    let imports = imports(&text, &[("crate::bodies", &[]), ("crate::types", &[])]);
    let blank = if imports.is_empty() { "" } else { "\n" };
    format!(
        concat!(
            "//! Operations of {title}.\n\n{imports}{blank}",
            "#[cfg(feature = \"server\")]\nuse crate::errors::Failure;\n",
            "#[cfg(feature = \"server\")]\nuse crate::server::Context;\n{text}"
        ),
        title = title,
        imports = imports,
        blank = blank,
        text = text
    )
}

/// What is told about an operation: its summary, description, method and path, requirements.
pub(super) fn docs(planned: &Planned<'_>) -> Vec<String> {
    let operation = planned.operation;
    let docs = Docs {
        title: operation.summary.clone().or_else(|| operation.docs.title.clone()),
        ..operation.docs.clone()
    };
    let mut remarks = vec![format!(
        "`{} {}`",
        operation.method.as_str(),
        operation.path.raw.replace('`', "'")
    )];
    if !operation.policy.requirements.is_empty() {
        remarks.push(format!("\nRequirements: {}.", operation.policy.requirements.join(", ")));
    }
    about(&docs, "", &remarks)
}

fn method(planned: &Planned<'_>, text: &mut String) {
    text.push_str(&comment(&docs(planned), "    "));
    let _ = write!(
        text,
        concat!(
            "    fn {}(\n",
            "        &self,\n",
            "        context: Context,\n",
            "        request: {},\n",
            "    ) -> impl Future<Output = Result<{}, Failure>> + Send {{\n",
            "        let _ = request;\n",
            "        std::future::ready(Err(Failure::not_implemented(context.operation.id)))\n",
            "    }}\n"
        ),
        planned.method, planned.request, planned.response
    );
}

fn operation_link(planned: &Planned<'_>) -> String {
    code(&planned.operation.id.raw)
}

fn request(plan: &Plan<'_>, planned: &Planned<'_>, text: &mut String) {
    let names = plan.names;
    let parameters = &planned.operation.parameters;
    let bodies = || {
        planned
            .body
            .iter()
            .flat_map(|body| &body.contents)
            .map(|(_, _, carrier)| carrier)
    };
    let mut derives = vec!["Debug"];
    if bodies().all(Carrier::is_clone) {
        derives.push("Clone");
    }
    let optional = parameters.iter().all(|parameter| !parameter.required);
    if optional && planned.body.as_ref().is_none_or(|body| !body.required) {
        derives.push("Default");
    }
    let empty = parameters.is_empty() && planned.body.is_none();
    let _ = write!(
        text,
        "\n/// What {} takes.\n#[derive({})]\npub struct {} {{{}",
        operation_link(planned),
        derives.join(", "),
        planned.request,
        if empty { "}\n" } else { "\n" }
    );
    if empty {
        return;
    }
    for (parameter, member) in parameters.iter().zip(&planned.fields) {
        let ty = names.spell(&parameter.ty, Within::Elsewhere);
        let ty = if parameter.required {
            ty
        } else {
            format!("Option<{ty}>")
        };
        let place = match parameter.location {
            crate::model::Location::Path => "path",
            crate::model::Location::Query => "query",
            crate::model::Location::Header => "header",
            crate::model::Location::Cookie => "cookie",
        };
        let fallback = format!("{} in the {place}.", parameter.name.title());
        text.push_str(&comment(&about(&parameter.docs, &fallback, &[]), "    "));
        let _ = writeln!(text, "    pub {member}: {ty},");
    }
    if let Some(body) = &planned.body {
        let described = planned
            .operation
            .body
            .as_ref()
            .and_then(|body| body.description.clone());
        let docs = Docs {
            description: described,
            ..Docs::default()
        };
        text.push_str(&comment(&about(&docs, "The body.", &[]), "    "));
        let ty = body_type(plan, body);
        let ty = if body.required { ty } else { format!("Option<{ty}>") };
        let _ = writeln!(text, "    pub body: {ty},");
    }
    text.push_str("}\n");
}

fn body_type(plan: &Plan<'_>, body: &Body<'_>) -> String {
    match (&body.choice, body.contents.first()) {
        (Some(choice), _) => choice.clone(),
        (None, Some((_, _, carrier))) => carrier.spelt(plan.names),
        (None, None) => "()".to_owned(),
    }
}

fn choice(plan: &Plan<'_>, planned: &Planned<'_>, body: &Body<'_>, text: &mut String) {
    for (_, _, carrier) in &body.contents {
        if let Carrier::Multipart(form) = carrier {
            form_type(plan, planned, &form.name, &form.parts, text);
        }
    }
    let Some(name) = &body.choice else { return };
    let clone = body.contents.iter().all(|(_, _, carrier)| carrier.is_clone());
    let _ = write!(
        text,
        "\n/// The body of {}, in one of its media types.\n#[derive(Debug{})]\npub enum {name} {{\n",
        operation_link(planned),
        if clone { ", Clone" } else { "" }
    );
    for (variant, content, carrier) in &body.contents {
        text.push_str(&comment(
            &lines(&format!("`{}`", content.media.replace('`', "'"))),
            "    ",
        ));
        let _ = writeln!(text, "    {variant}({}),", carrier.spelt(plan.names));
    }
    text.push_str("}\n");
}

fn form_type(plan: &Plan<'_>, planned: &Planned<'_>, name: &str, parts: &[Part<'_>], text: &mut String) {
    let default = parts
        .iter()
        .all(|part| !part.spelt(plan.names).starts_with("types::") && !part.is_required());
    let _ = write!(
        text,
        "\n/// The form that {} takes.\n#[derive(Debug, Clone{})]\npub struct {name} {{\n",
        operation_link(planned),
        if default { ", Default" } else { "" }
    );
    for part in parts {
        text.push_str(&comment(&about(&part.field.docs, "", &[]), "    "));
        let _ = writeln!(text, "    pub {}: {},", part.member, part.spelt(plan.names));
    }
    text.push_str("}\n");
}

fn response(plan: &Plan<'_>, planned: &Planned<'_>, text: &mut String) {
    let _ = write!(
        text,
        "\n/// What {} answers.\n#[derive(Debug)]\npub enum {} {{\n",
        operation_link(planned),
        planned.response
    );
    for variant in &planned.variants {
        let status = match variant.status {
            Status::Exact(code) => code.to_string(),
            Status::Range(hundred) => format!("{hundred}00 to {hundred}99"),
            Status::Default => "any other status".to_owned(),
        };
        let docs = Docs {
            description: Some(variant.description.to_owned()),
            ..Docs::default()
        };
        text.push_str(&comment(&about(&docs, "", &[format!("Status: {status}.")]), "    "));
        variant_of(plan, variant, text);
    }
    text.push_str("}\n");
}

fn variant_of(plan: &Plan<'_>, variant: &Variant<'_>, text: &mut String) {
    let body = variant.body.as_ref().map(|(_, carrier)| carrier.spelt(plan.names));
    if !variant.is_struct() {
        let body = body.map(|body| format!("({body})")).unwrap_or_default();
        let _ = writeln!(text, "    {}{body},", variant.name);
        return;
    }
    let _ = writeln!(text, "    {} {{", variant.name);
    if variant.keeps_status() {
        text.push_str("        /// The status.\n        status: u16,\n");
    }
    for (member, _, header) in &variant.headers {
        let fallback = format!("Header `{}`.", header.wire.replace('`', "'"));
        text.push_str(&comment(&about(&header.docs, &fallback, &[]), "        "));
        let ty = plan.names.spell(&header.ty, Within::Elsewhere);
        let ty = if header.required { ty } else { format!("Option<{ty}>") };
        let _ = writeln!(text, "        {member}: {ty},");
    }
    if let Some(body) = body {
        let _ = writeln!(text, "        /// The body.\n        body: {body},");
    }
    text.push_str("    },\n");
}
