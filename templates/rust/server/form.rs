//! Forms: URL-encoded and multipart bodies.

use axum::extract::{FromRequest, Multipart};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Call;
use super::call::{choose_media, pointer};
use crate::bodies::{FilePart, FormPart};
use crate::errors::ErrorCode;
use crate::wire::{Found, Location, Pairs, Parameter, Style, read_pairs, scalar};

impl Call {
    /// A URL-encoded form, the operation's media type at this position.
    pub async fn form<T: DeserializeOwned>(&mut self, position: usize) -> Option<T> {
        let media = self.media(position)?;
        let (fields, rest) = (media.fields, media.rest);
        let text = self.utf8().await?;
        let pairs = Pairs::parse(&text);
        let mut object = Map::new();
        if let Some(Found::Value(Value::Object(members))) = rest.map(|rest| read_pairs(rest, &pairs, fields)) {
            object = members;
        }
        let mut broken = false;
        for field in fields {
            match read_pairs(field, &pairs, fields) {
                Found::Absent => {}
                Found::Value(value) => {
                    object.insert(field.name.to_owned(), value);
                }
                Found::Broken(message) => {
                    broken = true;
                    self.violate(Location::Body, &pointer(field.name), "type", message);
                }
            }
        }
        // With a broken field left out, it would be told a second time, as missing.
        if broken { None } else { self.typed(Location::Body, "", media.schema, Value::Object(object)) }
    }

    /// Reads the parts of a multipart body. `None`: they cannot be read, which is noted.
    pub async fn multipart(&mut self) -> Option<()> {
        let request = self.request()?;
        let mut multipart = match Multipart::from_request(request, &()).await {
            Ok(multipart) => multipart,
            Err(rejection) => return self.broken_form(rejection.status(), &rejection.body_text()),
        };
        loop {
            let field = match multipart.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => return Some(()),
                Err(error) => return self.broken_form(error.status(), &error.body_text()),
            };
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let content_type = field.content_type().map(str::to_owned);
            match field.bytes().await {
                Ok(bytes) => self.form.push(FormPart { name, file: FilePart { file_name, content_type, bytes } }),
                Err(error) => return self.broken_form(error.status(), &error.body_text()),
            }
        }
    }

    fn broken_form(&mut self, status: StatusCode, message: &str) -> Option<()> {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            self.fail(ErrorCode::RequestPayloadTooLarge);
        } else {
            self.fail(ErrorCode::RequestMalformed);
            self.violate(Location::Body, "", "syntax", message);
        }
        None
    }

    /// All parts, for forms whose parts the contract does not name.
    pub async fn parts(&mut self) -> Option<Vec<FormPart>> {
        self.multipart().await?;
        Some(std::mem::take(&mut self.form))
    }

    /// All files of this name.
    pub fn files(&mut self, name: &'static str) -> Vec<FilePart> {
        let parts = self.form.extract_if(.., |part| part.name == name);
        parts.map(|part| part.file).collect()
    }

    /// The file of this name; its absence is noted when it must be there.
    pub fn file(&mut self, name: &'static str, required: bool) -> Option<FilePart> {
        let file = self.files(name).into_iter().next();
        if file.is_none() && required {
            self.violate(Location::Body, &pointer(name), "required", "is missing");
        }
        file
    }

    /// The value of a part that is no file: the field at this position of the media type at that position.
    pub fn part<T: DeserializeOwned>(&mut self, media: usize, position: usize) -> Option<T> {
        let field = self.media(media)?.fields.get(position)?;
        let parts = self.files(field.name);
        let found = read_parts(field, &parts);
        if found == Found::Absent && field.required {
            self.violate(Location::Body, &pointer(field.name), "required", "is missing");
        }
        self.found(field, found)
    }
}

fn read_parts(field: &Parameter, parts: &[FilePart]) -> Found {
    let mut values = Vec::new();
    let repeated = field.schema.items().filter(|_| parts.len() != 1 || !field.schema.is_scalar());
    for part in parts {
        let Ok(text) = std::str::from_utf8(&part.bytes) else { return Found::Broken("is not UTF-8") };
        let json = part.content_type.as_deref().is_some_and(|media| choose_media(media, &["application/json"]).is_some());
        let schema = repeated.unwrap_or(field.schema);
        let structured = matches!(field.style, Style::Json) || json || !schema.is_scalar();
        if !structured {
            values.push(scalar(schema, text));
            continue;
        }
        match serde_json::from_str(text) {
            // A list may come as one part that holds all of it.
            Ok(Value::Array(items)) if repeated.is_some() => values.extend(items),
            Ok(value) => values.push(value),
            Err(_) if repeated.is_some() && !json => values.push(scalar(schema, text)),
            Err(_) => return Found::Broken("is not a JSON text"),
        }
    }
    match (values.pop(), repeated) {
        (None, _) => Found::Absent,
        (Some(last), Some(_)) => {
            values.push(last);
            Found::Value(Value::Array(values))
        }
        (Some(_), None) if !values.is_empty() => Found::Broken("is given more than once"),
        (Some(value), None) => Found::Value(value),
    }
}
