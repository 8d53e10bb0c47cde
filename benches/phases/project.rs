//! Projects to measure: the platform's own, and a made one.
//!
//! Owns: their sources, what was compiled from them, and folders on disk to apply to. Must not know: what is measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flaresmith_codegen::diagnostics::any_error;
use flaresmith_codegen::emit::schema::Definitions;
use flaresmith_codegen::emit::templates::Templates;
use flaresmith_codegen::emit::{Ahead, Input, Names};
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::revisions::Revisions;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};
use flaresmith_sync::apply::{self, Turn};
use flaresmith_sync::base::Around;
use flaresmith_sync::digest::Digest;
use flaresmith_sync::lock::Lock;
use flaresmith_sync::plan::{self, Plan, Wish};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::{Root, Tree, sources};
use tempfile::TempDir;

use crate::made;

/// Path of the made contract.
const JSON: &str = "openapi.json";

/// Path of the same contract as YAML.
pub(crate) const YAML: &str = "openapi.yaml";

/// A project, compiled without errors.
pub(crate) struct Project {
    /// How it is called in the results.
    pub(crate) name: &'static str,
    /// What is read.
    pub(crate) sources: Sources,
    pub(crate) settings: Settings,
    /// The bytes of the floor: OpenAPI 3.0 as JSON.
    pub(crate) floor: String,
    /// The contract as YAML, where the sources have it as JSON.
    pub(crate) yaml: Option<Sources>,
    /// What came out of it.
    pub(crate) compiled: Compilation,
    /// The components of its bundle.
    pub(crate) definitions: Definitions,
    /// Nothing was begun, so every target makes all of its own.
    ahead: Ahead,
    /// Everything is new.
    pub(crate) revisions: Revisions,
    /// Keeps the applied files until the end.
    folder: TempDir,
}

impl Project {
    /// The contract of this repository. It is 3.1, which the floor cannot read, so the floor has its own 3.0 form.
    pub(crate) fn platform() -> Self {
        let root = Root::at(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the repository is there");
        let inputs = sources::read(&Tree::disk(&root)).expect("the specs can be read");
        let mut project = Self::new("platform", inputs.sources, inputs.settings);
        project.floor = project.artifact("openapi-3.0.json");
        project
    }

    /// A made contract of a thousand operations. The floor reads the very same bytes.
    pub(crate) fn made() -> Self {
        let text = made::contract();
        let mut sources = Sources::default();
        sources.insert(JSON, text.as_bytes());
        let mut project = Self::new("made", sources, Settings::default());
        let model = &project.compiled.model;
        assert_eq!((model.operations.len(), made::schemas(&text)), (1000, 500));
        let mut yaml = Sources::default();
        yaml.insert(YAML, project.artifact("openapi-3.0.yaml").into_bytes());
        project.yaml = Some(yaml);
        project.floor = text;
        project
    }

    fn new(name: &'static str, sources: Sources, settings: Settings) -> Self {
        let compiled = compile(&sources, &settings, &BTreeMap::new());
        assert!(!any_error(&compiled.diagnostics), "{name}: {:#?}", compiled.diagnostics);
        Self {
            name,
            sources,
            settings,
            floor: String::new(),
            yaml: None,
            ahead: Ahead::default(),
            definitions: Definitions::of(&compiled.bundle.document, &Memo::default(), &Revisions::default()),
            compiled,
            revisions: Revisions::default(),
            folder: folder(),
        }
    }

    /// The sources with one rule changed: the first length that one of them limits.
    pub(crate) fn edited(&self) -> Sources {
        let mut sources = self.sources.clone();
        let found = self.sources.iter().find_map(|(path, bytes)| {
            let text = std::str::from_utf8(bytes).ok()?;
            let rule = text.find("maxLength")?;
            let digits = rule + text.get(rule..)?.find(|c: char| c.is_ascii_digit())?;
            Some((path, format!("{}1{}", text.get(..digits)?, text.get(digits..)?)))
        });
        let (path, text) = found.expect("a length is limited");
        sources.insert(path, text.into_bytes());
        sources
    }

    /// The text of the artifact whose path ends so.
    fn artifact(&self, end: &str) -> String {
        let found = self
            .compiled
            .artifacts
            .iter()
            .find(|artifact| artifact.path.ends_with(end));
        found.expect("the target was emitted").text.to_string()
    }

    /// What a target is given when all are emitted.
    pub(crate) fn input<'a>(
        &'a self,
        templates: &'a Templates,
        selected: &'a [&'static str],
        memo: &'a Memo,
        names: &'a Names<'a>,
    ) -> Input<'a> {
        Input {
            model: &self.compiled.model,
            bundle: &self.compiled.bundle,
            settings: &self.settings,
            templates,
            project: &self.compiled.model.info.title,
            names,
            selected,
            definitions: &self.definitions,
            ahead: &self.ahead,
            memo,
            revisions: &self.revisions,
        }
    }

    /// Digests of the sources.
    pub(crate) fn digests(&self) -> BTreeMap<String, Digest> {
        let files = self.sources.iter();
        files
            .map(|(path, bytes)| (path.to_string(), Digest::of(bytes)))
            .collect()
    }

    /// What an apply would do where nothing stands.
    pub(crate) fn plan_for_nothing(&self) -> Plan {
        let artifacts = &self.compiled.artifacts;
        let mut nothing = Snapshot::default();
        let root = Root::at(Path::new(".")).expect("the current folder exists");
        let around = &mut Around::new(&root);
        plan::plan(
            &Lock::default(),
            artifacts,
            self.digests(),
            &mut nothing,
            Wish::default(),
            around,
        )
        .expect("nothing is read where nothing stands")
    }

    /// The lock after an apply.
    pub(crate) fn lock(&self) -> Lock {
        self.plan_for_nothing().lock
    }

    /// A folder in which everything was applied.
    pub(crate) fn applied(&self) -> Root {
        let root = Root::at(self.folder.path()).expect("the folder was just made");
        for artifact in &self.compiled.artifacts {
            let path = root.path().join(&artifact.path);
            fs::create_dir_all(path.parent().unwrap_or(root.path())).expect("a folder can be made");
            fs::write(&path, artifact.text.whole().as_bytes()).expect("a file can be written");
        }
        root
    }
}

/// A folder on the disk that builds go to: a folder in memory would write faster than any project does.
fn folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made")
}

/// An empty repository, and the turn to apply to it. The folder goes away when dropped.
pub(crate) fn empty_root() -> (TempDir, Root, Turn) {
    let folder = folder();
    // A repository of its own, so that its turn is not that of the repository around it.
    git2::Repository::init(folder.path()).expect("a repository can be made");
    let root = Root::at(folder.path()).expect("the folder was just made");
    let turn = apply::take_turn(&root).expect("nobody else applies here");
    (folder, root, turn)
}
