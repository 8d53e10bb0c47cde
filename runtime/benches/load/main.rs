//! Requests a second and their latencies: reads and writes of the server on both stores, beside a handler of axum that answers with the
//! same bytes and does nothing else, and a Hono app on Node, all under the same load of `wrk` in one run.
//!
//! Owns: what is measured and in which order. Must not know: how the server works. The server and the handler that does nothing are
//! measured in turns, the middle one of each counts; the one that makes the load shares the machine with all of them alike. With
//! `sustained` among the arguments the server is loaded for minutes instead ([`sustained`]).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot go on has failed"
)]

mod load;
mod servers;
mod sustained;

use load::{Load, Measured, Request};
use servers::{Bare, Hono, Server, Store};

/// As in the server: both that are compared have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` looks whether it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let stores = [Store::Sqlite, Store::Postgres].into_iter();
    let named = asked("sqlite") || asked("postgres");
    let stores: Vec<Store> = stores.filter(|store| !named || asked(store.word())).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        if asked("sustained") {
            for store in stores {
                sustained::run(store).await;
            }
            return;
        }
        println!("| server | request | load | requests/s | p50 ms | p95 ms | p99 ms | beside bare axum |");
        println!("|---|---|---|--:|--:|--:|--:|--:|");
        let mut floor = None;
        for store in stores {
            let server = Server::start(store).await;
            for (what, read) in server.reads() {
                let bare = Bare::start(&read.path, server.answer(&read).await).await;
                let (own, least) = in_turns((&server.address(), &read), (&bare.address(), &bare.read()));
                row("bare axum", what, Load::Saturation, &least, None);
                row(store.name(), what, Load::Saturation, &own, Some(&least));
                if floor.is_none() {
                    let few = Load::Fifty.measure(&bare.address(), &bare.read());
                    row("bare axum", what, Load::Fifty, &few, None);
                }
                let few = Load::Fifty.measure(&server.address(), &read);
                row(store.name(), what, Load::Fifty, &few, None);
                floor.get_or_insert(least);
            }
            for load in [Load::Fifty, Load::Saturation] {
                let measured = load.measure(&server.address(), &server.write());
                row(store.name(), "write", load, &measured, floor.as_ref());
            }
            let (p50, p95) = server.limiter(10_000).await;
            println!(
                "| {} | the rate limiter alone | | | {p50:.4} | {p95:.4} | | |",
                store.name()
            );
        }
        if asked("alone") {
            return;
        }
        let hono = Hono::start();
        for load in [Load::Fifty, Load::Saturation] {
            let measured = load.measure(&hono.address(), &hono.read());
            row("Hono on Node", "read", load, &measured, floor.as_ref());
        }
    });
}

/// How often each of two is measured.
const TURNS: usize = 5;

/// Measures two requests in turns as fast as it goes; of each the turn that as many were quicker than as were slower.
fn in_turns(one: (&str, &Request), other: (&str, &Request)) -> (Measured, Measured) {
    let mut turns = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for ((address, request), turns) in [one, other].into_iter().zip(&mut turns) {
            turns.push(Load::Saturation.measure(address, request));
        }
    }
    let [one, other] = turns.map(|mut turns| {
        turns.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        turns.swap_remove(TURNS / 2)
    });
    (one, other)
}

fn row(server: &str, what: &str, load: Load, measured: &Measured, floor: Option<&Measured>) {
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
}
