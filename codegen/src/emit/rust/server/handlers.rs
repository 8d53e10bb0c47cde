//! `crate::server::handlers`: from a request to a call of a trait, and from its answer to a response.
//!
//! Owns: one function an operation, the routers. Must not know: how requests are taken apart (the frames do that).

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::docs::{heading, literal};
use super::super::imports::imports;
use super::super::layout::{Node, WIDTH};
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
        "\nuse std::convert::Infallible;\nuse std::sync::Arc;\n\n",
        "use axum::Router;\nuse axum::extract::Request;\nuse axum::response::Response;\nuse tower_service::Service;\n\n",
        "use super::{Endpoint, Routes};\nuse crate::api::Api;\nuse crate::operations::Operation;\n\n",
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
        "/// The same with what `wrap` puts around every endpoint: another service, such as `layer.layer(endpoint)`, or, for layers of\n",
        "/// axum, `any_service(endpoint).layer(layer)`. `wrap` sees the operation, and the requests that reach its layers carry it as\n",
        "/// the extension `&'static Operation`.\n",
        "pub fn router_with<A, S>(api: Arc<A>, wrap: impl FnMut(&'static Operation, Endpoint) -> S) -> Router\n",
        "where\n    A: Api,\n    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,\n    S::Future: Send,\n{\n",
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
        let local = planned.fields.get(position).map_or("", String::as_str);
        let _ = writeln!(text, "        let {} = call.{read};", local_of(local));
    }
    if let Some(body) = &planned.body {
        read_body(body, text);
    }
    let (request, response) = (&planned.request, &planned.response);
    let _ = write!(
        text,
        "        let context = call.accept()?;\n        let request = {request} {{"
    );
    for (parameter, member) in planned.operation.parameters.iter().zip(&planned.fields) {
        let local = local_of(member);
        let member = match parameter.required {
            true => format!("{member}: Call::given({local})?"),
            false => member_of(member),
        };
        let _ = write!(text, "\n            {member},");
    }
    if let Some(body) = &planned.body {
        let member = if body.required {
            "body: Call::given(body)?"
        } else {
            "body"
        };
        let _ = write!(text, "\n            {member},");
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

/// What the value of a field is called before it is one. Names that a handler has for itself get an underscore, which no name of a
/// field ends in that could meet it.
fn local_of(member: &str) -> Cow<'_, str> {
    match member {
        "api" | "call" | "context" | "operation" | "request" => format!("{member}_").into(),
        _ => member.into(),
    }
}

/// A field with the value that is called like it.
fn member_of(member: &str) -> String {
    match local_of(member) {
        Cow::Borrowed(local) => local.to_owned(),
        Cow::Owned(local) => format!("{member}: {local}"),
    }
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
                for part in &form.parts {
                    let name = literal(&part.field.wire);
                    let taken = match part.kind {
                        PartKind::File => format!("file({name}, {})", part.is_required()),
                        PartKind::Files => format!("files({name})"),
                        PartKind::Value(index) => format!("part({position}, {index})"),
                    };
                    let _ = writeln!(
                        read,
                        "                    let {} = call.{taken};",
                        local_of(&part.member)
                    );
                }
                let members = form.parts.iter().map(|part| {
                    let member = &part.member;
                    Node::leaf(match part.is_required() && part.kind != PartKind::Files {
                        true => format!("{member}: {}?", local_of(member)),
                        false => member_of(member),
                    })
                });
                let made = Node::block(format!("{} {{", form.name), members.collect(), "}");
                Node::block("Some(", vec![made], ")").line(5, "(move || ", ")()", &mut read);
                read.push_str("                }\n            }");
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
    let name = format!("{response}::{}", variant.name);
    let pattern = if variant.is_struct() {
        let mut fields = Vec::new();
        if variant.keeps_status() {
            fields.push(Node::leaf("status"));
        }
        fields.extend(variant.headers.iter().map(|(member, ..)| Node::leaf(member_of(member))));
        if variant.body.is_some() {
            fields.push(Node::leaf("body"));
        }
        Node::block(format!("{name} {{"), fields, "}")
    } else if variant.body.is_some() {
        Node::leaf(format!("{name}(body)"))
    } else {
        Node::leaf(name)
    };
    let status = match variant.status {
        Status::Exact(code) => code.to_string(),
        Status::Range(_) | Status::Default => "status".to_owned(),
    };
    let headers = variant.headers.iter();
    let mut calls: Vec<String> = headers
        .map(|(member, position, _)| format!(".header({position}, &{})", local_of(member)))
        .collect();
    calls.push(match &variant.body {
        None => ".empty()".to_owned(),
        Some((media, carrier)) => {
            let media = literal(media);
            match carrier {
                Carrier::Json(_) | Carrier::Form(_) | Carrier::Multipart(_) | Carrier::Parts => {
                    format!(".json({media}, &body)")
                }
                Carrier::Text => format!(".text({media}, body)"),
                Carrier::Bytes => format!(".bytes({media}, body)"),
                Carrier::Events(_) => ".events(body)".to_owned(),
                Carrier::TextEvents => ".text_events(body)".to_owned(),
                Carrier::Upgrade => ".upgrade(body)".to_owned(),
            }
        }
    });
    let begins = format!(" => Reply::new(operation, {status})");
    pattern.line(3, "", &begins, text);
    text.truncate(text.trim_end().len());
    let column = text.lines().next_back().unwrap_or_default().chars().count();
    let rest: usize = calls.iter().map(|call| call.chars().count()).sum();
    for call in calls {
        text.push_str(if column + rest < WIDTH {
            ""
        } else {
            "\n                "
        });
        text.push_str(&call);
    }
    text.push_str(",\n");
}
