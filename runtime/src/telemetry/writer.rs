//! The writer of lines: a thread, so that nobody waits for whoever reads them.
//!
//! Owns: the order of lines, and leaving some out when nobody takes them. Must not know: what they say.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::log::{Lines, left_out};

/// Bytes of lines that may wait. Further lines are left out: a log that nobody takes must not hold up the server.
const WAITING: usize = 16 << 20;

/// Lines that may wait, however short they are.
const LINES: usize = 16 << 10;

/// Time between two tries to be heard by a thread that is behind.
const PAUSE: Duration = Duration::from_millis(5);

/// Time in which lines gather after some were written.
const GATHER: Duration = Duration::from_millis(1);

enum Said {
    Line(String),
    /// Somebody wants to know when everything before this is written.
    Mark(SyncSender<()>),
}

/// What is known on both sides.
#[derive(Default)]
struct Counts {
    /// Bytes that wait.
    waiting: AtomicUsize,
    /// Lines that did not find a place.
    left_out: AtomicU64,
}

/// A thread that writes lines.
pub struct Writer {
    sender: SyncSender<Said>,
    counts: Arc<Counts>,
}

impl Writer {
    /// Writes to something. What cannot be written is lost: nobody can be told.
    #[must_use]
    pub fn to(target: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(LINES);
        let counts = Arc::new(Counts::default());
        let known = Arc::clone(&counts);
        std::thread::spawn(move || write_all(&receiver, &mut BufWriter::new(target), &known));
        Self { sender, counts }
    }

    /// What takes lines for it.
    #[must_use]
    pub fn lines(&self) -> Lines {
        let (sender, counts) = (self.sender.clone(), Arc::clone(&self.counts));
        Arc::new(move |line| {
            let length = line.len();
            let before = counts.waiting.fetch_add(length, Ordering::Relaxed);
            if before + length > WAITING || sender.try_send(Said::Line(line)).is_err() {
                counts.waiting.fetch_sub(length, Ordering::Relaxed);
                counts.left_out.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Waits until everything so far is written, but no longer than this.
    pub fn finish(&self, longest: Duration) {
        let until = Instant::now() + longest;
        let (mark, passed) = sync_channel(1);
        let mut said = Said::Mark(mark);
        // Whoever reads may be behind, and there may be no place for a mark yet.
        while let Err(TrySendError::Full(again)) = self.sender.try_send(said) {
            if Instant::now() >= until {
                return;
            }
            said = again;
            std::thread::sleep(PAUSE);
        }
        let _ = passed.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn write_all(said: &Receiver<Said>, target: &mut impl Write, counts: &Counts) {
    while let Ok(first) = said.recv() {
        let mut next = Some(first);
        while let Some(said_now) = next {
            match said_now {
                Said::Line(line) => {
                    let _ = writeln!(target, "{line}");
                    counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                }
                Said::Mark(mark) => {
                    let _ = target.flush();
                    let _ = mark.try_send(());
                }
            }
            let lost = counts.left_out.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let _ = writeln!(target, "{}", left_out(lost));
            }
            next = said.try_recv().ok();
        }
        let _ = target.flush();
        // Who says the next line soon need not wake anybody, and several are written at once.
        std::thread::sleep(GATHER);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

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
        for (length, many) in [(100, 2 * LINES), (1 << 20, 40)] {
            let gate = Gate::default();
            let writer = Writer::to(gate.clone());
            let lines = writer.lines();
            for number in 0..many {
                lines(format!("line {number} {}", "x".repeat(length)));
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
        for number in 0..=LINES {
            lines(format!("line {number}"));
        }
        let late = gate.clone();
        let opens = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            late.open();
        });
        writer.finish(Duration::from_secs(60));
        opens.join().unwrap();
        assert!(gate.written().contains(&format!("line {}\n", LINES - 1)));
    }
}
