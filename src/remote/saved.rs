//! The saved login: which server, and the tokens for it.
//!
//! Owns: the file, which only its owner may read, and that one process at a time renews what is in it. Must not know: calls.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use flaresmith_api::types::TokenPair;
use flaresmith_sync::SyncError;
use serde::{Deserialize, Serialize};

/// An access token that ends within so many seconds is as good as ended.
const MARGIN: u64 = 30;

/// A login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Login {
    /// Address of the server.
    pub(crate) url: String,
    /// Whose login it is.
    pub(crate) email: String,
    /// What calls are made with.
    pub(crate) access_token: String,
    /// Until when, in seconds since 1970.
    expires_at: u64,
    /// What a new access token is got with.
    pub(crate) refresh_token: String,
}

impl Login {
    /// What the server answered to signing in.
    pub(crate) fn of(url: &str, tokens: TokenPair) -> Self {
        Self {
            url: url.to_owned(),
            email: tokens.user.email,
            access_token: tokens.access_token,
            expires_at: now() + u64::try_from(tokens.expires_in).unwrap_or_default(),
            refresh_token: tokens.refresh_token,
        }
    }

    /// Whether the access token is good for a while.
    pub(crate) fn is_fresh(&self) -> bool {
        self.expires_at > now() + MARGIN
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Where the login is.
pub(crate) struct Saved {
    folder: PathBuf,
}

/// Nobody else renews the login while this is held.
pub(crate) struct Held(#[expect(dead_code, reason = "held for being dropped")] File);

impl Saved {
    /// The place of this person.
    pub(crate) fn place() -> Result<Self, SyncError> {
        let from = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let base = from("XDG_CONFIG_HOME")
            .or_else(|| from("APPDATA"))
            .or_else(|| from("HOME").map(|home| home.join(".config")));
        let base = base.ok_or_else(|| {
            SyncError::new("LOGIN_FILE", "there is no home folder to keep a login in")
                .hint("set HOME, or use FLARESMITH_URL and FLARESMITH_TOKEN")
        })?;
        Ok(Self {
            folder: base.join("flaresmith"),
        })
    }

    fn file(&self) -> PathBuf {
        self.folder.join("login.json")
    }

    /// The login, if there is one.
    pub(crate) fn read(&self) -> Result<Option<Login>, SyncError> {
        let path = self.file();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SyncError::io("cannot read", &path, &error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|_| {
            // What is wrong is not repeated: the file is full of secrets.
            SyncError::new("LOGIN_FILE", format!("{} holds no login", path.display()))
                .at(&path)
                .hint("sign in again with `flaresmith login`")
        })
    }

    /// Writes the login. The file is there whole or not at all, and never readable to others.
    pub(crate) fn write(&self, login: &Login) -> Result<(), SyncError> {
        self.make_folder()?;
        let path = self.file();
        let failed = |error: std::io::Error| SyncError::io("cannot write", &path, &error);
        let text = serde_json::to_vec_pretty(login).map_err(|error| failed(error.into()))?;
        // Files of this kind are made with rights for their owner alone.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Forgets the login.
    pub(crate) fn forget(&self) -> Result<(), SyncError> {
        let path = self.file();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SyncError::io("cannot delete", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other process renews the login: a refresh token is good once, and using it twice ends the session.
    pub(crate) fn hold(&self) -> Result<Held, SyncError> {
        self.make_folder()?;
        let path = self.folder.join("login.lock");
        let failed = |error: std::io::Error| SyncError::io("cannot lock", &path, &error);
        let file = File::create(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(Held(file))
    }

    fn make_folder(&self) -> Result<(), SyncError> {
        make_private(&self.folder).map_err(|error| SyncError::io("cannot make", &self.folder, &error))
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}
