//! Signatures that were looked at: a token is signed with a key or it is not, and stays so.
//!
//! Owns: which tokens were found to be signed, and what they say. Must not know: whether a key is still good, whether a token has expired.
//! Both are asked each time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use super::access_token::Claims;

/// How many are kept.
const MOST: usize = 4096;

/// What a token says that is signed.
#[derive(Debug)]
pub(super) struct Signed {
    /// The key that it is signed with.
    pub(super) kid: String,
    /// What it says.
    pub(super) claims: Claims,
}

/// Tokens that are signed, by their texts.
#[derive(Default)]
pub(super) struct Signatures(RwLock<HashMap<String, Arc<Signed>>>);

impl Signatures {
    /// What a token says, if its signature was found to be good before.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Signed>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.get(token).cloned()
    }

    /// Keeps what a token says whose signature is good.
    pub(super) fn keep(&self, token: &str, signed: &Arc<Signed>, now: DateTime<Utc>) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.retain(|_, signed| !signed.claims.has_expired(now));
        }
        if held.len() >= MOST {
            held.clear();
        }
        held.insert(token.to_owned(), Arc::clone(signed));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::access_token::LIFETIME;
    use super::*;

    #[test]
    fn there_is_room_for_so_many_and_those_that_expired_go_first() {
        let (signatures, begun) = (Signatures::default(), DateTime::UNIX_EPOCH);
        let keep = |token: String, now| {
            let claims = Claims::new(Uuid::nil(), Uuid::nil(), now);
            let kid = "key".to_owned();
            signatures.keep(&token, &Arc::new(Signed { kid, claims }), now);
        };
        keep("early".to_owned(), begun);
        for number in 1..MOST {
            keep(number.to_string(), begun + LIFETIME);
        }
        assert!(signatures.get("early").is_some());
        keep("one more".to_owned(), begun + LIFETIME);
        assert!(signatures.get("early").is_none() && signatures.get("1").is_some());
        keep("and another".to_owned(), begun + LIFETIME);
        assert!(signatures.get("1").is_none() && signatures.get("and another").is_some());
    }
}
