//! The official test suite of JSON Schema, held against what is generated.
//!
//! Every group of the suite is a component of one contract. The Rust and the Zod made of it are shown the group's instances;
//! a case passes when a target admits exactly what the suite calls valid. `docs/conformance.md` has the table and the reason of
//! every gap. It must be what is measured; `UPDATE_EXPECT=1` writes it.

mod contract;
mod report;
mod suite;

use std::path::Path;

use flaresmith_codegen::model::Name;

use crate::bench::{typecheck, write};
use crate::instances::{Generated, Instance};
use crate::toolchain::root;
use report::{Case, Report};

#[test]
fn the_table_of_the_official_suite_is_what_is_measured() {
    let groups = suite::groups();
    assert!(groups.len() > 350, "only {} groups were found", groups.len());
    let remotes = suite::remotes();
    let tried: Vec<contract::Tried> = groups
        .iter()
        .enumerate()
        .map(|(number, group)| contract::try_alone(number, &group.schema, &remotes))
        .collect();
    let within = groups
        .iter()
        .enumerate()
        .filter(|(number, _)| tried[*number].refused.is_none());
    let made = contract::generate(
        &within.map(|(number, group)| (number, &group.schema)).collect(),
        &remotes,
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    let _ = std::fs::remove_dir_all(&folder);
    for artifact in &made.artifacts {
        write(&folder.join(&artifact.path), &artifact.text.whole());
    }
    let generated = Generated {
        name: "conformance",
        ts: folder.join("generated/ts"),
        rust: folder.join("generated/rust"),
        package: "conformance-api",
    };

    typecheck(&generated.ts);

    let mut instances = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        if tried[number].refused.is_none() {
            instances.extend(group.tests.iter().map(|test| Instance {
                ty: Name::new(&contract::holder(number)),
                value: serde_json::json!({ "value": test.data }),
            }));
        }
    }
    let mut answers = generated.ask(&instances).into_iter();
    let mut report = Report::default();
    for (number, group) in groups.iter().enumerate() {
        let tried = &tried[number];
        for test in &group.tests {
            let answer = tried.refused.is_none().then(|| answers.next().unwrap());
            report.add(&Case {
                group,
                test,
                told: &tried.told,
                refused: tried.refused.as_deref(),
                rust: answer.is_some_and(|answer| answer.parsed == test.valid),
                zod: answer.is_some_and(|answer| answer.zod == test.valid),
            });
        }
    }
    let (text, unexplained) = report.write();
    println!("{text}");
    assert!(
        unexplained.is_empty(),
        "gaps without a reason:\n{}",
        unexplained.join("\n")
    );

    let file = root().join("docs/conformance.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        write(&file, &text);
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, now) = (lines(&committed), lines(&text));
    let changed: Vec<String> = before
        .iter()
        .filter(|line| !now.contains(line))
        .map(|line| format!("- {line}"))
        .chain(
            now.iter()
                .filter(|line| !before.contains(line))
                .map(|line| format!("+ {line}")),
        )
        .collect();
    assert!(
        committed == text,
        "docs/conformance.md is not what is measured; look at what changed, then run with UPDATE_EXPECT=1:\n{}",
        changed.join("\n")
    );
}
