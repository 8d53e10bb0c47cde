//! Where the cluster lies, and whose it is.
//!
//! Owns: folders, files and who may enter them. Must not know: how Postgres is started.
//!
//! `DATA/postgres` has the locks and `cluster`, in which are the data, the password, the port and the log. Postgres refuses to run as
//! root, so there it is another user's. Where that user cannot come to the data folder, as below `/root`, the cluster and programs
//! that are installed for it lie in a folder of `/var/lib/flaresmith-postgres`, which `DATA/postgres/elsewhere` names.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use flaresmith_api::errors::Failure;
use uuid::Uuid;

use super::unavailable;
use crate::guarded::Account;
use crate::node::tools::Tools;
use crate::settings::Hidden;

/// The folder below that of the data.
const FOLDER: &str = "postgres";

/// The file that names another folder.
const ELSEWHERE: &str = "elsewhere";

/// Where other folders are.
const SYSTEM: &str = "/var/lib/flaresmith-postgres";

/// The folder of a cluster that is whole.
const CLUSTER: &str = "cluster";

/// How the names of folders begin in which one is made.
pub(super) const BESIDE: &str = ".new-";

/// Users of the machine who may run it instead of root, the best first.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Where a cluster lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The folder in which those who use it meet.
    meeting: PathBuf,
    /// The folder that it is in.
    home: PathBuf,
    /// The folder below which programs are installed for it.
    tools: PathBuf,
    /// Who runs it, when this process may not.
    pub(super) account: Option<Account>,
}

/// Whether a data folder has a cluster.
pub(super) fn is_made(data: &Path) -> bool {
    let meeting = data.join(FOLDER);
    let home = elsewhere(&meeting).unwrap_or(meeting);
    home.join(CLUSTER).is_dir()
}

impl Place {
    /// The place of a data folder, made when it is not there.
    pub(super) fn settle(data: &Path) -> Result<Self, Failure> {
        let data = std::path::absolute(data).map_err(Failure::internal)?;
        fs::create_dir_all(data.join(FOLDER)).map_err(Failure::internal)?;
        let data = data.canonicalize().map_err(Failure::internal)?;
        let meeting = data.join(FOLDER);
        let is_root = owner(&tempfile::tempfile_in(&meeting).map_err(Failure::internal)?)?.user == 0;
        allow(&meeting, if is_root { 0o711 } else { 0o700 })?;
        let mut place = Self {
            home: elsewhere(&meeting).unwrap_or_else(|| meeting.clone()),
            tools: data,
            meeting,
            account: None,
        };
        if is_root {
            place.lower()?;
        }
        if place.home != place.meeting {
            place.tools.clone_from(&place.home);
        }
        Ok(place)
    }

    /// Finds somebody who may run it, and a place where that user can come to.
    fn lower(&mut self) -> Result<(), Failure> {
        // Whose it is, it stays.
        let account = match File::open(self.cluster()) {
            Ok(folder) => Some(owner(&folder)?),
            Err(_) => account(&fs::read_to_string("/etc/passwd").unwrap_or_default()),
        };
        let account = account.filter(|account| account.user != 0).ok_or_else(|| {
            unavailable("Postgres does not run as root, and there is no user `postgres` or `nobody` to run it as.")
        })?;
        self.account = Some(account);
        if self.home == self.meeting && !self.is_made() && !reachable(&self.meeting, account) {
            self.home = Path::new(SYSTEM).join(Uuid::new_v4().to_string());
            fs::create_dir_all(&self.home).map_err(Failure::internal)?;
            allow(Path::new(SYSTEM), 0o755)?;
            let mut beside = tempfile::NamedTempFile::new_in(&self.meeting).map_err(Failure::internal)?;
            let name = self.home.as_os_str().as_encoded_bytes();
            beside.write_all(name).map_err(Failure::internal)?;
            match beside.persist_noclobber(self.meeting.join(ELSEWHERE)) {
                Ok(_) => {}
                // Another server was faster.
                Err(_) => {
                    let _ = fs::remove_dir(&self.home);
                    self.home = elsewhere(&self.meeting).ok_or_else(|| Failure::internal("no folder is named"))?;
                }
            }
            allow(&self.home, 0o711)?;
        }
        Ok(())
    }

    /// Whether it is there.
    pub(super) fn is_made(&self) -> bool {
        self.cluster().is_dir()
    }

    /// The folder of the cluster.
    pub(super) fn cluster(&self) -> PathBuf {
        self.home.join(CLUSTER)
    }

    /// The folder that it is in.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The folder of its data.
    pub(super) fn data(&self) -> PathBuf {
        self.cluster().join("data")
    }

    /// The file that Postgres writes into before it has opened its log.
    pub(super) fn start_log(&self) -> PathBuf {
        self.cluster().join("start.log")
    }

    /// The file with its port.
    pub(super) fn port_file(&self) -> PathBuf {
        self.cluster().join("port")
    }

    /// Its port, if it has one.
    pub(super) fn port(&self) -> Option<u16> {
        fs::read_to_string(self.port_file()).ok()?.trim().parse().ok()
    }

    /// Programs that are installed for it.
    pub(super) fn tools(&self) -> Tools {
        Tools::new(&self.tools)
    }

    /// The first number of the version that made it.
    pub(super) fn version(&self) -> Option<u32> {
        fs::read_to_string(self.data().join("PG_VERSION"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// The password of its owner.
    pub(super) fn password(&self) -> Result<Hidden, Failure> {
        let text = fs::read_to_string(self.cluster().join("password")).map_err(Failure::internal)?;
        Ok(Hidden::new(text.trim()))
    }

    /// A file to lock.
    pub(super) fn file(&self, name: &str) -> Result<File, Failure> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Whoever can open it can lock it.
            options.mode(0o600);
        }
        options.open(self.meeting.join(name)).map_err(Failure::internal)
    }

    /// The file of the cluster itself whose lock is held for as long as anything of it lives.
    pub(super) fn alive(&self) -> Result<File, Failure> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.cluster().join("alive")).map_err(Failure::internal)
    }

    /// The port that the process file of Postgres names.
    pub(super) fn listens(&self) -> Option<u16> {
        let text = fs::read_to_string(self.process_file()).ok()?;
        text.lines().nth(3)?.trim().parse().ok()
    }

    /// Removes the process file.
    pub(super) fn forget_process(&self) -> Result<(), Failure> {
        match fs::remove_file(self.process_file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::internal(error)),
            _ => Ok(()),
        }
    }

    fn process_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// The last lines that tell why it did not start.
    pub(super) fn last_words(&self) -> String {
        let log = self.cluster().join("log");
        let logs = fs::read_dir(log).into_iter().flatten().flatten();
        let newest = logs.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
        let files = [Some(self.start_log()), newest.map(|entry| entry.path())];
        let texts = files.into_iter().flatten().filter_map(|file| fs::read(file).ok());
        let told = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let line = text
                .lines()
                .rev()
                .find(|line| ["FATAL", "PANIC", "error"].iter().any(|word| line.contains(word)));
            line.map(str::to_owned)
        };
        texts.filter_map(told).next().unwrap_or_default()
    }

    /// Makes a folder that is the cluster's user's alone.
    pub(super) fn own_folder(&self, folder: &Path) -> Result<(), Failure> {
        fs::create_dir(folder).map_err(Failure::internal)?;
        allow(folder, 0o700)?;
        give(folder, self.account)
    }

    /// Makes a file of the cluster's user's that nobody else may read.
    pub(super) fn own_file(&self, file: &Path, text: &str) -> Result<(), Failure> {
        let mut made = crate::sealing::private(file).map_err(Failure::internal)?;
        made.write_all(text.as_bytes()).map_err(Failure::internal)?;
        made.sync_all().map_err(Failure::internal)?;
        give(file, self.account)
    }
}

/// The folder that is named as another one.
fn elsewhere(meeting: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(meeting.join(ELSEWHERE)).ok()?;
    Some(PathBuf::from(text)).filter(|folder| folder.is_absolute())
}

/// The user who is to run it, from the list of the machine's.
fn account(accounts: &str) -> Option<Account> {
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some(Account {
            user: ids.next()??,
            group: ids.next()??,
        })
    };
    ACCOUNTS.into_iter().find_map(find)
}

/// Whose an open file or folder is.
#[cfg(unix)]
fn owner(file: &File) -> Result<Account, Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let about = file.metadata().map_err(Failure::internal)?;
    Ok(Account {
        user: about.uid(),
        group: about.gid(),
    })
}

/// Whether a user can come to a folder.
#[cfg(unix)]
fn reachable(folder: &Path, account: Account) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    folder.ancestors().all(|folder| {
        folder.metadata().is_ok_and(|about| {
            let bit = match (about.uid() == account.user, about.gid() == account.group) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            about.mode() & bit != 0
        })
    })
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Failure::internal)
}

#[cfg(unix)]
fn give(path: &Path, account: Option<Account>) -> Result<(), Failure> {
    let Some(account) = account else {
        return Ok(());
    };
    std::os::unix::fs::chown(path, Some(account.user), Some(account.group)).map_err(Failure::internal)
}

#[cfg(not(unix))]
fn owner(_: &File) -> Result<Account, Failure> {
    Err(unavailable("The server runs Postgres on Linux and macOS only."))
}

#[cfg(not(unix))]
fn reachable(_: &Path, _: Account) -> bool {
    true
}

#[cfg(not(unix))]
fn allow(_: &Path, _: u32) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(unix))]
fn give(_: &Path, _: Option<Account>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_runs_it_instead_of_root_is_the_best_that_the_machine_has() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        let found = |text: &str| account(text).map(|account| (account.user, account.group));
        assert_eq!(found(nobody), Some((65534, 65533)));
        assert_eq!(
            found(&format!("{nobody}postgres:x:101:104::/:/bin/sh\n")),
            Some((101, 104))
        );
        assert_eq!(found("root:x:0:0::/root:/bin/sh\npostgres:x:\n"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_another_user_cannot_come_to_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let stranger = Account {
            user: 4_000_000,
            group: 4_000_000,
        };
        for (mode, comes) in [(0o700, false), (0o710, false), (0o711, true)] {
            allow(folder.path(), mode).unwrap();
            assert_eq!(reachable(&inner, stranger), comes, "{mode:o}");
        }
        assert!(reachable(&inner, owner(&File::open(&inner).unwrap()).unwrap()));
    }
}
