//! Which Rust type carries a body.
//!
//! Owns: the families of bodies, the fields of multipart forms. Must not know: servers, clients.

use std::collections::BTreeSet;

use super::super::names::RustNames;
use super::plan::fields;
use crate::model::{Content, Extra, Field, Kind, MediaKind, Record, Shape, TextFormat, Type};

/// What holds a body.
pub(super) enum Carrier<'a> {
    /// JSON of this type; of any when nothing is said.
    Json(Option<&'a Type>),
    /// A URL-encoded form of this type.
    Form(Option<&'a Type>),
    /// A multipart form with known parts.
    Multipart(MultipartForm<'a>),
    /// A multipart form whose parts are not known.
    Parts,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Events whose data is JSON of this type.
    Events(&'a Type),
    /// Events whose data is text.
    TextEvents,
    /// A connection in another protocol.
    Upgrade,
}

/// A multipart form with known parts.
pub(super) struct MultipartForm<'a> {
    /// Name of its type.
    pub(super) name: String,
    /// Its parts.
    pub(super) parts: Vec<Part<'a>>,
}

/// A part of a multipart form.
pub(super) struct Part<'a> {
    /// The field of the record.
    pub(super) field: &'a Field,
    /// Name in Rust.
    pub(super) member: String,
    /// What it is.
    pub(super) kind: PartKind,
}

/// What a part is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// One file.
    File,
    /// Any number of files.
    Files,
    /// A value: the field at this position of the media type.
    Value(usize),
}

/// Names that are in use among everything about operations.
#[derive(Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// A name that nothing else has. `Api` is the trait of all domains.
    pub(super) fn name(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut number = 2;
        while name == "Api" || !self.0.insert(name.clone()) {
            name = format!("{base}{number}");
            number += 1;
        }
        name
    }
}

/// Name of a family of bodies, as a variant.
pub(super) fn family(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Json => "Json",
        MediaKind::Form => "Form",
        MediaKind::Multipart => "Multipart",
        MediaKind::EventStream => "Events",
        MediaKind::Text => "Text",
        MediaKind::Bytes => "Bytes",
    }
}

/// What holds a body that a server answers with.
pub(super) fn of_response(content: &Content) -> Carrier<'_> {
    match content.kind {
        MediaKind::Json => Carrier::Json(content.ty.as_ref()),
        MediaKind::EventStream => match &content.ty {
            Some(ty) if !matches!(ty.kind, Kind::Text(_)) => Carrier::Events(ty),
            _ => Carrier::TextEvents,
        },
        MediaKind::Text => Carrier::Text,
        MediaKind::Form | MediaKind::Multipart | MediaKind::Bytes => Carrier::Bytes,
    }
}

/// What holds a body that a caller sends.
pub(super) fn of_request<'a>(
    names: &'a RustNames<'a>,
    content: &'a Content,
    stem: &str,
    taken: &mut Taken,
) -> Carrier<'a> {
    match content.kind {
        MediaKind::Json => Carrier::Json(content.ty.as_ref()),
        MediaKind::Form => Carrier::Form(content.ty.as_ref()),
        MediaKind::Multipart => match content.ty.as_ref().and_then(|ty| record(names, ty)) {
            Some(record) => Carrier::Multipart(multipart(names, content, record, taken.name(&format!("{stem}Form")))),
            None => Carrier::Parts,
        },
        MediaKind::Text => Carrier::Text,
        MediaKind::EventStream | MediaKind::Bytes => Carrier::Bytes,
    }
}

/// The record behind a type.
pub(super) fn record<'a>(names: &'a RustNames<'a>, ty: &'a Type) -> Option<&'a Record> {
    match names.model.resolve(ty).0.kind {
        Kind::Named(id) => match &names.model.type_def(id).shape {
            Shape::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    }
}

fn multipart<'a>(
    names: &'a RustNames<'a>,
    content: &'a Content,
    record: &'a Record,
    name: String,
) -> MultipartForm<'a> {
    let sent: Vec<&Field> = record.fields.iter().filter(|field| !field.read_only).collect();
    let members = fields(sent.iter().map(|field| &field.name));
    let mut values = 0;
    let parts = (sent.into_iter().zip(members)).map(|(field, member)| {
        let kind = part_kind(names, content, field).unwrap_or_else(|| {
            values += 1;
            PartKind::Value(values - 1)
        });
        Part { field, member, kind }
    });
    MultipartForm {
        name,
        parts: parts.collect(),
    }
}

/// Whether a field is a file, or several: bytes, or text that the contract gives a media type of its own.
fn part_kind(names: &RustNames<'_>, content: &Content, field: &Field) -> Option<PartKind> {
    let (ty, _) = names.model.resolve(&field.ty);
    let encoded = content
        .encodings
        .get(&field.wire)
        .and_then(|encoding| encoding.content_type.as_deref());
    let foreign = encoded.is_some_and(|media| !media.contains("json") && !media.starts_with("text/"));
    let is_file = |ty: &Type| match &ty.kind {
        Kind::Text(TextFormat::Bytes) => true,
        Kind::Text(_) => foreign,
        _ => false,
    };
    match &ty.kind {
        Kind::List(item) if is_file(names.model.resolve(item).0) => Some(PartKind::Files),
        _ if is_file(ty) => Some(PartKind::File),
        _ => None,
    }
}

/// Fields of a form whose members that are not named are kept: the type of the members. `None` inside: any.
pub(super) fn rest<'a>(names: &'a RustNames<'a>, ty: Option<&'a Type>) -> Option<Option<&'a Type>> {
    match ty.map(|ty| (ty, record(names, ty))) {
        None => Some(None),
        Some((_, Some(record))) => match &record.extra {
            Extra::Kept(ty) => Some(Some(ty)),
            _ => None,
        },
        Some((ty, None)) => match &names.model.resolve(ty).0.kind {
            Kind::Map(ty) => Some(Some(ty)),
            _ => Some(None),
        },
    }
}

impl Carrier<'_> {
    /// The Rust type.
    pub(super) fn spelt(&self, names: &RustNames<'_>) -> String {
        let spell = |ty: &Type| names.spell(ty, super::super::spell::Within::Elsewhere);
        match self {
            Self::Json(ty) | Self::Form(ty) => ty.map_or_else(|| "serde_json::Value".to_owned(), spell),
            Self::Multipart(form) => form.name.clone(),
            Self::Parts => "Vec<bodies::FormPart>".to_owned(),
            Self::Text => "String".to_owned(),
            Self::Bytes => "bodies::ByteBody".to_owned(),
            Self::Events(ty) => format!("bodies::EventStream<{}>", spell(ty)),
            Self::TextEvents => "bodies::EventStream<String>".to_owned(),
            Self::Upgrade => "bodies::Upgrade".to_owned(),
        }
    }

    /// Whether its values can be copied.
    pub(super) fn is_clone(&self) -> bool {
        !matches!(self, Self::Bytes | Self::Events(_) | Self::TextEvents | Self::Upgrade)
    }
}

impl Part<'_> {
    /// Must be sent.
    pub(super) fn is_required(&self) -> bool {
        self.field.required
    }

    /// The Rust type.
    pub(super) fn spelt(&self, names: &RustNames<'_>) -> String {
        let ty = match self.kind {
            PartKind::Files => return "Vec<bodies::FilePart>".to_owned(),
            PartKind::File => "bodies::FilePart".to_owned(),
            PartKind::Value(_) => names.spell(&self.field.ty, super::super::spell::Within::Elsewhere),
        };
        if self.is_required() {
            ty
        } else {
            format!("Option<{ty}>")
        }
    }
}
