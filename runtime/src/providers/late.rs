//! Making what whoever asks twice is given twice.
//!
//! Owns: that what came to be after its maker had stopped waiting, or had lost the act to another process, is either what the act came to
//! or is taken away. Must not know: what is made.
//!
//! A fence is asked before a call. It cannot stop one that it has let through and that is then on its way for long, because the process is
//! frozen or the network is slow. So such a call goes to its end whoever still waits for it, and who hears the answer then asks
//! what became of the act. It takes away by the id of its own answer alone, so never what is somebody else's.
//!
//! Who heard of it in time can lose the act as well before that has come to its end. Whoever takes it over looks for what was made, and
//! may find what a third call made, which was late: of what is given twice it is two then, and this one is nobody's. So it is followed
//! until the act has come to its end.

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
    /// Whether whoever asks twice has two, rather than the same, or a conflict.
    pub(super) is_given_twice: bool,
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
        if is_late || (self.is_given_twice && awake(is_lost(fence, &id)).await == Some(true)) {
            awake(settled(fence, &self.remove, id)).await;
        }
    }
}

/// Waits until the act has come to its end, or is another process's before that; whether it is.
async fn is_lost(fence: &Arc<dyn Fence>, id: &str) -> bool {
    let mut wait = FIRST;
    loop {
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LOOK);
        // Whoever still has it knows what it came to, and leaves on purpose what it leaves.
        match fence.fate(id).await {
            Ok(Fate::Kept) => return false,
            Ok(Fate::Undecided) if fence.check(None).await.is_err() => return true,
            Ok(Fate::Undecided) | Err(_) => {}
            Ok(Fate::Other | Fate::Nothing | Fate::Gone) => return fence.check(None).await.is_err(),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use flaresmith_store::enums::Provider;
    use uuid::Uuid;

    use super::*;
    use crate::store::Write;

    /// An act that a test has somebody lose and come to an end.
    #[derive(Debug)]
    struct Act {
        is_held: AtomicBool,
        fate: Mutex<Fate>,
        looks: AtomicUsize,
    }

    impl Fence for Act {
        fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
            let is_held = self.is_held.load(Ordering::SeqCst);
            Box::pin(async move {
                match is_held {
                    true => Ok(()),
                    false => Err(Failure::internal("it is another's")),
                }
            })
        }

        fn fate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
            self.looks.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { Ok(*self.fate.lock().unwrap()) })
        }
    }

    impl Act {
        fn begun() -> Arc<Self> {
            Arc::new(Self {
                is_held: AtomicBool::new(true),
                fate: Mutex::new(Fate::Undecided),
                looks: AtomicUsize::new(0),
            })
        }

        /// Makes something in time; what of it was taken away.
        async fn made(self: &Arc<Self>, is_given_twice: bool) -> Arc<Mutex<Vec<String>>> {
            let removed: Arc<Mutex<Vec<String>>> = Arc::default();
            let gone = Arc::clone(&removed);
            let making = Making {
                limit: Duration::from_secs(5),
                failures: Failures::of(Provider::Neon),
                call: Box::pin(async { Ok("one".to_owned()) }),
                id: |made| Some(made.clone()),
                is_given_twice,
                remove: Box::new(move |id, _| {
                    gone.lock().unwrap().push(id);
                    Box::pin(async { Ok(()) })
                }),
            };
            let mark = Mark {
                project: Uuid::nil(),
                environment: "all".to_owned(),
                key: "key".to_owned(),
                fence: Arc::clone(self) as Arc<dyn Fence>,
            };
            assert_eq!(making.made(&mark).await.unwrap(), "one");
            removed
        }

        /// Waits for so many more looks at what became of it.
        async fn looked(&self, more: usize) {
            let before = self.looks.load(Ordering::SeqCst);
            while self.looks.load(Ordering::SeqCst) < before + more {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }

        fn comes_to(&self, fate: Fate) {
            *self.fate.lock().unwrap() = fate;
        }

        fn is_lost(&self) {
            self.is_held.store(false, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn what_was_made_in_time_goes_when_whoever_took_the_act_over_found_another_one() {
        let act = Act::begun();
        let removed = act.made(true).await;
        act.looked(1).await;
        act.is_lost();
        act.looked(1).await;
        assert!(removed.lock().unwrap().is_empty(), "the act has not ended");
        act.comes_to(Fate::Other);
        while removed.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(*removed.lock().unwrap(), ["one"]);
    }

    #[tokio::test]
    async fn what_the_act_came_to_stays_and_so_does_what_its_holder_leaves() {
        for fate in [Fate::Kept, Fate::Other, Fate::Nothing] {
            let act = Act::begun();
            let removed = act.made(true).await;
            act.comes_to(fate);
            act.looked(1).await;
            // Nobody looks any more: it is decided.
            let looks = act.looks.load(Ordering::SeqCst);
            act.is_lost();
            act.comes_to(Fate::Other);
            tokio::time::sleep(FIRST * 4).await;
            assert_eq!(act.looks.load(Ordering::SeqCst), looks, "{fate:?}");
            assert!(removed.lock().unwrap().is_empty(), "{fate:?}");
        }
    }

    #[tokio::test]
    async fn what_is_given_once_is_not_followed() {
        let act = Act::begun();
        let removed = act.made(false).await;
        act.is_lost();
        act.comes_to(Fate::Other);
        tokio::time::sleep(FIRST * 4).await;
        assert_eq!(act.looks.load(Ordering::SeqCst), 0);
        assert!(removed.lock().unwrap().is_empty());
    }
}
