//! Asking a worker whether it answers.
//!
//! Owns: one request, and what is told of it. Must not know: what follows from it.

use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use uuid::Uuid;

/// How long an answer may take.
const LONGEST: Duration = Duration::from_secs(5);

/// Longest first line of an answer, in bytes.
const LINE: u64 = 256;

/// What came of asking one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// The project.
    pub project: Uuid,
    /// The environment's name.
    pub environment: String,
    /// Whether it answered, with anything but a failure of its own.
    pub healthy: bool,
    /// How long that took.
    pub latency: Duration,
}

/// The status that a worker answers a request for its root with.
pub(super) async fn ask(port: u16) -> io::Result<u16> {
    tokio::time::timeout(LONGEST, once(port))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The same, as it is told.
pub(super) async fn probe(project: Uuid, environment: String, port: u16) -> Probed {
    let begun = Instant::now();
    let healthy = ask(port).await.is_ok_and(|status| status < 500);
    Probed {
        project,
        environment,
        healthy,
        latency: begun.elapsed(),
    }
}

async fn once(port: u16) -> io::Result<u16> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!(
        "GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nuser-agent: flaresmith\r\naccept: */*\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
