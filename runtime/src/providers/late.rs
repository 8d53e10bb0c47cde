//! Making what whoever asks twice is given twice.
//!
//! Owns: that what came to be after its maker had stopped waiting, or had lost the act to another process, is either what the act came to
//! or is taken away. Must not know: what is made.
//!
//! A fence is asked before a call. It cannot stop one that it has let through and that is then on its way for long, because the process is
//! frozen or the network is slow. So such a call goes to its end whoever still waits for it, and who hears the answer then asks
//! what became of the act. It takes away by the id of its own answer alone, so never what is somebody else's.

use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::cloud::Failures;
use super::{Fate, Fence, Mark};
use crate::telemetry::span;

/// Longest time for which an answer, and after that the end of the act, is waited for while this process is awake: it is counted in
/// looks, and who is frozen takes none.
const LOOKS: u32 = 1200;
const LOOK: Duration = Duration::from_secs(3);

/// Shortest time between two looks at what became of the act.
const FIRST: Duration = Duration::from_millis(250);

/// Longest time until something is tried again that could not be taken away.
const AGAIN: Duration = Duration::from_secs(60);

/// Takes away what has an id, or puts right what it did.
type Remove = dyn Fn(String, Fate) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync;

/// A call that makes something.
pub(super) struct Making<T> {
    /// How long its answer is waited for by whoever wants what it makes.
    pub(super) limit: Duration,
    /// Who is called.
    pub(super) failures: Failures,
    /// The call, which takes no notice of time: that of an access that is unhurried.
    pub(super) call: BoxFuture<'static, Result<T, Failure>>,
    /// The id of what it has made; `None`: it made nothing.
    pub(super) id: fn(&T) -> Option<String>,
    /// Takes away what it has made.
    pub(super) remove: Box<Remove>,
}

impl<T: Send + 'static> Making<T> {
    /// Makes it.
    ///
    /// # Errors
    /// Those of the call, there is no answer in time, or another process has the act by now.
    pub(super) async fn made(self, mark: &Mark) -> Result<T, Failure> {
        mark.fence.check(None).await?;
        let (limit, failures, fence) = (self.limit, self.failures, Arc::clone(&mark.fence));
        let (tell, told) = oneshot::channel();
        let ended = async move { self.ended(&fence, tell).await };
        tokio::spawn(span::carried(span::here(), ended));
        match tokio::time::timeout(limit, told).await {
            Ok(Ok(made)) => made,
            Ok(Err(_)) | Err(_) => Err(failures.away("It did not answer in time.")),
        }
    }

    async fn ended(self, fence: &Arc<dyn Fence>, tell: oneshot::Sender<Result<T, Failure>>) {
        let Some(done) = awake(self.call).await else { return };
        let made = match done {
            Ok(made) => made,
            Err(failure) => return drop(tell.send(Err(failure))),
        };
        let Some(id) = (self.id)(&made) else {
            return drop(tell.send(Ok(made)));
        };
        // While the act is still this process's it was made before another could look for it.
        let is_late = match fence.check(None).await {
            Ok(()) => tell.send(Ok(made)).is_err(),
            Err(failure) => {
                let _ = tell.send(Err(failure));
                true
            }
        };
        if is_late {
            awake(settled(fence, &self.remove, id)).await;
        }
    }
}

/// Waits until it is told what becomes of what was made, and takes it away if that is nothing.
async fn settled(fence: &Arc<dyn Fence>, remove: &Remove, id: String) {
    let mut wait = FIRST;
    loop {
        match fence.fate(&id).await {
            Ok(Fate::Kept) => return,
            Ok(fate @ (Fate::Other | Fate::Nothing | Fate::Gone)) => {
                if remove(id.clone(), fate).await.is_ok() {
                    return;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(AGAIN);
            }
            // A store that is away now may be back at the next look.
            Ok(Fate::Undecided) | Err(_) => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LOOK);
            }
        }
    }
}

/// What comes of some work within the longest time of being awake.
async fn awake<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    for _ in 0..LOOKS {
        tokio::select! {
            done = &mut work => return Some(done),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    None
}
