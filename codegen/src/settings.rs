//! Settings: what `flaresmith.toml` may say.
//!
//! Owns: the file's fields, their defaults and its reading. Must not know: where the file is, or what a target does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostics::{At, Diagnostic, Diagnostics, Place, nearest, settings as codes};

/// Name of the settings file, at the root.
pub const FILE: &str = "flaresmith.toml";

/// What `flaresmith.toml` says. Every field has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Name of the project, as people write it. Default: the title of the contract.
    pub name: Option<String>,
    /// Folders with features (`specs/001-slug/…`) and the constitution.
    pub specs: Vec<String>,
    /// OpenAPI documents outside those folders.
    pub contracts: Vec<String>,
    /// Targets to emit. Default: all.
    pub targets: Option<Vec<String>>,
    /// Folder whose files replace built-in templates of the same name (`hono/app.ts`).
    pub templates: Option<String>,
    /// Treat warnings as errors.
    pub strict: bool,
    /// Fingerprints of texts that look like secrets and are none, as `SPEC_SECRET_PLAINTEXT` tells them.
    pub no_secrets: Vec<String>,
    /// The Rust crate.
    pub rust: RustPackage,
    /// The npm package of the zod, drizzle and hono targets.
    pub typescript: TypeScriptPackage,
    /// The Rust crate with SeaORM entities and the schema of the database.
    pub store: Package,
    /// The bundled OpenAPI documents.
    pub openapi: Folder,
    /// The Postman collections and environments.
    pub postman: Folder,
    /// The MCP tool descriptors.
    pub mcp: Folder,
    /// The Markdown reference.
    pub docs: Folder,
}

/// The generated Rust crate, and the handlers of the team's own crate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RustPackage {
    /// Folder of the crate, relative to the root.
    pub out: Option<String>,
    /// Name of the crate. Default: from the project's name.
    pub package: Option<String>,
    /// Folder in a crate of your own, such as `src/handlers`: a stub for each operation and the router over them are written
    /// there once. Default: none are written.
    pub handlers: Option<String>,
}

/// The generated npm package, and the handlers of the team's own package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypeScriptPackage {
    /// Folder of the package, relative to the root.
    pub out: Option<String>,
    /// Its name. Default: from the project's name.
    pub package: Option<String>,
    /// Folder in a package of your own, such as `worker/src/handlers`: a stub for each operation and an `index.ts` with all of
    /// them are written there once. Default: they are written into the generated package, with a worker.
    pub handlers: Option<String>,
}

/// A generated package: where it goes and what it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Package {
    /// Folder, relative to the root.
    pub out: Option<String>,
    /// Name of the crate or npm package. Default: from the project's name.
    pub package: Option<String>,
}

/// Where a target's files go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Folder {
    /// Folder, relative to the root.
    pub out: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            specs: vec!["specs".to_owned()],
            contracts: Vec::new(),
            targets: None,
            templates: None,
            strict: false,
            no_secrets: Vec::new(),
            rust: RustPackage::default(),
            typescript: TypeScriptPackage::default(),
            store: Package::default(),
            openapi: Folder::default(),
            postman: Folder::default(),
            mcp: Folder::default(),
            docs: Folder::default(),
        }
    }
}

impl Settings {
    /// Reads the text of `flaresmith.toml`. With problems, the defaults come back beside them.
    pub fn parse(text: &str, diagnostics: &mut Diagnostics) -> Self {
        let settings: Self = match toml::from_str(text) {
            Ok(settings) => settings,
            Err(error) => {
                let place = error
                    .span()
                    .map_or_else(|| Place::file(FILE), |span| Place::bytes(FILE, span));
                let message = error.message().to_owned();
                let hint = unknown_field(&message);
                diagnostics.push(Diagnostic::new(&codes::SYNTAX, message, place).maybe_hint(hint));
                return Self::default();
            }
        };
        settings.check_paths(diagnostics);
        settings
    }

    fn check_paths(&self, diagnostics: &mut Diagnostics) {
        let single = [
            ("/templates", &self.templates),
            ("/rust/out", &self.rust.out),
            ("/rust/handlers", &self.rust.handlers),
            ("/typescript/out", &self.typescript.out),
            ("/typescript/handlers", &self.typescript.handlers),
            ("/store/out", &self.store.out),
            ("/openapi/out", &self.openapi.out),
            ("/postman/out", &self.postman.out),
            ("/mcp/out", &self.mcp.out),
            ("/docs/out", &self.docs.out),
        ];
        let paths = single
            .into_iter()
            .filter_map(|(pointer, path)| Some((pointer, path.as_ref()?)));
        let lists = self
            .specs
            .iter()
            .map(|path| ("/specs", path))
            .chain(self.contracts.iter().map(|path| ("/contracts", path)));
        for (pointer, path) in paths.chain(lists) {
            if !is_inside(path) {
                let place = Place {
                    file: FILE.into(),
                    at: At::Pointer(pointer.to_owned()),
                };
                diagnostics.push(
                    Diagnostic::new(
                        &codes::PATH,
                        format!("`{path}` is not a path inside the repository"),
                        place,
                    )
                    .hint("use a relative path with `/` and without `.`, `..` or `.git`"),
                );
            }
        }
        self.check_outputs(&single, diagnostics);
    }

    /// What is generated must not be read as a spec by the next run.
    fn check_outputs(&self, outputs: &[(&str, &Option<String>)], diagnostics: &mut Diagnostics) {
        let outputs = outputs.iter().filter(|(pointer, _)| *pointer != "/templates");
        for (pointer, out) in outputs.filter_map(|(pointer, out)| Some((*pointer, out.as_ref()?))) {
            let read = self
                .specs
                .iter()
                .chain(&self.templates)
                .find(|read| is_below(out, read));
            let message = match read {
                Some(read) => format!("`{out}` lies in `{read}`, whose files are read"),
                None if out == "." => "the root is no folder for generated files".to_owned(),
                None => continue,
            };
            let place = Place {
                file: FILE.into(),
                at: At::Pointer(pointer.to_owned()),
            };
            let hint = "generate into a folder of its own, such as `generated`";
            diagnostics.push(Diagnostic::new(&codes::PATH, message, place).hint(hint));
        }
    }
}

/// A hint for a message such as "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<String> {
    let mut words = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let near = nearest(words.next()?, words)?;
    Some(format!("did you mean `{near}`?"))
}

/// Whether a path is relative, uses `/`, stays below the folder it starts from, and is not git's own.
#[must_use]
pub fn is_inside(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !is_gits(part);
    !path.contains(['\\', '\0', ':']) && (path == "." || path.split('/').all(plain))
}

/// Whether a name is `.git` to any file system: some fold case, some drop what is not seen or what stands at the end, and
/// some have a short form for it.
fn is_gits(name: &str) -> bool {
    let unseen =
        |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = name.chars().filter(|c| !unseen(*c)).collect();
    let seen = seen.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    seen == ".git" || seen == "git~1"
}

/// Whether a path is a folder or lies in it, on file systems that fold case as well.
fn is_below(path: &str, folder: &str) -> bool {
    let (path, folder) = (path.to_lowercase(), folder.to_lowercase());
    path.strip_prefix(&folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_told_with_their_place() {
        let mut diagnostics = Vec::new();
        Settings::parse("name = \"x\"\ncolour = 1\n", &mut diagnostics);
        assert_eq!(diagnostics.len(), 1);
        assert!(diagnostics[0].message.contains("colour"), "{:?}", diagnostics[0]);
        diagnostics.clear();
        Settings::parse("contrcts = []\n", &mut diagnostics);
        assert_eq!(diagnostics[0].hint.as_deref(), Some("did you mean `contracts`?"));
    }

    #[test]
    fn paths_that_climb_out_are_refused() {
        for bad in ["../x", "/x", "a/../../b", "a/./b", "a//b", "a/", "C:\\x", ""] {
            let mut diagnostics = Vec::new();
            Settings::parse(&format!("[rust]\nout = {bad:?}\n"), &mut diagnostics);
            assert_eq!(diagnostics.len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn the_folder_of_git_is_refused_however_it_is_written() {
        for bad in [
            ".git",
            ".GIT/hooks",
            "a/.Git/b",
            ".git.",
            ".git ",
            "git~1",
            "GIT~1/x",
            ".g\u{200c}it",
        ] {
            assert!(!is_inside(bad), "{bad:?}");
        }
        for good in [".github/x", ".gitignore", "git", "a.git", "generated/git~2", "."] {
            assert!(is_inside(good), "{good:?}");
        }
    }

    #[test]
    fn nothing_is_generated_where_it_would_be_read() {
        for bad in ["specs", "specs/api", "Specs/001-x/contracts", "frames/hono", "."] {
            let text = format!("templates = \"frames\"\n[openapi]\nout = {bad:?}\n");
            let mut diagnostics = Vec::new();
            Settings::parse(&text, &mut diagnostics);
            assert_eq!(diagnostics.len(), 1, "{bad:?}: {diagnostics:?}");
        }
        let mut diagnostics = Vec::new();
        Settings::parse(
            "templates = \"frames\"\n[openapi]\nout = \"specs-out\"\n",
            &mut diagnostics,
        );
        assert_eq!(diagnostics, []);
    }
}
