//! Progress: a sign of life when a run takes longer than a second.
//!
//! Owns: when and where it is shown. Must not know: what takes so long.

use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// A run may take this long without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the current phase on standard error from the second second on, and is gone when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    silent: bool,
    state: Arc<Mutex<State>>,
    thread: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

/// What the thread that shows it has to know.
#[derive(Debug)]
struct State {
    phase: &'static str,
    /// Something is shown, or was.
    shown: bool,
    /// The run is over; nothing may be shown any more.
    over: bool,
}

impl Progress {
    /// Starts waiting. Silent ones never show anything.
    pub(crate) fn start(phase: &'static str, silent: bool) -> Self {
        Self {
            began: Instant::now(),
            silent,
            state: Arc::new(Mutex::new(State {
                phase,
                shown: false,
                over: false,
            })),
            thread: Mutex::new(None),
        }
    }

    /// Says what is being done now. The thread is started by the second phase: where nothing moved there is only the first, and
    /// it is over before a thread would have begun.
    pub(crate) fn phase(&self, name: &'static str) {
        let Ok(mut state) = self.state.lock() else { return };
        let another = state.phase != name;
        state.phase = name;
        drop(state);
        if another
            && !self.silent
            && let Ok(mut thread) = self.thread.lock()
        {
            thread.get_or_insert_with(|| self.watched());
        }
    }

    fn watched(&self) -> (Sender<()>, JoinHandle<()>) {
        let (stop, stopped) = channel();
        let state = Arc::clone(&self.state);
        let patience = PATIENCE.saturating_sub(self.began.elapsed());
        (stop, std::thread::spawn(move || show(&state, &stopped, patience)))
    }
}

/// Shows the phase once patience is over, until it is told to stop.
#[allow(clippy::print_stderr, reason = "the line of a log, beside any view")]
fn show(state: &Mutex<State>, stopped: &Receiver<()>, patience: Duration) {
    if stopped.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) || !begin(state) {
        return;
    }
    let current = || state.lock().map_or("", |state| state.phase);
    if !std::io::stderr().is_terminal() {
        // No terminal to redraw: one line, so that a log shows what took long.
        anstream::eprintln!("{} …", current());
        return;
    }
    let bar = ProgressBar::new_spinner();
    while stopped.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
        bar.set_message(current());
        bar.tick();
    }
    bar.finish_and_clear();
}

/// Whether something may be shown: from here on the end of the thread is waited for.
fn begin(state: &Mutex<State>) -> bool {
    let Ok(mut state) = state.lock() else { return false };
    state.shown = !state.over;
    state.shown
}

/// Whether something was shown, that has to go before anything else is printed.
fn end(state: &Mutex<State>) -> bool {
    let Ok(mut state) = state.lock() else { return false };
    state.over = true;
    state.shown
}

impl Drop for Progress {
    fn drop(&mut self) {
        let shown = end(&self.state);
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if let Some((stop, thread)) = thread {
            drop(stop);
            // A thread that has said nothing will not any more, and need not have woken up for the run to be over.
            if shown {
                // A panic in the thread has been reported already; progress is not worth a second one.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_second_phase_has_a_thread_and_a_silent_one_never() {
        let running = |progress: &Progress| progress.thread.lock().unwrap().is_some();
        let progress = Progress::start("reading", false);
        progress.phase("reading");
        assert!(!running(&progress));
        progress.phase("generating");
        assert!(running(&progress));
        let silent = Progress::start("reading", true);
        silent.phase("generating");
        assert!(!running(&silent));
    }

    #[test]
    fn nothing_is_shown_once_the_run_is_over_and_what_is_shown_is_waited_for() {
        let progress = Progress::start("reading", false);
        assert!(!end(&progress.state), "nothing is shown yet");
        assert!(!begin(&progress.state), "the run is over");
        let progress = Progress::start("reading", false);
        assert!(begin(&progress.state) && end(&progress.state));
    }
}
