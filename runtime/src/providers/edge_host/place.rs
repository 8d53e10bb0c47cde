//! The folder of one environment's worker.
//!
//! Owns: what lies where in it, and that each change happens whole or not at all. Must not know: processes, who asks.
//!
//! ```text
//! edge/<project>/<environment>/
//!   mark           whose it is
//!   port           where it answers
//!   active/<n>     the version that is active; the highest number counts
//!   serving        the version that answers now, kept by whoever runs it
//!   keeper         locked by whoever runs it
//!   versions/<id>/ worker.js, config.capnp, bindings (sealed), workerd (a link, where the build brought one)
//! ```
//!
//! The numbers below `active` are what keeps a process that was frozen in the midst of an activation from taking back a later one:
//! it has seen a number, and the file of the next is made only once.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use flaresmith_api::errors::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{Version, config};
use crate::providers::{Mark, foreign};
use crate::sealing::Sealer;
use crate::settings::Hidden;

const MARK: &str = "mark";
const PORT: &str = "port";
const ACTIVE: &str = "active";
const SERVING: &str = "serving";
const KEEPER: &str = "keeper";
const VERSIONS: &str = "versions";
const CONFIG: &str = "config.capnp";
const BINDINGS: &str = "bindings";
const RUNTIME: &str = "workerd";

/// How many earlier activations are remembered.
const REMEMBERED: usize = 5;

/// Where one environment's worker is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
}

/// Which activation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Active {
    /// Its number.
    pub(super) number: u64,
    /// The version; `None`: none any more.
    pub(super) version: Option<Uuid>,
}

/// Bindings as they lie on the disk.
#[derive(Serialize, Deserialize)]
struct SealedBindings {
    key: String,
    bytes: Vec<u8>,
}

impl Place {
    /// The folder of an environment.
    pub(super) fn of(edge: &Path, mark: &Mark) -> Self {
        Self {
            folder: edge.join(mark.project.to_string()).join(&mark.environment),
        }
    }

    /// A folder that was found.
    pub(super) fn found(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the worker is there; a failure when something else is.
    pub(super) fn is_ours(&self, mark: &Mark) -> Result<bool, Failure> {
        match fs::read_to_string(self.folder.join(MARK)) {
            Ok(found) if found == text(&mark.key) => Ok(true),
            Ok(_) => Err(foreign(mark)),
            Err(_) if fs::symlink_metadata(&self.folder).is_err() => Ok(false),
            Err(_) => Err(foreign(mark)),
        }
    }

    /// Makes it, marked and with its port.
    pub(super) fn make(&self, mark: &Mark, port: u16) -> Result<(), Failure> {
        let above = self.folder.parent().unwrap_or(&self.folder);
        fs::create_dir_all(above).map_err(Failure::internal)?;
        let beside = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(above)
            .map_err(Failure::internal)?;
        for (name, content) in [(MARK, text(&mark.key)), (PORT, port.to_string())] {
            write(&beside.path().join(name), content.as_bytes())?;
        }
        for name in [ACTIVE, VERSIONS] {
            fs::create_dir(beside.path().join(name)).map_err(Failure::internal)?;
        }
        File::create(beside.path().join(KEEPER)).map_err(Failure::internal)?;
        match fs::rename(beside.path(), &self.folder) {
            Ok(()) => {
                let _ = beside.keep();
                Ok(())
            }
            // Whatever came there meanwhile stays.
            Err(_) if self.folder.exists() => self.is_ours(mark).map(|_| ()),
            Err(error) => Err(Failure::internal(error)),
        }
    }

    /// The port where it answers.
    pub(super) fn port(&self) -> Result<u16, Failure> {
        let text = fs::read_to_string(self.folder.join(PORT)).map_err(Failure::internal)?;
        text.trim().parse().map_err(Failure::internal)
    }

    /// Which key it was made under.
    pub(super) fn key(&self) -> Option<String> {
        let found = fs::read_to_string(self.folder.join(MARK)).ok()?;
        found.strip_prefix("Flaresmith ").map(|key| key.trim_end().to_owned())
    }

    /// The lock of whoever runs it; `None`: another process does, or it is gone.
    pub(super) fn keep(&self) -> Option<File> {
        let file = File::options().write(true).open(self.folder.join(KEEPER)).ok()?;
        file.try_lock().ok().map(|()| file)
    }

    /// The activation that counts.
    pub(super) fn active(&self) -> Option<Active> {
        let number = self.numbers().pop()?;
        let version = fs::read_to_string(self.folder.join(ACTIVE).join(number.to_string())).ok()?;
        Some(Active {
            number,
            version: version.trim().parse().ok(),
        })
    }

    /// Makes a version the active one, or none, after the activation that was seen; `false`: there was another meanwhile.
    pub(super) fn activate(&self, seen: u64, version: Option<Uuid>) -> Result<bool, Failure> {
        let folder = self.folder.join(ACTIVE);
        let text = version.map_or_else(String::new, |version| version.to_string());
        let done = create(&folder, &folder.join((seen + 1).to_string()), text.as_bytes())?;
        if done {
            let mut old = self.numbers();
            old.truncate(old.len().saturating_sub(REMEMBERED));
            for number in old {
                gone(fs::remove_file(folder.join(number.to_string())))?;
            }
        }
        Ok(done)
    }

    fn numbers(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.folder.join(ACTIVE)).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// The version that answers now, as whoever runs it has told.
    pub(super) fn serving(&self) -> Option<Uuid> {
        fs::read_to_string(self.folder.join(SERVING)).ok()?.trim().parse().ok()
    }

    /// Tells which version answers now.
    pub(super) fn tell_serving(&self, version: Option<Uuid>) -> Result<(), Failure> {
        let file = self.folder.join(SERVING);
        match version {
            None => gone(fs::remove_file(file)),
            Some(version) => {
                let mut beside = NamedTempFile::new_in(&self.folder).map_err(Failure::internal)?;
                beside
                    .write_all(version.to_string().as_bytes())
                    .map_err(Failure::internal)?;
                beside.persist(file).map(|_| ()).map_err(Failure::internal)
            }
        }
    }

    /// The folder of a version, when it is there.
    pub(super) fn version(&self, id: Uuid) -> Option<PathBuf> {
        let folder = self.folder.join(VERSIONS).join(id.to_string());
        folder.is_dir().then_some(folder)
    }

    /// Puts a version there, whole or not at all.
    pub(super) fn put(&self, sealer: &Sealer, version: &Version) -> Result<(), Failure> {
        if let Some((name, _)) = version
            .bindings
            .iter()
            .find(|(name, value)| !config::is_name(name) || value.expose().contains('\0'))
        {
            return Err(Failure::new(ErrorCode::SecSecretNameReserved)
                .with_message("A worker cannot have a binding of this name or value.")
                .with_context("name", name));
        }
        let names = version.bindings.iter().map(|(name, _)| name.as_str());
        let plain: Vec<(&str, &str)> = version
            .bindings
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&plain).map_err(Failure::internal)?);
        let sealed = sealed(sealer, version.id, &plain)?;
        self.put_files(version.id, version.runtime.as_deref(), |folder| {
            write(&folder.join(config::MODULE), &version.module)?;
            write(&folder.join(CONFIG), config::text(names, &version.networks).as_bytes())?;
            write(&folder.join(BINDINGS), &sealed)
        })
    }

    /// Puts a version there that is like another one.
    pub(super) fn repeat(&self, sealer: &Sealer, of: Uuid, id: Uuid) -> Result<(), Failure> {
        let lost =
            || Failure::new(ErrorCode::EnvRollbackUnavailable).with_message("The edge host has lost the version.");
        let former = self.version(of).ok_or_else(lost)?;
        let sealed = sealed(sealer, id, &opened(sealer, of, &former)?)?;
        let runtime = Some(former.join(RUNTIME)).filter(|file| file.exists());
        self.put_files(id, runtime.as_deref(), |folder| {
            for name in [config::MODULE, CONFIG] {
                write(
                    &folder.join(name),
                    &fs::read(former.join(name)).map_err(Failure::internal)?,
                )?;
            }
            write(&folder.join(BINDINGS), &sealed)
        })
    }

    fn put_files(
        &self,
        id: Uuid,
        runtime: Option<&Path>,
        fill: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.version(id).is_some() {
            return Ok(());
        }
        let all = self.folder.join(VERSIONS);
        let beside = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(&all)
            .map_err(Failure::internal)?;
        fill(beside.path())?;
        if let Some(runtime) = runtime {
            let link = beside.path().join(RUNTIME);
            fs::hard_link(runtime, &link)
                .or_else(|_| fs::copy(runtime, &link).map(|_| ()))
                .map_err(Failure::internal)?;
        }
        match fs::rename(beside.path(), all.join(id.to_string())) {
            Ok(()) => {
                let _ = beside.keep();
                Ok(())
            }
            // Somebody else has put the same there.
            Err(_) if self.version(id).is_some() => Ok(()),
            Err(error) => Err(Failure::internal(error)),
        }
    }

    /// What was left by whoever died while putting a version there. For whoever has the lock of the keeper.
    pub(super) fn sweep(&self, older_than: std::time::Duration) {
        let entries = fs::read_dir(self.folder.join(VERSIONS)).into_iter().flatten().flatten();
        for entry in entries {
            let begun = entry.metadata().and_then(|about| about.modified()).ok();
            let old = begun
                .and_then(|begun| begun.elapsed().ok())
                .is_some_and(|age| age > older_than);
            if old && entry.file_name().to_string_lossy().starts_with(".new-") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Removes everything. From one moment to the next it is not there.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        let above = self.folder.parent().unwrap_or(&self.folder);
        let aside = above.join(format!(".gone-{}", Uuid::new_v4()));
        gone(fs::rename(&self.folder, &aside))?;
        // Whatever was put aside before is taken along.
        for entry in fs::read_dir(above).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(".gone-") {
                gone(fs::remove_dir_all(entry.path()))?;
            }
        }
        // It stays as long as another environment is there.
        let _ = fs::remove_dir(above);
        Ok(())
    }
}

/// What a version is run with.
#[derive(Debug)]
pub(super) struct Runnable {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Its configuration.
    pub(super) config: PathBuf,
    /// The program that the build brought.
    pub(super) runtime: Option<PathBuf>,
    /// Names and values in the environment of the program.
    pub(super) environment: Vec<(String, Hidden)>,
}

/// What a version is run with, from its folder.
pub(super) fn runnable(sealer: &Sealer, id: Uuid, folder: &Path) -> Result<Runnable, Failure> {
    let plain = opened(sealer, id, folder)?;
    let bindings: Vec<(String, String)> = serde_json::from_slice(&plain).map_err(Failure::internal)?;
    let environment = bindings
        .into_iter()
        .map(|(name, value)| (config::variable(&name), Hidden::new(value)))
        .collect();
    Ok(Runnable {
        config: folder.join(CONFIG),
        runtime: Some(folder.join(RUNTIME)).filter(|file| file.exists()),
        folder: folder.to_owned(),
        environment,
    })
}

/// Seals the bindings of a version anew, if an older master key does that.
pub(super) fn reseal(sealer: &Sealer, id: Uuid, folder: &Path) -> Result<(), Failure> {
    let file = folder.join(BINDINGS);
    let found: SealedBindings =
        serde_json::from_slice(&fs::read(&file).map_err(Failure::internal)?).map_err(Failure::internal)?;
    if found.key == sealer.key_id() {
        return Ok(());
    }
    let sealed = sealed(sealer, id, &opened(sealer, id, folder)?)?;
    let mut beside = NamedTempFile::new_in(folder).map_err(Failure::internal)?;
    beside.write_all(&sealed).map_err(Failure::internal)?;
    beside.persist(file).map(|_| ()).map_err(Failure::internal)
}

fn context(id: Uuid) -> String {
    format!("edge_host.bindings/{id}")
}

fn sealed(sealer: &Sealer, id: Uuid, plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let sealed = sealer.seal(&context(id), plain).map_err(Failure::internal)?;
    let sealed = SealedBindings {
        key: sealed.key_id,
        bytes: sealed.bytes,
    };
    serde_json::to_vec(&sealed).map_err(Failure::internal)
}

fn opened(sealer: &Sealer, id: Uuid, folder: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    let found = fs::read(folder.join(BINDINGS)).map_err(Failure::internal)?;
    let found: SealedBindings = serde_json::from_slice(&found).map_err(Failure::internal)?;
    let plain = sealer.open(&found.key, &context(id), &found.bytes);
    plain
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Failure::new(ErrorCode::SecKeyMissing).with_source(error))
}

fn text(key: &str) -> String {
    format!("Flaresmith {key}\n")
}

/// Writes a file and has it on the disk.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = File::create_new(path).map_err(Failure::internal)?;
    file.write_all(bytes).map_err(Failure::internal)?;
    file.sync_all().map_err(Failure::internal)
}

/// Makes a file that is there whole or not at all; `false`: there is one already.
fn create(folder: &Path, path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    let mut beside = NamedTempFile::new_in(folder).map_err(Failure::internal)?;
    beside.write_all(bytes).map_err(Failure::internal)?;
    beside.as_file().sync_all().map_err(Failure::internal)?;
    match beside.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Failure::internal(error.error)),
    }
}

/// The folders in a folder that are not being made or taken away.
pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::internal(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Failure::internal)?;
        let is_whole = !entry.file_name().to_string_lossy().starts_with('.');
        if is_whole && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// That something is gone is all that is wanted of removing it.
pub(super) fn gone(removed: std::io::Result<()>) -> Result<(), Failure> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}
