//! `crate::server::handlers`: from a request to a call of a trait, and from its answer to a response.
//!
//! Owns: one function an operation, the routers. Must not know: how requests are taken apart (the frames do that).

use std::fmt::Write as _;

use super::super::docs::{heading, literal};
use super::super::imports::imports;
use super::carrier::{Carrier, PartKind};
use super::plan::{Body, Plan, Planned, Variant};
use crate::model::{DomainId, Status};

/// `server/handlers/mod.rs`.
pub(super) fn index(plan: &Plan<'_>, domains: &[DomainId]) -> String {
    let mut text = String::from("//! Routers over implementations of the traits.\n\n");
    for domain in domains {
        let _ = writeln!(text, "mod {};", plan.names.domain(*domain));
    }
    text.push_str(concat!(
        "\nuse std::sync::Arc;\n\n",
        "use axum::Router;\nuse axum::routing::MethodRouter;\n\n",
        "use super::Routes;\nuse crate::api::Api;\nuse crate::operations::Operation;\n\n",
        "/// Every operation, served by one value.\n#[must_use]\npub fn routes<A: Api>(api: &Arc<A>) -> Routes {\n    Routes::new()",
    ));
    for domain in domains {
        let _ = write!(text, "\n        .with_{}(api)", plan.names.domain(*domain));
    }
    if domains.is_empty() {
        text = text.replace("routes<A: Api>(api", "routes<A: Api>(_api");
    }
    text.push_str(concat!(
        "\n}\n\n",
        "/// The router of the whole service.\n#[must_use]\npub fn router<A: Api>(api: Arc<A>) -> Router {\n    routes(&api).into_router()\n}\n\n",
        "/// The same with every route wrapped by what `wrap` puts around it: `wrap` sees the operation, and the requests that reach its\n",
        "/// layers carry it as the extension `&'static Operation`.\n",
        "pub fn router_with<A: Api>(\n    api: Arc<A>,\n    wrap: impl FnMut(&'static Operation, MethodRouter) -> MethodRouter,\n) -> Router {\n",
        "    routes(&api).into_router_with(wrap)\n}\n",
    ));
    text
}

/// `server/handlers/<domain>.rs`.
pub(super) fn domain(plan: &Plan<'_>, domain: DomainId) -> String {
    let module = plan.names.domain(domain);
    let title = heading(&plan.names.model.domain(domain).title);
    let mut text = String::new();
    let own = || {
        plan.operations
            .iter()
            .filter(|planned| planned.operation.domain == domain)
    };
    let bound = plan.trait_of(domain);
    let _ = write!(
        text,
        "\nimpl Routes {{\n    /// Adds the operations of {title}.\n    #[must_use]\n    pub fn with_{module}<A: {bound}>(self, api: &Arc<A>) -> Self {{\n        self"
    );
    for (position, planned) in own().enumerate() {
        let line = if position > 0 { "\n            " } else { "" };
        let _ = write!(
            text,
            "{line}.with(&table::{}, api, self::{}::<A>)",
            planned.constant, planned.method
        );
    }
    text.push_str("\n    }\n}\n");
    for planned in own() {
        handler(planned, bound, &mut text);
    }
    let imports = imports(&text, &[("crate::server", &["Answer", "Call", "Reply", "Routes"])]);
    format!(
        concat!(
            "//! Handlers of {title}.\n\n",
            "use std::sync::Arc;\n\n",
            "use crate::api::{module}::*;\n",
            "use crate::operations::table::{module} as table;\n",
            "{imports}{text}",
        ),
        title = title,
        module = module,
        imports = imports,
        text = text
    )
}

fn handler(planned: &Planned<'_>, bound: &str, text: &mut String) {
    let takes_nothing = planned.operation.parameters.is_empty() && planned.body.is_none();
    let _ = write!(
        text,
        "\nfn {}<A: {bound}>(api: Arc<A>, {}call: Call) -> Answer {{\n    Box::pin(async move {{\n        let operation = call.operation();\n",
        planned.method,
        if takes_nothing { "" } else { "mut " }
    );
    for (position, parameter) in planned.operation.parameters.iter().enumerate() {
        let read = if parameter.required {
            format!("required({position})")
        } else {
            let default = parameter.default.as_ref().map(|value| literal(&value.to_string()));
            let default = default.map_or_else(|| "None".to_owned(), |text| format!("Some({text})"));
            format!("optional({position}, {default})")
        };
        let _ = writeln!(text, "        let p{position} = call.{read};");
    }
    if let Some(body) = &planned.body {
        read_body(body, text);
    }
    let (request, response) = (&planned.request, &planned.response);
    let _ = write!(
        text,
        "        let context = call.accept()?;\n        let request = {request} {{"
    );
    for (position, (parameter, member)) in planned.operation.parameters.iter().zip(&planned.fields).enumerate() {
        let value = if parameter.required {
            format!("Call::given(p{position})?")
        } else {
            format!("p{position}")
        };
        let _ = write!(text, "\n            {member}: {value},");
    }
    if let Some(body) = &planned.body {
        let value = if body.required { "Call::given(body)?" } else { "body" };
        let _ = write!(text, "\n            body: {value},");
    }
    let end = if takes_nothing { "}" } else { "\n        }" };
    let _ = write!(
        text,
        "{end};\n        match {bound}::{}(&*api, context, request).await? {{\n",
        planned.method
    );
    for variant in &planned.variants {
        reply(response, variant, text);
    }
    text.push_str("        }\n    })\n}\n");
}

fn read_body(body: &Body<'_>, text: &mut String) {
    let guard = if body.required {
        ""
    } else {
        "if !call.has_body() { None } else "
    };
    let brace = if body.required { ("", "") } else { ("{ ", " }") };
    let _ = writeln!(text, "        let body = {guard}{}match call.choose() {{", brace.0);
    for (position, (variant, _, carrier)) in body.contents.iter().enumerate() {
        let wrap = body.choice.as_ref().map(|choice| format!("{choice}::{variant}"));
        let read = match carrier {
            Carrier::Json(_) => format!("call.json({position}).await"),
            Carrier::Form(_) => format!("call.form({position}).await"),
            Carrier::Parts => "call.parts().await".to_owned(),
            Carrier::Text => format!("call.text({position}).await"),
            Carrier::Multipart(form) => {
                let mut read = String::from(
                    "match call.multipart().await {\n                None => None,\n                Some(()) => {\n",
                );
                for (number, part) in form.parts.iter().enumerate() {
                    let name = literal(&part.field.wire);
                    let taken = match part.kind {
                        PartKind::File => format!("file({name}, {})", part.is_required()),
                        PartKind::Files => format!("files({name})"),
                        PartKind::Value(index) => format!("part({position}, {index})"),
                    };
                    let _ = writeln!(read, "                    let f{number} = call.{taken};");
                }
                let _ = write!(read, "                    (move || Some({} {{", form.name);
                for (number, part) in form.parts.iter().enumerate() {
                    let sure = part.is_required() && part.kind != PartKind::Files;
                    let _ = write!(read, " {}: f{number}{},", part.member, if sure { "?" } else { "" });
                }
                read.push_str(" }))()\n                }\n            }");
                read
            }
            Carrier::Bytes | Carrier::Events(_) | Carrier::TextEvents | Carrier::Upgrade => "call.stream()".to_owned(),
        };
        let read = match wrap {
            // A match is no receiver of a method without parentheses.
            Some(variant) if read.starts_with("match") => format!("({read}).map({variant})"),
            Some(variant) => format!("{read}.map({variant})"),
            None => read,
        };
        let _ = writeln!(text, "            Some({position}) => {read},");
    }
    let _ = writeln!(text, "            _ => None,\n        }}{};", brace.1);
}

fn reply(response: &str, variant: &Variant<'_>, text: &mut String) {
    let mut pattern = format!("{response}::{}", variant.name);
    if variant.is_struct() {
        let mut fields = Vec::new();
        if variant.keeps_status() {
            fields.push("status".to_owned());
        }
        fields.extend(
            variant
                .headers
                .iter()
                .enumerate()
                .map(|(i, (member, ..))| format!("{member}: h{i}")),
        );
        if variant.body.is_some() {
            fields.push("body".to_owned());
        }
        let _ = write!(pattern, " {{ {} }}", fields.join(", "));
    } else if variant.body.is_some() {
        pattern.push_str("(body)");
    }
    let status = match variant.status {
        Status::Exact(code) => code.to_string(),
        Status::Range(_) | Status::Default => "status".to_owned(),
    };
    let mut reply = format!("Reply::new(operation, {status})");
    for (i, (_, position, _)) in variant.headers.iter().enumerate() {
        let _ = write!(reply, ".header({position}, &h{i})");
    }
    match &variant.body {
        None => reply.push_str(".empty()"),
        Some((media, carrier)) => {
            let media = literal(media);
            let _ = match carrier {
                Carrier::Json(_) | Carrier::Form(_) | Carrier::Multipart(_) | Carrier::Parts => {
                    write!(reply, ".json({media}, &body)")
                }
                Carrier::Text => write!(reply, ".text({media}, body)"),
                Carrier::Bytes => write!(reply, ".bytes({media}, body)"),
                Carrier::Events(_) => write!(reply, ".events(body)"),
                Carrier::TextEvents => write!(reply, ".text_events(body)"),
                Carrier::Upgrade => write!(reply, ".upgrade(body)"),
            };
        }
    }
    let _ = writeln!(text, "            {pattern} => {reply},");
}
