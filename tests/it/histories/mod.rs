//! Histories: whatever people, git and the command line do to a repository, in whatever order.
//!
//! Owns: what holds after every step. Must not know: how steps are carried out.
//!
//! `PROPTEST_CASES` sets how many histories there are, `PROPTEST_RNG_SEED` which; a history that fails is cut down to the steps
//! that matter.

mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use self::step::{CONTRACT, CONTRACTS, SETTINGS_COUNT, Step, World, contract, settings, step};
use crate::repository::{Repository, Said};

/// Histories when nobody says how many.
const CASES: u32 = 24;

/// What stands at a path.
#[derive(Clone, PartialEq, Eq)]
enum Thing {
    File { bytes: Vec<u8>, executable: bool },
    Link(String),
}

impl fmt::Debug for Thing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { bytes, executable } => {
                let mode = if *executable { "executable" } else { "plain" };
                write!(out, "{mode} {:?}", String::from_utf8_lossy(bytes))
            }
            Self::Link(to) => write!(out, "link to {to}"),
        }
    }
}

/// Everything outside of git's folder, by path.
type Tree = BTreeMap<String, Thing>;

/// What a contract generates in an empty folder.
#[derive(Debug, Clone, Default)]
struct Clean {
    files: BTreeMap<String, Vec<u8>>,
    /// Those that are not stubs.
    managed: BTreeSet<String>,
}

/// A contract and settings.
type Given = (Vec<u8>, Vec<u8>);

/// What was generated in an empty folder so far; nothing where the contract cannot be read.
static CLEAN: Mutex<BTreeMap<Given, Option<Clean>>> = Mutex::new(BTreeMap::new());

#[test]
fn whatever_happens_no_edit_is_lost_and_no_check_is_wrong() {
    for (contract, settings) in
        (0..CONTRACTS).flat_map(|c| (0..SETTINGS_COUNT).map(move |s| (contract(c), settings(s))))
    {
        clean(contract.as_bytes(), settings.as_bytes());
    }
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    let histories = (0..SETTINGS_COUNT, any::<bool>(), prop::collection::vec(step(), 4..14));
    let held = TestRunner::new(config).run(&histories, |(targets, applied, steps)| {
        history(targets, applied, &steps)
    });
    if let Err(failure) = held {
        panic!("{failure}");
    }
}

/// A history of a repository with these targets, in which the first apply is committed already or not.
fn history(targets: usize, applied: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::new(targets);
    if applied {
        apply(&world)?;
        world.commit();
    }
    for step in steps {
        match step {
            Step::Apply => apply(&world)?,
            Step::DryRun => drop(looks(&world, &["spec", "apply", "--dry-run"])?),
            Step::MergeApplied(one, other, side) => {
                for (branch, number) in [(0, one), (1, other)] {
                    world.switch(branch);
                    world.carry_out(&Step::Contract(*number));
                    apply(&world)?;
                    world.commit();
                }
                world.merge(*side);
            }
            _ => world.carry_out(step),
        }
        check(&world)?;
        let strays = tree(world.repository.path())
            .into_keys()
            .find(|path| path.contains(".flaresmith-"));
        prop_assert_eq!(strays, None);
    }
    Ok(())
}

/// A check writes nothing, and passes only when generating into an empty folder gives the same managed files.
fn check(world: &World) -> Result<Said, TestCaseError> {
    let said = looks(world, &["spec", "check"])?;
    if said.code == 0 {
        prop_assert_eq!(differs_from_clean(world), None, "check passes");
    }
    Ok(said)
}

/// A command that only looks: neither the tree nor the index changes.
fn looks(world: &World, arguments: &[&str]) -> Result<Said, TestCaseError> {
    let root = world.repository.path();
    let index = || fs::read(root.join(".git/index")).ok();
    let (before, index_before) = (tree(root), index());
    let said = world.repository.run(arguments);
    prop_assert!([0, 1, 3, 4].contains(&said.code), "exit {}: {}", said.code, said.err);
    prop_assert!(
        said.code != 1 || said.err.contains("error["),
        "no error is told: {}",
        said.err
    );
    prop_assert!(tree(root) == before, "{:?} wrote something", arguments);
    prop_assert!(index() == index_before, "{:?} changed the index", arguments);
    Ok(said)
}

/// An apply writes all or nothing, over nothing but what it wrote itself, and the next has nothing to do.
fn apply(world: &World) -> Result<(), TestCaseError> {
    let root = world.repository.path();
    let before = tree(root);
    let said = world.repository.run(&["spec", "apply", "--quiet"]);
    let after = tree(root);
    prop_assert!([0, 1, 3].contains(&said.code), "exit {}: {}", said.code, said.err);
    if said.code != 0 {
        prop_assert!(before == after, "exit {} and something was written", said.code);
        prop_assert!(
            said.code != 1 || said.err.contains("error["),
            "no error is told: {}",
            said.err
        );
        return Ok(());
    }
    for (path, thing) in &before {
        let now = after.get(path);
        if now != Some(thing) && path != "flaresmith.lock" {
            prop_assert!(
                is_pure(path, thing),
                "{} was a person's: {:?}, now {:?}",
                path,
                thing,
                now
            );
            if let Some(Thing::File { executable, .. }) = now {
                prop_assert!(!executable, "{} was written and is executable", path);
            }
        }
    }
    prop_assert_eq!(differs_from_clean(world), None, "after an apply");
    let again = world.repository.run(&["spec", "apply", "--quiet", "--format", "json"]);
    prop_assert_eq!(again.code, 0, "the second apply: {}", again.err);
    prop_assert_eq!(&again.json()["summary"]["changedCount"], 0, "the second apply");
    prop_assert!(tree(root) == after, "the second apply changed something");
    prop_assert_eq!(check(world)?.code, 0, "check after an apply");
    Ok(())
}

/// Whether something of these contracts generates this very content at this path. Line ends are nobody's edit.
fn is_pure(path: &str, thing: &Thing) -> bool {
    let Thing::File { bytes, .. } = thing else { return false };
    let known = CLEAN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .values()
        .flatten()
        .filter_map(|clean| clean.files.get(path))
        .any(|generated| *generated == unix_line_ends(bytes))
}

/// The first managed file that is not what generating into an empty folder gives.
fn differs_from_clean(world: &World) -> Option<String> {
    let root = world.repository.path();
    let read = |name: &str| fs::read(root.join(name)).unwrap_or_default();
    let Some(clean) = clean(&read(CONTRACT), &read("flaresmith.toml")) else {
        return Some(format!("{CONTRACT} cannot be read"));
    };
    let tree = tree(root);
    let same = |path: &String| match tree.get(path) {
        Some(Thing::File { bytes, .. }) => unix_line_ends(bytes) == clean.files[path],
        _ => false,
    };
    clean.managed.iter().find(|path| !same(path)).cloned()
}

/// What a contract generates in an empty folder; nothing when it cannot be read.
fn clean(contract: &[u8], settings: &[u8]) -> Option<Clean> {
    let key = (contract.to_vec(), settings.to_vec());
    let mut known = CLEAN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(clean) = known.get(&key) {
        return clean.clone();
    }
    let empty = Repository::empty();
    fs::write(empty.path().join(CONTRACT), contract).unwrap();
    fs::write(empty.path().join("flaresmith.toml"), settings).unwrap();
    let made = (empty.run(&["spec", "apply", "--quiet"]).code == 0).then(|| {
        let mut clean = Clean::default();
        let lock = empty.read("flaresmith.lock");
        for (path, thing) in tree(empty.path()) {
            if let (true, Thing::File { bytes, .. }) = (path.starts_with("generated/"), thing) {
                let line = lock.lines().find(|line| line.starts_with(&format!("\"{path}\"")));
                if !line.unwrap().contains("scaffold = true") {
                    clean.managed.insert(path.clone());
                }
                clean.files.insert(path, bytes);
            }
        }
        assert!(clean.managed.len() > 2, "nothing to compare with");
        clean
    });
    known.insert(key, made.clone());
    made
}

fn unix_line_ends(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").into_bytes()
}

/// Everything below a folder, links as links; what git and the apply keep to themselves is left out.
fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if name == ".git" || name == ".flaresmith" {
                continue;
            }
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_symlink() {
                tree.insert(name, Thing::Link(fs::read_link(&path).unwrap().display().to_string()));
            } else {
                let executable = metadata.permissions().mode() & 0o100 != 0;
                tree.insert(
                    name,
                    Thing::File {
                        bytes: fs::read(&path).unwrap(),
                        executable,
                    },
                );
            }
        }
    }
    tree
}
