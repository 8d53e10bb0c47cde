//! Provisioning: making and taking away what a project needs outside of the store.
//!
//! Owns: runs and their steps, from the plan to the end. Must not know: HTTP, how a provider makes anything.
//!
//! | module | what it owns |
//! |---|---|
//! | [`plan`] | which steps a run has |
//! | [`step`] | what a step is |
//! | `steps` | the steps themselves, one file each |
//! | [`template`] | what the repository of a project begins with |
//! | [`states`] | changes of state, all of them by the generated lifecycles |
//! | [`lease`] | which process works on a run |
//! | [`journal`] | writing of a run: fenced, in order, before and after every act |
//! | `codespace` | the codespace of a project, as the store has it |
//! | `call` | what is said of the calls of a step |
//! | [`left`] | which steps a run would carry out now |
//! | `fate` | what becomes of what was made too late |
//! | `missing` | what a project lacks |
//! | [`look`] | what was made, next to what should be |
//! | [`stand`] | how a project stands in the store, as digests |
//! | [`deploy`] | deployments: runs that change what runs in an environment |
//! | [`previews`] | how long a preview stays, and the end of runs that make or take one away |
//! | `standby` | resetting the standbys of databases |
//! | `failover` | what follows when one has taken over |
//! | [`runner`] | finding runs, carrying them out and undoing them |
//! | [`request`] | what callers ask: begin, retry, cancel, take away |
//! | [`events`] | what happened in a run, as callers follow it |
//!
//! The table of runs is the queue: a run is put there by the transaction that makes it necessary, and every process looks for runs
//! that nobody holds. A queue beside it (apalis, say) would need a second write for each run, a sweep for those whose second
//! write never came, which is the same look again, and a journal of ours all the same, since no queue has a number that grows with
//! every holder. One table and one look are less, and they are enough: a run takes seconds, and looking takes one indexed query.
//!
//! What makes it converge:
//!
//! - Before an act a line says what is about to be done, after it what came of it. Whoever finds a step that was begun and not ended
//!   does it again under the same key, and the provider looks before it makes anything.
//! - Every write of a run is a transaction that moves the run's version from the one last seen. Another process that takes the run
//!   moves it too, so the first one's next write finds nothing to move: it stops, whatever it thinks of its lease.
//! - A process that was frozen in an act finds that out in time as well: providers ask the [`Fence`](crate::providers::Fence) of the
//!   lease when they have the turn for what they act on.
//! - A call that was on its way by then goes to its end, and who made it hears the answer: what it has made is taken away again if the
//!   step came to something else.
//! - What was begun is undone newest first. A step that cannot be undone is `stuck`, and the others are undone all the same.

mod alone;
pub(crate) mod at_cloudflare;
pub(crate) mod at_neon;
pub(crate) mod at_postman;
pub mod back;
mod call;
pub(crate) mod codespace;
pub mod deploy;
pub mod events;
pub(crate) mod failover;
mod failpoint;
mod fate;
mod in_step;
mod in_step_at_postman;
pub mod journal;
pub mod lease;
pub mod left;
pub mod look;
mod missing;
pub mod plan;
pub mod previews;
pub mod request;
pub mod runner;
pub mod stand;
pub(crate) mod standby;
pub mod states;
pub mod step;
mod steps;
pub mod template;
pub mod test_run;
mod undo;
mod work;

pub use call::Call;
pub use runner::Runner;
pub(crate) use steps::migration::unseen as pending;
