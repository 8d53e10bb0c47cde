//! Encryption of what is secret at rest: AES-256-GCM under a master key.
//!
//! Owns: the form of ciphertext, what it is bound to, digests and random tokens. Must not know: what is encrypted, tables.
//!
//! A ciphertext is a nonce of 12 random bytes and what AES-256-GCM makes. It is bound to a context, such as
//! `signing_keys.material/<id>`: moved to another row or column it does not open. The id of the master key stands in the row
//! beside it (`master_key_id`), so that old rows open after a rotation.

mod master;

use std::fmt;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flaresmith_api::errors::{ErrorCode, Failure};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

pub use master::MasterKeys;
pub(crate) use master::private;

/// Length of a nonce.
const NONCE: usize = 12;

/// Why something cannot be encrypted or decrypted. Says nothing about the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealError {
    /// There is no master key of this id.
    KeyMissing(String),
    /// It was changed, moved, or encrypted by another key.
    Broken,
    /// The system gave no random bytes.
    Random,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing(id) => write!(f, "there is no master key `{id}`"),
            Self::Broken => f.write_str("a ciphertext does not open with its master key"),
            Self::Random => f.write_str("the system gave no random bytes"),
        }
    }
}

impl std::error::Error for SealError {}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::KeyMissing(_) => Self::new(ErrorCode::SecKeyMissing).with_source(error),
            error => Self::internal(error),
        }
    }
}

/// A ciphertext and the id of the key that made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Id of the master key.
    pub key_id: String,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

/// Encrypts and decrypts.
#[derive(Clone)]
pub struct Sealer {
    keys: MasterKeys,
}

impl Sealer {
    /// A sealer with these keys.
    #[must_use]
    pub fn new(keys: MasterKeys) -> Self {
        Self { keys }
    }

    /// Id of the key that encrypts now.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.keys.current().0
    }

    /// Encrypts bytes, bound to a context.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn seal(&self, context: &str, bytes: &[u8]) -> Result<Sealed, SealError> {
        let (id, key) = self.keys.current();
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload {
            msg: bytes,
            aad: context.as_bytes(),
        };
        let cipher = Aes256Gcm::new(&(*key).into());
        let text = cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SealError::Broken)?;
        Ok(Sealed {
            key_id: id.to_owned(),
            bytes: [nonce.as_slice(), &text].concat(),
        })
    }

    /// Decrypts what was bound to the same context.
    ///
    /// # Errors
    /// The key is not there, or it does not open.
    pub fn open(&self, key_id: &str, context: &str, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self
            .keys
            .get(key_id)
            .ok_or_else(|| SealError::KeyMissing(key_id.to_owned()))?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE>().ok_or(SealError::Broken)?;
        let payload = Payload {
            msg: text,
            aad: context.as_bytes(),
        };
        Aes256Gcm::new(&(*key).into())
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| SealError::Broken)
    }

    /// A key for one purpose, made from the current master key; the same in every process.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let (_, key) = self.keys.current();
        mac(key, purpose.as_bytes())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key_id", &self.key_id()).finish()
    }
}

/// HMAC-SHA256.
#[must_use]
pub fn mac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// Whether bytes have this HMAC, told in constant time.
#[must_use]
pub fn mac_holds(key: &[u8], bytes: &[u8], expected: &[u8]) -> bool {
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).is_ok_and(|mut mac| {
        mac.update(bytes);
        mac.verify_truncated_left(expected).is_ok() && expected.len() >= 16
    })
}

/// SHA-256 as `sha256:` and hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// SHA-256 in base64url without padding: the challenge of a verifier, as PKCE has it (S256).
#[must_use]
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Random bytes of the system.
///
/// # Errors
/// The system has none.
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(bytes)
}

/// What a token that people or machines hold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// It goes on with a session.
    Refresh,
    /// A machine calls with it.
    Service,
    /// It makes a person of an account that waits for one.
    Invitation,
}

impl TokenKind {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Refresh, Self::Service, Self::Invitation];

    /// How each token of the kind begins, and no other.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "flr_",
            Self::Service => "fls_",
            Self::Invitation => "fli_",
        }
    }
}

/// A random token of 256 bits with a prefix that tells its kind.
///
/// # Errors
/// There is no randomness.
pub fn token(prefix: &str) -> Result<String, SealError> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(MasterKeys::single("CM_ENC_MASTER_V1", [7; 32]))
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_context_and_unchanged() {
        let sealed = sealer().seal("a/1", b"hush").unwrap();
        assert_eq!(sealer().open(&sealed.key_id, "a/1", &sealed.bytes).unwrap(), b"hush");
        assert_eq!(
            sealer().open(&sealed.key_id, "a/2", &sealed.bytes),
            Err(SealError::Broken)
        );
        let mut changed = sealed.bytes.clone();
        changed[20] ^= 1;
        assert_eq!(sealer().open(&sealed.key_id, "a/1", &changed), Err(SealError::Broken));
        assert_eq!(
            sealer().open("CM_ENC_MASTER_V2", "a/1", &sealed.bytes),
            Err(SealError::KeyMissing("CM_ENC_MASTER_V2".to_owned()))
        );
        assert_eq!(sealer().open(&sealed.key_id, "a/1", &[1, 2]), Err(SealError::Broken));
    }

    #[test]
    fn the_challenge_of_a_verifier_is_that_of_the_standard() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(s256(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_mac_holds_for_its_bytes_alone() {
        let tag = mac(b"key", b"text");
        assert!(mac_holds(b"key", b"text", &tag) && mac_holds(b"key", b"text", &tag[..16]));
        assert!(!mac_holds(b"key", b"texT", &tag) && !mac_holds(b"key", b"text", &tag[..4]));
    }
}
