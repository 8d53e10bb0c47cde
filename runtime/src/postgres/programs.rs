//! Where the programs of Postgres are.
//!
//! Owns: the folders that are looked into, and which version fits. Must not know: what the programs are told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flaresmith_api::errors::Failure;

use super::place::Place;
use super::{blocking, unavailable};
use crate::guarded::{Account, run_as};
use crate::node::tools::Tool;

/// The programs that are needed.
const NAMES: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Folders with a folder for each version, and what is behind that.
const VERSIONS: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr/local/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

/// The oldest version that can drop a database which somebody uses.
const OLDEST: u32 = 13;

/// Programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
    version: u32,
}

impl Programs {
    /// The file of one.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Those that fit a place: of the folder that the settings name, else found on this machine, else installed.
pub(super) async fn find(place: &Place, named: Option<&Path>) -> Result<Programs, Failure> {
    let made = place.version();
    let fits = move |found: &Programs| match made {
        Some(made) => found.version == made,
        None => found.version >= OLDEST,
    };
    let account = place.account;
    let candidates = match named {
        Some(named) => vec![named.to_owned()],
        None => folders(),
    };
    let found = blocking(move || {
        let all = candidates.iter().filter_map(|folder| usable(folder, account));
        Ok(all.into_iter().find(fits))
    })
    .await?;
    if let Some(found) = found {
        return Ok(found);
    }
    let wanted = match made {
        Some(made) => format!("Postgres {made}, which made the cluster of this data folder,"),
        None => format!("Postgres {OLDEST} or newer"),
    };
    if let Some(named) = named {
        return Err(unavailable(&format!(
            "{wanted} is not in {}: it needs {} there, for whoever runs them.",
            named.display(),
            NAMES.join(", ")
        )));
    }
    let installed = match place.tools().file(Tool::Postgres).await? {
        Ok(file) => file,
        Err(why) => {
            return Err(unavailable(&format!(
                "{wanted} is not on this machine, and cannot be installed: {why}."
            )));
        }
    };
    let folder = installed.parent().map(Path::to_owned).unwrap_or_default();
    let found = blocking(move || Ok(usable(&folder, account))).await?;
    found.filter(fits).ok_or_else(|| {
        unavailable(&format!(
            "{wanted} is not on this machine, and the one that is installed does not run."
        ))
    })
}

/// Folders of this machine that may have them: those on the path, then the newest version first.
fn folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for (folder, behind) in VERSIONS {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = ["postgresql@", "pgsql-", ""]
                .iter()
                .find_map(|beginning| name.strip_prefix(beginning)?.parse().ok());
            if let Some(number) = number {
                versions.push((number, entry.path().join(behind)));
            }
        }
    }
    versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A link on the path leads to the folder that has them all.
    let linked = std::env::split_paths(&path)
        .filter_map(|folder| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned()));
    linked.chain(versions.into_iter().map(|(_, folder)| folder)).collect()
}

/// The programs of a folder, if they are all there and the one who is to run them can.
fn usable(folder: &Path, account: Option<Account>) -> Option<Programs> {
    let folder = std::path::absolute(folder).ok()?;
    if !NAMES.iter().all(|name| folder.join(name).is_file()) {
        return None;
    }
    let mut said = String::new();
    for name in NAMES {
        let mut command = Command::new(folder.join(name));
        command
            .arg("--version")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null());
        run_as(&mut command, account);
        let output = command.output().ok().filter(|output| output.status.success())?;
        said = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let version = version(&said)?;
    Some(Programs { folder, version })
}

/// The first number of a version, as in `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`.
fn version(said: &str) -> Option<u32> {
    let behind = said.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_program_is_read() {
        assert_eq!(
            version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(version("postgres 18"), None);
    }

    #[test]
    fn a_folder_without_all_of_them_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("initdb"), "").unwrap();
        assert!(usable(folder.path(), None).is_none());
    }
}
