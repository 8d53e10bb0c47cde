//! Whatever is saved in whatever way while `spec watch` runs: in the end there stands what one clean apply makes of it.
//!
//! Owns: sequences of saves, and the comparison byte for byte. Must not know: how changes are noticed.
//!
//! `PROPTEST_CASES` sets how many sequences there are, `PROPTEST_RNG_SEED` which.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::git::Git;
use crate::watching::{Watcher, wait_for};

const SETTINGS: [&str; 4] = [
    "targets = [\"zod\"]\n",
    "targets = [\"zod\", \"mcp\"]\n",
    "targets = [\"openapi\"]\n",
    "targets = [\"zod\"]\ntemplates = \"frames\"\n",
];
const TEMPLATE: &str = "frames/zod/rules.ts";

/// Sequences when nobody says how many.
const CASES: u32 = 4;

/// What somebody saves, and how the editor does it.
#[derive(Debug, Clone)]
struct Save {
    what: What,
    how: How,
    /// Whether somebody waits before the next.
    pause: bool,
}

#[derive(Debug, Clone)]
enum What {
    /// The contract of a feature, with a property of a name.
    Contract(u8, u8),
    /// A contract that cannot be read.
    Broken(u8),
    /// A feature goes.
    Remove(u8),
    Settings(usize),
    Template(bool),
}

#[derive(Debug, Clone, Copy)]
enum How {
    InPlace,
    Rename,
    MoveAway,
    Slowly,
}

fn save() -> impl Strategy<Value = Save> {
    let what = prop_oneof![
        4 => (0..3u8, 0..5u8).prop_map(|(feature, name)| What::Contract(feature, name)),
        1 => (0..3u8).prop_map(What::Broken),
        1 => (1..3u8).prop_map(What::Remove),
        2 => (0..SETTINGS.len()).prop_map(What::Settings),
        1 => any::<bool>().prop_map(What::Template),
    ];
    let how = prop_oneof![
        Just(How::InPlace),
        Just(How::Rename),
        Just(How::MoveAway),
        Just(How::Slowly)
    ];
    (what, how, any::<bool>()).prop_map(|(what, how, pause)| Save { what, how, pause })
}

fn path_of(feature: u8) -> String {
    format!("specs/00{}-part/contracts/api.yaml", feature + 1)
}

fn contract(feature: u8, name: u8) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Parts, version: '1' }}\npaths:\n  /part{feature}:\n    get:\n      operationId: \
         list{feature}\n      tags: [Part{feature}]\n      responses: {{ '200': {{ description: All., content: {{ \
         application/json: {{ schema: {{ $ref: '#/components/schemas/Part{feature}' }} }} }} }} }}\ncomponents:\n  schemas:\n    \
         Part{feature}: {{ type: object, properties: {{ name{name}: {{ type: string }} }} }}\n"
    )
}

fn write(git: &Git, path: &str, text: &str, how: How) {
    let full = git.path(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    let beside = full.with_extension("tmp");
    match how {
        How::InPlace => fs::write(&full, text).unwrap(),
        How::Rename => {
            fs::write(&beside, text).unwrap();
            fs::rename(&beside, &full).unwrap();
        }
        How::MoveAway => {
            let _ = fs::rename(&full, &beside);
            fs::write(&full, text).unwrap();
            let _ = fs::remove_file(&beside);
        }
        How::Slowly => {
            use std::io::Write as _;
            let (head, tail) = text.split_at(text.len() / 2);
            let mut file = fs::File::create(&full).unwrap();
            for part in [head, tail] {
                std::thread::sleep(Duration::from_millis(5));
                file.write_all(part.as_bytes()).unwrap();
            }
        }
    }
}

fn carry_out(git: &Git, save: &Save) {
    match &save.what {
        What::Contract(feature, name) => write(git, &path_of(*feature), &contract(*feature, *name), save.how),
        What::Broken(feature) => write(git, &path_of(*feature), "openapi: [\n", save.how),
        What::Remove(feature) => {
            let _ = fs::remove_dir_all(git.path(&path_of(*feature)).parent().unwrap().parent().unwrap());
        }
        What::Settings(n) => write(git, "flaresmith.toml", SETTINGS[*n], save.how),
        What::Template(true) => {
            let own = include_str!("../../templates/zod/rules.ts");
            write(git, TEMPLATE, &format!("// Ours.\n{own}"), save.how);
        }
        What::Template(false) => {
            let _ = fs::remove_file(git.path(TEMPLATE));
        }
    }
    if save.pause {
        std::thread::sleep(Duration::from_millis(150));
    }
}

/// Path to content, without what git and an apply keep to themselves. Files and folders may go while they are looked at.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if name == ".git" || name == ".flaresmith/apply" {
                continue;
            }
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(name, fs::read(&path).unwrap_or_default())),
            }
        }
    }
    found
}

/// What one apply makes of the same specs where nothing stands.
fn clean(git: &Git) -> BTreeMap<String, Vec<u8>> {
    let folder = git.beside("clean");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in tree(&git.path("")) {
        if ["specs/", "frames/", "flaresmith.toml"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let said = git.at(
        &folder,
        env!("CARGO_BIN_EXE_flaresmith"),
        &["spec", "apply", "--root", "."],
    );
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    tree(&folder)
}

#[test]
fn after_any_saves_the_tree_is_that_of_one_clean_apply() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let outcome = TestRunner::new(config).run(&prop::collection::vec(save(), 1..12), |saves| {
        let git = Git::empty();
        git.write("flaresmith.toml", SETTINGS[0]);
        git.write(&path_of(0), &contract(0, 0));
        let watcher = Watcher::start(&git, &[]);
        for save in &saves {
            carry_out(&git, save);
        }
        // In the end everything can be read.
        for feature in 0..3 {
            if feature == 0 || git.path(&path_of(feature)).exists() {
                git.write(&path_of(feature), &contract(feature, 9));
            }
        }
        git.write(TEMPLATE, "// Ours.\n");
        git.write(TEMPLATE, include_str!("../../templates/zod/rules.ts"));
        let clean = clean(&git);
        wait_for(&format!("the tree of a clean apply after {saves:?}"), || {
            tree(&git.path("")) == clean
        });
        drop(watcher);
        // It stays so.
        assert!(tree(&git.path("")) == clean, "{saves:?}");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
