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
//! may find what a third call made, which was late: of what is given twice it is two then, and this one is nobody's. So whoever loses
//! the act looks what it came to, and takes its own away when that is another one. Nothing else takes away what was made in time: whoever
//! held the act to its end, or took it over, may have left it on purpose.

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
        if is_late {
            awake(settled(fence, &self.remove, id, true)).await;
        } else if self.is_given_twice && awake(fence.is_lost()).await == Some(true) {
            awake(settled(fence, &self.remove, id, false)).await;
        }
    }
}

/// Waits until it is told what becomes of what was made, and takes it away if that is something else or, where it was made too late,
/// nothing.
async fn settled(fence: &Arc<dyn Fence>, remove: &Remove, id: String, is_late: bool) {
    let mut wait = FIRST;
    loop {
        match fence.fate(&id).await {
            Ok(Fate::Kept) => return,
            Ok(Fate::Nothing | Fate::Gone) if !is_late => return,
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

    use flaresmith_store::enums::Provider;
    use tokio::sync::watch;

    use super::*;
    use crate::store::Write;

    /// An act that a test has somebody lose and come to an end.
    #[derive(Debug)]
    struct Act {
        is_over: Mutex<Option<watch::Sender<bool>>>,
        lost: watch::Receiver<bool>,
        fate: Mutex<Fate>,
        looks: watch::Sender<usize>,
    }

    impl Fence for Act {
        fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
            let is_lost = *self.lost.borrow();
            Box::pin(async move {
                match is_lost {
                    false => Ok(()),
                    true => Err(Failure::internal("it is another's")),
                }
            })
        }

        fn fate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Fate, Failure>> {
            Box::pin(async move {
                let fate = *self.fate.lock().unwrap();
                self.looks.send_modify(|looks| *looks += 1);
                Ok(fate)
            })
        }

        fn is_lost(&self) -> BoxFuture<'_, bool> {
            let mut lost = self.lost.clone();
            Box::pin(async move { lost.wait_for(|lost| *lost).await.is_ok() })
        }
    }

    /// A call that makes something; what that came to when it was taken away is sent.
    fn making(is_given_twice: bool) -> (Making<String>, watch::Receiver<Option<Fate>>) {
        let (gone, removed) = watch::channel(None);
        let making = Making {
            limit: Duration::from_secs(5),
            failures: Failures::of(Provider::Neon),
            call: Box::pin(async { Ok("one".to_owned()) }),
            id: |made| Some(made.clone()),
            is_given_twice,
            remove: Box::new(move |id, fate| {
                assert_eq!(id, "one");
                gone.send_replace(Some(fate));
                Box::pin(async { Ok(()) })
            }),
        };
        (making, removed)
    }

    impl Act {
        fn begun() -> Arc<Self> {
            let (is_over, lost) = watch::channel(false);
            Arc::new(Self {
                is_over: Mutex::new(Some(is_over)),
                lost,
                fate: Mutex::new(Fate::Undecided),
                looks: watch::Sender::new(0),
            })
        }

        /// Makes something in time, and looks after it to the end; whether it was taken away is sent.
        fn made(
            self: &Arc<Self>,
            is_given_twice: bool,
        ) -> (watch::Receiver<Option<Fate>>, tokio::task::JoinHandle<()>) {
            let (making, removed) = making(is_given_twice);
            let fence = Arc::clone(self) as Arc<dyn Fence>;
            let ended = tokio::spawn(async move {
                let (tell, told) = oneshot::channel();
                let (made, ()) = tokio::join!(told, making.ended(&fence, tell));
                assert_eq!(made.unwrap().unwrap(), "one");
            });
            (removed, ended)
        }

        /// Waits for so many more looks at what became of it.
        async fn looked(&self, more: usize) {
            let until = *self.looks.borrow() + more;
            let mut looks = self.looks.subscribe();
            looks.wait_for(|looks| *looks >= until).await.unwrap();
        }

        fn comes_to(&self, fate: Fate) {
            *self.fate.lock().unwrap() = fate;
        }

        /// Another process has it, or this one came to its end.
        fn ends(&self, is_lost: bool) {
            let is_over = self.is_over.lock().unwrap().take().unwrap();
            if is_lost {
                is_over.send_replace(true);
            }
        }
    }

    #[tokio::test]
    async fn what_was_made_in_time_goes_when_whoever_took_the_act_over_found_another_one() {
        let act = Act::begun();
        let (removed, ended) = act.made(true);
        tokio::time::sleep(FIRST).await;
        act.ends(true);
        act.looked(2).await;
        assert_eq!(*removed.borrow(), None, "the act has not ended");
        act.comes_to(Fate::Other);
        ended.await.unwrap();
        assert_eq!(*removed.borrow(), Some(Fate::Other));
    }

    #[tokio::test]
    async fn what_whoever_took_the_act_over_found_or_left_on_purpose_stays() {
        for fate in [Fate::Kept, Fate::Nothing, Fate::Gone] {
            let act = Act::begun();
            let (removed, ended) = act.made(true);
            tokio::time::sleep(FIRST).await;
            act.comes_to(fate);
            act.ends(true);
            ended.await.unwrap();
            assert_eq!(*removed.borrow(), None, "{fate:?}");
        }
    }

    /// Whatever becomes of the act after that, and however soon.
    #[tokio::test]
    async fn nobody_looks_after_what_was_made_in_time_by_whoever_held_the_act_to_its_end() {
        for fate in [Fate::Undecided, Fate::Other, Fate::Nothing, Fate::Gone] {
            let act = Act::begun();
            let (removed, ended) = act.made(true);
            tokio::time::sleep(FIRST).await;
            act.comes_to(fate);
            act.ends(false);
            ended.await.unwrap();
            assert_eq!(*removed.borrow(), None, "{fate:?}");
            assert_eq!(*act.looks.borrow(), 0, "{fate:?}");
        }
    }

    #[tokio::test]
    async fn what_is_given_once_is_not_followed() {
        let act = Act::begun();
        let (removed, ended) = act.made(false);
        ended.await.unwrap();
        act.comes_to(Fate::Other);
        act.ends(true);
        assert_eq!(*removed.borrow(), None);
        assert_eq!(*act.looks.borrow(), 0);
    }

    #[tokio::test]
    async fn what_was_made_too_late_goes_when_the_act_came_to_something_else_or_to_nothing() {
        for fate in [Fate::Other, Fate::Nothing, Fate::Gone] {
            let act = Act::begun();
            act.ends(true);
            let (making, removed) = making(false);
            let fence = Arc::clone(&act) as Arc<dyn Fence>;
            let (tell, told) = oneshot::channel();
            let ended = tokio::spawn(async move { making.ended(&fence, tell).await });
            assert!(told.await.unwrap().is_err(), "nobody may take it for its own");
            act.looked(1).await;
            assert_eq!(*removed.borrow(), None, "the act has not ended");
            act.comes_to(fate);
            ended.await.unwrap();
            assert_eq!(*removed.borrow(), Some(fate));
        }
    }
}
