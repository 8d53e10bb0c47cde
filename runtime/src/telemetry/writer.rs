//! The writer of lines: a thread, so that nobody waits for whoever reads them.
//!
//! Owns: the order of lines, and leaving some out when nobody takes them. Must not know: what they say.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::log::Lines;

/// Lines that may wait. Further ones are left out: a log that nobody takes must not hold up the server.
const WAITING: usize = 16 << 10;

enum Said {
    Line(String),
    /// Somebody wants to know when everything before this is written.
    Mark(SyncSender<()>),
}

/// A thread that writes lines.
pub struct Writer {
    sender: SyncSender<Said>,
    left_out: Arc<AtomicU64>,
}

impl Writer {
    /// Writes to something. What cannot be written is lost: nobody can be told.
    #[must_use]
    pub fn to(target: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let left_out = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&left_out);
        std::thread::spawn(move || write_all(&receiver, &mut BufWriter::new(target), &lost));
        Self { sender, left_out }
    }

    /// What takes lines for it.
    #[must_use]
    pub fn lines(&self) -> Lines {
        let (sender, left_out) = (self.sender.clone(), Arc::clone(&self.left_out));
        Arc::new(move |line| {
            if let Err(TrySendError::Full(_)) = sender.try_send(Said::Line(line)) {
                left_out.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Waits until everything so far is written, but no longer than this.
    pub fn finish(&self, longest: Duration) {
        let (mark, passed) = sync_channel(1);
        if self.sender.try_send(Said::Mark(mark)).is_ok() {
            let _ = passed.recv_timeout(longest);
        }
    }
}

fn write_all(said: &Receiver<Said>, target: &mut impl Write, left_out: &AtomicU64) {
    while let Ok(first) = said.recv() {
        let mut next = Some(first);
        while let Some(said_now) = next {
            match said_now {
                Said::Line(line) => {
                    let _ = writeln!(target, "{line}");
                }
                Said::Mark(mark) => {
                    let _ = target.flush();
                    let _ = mark.try_send(());
                }
            }
            let lost = left_out.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let _ = writeln!(
                    target,
                    r#"{{"level":"warn","message":"lines were left out","count":{lost}}}"#
                );
            }
            next = said.try_recv().ok();
        }
        let _ = target.flush();
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

    #[test]
    fn lines_that_nobody_takes_are_left_out_and_told_of() {
        let gate = Gate::default();
        let writer = Writer::to(gate.clone());
        let lines = writer.lines();
        for number in 0..2 * WAITING {
            lines(format!("line {number} {}", "x".repeat(100)));
        }
        let (lock, opened) = &*gate.0;
        lock.lock().unwrap().open = true;
        opened.notify_all();
        // The mark needs a place, too.
        while lock.lock().unwrap().written.len() < 1000 {
            std::thread::yield_now();
        }
        writer.finish(Duration::from_secs(60));
        let text = String::from_utf8(lock.lock().unwrap().written.clone()).unwrap();
        assert!(text.starts_with("line 0 ") && text.contains("lines were left out"));
        assert!(text.lines().count() < 2 * WAITING);
    }
}
