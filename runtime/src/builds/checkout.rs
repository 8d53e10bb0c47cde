//! The files of a commit in a folder.
//!
//! Owns: that they are those of the commit and nothing else. Must not know: what is built of them.

use std::path::Path;

use flaresmith_api::errors::Failure;
use git2::build::CheckoutBuilder;

use super::Order;
use crate::repositories::{Local, Repositories, broken, id};

/// Puts the files of a commit into an empty folder.
pub(super) async fn into(repositories: &Repositories, order: &Order, folder: &Path) -> Result<(), Failure> {
    let commit = id(&order.commit).ok_or_else(|| Failure::internal("the commit has no id"))?;
    let folder = folder.to_owned();
    let work = move |local: &Local| {
        let tree = local.commit(commit)?.tree().map_err(broken)?;
        let mut options = CheckoutBuilder::new();
        // What a repository's attributes ask for is not done: programs would run, and bytes change.
        options
            .target_dir(&folder)
            .force()
            .disable_filters(true)
            .update_index(false);
        local
            .git()
            .checkout_tree(tree.as_object(), Some(&mut options))
            .map_err(broken)
    };
    repositories.with_standing(order.project, work).await
}
