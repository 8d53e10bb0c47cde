//! `flaresmith init`: the files that a repository needs to begin.
//!
//! Owns: the first flaresmith.toml, and a first feature for a repository without a contract. Must not know: targets' details.
//! Never writes over a file.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flaresmith_codegen::diagnostics::{Diagnostics, document as codes, nearest};
use flaresmith_codegen::emit::TARGETS;
use flaresmith_codegen::settings::{self, Settings};
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::{Root, SyncError, sources};

use crate::cli::{Global, InitArgs};
use crate::outcome::Outcome;
use crate::view::View;

const STARTER_SPEC: &str = include_str!("init/spec.md");
const STARTER_CONTRACT: &str = include_str!("init/openapi.yaml");

/// Runs it.
pub(crate) fn run(args: &InitArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let root = match &global.root {
        Some(path) => Root::at(path)?,
        None => Root::at(Path::new("."))?,
    };
    check_targets(&args.targets)?;
    let settings_path = root.path().join(settings::FILE);
    if settings_path.exists() {
        return Err(
            SyncError::new("INIT_EXISTS", format!("{} is there already", settings_path.display()))
                .hint("edit it, or delete it and run `flaresmith init` again"),
        );
    }
    let mut written: Vec<PathBuf> = Vec::new();
    let contract = match &args.contract {
        Some(path) => {
            let Contract { name, files } = read_contract(&root, path)?;
            let mut sources = Sources::default();
            for (path, bytes) in &files {
                sources.insert(path, bytes.clone());
            }
            let found = not_a_contract(&name, &sources);
            if !found.is_empty() {
                view.diagnostics(&found, &Locator::new(&sources), true);
                return Ok(Outcome::Problems);
            }
            for (path, bytes) in &files {
                if !root.path().join(path).exists() {
                    write_new(&root.path().join(path), bytes, &mut written)?;
                }
            }
            Some(name)
        }
        None => {
            if !has_specs(&root) {
                write_new(
                    &root.path().join("specs/001-hello/spec.md"),
                    STARTER_SPEC.as_bytes(),
                    &mut written,
                )?;
                write_new(
                    &root.path().join("specs/001-hello/contracts/openapi.yaml"),
                    STARTER_CONTRACT.as_bytes(),
                    &mut written,
                )?;
            }
            None
        }
    };
    write_new(
        &settings_path,
        settings_text(contract.as_deref(), &args.targets).as_bytes(),
        &mut written,
    )?;
    let written: Vec<String> = written
        .iter()
        .map(|path| {
            path.strip_prefix(root.path())
                .unwrap_or(path)
                .to_string_lossy()
                .replace('\\', "/")
        })
        .collect();
    view.initialised(&written);
    Ok(Outcome::Clean)
}

fn check_targets(names: &[String]) -> Result<(), SyncError> {
    let known = || TARGETS.iter().filter(|target| !target.hidden).map(|target| target.name);
    for name in names {
        if !known().any(|target| target == name) {
            let hint = match nearest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("choose among {}", known().collect::<Vec<_>>().join(", ")),
            };
            return Err(SyncError::new("CONFIG_UNKNOWN_TARGET", format!("there is no target `{name}`")).hint(hint));
        }
    }
    Ok(())
}

/// Where a contract from elsewhere is put that consists of several files.
const FOLDER: &str = "contract";

/// A contract, as it will stand in the repository.
struct Contract {
    /// Its path relative to the root.
    name: String,
    /// Its files, each by its path relative to the root.
    files: Vec<(String, Vec<u8>)>,
}

/// Reads a contract. One from elsewhere gets a place at the root, with all files that it refers to in a folder.
fn read_contract(root: &Root, path: &Path) -> Result<Contract, SyncError> {
    let found = path
        .canonicalize()
        .map_err(|error| SyncError::io("cannot read", path, &error))?;
    let base = root
        .path()
        .canonicalize()
        .map_err(|error| SyncError::io("cannot use", root.path(), &error))?;
    if let Ok(relative) = found.strip_prefix(&base) {
        let name = relative.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(&found).map_err(|error| SyncError::io("cannot read", &found, &error))?;
        return Ok(Contract {
            files: vec![(name.clone(), bytes)],
            name,
        });
    }
    let name = found
        .file_name()
        .map_or_else(|| "openapi.yaml".to_owned(), |name| name.to_string_lossy().into_owned());
    let files = sources::together(found.parent().unwrap_or(&found), &name)?;
    let (folder, taken) = match files.len() {
        1 => (String::new(), name.clone()),
        _ => (format!("{FOLDER}/"), FOLDER.to_owned()),
    };
    let name = format!("{folder}{name}");
    if root.path().join(&taken).exists() {
        let message = format!(
            "{} is there already and is another one",
            root.path().join(&taken).display()
        );
        return Err(
            SyncError::new("INIT_EXISTS", message).hint(format!("`flaresmith init --contract {name}` takes that one"))
        );
    }
    let files = files
        .into_iter()
        .map(|(path, bytes)| (format!("{folder}{path}"), bytes));
    Ok(Contract {
        name,
        files: files.collect(),
    })
}

/// Why a file is no contract at all, if it is none. What is wrong inside of one is for `spec check` to tell.
fn not_a_contract(name: &str, sources: &Sources) -> Diagnostics {
    let settings = Settings {
        contracts: vec![name.to_owned()],
        ..Settings::default()
    };
    let mut found = Diagnostics::new();
    let _ = flaresmith_codegen::openapi::bundle(sources, &settings, &Default::default(), &mut found);
    let fatal = [
        &codes::SYNTAX,
        &codes::ENCODING,
        &codes::TOO_LARGE,
        &codes::SWAGGER_2,
        &codes::VERSION_UNKNOWN,
        &codes::NO_CONTRACT,
    ];
    found.retain(|diagnostic| fatal.contains(&diagnostic.code));
    found
}

fn has_specs(root: &Root) -> bool {
    let specs = root.path().join("specs").is_dir();
    specs
        || ["openapi.yaml", "openapi.yml", "openapi.json"]
            .iter()
            .any(|name| root.path().join(name).is_file())
}

/// Writes a file that does not exist yet; with its folders.
fn write_new(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<(), SyncError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| SyncError::io("cannot make", folder, &error))?;
    }
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| SyncError::io("cannot write", path, &error))?;
    written.push(path.to_owned());
    Ok(())
}

fn settings_text(contract: Option<&str>, targets: &[String]) -> String {
    let mut text = String::from("# What `flaresmith spec apply` generates, and from what. Every line is optional.\n");
    let list =
        |items: &mut dyn Iterator<Item = &str>| items.map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", ");
    match contract {
        Some(path) => text.push_str(&format!("contracts = [{path:?}]\n")),
        None => text.push_str("specs = [\"specs\"]\n"),
    }
    if targets.is_empty() {
        let all = list(&mut TARGETS.iter().filter(|target| !target.hidden).map(|target| target.name));
        text.push_str(&format!("targets = [{all}]\n"));
    } else {
        text.push_str(&format!(
            "targets = [{}]\n",
            list(&mut targets.iter().map(String::as_str))
        ));
    }
    text
}
