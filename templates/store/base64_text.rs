//! Bytes in JSON: Base64, as the contract has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;

pub(crate) fn required<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

pub(crate) fn optional<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => required(bytes, serializer),
        None => serializer.serialize_none(),
    }
}
