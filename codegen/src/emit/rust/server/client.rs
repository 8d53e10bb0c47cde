//! `crate::client::calls`: one method of the client an operation.
//!
//! Owns: writing requests and reading answers of each operation. Must not know: how HTTP is spoken (the frames do that).

use std::fmt::Write as _;

use super::super::docs::{comment, heading, literal};
use super::super::layout::Node;
use super::api;
use super::carrier::{Carrier, Part, PartKind};
use super::plan::{Body, Plan, Planned, Variant};
use crate::model::{DomainId, Status};

/// Methods that the client has already.
const KNOWN: [&str; 9] = [
    "new",
    "with_http",
    "with_user_agent",
    "with_bearer",
    "with_basic",
    "with_header_key",
    "with_query_key",
    "with_cookie_key",
    "request",
];

/// `client/calls/mod.rs`.
pub(super) fn index(plan: &Plan<'_>, domains: &[DomainId]) -> String {
    let mut text = String::from("//! One method an operation.\n\n");
    for domain in domains {
        let _ = writeln!(text, "mod {};", plan.names.domain(*domain));
    }
    text
}

/// `client/calls/<domain>.rs`.
pub(super) fn domain(plan: &Plan<'_>, domain: DomainId) -> String {
    let title = heading(&plan.names.model.domain(domain).title);
    let mut text = format!(
        concat!(
            "//! Calls of {title}.\n\n",
            "use crate::api::{module}::*;\n",
            "use crate::client::{{Client, ClientError}};\n",
            "use crate::operations::table::{module} as table;\n\n",
            "impl Client {{\n",
        ),
        title = title,
        module = plan.names.domain(domain)
    );
    let own = plan
        .operations
        .iter()
        .filter(|planned| planned.operation.domain == domain);
    for (position, planned) in own.enumerate() {
        if position > 0 {
            text.push('\n');
        }
        call(planned, &mut text);
    }
    text.push_str("}\n");
    text
}

fn call(planned: &Planned<'_>, text: &mut String) {
    let mut docs = api::docs(planned);
    docs.extend(["", "# Errors", "The service refuses, fails, or cannot be reached."].map(str::to_owned));
    text.push_str(&comment(&docs, "    "));
    let method = match planned.method {
        known if KNOWN.contains(&known) || known == "with_credential" => format!("{known}_"),
        method => method.to_owned(),
    };
    let takes_nothing = planned.operation.parameters.is_empty() && planned.body.is_none();
    let response = &planned.response;
    let _ = write!(
        text,
        "    pub async fn {method}(\n        &self,\n        request: {},\n    ) -> Result<{response}, ClientError> {{\n",
        planned.request,
    );
    if takes_nothing {
        text.push_str("        let _ = request;\n");
    }
    let _ = writeln!(
        text,
        "        let {}call = self.request(&table::{});",
        if takes_nothing { "" } else { "mut " },
        planned.constant
    );
    for (position, member) in planned.fields.iter().enumerate() {
        let _ = writeln!(text, "        call.parameter({position}, &request.{member});");
    }
    if let Some(body) = &planned.body {
        write_body(body, text);
    }
    text.push_str("        let answer = call.send().await?;\n        match answer.status() {\n");
    for (position, variant) in planned.variants.iter().enumerate() {
        let last_of_status = planned
            .variants
            .get(position + 1)
            .is_none_or(|next| next.status != variant.status);
        read(response, variant, last_of_status, text);
    }
    if !planned.variants.iter().any(|variant| variant.status == Status::Default) {
        text.push_str("            _ => Err(answer.failure().await),\n");
    }
    text.push_str("        }\n    }\n");
}

fn write_body(body: &Body<'_>, text: &mut String) {
    let (indent, end) = if body.required {
        text.push_str("        let body = request.body;\n");
        ("        ", "")
    } else {
        text.push_str("        if let Some(body) = request.body {\n");
        ("            ", "        }\n")
    };
    match &body.choice {
        None => {
            for (_, content, carrier) in &body.contents {
                statements(&write_content(&content.media, 0, carrier), indent, text);
            }
        }
        Some(choice) => {
            let _ = writeln!(text, "{indent}match body {{");
            for (position, (variant, content, carrier)) in body.contents.iter().enumerate() {
                let _ = writeln!(text, "{indent}    {choice}::{variant}(body) => {{");
                let inner = format!("{indent}        ");
                statements(&write_content(&content.media, position, carrier), &inner, text);
                let _ = writeln!(text, "{indent}    }}");
            }
            let _ = writeln!(text, "{indent}}}");
        }
    }
    text.push_str(end);
}

fn statements(all: &[String], indent: &str, text: &mut String) {
    for statement in all {
        let _ = writeln!(text, "{indent}{statement}");
    }
}

fn write_content(media: &str, position: usize, carrier: &Carrier<'_>) -> Vec<String> {
    let media = literal(media);
    match carrier {
        Carrier::Json(_) => vec![format!("call.json({media}, &body);")],
        Carrier::Form(_) => vec![format!("call.form({position}, &body);")],
        Carrier::Text => vec![format!("call.text({media}, body);")],
        Carrier::Parts => vec!["call.parts(body);".to_owned(), format!("call.multipart({media});")],
        Carrier::Multipart(form) => {
            let part = |part: &Part<'_>| {
                let (member, name) = (&part.member, literal(&part.field.wire));
                match part.kind {
                    PartKind::File if part.is_required() => vec![format!("call.file({name}, body.{member});")],
                    PartKind::File | PartKind::Files => {
                        let head = match part.kind {
                            PartKind::Files => "for file in",
                            _ => "if let Some(file) =",
                        };
                        vec![
                            format!("{head} body.{member} {{"),
                            format!("    call.file({name}, file);"),
                            "}".to_owned(),
                        ]
                    }
                    PartKind::Value(index) => vec![format!("call.part({position}, {index}, &body.{member});")],
                }
            };
            let mut all: Vec<String> = form.parts.iter().flat_map(part).collect();
            all.push(format!("call.multipart({media});"));
            all
        }
        Carrier::Bytes | Carrier::Events(_) | Carrier::TextEvents | Carrier::Upgrade => {
            vec![format!("call.bytes({media}, body);")]
        }
    }
}

fn read(response: &str, variant: &Variant<'_>, last_of_status: bool, text: &mut String) {
    let status = match variant.status {
        Status::Exact(code) => code.to_string(),
        Status::Range(hundred) => format!("{hundred}00..={hundred}99"),
        Status::Default => "_".to_owned(),
    };
    let guard = match &variant.body {
        Some((media, _)) if variant.shares_status && !last_of_status => format!(" if answer.is({})", literal(media)),
        _ => String::new(),
    };
    let body = match &variant.body {
        None => None,
        Some((_, carrier)) => Some(match carrier {
            Carrier::Json(_) | Carrier::Form(_) | Carrier::Multipart(_) | Carrier::Parts => "answer.json().await?",
            Carrier::Text => "answer.text().await?",
            Carrier::Bytes => "answer.bytes()",
            Carrier::Events(_) => "answer.events()",
            Carrier::TextEvents => "answer.text_events()",
            Carrier::Upgrade => "answer.upgrade().await?",
        }),
    };
    let path = format!("{response}::{}", variant.name);
    let made = if variant.is_struct() {
        // Fields are made in the order in which they stand: the body, which uses the answer up, is the last.
        let mut fields = Vec::new();
        if variant.keeps_status() {
            fields.push(Node::leaf("status: answer.status()"));
        }
        for (member, position, header) in &variant.headers {
            let read = if header.required { "header" } else { "optional_header" };
            fields.push(Node::leaf(format!("{member}: answer.{read}({position})?")));
        }
        fields.extend(body.map(|body| Node::leaf(format!("body: {body}"))));
        Node::block(format!("{path} {{"), fields, "}")
    } else {
        let body = body.map(|body| format!("({body})")).unwrap_or_default();
        Node::leaf(format!("{path}{body}"))
    };
    Node::block("Ok(", vec![made], ")").line(3, &format!("{status}{guard} => "), ",", text);
}
