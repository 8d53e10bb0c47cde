//! The bodies of the fuzz targets over the committed seeds, and over a few inputs that were made of nothing. `docs/fuzzing.md` says
//! how libFuzzer drives the same bodies.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "seeds are files, and a test that cannot go on has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "another crate drives the bodies as well")]
mod bodies;

/// Every target at once: to compile a contract once for all of them takes a fraction of the time.
const ALL: &[&str] = &[
    "openapi", "rust", "zod", "drizzle", "store", "hono", "postman", "mcp", "docs",
];

fn seeds(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    let mut found: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are no seeds in {}", folder.display());
    found
}

/// Bytes that are the same on every machine and have no meaning.
fn noise(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 1500];
    blake3::Hasher::new()
        .update(&number.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

#[test]
fn the_reader_takes_every_seed() {
    for folder in ["contracts", "repositories", "texts", "features", "choices"] {
        for (_, bytes) in seeds(folder) {
            bodies::read(&bytes);
        }
    }
}

#[test]
fn features_take_every_seed() {
    for folder in ["features", "texts"] {
        for (_, bytes) in seeds(folder) {
            bodies::features(&bytes);
        }
    }
}

#[test]
fn the_lowering_takes_every_seed_and_contracts_out_of_noise() {
    for folder in ["contracts", "repositories", "found"] {
        for (_, bytes) in seeds(folder) {
            bodies::lower(&bytes);
        }
    }
    for number in 0..30 {
        bodies::lower(&noise(number));
    }
}

#[test]
fn every_contract_of_the_seeds_is_emitted_and_parses() {
    for (path, bytes) in seeds("contracts") {
        assert!(bodies::emit(ALL, &bytes), "{} has errors", path.display());
    }
    for (_, bytes) in seeds("found") {
        bodies::emit(ALL, &bytes);
    }
}

#[test]
fn contracts_out_of_noise_are_emitted_and_parse() {
    let emitted = (0..8).filter(|number| bodies::emit(ALL, &noise(*number))).count();
    assert!(emitted >= 2, "only {emitted} of 8 contracts have no errors");
}

#[test]
fn text_that_left_its_place_is_found() {
    for (path, good, bad) in [
        (
            "a.rs",
            "/* 0xBADC0DE */ const A: &str = \"0xBADC0DE\";",
            "/* */ 0xBADC0DE; /* */",
        ),
        ("a.rs", "const A: u32 = 1;", "const A: u32 = 0xBADC0DE;"),
        ("a.rs", "struct A { a: u8 }", "struct A { a: u8, a: u8 }"),
        (
            "a.ts",
            "/** 0xBADC0DE */\nexport const a = '0xBADC0DE';",
            "export const a = 0xBADC0DE;",
        ),
        (
            "a.ts",
            "export const a = `0xBADC0DE`;",
            "export const a = `${0xBADC0DE}`;",
        ),
        (
            "a.json",
            "{\"exec\": [\"a('0xBADC0DE')\"]}",
            "{\"exec\": [\"a('');\", \"0xBADC0DE\"]}",
        ),
        ("a.json", "{}", "{}}"),
        (
            "a.sql",
            "CREATE TYPE \"a\" AS ENUM ('\'\'; DROP TABLE a');",
            "CREATE TYPE \"a\" AS ENUM (\'\'); DROP TABLE a;",
        ),
        ("a.yaml", "a: '*/'", "a: *b"),
        ("a.md", "&lt;script>", "<script>"),
        ("a.md", "> ```\n> a\n> ```", "> ```\n> a\n> ``"),
        ("a.md", "```\n0xBADC0DE\n```", "```\n0xBADC0DE\n"),
    ] {
        let path = if bad.contains("exec") { "postman/a.json" } else { path };
        assert_eq!(bodies::parses(path, good), Ok(()), "{good}");
        assert!(bodies::parses(path, bad).is_err(), "{bad}");
    }
}
