//! Ports of workers.
//!
//! Owns: that each has one of its own, and keeps it. Must not know: who listens there.
//!
//! A port is taken by a file with its number for a name and the taker's key in it. It is below those that systems hand out by
//! themselves, so that no other program gets it while nobody listens.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use flaresmith_api::errors::{ErrorCode, Failure};
use sha2::{Digest as _, Sha256};

use super::place::gone;

/// The first port that is given.
const FIRST: u16 = 10_240;

/// How many there are.
const COUNT: u16 = 22_000;

/// How many are tried at most.
const TRIES: u16 = 2000;

/// Takes a port for a key: the one that it has, or another that is free.
pub(super) fn take(folder: &Path, key: &str) -> Result<u16, Failure> {
    fs::create_dir_all(folder).map_err(Failure::internal)?;
    let start = Sha256::digest(key).iter().fold(0_u16, |sum, byte| {
        (sum.wrapping_mul(31).wrapping_add(u16::from(*byte))) % COUNT
    });
    for step in 0..TRIES {
        let port = FIRST + (start + step) % COUNT;
        let file = folder.join(port.to_string());
        match fs::read_to_string(&file) {
            Ok(taker) if taker == key => return Ok(port),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::internal(error)),
        }
        if is_free(port) && claim(folder, &file, key)? {
            return Ok(port);
        }
    }
    Err(Failure::new(ErrorCode::ServerStoreUnavailable).with_message("No port is free for another worker."))
}

/// Gives back whatever a key has.
pub(super) fn give_back(folder: &Path, key: &str) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if fs::read_to_string(entry.path()).is_ok_and(|taker| taker == key) {
            gone(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// Listens on a port of this machine, for this machine alone.
pub(super) fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

fn is_free(port: u16) -> bool {
    listen(port).is_ok()
}

/// Whether the port became ours: its file is there whole, or not at all.
fn claim(folder: &Path, file: &Path, key: &str) -> Result<bool, Failure> {
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(Failure::internal)?;
    beside.write_all(key.as_bytes()).map_err(Failure::internal)?;
    match beside.persist_noclobber(file) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Failure::internal(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_keeps_a_port_that_no_other_has() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let ports: Vec<u16> = (0..40)
            .map(|key| take(folder, &format!("key {key}")).unwrap())
            .collect();
        let different: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(different.len(), ports.len());
        assert_eq!(take(folder, "key 7").unwrap(), ports[7]);
        give_back(folder, "key 800").unwrap();
        assert_eq!(take(folder, "key 7").unwrap(), ports[7]);
        give_back(folder, "key 7").unwrap();
        assert!(!folder.join(ports[7].to_string()).exists());
    }
}
