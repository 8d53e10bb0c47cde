//! Bodies of the fuzz targets: what must hold of any bytes. Two drivers run them: libFuzzer, one target each in `fuzz_targets/`,
//! and `cargo test` over the committed seeds, in `codegen/tests/it/fuzz.rs`.
//!
//! Owns: what each target does with its bytes. Must not know: who drives it.

mod choices;
mod grow;
mod hold;
mod plant;
mod seeds;

use std::collections::BTreeMap;

use flaresmith_codegen::diagnostics::{At, Diagnostic, Diagnostics, Severity, any_error};
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::source::{Sources, read as reader};
use flaresmith_codegen::{Compilation, analyse, compile, spec};

use choices::Choices;
pub use hold::file as parses;

/// Parts the files of one input: the contract, the data model, the feature.
const NEXT_FILE: &str = "\n%%%%\n";

/// More than this many bytes are never written for one byte of a contract, beyond the frames that every project gets.
const LARGEST_GROWTH: usize = 2_000;
const FRAMES: usize = 1 << 20;

/// The reader: any bytes as YAML, as JSON and as a repository of a contract, a data model and a feature.
pub fn read(bytes: &[u8]) {
    let mut sources = Sources::default();
    for path in ["a.yaml", "a.json"] {
        sources.insert(path, bytes);
        if let Err(problem) = reader::read(&sources, path, &Memo::default()) {
            told(&sources, &[problem]);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let mut sources = Sources::default();
    for (path, part) in REPOSITORY.iter().zip(text.split(NEXT_FILE)) {
        sources.insert(path, part.as_bytes());
    }
    told(&sources, &analyse(&sources, &Settings::default()).diagnostics);
    let mut found = Diagnostics::new();
    Settings::parse(&text, &mut found);
}

const REPOSITORY: [&str; 4] = [
    "specs/001-x/contracts/api.yaml",
    "specs/001-x/data-model.yaml",
    "specs/001-x/spec.md",
    "specs/001-x/contracts/b.json",
];

/// Features: any bytes as Markdown, read and shown in the docs.
pub fn features(bytes: &[u8]) {
    let mut sources = Sources::default();
    for path in ["specs/001-x/spec.md", "specs/constitution.md", "specs/002-y.md"] {
        sources.insert(path, bytes);
    }
    let mut found = Diagnostics::new();
    drop(spec::features(&sources, &Settings::default(), &mut found));
    told(&sources, &found);
    sources.insert(
        REPOSITORY[0],
        &b"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"a\",\"version\":\"1\"},\"paths\":{}}"[..],
    );
    emitted(&["docs"], &sources);
}

/// The lowering and the checks: a contract of any kind becomes a model or problems that have a place.
pub fn lower(bytes: &[u8]) {
    let sources = contract(bytes);
    told(&sources, &analyse(&sources, &Settings::default()).diagnostics);
}

/// Targets: what they write of a contract without errors can be written anywhere and parses. Whether anything was.
pub fn emit(targets: &[&str], bytes: &[u8]) -> bool {
    emitted(targets, &contract(bytes))
}

fn emitted(targets: &[&str], sources: &Sources) -> bool {
    let mut settings = Settings {
        targets: Some(targets.iter().map(|target| (*target).to_owned()).collect()),
        ..Settings::default()
    };
    settings.rust.handlers = Some("src/handlers".to_owned());
    let found = analyse(sources, &settings).diagnostics;
    if any_error(&found) {
        return false;
    }
    let Compilation {
        artifacts, diagnostics, ..
    } = compile(sources, &settings, &BTreeMap::new());
    let errors: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "an error once the checks had none: {errors:#?}");
    told(sources, &diagnostics);
    let (given, written) = (
        size(sources.iter().map(|(_, bytes)| bytes.len())),
        size(artifacts.iter().map(|one| one.text.len())),
    );
    assert!(written <= FRAMES + given * LARGEST_GROWTH, "{written} bytes of {given}");
    hold::artifacts(&artifacts);
    true
}

fn size(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.sum()
}

/// The document that the bytes are, when they are one; else one made of them as choices.
fn contract(bytes: &[u8]) -> Sources {
    let mut sources = Sources::default();
    if let Ok(text) = std::str::from_utf8(bytes)
        && text
            .get(..200.min(text.len()))
            .is_none_or(|start| start.contains("openapi"))
    {
        for (path, part) in REPOSITORY.iter().zip(text.split(NEXT_FILE)) {
            sources.insert(path, part.as_bytes());
        }
        return sources;
    }
    let mut choices = Choices::new(bytes);
    let document = if choices.one_in(2) {
        grow::contract(&mut choices)
    } else {
        plant::contract(&mut choices)
    };
    sources.insert(REPOSITORY[0], document.to_string().into_bytes());
    sources
}

/// Every problem can be shown: its place is in a file that was given.
fn told(sources: &Sources, found: &[Diagnostic]) {
    let locator = Locator::new(sources);
    for diagnostic in found {
        if diagnostic.severity == Severity::Error {
            assert!(diagnostic.place.is_some(), "nobody can find {diagnostic:?}");
        }
        let related = diagnostic.related.iter().map(|(place, _)| place);
        for place in diagnostic.place.iter().chain(related) {
            drop(locator.locate(place));
            if let (At::Bytes(range), Some(bytes)) = (&place.at, sources.get(&place.file)) {
                assert!(
                    range.start <= range.end && range.end <= bytes.len(),
                    "{place:?} is not in its file"
                );
            }
        }
    }
}
