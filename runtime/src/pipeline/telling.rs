//! Telling: every request is told about once, however it ends.
//!
//! Owns: what is found out about a request on its way, and the moment in which log, metrics and trace hear of its end. Must not
//! know: what they make of it.
//!
//! A request ends when it is answered. A caller who hangs up before ends it as well; unless it changes something, for then the work
//! goes on, and what came of it is told when it is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{Extensions, Method, StatusCode};
use axum::response::Response;
use flaresmith_api::operations::Operation;

use super::envelope::Ids;
use super::observe::{Answered, Known, Served};
use super::{idempotency, trace};
use crate::platform::Platform;
use crate::telemetry::span::{Place, Root};

/// What is told about a request whose caller hung up before anything came of it. No answer has this status.
const GONE: u16 = 499;

/// A request on its way.
pub(crate) struct Telling {
    platform: Platform,
    ids: Ids,
    method: Method,
    place: Place,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    served: Served,
    /// What is known of it; `None`: nothing yet.
    known: Option<Known>,
    /// The span of the whole; `None`: it was told about.
    root: Option<Root>,
    /// Whether work is under way that does not end with its caller.
    carried: bool,
    /// Whether nobody waits for an answer any more.
    unheard: bool,
}

impl Telling {
    /// Begins to follow a request, which gets its ids.
    pub(super) fn begin(platform: &Platform, served: Served, request: &mut Request) -> Arc<Self> {
        let (ids, root) = trace::enter(&platform.tracer, request);
        let telling = Arc::new(Self {
            platform: platform.clone(),
            ids,
            method: request.method().clone(),
            place: root.place().clone(),
            started: root.started(),
            state: Mutex::new(State {
                served,
                known: None,
                root: Some(root),
                carried: false,
                unheard: false,
            }),
        });
        request.extensions_mut().insert(Arc::clone(&telling));
        telling
    }

    /// That of a request.
    pub(super) fn of(extensions: &Extensions) -> Option<Arc<Self>> {
        extensions.get::<Arc<Self>>().cloned()
    }

    /// What the request is known by.
    pub(super) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The place of its span.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The operation that it is for.
    pub(super) fn is_for(&self, operation: &'static Operation) {
        self.state().served = Served::Operation(operation);
    }

    /// What is known of it by now.
    pub(super) fn knows(&self, known: &Known) {
        self.state().known = Some(known.clone());
    }

    /// From here on it goes all the way, whether or not its caller waits.
    pub(super) fn carried(&self) {
        self.state().carried = true;
    }

    /// What was carried has come to this. It is told when nobody waits for it.
    pub(super) fn came_to(&self, response: &Response) {
        let mut state = self.state();
        state.carried = false;
        if state.unheard {
            self.tell(state, true, Some(response));
        }
    }

    /// The caller is answered. What is still under way then is told once more when it is done.
    pub(super) fn answered(&self, response: &Response) {
        let mut state = self.state();
        state.unheard = true;
        self.tell(state, false, Some(response));
    }

    /// Nobody waits for an answer.
    fn gone(&self) {
        let mut state = self.state();
        if state.root.is_some() && !state.unheard {
            state.unheard = true;
            if !state.carried {
                self.tell(state, true, None);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, mut state: MutexGuard<'_, State>, unheard: bool, response: Option<&Response>) {
        let (served, known) = (state.served, state.known.clone().unwrap_or_default());
        let root = state.root.take();
        drop(state);
        let answered = Answered {
            ids: &self.ids,
            method: &self.method,
            served,
            status: response.map_or_else(|| StatusCode::from_u16(GONE).unwrap_or_default(), Response::status),
            failure: response.and_then(|response| response.extensions().get()),
            replayed: response.is_some_and(|response| response.headers().contains_key(idempotency::REPLAYED)),
            known: &known,
            unheard,
            duration: self.started.elapsed(),
            at: self.platform.clock.now(),
        };
        // One whose time was over was counted, and its trace ended, when its caller was told so.
        if let Some(root) = root {
            self.platform.metrics.answered(&answered);
            trace::leave(root, &answered);
        }
        self.platform.observer.answered(&answered);
    }
}

/// Somebody who waits for the answer. It goes when that one does.
pub(super) struct Waiting(pub(super) Arc<Telling>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.gone();
    }
}
