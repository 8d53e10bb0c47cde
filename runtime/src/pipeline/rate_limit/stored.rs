//! Token buckets that all processes on one Postgres database share.
//!
//! Owns: the table of buckets, and taking from several of them in one statement. Must not know: which buckets a call takes from;
//! [`lent`](super::lent) knows what this process took ahead.

use std::future::ready;

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::operations::{RATE_BUCKETS, RateBucket, RateClass};
use flaresmith_store::entities::rate_buckets;
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, Statement, Value};

use super::lent::{Lent, Level, Terms, Wanted};
use super::{Asked, Buckets, RateLimiter, Taken, bucket, count, full, refused};
use crate::clock::Clock;
use crate::store::{Store, failed};

/// What a call asks for, as rows, with what is taken ahead of further calls if there is plenty, and what was taken ahead and is
/// given back; the buckets in the table are locked in one order, so that calls never wait for each other in
/// a circle. Tokens go from all buckets or from none. A bucket that is not there is full, and is made; two that make it at once
/// both take from it. Levels that were lost in a crash harm nobody, so no call waits for the disk.
const TAKE: &str = r#"
WITH asked AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $7::float8[], $8::float8[])
    AS t(scope, subject, capacity, per_second, ahead, back)
), found AS MATERIALIZED (
  SELECT b.scope::text AS scope, b.tokens, b.refilled_at
  FROM rate_buckets b JOIN asked a ON b.scope = a.scope::rate_bucket_scope AND b.subject = a.subject
  ORDER BY b.scope, b.subject
  FOR UPDATE OF b
), levels AS (
  SELECT a.*, CASE WHEN f.scope IS NULL THEN a.capacity ELSE
    LEAST(a.capacity, f.tokens + a.back + a.per_second * GREATEST(0, EXTRACT(EPOCH FROM $6::timestamptz - f.refilled_at)::float8))
  END AS level
  FROM asked a LEFT JOIN found f USING (scope)
), verdict AS (
  SELECT l.scope, CASE WHEN bool_and(l.level >= $5::float8) OVER () THEN
    $5::float8 + LEAST(l.ahead, GREATEST(0, floor((l.level - $5::float8) / 4)))
  ELSE 0 END AS spent FROM levels l
), kept AS (
  INSERT INTO rate_buckets (id, scope, subject, tokens, refilled_at, created_at, updated_at)
  SELECT gen_random_uuid(), l.scope::rate_bucket_scope, l.subject, l.level - v.spent, $6, $6, $6
  FROM levels l JOIN verdict v USING (scope)
  ORDER BY l.scope::rate_bucket_scope, l.subject
  ON CONFLICT (scope, subject) DO UPDATE SET
    tokens = CASE
      WHEN EXISTS (SELECT 1 FROM found f WHERE f.scope = EXCLUDED.scope::text) THEN EXCLUDED.tokens
      ELSE rate_buckets.tokens - (SELECT v.spent FROM verdict v WHERE v.scope = EXCLUDED.scope::text)
    END,
    refilled_at = GREATEST(rate_buckets.refilled_at, EXCLUDED.refilled_at),
    updated_at = EXCLUDED.updated_at
  RETURNING set_config('synchronous_commit', 'off', true)
)
SELECT l.scope, l.level, v.spent, (SELECT count(*) FROM kept) AS kept FROM levels l JOIN verdict v USING (scope)
"#;

/// Token buckets in the store. While it does not answer, each process counts by itself.
pub struct Stored {
    store: Store,
    clock: Clock,
    kinds: &'static [RateBucket],
    lent: Lent,
    own: Buckets,
}

impl Stored {
    /// The buckets of this database, of these kinds.
    #[must_use]
    pub fn new(store: Store, clock: Clock, kinds: &'static [RateBucket]) -> Self {
        let own = Buckets::new(clock.clone(), kinds);
        Self {
            store,
            clock,
            kinds,
            lent: Lent::default(),
            own,
        }
    }

    /// The buckets that a call takes from.
    fn wanted(&self, class: &RateClass, asked: &Asked) -> Vec<Wanted> {
        let names = class.buckets.iter();
        names
            .filter_map(|name| Some((bucket(self.kinds, name)?, asked.subject(name)?)))
            .collect()
    }

    async fn taken(&self, wanted: Vec<Wanted>, tokens: f64) -> Result<Taken, DbErr> {
        // Of several calls that find nothing left, one asks for all.
        let _turn = self.lent.turn(&wanted).await;
        let now = self.clock.now();
        if let Some(levels) = self.lent.take(&wanted, tokens, now) {
            return Ok(told_of(&levels, tokens));
        }
        let terms = self.lent.terms(&wanted);
        let rows = self.store.query(statement(&wanted, &terms, tokens, now)).await?;
        let mut levels = Vec::new();
        for row in rows {
            let scope: String = row.try_get("", "scope")?;
            let (level, spent): (f64, f64) = (row.try_get("", "level")?, row.try_get("", "spent")?);
            let Some(one) = wanted.iter().find(|(bucket, _)| bucket.name == scope) else {
                continue;
            };
            let ahead = (spent - tokens).max(0.0);
            self.lent.keep(one, level - spent, ahead, now);
            levels.push((one.0, level, level - spent + ahead));
        }
        Ok(told_of(&levels, tokens))
    }
}

/// What is said of levels before and after a call.
fn told_of(levels: &[Level], tokens: f64) -> Taken {
    Taken {
        refused: refused(levels.iter().map(|(bucket, level, _)| (*bucket, *level)), tokens),
        left: levels.iter().map(|(bucket, _, left)| (*bucket, *left)).collect(),
    }
}

impl RateLimiter for Stored {
    fn take<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Taken> {
        let wanted = asked
            .class
            .map(|class| (self.wanted(class, asked), count(class.tokens)));
        let Some((wanted, tokens)) = wanted.filter(|(wanted, _)| !wanted.is_empty()) else {
            return Box::pin(ready(Taken::default()));
        };
        // Most calls find what they need here, and are spared the room for asking the store.
        if let Some(levels) = self.lent.take(&wanted, tokens, self.clock.now()) {
            return Box::pin(ready(told_of(&levels, tokens)));
        }
        Box::pin(async move {
            match self.taken(wanted, tokens).await {
                Ok(taken) => taken,
                Err(_) => self.own.take(asked).await,
            }
        })
    }
}

fn statement(wanted: &[Wanted], terms: &[Terms], tokens: f64, now: DateTime<Utc>) -> Statement {
    let texts = |texts: Vec<String>| Value::from(texts);
    let numbers =
        |of: fn(&RateBucket) -> f64| Value::from(wanted.iter().map(|(bucket, _)| of(bucket)).collect::<Vec<f64>>());
    let values = [
        texts(wanted.iter().map(|(bucket, _)| bucket.name.to_owned()).collect()),
        texts(wanted.iter().map(|(_, subject)| subject.to_string()).collect()),
        numbers(full),
        numbers(|bucket| count(bucket.refill_per_minute) / 60.0),
        tokens.into(),
        now.into(),
        Value::from(terms.iter().map(|terms| terms.ahead).collect::<Vec<f64>>()),
        Value::from(terms.iter().map(|terms| terms.back).collect::<Vec<f64>>()),
    ];
    Statement::from_sql_and_values(DbBackend::Postgres, TAKE, values)
}

/// Deletes buckets that are full again: they are as good as absent.
///
/// # Errors
/// The store fails; nothing was deleted.
pub async fn delete_full(store: &Store, now: DateTime<Utc>) -> Result<(), Failure> {
    let slowest = RATE_BUCKETS
        .iter()
        .map(|bucket| full(bucket) * 60.0 / count(bucket.refill_per_minute).max(1.0))
        .fold(0.0, f64::max);
    let longest = TimeDelta::try_seconds(slowest.ceil() as i64).unwrap_or(TimeDelta::MAX);
    let write = store.begin().await?;
    rate_buckets::Entity::delete_many()
        .filter(rate_buckets::Column::RefilledAt.lt(now - longest))
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await
}
