//! `cargo bench`: what each phase costs, beside the floor.
//!
//! Owns: the phases and the contracts they run on. Must not know: how time is taken (`watch`), or what is in the made contract
//! (`made`). The floor is what no reader of the same bytes can do without: `serde_json` and `openapiv3` parsing them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has nothing to measure"
)]

mod made;
mod project;
mod watch;

use std::collections::BTreeMap;
use std::hint::black_box;

use flaresmith_codegen::emit::templates::Templates;
use flaresmith_codegen::emit::{Names, TARGETS};
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::{check, lower, openapi, source, spec};
use flaresmith_sync::base::Around;
use flaresmith_sync::plan::Wish;
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::{apply, plan};

use project::Project;
use watch::Watch;

/// That of the program.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let mut watch = Watch::new();
    for project in [Project::platform(), Project::made()] {
        phases(&project, &mut watch);
    }
    watch.end();
}

/// Every phase of a project, in the order of a run.
fn phases(project: &Project, watch: &mut Watch) {
    let Project {
        name,
        sources,
        settings,
        ..
    } = project;
    watch.floor(name, || {
        serde_json::from_str::<openapiv3::OpenAPI>(&project.floor).expect("the floor reads 3.0")
    });
    watch.phase(name, "read", || {
        let documents = sources
            .iter()
            .filter(|(path, _)| !path.ends_with(".md") && !path.ends_with(".toml"));
        documents
            .map(|(path, _)| source::read::read(sources, path, &Memo::default()).expect("the contract reads"))
            .collect::<Vec<_>>()
    });
    if let Some(yaml) = &project.yaml {
        watch.phase(name, "read-yaml", || {
            source::read::read(yaml, project::YAML, &Memo::default()).expect("the contract reads")
        });
    }
    let compiled = &project.compiled;
    watch.phase(name, "bundle", || {
        openapi::bundle(sources, settings, &Memo::default(), &mut Vec::new())
    });
    watch.phase(name, "features", || spec::features(sources, settings, &mut Vec::new()));
    let model = &compiled.model;
    watch.phase(name, "lower", || {
        let (features, constitution) = (model.features.clone(), model.constitution.clone());
        lower::lower(&compiled.bundle, features, constitution, settings, &mut Vec::new())
    });
    watch.phase(name, "check", || check::check(model, &compiled.bundle, &mut Vec::new()));
    let templates = Templates::new(&BTreeMap::new()).expect("the built-in frames parse");
    let selected: Vec<&'static str> = TARGETS.iter().map(|target| target.name).collect();
    for target in TARGETS {
        watch.phase(name, &format!("emit-{}", target.name), || {
            // A memo of its own each time: what was formatted before would cost nothing.
            let (memo, names) = (Memo::default(), Names::default());
            (target.emit)(&project.input(&templates, &selected, &memo, &names), &mut Vec::new())
        });
    }

    let root = project.applied();
    let lock = project.lock();
    let digests = project.digests();
    let paths = plan::paths(&lock, &compiled.artifacts, &digests).expect("every path may be generated");
    let paths = || paths.iter().map(String::as_str);
    watch.phase(name, "snapshot", || {
        Snapshot::take(&root, paths()).expect("the files can be read")
    });
    let mut snapshot = Snapshot::take(&root, paths()).expect("the files can be read");
    watch.phase(name, "plan", || {
        let around = &mut Around::new(&root);
        let plan = plan::plan(
            &lock,
            &compiled.artifacts,
            digests.clone(),
            &mut snapshot,
            Wish::default(),
            around,
        )
        .expect("the files can be read");
        assert!(plan.is_clean(), "a plan over unchanged files has nothing to do");
        plan
    });
    let everything = project.plan_for_nothing();
    watch.prepared_phase(name, "apply", project::empty_root, |(_folder, root, turn)| {
        apply::apply(root, &everything, turn).expect("the files can be written");
    });
    watch.phase(name, "compile", || {
        black_box(flaresmith_codegen::compile(sources, settings, &BTreeMap::new()))
    });
    let (memo, edited, mut turn) = (Memo::lasting(), project.edited(), false);
    watch.phase(name, "compile-again", || {
        turn = !turn;
        let sources = if turn { &edited } else { sources };
        black_box(flaresmith_codegen::compile_again(
            sources,
            settings,
            &BTreeMap::new(),
            &memo,
        ))
    });
}
