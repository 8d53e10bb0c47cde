//! The writer of lines: a thread, so that nobody waits for whoever reads them.
//!
//! Owns: the order of lines, and leaving some out when nobody takes them. Must not know: what they say.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::log::{Lines, left_out};

/// Bytes of lines that may wait. Further lines are left out: a log that nobody takes must not hold up the server.
const WAITING: usize = 16 << 20;

/// Room that is kept for further lines, in bytes.
const KEPT: usize = 1 << 20;

/// Time in which lines gather after some were written.
const GATHER: Duration = Duration::from_millis(1);

/// Lines on their way.
#[derive(Default)]
struct State {
    /// Those that were said and that nobody has begun to write.
    waiting: Vec<u8>,
    /// Bytes of those that are being written.
    under_way: usize,
    /// Lines that did not find a place since that was told.
    left_out: u64,
    /// How many were said, and how many of them need not be waited for any more.
    said: u64,
    done: u64,
    /// Whether the thread waits to be woken.
    asleep: bool,
    /// Whether nobody says anything any more.
    ended: bool,
}

/// What both sides know.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    said: Condvar,
    done: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        let mut state = self.state();
        state.said += 1;
        if state.waiting.len() + state.under_way + line.len() > WAITING {
            state.left_out += 1;
            return;
        }
        state.waiting.extend_from_slice(line.as_bytes());
        state.waiting.push(b'\n');
        if state.asleep {
            self.said.notify_one();
        }
    }

    /// Writes until nobody says anything any more. What cannot be written is lost: nobody can be told.
    fn write_all(&self, target: &mut impl Write) {
        let mut lines = Vec::new();
        loop {
            let mut state = self.state();
            while state.waiting.is_empty() && state.left_out == 0 {
                if state.ended {
                    return;
                }
                state.asleep = true;
                state = self.said.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.asleep = false;
            }
            std::mem::swap(&mut lines, &mut state.waiting);
            let (said, lost) = (state.said, std::mem::take(&mut state.left_out));
            state.under_way = lines.len();
            drop(state);
            let _ = target.write_all(&lines);
            if lost > 0 {
                let _ = writeln!(target, "{}", left_out(lost));
            }
            let _ = target.flush();
            lines.clear();
            lines.shrink_to(KEPT);
            let mut state = self.state();
            (state.under_way, state.done) = (0, said);
            drop(state);
            self.done.notify_all();
            // Who says the next line soon need not wake anybody, and several are written at once.
            std::thread::sleep(GATHER);
        }
    }
}

/// Those who say lines. With the last of them the thread ends.
struct Speakers(Arc<Shared>);

impl Drop for Speakers {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.said.notify_one();
    }
}

/// A thread that writes lines.
pub struct Writer(Arc<Speakers>);

impl Writer {
    /// Writes to something.
    #[must_use]
    pub fn to(mut target: impl Write + Send + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        std::thread::spawn(move || own.write_all(&mut target));
        Self(Arc::new(Speakers(shared)))
    }

    /// What takes lines for it.
    #[must_use]
    pub fn lines(&self) -> Lines {
        let speakers = Arc::clone(&self.0);
        Arc::new(move |line| speakers.0.say(line))
    }

    /// Waits until everything so far is written, but no longer than this.
    pub fn finish(&self, longest: Duration) {
        let shared = &self.0.0;
        let state = shared.state();
        let said = state.said;
        drop(
            shared
                .done
                .wait_timeout_while(state, longest, |state| state.done < said),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that fit.
    const MANY: usize = 20_000;

    /// Somewhere to write to that takes nothing until it is told to.
    #[derive(Clone, Default)]
    struct Gate(Arc<(Mutex<Behind>, Condvar)>);

    #[derive(Default)]
    struct Behind {
        open: bool,
        written: Vec<u8>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let (lock, opened) = &*self.0;
            let mut state = opened.wait_while(lock.lock().unwrap(), |behind| !behind.open).unwrap();
            state.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Gate {
        fn open(&self) {
            let (lock, opened) = &*self.0;
            lock.lock().unwrap().open = true;
            opened.notify_all();
        }

        fn written(&self) -> String {
            String::from_utf8(self.0.0.lock().unwrap().written.clone()).unwrap()
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_left_out_and_told_of() {
        for (length, many) in [(100, 400_000), (1 << 20, 40)] {
            let gate = Gate::default();
            let writer = Writer::to(gate.clone());
            let lines = writer.lines();
            for number in 0..many {
                lines(&format!("line {number} {}", "x".repeat(length)));
            }
            gate.open();
            writer.finish(Duration::from_secs(60));
            let text = gate.written();
            assert!(text.starts_with("line 0 ") && text.contains("lines were left out"));
            assert!(text.lines().count() < many && text.len() < WAITING + (2 << 20));
        }
    }

    #[test]
    fn who_reads_late_still_gets_every_line_that_was_taken() {
        let gate = Gate::default();
        let writer = Writer::to(gate.clone());
        let lines = writer.lines();
        for number in 0..MANY {
            lines(&format!("line {number}"));
        }
        let late = gate.clone();
        let opens = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            late.open();
        });
        writer.finish(Duration::from_secs(60));
        opens.join().unwrap();
        assert_eq!(gate.written().lines().count(), MANY);
    }
}
