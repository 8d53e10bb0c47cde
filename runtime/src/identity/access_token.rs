//! Access tokens: compact JWTs, signed with HS256.
//!
//! Owns: their form. Must not know: where keys are kept, sessions.
//!
//! The platform issues and reads one kind of token with one algorithm, so it reads nothing else: a header that names another
//! algorithm is no token of ours, whatever it is signed with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sealing::{mac, mac_holds};

/// How long a token is good.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// Who issues them.
const ISSUER: &str = "flaresmith";

/// Longest text that is looked at.
const LONGEST: usize = 2048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    iss: String,
    /// The person.
    pub sub: Uuid,
    /// The session.
    pub sid: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it stops being good.
    pub exp: i64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// A token whose signature has not been looked at.
pub struct Unverified<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    claims: &'t str,
    /// Which key it says it was signed with.
    pub kid: String,
}

impl Claims {
    /// Claims of a session, good for [`LIFETIME`] from now.
    #[must_use]
    pub fn new(person: Uuid, session: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            sub: person,
            sid: session,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
        }
    }

    /// The token that says this.
    #[must_use]
    pub fn sign(&self, kid: &str, key: &[u8]) -> String {
        let header = Header {
            alg: "HS256".to_owned(),
            typ: "JWT".to_owned(),
            kid: kid.to_owned(),
        };
        let part = |json: serde_json::Result<Vec<u8>>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
        let signed = format!(
            "{}.{}",
            part(serde_json::to_vec(&header)),
            part(serde_json::to_vec(self))
        );
        let signature = URL_SAFE_NO_PAD.encode(mac(key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Whether it is no longer good.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.exp <= now.timestamp()
    }
}

/// Whether a text looks like a token of this kind rather than another.
#[must_use]
pub fn looks_like_one(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl<'t> Unverified<'t> {
    /// Takes a token apart. `None`: it is no token of ours.
    #[must_use]
    pub fn parse(token: &'t str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.alg != "HS256" || header.typ != "JWT" {
            return None;
        }
        Some(Self {
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims,
            kid: header.kid,
        })
    }

    /// What it says, when this key signed it. Whether it has expired is another question.
    #[must_use]
    pub fn verify(&self, key: &[u8]) -> Option<Claims> {
        // A shortened signature is none.
        if self.signature.len() != 32 || !mac_holds(key, self.signed.as_bytes(), &self.signature) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.claims).ok()?).ok()?;
        (claims.iss == ISSUER).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_with_its_key_and_with_no_other_algorithm() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let claims = Claims::new(Uuid::from_u128(1), Uuid::from_u128(2), now);
        let token = claims.sign("k1", b"key");
        let unverified = Unverified::parse(&token).unwrap();
        assert_eq!(unverified.kid, "k1");
        assert_eq!(unverified.verify(b"key"), Some(claims.clone()));
        assert_eq!(unverified.verify(b"other"), None);
        assert!(!claims.has_expired(now) && claims.has_expired(now + LIFETIME));

        let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT","kid":"k1"}"#);
        let rest = token.split_once('.').unwrap().1;
        assert!(Unverified::parse(&format!("{none}.{rest}")).is_none());
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(Unverified::parse(&unsigned).unwrap().verify(b"key").is_none());
        let short = &token[..token.len() - 20];
        assert!(Unverified::parse(short).is_none_or(|short| short.verify(b"key").is_none()));
        for bad in ["", ".", "..", "a.b.c", "a.b"] {
            assert!(Unverified::parse(bad).is_none(), "{bad}");
        }
    }
}
