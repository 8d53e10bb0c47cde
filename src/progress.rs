//! Progress: a sign of life when a run takes longer than a second.
//!
//! Owns: when and where it is shown. Must not know: what takes so long.

use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::ProgressBar;

/// A run may take this long without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the current phase on standard error from the second second on, and is gone when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: Arc<Mutex<&'static str>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting. Silent ones never show anything.
    pub(crate) fn start(phase: &'static str, silent: bool) -> Self {
        let phase = Arc::new(Mutex::new(phase));
        if silent {
            return Self {
                phase,
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        let shown = Arc::clone(&phase);
        #[allow(clippy::print_stderr, reason = "the line of a log, beside any view")]
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let current = || shown.lock().map_or("", |phase| *phase);
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
        });
        Self {
            phase,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Says what is being done now.
    pub(crate) fn phase(&self, name: &'static str) {
        if let Ok(mut phase) = self.phase.lock() {
            *phase = name;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported already; progress is not worth a second one.
            let _ = thread.join();
        }
    }
}
