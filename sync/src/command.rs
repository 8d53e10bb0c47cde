//! Commands to type: the shell lines that hints give.
//!
//! Owns: quoting, and from which folder a line works. Must not know: when which line is right.

use std::path::Path;

use crate::root::Root;

/// At most so many paths are written out; more become the folders that hold them.
const LISTED: usize = 3;

/// Lines about one root, to be typed where the program was started.
#[derive(Debug)]
pub struct Commands {
    /// The root as an argument; `None` when it is the current folder.
    folder: Option<String>,
}

impl Commands {
    /// Lines about this root.
    #[must_use]
    pub fn for_root(root: &Root) -> Self {
        let here = std::env::current_dir().and_then(|path| path.canonicalize());
        let root = root.path().canonicalize().unwrap_or_else(|_| root.path().to_owned());
        let folder = match here {
            Ok(here) if here == root => None,
            Ok(here) => Some(root.strip_prefix(&here).unwrap_or(&root).to_owned()),
            Err(_) => Some(root),
        };
        Self {
            folder: folder.map(|folder| shell_quoted(&slashed(&folder))),
        }
    }

    /// Stages files. `force`: git ignores some.
    #[must_use]
    pub fn add<'a>(&self, paths: impl IntoIterator<Item = &'a str>, force: bool) -> String {
        let force = if force { "-f " } else { "" };
        let mut paths: Vec<&str> = paths.into_iter().collect();
        paths.sort_unstable();
        paths.dedup();
        format!("{} add {force}{}", self.git(), words(&shortened(&paths)))
    }

    /// Takes files out of what is staged; the disk keeps them.
    #[must_use]
    pub fn unstage(&self, paths: &[&str]) -> String {
        format!("{} restore --staged {}", self.git(), words(paths))
    }

    /// Generates.
    #[must_use]
    pub fn apply(&self) -> String {
        match &self.folder {
            Some(folder) => format!("flaresmith --root {folder} spec apply"),
            None => "flaresmith spec apply".to_owned(),
        }
    }

    /// Deletes files on disk.
    #[must_use]
    pub fn remove(&self, paths: &[&str]) -> String {
        self.on_files("rm", paths)
    }

    /// Takes the executable bit off files on disk.
    #[must_use]
    pub fn chmod(&self, paths: &[&str]) -> String {
        self.on_files("chmod a-x", paths)
    }

    /// Takes the executable bit off files in the index.
    #[must_use]
    pub fn unset_executable(&self, paths: &[&str]) -> String {
        format!("{} update-index --chmod=-x {}", self.git(), words(paths))
    }

    fn git(&self) -> String {
        self.folder
            .as_ref()
            .map_or_else(|| "git".to_owned(), |folder| format!("git -C {folder}"))
    }

    fn on_files(&self, command: &str, paths: &[&str]) -> String {
        match &self.folder {
            Some(folder) => format!("(cd {folder} && {command} {})", words(paths)),
            None => format!("{command} {}", words(paths)),
        }
    }
}

/// The paths themselves when they are few, else the folders at the top that hold them.
fn shortened<'a>(paths: &[&'a str]) -> Vec<&'a str> {
    if paths.len() <= LISTED {
        return paths.to_vec();
    }
    let mut found: Vec<&str> = paths
        .iter()
        .map(|path| path.split_once('/').map_or(*path, |(folder, _)| folder))
        .collect();
    found.dedup();
    found
}

fn words(paths: &[&str]) -> String {
    let dashed = paths.iter().any(|path| path.starts_with('-'));
    let words: Vec<String> = paths.iter().map(|path| shell_quoted(path)).collect();
    format!("{}{}", if dashed { "-- " } else { "" }, words.join(" "))
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A text as one word of a POSIX shell.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@".contains(c)) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_the_shell_survives_any_name() {
        let here = Commands { folder: None };
        assert_eq!(here.add(["it's $HOME", "-x"], false), r"git add -- -x 'it'\''s $HOME'");
        let below = Commands {
            folder: Some("services/api".to_owned()),
        };
        assert_eq!(below.add(["a", "b", "a"], true), "git -C services/api add -f a b");
        assert_eq!(below.remove(&["a"]), "(cd services/api && rm a)");
        assert_eq!(below.apply(), "flaresmith --root services/api spec apply");
    }

    #[test]
    fn many_files_are_told_by_their_folders() {
        let here = Commands { folder: None };
        let paths = ["generated/a", "generated/b/c", "flaresmith.lock", "generated/d"];
        assert_eq!(here.add(paths, false), "git add flaresmith.lock generated");
    }
}
