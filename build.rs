//! The build script: says when `generated/` is behind the specs.
//!
//! Owns: comparing the specs with the digests in `flaresmith.lock`, by the sync engine's own rules. Must not know: how anything
//! is generated. It writes nothing and fails never: what it cannot read, it leaves to the command to tell about. A package
//! without specs or lock is nothing to speak of.

#![allow(
    clippy::print_stdout,
    reason = "cargo reads what a build script prints to standard output"
)]

use std::collections::BTreeMap;
use std::path::Path;

#[path = "sync/src/digest.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a module of the sync engine, for which it is public"
)]
mod digest;
#[path = "sync/src/listing.rs"]
#[allow(unreachable_pub, reason = "a module of the sync engine, for which it is public")]
mod listing;

const LOCK: &str = "flaresmith.lock";
const SETTINGS: &str = "flaresmith.toml";

/// At most so many files are named before the rest is only counted.
const NAMED: usize = 3;

fn main() {
    let root = Path::new(".");
    println!("cargo:rerun-if-changed=build.rs");
    let Some(sources) = locked(root) else { return };
    let folders = folders(root);
    let outside = |path: &&String| !folders.iter().any(|folder| path.starts_with(&format!("{folder}/")));
    let files = sources.keys().filter(outside).map(String::as_str);
    for path in files.chain(folders.iter().map(String::as_str)).chain([LOCK, SETTINGS]) {
        // A path that does not exist would run this script at every build. A name with a line end would be a line of its own.
        if root.join(path).exists() && !path.contains(['\n', '\r']) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    if let Some(warning) = warning(&behind(root, &sources, &folders)) {
        println!("cargo:warning={warning}");
    }
}

/// The sources that the last apply read, with their digests; `None` when there is no lock to compare with.
pub(crate) fn locked(root: &Path) -> Option<BTreeMap<String, String>> {
    let lock: toml::Table = std::fs::read_to_string(root.join(LOCK)).ok()?.parse().ok()?;
    let sources = lock.get("sources")?.as_table()?.iter();
    Some(
        sources
            .filter_map(|(path, digest)| Some((path.clone(), digest.as_str()?.to_owned())))
            .collect(),
    )
}

/// The folders in which specs are looked for.
pub(crate) fn folders(root: &Path) -> Vec<String> {
    let settings = std::fs::read_to_string(root.join(SETTINGS)).unwrap_or_default();
    let settings: toml::Table = settings.parse().unwrap_or_default();
    match settings.get("specs").and_then(toml::Value::as_array) {
        Some(list) => list.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
        None => vec!["specs".to_owned()],
    }
}

/// What happened to the sources since the last apply, a few words each: `PATH is new`, `PATH changed`, `PATH is gone`.
pub(crate) fn behind(root: &Path, sources: &BTreeMap<String, String>, folders: &[String]) -> Vec<String> {
    let mut told = Vec::new();
    for (path, digest) in sources {
        match std::fs::read(root.join(path)) {
            Ok(content) if digest::Digest::of(&content).to_string() == *digest => {}
            Ok(_) => told.push(format!("{path:?} changed")),
            Err(_) => told.push(format!("{path:?} is gone")),
        }
    }
    let mut found = Vec::new();
    let entries = |folder: &str| listing::entries(&root.join(folder));
    for folder in folders {
        // A folder that cannot be listed is told about by the command.
        let _ = listing::list(&entries, folder, &listing::SPEC_EXTENSIONS, true, &mut found);
    }
    let new = found.iter().filter(|path| !sources.contains_key(*path));
    told.extend(new.map(|path| format!("{path:?} is new")));
    told
}

/// One line for everything that is behind, with what to type; `None` when nothing is.
pub(crate) fn warning(told: &[String]) -> Option<String> {
    let named = told.get(..NAMED).unwrap_or(told).join(", ");
    let more = match told.len().checked_sub(NAMED) {
        None | Some(0) => String::new(),
        Some(count) => format!(" and {count} more"),
    };
    (!told.is_empty()).then(|| format!("generated/ is behind the specs: {named}{more}; run `cargo run spec apply`"))
}
