//! What is written about each operation: names, fields, bodies, variants of answers.
//!
//! Owns: every decision that the request types, the table, the handlers and the client share. Must not know: how any of them is
//! written.

use std::collections::BTreeSet;

use super::super::names::{RustNames, is_keyword};
use super::carrier::{self, Carrier, Taken};
use crate::model::{Case, Content, DomainId, Header, Kind, Model, Name, Operation, Response, Status, Type};

/// Everything about the operations of a contract.
pub(super) struct Plan<'a> {
    /// Names of the types.
    pub(super) names: &'a RustNames<'a>,
    /// Operations in the order of the model.
    pub(super) operations: Vec<Planned<'a>>,
    /// Names of the traits, one a domain.
    pub(super) traits: Vec<String>,
}

/// One operation.
pub(super) struct Planned<'a> {
    /// The operation.
    pub(super) operation: &'a Operation,
    /// Name of its method.
    pub(super) method: &'a str,
    /// Name of its entry in the table.
    pub(super) constant: String,
    /// Name of the type of its requests.
    pub(super) request: String,
    /// Name of the type of its answers.
    pub(super) response: String,
    /// Fields of the request type, one a parameter.
    pub(super) fields: Vec<String>,
    /// Its body.
    pub(super) body: Option<Body<'a>>,
    /// Headers of its answers, each once.
    pub(super) headers: Vec<&'a Header>,
    /// Its answers.
    pub(super) variants: Vec<Variant<'a>>,
}

/// The body of a request.
pub(super) struct Body<'a> {
    /// Must be sent.
    pub(super) required: bool,
    /// Name of the type that holds any of several media types.
    pub(super) choice: Option<String>,
    /// The media types, each with the variant of `choice` that holds it.
    pub(super) contents: Vec<(String, &'a Content, Carrier<'a>)>,
}

/// One kind of answer.
pub(super) struct Variant<'a> {
    /// Name of the variant.
    pub(super) name: String,
    /// For which statuses.
    pub(super) status: Status,
    /// What the contract says about it.
    pub(super) description: &'a str,
    /// Fields of headers: name, position in `Planned::headers`, the header.
    pub(super) headers: Vec<(String, usize, &'a Header)>,
    /// Media type and body.
    pub(super) body: Option<(&'a str, Carrier<'a>)>,
    /// Further variants have the same status.
    pub(super) shares_status: bool,
}

impl Plan<'_> {
    /// The names of a domain that are what they are because others were taken.
    pub(super) fn taken(&self, domain: DomainId) -> String {
        let mut names = String::new();
        for planned in self
            .operations
            .iter()
            .filter(|planned| planned.operation.domain == domain)
        {
            let body = planned.body.iter();
            let forms = body.clone().flat_map(|body| &body.contents);
            let forms = forms.filter_map(|(_, _, carrier)| match carrier {
                Carrier::Multipart(form) => Some(&form.name),
                _ => None,
            });
            let choices = body.filter_map(|body| body.choice.as_ref());
            for name in [&planned.request, &planned.response]
                .into_iter()
                .chain(choices)
                .chain(forms)
            {
                names.push_str(name);
                names.push(' ');
            }
        }
        names
    }
}

impl Variant<'_> {
    /// Whether the status is a field.
    pub(super) fn keeps_status(&self) -> bool {
        !matches!(self.status, Status::Exact(_))
    }

    /// Whether it has named fields.
    pub(super) fn is_struct(&self) -> bool {
        self.keeps_status() || !self.headers.is_empty()
    }
}

/// Plans every operation.
pub(super) fn plan<'a>(names: &'a RustNames<'a>) -> Plan<'a> {
    let model = names.model;
    let mut taken = Taken::default();
    let domains = Case::Pascal.distinct(model.domains.iter().map(|domain| &domain.name), |_| false);
    let traits = domains.iter().map(|name| taken.name(&format!("{name}Api"))).collect();
    let ids = model.operations.iter().map(|operation| &operation.id);
    let constants = Case::Screaming.distinct(ids, |text| matches!(text, "OPERATIONS" | "RATE_CLASSES"));
    let operations = (model.operations.iter().enumerate().zip(constants))
        .map(|((index, operation), constant)| {
            // What keeps the stem from names of the prelude is not needed: it never stands alone.
            let stem = names.operation_type(index).trim_end_matches('_');
            let mut headers = Vec::new();
            let variants = variants(model, operation, &mut headers);
            Planned {
                operation,
                method: names.operation(index),
                constant,
                request: taken.name(&format!("{stem}Request")),
                response: taken.name(&format!("{stem}Response")),
                fields: fields(operation.parameters.iter().map(|parameter| &parameter.name)),
                body: body(names, operation, stem, &mut taken),
                headers,
                variants,
            }
        })
        .collect();
    Plan {
        names,
        operations,
        traits,
    }
}

/// Names of fields that stand beside `body` and `status`.
pub(super) fn fields<'n>(names: impl IntoIterator<Item = &'n Name>) -> Vec<String> {
    let reserved = |text: &str| matches!(text, "self" | "super" | "crate" | "body" | "status");
    let names = Case::Snake.distinct(names, reserved);
    names
        .into_iter()
        .map(|name| if is_keyword(&name) { format!("r#{name}") } else { name })
        .collect()
}

fn body<'a>(names: &'a RustNames<'a>, operation: &'a Operation, stem: &str, taken: &mut Taken) -> Option<Body<'a>> {
    let body = operation.body.as_ref().filter(|body| !body.contents.is_empty())?;
    let mut variants = BTreeSet::new();
    let contents: Vec<_> = (body.contents.iter())
        .map(|content| {
            let name = media_name(content, &mut variants);
            (name, content, carrier::of_request(names, content, stem, taken))
        })
        .collect();
    Some(Body {
        required: body.required,
        choice: (contents.len() > 1).then(|| taken.name(&format!("{stem}Body"))),
        contents,
    })
}

/// A name for a media type among others: that of its family for the first of it, else its own.
fn media_name(content: &Content, taken: &mut BTreeSet<String>) -> String {
    let family = carrier::family(content.kind).to_owned();
    if taken.insert(family.clone()) {
        return family;
    }
    let essence = content.media.split(';').next().unwrap_or_default();
    let own = Name::new(essence.rsplit('/').next().unwrap_or_default()).to(Case::Pascal);
    unused(own, taken)
}

fn unused(name: String, taken: &mut BTreeSet<String>) -> String {
    let base = if name == "Self" { "SelfMedia".to_owned() } else { name };
    let mut name = base.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

/// The answers of an operation. Failures in the contract's envelope are left out: a handler returns them as such.
fn variants<'a>(model: &'a Model, operation: &'a Operation, headers: &mut Vec<&'a Header>) -> Vec<Variant<'a>> {
    let mut taken = BTreeSet::new();
    let mut variants = Vec::new();
    for response in (operation.responses.iter()).filter(|response| !is_failure(model, response)) {
        let kept = kept_headers(response, headers);
        let base = status_name(response.status);
        let bodiless = operation.method == crate::model::Method::Head
            || matches!(response.status, Status::Exact(100 | 102..=199 | 204 | 205 | 304));
        let contents: Vec<Option<&Content>> = match response.contents.as_slice() {
            _ if bodiless || response.status == Status::Exact(101) => vec![None],
            [] => vec![None],
            several => several.iter().map(Some).collect(),
        };
        let many = contents.len() > 1;
        let mut media = BTreeSet::new();
        for (position, content) in contents.into_iter().enumerate() {
            let suffix = content
                .map(|content| media_name(content, &mut media))
                .unwrap_or_default();
            let name = if position == 0 {
                base.clone()
            } else {
                format!("{base}{suffix}")
            };
            let upgrade = (response.status == Status::Exact(101)).then_some(("", Carrier::Upgrade));
            variants.push(Variant {
                name: unused(name, &mut taken),
                status: response.status,
                description: &response.description,
                headers: kept.clone(),
                body: upgrade.or_else(|| Some((content?.media.as_str(), carrier::of_response(content?)))),
                shares_status: many,
            });
        }
    }
    if variants.is_empty() {
        variants.push(Variant {
            name: "Ok".to_owned(),
            status: Status::Exact(200),
            description: "Done.",
            headers: Vec::new(),
            body: None,
            shares_status: false,
        });
    }
    variants
}

/// Headers that the generated server sets by itself on the answers that have them.
const OWN_HEADERS: [&str; 6] = [
    "content-type",
    "content-length",
    "x-request-id",
    "connection",
    "upgrade",
    "sec-websocket-accept",
];

fn kept_headers<'a>(response: &'a Response, all: &mut Vec<&'a Header>) -> Vec<(String, usize, &'a Header)> {
    let own: Vec<&Header> = response
        .headers
        .iter()
        .filter(|header| !OWN_HEADERS.iter().any(|own| header.wire.eq_ignore_ascii_case(own)))
        .collect();
    let members = fields(own.iter().map(|header| &header.name));
    (own.into_iter().zip(members))
        .map(|(header, member)| {
            let known = all.iter().position(|other| {
                other.wire == header.wire && other.ty == header.ty && other.required == header.required
            });
            let position = known.unwrap_or_else(|| {
                all.push(header);
                all.len() - 1
            });
            (member, position, header)
        })
        .collect()
}

/// Whether the answer can only be a failure in the contract's own envelope.
fn is_failure(model: &Model, response: &Response) -> bool {
    let envelope = |ty: &Type| matches!(ty.kind, Kind::Named(id) if Some(id) == model.error_envelope);
    !response.status.is_success()
        && (response.contents.iter()).any(|content| {
            content
                .ty
                .as_ref()
                .is_some_and(|ty| envelope(ty) || envelope(model.resolve(ty).0))
        })
}

fn status_name(status: Status) -> String {
    match status {
        Status::Exact(code) => reason(code).map_or_else(|| format!("Status{code}"), str::to_owned),
        Status::Range(hundred) => format!("Status{hundred}xx"),
        Status::Default => "Other".to_owned(),
    }
}

fn reason(code: u16) -> Option<&'static str> {
    Some(match code {
        100 => "Continue",
        101 => "SwitchingProtocols",
        200 => "Ok",
        201 => "Created",
        202 => "Accepted",
        203 => "NonAuthoritative",
        204 => "NoContent",
        205 => "ResetContent",
        206 => "PartialContent",
        207 => "MultiStatus",
        300 => "MultipleChoices",
        301 => "MovedPermanently",
        302 => "Found",
        303 => "SeeOther",
        304 => "NotModified",
        307 => "TemporaryRedirect",
        308 => "PermanentRedirect",
        400 => "BadRequest",
        401 => "Unauthorized",
        402 => "PaymentRequired",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        408 => "RequestTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "PayloadTooLarge",
        415 => "UnsupportedMediaType",
        422 => "UnprocessableEntity",
        423 => "Locked",
        426 => "UpgradeRequired",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        501 => "NotImplemented",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => return None,
    })
}
