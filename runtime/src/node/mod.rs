//! Programs of Node.js: npm, and what it installs.
//!
//! Owns: what of the server's environment they see, how long they may take and how much they may write; [`tools`] has those that the
//! server installs for itself. Must not know: what they do.

pub mod tools;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::time::Instant;

use crate::guarded::{Output, Program, found};

/// What of the environment of the server is handed on, unless somebody is named in it: where packages come from, and how they are
/// reached.
const HANDED_ON: [&str; 6] = [
    "npm_config_registry",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
];

/// Most that is written, in bytes.
const MOST: u64 = 16 << 20;

/// Time between two looks at a program.
const LOOK: Duration = Duration::from_millis(50);

/// Where programs work.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    /// The folder that they are started in.
    pub(crate) folder: &'a Path,
    /// A folder that is gone afterwards; `home` and `tmp` are in it.
    pub(crate) scratch: &'a Path,
    /// Packages that were fetched before.
    pub(crate) cache: &'a Path,
    /// Where what they write goes.
    pub(crate) log: &'a File,
    /// When they began.
    pub(crate) begun: Instant,
    /// How long they may take, all together.
    pub(crate) limit: Duration,
}

/// A program of Node.js that is on the path of the server; why not, in words for people.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    found(name).ok_or_else(|| format!("{name} is not on the PATH of the server; install Node.js there"))
}

/// Makes the folders that programs expect.
///
/// # Errors
/// They cannot be made.
pub(crate) fn prepare(scratch: &Path) -> Result<(), Failure> {
    for name in ["home", "tmp"] {
        std::fs::create_dir(scratch.join(name)).map_err(Failure::internal)?;
    }
    Ok(())
}

impl Work<'_> {
    /// Runs a program to its end. What comes back inside is why it did not get there.
    ///
    /// # Errors
    /// It could not be started.
    pub(crate) async fn run(&self, words: Vec<OsString>) -> Result<Result<ExitStatus, String>, Failure> {
        let program = Program {
            words,
            folder: self.folder.to_owned(),
            environment: self.environment(),
            account: None,
        };
        let (guard, mut started) = program.start(&Output::File(self.log)).map_err(Failure::internal)?;
        let status = loop {
            if let Some(status) = started.ended().map_err(Failure::internal)? {
                break status;
            }
            if self.begun.elapsed() > self.limit {
                return Ok(Err(format!("it took longer than {} s", self.limit.as_secs())));
            }
            if self.log.metadata().is_ok_and(|about| about.len() > MOST) {
                return Ok(Err(format!("it wrote more than {MOST} bytes")));
            }
            tokio::time::sleep(LOOK).await;
        };
        drop(guard);
        Ok(Ok(status))
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let handed_on = HANDED_ON.into_iter().filter_map(|name| {
            let value = std::env::var_os(name)?;
            (!value.to_string_lossy().contains('@')).then(|| (OsString::from(name), value))
        });
        let own: [(&str, OsString); 9] = [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", self.scratch.join("home").into()),
            ("TMPDIR", self.scratch.join("tmp").into()),
            ("npm_config_cache", self.cache.into()),
            ("npm_config_update_notifier", "false".into()),
            ("npm_config_color", "false".into()),
            ("CI", "true".into()),
            ("NO_COLOR", "1".into()),
            ("LANG", "C.UTF-8".into()),
        ];
        own.into_iter()
            .map(|(name, value)| (name.into(), value))
            .chain(handed_on)
            .collect()
    }
}
