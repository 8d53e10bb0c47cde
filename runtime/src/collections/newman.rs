//! The program that runs collections.
//!
//! Owns: where it comes from, and what it is told. Must not know: what it tells.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flaresmith_api::errors::Failure;

use super::{Order, unavailable};
use crate::node::{self, Work};

/// The program within its package.
const PROGRAM: &str = "node_modules/newman/bin/newman.js";

/// What is installed, to the last package.
const MANIFEST: &str = include_str!("newman/package.json");
const LOCK: &str = include_str!("newman/package-lock.json");

/// The folder that it is installed in. Another version has another one.
const INSTALLED: &str = "newman-6.2.2";

/// Time between two looks whether another process has installed it.
const LOOK: Duration = Duration::from_millis(250);

/// The program: that of the settings, else one of our own, which is installed when it is used for the first time.
pub(super) async fn program(named: Option<&Path>, folder: &Path, work: &Work<'_>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return std::path::absolute(named).map_err(Failure::internal);
    }
    let folder = std::path::absolute(folder).map_err(Failure::internal)?;
    let place = folder.join(INSTALLED);
    let program = place.join(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    fs::create_dir_all(&folder).map_err(Failure::internal)?;
    let lock = File::create(folder.join("install.lock")).map_err(Failure::internal)?;
    while lock.try_lock().is_err() && work.begun.elapsed() < work.limit {
        tokio::time::sleep(LOOK).await;
    }
    if !program.is_file() {
        install(&folder, &place, work).await?;
    }
    Ok(program)
}

/// Installs it, whole or not at all.
async fn install(folder: &Path, place: &Path, work: &Work<'_>) -> Result<(), Failure> {
    let failed = |why: String| {
        unavailable(&format!("Newman, which runs collections, cannot be installed: {why}.")).with_hint(
            "Let the server reach the npm registry, or install newman and start the server with `--newman FILE`.",
        )
    };
    let npm = node::program("npm").map_err(failed)?;
    let beside = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(folder)
        .map_err(Failure::internal)?;
    for (name, text) in [("package.json", MANIFEST), ("package-lock.json", LOCK)] {
        fs::write(beside.path().join(name), text).map_err(Failure::internal)?;
    }
    let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let words = std::iter::once(npm.into_os_string()).chain(words.map(OsString::from));
    let work = Work {
        folder: beside.path(),
        ..*work
    };
    match work.run(words.collect()).await? {
        Ok(status) if status.success() => {}
        Ok(_) => return Err(failed("`npm ci` failed".to_owned())),
        Err(why) => return Err(failed(why)),
    }
    match fs::rename(beside.path(), place) {
        Ok(()) => {
            let _ = beside.keep();
            Ok(())
        }
        // Another process was faster.
        Err(_) if place.join(PROGRAM).is_file() => Ok(()),
        Err(error) => Err(Failure::internal(error)),
    }
}

/// What is run. Nothing of what a caller wrote can be taken for another option.
pub(super) fn words(program: &Path, order: &Order, request: Duration) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![
        node::program("node").unwrap_or_else(|_| "node".into()).into(),
        program.into(),
        "run".into(),
        "collection.json".into(),
        format!("--env-var=baseUrl={}", order.url).into(),
        format!("--timeout-request={}", request.as_millis()).into(),
        "--reporters=json".into(),
        "--reporter-json-export=report.json".into(),
        "--color=off".into(),
    ];
    if order.environment.is_some() {
        words.push("--environment=environment.json".into());
    }
    if let Some(folder) = &order.folder {
        words.push(format!("--folder={folder}").into());
    }
    words
}
