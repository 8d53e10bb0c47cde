//! The programs that build.
//!
//! Owns: which are run, what they see, how long they may take and how much they may write. Must not know: what they leave.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use flaresmith_api::errors::Failure;
use tokio::time::Instant;

use crate::guarded::{Output, Program, found};

/// What is run in the root of the repository, one after the other.
const STEPS: [&[&str]; 2] = [
    &["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    &["npm", "run", "build"],
];

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

/// Where a build works.
#[derive(Debug)]
pub(super) struct Work {
    /// The folder that is gone afterwards; `home` and `tmp` are in it.
    pub(super) scratch: PathBuf,
    /// The files of the commit.
    pub(super) tree: PathBuf,
    /// Packages that were fetched before.
    pub(super) cache: PathBuf,
    /// How long it may take.
    pub(super) limit: Duration,
}

/// Runs them. What comes back inside is why one failed.
pub(super) async fn build(work: &Work, log: &File) -> Result<Result<(), String>, Failure> {
    if !work.tree.join("package.json").is_file() {
        return Ok(Err("the repository has no package.json at its root".to_owned()));
    }
    let Some(npm) = found("npm") else {
        return Ok(Err(
            "npm is not on the PATH of the server; install Node.js there".to_owned()
        ));
    };
    let begun = Instant::now();
    for words in STEPS {
        let mut file = log;
        writeln!(file, "$ {}", words.join(" ")).map_err(Failure::internal)?;
        let program = Program {
            words: std::iter::once(npm.clone().into_os_string())
                .chain(words.iter().skip(1).map(OsString::from))
                .collect(),
            folder: work.tree.clone(),
            environment: environment(work),
        };
        let (guard, mut started) = program.start(&Output::File(log)).map_err(Failure::internal)?;
        let status = loop {
            if let Some(status) = started.ended().map_err(Failure::internal)? {
                break status;
            }
            if begun.elapsed() > work.limit {
                return Ok(Err(format!("it took longer than {} s", work.limit.as_secs())));
            }
            if log.metadata().is_ok_and(|about| about.len() > MOST) {
                return Ok(Err(format!("it wrote more than {MOST} bytes")));
            }
            tokio::time::sleep(LOOK).await;
        };
        drop(guard);
        if !status.success() {
            let code = status
                .code()
                .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            return Ok(Err(format!("`{}` ended with {code}", words.join(" "))));
        }
    }
    Ok(Ok(()))
}

fn environment(work: &Work) -> Vec<(OsString, OsString)> {
    let handed_on = HANDED_ON.into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        (!value.to_string_lossy().contains('@')).then(|| (OsString::from(name), value))
    });
    let own: [(&str, OsString); 9] = [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", work.scratch.join("home").into()),
        ("TMPDIR", work.scratch.join("tmp").into()),
        ("npm_config_cache", work.cache.clone().into()),
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
