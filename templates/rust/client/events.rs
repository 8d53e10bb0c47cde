//! Reading event streams.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::try_unfold;

use crate::bodies::{BodyError, Event, EventStream};

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// Longest event that is kept, so that a stream that never ends a line cannot fill the memory.
const LONGEST: usize = 16 << 20;

struct Reader<T> {
    chunks: Chunks,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no end of a line.
    searched: usize,
    event: Event<String>,
    has_data: bool,
    first: bool,
    read: fn(String) -> Result<T, BodyError>,
}

/// The events in a stream of bytes.
pub(super) fn read<T: Send + 'static>(
    chunks: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    read: fn(String) -> Result<T, BodyError>,
) -> EventStream<T> {
    let reader = Reader {
        chunks: Box::pin(chunks),
        buffer: Vec::new(),
        searched: 0,
        event: Event::default(),
        has_data: false,
        first: true,
        read,
    };
    EventStream::new(try_unfold(reader, |mut reader| async move {
        Ok(reader.next().await?.map(|event| (event, reader)))
    }))
}

impl<T> Reader<T> {
    async fn next(&mut self) -> Result<Option<Event<T>>, BodyError> {
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = self.take(&line)? {
                    return Ok(Some(event));
                }
            }
            if self.buffer.len() + self.event.data.len() > LONGEST {
                return Err("the stream holds an event that is too long".into());
            }
            match std::future::poll_fn(|cx| self.chunks.as_mut().poll_next(cx)).await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk.map_err(reqwest::Error::without_url)?),
                None => return Ok(None),
            }
        }
    }

    /// The next whole line. A carriage return at the end of what has arrived waits, since a line feed may belong to it.
    fn line(&mut self) -> Option<String> {
        let rest = self.buffer.get(self.searched..)?;
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = self.searched + end;
        let length = match (self.buffer.get(end), self.buffer.get(end + 1)) {
            (Some(b'\r'), None) => return None,
            (Some(b'\r'), Some(b'\n')) => 2,
            _ => 1,
        };
        let mut line = String::from_utf8_lossy(self.buffer.get(..end)?).into_owned();
        self.buffer.drain(..end + length);
        self.searched = 0;
        if std::mem::take(&mut self.first) {
            line = line.trim_start_matches('\u{feff}').to_owned();
        }
        Some(line)
    }

    /// Takes a line in; an empty one ends an event.
    fn take(&mut self, line: &str) -> Result<Option<Event<T>>, BodyError> {
        if line.is_empty() {
            let mut event = std::mem::take(&mut self.event);
            // The last id holds for the events after it.
            self.event.id.clone_from(&event.id);
            if !std::mem::take(&mut self.has_data) {
                return Ok(None);
            }
            event.data.pop();
            if event.event.as_deref() == Some("error") {
                let told = serde_json::from_str(&event.data).ok().and_then(|body| crate::errors::read(&body));
                if let Some(crate::errors::Told { code: Some(code), message, .. }) = told {
                    return Err(format!("{code}: {message}").into());
                }
            }
            let data = (self.read)(event.data)?;
            return Ok(Some(Event { data, event: event.event, id: event.id, retry: event.retry }));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.has_data = true;
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            "event" => self.event.event = Some(value.to_owned()),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "retry" => self.event.retry = value.parse().ok().map(Duration::from_millis),
            _ => {}
        }
        Ok(None)
    }
}
