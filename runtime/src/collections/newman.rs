//! The program that runs collections.
//!
//! Owns: where it comes from, and what it is told. Must not know: what it tells.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flaresmith_api::errors::Failure;

use super::{Order, unavailable};
use crate::node;
use crate::node::tools::{Tool, Tools};

/// The program: that of the settings, else the server's own.
pub(super) async fn program(named: Option<&Path>, tools: &Tools) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return std::path::absolute(named).map_err(Failure::internal);
    }
    let found = tools.file(Tool::Newman).await?;
    found.map_err(|why| {
        unavailable(&format!("Newman, which runs collections, cannot be installed: {why}.")).with_hint(
            "Let the server reach the npm registry, or install newman and start the server with `--newman FILE`.",
        )
    })
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
