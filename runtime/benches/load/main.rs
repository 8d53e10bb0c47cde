//! Requests a second and their latencies: reads and writes of the server on both stores, beside a handler of axum that does nothing
//! and a Hono app on Node, all under the same load of `wrk` in one run.
//!
//! Owns: what is measured and in which order. Must not know: how the server works. Every server is alone while it is measured; the
//! one that makes the load shares the machine with all of them alike.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot go on has failed"
)]

mod load;
mod servers;

use load::{Load, Measured, Request};
use servers::{Bare, Hono, Server, Store};

fn main() {
    // `cargo test --benches` looks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        println!("| server | request | load | requests/s | p50 ms | p95 ms | p99 ms | beside bare axum |");
        println!("|---|---|---|--:|--:|--:|--:|--:|");
        let bare = Bare::start().await;
        let floor = rows("bare axum", "read", &bare.address(), &bare.read(), None);
        let hono = Hono::start();
        rows("Hono on Node", "read", &hono.address(), &hono.read(), Some(&floor));
        drop(hono);
        for store in [Store::Sqlite, Store::Postgres] {
            let server = Server::start(store).await;
            rows(store.name(), "read", &server.address(), &server.read(), Some(&floor));
            rows(store.name(), "write", &server.address(), &server.write(), Some(&floor));
            let (p50, p95) = server.limiter(10_000).await;
            println!(
                "| {} | the rate limiter alone | | | {p50:.4} | {p95:.4} | | |",
                store.name()
            );
        }
    });
}

/// Measures one request at 50 a second and as fast as it goes; what came of the latter.
fn rows(server: &str, what: &str, address: &str, request: &Request, floor: Option<&Measured>) -> Measured {
    let mut last = None;
    for load in [Load::Fifty, Load::Saturation] {
        let measured = load.measure(address, request);
        let beside = match (floor, load) {
            (Some(floor), Load::Saturation) => format!("{:.0} %", measured.rate * 100.0 / floor.rate),
            _ => String::new(),
        };
        println!(
            "| {server} | {what} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {beside} |",
            load.name(),
            measured.rate,
            measured.p50,
            measured.p95,
            measured.p99
        );
        last = Some(measured);
    }
    last.expect("there are two loads")
}
