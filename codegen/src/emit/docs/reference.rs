//! The pages of the operations, one a domain.
//!
//! Owns: what is told about an operation, and in which order. Must not know: how names and links are made.

use super::book::Book;
use super::prose::{blocks, line};
use super::quote::{code, literal, opening, push_fence, text};
use super::table::table;
use super::words::{rules, sentences, ty};
use crate::emit::example::{self, Direction};
use crate::emit::json;
use crate::model::{Content, DomainId, Location, Model, Operation, Parameter, Response, Status, Style, Type};

/// Examples longer than this are for the contract, not for a page.
const LONGEST_EXAMPLE: usize = 20_000;

/// The body of a domain's page.
pub(super) fn page(book: &Book<'_>, domain: DomainId, from: &str) -> String {
    let mut out = String::new();
    if let Some(description) = &book.model.domain(domain).description {
        out.push_str(&paragraph(description));
    }
    let rows: Vec<Vec<String>> = book
        .operations_of(domain)
        .map(|(i, operation)| {
            vec![
                book.operation_link(i, from),
                address(operation),
                summary_cell(operation),
            ]
        })
        .collect();
    table(&["Operation", "Request", "About"], &rows, &mut out);
    let needs_types = book.model.types.iter().enumerate();
    if needs_types
        .into_iter()
        .any(|(i, def)| def.domain == Some(domain) && book.ty(i).is_some())
    {
        let page = book.schemas_page(Some(domain));
        out.push_str(&super::book::page_link("Schemas of this domain", &page, from));
        out.push_str("\n\n");
    }
    for (i, operation) in book.operations_of(domain) {
        if let Some(spot) = book.operation(i) {
            out.push_str(&spot.title(2));
        }
        self::operation(book, operation, from, &mut out);
    }
    out
}

/// A description as blocks with an empty line behind them.
pub(super) fn paragraph(description: &str) -> String {
    let made = blocks(description);
    if made.is_empty() { made } else { format!("{made}\n") }
}

fn address(operation: &Operation) -> String {
    code(&format!("{} {}", operation.method.as_str(), operation.path.raw))
}

/// One line about an operation.
pub(super) fn summary_cell(operation: &Operation) -> String {
    let words = match (&operation.summary, &operation.docs.description) {
        (Some(summary), _) => text(summary),
        (None, Some(description)) => first_sentence(&line(description)),
        (None, None) => String::new(),
    };
    if operation.docs.deprecated {
        format!("*Deprecated.* {words}")
    } else {
        words
    }
}

fn first_sentence(text: &str) -> String {
    text.split_once(". ")
        .map_or_else(|| text.to_owned(), |(first, _)| format!("{first}."))
}

fn operation(book: &Book<'_>, operation: &Operation, from: &str, out: &mut String) {
    out.push_str(&format!("{}\n\n", address(operation)));
    if operation.docs.deprecated {
        out.push_str("**Deprecated.** New callers should not use it.\n\n");
    }
    if let Some(summary) = &operation.summary {
        out.push_str(&format!("{}\n\n", opening(summary)));
    }
    if let Some(description) = operation
        .docs
        .description
        .as_ref()
        .filter(|words| Some(*words) != operation.summary.as_ref())
    {
        out.push_str(&paragraph(description));
    }
    let facts = facts(book, operation, from);
    if !facts.is_empty() {
        for (name, value) in facts {
            out.push_str(&format!("- {name}: {value}\n"));
        }
        out.push('\n');
    }
    parameters(book, &operation.parameters, from, out);
    if let Some(body) = &operation.body {
        let need = if body.required { "required" } else { "optional" };
        out.push_str(&format!("**Body** ({need})\n\n"));
        if let Some(description) = &body.description {
            out.push_str(&paragraph(description));
        }
        contents(book, &body.contents, Direction::Request, from, out);
    }
    responses(book, &operation.responses, from, out);
}

fn facts(book: &Book<'_>, operation: &Operation, from: &str) -> Vec<(&'static str, String)> {
    let model = book.model;
    let policy = &operation.policy;
    let mut facts = Vec::new();
    facts.extend(access(operation).map(|access| ("Access", access)));
    if let Some(role) = policy.role.and_then(|role| model.roles.get(role)) {
        let words = if policy.role.is_some_and(|role| role + 1 < model.roles.len()) {
            format!("{} or higher", text(role))
        } else {
            text(role)
        };
        facts.push(("Role", words));
    }
    facts.extend(
        policy
            .rate_class
            .as_ref()
            .map(|class| ("Rate limit", rate(model, class))),
    );
    if policy.idempotent {
        facts.push(("Repeatable", "takes an `Idempotency-Key` header".to_owned()));
    }
    if !policy.errors.is_empty() {
        let links: Vec<String> = policy.errors.iter().map(|code| book.error_link(code, from)).collect();
        facts.push(("Errors", links.join(", ")));
    }
    if !policy.requirements.is_empty() {
        let links = book.requirement_links(&policy.requirements, &operation.place.file, from);
        facts.push(("Requirements", links));
    }
    facts
}

/// Who may call it, when the contract says so.
fn access(operation: &Operation) -> Option<String> {
    if operation.public {
        return Some("anyone".to_owned());
    }
    let alternatives: Vec<String> = operation
        .security
        .iter()
        .filter(|schemes| !schemes.is_empty())
        .map(|schemes| {
            let parts: Vec<String> = schemes
                .iter()
                .map(|(name, scopes)| {
                    let scopes: Vec<String> = scopes.iter().map(|scope| code(scope)).collect();
                    if scopes.is_empty() {
                        text(name)
                    } else {
                        format!("{} with {}", text(name), scopes.join(", "))
                    }
                })
                .collect();
            parts.join(" and ")
        })
        .collect();
    (!alternatives.is_empty()).then(|| alternatives.join(", or "))
}

/// A rate class in words.
pub(super) fn rate(model: &Model, class: &str) -> String {
    let Some(found) = model.rate_classes.get(class) else {
        return text(class);
    };
    let buckets: Vec<String> = found.buckets.iter().map(|bucket| text(bucket)).collect();
    let tokens = if found.tokens == 1 {
        "1 token".to_owned()
    } else {
        format!("{} tokens", found.tokens)
    };
    let again = found.every_seconds.map_or_else(String::new, |seconds| {
        format!(", again every {seconds} seconds while it is open")
    });
    format!("{} ({tokens} of {}{again})", text(class), buckets.join(", "))
}

fn parameters(book: &Book<'_>, parameters: &[Parameter], from: &str, out: &mut String) {
    if parameters.is_empty() {
        return;
    }
    out.push_str("**Parameters**\n\n");
    let rows: Vec<Vec<String>> = parameters
        .iter()
        .map(|parameter| {
            let mut about = Vec::new();
            if parameter.docs.deprecated {
                about.push("*Deprecated*".to_owned());
            }
            about.extend(parameter.docs.description.as_deref().map(line));
            about.extend(rules(&parameter.ty));
            about.extend(
                parameter
                    .default
                    .as_ref()
                    .map(|value| format!("default {}", literal(value))),
            );
            about.extend(written(parameter));
            about.extend(
                parameter
                    .docs
                    .examples
                    .first()
                    .map(|value| format!("for example {}", literal(value))),
            );
            vec![
                code(&parameter.wire),
                place(parameter.location).to_owned(),
                ty(book, &parameter.ty, from),
                if parameter.required { "yes" } else { "" }.to_owned(),
                sentences(&about),
            ]
        })
        .collect();
    table(&["Name", "In", "Type", "Required", "About"], &rows, out);
}

fn place(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    }
}

/// How lists and objects are written, where it is not the usual way.
fn written(parameter: &Parameter) -> Option<String> {
    let words = match (parameter.style, parameter.explode) {
        (Style::Simple | Style::Form, _) => return None,
        (Style::Label, _) => "written as `.a.b`",
        (Style::Matrix, _) => "written as `;name=value`",
        (Style::SpaceDelimited, _) => "items are separated by spaces",
        (Style::PipeDelimited, _) => "items are separated by bars",
        (Style::DeepObject, _) => "written as `name[key]=value`",
        (Style::Json, _) => "written as one JSON text",
    };
    Some(words.to_owned())
}

fn responses(book: &Book<'_>, responses: &[Response], from: &str, out: &mut String) {
    if responses.is_empty() {
        return;
    }
    out.push_str("**Responses**\n\n");
    let rows: Vec<Vec<String>> = responses
        .iter()
        .map(|response| {
            let bodies: Vec<String> = response
                .contents
                .iter()
                .map(|content| body_cell(book, content, from))
                .collect();
            let headers: Vec<String> = response.headers.iter().map(|header| code(&header.wire)).collect();
            vec![
                status(response.status),
                line(&response.description),
                bodies.join("<br>"),
                headers.join(", "),
            ]
        })
        .collect();
    table(&["Status", "About", "Body", "Headers"], &rows, out);
    for response in responses.iter().filter(|response| response.status.is_success()) {
        examples(
            book,
            &response.contents,
            Direction::Response,
            &status(response.status),
            out,
        );
    }
}

/// A status for people.
fn status(status: Status) -> String {
    match status {
        Status::Exact(code) => code.to_string(),
        Status::Range(hundred) => format!("{hundred}XX"),
        Status::Default => "any other".to_owned(),
    }
}

fn body_cell(book: &Book<'_>, content: &Content, from: &str) -> String {
    match &content.ty {
        Some(found) => format!("{} ({})", ty(book, found, from), code(&content.media)),
        None => code(&content.media),
    }
}

/// Media types of a body with its rules and examples.
pub(super) fn contents(book: &Book<'_>, contents: &[Content], direction: Direction, from: &str, out: &mut String) {
    for content in contents {
        let rules = content.ty.as_ref().map(rules).unwrap_or_default();
        out.push_str(&format!("- {}", body_cell(book, content, from)));
        if !rules.is_empty() {
            out.push_str(&format!(": {}", rules.join(", ")));
        }
        out.push('\n');
    }
    if !contents.is_empty() {
        out.push('\n');
    }
    examples(book, contents, direction, "", out);
}

/// Every example of the author's, else one made of the type. Only of the first media type that has a JSON form.
fn examples(book: &Book<'_>, contents: &[Content], direction: Direction, of: &str, out: &mut String) {
    let Some(content) = contents
        .iter()
        .find(|content| !content.examples.is_empty() || is_worth_showing(content.ty.as_ref()))
    else {
        return;
    };
    let of = if of.is_empty() {
        String::new()
    } else {
        format!(" of {of}")
    };
    if content.examples.is_empty() {
        if let Some(value) = example::of_content(book.model, content, direction) {
            show(&format!("Example{of}"), &value, out);
        }
        return;
    }
    for found in &content.examples {
        let words = found.summary.as_deref().unwrap_or(&found.name);
        let title = if words == "default" {
            format!("Example{of}")
        } else {
            format!("Example{of}: {}", text(words))
        };
        show(&title, &found.value, out);
    }
}

/// A plain string or number shows nothing that its type does not tell.
fn is_worth_showing(ty: Option<&Type>) -> bool {
    use crate::model::Kind::{List, Map, Named, Tuple};
    ty.is_some_and(|ty| matches!(ty.kind, List(_) | Map(_) | Named(_) | Tuple { .. }))
}

fn show(title: &str, value: &crate::tree::Value, out: &mut String) {
    let shown = json::pretty(value);
    if shown.len() <= LONGEST_EXAMPLE {
        out.push_str(title);
        out.push_str("\n\n");
        push_fence(out, "json", &shown);
        out.push('\n');
    }
}
