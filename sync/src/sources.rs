//! Reads what a compilation may see: settings, specs, the files that contracts refer to, and template replacements.
//!
//! Owns: which files are read. Must not know: what is in them, beyond where `$ref` may point.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flaresmith_codegen::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use flaresmith_codegen::settings::{self, Settings};
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::read::LARGEST;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::listing::{self, SPEC_EXTENSIONS};
use crate::stamp::Stamp;
use crate::tree::{Looks, Reading, Tree};

/// Everything that a compilation is made from.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The project's settings.
    pub settings: Settings,
    /// Specs and contracts.
    pub sources: Sources,
    /// Templates that replace built-in ones, by name.
    pub templates: BTreeMap<String, String>,
    /// Problems found in the settings.
    pub diagnostics: Diagnostics,
    /// Digest of every file that was read, by path.
    pub digests: BTreeMap<String, Digest>,
    /// What the disk was asked, which all of the rest follows from; nothing when it was read from elsewhere.
    pub looks: Looks,
}

/// What is known of files that were read before, for whoever reads them again.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<String, File>);

/// A file, and what follows from its bytes alone.
#[derive(Debug)]
struct File {
    bytes: Arc<[u8]>,
    /// What the file system said of it, when that tells whatever is written to it later.
    stamp: Option<Stamp>,
    digest: Digest,
    refers: BTreeSet<String>,
}

impl Known {
    /// A file as it is now; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self, tree: &Tree, path: &str) -> Result<Option<&File>, SyncError> {
        let stamp = self.0.get(path).and_then(|known| known.stamp);
        Ok(match tree.read_again(path, stamp)? {
            Reading::Absent => None,
            Reading::Same => self.0.get(path),
            Reading::Other(bytes, stamp) => Some(self.file(path, bytes, stamp)),
        })
    }

    /// A file of these bytes: as it is known, when it is.
    fn file(&mut self, path: &str, bytes: Vec<u8>, stamp: Option<Stamp>) -> &File {
        let known = self.0.remove(path).filter(|known| *known.bytes == *bytes);
        let known = known.map(|known| File { stamp, ..known });
        let file = known.unwrap_or_else(|| File {
            stamp,
            digest: Digest::of(&bytes),
            // What is too large is told as a whole, whatever it refers to.
            refers: match bytes.len() <= LARGEST {
                true => referred_files(path, &bytes),
                false => BTreeSet::new(),
            },
            bytes: bytes.into(),
        });
        self.0.entry(path.to_owned()).or_insert(file)
    }
}

/// Reads everything from a tree: the disk, what is staged, or a revision.
///
/// # Errors
/// A file that exists cannot be read.
pub fn read(tree: &Tree) -> Result<Inputs, SyncError> {
    read_again(tree, &mut Known::default())
}

/// The same for whoever reads again and again.
///
/// # Errors
/// Those of [`read`].
pub fn read_again(tree: &Tree, known: &mut Known) -> Result<Inputs, SyncError> {
    let mut inputs = Inputs::default();
    read_settings(tree, &mut inputs)?;
    let mut pending: Vec<String> = Vec::new();
    for folder in inputs.settings.specs.iter().filter(|path| settings::is_inside(path)) {
        list(tree, folder, &SPEC_EXTENSIONS, true, &mut pending)?;
    }
    list(tree, ".specify/memory", &["md"], false, &mut pending)?;
    pending.extend(
        inputs
            .settings
            .contracts
            .iter()
            .filter(|path| settings::is_inside(path))
            .cloned(),
    );
    if inputs.settings.contracts.is_empty() {
        list(tree, "", &["yaml", "yml", "json"], false, &mut pending)?;
        pending.retain(|path| path.contains('/') || looks_like_contract(tree, path));
    }
    while let Some(path) = pending.pop() {
        if inputs.sources.get(&path).is_some() {
            continue;
        }
        let Some(file) = known.read(tree, &path)? else {
            continue;
        };
        pending.extend(file.refers.iter().cloned());
        inputs.digests.insert(path.clone(), file.digest);
        inputs.sources.insert(&path, Arc::clone(&file.bytes));
    }
    known.0.retain(|path, _| inputs.sources.get(path).is_some());
    read_templates(tree, &mut inputs)?;
    inputs.looks = tree.looks();
    Ok(inputs)
}

/// Reads the settings and no other files than those named: what it takes to show again what was once found in them.
///
/// # Errors
/// A file that exists cannot be read.
pub fn read_named<'a>(tree: &Tree, paths: impl IntoIterator<Item = &'a str>) -> Result<Inputs, SyncError> {
    let mut inputs = Inputs::default();
    read_settings(tree, &mut inputs)?;
    for path in paths {
        if inputs.sources.get(path).is_none()
            && let Some(bytes) = tree.read(path)?
        {
            inputs.sources.insert(path, bytes);
        }
    }
    Ok(inputs)
}

/// What a contract elsewhere consists of: the file itself and, at any distance, those that it refers to, with their paths relative to its
/// folder. What lies outside of that folder, is not there, or has no ending of a spec is none of it, and whoever reads the contract tells so.
///
/// # Errors
/// A file that exists cannot be read.
pub fn together(folder: &Path, file: &str) -> Result<BTreeMap<String, Vec<u8>>, SyncError> {
    let folder = folder
        .canonicalize()
        .map_err(|error| SyncError::io("cannot use", folder, &error))?;
    let mut found = BTreeMap::new();
    let mut pending = vec![file.to_owned()];
    while let Some(path) = pending.pop() {
        let is_spec = path == file || SPEC_EXTENSIONS.iter().any(|end| path.ends_with(&format!(".{end}")));
        // A link may lead anywhere.
        let place = folder.join(&path).canonicalize();
        let is_whole = |place: &PathBuf| place.starts_with(&folder) && (path == file || place.is_file());
        let place = place.ok().filter(is_whole);
        let (Some(place), true, false) = (place, is_spec, found.contains_key(&path)) else {
            continue;
        };
        let bytes = fs::read(&place).map_err(|error| SyncError::io("cannot read", &place, &error))?;
        if bytes.len() <= LARGEST {
            pending.extend(referred_files(&path, &bytes));
        }
        found.insert(path, bytes);
    }
    Ok(found)
}

fn read_settings(tree: &Tree, inputs: &mut Inputs) -> Result<(), SyncError> {
    if let Some(bytes) = tree.read(settings::FILE)? {
        inputs.digests.insert(settings::FILE.to_owned(), Digest::of(&bytes));
        match std::str::from_utf8(&bytes) {
            Ok(text) => inputs.settings = Settings::parse(text, &mut inputs.diagnostics),
            Err(_) => inputs.diagnostics.push(Diagnostic::new(
                &flaresmith_codegen::diagnostics::settings::SYNTAX,
                "the file is not UTF-8",
                Place::file(settings::FILE),
            )),
        }
        inputs.sources.insert(settings::FILE, bytes);
    }
    Ok(())
}

fn read_templates(tree: &Tree, inputs: &mut Inputs) -> Result<(), SyncError> {
    let Some(folder) = inputs
        .settings
        .templates
        .clone()
        .filter(|path| settings::is_inside(path))
    else {
        return Ok(());
    };
    let mut tell = |message: String, place: Place, hint: &str| {
        inputs
            .diagnostics
            .push(Diagnostic::new(&codes::TEMPLATE, message, place).hint(hint));
    };
    if tree.list(&folder)?.is_empty() {
        let place = Place::pointer(settings::FILE, "/templates");
        tell(
            format!("there is no folder `{folder}`"),
            place,
            "make it, or remove `templates`",
        );
        return Ok(());
    }
    let mut paths = Vec::new();
    list(tree, &folder, &[], true, &mut paths)?;
    for path in paths {
        let Some(bytes) = tree.read(&path)? else {
            continue;
        };
        inputs.digests.insert(path.clone(), Digest::of(&bytes));
        let Some(name) = path.strip_prefix(&format!("{folder}/")) else {
            continue;
        };
        match String::from_utf8(bytes) {
            Ok(text) => {
                inputs.templates.insert(name.to_owned(), text);
            }
            Err(_) => tell(
                "the template is not UTF-8".to_owned(),
                Place::file(&path),
                "save the file as UTF-8",
            ),
        }
    }
    Ok(())
}

/// Adds the files of a folder, relative to the root.
fn list(tree: &Tree, folder: &str, extensions: &[&str], deep: bool, found: &mut Vec<String>) -> Result<(), SyncError> {
    listing::list(&|folder: &str| tree.list(folder), folder, extensions, deep, found)
}

/// Whether a file at the root may be an OpenAPI document: it has the key, or it is broken and has the word. What it really
/// is, the reader decides.
fn looks_like_contract(tree: &Tree, path: &str) -> bool {
    let bytes = match tree.read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return false,
        // It may be one, and whoever reads it next will tell why it cannot be read.
        Err(_) => return true,
    };
    // Whoever reads it will tell that it is too large.
    if bytes.len() > LARGEST {
        return true;
    }
    const KEYS: [&str; 2] = ["openapi", "swagger"];
    let text = String::from_utf8_lossy(&bytes);
    if !KEYS.iter().any(|key| text.contains(key)) {
        return false;
    }
    if path.ends_with(".json") {
        let members: Result<BTreeMap<String, serde::de::IgnoredAny>, _> = serde_json::from_str(&text);
        return members.map_or(true, |members| KEYS.iter().any(|key| members.contains_key(*key)));
    }
    text.starts_with(['{', '\u{feff}'])
        || text.lines().any(|line| {
            let line = line.trim_start_matches(['"', '\'']);
            KEYS.iter()
                .filter_map(|key| line.strip_prefix(key))
                .any(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
        })
}

/// Paths, relative to the root, that the text may refer to by `$ref`. Too many do no harm: a file nobody resolves is only
/// read, and one that is not there is passed over. References to URLs and out of the root are left to the resolver, which tells about them.
fn referred_files(path: &str, bytes: &[u8]) -> BTreeSet<String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return BTreeSet::new();
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let references = behind_key(text, "$ref").flat_map(targets);
    let mapped = behind_key(text, "mapping").flat_map(mapped).map(Cow::Borrowed);
    references
        .chain(mapped)
        .filter_map(|target| {
            let file = target.split('#').next().unwrap_or_default().trim();
            if file.is_empty() || file.contains("://") || file.starts_with('/') {
                return None;
            }
            join(folder, &percent_decoded(file))
        })
        .collect()
}

/// What stands behind each colon of a key, up to where it stands again.
fn behind_key<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    let behind = text.split(key).skip(1);
    behind.filter_map(|rest| rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':'))
}

/// How far behind its key a mapping is looked through, in bytes.
const MAPPING: usize = 16 << 10;

/// What the mapping of a discriminator may name that ends as a file of a contract does.
fn mapped(behind: &str) -> impl Iterator<Item = &str> {
    let end = (0..=MAPPING.min(behind.len())).rfind(|at| behind.is_char_boundary(*at));
    let map = behind.get(..end.unwrap_or_default()).unwrap_or_default();
    let words = map.split(|sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | ',' | '{' | '}'));
    words.filter(|word| {
        let file = word.split('#').next().unwrap_or_default();
        [".yaml", ".yml", ".json"].iter().any(|end| file.ends_with(end))
    })
}

/// What the value behind a key may be, whatever surrounds it.
fn targets(behind: &str) -> Vec<Cow<'_, str>> {
    let mut value = behind.trim_start();
    // Anchors and tags of YAML stand before it.
    while value.starts_with(['&', '!']) {
        let end = value.find(char::is_whitespace).unwrap_or(value.len());
        value = value.get(end..).unwrap_or_default().trim_start();
    }
    let line = |text: &'_ str| text.lines().next().unwrap_or_default().len();
    match value.chars().next() {
        Some('"') => {
            let quoted = ends_of_quotes(value).and_then(|end| value.get(..=end));
            let quoted = quoted.unwrap_or_else(|| value.get(..line(value)).unwrap_or_default());
            // Escapes are those of JSON, `\/` among them.
            match serde_json::from_str(quoted) {
                Ok(text) => vec![Cow::Owned(text)],
                Err(_) => vec![Cow::Borrowed(quoted.trim_matches('"'))],
            }
        }
        Some('\'') => {
            let inner = value.get(1..).unwrap_or_default();
            vec![Cow::Borrowed(inner.split('\'').next().unwrap_or_default())]
        }
        Some('>' | '|') => {
            let text = value.get(line(value)..).unwrap_or_default().trim_start();
            vec![Cow::Borrowed(text.get(..line(text)).unwrap_or_default())]
        }
        // It ends with its line, or where a map or list around it goes on or ends: in these it has no braces of its own.
        _ => {
            let whole = value.get(..line(value)).unwrap_or_default();
            let within = whole.split([',', '}', ']']).next().unwrap_or_default();
            vec![Cow::Borrowed(whole), Cow::Borrowed(within)]
        }
    }
}

/// Where the quotes at the beginning of a text end.
fn ends_of_quotes(text: &str) -> Option<usize> {
    let mut escaped = false;
    let mut bytes = text.bytes().enumerate().skip(1);
    bytes.find_map(|(at, byte)| match byte {
        b'"' if !escaped => Some(at),
        byte => {
            escaped = byte == b'\\' && !escaped;
            None
        }
    })
}

/// A path relative to a folder, normalised; `None` when it climbs out of the root.
fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    settings::is_inside(&path).then_some(path)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::root::Root;

    use super::*;

    #[test]
    fn what_is_read_again_is_what_stands_there_whether_or_not_its_stamp_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path()).unwrap();
        fs::create_dir(folder.path().join("specs")).unwrap();
        let path = folder.path().join("specs/a.yaml");
        let mut known = Known::default();
        let mut read = || {
            let inputs = read_again(&Tree::disk(&root), &mut known).unwrap();
            let bytes = inputs.sources.get("specs/a.yaml").map(|file| file.to_vec());
            let fresh = read(&Tree::disk(&root)).unwrap();
            assert_eq!(inputs.digests, fresh.digests);
            bytes
        };
        assert_eq!(read(), None);
        // Each is as long as the one before; the first has been there for long enough to be known by its stamp.
        fs::write(&path, "openapi: 3.1.0\n").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        for text in ["openapi: 3.1.0\n", "openapi: 3.1.1\n", "openapi: 3.1.2\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(read().as_deref(), Some(text.as_bytes()));
            assert_eq!(read().as_deref(), Some(text.as_bytes()));
        }
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert_eq!(read(), read());
        fs::write(&path, "openapi: 3.1.3\n").unwrap();
        assert_eq!(read().as_deref(), Some(&b"openapi: 3.1.3\n"[..]));
        fs::remove_file(&path).unwrap();
        assert_eq!(read(), None);
    }

    #[test]
    fn references_are_found_in_every_spelling_and_never_leave_the_root() {
        let text = "a: {$ref: ../data-model.yaml#/$defs/A}\n\"$ref\": \"b.json\"\n$ref: 'c d.yaml#/x'\n$ref: '#/here'\n\
                    $ref: https://x.test/y.yaml\n$ref: ../../../../etc/passwd\n$ref: e%20f.yaml\n$ref: g_{id}.yaml # of one\n\
                    $ref: >-\n  h.yaml\n$ref: &i i.yaml\n{\"$ref\":\"j\\/k.json\",\"x\":1}\nlist: [{$ref: l.yaml}]\n\
                    mapping:\n  cat: ./n.yaml#/Cat\n$ref: \"m";
        let found = referred_files("specs/001-x/contracts/api.yaml", text.as_bytes());
        for expected in [
            "contracts/b.json",
            "contracts/c d.yaml",
            "contracts/e f.yaml",
            "contracts/g_{id}.yaml",
            "contracts/h.yaml",
            "contracts/i.yaml",
            "contracts/j/k.json",
            "contracts/l.yaml",
            "contracts/m",
            "contracts/n.yaml",
            "data-model.yaml",
        ] {
            assert!(
                found.contains(&format!("specs/001-x/{expected}")),
                "{expected}: {found:?}"
            );
        }
        assert!(found.iter().all(|path| path.starts_with("specs/001-x/")), "{found:?}");
    }
}
