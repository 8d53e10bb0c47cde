//! Leaving Cloudflare alone where it asks for it.
//!
//! Owns: until when nothing goes out with a token. Must not know: what is called.
//!
//! Whoever makes more than 1200 calls in five minutes is refused everything for the next five, in the dashboard too, and every call of
//! that time is counted. So none goes out. A limit that is about to be broken is waited for as well. Another process finds out by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use flaresmith_api::errors::Failure;

use super::Cloudflare;
use crate::providers::cloud::{Access, SILENCE, resets_in};
use crate::sealing::mac;

/// Tokens, as digests, and until when each is not used.
#[derive(Clone, Default)]
pub(super) struct Quiet(Arc<Mutex<BTreeMap<[u8; 32], Instant>>>);

fn id(key: &[u8; 32], access: &Access) -> [u8; 32] {
    mac(key, access.token.expose().as_bytes())
}

impl Quiet {
    /// Asks whether a call may go out.
    ///
    /// # Errors
    /// It may not yet.
    pub(super) fn pass(&self, key: &[u8; 32], access: &Access) -> Result<(), Failure> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        known.retain(|_, until| *until > now);
        match known.get(&id(key, access)) {
            Some(until) => {
                let left = until.saturating_duration_since(now);
                Err(Cloudflare::failures().limited(left.as_secs() + 1))
            }
            None => Ok(()),
        }
    }

    fn until(&self, key: &[u8; 32], access: &Access, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds.min(SILENCE));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.entry(id(key, access)).or_insert(until);
        *at = until.max(*at);
    }

    /// A call came back with the wish to be left alone.
    pub(super) fn asked_for(&self, key: &[u8; 32], access: &Access, failure: &Failure) {
        let told = failure.headers().iter();
        let mut seconds = told.filter_map(|(name, value)| {
            let is_it = name.eq_ignore_ascii_case("retry-after");
            is_it.then(|| value.parse().ok()).flatten()
        });
        self.until(key, access, seconds.next().unwrap_or(SILENCE));
    }

    /// A call was answered; its headers may say that it was the last one for now.
    pub(super) fn used_up(&self, key: &[u8; 32], access: &Access, headers: &HeaderMap) {
        let told = headers.get("ratelimit").and_then(|value| value.to_str().ok());
        if let Some(seconds) = told.and_then(resets_in).and_then(|seconds| u64::try_from(seconds).ok()) {
            self.until(key, access, seconds);
        }
    }
}
