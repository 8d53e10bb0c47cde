//! `cargo bench --bench large`: a contract of 13 MB with 1,100 operations, beside what no reader of it can do without.
//!
//! Owns: what is measured, in turns, so that whatever else the machine does is shared by all. Must not know: where the contract
//! comes from (`document`), or how a program is run and looked at (`program`).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has nothing to measure"
)]

mod document;
mod program;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use flaresmith_codegen::diagnostics::any_error;
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile, compile_again};

use program::Repository;

/// That of the program.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How often each is measured in this process: often, since a machine whose cores are lent out is seldom quiet for as long as both of
/// them are needed, and the fastest is told.
const RUNS: usize = 15;

/// How often each of the whole processes is measured.
const PROCESSES: usize = 5;

/// Path of the contract.
const PATH: &str = "openapi.json";

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        println!("large: benchmark");
        return;
    }
    let text = document::text();
    let mut table = Table::default();
    in_process(&text, &mut table);
    as_program(&text, &mut table);
    println!("| what | best | beside | ratio | at most |");
    println!("|---|--:|---|--:|--:|");
    table.rows.iter().for_each(|row| println!("{row}"));
}

/// What the library does, beside parsing.
fn in_process(text: &str, table: &mut Table) {
    let (mut parse, mut cold, mut again, mut twice) = (Best::new(), Best::new(), Best::new(), Best::new());
    let (once, doubled) = (sources(text), sources(&document::doubled(text)));
    let memo = Memo::lasting();
    check(&compile_again(&once, &Settings::default(), &BTreeMap::new(), &memo));
    for run in 0..RUNS {
        parse.take(|| serde_json::from_str::<openapiv3::OpenAPI>(text).expect("the contract is one of 3.0"));
        check(&cold.take(|| compile(&once, &Settings::default(), &BTreeMap::new())));
        let changed = sources(&document::with_changed_operation(text, &format!("Changed {run} times")));
        check(&again.take(|| compile_again(&changed, &Settings::default(), &BTreeMap::new(), &memo)));
        check(&twice.take(|| compile(&doubled, &Settings::default(), &BTreeMap::new())));
    }
    let beside = "parsing by `serde_json` and `openapiv3`";
    table.row("that parse", parse.0, beside, parse.0, 1.0);
    table.row("bytes to artifacts of all targets, cold", cold.0, beside, parse.0, 5.0);
    table.row(
        "the same in a process that remembers, one operation changed",
        again.0,
        beside,
        parse.0,
        1.5,
    );
    table.row("cold, twice the operations", twice.0, "cold", cold.0, 2.2);
}

/// What whole processes do.
fn as_program(text: &str, table: &mut Table) {
    let (mut look, mut check, mut apply) = (Best::new(), Best::new(), Best::new());
    let mut peak = 0;
    let settled = Repository::with(PATH, text);
    settled.run(&["spec", "apply", "--quiet"]);
    // What was just written is looked at closely once more.
    std::thread::sleep(Duration::from_secs(2));
    settled.run(&["spec", "check", "--quiet"]);
    for _ in 0..PROCESSES {
        let [fresh, watched] = [(); 2].map(|()| Repository::with(PATH, text));
        apply.take(|| fresh.run(&["spec", "apply", "--quiet"]));
        peak = watched.peak(&["spec", "apply", "--quiet"]).max(peak);
        look.take(|| {
            black_box(blake3::hash(text.as_bytes()));
            settled.look_at_generated()
        });
        check.take(|| settled.run(&["spec", "check", "--quiet"]));
    }
    let beside = "hashing the contract and looking at every generated file";
    table.row(
        "`spec check`, nothing changed: a whole process",
        check.0,
        beside,
        look.0,
        2.0,
    );
    table.plain("`spec apply` into an empty repository: a whole process", apply.0);
    let ratio = peak as f64 / text.len() as f64;
    table.rows.push(format!(
        "| its peak memory | {:.0} MB | the contract's {:.1} MB | {ratio:.2} | 12 |",
        peak as f64 / 1e6,
        text.len() as f64 / 1e6
    ));
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.insert(PATH, text.as_bytes());
    sources
}

fn check(compilation: &Compilation) {
    let errors = any_error(&compilation.diagnostics);
    assert!(!errors && !compilation.artifacts.is_empty(), "nothing was generated");
}

/// The fastest of several runs, in seconds: whatever else the machine does can only add to it.
struct Best(f64);

impl Best {
    fn new() -> Self {
        Self(f64::INFINITY)
    }

    /// What a run gives. Freeing it is no part of what is measured, of whatever it is.
    fn take<O>(&mut self, run: impl FnOnce() -> O) -> O {
        let began = Instant::now();
        let made = black_box(run());
        self.0 = self.0.min(began.elapsed().as_secs_f64());
        made
    }
}

/// What was measured, as lines of a table.
#[derive(Default)]
struct Table {
    rows: Vec<String>,
}

impl Table {
    fn row(&mut self, what: &str, taken: f64, beside: &str, floor: f64, most: f64) {
        let ratio = taken / floor;
        self.rows.push(format!(
            "| {what} | {:.1} ms | {beside} | {ratio:.2} | {most} |",
            taken * 1e3
        ));
    }

    fn plain(&mut self, what: &str, taken: f64) {
        self.rows.push(format!("| {what} | {:.1} ms | | | |", taken * 1e3));
    }
}
