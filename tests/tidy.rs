//! The repository's own rules: every module says what it owns, arrows between crates hold, files have one subject.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of code that people write.
const CODE: [&str; 6] = ["src", "codegen/src", "sync/src", "runtime/src", "benches", "tests/it"];

/// Longest file of code, in lines.
const LONGEST: usize = 560;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn code() -> Vec<(PathBuf, String)> {
    let all = CODE.iter().flat_map(|folder| files(&root().join(folder)));
    let all: Vec<(PathBuf, String)> = all
        .filter(|path| !path.components().any(|part| part.as_os_str() == "fixtures"))
        .filter(|path| !path.ends_with("rust_crate/values.rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    assert!(all.len() > 100, "only {} files were looked at", all.len());
    all
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_begins_with_what_it_is() {
    let found: Vec<String> = code()
        .iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    none(&found);
}

#[test]
fn no_file_outgrows_one_subject() {
    let found: Vec<String> = code()
        .iter()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    none(&found);
}

#[test]
fn no_module_is_named_after_nothing() {
    let banned = ["util", "utils", "helper", "helpers", "common", "misc"];
    let found: Vec<String> = code()
        .iter()
        .filter(|(path, _)| {
            path.components()
                .any(|part| banned.contains(&part.as_os_str().to_string_lossy().trim_end_matches(".rs")))
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    none(&found);
}

#[test]
fn arrows_between_crates_point_one_way() {
    let forbidden = [
        (
            "codegen/Cargo.toml",
            ["flaresmith-sync", "flaresmith-api", "axum", "tokio", "git2"].as_slice(),
        ),
        ("sync/Cargo.toml", ["flaresmith-api", "axum", "tokio"].as_slice()),
        (
            "Cargo.toml",
            [
                "axum.workspace",
                "tokio.workspace",
                "flaresmith-api.workspace",
                "flaresmith-store.workspace",
            ]
            .as_slice(),
        ),
        (
            "generated/rust/Cargo.toml",
            ["flaresmith-codegen", "flaresmith-sync"].as_slice(),
        ),
        (
            "generated/store/Cargo.toml",
            ["flaresmith-codegen", "flaresmith-sync", "flaresmith-api"].as_slice(),
        ),
    ];
    let mut found = Vec::new();
    for (manifest, words) in forbidden {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let from = if manifest == "Cargo.toml" {
            text.split("[dependencies]").nth(1).unwrap_or("")
        } else {
            &text
        };
        let lines = from.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            found.extend(
                words
                    .iter()
                    .filter(|word| line.starts_with(*word))
                    .map(|word| format!("{manifest} depends on {word}")),
            );
        }
    }
    none(&found);
}

#[test]
fn nothing_is_left_to_be_written() {
    let marks = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
    ];
    let found: Vec<String> = code()
        .iter()
        .flat_map(|(path, text)| {
            let lines = text.lines().enumerate();
            let marked = lines.filter(|(_, line)| marks.iter().any(|mark| line.contains(mark.as_str())));
            marked
                .map(|(i, _)| format!("{}:{}", path.display(), i + 1))
                .collect::<Vec<_>>()
        })
        .collect();
    none(&found);
}
