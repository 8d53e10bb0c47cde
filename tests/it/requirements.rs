//! Every requirement of the platform is shown by a test that says so, or stands in the list of those that nothing shows yet.
//!
//! A test says so in its documentation, as `Shows 001/FR-020.`; an id that merely occurs in a fixture shows nothing.
//!
//! Owns: finding these lines, and the list. Must not know: what a requirement asks for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::bench::platform_model;
use crate::repository::files;
use crate::toolchain::root;

/// What no test shows yet: provisioning with the providers, environments that are deployed to, and chat. Whoever writes such a
/// test takes the id out; the test below refuses an id that is shown and still stands here.
const NOT_YET: &[&str] = &[
    "001/FR-011",
    "001/FR-019",
    "001/SC-001",
    "001/SC-002",
    "001/SC-003",
    "001/SC-005",
    "001/SC-006",
    "001/SC-008",
    "001/SC-010",
];

/// Ids with the tests that show them, as `path: name`.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let here = root();
    let folders = ["tests/it", "runtime/tests", "codegen/tests", "sync/tests"].map(|folder| here.join(folder));
    for path in folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| files(folder))
    {
        if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let place = path.strip_prefix(&here).unwrap_or(&path);
            for (id, name) in told(place, &text) {
                shown
                    .entry(id)
                    .or_default()
                    .push(format!("{}: {name}", place.display()));
            }
        }
    }
    shown
}

/// The ids that the tests of one file say they show, each with the test's name.
fn told(place: &Path, text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(ids) = line
            .trim_start()
            .strip_prefix("/// Shows ")
            .filter(|ids| ids.starts_with("001/"))
        else {
            continue;
        };
        let mut is_test = false;
        let function = lines
            .by_ref()
            .inspect(|line| is_test |= line.contains("test]") || line.contains("test("))
            .find(|line| line.contains("fn "))
            .unwrap_or_else(|| panic!("{}: `{line}` stands above no function", place.display()));
        assert!(
            is_test,
            "{}: `{line}` stands above what is no test: {function}",
            place.display()
        );
        let name = function
            .split("fn ")
            .nth(1)
            .and_then(|rest| rest.split('(').next())
            .unwrap();
        let ids: Vec<&str> = ids
            .trim_end_matches('.')
            .split([',', ' '])
            .filter(|word| !word.is_empty() && *word != "and")
            .collect();
        assert!(!ids.is_empty(), "{}: `{line}` names nothing", place.display());
        found.extend(ids.iter().map(|id| ((*id).to_owned(), name.to_owned())));
    }
    found
}

#[test]
fn every_requirement_is_shown_by_a_test_or_told_as_not_shown_yet() {
    let compiled = platform_model();
    let all: Vec<String> = compiled
        .model
        .features
        .iter()
        .flat_map(|feature| &feature.requirements)
        .map(|requirement| requirement.global_id.clone())
        .collect();
    assert!(all.len() >= 40, "only {all:?}");
    let shown = shown();
    let unknown: Vec<_> = shown.keys().filter(|id| !all.contains(id)).collect();
    assert!(unknown.is_empty(), "tests show what is no requirement: {unknown:?}");
    let unknown: Vec<_> = NOT_YET.iter().filter(|id| !all.iter().any(|one| one == *id)).collect();
    assert!(unknown.is_empty(), "the list names what is no requirement: {unknown:?}");
    let silent: Vec<_> = all
        .iter()
        .filter(|id| !shown.contains_key(*id) && !NOT_YET.contains(&id.as_str()))
        .collect();
    assert!(
        silent.is_empty(),
        "no test says that it shows {silent:?}; write `/// Shows ID.` above the one that does"
    );
    let stale: Vec<_> = NOT_YET
        .iter()
        .filter_map(|id| shown.get(*id).map(|tests| (id, tests)))
        .collect();
    assert!(stale.is_empty(), "these are shown and still in the list: {stale:#?}");
}
