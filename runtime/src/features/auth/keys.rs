//! The manifest of signing keys.
//!
//! Owns: what is told about a key. Must not know: its material.

use flaresmith_api::errors::Failure;
use flaresmith_api::types::{KeyInfo, KeyManifest, SigningKeyState};
use flaresmith_store::entities::signing_keys::Model;
use flaresmith_store::enums::SigningKeyState as Stored;

use crate::identity::signing_keys::ROTATION;
use crate::platform::Platform;

/// Every key but the purged ones.
pub(super) async fn manifest(platform: &Platform) -> Result<KeyManifest, Failure> {
    let keys = platform.keys.manifest().await?;
    Ok(KeyManifest {
        keys: keys.into_iter().map(info).collect(),
        generated_at: platform.clock.now(),
    })
}

fn info(row: Model) -> KeyInfo {
    KeyInfo {
        kid: row.kid,
        alg: row.algorithm,
        r#use: "sig".to_owned(),
        state: match row.state {
            Stored::Pending => SigningKeyState::Pending,
            Stored::Active => SigningKeyState::Active,
            Stored::Grace => SigningKeyState::Grace,
            Stored::Revoked => SigningKeyState::Revoked,
            Stored::Purged => SigningKeyState::Purged,
        },
        activated_at: row.activated_at,
        rotates_at: row.activated_at.map(|since| since + ROTATION),
        grace_until: row.grace_until,
        revoked_at: row.revoked_at,
    }
}
