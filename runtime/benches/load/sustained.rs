//! Ten minutes at twice the load that saturates: what is refused, and whether memory stays what it is.
//!
//! Owns: the load and what is looked at meanwhile. Must not know: how the server works. `LOAD_MINUTES` has it take another time.
//!
//! Twice as many connections as in the measurement of saturation read a project without a pause, and four write. Answers may be
//! successes, 429 or 503; any other fails the run, and so does memory that goes on growing.

use std::time::Duration;

use crate::load::{Outcome, Pressure, Request};
use crate::servers::{Server, Store};

/// Time between two looks at memory.
const LOOK: Duration = Duration::from_secs(10);

/// Memory at the end may be this many times what it was when the server was warm.
const FLAT: f64 = 1.25;

/// Loads a server on this store.
pub(crate) async fn run(store: Store) {
    let minutes = std::env::var("LOAD_MINUTES").ok().and_then(|text| text.parse().ok());
    let minutes: u64 = minutes.unwrap_or(10);
    let server = Server::start(store).await;
    let (_, read) = server.reads().pop().expect("there are reads");
    let press = |request: Request, connections: usize| {
        let address = server.address();
        tokio::task::spawn_blocking(move || {
            let pressure = Pressure { connections, minutes };
            pressure.put(&address, &request)
        })
    };
    let (reads, writes) = (press(read, 64), press(server.write(), 4));
    let mut memory = Vec::new();
    for _ in 0..(minutes * 60 / LOOK.as_secs()).max(2) - 1 {
        tokio::time::sleep(LOOK).await;
        memory.push(resident());
    }
    println!("| store | request | requests/s | p50 ms | p95 ms | p99 ms | 2xx | 429 | 503 | others | broken |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (what, outcome) in [("read", reads), ("write", writes)] {
        let outcome: Outcome = outcome.await.expect("the load is made");
        let Outcome {
            measured,
            succeeded,
            limited,
            unavailable,
            other,
            broken,
        } = &outcome;
        println!(
            "| {} | {what} | {:.0} | {:.2} | {:.2} | {:.2} | {succeeded} | {limited} | {unavailable} | {other} | {broken} |",
            store.name(),
            measured.rate,
            measured.p50,
            measured.p95,
            measured.p99,
        );
        assert!(*other == 0 && *broken == 0, "{what}: {outcome:?}");
    }
    // What is made on first use is there after a sixth of the time.
    let warm = memory.get(memory.len() / 6).copied().expect("it was looked at");
    let (last, most) = (
        *memory.last().expect("it was looked at"),
        memory.iter().max().expect("it was looked at"),
    );
    println!("\nmemory in MiB: {warm} when warm, {last} at the end, {most} at most; every {LOOK:?}: {memory:?}");
    #[allow(clippy::cast_precision_loss, reason = "so few fit")]
    let grown = last as f64 / warm as f64;
    assert!(grown < FLAT, "memory grew {grown:.2} times");
}

/// Memory of this process, which is the server with what starts it, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("Linux tells it");
    let number = line
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<u64>().ok());
    number.expect("it is a number") / 1024
}
