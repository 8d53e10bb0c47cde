//! Rate limits: whether a caller may call now.
//!
//! Owns: what is asked of a limiter, and its simplest form, token buckets in this process; [`stored`] has those that processes
//! share. Must not know: tables.

mod lent;
pub mod stored;
mod subject;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::{Operation, RATE_BUCKETS, RATE_CLASSES, RateBucket, RateClass};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::clock::Clock;
use crate::identity::Caller;
use crate::identity::roles::Scope;
use crate::platform::Platform;
pub use subject::Subject;

/// Headers that tell callers what is left.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// A call for which tokens are asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it takes from which buckets.
    pub class: Option<&'static RateClass>,
    /// The caller, if that is known.
    pub caller: Option<Subject>,
    /// The project it is about.
    pub project: Option<Uuid>,
    /// Where it comes from.
    pub network: Option<Subject>,
}

/// What a limiter says.
#[derive(Debug, Default)]
pub struct Taken {
    /// Why the call is refused: a `RATE_LIMIT_` code, with `Retry-After`.
    pub refused: Option<Failure>,
    /// What is left in each bucket that was asked.
    pub left: Vec<(&'static RateBucket, f64)>,
}

/// Decides whether a call may be made.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes the tokens of a call, from all of its buckets or from none.
    fn take<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Taken>;
}

impl Asked {
    /// What a request of an operation asks for, as long as nobody knows what it is about.
    pub(super) fn of(operation: &Operation, caller: &Caller, extensions: &Extensions) -> Self {
        Self {
            class: operation.rate_class,
            caller: Subject::of(caller),
            project: None,
            network: network(extensions),
        }
    }

    /// What somebody asks for who was not let in: calls of their place that are not signed in.
    pub(super) fn of_stranger(extensions: &Extensions) -> Self {
        Self {
            class: RATE_CLASSES.iter().find(|class| class.name == STRANGER),
            caller: None,
            project: None,
            network: network(extensions),
        }
    }

    /// The same about something.
    pub(super) fn about(self, scope: Option<Scope>) -> Self {
        let project = match scope {
            Some(Scope::Project(project)) => Some(project),
            _ => None,
        };
        Self { project, ..self }
    }

    /// Whose bucket of this name the call takes from; `None`: it has no such bucket.
    #[must_use]
    pub fn subject(&self, bucket: &str) -> Option<Subject> {
        match bucket {
            "user" => self.caller,
            "project" => self.project.map(Subject::Project),
            "address" | "visitor" => Some(self.network.unwrap_or(Subject::Unknown)),
            _ => Some(Subject::All),
        }
    }
}

/// The class of calls of somebody who was not let in.
const STRANGER: &str = "stranger";

fn network(extensions: &Extensions) -> Option<Subject> {
    let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(Subject::at(address.ip()))
}

/// What callers are told about a bucket.
struct Told {
    /// The header with all that it holds.
    limit: (HeaderName, HeaderValue),
    /// The header with what it has left.
    remaining: HeaderName,
}

/// The buckets of people and projects, by their names, with what is told about them.
static TOLD: LazyLock<Vec<(&'static str, Told)>> = LazyLock::new(|| {
    let told = |bucket: &RateBucket| {
        let (limit, remaining) = match bucket.name {
            "user" => ("x-ratelimit-limit-user", "x-ratelimit-remaining-user"),
            "project" => ("x-ratelimit-limit-project", "x-ratelimit-remaining-project"),
            _ => return None,
        };
        Some(Told {
            limit: (HeaderName::from_static(limit), HeaderValue::from(bucket.capacity)),
            remaining: HeaderName::from_static(remaining),
        })
    };
    RATE_BUCKETS
        .iter()
        .filter_map(|bucket| Some((bucket.name, told(bucket)?)))
        .collect()
});

/// Asks the limiter, and keeps the headers for the answer.
///
/// # Errors
/// The call is refused.
pub(super) async fn take(platform: &Platform, asked: &Asked, headers: &mut Headers) -> Result<(), Failure> {
    let Some(class) = asked.class else {
        return Ok(());
    };
    let began = Instant::now();
    let taken = platform.limiter.take(asked).await;
    platform
        .metrics
        .limited(class, &taken.left, taken.refused.is_none(), began.elapsed());
    headers.clear();
    for (name, told) in TOLD.iter() {
        headers.push(told.limit.clone());
        // Where nobody or no project is meant, the bucket is told to be full.
        let found = taken.left.iter().find(|(asked, _)| asked.name == *name);
        let (_, full) = &told.limit;
        let left = found.map_or_else(|| full.clone(), |(_, left)| HeaderValue::from(whole(*left)));
        headers.push((told.remaining.clone(), left));
    }
    taken.refused.map_or(Ok(()), Err)
}

/// Token buckets of this process alone.
pub struct Buckets {
    clock: Clock,
    kinds: &'static [RateBucket],
    levels: Mutex<Levels>,
}

/// How full buckets are; one that is not here is full.
#[derive(Debug)]
struct Levels {
    by_bucket: HashMap<(&'static str, Subject), Level>,
    /// How many there may be before the full ones are thrown away.
    sweep_at: usize,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            by_bucket: HashMap::new(),
            sweep_at: MANY,
        }
    }
}

impl Levels {
    /// Throws the full ones away when there are many. Of those that stay there may be twice as many before the next time, so
    /// that looking at all of them is rare however many there are.
    fn sweep(&mut self, kinds: &'static [RateBucket], now: DateTime<Utc>) {
        if self.by_bucket.len() > self.sweep_at {
            self.by_bucket.retain(|(name, _), level| {
                bucket(kinds, name).is_none_or(|bucket| refilled(*level, bucket, now) < full(bucket))
            });
            self.sweep_at = MANY.max(2 * self.by_bucket.len());
        }
    }
}

/// How full a bucket was when.
#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: f64,
    at: DateTime<Utc>,
}

/// Buckets after which the full ones are thrown away for the first time.
const MANY: usize = 10_000;

impl Buckets {
    /// Buckets of these kinds that are all full.
    #[must_use]
    pub fn new(clock: Clock, kinds: &'static [RateBucket]) -> Self {
        Self {
            clock,
            kinds,
            levels: Mutex::default(),
        }
    }

    fn taken(&self, asked: &Asked) -> Taken {
        let Some(class) = asked.class else {
            return Taken::default();
        };
        let now = self.clock.now();
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.sweep(self.kinds, now);
        let tokens = count(class.tokens);
        let mut found = Vec::with_capacity(class.buckets.len());
        for name in class.buckets {
            if let (Some(bucket), Some(subject)) = (bucket(self.kinds, name), asked.subject(name)) {
                let key = (bucket.name, subject);
                let level = levels.by_bucket.get(&key).copied();
                found.push((
                    bucket,
                    level.map_or(full(bucket), |level| refilled(level, bucket, now)),
                    key,
                ));
            }
        }
        let refused = refused(found.iter().map(|(bucket, level, _)| (*bucket, *level)), tokens);
        let spent = if refused.is_some() { 0.0 } else { tokens };
        let mut left = Vec::with_capacity(found.len());
        for (bucket, level, key) in found {
            let tokens = level - spent;
            left.push((bucket, tokens));
            levels.by_bucket.insert(key, Level { tokens, at: now });
        }
        Taken { refused, left }
    }
}

impl RateLimiter for Buckets {
    fn take<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Taken> {
        Box::pin(std::future::ready(self.taken(asked)))
    }
}

fn bucket(kinds: &'static [RateBucket], name: &str) -> Option<&'static RateBucket> {
    kinds.iter().find(|bucket| bucket.name == name)
}

fn refilled(level: Level, bucket: &RateBucket, now: DateTime<Utc>) -> f64 {
    let minutes = (now - level.at).as_seconds_f64().max(0.0) / 60.0;
    (level.tokens + minutes * count(bucket.refill_per_minute)).min(full(bucket))
}

fn full(bucket: &RateBucket) -> f64 {
    count(bucket.capacity)
}

fn count(tokens: u64) -> f64 {
    f64::from(u32::try_from(tokens).unwrap_or(u32::MAX))
}

/// The failure of a call that lacks tokens in some of its buckets: that of the one which takes longest to have them.
fn refused<'a>(levels: impl Iterator<Item = (&'a RateBucket, f64)>, tokens: f64) -> Option<Failure> {
    let short = levels.filter(|(_, level)| *level < tokens);
    let waits = short.map(|(bucket, level)| (bucket, wait(bucket, tokens - level)));
    let (bucket, seconds) = waits.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let code = match bucket.name {
        "user" => ErrorCode::RateLimitUser,
        "project" => ErrorCode::RateLimitProject,
        "address" | "visitor" => ErrorCode::RateLimitAddress,
        _ => ErrorCode::RateLimitGlobal,
    };
    Some(Failure::new(code).with_header("retry-after", seconds))
}

/// Whole seconds until a bucket has so many tokens more.
fn wait(bucket: &RateBucket, missing: f64) -> f64 {
    let seconds = missing * 60.0 / count(bucket.refill_per_minute).max(1.0);
    seconds.ceil().max(1.0)
}

/// Whole tokens, of which there are never fewer than none.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast keeps to the range, and a part of a token is none"
)]
fn whole(tokens: f64) -> u64 {
    tokens as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_that_are_not_full_are_looked_at_again_only_when_there_are_twice_as_many() {
        let now = DateTime::UNIX_EPOCH;
        let mut levels = Levels::default();
        let name = RATE_BUCKETS[0].name;
        let fill = |levels: &mut Levels, to: usize, tokens: f64| {
            for number in levels.by_bucket.len()..to {
                let level = Level { tokens, at: now };
                let subject = Subject::Project(Uuid::from_u128(number as u128));
                levels.by_bucket.insert((name, subject), level);
            }
            levels.sweep(RATE_BUCKETS, now);
            (levels.by_bucket.len(), levels.sweep_at)
        };
        let few = MANY + 1;
        assert_eq!(fill(&mut levels, few, 0.0), (few, 2 * few));
        assert_eq!(fill(&mut levels, 2 * few, 1e9), (2 * few, 2 * few));
        assert_eq!(fill(&mut levels, 2 * few + 1, 1e9), (few, 2 * few));
    }
}
