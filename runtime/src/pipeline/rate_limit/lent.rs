//! Tokens that a process took ahead of the calls that they are for.
//!
//! Owns: how many, for how long, and what is known of buckets in between. Must not know: tables.
//!
//! A bucket that is asked seldom is asked of the store each time, to the token. One that is asked often is lent from: with a call go
//! tokens for about as many as came in the last moment, but no more than a quarter of what it has left and a sixteenth of what it
//! holds. They are gone from the bucket, so that all processes together never let more through than it gives; what was lent and
//! is not used is given back with the next statement, or is lost to the caller, who then has that much less. A bucket that has too
//! little is not asked again before it can have enough, or a moment has passed.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::operations::RateBucket;
use tokio::sync::{Mutex as Turn, MutexGuard as Turned};

use super::{Subject, count, full};

/// How long what was lent and what is known may be used.
const MOMENT: TimeDelta = TimeDelta::seconds(1);

/// Buckets after which those that nobody asks any more are forgotten.
const MANY: usize = 10_000;

/// Calls that find nothing wait for others of the same row of these.
const ROWS: usize = 64;

/// A bucket, and whose.
pub(super) type Wanted = (&'static RateBucket, Subject);

/// A bucket with what it had before a call and what it has after it.
pub(super) type Level = (&'static RateBucket, f64, f64);

/// What is asked of a bucket beside the tokens of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Tokens to lend, if there is plenty.
    pub(super) ahead: f64,
    /// Tokens that were lent and are given back.
    pub(super) back: f64,
}

/// What this process has of a bucket.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// What stayed in it.
    level: f64,
    /// When that was.
    at: DateTime<Utc>,
    /// What was lent and is not used.
    lent: f64,
    /// Tokens that were asked for since then.
    asked: f64,
}

impl Known {
    /// What is there for this process at most.
    fn most(&self, bucket: &RateBucket, now: DateTime<Utc>) -> f64 {
        let minutes = (now - self.at).as_seconds_f64().max(0.0) / 60.0;
        let level = self.level + minutes * count(bucket.refill_per_minute);
        (level + self.lent).min(full(bucket))
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now - self.at < MOMENT
    }
}

/// Buckets by their names, and by whose they are.
#[derive(Default)]
struct Buckets(HashMap<(&'static str, Subject), Known>);

impl Buckets {
    fn get_mut(&mut self, (bucket, subject): &Wanted) -> Option<&mut Known> {
        self.0.get_mut(&(bucket.name, *subject))
    }
}

/// What was lent from all buckets.
pub(super) struct Lent {
    known: Mutex<Buckets>,
    rows: [Turn<()>; ROWS],
    hasher: RandomState,
}

impl Default for Lent {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            rows: std::array::from_fn(|_| Turn::default()),
            hasher: RandomState::new(),
        }
    }
}

impl Lent {
    /// Takes the tokens of a call from what was lent, or says that a bucket has too few, as far as that is known.
    pub(super) fn take(&self, wanted: &[Wanted], tokens: f64, now: DateTime<Utc>) -> Option<Vec<Level>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut levels = Vec::with_capacity(wanted.len());
        let (mut all, mut short) = (true, false);
        for wanted in wanted {
            let (bucket, _) = wanted;
            let found = known.get_mut(wanted);
            let Some(one) = found.filter(|one| one.is_fresh(now)) else {
                all = false;
                continue;
            };
            let most = one.most(bucket, now);
            all &= one.lent >= tokens;
            short |= most < tokens;
            levels.push((*bucket, most, most));
        }
        if short {
            return Some(levels);
        }
        if !all {
            return None;
        }
        for (wanted, level) in wanted.iter().zip(&mut levels) {
            if let Some(one) = known.get_mut(wanted) {
                one.lent -= tokens;
                one.asked += tokens;
                level.2 -= tokens;
            }
        }
        Some(levels)
    }

    /// Waits for those who ask for the same caller right now.
    pub(super) async fn turn(&self, wanted: &[Wanted]) -> Option<Turned<'_, ()>> {
        let (_, subject) = wanted.first()?;
        let row = usize::try_from(self.hasher.hash_one(subject) % ROWS as u64).ok()?;
        Some(self.rows.get(row)?.lock().await)
    }

    /// What to ask of buckets. What was lent is no longer here.
    pub(super) fn terms(&self, wanted: &[Wanted]) -> Vec<Terms> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let terms = wanted.iter().map(|wanted| {
            let (bucket, _) = wanted;
            known
                .get_mut(wanted)
                .map_or(Terms { ahead: 0.0, back: 0.0 }, |one| Terms {
                    ahead: (2.0 * one.asked).min(full(bucket) / 16.0).floor(),
                    back: std::mem::take(&mut one.lent),
                })
        });
        terms.collect()
    }

    /// Keeps what a bucket has left and what was lent from it.
    pub(super) fn keep(&self, (bucket, subject): &Wanted, level: f64, lent: f64, now: DateTime<Utc>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut known.0;
        if known.len() > MANY {
            known.retain(|_, one| one.is_fresh(now));
        }
        let key = (bucket.name, *subject);
        let (before, asked) = match known.get(&key) {
            // Somebody who asks again so soon asks often; who does not begins anew.
            Some(one) if now - one.at < MOMENT * 2 => (one.lent, 1.0),
            Some(one) => (one.lent, 0.0),
            None => (0.0, 0.0),
        };
        let one = Known {
            level,
            at: now,
            lent: before + lent,
            asked,
        };
        known.insert(key, one);
    }
}

#[cfg(test)]
mod tests {
    use flaresmith_api::operations::RATE_BUCKETS;

    use super::*;

    fn wanted() -> Vec<Wanted> {
        let user = RATE_BUCKETS.iter().find(|bucket| bucket.name == "user").unwrap();
        vec![(user, Subject::All)]
    }

    #[test]
    fn what_was_lent_is_spent_once_and_for_a_moment() {
        let (lent, wanted, now) = (Lent::default(), wanted(), DateTime::UNIX_EPOCH);
        let one = &wanted[0];
        assert!(lent.take(&wanted, 1.0, now).is_none());
        lent.keep(one, 100.0, 2.0, now);
        let left: Vec<f64> = (0..2).map(|_| lent.take(&wanted, 1.0, now).unwrap()[0].2).collect();
        assert_eq!(left, [101.0, 100.0]);
        assert!(lent.take(&wanted, 1.0, now).is_none());
        lent.keep(one, 90.0, 2.0, now);
        assert!(lent.take(&wanted, 1.0, now + MOMENT).is_none());
        // It is given back, once.
        assert_eq!(lent.terms(&wanted)[0].back, 2.0);
        assert_eq!(lent.terms(&wanted)[0].back, 0.0);
    }

    #[test]
    fn a_bucket_that_is_asked_seldom_is_not_lent_from_and_one_that_is_asked_often_only_so_much() {
        let (lent, wanted, mut now) = (Lent::default(), wanted(), DateTime::UNIX_EPOCH);
        let one = &wanted[0];
        for _ in 0..5 {
            assert_eq!(lent.terms(&wanted)[0].ahead, 0.0);
            lent.keep(one, 100.0, 0.0, now);
            now += MOMENT * 3;
        }
        lent.keep(one, 100.0, 100.0, now);
        lent.keep(one, 100.0, 0.0, now);
        assert_eq!(lent.terms(&wanted)[0].ahead, 2.0);
        lent.keep(one, 100.0, 100.0, now);
        for _ in 0..50 {
            lent.take(&wanted, 1.0, now).unwrap();
        }
        assert_eq!(lent.terms(&wanted)[0].ahead, 7.0);
    }

    #[test]
    fn a_bucket_with_too_little_is_asked_again_when_it_can_have_enough() {
        let (lent, wanted, now) = (Lent::default(), wanted(), DateTime::UNIX_EPOCH);
        let one = &wanted[0];
        lent.keep(one, 0.5, 0.0, now);
        assert!(lent.take(&wanted, 1.0, now).unwrap()[0].1 < 1.0);
        // A token a second.
        assert!(lent.take(&wanted, 1.0, now + TimeDelta::milliseconds(600)).is_none());
    }
}
