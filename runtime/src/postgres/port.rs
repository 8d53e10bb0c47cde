//! The port that the cluster listens on.
//!
//! Owns: that it stays the same. Must not know: who listens there.
//!
//! Workers are told the address of their database when a version of them is made, so another port is taken only when somebody else
//! has the former one for good. It is above those of workers, and below those that systems hand out by themselves.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};

use flaresmith_api::errors::Failure;

use super::place::Place;
use super::{CONNECT, unavailable};

/// The first port that may be taken.
const FIRST: u16 = 32_240;

/// How many there are.
const COUNT: u16 = 528;

/// The port of a cluster that does not run: the one that it has, or another when that is not free.
pub(super) fn keep(place: &Place) -> Result<u16, Failure> {
    if let Some(port) = place.port().filter(|&port| is_free(port)) {
        return Ok(port);
    }
    let drawn = getrandom::u32().map_err(|error| Failure::internal(error.to_string()))?;
    let start = u16::try_from(drawn % u32::from(COUNT)).unwrap_or_default();
    let mut all = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    let port = all
        .find(|&port| is_free(port))
        .ok_or_else(|| unavailable("No port is free for Postgres."))?;
    let mut beside = tempfile::NamedTempFile::new_in(place.cluster()).map_err(Failure::internal)?;
    beside
        .write_all(port.to_string().as_bytes())
        .map_err(Failure::internal)?;
    beside.as_file().sync_all().map_err(Failure::internal)?;
    beside.persist(place.port_file()).map_err(Failure::internal)?;
    Ok(port)
}

/// Whether nobody listens there.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether somebody does.
pub(super) async fn answers(port: u16) -> bool {
    let asked = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    matches!(tokio::time::timeout(CONNECT, asked).await, Ok(Ok(_)))
}
