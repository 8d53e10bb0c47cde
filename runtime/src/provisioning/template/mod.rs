//! The project template: what the repository of a new project begins with.
//!
//! Owns: its version, and how its files come together: those of `templates/project`, and what their specs give. Must not know: how a
//! host commits them.
//!
//! What is generated comes from the same compilation and the same plan as any apply, made for a repository that is empty. Files
//! that are written by hand win: the handlers stand where stubs would, as if somebody had filled them in.

mod files;
mod named;

use std::collections::{BTreeMap, BTreeSet};

use flaresmith_api::errors::Failure;
use flaresmith_codegen::Compilation;
use flaresmith_codegen::diagnostics::any_error;
use flaresmith_codegen::emit::Artifact;
use flaresmith_codegen::settings::{self, Settings};
use flaresmith_codegen::source::Sources;
use flaresmith_sync::SyncError;
use flaresmith_sync::digest::Digest;
use flaresmith_sync::lock::{self, Lock};
use flaresmith_sync::plan::{self, Surroundings, Wish};
use flaresmith_sync::snapshot::Snapshot;

use files::FILES;

/// Its name and version, as the row of a repository says what it was made from. `package.json` bears the version as well.
pub const TEMPLATE: &str = "flaresmith@1.0.0";

/// The version that its constitution states.
pub const CONSTITUTION: &str = "1.0.0";

/// A new project.
pub struct Beginning {
    /// Every file with its bytes, by path. None of them is executable.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What its specs give.
    pub compilation: Compilation,
}

/// What a project of this name begins with: the same bytes for the same name.
///
/// # Errors
/// The template is not sound, which its tests rule out.
pub fn begin(name: &str) -> Result<Beginning, Failure> {
    let written: BTreeMap<String, String> = FILES
        .iter()
        .map(|(path, text)| ((*path).to_owned(), named::filled(path, text, name)))
        .collect();
    let mut sources = Sources::default();
    let mut digests = BTreeMap::new();
    for (path, text) in written.iter().filter(|(path, _)| is_read(path)) {
        digests.insert(path.clone(), Digest::of(text.as_bytes()));
        sources.insert(path, text.as_bytes().to_vec());
    }
    let mut found = Vec::new();
    let text = written.get(settings::FILE).map(String::as_str).unwrap_or_default();
    let settings = Settings::parse(text, &mut found);
    let compilation = flaresmith_codegen::compile(&sources, &settings, &BTreeMap::new());
    found.extend(compilation.diagnostics.iter().cloned());
    if any_error(&found) {
        return Err(Failure::internal(format!("the template has errors: {found:?}")));
    }
    let nothing = &mut Snapshot::default();
    let artifacts = &compilation.artifacts;
    let plan = plan::plan(
        &Lock::default(),
        artifacts,
        digests,
        nothing,
        Wish::default(),
        &mut Empty,
    )
    .map_err(Failure::internal)?;
    let mut files: BTreeMap<String, Vec<u8>> = plan
        .changes
        .iter()
        .map(|change| (change.path.clone(), change.after.to_string().into_bytes()))
        .collect();
    files.insert(lock::FILE.to_owned(), plan.lock.to_text().into_bytes());
    files.extend(written.into_iter().map(|(path, text)| (path, text.into_bytes())));
    Ok(Beginning { files, compilation })
}

/// The paths of its specs.
#[must_use]
pub fn specs() -> BTreeSet<String> {
    let paths = FILES.iter().map(|(path, _)| *path);
    paths
        .filter(|path| path.starts_with("specs/"))
        .map(str::to_owned)
        .collect()
}

/// Whether a file of the template is what others are generated from.
fn is_read(path: &str) -> bool {
    path == settings::FILE || path.starts_with("specs/")
}

/// Around a repository that has nothing yet.
struct Empty;

impl Surroundings for Empty {
    fn read(&mut self, _: &mut Snapshot, _: &[&str]) -> Result<(), SyncError> {
        Ok(())
    }

    fn ask_git(&mut self, _: &mut Snapshot, _: &[&str]) {}

    fn base(&mut self, _: &str, _: &[Digest]) -> Option<String> {
        None
    }

    fn digests(&mut self, artifacts: &[Artifact]) -> Vec<Digest> {
        artifacts
            .iter()
            .map(|artifact| Digest::of_rope(&artifact.text))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn text<'a>(beginning: &'a Beginning, path: &str) -> &'a str {
        std::str::from_utf8(&beginning.files[path]).unwrap()
    }

    #[test]
    fn the_same_name_gives_the_same_bytes_and_no_complaint() {
        let (first, second) = (begin("Shop").unwrap(), begin("Shop").unwrap());
        assert!(first.files == second.files);
        assert!(
            first.compilation.diagnostics.is_empty(),
            "{:?}",
            first.compilation.diagnostics
        );
    }

    #[test]
    fn its_version_and_that_of_its_constitution_are_told_as_they_are_written() {
        let beginning = begin("Shop").unwrap();
        let package: Value = serde_json::from_str(text(&beginning, "package.json")).unwrap();
        let version = package["flaresmith"]["template"].as_str().unwrap();
        assert_eq!(TEMPLATE, format!("flaresmith@{version}"));
        let constitution = beginning.compilation.model.constitution.as_ref().unwrap();
        assert_eq!(constitution.version.as_deref(), Some(CONSTITUTION));
    }

    #[test]
    fn every_file_that_is_generated_is_in_the_lock_and_handlers_are_written() {
        let beginning = begin("Shop").unwrap();
        let lock = Lock::parse(text(&beginning, lock::FILE)).unwrap();
        let written: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        let generated: Vec<&str> = lock.files.keys().map(String::as_str).collect();
        assert!(generated.len() > 40 && generated.iter().all(|path| beginning.files.contains_key(*path)));
        let both: Vec<&&str> = generated.iter().filter(|path| written.contains(path)).collect();
        assert_eq!(
            both,
            [&"worker/src/handlers/system.ts", &"worker/src/handlers/tasks.ts"]
        );
        for path in both {
            assert!(!text(&beginning, path).contains("notImplemented"), "{path}");
        }
    }

    #[test]
    fn collections_bear_the_name_whatever_it_is() {
        for name in ["Shop Floor", "a\"b\\c\n</script>\u{202e}{{x}}"] {
            let beginning = begin(name).unwrap();
            for (file, expected) in [
                ("base", format!("CloudMake Base - {name}")),
                ("dev", format!("CloudMake - {name} (dev)")),
                ("prod", format!("CloudMake - {name} (prod)")),
            ] {
                let path = format!("postman/{file}.postman_collection.json");
                let collection: Value = serde_json::from_str(text(&beginning, &path)).unwrap();
                assert_eq!(collection["info"]["name"], expected);
            }
        }
    }
}
