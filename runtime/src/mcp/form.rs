//! Forms: a body of several parts, out of the object that a model writes.
//!
//! Owns: the text of such a body. Must not know: operations, requests.

use flaresmith_api::operations::Media;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The type and bytes of a multipart body. Members that are no fields of the form are its files; their text is what they hold.
pub(super) fn multipart(media: &Media, members: &Map<String, Value>) -> (String, Vec<u8>) {
    // Nobody knows it beforehand, so no text can end a part.
    let boundary = format!("part-{}", Uuid::new_v4().simple());
    let mut bytes = Vec::new();
    for (name, value) in members {
        let is_file = media.fields.iter().all(|field| field.name != name);
        let items = match value {
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items {
            let quoted = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{quoted}\"");
            if is_file {
                head.push_str(&format!(
                    "; filename=\"{quoted}\"\r\ncontent-type: application/octet-stream"
                ));
            } else if item.is_object() || item.is_array() {
                head.push_str("\r\ncontent-type: application/json");
            }
            let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            bytes.extend_from_slice(format!("{head}\r\n\r\n{text}\r\n").as_bytes());
        }
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let essence = media.media.split(';').next().unwrap_or_default().trim();
    (format!("{essence}; boundary={boundary}"), bytes)
}
