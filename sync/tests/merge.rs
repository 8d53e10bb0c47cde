//! The table of small merges in `tests/corpus/merge`: a folder a case, with `base`, `mine`, `theirs`, and `expected`,
//! which has conflict markers where they clash.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use flaresmith_sync::merge::{Merged, merge, with_markers};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/merge");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 8, "only {} cases", cases.len());
    cases
}

/// A file of a case, whatever its language is.
fn file(case: &Path, stem: &str) -> (String, String) {
    let files = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    let path = files
        .filter(|path| path.file_stem().is_some_and(|own| own == stem))
        .min()
        .unwrap_or_else(|| panic!("{} has no {stem}", case.display()));
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    (name, fs::read_to_string(&path).unwrap())
}

#[test]
fn every_case_comes_out_as_it_is_written_down() {
    for case in cases() {
        let (name, base) = file(&case, "base");
        let (mine, theirs, expected) = (
            file(&case, "mine").1,
            file(&case, "theirs").1,
            file(&case, "expected").1,
        );
        let marked = with_markers(&name, &base, &mine, &theirs);
        assert_eq!(marked, expected, "{}", case.display());
        match merge(&name, &base, &mine, &theirs) {
            Merged::Whole(text) => assert_eq!(text, expected, "{}", case.display()),
            Merged::Clash(clashes) => {
                let markers = expected.matches("<<<<<<< yours").count();
                assert_eq!(clashes.len(), markers, "{}: {clashes:#?}", case.display());
            }
        }
    }
}
