//! Documents: which files are contracts and data models, and what version they are written in.
//!
//! Owns: finding contracts by their content, versions, and the trees of every file that is referred to.
//! Must not know: what references mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use memchr::memmem;

use super::reference::Target;
use super::spread::spread;
use crate::diagnostics::{Diagnostic, Diagnostics, Place, document as codes};
use crate::memo::Memo;
use crate::settings::{FILE, Settings};
use crate::source::{Sources, read};
use crate::tree::Value;

/// A file that was read.
#[derive(Debug)]
pub(super) struct Document {
    /// Path relative to the root.
    pub(super) path: Arc<str>,
    /// What is in it.
    pub(super) value: Value,
    /// Written in the terms of OpenAPI 3.0, rather than of JSON Schema 2020-12.
    pub(super) old: bool,
}

/// Every file that is part of the bundle, read once.
pub(super) struct Documents<'a> {
    sources: &'a Sources,
    memo: &'a Memo,
    read: BTreeMap<String, Arc<Document>>,
    broken: BTreeSet<String>,
    /// Whether maps, lists or operations of a contract stand in files of their own.
    pub(super) split: bool,
}

/// What the settings and the files' content single out.
pub(super) struct Found {
    /// OpenAPI documents: those that the settings list, then those found, by path.
    pub(super) contracts: Vec<Arc<Document>>,
    /// Files of schemas in the folders of features.
    pub(super) schemas: Vec<Arc<Document>>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(sources: &'a Sources, memo: &'a Memo) -> Self {
        Self {
            sources,
            memo,
            read: BTreeMap::new(),
            broken: BTreeSet::new(),
            split: false,
        }
    }

    /// Whether a file is among the sources.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.sources.get(path).is_some()
    }

    /// A file by its path, read at most once. `None`: it cannot be read, which has been told.
    pub(super) fn get(&mut self, path: &str, old: bool, diagnostics: &mut Diagnostics) -> Option<Arc<Document>> {
        if let Some(found) = self.read.get(path) {
            return Some(Arc::clone(found));
        }
        if self.broken.contains(path) {
            return None;
        }
        match read::read(self.sources, path, self.memo) {
            Ok(value) => {
                let old = version(&value).map_or(old, |version| version.starts_with("3.0"));
                let document = Arc::new(Document {
                    path: path.into(),
                    value,
                    old,
                });
                self.read.insert(path.to_owned(), Arc::clone(&document));
                Some(document)
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                self.broken.insert(path.to_owned());
                None
            }
        }
    }

    /// The same for the file of a reference: where that stands and its text are for telling that there is no such file.
    pub(super) fn referred(
        &mut self,
        path: &str,
        text: &str,
        old: bool,
        place: &Place,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<Document>> {
        if !self.exists(path) {
            let message = format!("`{text}` leads to `{path}`, which does not exist");
            let hint = "references are relative to the file in which they stand";
            diagnostics.push(Diagnostic::new(&codes::REF_UNRESOLVED, message, place.clone()).hint(hint));
            return None;
        }
        self.get(path, old, diagnostics)
    }

    /// Every file that was read, and whether it is written in the terms of 3.0.
    pub(super) fn read_files(&self) -> impl Iterator<Item = (Arc<str>, bool)> {
        self.read
            .values()
            .map(|document| (Arc::clone(&document.path), document.old))
    }

    /// Finds contracts and data models. Files that look like neither are not read.
    pub(super) fn find(&mut self, settings: &Settings, diagnostics: &mut Diagnostics) -> Found {
        let mut found = Found {
            contracts: Vec::new(),
            schemas: Vec::new(),
        };
        for (i, path) in settings.contracts.iter().enumerate() {
            if self.exists(path) {
                self.sort_in(path, true, &mut found, diagnostics);
            } else {
                let place = Place::pointer(FILE, format!("/contracts/{i}"));
                diagnostics.push(
                    Diagnostic::new(
                        &codes::NO_CONTRACT,
                        format!("the contract `{path}` does not exist"),
                        place,
                    )
                    .hint("write the path relative to flaresmith.toml"),
                );
            }
        }
        let paths: Vec<String> = self.sources.iter().map(|(path, _)| path.to_string()).collect();
        for path in paths {
            let in_feature = settings.specs.iter().any(|folder| is_below(&path, folder));
            let beside = settings.contracts.is_empty() && !path.contains('/');
            let listed = settings.contracts.contains(&path);
            let readable = [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
            if (in_feature || beside) && readable && !listed && self.looks_interesting(&path) {
                self.sort_in(&path, false, &mut found, diagnostics);
            }
        }
        if found.contracts.is_empty() && self.broken.is_empty() && diagnostics.is_empty() {
            let place = Place::file(FILE);
            diagnostics.push(
                Diagnostic::new(&codes::NO_CONTRACT, "no OpenAPI document was found", place)
                    .hint("run `flaresmith init --contract openapi.yaml`, or list the file under `contracts` in flaresmith.toml"),
            );
        }
        found
    }

    /// Whether the bytes of a file hold one of the words that a document of ours begins with.
    fn looks_interesting(&self, path: &str) -> bool {
        let Some(bytes) = self.sources.get(path) else {
            return false;
        };
        ["openapi", "swagger", "$defs"]
            .iter()
            .any(|word| memmem::find(bytes, word.as_bytes()).is_some())
    }

    fn sort_in(&mut self, path: &str, listed: bool, found: &mut Found, diagnostics: &mut Diagnostics) {
        let Some(document) = self.get(path, false, diagnostics) else {
            return;
        };
        let place = |key: &str| Place::pointer(path, format!("/{key}"));
        if let Some(version) = version(&document.value) {
            let known = ["3.0", "3.1", "3.2"].iter().any(|known| {
                version
                    .strip_prefix(known)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
            });
            if known {
                found.contracts.push(self.written_out(document, diagnostics));
            } else {
                let message = format!("OpenAPI {version} is not a version that is known");
                let hint = "write `openapi: 3.1.0` (3.0, 3.1 and 3.2 are read)";
                diagnostics.push(Diagnostic::new(&codes::VERSION_UNKNOWN, message, place("openapi")).hint(hint));
            }
        } else if document.value.get("swagger").is_some() {
            let message = "this is a Swagger 2.0 document";
            let hint = format!("convert it first: `npx swagger2openapi {path} -o openapi.yaml`");
            diagnostics.push(Diagnostic::new(&codes::SWAGGER_2, message, place("swagger")).hint(hint));
        } else if document.value.get("$defs").is_some() && !listed {
            found.schemas.push(document);
        } else if listed {
            let message = format!("`{path}` has no key `openapi`, so it is not a contract");
            diagnostics.push(
                Diagnostic::new(&codes::VERSION_UNKNOWN, message, Place::file(path))
                    .hint("begin the document with `openapi: 3.1.0`"),
            );
        }
    }
}

impl Documents<'_> {
    /// A contract with the maps written out that stand in files of their own.
    fn written_out(&mut self, contract: Arc<Document>, diagnostics: &mut Diagnostics) -> Arc<Document> {
        let mut look = |pointer: &str, text: &str, target: &Target| {
            let place = Place::pointer(&contract.path, format!("{pointer}/$ref"));
            let document = self.referred(&target.file, text, contract.old, &place, diagnostics)?;
            let found = document.value.pointer(&target.pointer).cloned();
            if found.is_none() {
                let message = format!("`{text}` does not exist");
                diagnostics.push(Diagnostic::new(&codes::REF_UNRESOLVED, message, place));
            }
            found
        };
        let Some(value) = spread(&contract.value, &contract.path, &mut look) else {
            return contract;
        };
        self.split = true;
        let written = Arc::new(Document {
            path: Arc::clone(&contract.path),
            value,
            old: contract.old,
        });
        self.read.insert(contract.path.to_string(), Arc::clone(&written));
        written
    }
}

/// The version that a document names, as text. YAML makes `3.1` a number.
fn version(value: &Value) -> Option<String> {
    match value.get("openapi")? {
        Value::String(version) => Some(version.to_string()),
        Value::Number(version) => Some(version.to_string()),
        _ => Some("?".to_owned()),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    folder.is_empty() || folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
