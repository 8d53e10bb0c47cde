//! Doing something that no other process does meanwhile, on whichever machine.
//!
//! Owns: waiting for the turn of a name, keeping it while the work goes on, and giving it back. Must not know: what the work is.
//!
//! A process that dies gives its turn back, one that is frozen loses it: whoever waits goes on when no sign of life has come for the term
//! of a lease. What the frozen one does when it wakes asks the fence that it was given, which does not let it through.

use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;

use super::lease::{Held, Holder, keep};
use crate::platform::Platform;
use crate::providers::{Fate, Fence, Mark};
use crate::store::Write;

/// Shortest and longest time between two looks whether the turn has come.
const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(500);

/// Lets through for as long as two others do.
#[derive(Debug)]
struct Both {
    own: Arc<dyn Fence>,
    turn: Held,
}

impl Fence for Both {
    fn check<'a>(&'a self, within: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.turn.check(within).await?;
            self.own.check(within).await
        })
    }

    fn fate<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
        self.own.fate(id)
    }

    fn is_lost(&self) -> BoxFuture<'_, bool> {
        self.own.is_lost()
    }
}

/// Does something for a mark when the turn of a name has come, with a mark that is good as long as the turn is.
///
/// # Errors
/// Those of the work, somebody else has the act by now, or the store fails.
pub(super) async fn alone<T>(
    platform: &Platform,
    name: String,
    mark: &Mark,
    work: impl AsyncFnOnce(&Mark) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let holder = Holder::begin(&platform.settings.data)?;
    let mut pause = FIRST;
    let turn = loop {
        if let Some(turn) = holder.turn(platform, name.clone()).await? {
            break turn;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        // Nobody waits for what is another's to do.
        mark.fence.check(None).await?;
    };
    let fence = Both {
        own: Arc::clone(&mark.fence),
        turn: Held {
            store: platform.store.clone(),
            turn: turn.clone(),
        },
    };
    let mark = Mark {
        fence: Arc::new(fence),
        ..mark.clone()
    };
    let done = tokio::select! {
        done = work(&mark) => done,
        () = keep(platform, &turn) => Err(Failure::internal("it is another process's now")),
    };
    // It ends with its term if the store is away.
    let _ = holder.give_back(platform, Some(&name)).await;
    done
}
