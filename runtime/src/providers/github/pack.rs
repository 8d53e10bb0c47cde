//! Packs: many objects of git in one stream.
//!
//! Owns: making one of what somebody lacks, and taking one in. Must not know: how it travels.

use std::io::Write as _;

use flaresmith_api::errors::Failure;
use git2::Oid;

use crate::repositories::{Local, broken};

/// What leads to these commits, without what leads to those that the other side has.
pub(super) fn packed<'a>(
    local: &Local,
    wanted: &[Oid],
    there: impl Iterator<Item = &'a Oid>,
) -> Result<Vec<u8>, Failure> {
    let git = local.git();
    let mut walk = git.revwalk().map_err(broken)?;
    for &id in wanted {
        walk.push(id).map_err(broken)?;
    }
    for &id in there.filter(|&&id| git.find_commit(id).is_ok()) {
        walk.hide(id).map_err(broken)?;
    }
    let mut builder = git.packbuilder().map_err(broken)?;
    builder.insert_walk(&mut walk).map_err(broken)?;
    let mut pack = git2::Buf::new();
    builder.write_buf(&mut pack).map_err(broken)?;
    Ok(pack.to_vec())
}

/// Takes objects in. Git checks each of them; one that is damaged is refused with all others.
pub(super) fn unpack(local: &Local, pack: &[u8]) -> Result<(), Failure> {
    let objects = local.git().odb().map_err(broken)?;
    let mut writer = objects.packwriter().map_err(broken)?;
    writer.write_all(pack).map_err(Failure::internal)?;
    writer.commit().map_err(broken)?;
    Ok(())
}
