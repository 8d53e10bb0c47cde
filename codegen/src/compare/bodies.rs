//! Bodies: what requests carry, and what answers carry beside their headers.
//!
//! Owns: media types, statuses, headers, links. Must not know: types in detail.

use super::Contract;
use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::model::types::Docs;
use crate::model::{Body, Content, Header, Kind, Model, Operation, Response, Status, Type};
use crate::pointer::{below, escape};
use crate::tree::Value;

impl Comparison<'_> {
    /// The body of a request.
    pub(super) fn body(&mut self, before: Option<&Body>, after: Option<&Body>, spot: &Spot) {
        let pointer = |base: &str| format!("{base}/requestBody");
        let (old, now) = (
            self.before.target(&pointer(&spot.before)),
            self.after.target(&pointer(&spot.after)),
        );
        let whole = spot.part("the request body", &old, &now, spot.direction);
        let spot = &match before.is_some() && after.is_some() {
            true => whole.shared(),
            false => whole,
        };
        match (before, after) {
            (None, None) => {}
            (Some(old), None) => {
                let message = "the request body was removed".to_owned();
                self.removed(&rules::BODY_REMOVED, spot, message, Some(media_list(&old.contents)));
            }
            (None, Some(now)) => {
                let (rule, message) = match now.required {
                    true => (&rules::BODY_ADDED_REQUIRED, "a required request body was added"),
                    false => (&rules::BODY_ADDED, "an optional request body was added"),
                };
                self.added(rule, spot, message.to_owned(), Some(media_list(&now.contents)));
            }
            (Some(old), Some(now)) => {
                match (old.required, now.required) {
                    (false, true) => self.said(
                        &rules::BODY_REQUIRED,
                        spot,
                        "the request body is required now".to_owned(),
                    ),
                    (true, false) => self.said(
                        &rules::BODY_OPTIONAL,
                        spot,
                        "the request body is optional now".to_owned(),
                    ),
                    _ => {}
                }
                self.contents(&old.contents, &now.contents, spot.direction.response, spot);
                self.text(
                    "description",
                    old.description.as_deref(),
                    now.description.as_deref(),
                    spot,
                );
            }
        }
    }

    /// Every answer of an operation.
    pub(super) fn responses(&mut self, before: &Operation, after: &Operation, spot: &Spot) {
        for old in &before.responses {
            if !after.responses.iter().any(|now| now.status == old.status) {
                let rule = match succeeds(old, before) && !covered(old.status, after) {
                    true => &rules::RESPONSE_SUCCESS_REMOVED,
                    false => &rules::RESPONSE_REMOVED,
                };
                let spot = answer(old, old, spot);
                let message = format!("{} was removed", spot.words());
                self.removed(rule, &spot, message, None);
            }
        }
        for now in &after.responses {
            let Some(old) = before.responses.iter().find(|old| old.status == now.status) else {
                let rule = match succeeds(now, after) && !covered(now.status, before) {
                    true => &rules::RESPONSE_SUCCESS_ADDED,
                    false => &rules::RESPONSE_ADDED,
                };
                let spot = answer(now, now, spot);
                let message = format!("{} was added", spot.words());
                self.added(rule, &spot, message, None);
                continue;
            };
            let whole = answer(old, now, spot);
            let (at_old, at_now) = (self.before.target(&whole.before), self.after.target(&whole.after));
            let spot = whole.moved(Some(&at_old), Some(&at_now)).shared();
            self.contents(&old.contents, &now.contents, false, &spot);
            self.headers(old, now, &spot);
            self.links(&spot);
            self.text("description", Some(&old.description), Some(&now.description), &spot);
        }
    }

    /// What an answer says may be asked next.
    fn links(&mut self, spot: &Spot) {
        let (before, after) = (self.before, self.after);
        let list = |base: &str| format!("{base}/links");
        let names = |contract: Contract<'_>, base: &str| -> Vec<String> {
            let found = contract.bundle.document.pointer(&list(base));
            let members = found.and_then(Value::as_object).into_iter().flatten();
            members.map(|(name, _)| name.to_string()).collect()
        };
        let (old, now) = (names(before, &spot.before), names(after, &spot.after));
        let new = now.iter().filter(|name| !old.contains(name));
        for name in old.iter().chain(new) {
            let at = |base: &str| below(&list(base), name);
            let place = spot.moved(Some(&at(&spot.before)), Some(&at(&spot.after)));
            let value =
                |contract: Contract<'_>, at: &str| contract.bundle.document.pointer(&contract.target(at)).cloned();
            let words = format!("the link `{name}` of {}", spot.words());
            match (value(before, &place.before), value(after, &place.after)) {
                (Some(_), None) => self.removed(&rules::LINK, &place, format!("{words} was removed"), None),
                (None, Some(_)) => self.added(&rules::LINK, &place, format!("{words} was added"), None),
                (Some(old), Some(now)) if old != now => {
                    self.said(
                        &rules::LINK,
                        &place,
                        format!("{words} leads elsewhere or says something else"),
                    );
                }
                _ => {}
            }
        }
    }

    fn headers(&mut self, before: &Response, after: &Response, spot: &Spot) {
        let same = |left: &Header, right: &Header| left.wire.eq_ignore_ascii_case(&right.wire);
        let place = |header: &Header| {
            let key = escape(&header.wire);
            spot.part(
                format!("the header `{}` of {}", header.wire, spot.words()),
                &format!("{}/headers/{key}", spot.before),
                &format!("{}/headers/{key}", spot.after),
                spot.direction,
            )
        };
        for old in &before.headers {
            if !after.headers.iter().any(|now| same(old, now)) {
                let spot = place(old);
                let message = format!("{} was removed", spot.words());
                self.removed(&rules::HEADER_REMOVED, &spot, message, None);
            }
        }
        for now in &after.headers {
            let spot = place(now);
            let Some(old) = before.headers.iter().find(|old| same(old, now)) else {
                let message = format!("{} was added", spot.words());
                let rule = match now.required {
                    true => &rules::HEADER_ADDED_REQUIRED,
                    false => &rules::HEADER_ADDED,
                };
                self.added(rule, &spot, message, None);
                continue;
            };
            let (at_old, at_now) = (self.before.target(&spot.before), self.after.target(&spot.after));
            let spot = spot.moved(Some(&at_old), Some(&at_now)).shared();
            let words = spot.words();
            match (old.required, now.required) {
                (false, true) => self.said(&rules::HEADER_REQUIRED, &spot, format!("{words} is always there now")),
                (true, false) => self.said(&rules::HEADER_OPTIONAL, &spot, format!("{words} may be absent now")),
                _ => {}
            }
            self.types(&old.ty, &now.ty, &spot);
            self.docs(&old.docs, &now.docs, &spot);
        }
    }

    /// The media types of a body. Of one that the service sends `unasked` nobody chooses which it is.
    fn contents(&mut self, before: &[Content], after: &[Content], unasked: bool, spot: &Spot) {
        let same = |left: &Content, right: &Content| left.media.eq_ignore_ascii_case(&right.media);
        for old in before {
            if !after.iter().any(|now| same(old, now)) {
                let place = spot.moved(Some(&old.pointer), None);
                let message = format!("{} is not `{}` any more", spot.words(), old.media);
                self.removed(&rules::MEDIA_TYPE_REMOVED, &place, message, Some(old.media.clone()));
            }
        }
        for now in after {
            let Some(old) = before.iter().find(|old| same(old, now)) else {
                let place = spot.moved(None, Some(&now.pointer));
                let message = match before.is_empty() {
                    true => format!("{} has a body now: `{}`", spot.words(), now.media),
                    false => format!("{} may be `{}` now", spot.words(), now.media),
                };
                let rule = match unasked && !before.is_empty() {
                    true => &rules::MEDIA_TYPE_ADDED_UNASKED,
                    false => &rules::MEDIA_TYPE_ADDED,
                };
                self.added(rule, &place, message, Some(now.media.clone()));
                continue;
            };
            let root = match after.len() {
                1 => spot.words(),
                _ => format!("{} as `{}`", spot.words(), now.media),
            };
            let schema = |content: &Content| format!("{}/schema", content.pointer);
            let place = spot.part(root, &schema(old), &schema(now), spot.direction);
            let any = Type::of(Kind::Any);
            self.types(old.ty.as_ref().unwrap_or(&any), now.ty.as_ref().unwrap_or(&any), &place);
            let (of_old, of_now) = (inline_docs(self.before.model, old), inline_docs(self.after.model, now));
            if let (Some(old), Some(now)) = (of_old, of_now) {
                self.docs(old, now, &place);
            }
            if old.encodings != now.encodings {
                let message = format!("the parts of {} are written in another way", place.words());
                self.said(&rules::ENCODING, &place, message);
            }
            let sorted = |content: &Content| {
                let mut examples: Vec<_> = content.examples.clone();
                examples.sort_by(|left, right| left.name.cmp(&right.name));
                examples
            };
            if sorted(old) != sorted(now) {
                let message = format!("there are other examples of {}", place.words());
                self.said(&rules::EXAMPLES, &place, message);
            }
        }
    }
}

/// Words about a body that is written inline.
fn inline_docs<'m>(model: &'m Model, content: &Content) -> Option<&'m Docs> {
    match content.ty.as_ref()?.kind {
        Kind::Named(id) => Some(model.type_def(id))
            .filter(|def| !def.component)
            .map(|def| &def.docs),
        _ => None,
    }
}

fn media_list(contents: &[Content]) -> String {
    let names: Vec<&str> = contents.iter().map(|content| content.media.as_str()).collect();
    names.join(", ")
}

fn answer(before: &Response, after: &Response, spot: &Spot) -> Spot {
    let name = match after.status {
        Status::Exact(code) => format!("the {code} answer"),
        Status::Range(hundred) => format!("the {hundred}XX answer"),
        Status::Default => "the default answer".to_owned(),
    };
    spot.part(name, &before.pointer, &after.pointer, spot.direction.reversed())
}

/// Whether an answer means success: `default` does where nothing else can.
fn succeeds(response: &Response, of: &Operation) -> bool {
    response.status.is_success() || (response.status == Status::Default && of.success().is_none())
}

/// Whether callers were told of a status by a range, or by a `default` that meant success.
fn covered(status: Status, by: &Operation) -> bool {
    by.responses.iter().any(|response| match (status, response.status) {
        (Status::Exact(code), Status::Range(hundred)) => code / 100 == u16::from(hundred),
        (_, Status::Default) => by.success().is_none(),
        _ => false,
    })
}
