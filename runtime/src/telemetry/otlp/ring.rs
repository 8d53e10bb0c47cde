//! The ring: what waits to be sent.
//!
//! Owns: how much may wait, and that the oldest goes first when it is too much. Must not know: what is in it.

use std::collections::VecDeque;

/// Which path a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
}

impl Signal {
    /// The path below the address of the collector.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// Its name, for labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
        }
    }
}

/// Something to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about.
    pub signal: Signal,
    /// The message itself.
    pub bytes: Vec<u8>,
}

/// What waits, oldest first, and no more than so many bytes of it.
#[derive(Debug)]
pub struct Ring {
    messages: VecDeque<Message>,
    bytes: usize,
    most: usize,
}

impl Ring {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            most,
        }
    }

    /// Adds a message. What had to go for it, the oldest first; the message itself, when there is no room for it at all.
    ///
    /// Metrics are sums since the start, so that an older message of them says nothing that the newest does not; it goes without being
    /// missed.
    pub fn push(&mut self, message: Message) -> Vec<Message> {
        if message.signal == Signal::Metrics {
            self.messages.retain(|waiting| waiting.signal != Signal::Metrics);
            self.bytes = self.messages.iter().map(|waiting| waiting.bytes.len()).sum();
        }
        self.bytes += message.bytes.len();
        self.messages.push_back(message);
        let mut gone = Vec::new();
        while self.bytes > self.most {
            gone.extend(self.pop());
        }
        gone
    }

    /// The oldest.
    #[must_use]
    pub fn first(&self) -> Option<&Message> {
        self.messages.front()
    }

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.bytes.len();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_is_too_much() {
        let message = |length: u8| Message {
            signal: Signal::Traces,
            bytes: vec![length; usize::from(length)],
        };
        let mut ring = Ring::new(10);
        assert!(ring.push(message(4)).is_empty() && ring.push(message(5)).is_empty());
        assert_eq!(ring.push(message(3)), [message(4)]);
        assert_eq!(ring.first(), Some(&message(5)));
        assert_eq!(ring.push(message(20)), [message(5), message(3), message(20)]);
        assert_eq!(ring.pop(), None);
        assert!(ring.push(message(10)).is_empty());
    }

    #[test]
    fn of_metrics_the_newest_alone_waits_and_takes_no_room_from_traces() {
        let message = |signal, byte: u8| Message {
            signal,
            bytes: vec![byte; 4],
        };
        let mut ring = Ring::new(10);
        assert!(ring.push(message(Signal::Traces, 1)).is_empty());
        for byte in 2..9 {
            assert!(ring.push(message(Signal::Metrics, byte)).is_empty());
        }
        assert_eq!(ring.pop(), Some(message(Signal::Traces, 1)));
        assert_eq!((ring.pop(), ring.pop()), (Some(message(Signal::Metrics, 8)), None));
    }
}
