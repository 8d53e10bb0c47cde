//! The secrets of a GitHub for tests.
//!
//! Owns: the public key, which changes once, and opening what was sealed with it. Must not know: the platform.

use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use crypto_box::SecretKey;
use serde_json::{Value, json};

use super::{Known, message, told};

/// Environments and secrets of a repository.
pub(super) fn secret(known: &mut Known, method: &str, full: &str, rest: &[&str], body: &Value) -> Response<Body> {
    let environment = match rest {
        ["environments", name, ..] => Some(format!("{full}/{name}")),
        _ => None,
    };
    if let ("PUT", ["environments", _]) = (method, rest) {
        assert_eq!(body, &json!({}));
        known.environments.insert(environment.unwrap());
        return told(200, &json!({ "id": 1, "name": rest[1] }));
    }
    if environment.is_some_and(|environment| !known.environments.contains(&environment)) {
        return message(404, "Not Found");
    }
    let private = SecretKey::from([known.keys + 1; 32]);
    let public = base64::engine::general_purpose::STANDARD.encode(private.public_key().as_bytes());
    let (path, key_id) = (rest.join("/"), known.keys.to_string());
    match (method, rest.last()) {
        ("GET", Some(&"public-key")) => {
            let key = json!({ "key_id": key_id, "key": public });
            // The first is out of date as soon as it is told.
            known.keys = 1;
            told(200, &key)
        }
        ("PUT", _) if body["key_id"].as_str() != Some(key_id.as_str()) => message(422, "Validation Failed"),
        ("PUT", _) => {
            let sealed = base64::engine::general_purpose::STANDARD
                .decode(body["encrypted_value"].as_str().unwrap())
                .unwrap();
            let value = String::from_utf8(private.unseal(&sealed).unwrap()).unwrap();
            let status = if known.secrets.insert(path, value).is_none() {
                201
            } else {
                204
            };
            told(status, &if status == 201 { json!({}) } else { Value::Null })
        }
        ("DELETE", _) => match known.secrets.remove(&path) {
            Some(_) => told(204, &Value::Null),
            None => message(404, "Not Found"),
        },
        _ => panic!("nobody calls {method} {path}"),
    }
}
