//! Breakers: a provider that fails again and again is left alone for a while.
//!
//! Owns: when calls are let through (FR-032: ten failures within 60 seconds open a breaker, after 30 seconds one call is tried).
//! Must not know: what is called.
//!
//! There is one for each project and provider, and one for what the installation itself asks of a provider, in the store, so that all processes and restarts share it. What answers and refuses
//! is no failure; neither is a provider that asks to wait.

use chrono::{DateTime, TimeDelta, Utc};
use flaresmith_api::errors::Failure;
use flaresmith_api::lifecycles::CircuitBreakerEvent as Event;
use flaresmith_api::types;
use flaresmith_store::entities::circuit_breakers::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::{BreakerState, Provider};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    SqlErr,
};
use uuid::Uuid;

use super::Failures;
use crate::clock::Clock;
use crate::provisioning::states;
use crate::store::{Store, failed, is_taken, new_id};
use crate::telemetry::Metrics;

/// So many failures open a breaker.
const MOST: i32 = 10;

/// The time within which they count.
const WINDOW: TimeDelta = TimeDelta::seconds(60);

/// The time after which one call is tried.
const OPEN: TimeDelta = TimeDelta::seconds(30);

/// All breakers.
#[derive(Clone)]
pub struct Breakers {
    store: Store,
    clock: Clock,
    metrics: Metrics,
}

/// Refuses what needs these providers while the breaker of one is open. It asks for nothing: no call is tried by it.
///
/// # Errors
/// One is open, or the store fails.
pub async fn refuse_open<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    providers: &[Provider],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let open = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Provider.is_in(providers.iter().copied()))
        .filter(Column::State.eq(BreakerState::Open))
        .all(connection)
        .await
        .map_err(failed)?;
    let open = open.into_iter().find_map(|row| {
        let until = row.half_open_at.filter(|until| *until > now)?;
        Some((row.provider, until))
    });
    match open {
        Some((provider, until)) => {
            let wait = (until - now).num_seconds();
            Err(Failures::of(provider).unavailable(types::BreakerState::Open, Some(until), wait))
        }
        None => Ok(()),
    }
}

async fn find<C: ConnectionTrait>(
    connection: &C,
    project: Option<Uuid>,
    provider: Provider,
) -> Result<Option<Model>, Failure> {
    let of = match project {
        Some(project) => Column::ProjectId.eq(project),
        None => Column::ProjectId.is_null(),
    };
    Entity::find()
        .filter(of)
        .filter(Column::Provider.eq(provider))
        .one(connection)
        .await
        .map_err(failed)
}

impl Breakers {
    /// Those of a store.
    #[must_use]
    pub fn new(store: Store, clock: Clock, metrics: Metrics) -> Self {
        Self { store, clock, metrics }
    }

    async fn find(&self, project: Option<Uuid>, provider: Provider) -> Result<Option<Model>, Failure> {
        find(self.store.read(), project, provider).await
    }

    /// Asks whether a call may go out; whether it is the one that is tried.
    ///
    /// # Errors
    /// The breaker is open, or the one call that is tried is under way.
    pub async fn pass(&self, project: Option<Uuid>, provider: Provider) -> Result<bool, Failure> {
        let Some(row) = self.find(project, provider).await? else {
            return Ok(false);
        };
        let now = self.clock.now();
        let until = match row.state {
            BreakerState::Closed => return Ok(false),
            BreakerState::Open => row.half_open_at.unwrap_or(now),
            // Whoever tries may have died of it.
            BreakerState::HalfOpen => row.updated_at + OPEN,
        };
        if until <= now && self.tries(&row, now).await? {
            return Ok(true);
        }
        let state = match row.state {
            BreakerState::HalfOpen => types::BreakerState::HalfOpen,
            _ => types::BreakerState::Open,
        };
        let wait = (until - now).num_seconds();
        Err(Failures::of(provider).unavailable(state, row.half_open_at, wait))
    }

    /// Makes this the one call that is tried; `false`: another is.
    async fn tries(&self, row: &Model, now: DateTime<Utc>) -> Result<bool, Failure> {
        let to = match row.state {
            BreakerState::Open => states::breaker(row.state, Event::Probe)?,
            state => state,
        };
        let moved = self.moved(row, to, row.failure_count, now, |update| update).await?;
        if moved {
            self.metrics.breaker_half_opened(row.provider.as_str());
        }
        Ok(moved)
    }

    /// The call that was tried was answered.
    ///
    /// # Errors
    /// The store fails.
    pub async fn answered(&self, project: Option<Uuid>, provider: Provider) -> Result<(), Failure> {
        let Some(row) = self.find(project, provider).await? else {
            return Ok(());
        };
        if row.state != BreakerState::HalfOpen {
            return Ok(());
        }
        let to = states::breaker(row.state, Event::Succeed)?;
        let now = self.clock.now();
        self.moved(&row, to, 0, now, |update| {
            update
                .col_expr(Column::OpenedAt, Expr::value(None::<DateTime<Utc>>))
                .col_expr(Column::HalfOpenAt, Expr::value(None::<DateTime<Utc>>))
                .col_expr(Column::WindowStartedAt, Expr::value(None::<DateTime<Utc>>))
        })
        .await?;
        Ok(())
    }

    /// A call was not answered.
    ///
    /// # Errors
    /// The store fails.
    pub async fn not_answered(&self, project: Option<Uuid>, provider: Provider) -> Result<(), Failure> {
        loop {
            let now = self.clock.now();
            let Some(row) = self.find(project, provider).await? else {
                match self.first(project, provider, now).await? {
                    true => return Ok(()),
                    // Another call failed at the same moment, and its row is there by now.
                    false => continue,
                }
            };
            let within = row.window_started_at.is_some_and(|started| started + WINDOW > now);
            let (started, count) = match within {
                true => (row.window_started_at, row.failure_count.saturating_add(1)),
                false => (Some(now), 1),
            };
            let opens = match row.state {
                BreakerState::Closed => (count >= MOST).then_some(Event::Trip),
                BreakerState::HalfOpen => Some(Event::Fail),
                // It went out before the breaker opened.
                BreakerState::Open => return Ok(()),
            };
            let to = match opens {
                Some(event) => states::breaker(row.state, event)?,
                None => row.state,
            };
            let moved = self
                .moved(&row, to, count, now, |update| {
                    let update = update.col_expr(Column::WindowStartedAt, Expr::value(started));
                    match opens {
                        Some(_) => update
                            .col_expr(Column::OpenedAt, Expr::value(now))
                            .col_expr(Column::HalfOpenAt, Expr::value(now + OPEN)),
                        None => update,
                    }
                })
                .await?;
            if moved {
                if opens.is_some() {
                    self.metrics.breaker_opened(row.provider.as_str());
                }
                return Ok(());
            }
        }
    }

    async fn first(&self, project: Option<Uuid>, provider: Provider, now: DateTime<Utc>) -> Result<bool, Failure> {
        let write = self.store.begin().await?;
        if project.is_none() {
            // No two rows have one project and provider; of rows without a project the database does not see to that.
            write.alone("circuit_breakers").await?;
            if find(&*write, project, provider).await?.is_some() {
                return Ok(false);
            }
        }
        let row = ActiveModel {
            id: Set(new_id()),
            project_id: Set(project),
            provider: Set(provider),
            state: Set(BreakerState::Closed),
            failure_count: Set(1),
            window_started_at: Set(Some(now)),
            opened_at: Set(None),
            half_open_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        };
        match row.insert(&*write).await {
            Err(error) if is_taken(&error) => return Ok(false),
            // The project is about to be made, or gone: nobody would look at its breaker.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => return Ok(true),
            done => done.map_err(failed)?,
        };
        write.commit().await?;
        Ok(true)
    }

    /// Changes a row that nobody changed since it was read; whether it did.
    async fn moved(
        &self,
        row: &Model,
        to: BreakerState,
        count: i32,
        now: DateTime<Utc>,
        more: impl FnOnce(sea_orm::UpdateMany<Entity>) -> sea_orm::UpdateMany<Entity>,
    ) -> Result<bool, Failure> {
        let write = self.store.begin().await?;
        let update = Entity::update_many()
            .col_expr(Column::State, Column::State.save_as(Expr::val(to)))
            .col_expr(Column::FailureCount, Expr::value(count))
            .col_expr(Column::UpdatedAt, Expr::value(now));
        let done = more(update)
            .filter(Column::Id.eq(row.id))
            .filter(Column::State.eq(row.state))
            .filter(Column::FailureCount.eq(row.failure_count))
            .filter(Column::UpdatedAt.eq(row.updated_at))
            .exec(&*write)
            .await
            .map_err(failed)?;
        write.commit().await?;
        Ok(done.rows_affected > 0)
    }
}
