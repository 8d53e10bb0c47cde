//! What an apply of the specs of a branch would do, for whoever plans.
//!
//! Owns: that nothing is written for it, and what stands for the specs as they are. Must not know: what a plan is.

use std::fmt::Write as _;

use flaresmith_api::errors::Failure;
use flaresmith_api::types::DriftReport;
use flaresmith_sync::{Root, Tree};
use git2::Oid;
use uuid::Uuid;

use super::compare::{self, Asked, compare};
use super::problem;
use crate::platform::Platform;
use crate::repositories::{Local, View};

/// What an apply at a commit would change.
///
/// # Errors
/// The specs have errors or hold a secret, or the repository is damaged.
pub(crate) async fn changes(platform: &Platform, project: Uuid, commit: Oid) -> Result<DriftReport, Failure> {
    let _turn = compare::turn().await?;
    let work = move |local: &Local| compare(local, commit, &Asked::default())?.report(None);
    platform.repositories.with_standing(project, work).await
}

/// A text that is another one when any file that is compiled at a commit is, or the program that compiles.
///
/// # Errors
/// They cannot be read, or are too much.
pub(crate) async fn sources(platform: &Platform, project: Uuid, commit: Oid) -> Result<String, Failure> {
    let work = move |local: &Local| {
        let view = View::of(local, commit)?;
        let root = Root::at(view.path()).map_err(problem::failed)?;
        let tree = Tree::revision(&root, &commit.to_string()).map_err(problem::failed)?;
        let mut text = format!("flaresmith {}\n", env!("CARGO_PKG_VERSION"));
        for (path, digest) in &compare::inputs(&tree)?.digests {
            let _ = writeln!(text, "{digest} {path}");
        }
        Ok(text)
    };
    platform.repositories.with_standing(project, work).await
}
