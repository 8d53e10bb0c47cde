//! Writing requests.

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::{Client, ClientError, Place};
use crate::bodies::{ByteBody, FilePart, FormPart};
use crate::operations::{Media, Operation, PathPart};
use crate::wire::{
    Location, percent_encode, percent_encode_reserved, write_cookie, write_header, write_pairs, write_path,
};

/// A request under construction: what the methods of [`Client`] are made of.
pub struct Request<'a> {
    client: &'a Client,
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: Vec<String>,
    cookies: Vec<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<reqwest::Body>,
    form: Vec<(FormPart, bool)>,
    problem: Option<String>,
}

impl<'a> Request<'a> {
    pub(super) fn new(client: &'a Client, operation: &'static Operation) -> Self {
        let mut request = Self {
            client,
            operation,
            path: Vec::new(),
            query: Vec::new(),
            cookies: Vec::new(),
            headers: Vec::new(),
            body: None,
            form: Vec::new(),
            problem: None,
        };
        request.header(USER_AGENT, &client.user_agent);
        if !operation.produces.is_empty() {
            request.header(ACCEPT, &operation.produces.join(", "));
        }
        request
    }

    fn header(&mut self, name: HeaderName, value: &str) {
        match HeaderValue::try_from(value) {
            Ok(value) => self.headers.push((name, value)),
            Err(_) => self.trouble(format!("the header {name} cannot hold its value")),
        }
    }

    fn trouble(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// Adds the operation's parameter at this position. `null` is absence, except in paths.
    pub fn parameter(&mut self, position: usize, value: &impl Serialize) {
        let Some(parameter) = self.operation.parameters.get(position) else { return };
        let value = match serde_json::to_value(value) {
            Ok(value) => value,
            Err(error) => return self.trouble(format!("{}: {error}", parameter.name)),
        };
        match parameter.location {
            Location::Path => {
                let text = write_path(parameter, &value);
                // An empty segment would be another path, and `..` would climb.
                if text.is_empty() || text == "." || text == ".." {
                    return self.trouble(format!("{} cannot stand in a path", parameter.name));
                }
                self.path.push((parameter.name, text));
            }
            _ if value.is_null() => {}
            Location::Query | Location::Body => write_pairs(parameter, &value, &mut self.query),
            Location::Header => match HeaderName::try_from(parameter.name) {
                Ok(name) => self.header(name, &write_header(parameter, &value)),
                Err(_) => self.trouble(format!("{} is no name of a header", parameter.name)),
            },
            Location::Cookie => self.cookies.push(write_cookie(parameter, &value)),
        }
    }

    /// A body of JSON.
    pub fn json(&mut self, media: &str, body: &impl Serialize) {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.content(media, bytes.into()),
            Err(error) => self.trouble(error.to_string()),
        }
    }

    /// A body of text.
    pub fn text(&mut self, media: &str, body: String) {
        self.content(media, body.into());
    }

    /// A body of bytes.
    pub fn bytes(&mut self, media: &str, body: ByteBody) {
        let media = body.content_type().unwrap_or(if media.contains('*') { "application/octet-stream" } else { media }).to_owned();
        let body = match body.into_full() {
            Ok(bytes) => bytes.into(),
            Err(stream) => reqwest::Body::wrap_stream(stream),
        };
        self.content(&media, body);
    }

    /// A URL-encoded form, the operation's media type at this position.
    pub fn form(&mut self, position: usize, body: &impl Serialize) {
        let Some(Media { media, fields, .. }) = self.operation.consumes.get(position) else { return };
        let mut pieces = Vec::new();
        match serde_json::to_value(body) {
            Ok(Value::Object(members)) => {
                for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    match fields.iter().find(|field| field.name == name) {
                        Some(field) => write_pairs(field, value, &mut pieces),
                        None => {
                            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                            pieces.push(format!("{}={}", percent_encode(name), percent_encode(&text)));
                        }
                    }
                }
                self.content(media, pieces.join("&").into());
            }
            Ok(_) => self.trouble("a form is made of named fields".to_owned()),
            Err(error) => self.trouble(error.to_string()),
        }
    }

    /// Adds a file to a multipart body.
    pub fn file(&mut self, name: &str, file: FilePart) {
        self.form.push((FormPart { name: name.to_owned(), file }, true));
    }

    /// Adds parts to a multipart body.
    pub fn parts(&mut self, parts: Vec<FormPart>) {
        self.form.extend(parts.into_iter().map(|part| (part, false)));
    }

    /// Adds a value to a multipart body: the field at this position of the media type at that position. `null` is absence.
    pub fn part(&mut self, media: usize, position: usize, value: &impl Serialize) {
        let Some(field) = self.operation.consumes.get(media).and_then(|media| media.fields.get(position)) else { return };
        let value = match serde_json::to_value(value) {
            Ok(value) => value,
            Err(error) => return self.trouble(format!("{}: {error}", field.name)),
        };
        let items = match value {
            Value::Null => return,
            Value::Array(items) if field.explode => items,
            value => vec![value],
        };
        for item in items {
            let structured = field.style == crate::wire::Style::Json || item.is_object() || item.is_array();
            let content_type = structured.then(|| "application/json".to_owned());
            let text = match item {
                Value::String(text) if !structured => text,
                item => item.to_string(),
            };
            let file = FilePart { file_name: None, content_type, bytes: text.into() };
            self.form.push((FormPart { name: field.name.to_owned(), file }, false));
        }
    }

    /// Ends a multipart body.
    pub fn multipart(&mut self, media: &str) {
        let boundary = format!("part-{}", uuid::Uuid::new_v4().simple());
        let mut bytes = Vec::new();
        for (FormPart { name, file }, is_file) in std::mem::take(&mut self.form) {
            let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", quoted(&name));
            let file_name = file.file_name.or_else(|| is_file.then(|| name.clone()));
            if let Some(file_name) = file_name {
                head.push_str(&format!("; filename=\"{}\"", quoted(&file_name)));
            }
            let content_type = file.content_type.or_else(|| is_file.then(|| "application/octet-stream".to_owned()));
            if let Some(content_type) = content_type {
                head.push_str(&format!("\r\ncontent-type: {}", content_type.replace(['\r', '\n'], " ")));
            }
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(b"\r\n\r\n");
            bytes.extend_from_slice(&file.bytes);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let media = media.split(';').next().unwrap_or_default().trim();
        let media = if media.contains('*') { "multipart/form-data" } else { media };
        self.content(&format!("{media}; boundary={boundary}"), bytes.into());
    }

    fn content(&mut self, media: &str, body: reqwest::Body) {
        self.header(CONTENT_TYPE, media);
        self.body = Some(body);
    }

    /// Sends it.
    ///
    /// # Errors
    /// Something could not be written, or the service could not be reached.
    pub async fn send(mut self) -> Result<Answer, ClientError> {
        for credential in &self.client.credentials {
            match credential.place {
                Place::Header => {
                    let pair = (HeaderName::try_from(&credential.name), HeaderValue::try_from(&credential.value));
                    match pair {
                        (Ok(name), Ok(mut value)) => {
                            value.set_sensitive(true);
                            self.headers.push((name, value));
                        }
                        _ => self.problem = Some(format!("the credential {} cannot stand in a header", credential.name)),
                    }
                }
                Place::Query => {
                    self.query.push(format!("{}={}", percent_encode(&credential.name), percent_encode(&credential.value)));
                }
                Place::Cookie => self.cookies.push(format!("{}={}", credential.name, percent_encode(&credential.value))),
            }
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.join("; ");
            self.header(COOKIE, &cookies);
        }
        if let Some(problem) = self.problem {
            return Err(ClientError::Request(problem));
        }
        let method = Method::from_bytes(self.operation.method.as_bytes())
            .map_err(|error| ClientError::Request(error.to_string()))?;
        let mut builder: RequestBuilder = self.client.http.request(method, self.url());
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = self.body {
            builder = builder.body(body);
        }
        Ok(Answer::new(self.operation, builder.send().await?))
    }

    fn url(&self) -> String {
        let mut url = self.client.base.clone();
        for segment in self.operation.segments {
            url.push('/');
            for part in *segment {
                match part {
                    PathPart::Fixed(fixed) => url.push_str(&percent_encode_reserved(fixed)),
                    PathPart::Parameter(name) => {
                        let value = self.path.iter().find(|(known, _)| known == name);
                        url.push_str(value.map_or("", |(_, value)| value));
                    }
                }
            }
        }
        if !self.query.is_empty() {
            url.push('?');
            url.push_str(&self.query.join("&"));
        }
        url
    }
}

/// Base64 with padding, for `Authorization: Basic`.
pub(super) fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * position) & 63) as usize];
            text.push(if position <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text
}
