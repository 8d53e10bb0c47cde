//! The server that commands talk to.
//!
//! Owns: which server and as whom, waiting for calls, going through pages of a list. Must not know: what any command asks for.

mod access;
pub(crate) mod ask;
pub(crate) mod bridge;
pub(crate) mod codes;
pub(crate) mod follow;
mod loopback;
pub(crate) mod saved;
mod trouble;

use std::time::Duration;

use flaresmith_api::client::{Client, ClientError};
use flaresmith_sync::SyncError;

use crate::outcome::Outcome;
use crate::view::View;
pub(crate) use access::{Access, HERE, URL, address, client, is_overheard, variable};
pub(crate) use loopback::Loopback;
pub(crate) use trouble::Trouble;

/// Most items that the server gives at once.
const PAGE: u32 = 100;

/// A server, and how its answers are waited for.
pub(crate) struct Remote {
    runtime: tokio::runtime::Runtime,
    client: Client,
    access: Access,
}

impl Remote {
    /// The server of the environment or of the saved login, as whoever is signed in there.
    pub(crate) fn signed_in() -> Result<Self, Trouble> {
        let runtime = runtime()?;
        let access = Access::find(http()?)?;
        let token = runtime.block_on(access.token())?;
        Ok(Self {
            client: access.client().with_bearer(&token),
            runtime,
            access,
        })
    }

    /// What calls are made with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The same with a token that is good now, for what takes long.
    pub(crate) fn client_now(&self) -> Result<Client, Trouble> {
        let token = self.runtime.block_on(self.access.token())?;
        Ok(self.access.client().with_bearer(&token))
    }

    /// Waits for a call.
    pub(crate) fn wait<T>(&self, call: impl Future<Output = Result<T, ClientError>>) -> Result<T, Trouble> {
        self.runtime.block_on(call).map_err(Trouble::of)
    }

    /// The parts, for what talks to the server in a way of its own.
    pub(crate) fn into_parts(self) -> (tokio::runtime::Runtime, Access) {
        (self.runtime, self.access)
    }
}

/// What waits for calls.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Trouble::local("SERVER_UNREACHABLE", format!("the network cannot be used: {error}")))
}

/// What sends requests.
pub(crate) fn http() -> Result<reqwest::Client, Trouble> {
    // Another part of the process may have chosen already; then that holds.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        // A token goes to the server that it is for, and to no other.
        .redirect(reqwest::redirect::Policy::none())
        .build();
    built.map_err(|error| Trouble::local("SERVER_UNREACHABLE", format!("the network cannot be used: {error}")))
}

/// A moment as people read it: in UTC, to the second.
pub(crate) fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Runs a command that talks to a server, and tells why if it could not.
pub(crate) fn told<T: Into<Outcome>>(
    view: &mut View,
    work: impl FnOnce(&mut View) -> Result<T, Trouble>,
) -> Result<Outcome, SyncError> {
    match work(view) {
        Ok(done) => Ok(done.into()),
        Err(trouble) => {
            view.refused(&trouble.error, trouble.request_id.as_deref());
            Ok(Outcome::Problems)
        }
    }
}

/// At most so many items of a list, page by page, and whether there are more. A page is asked for with its cursor and size.
pub(crate) fn listed<T>(
    most: u32,
    mut page: impl FnMut(Option<String>, i32) -> Result<(Vec<T>, Option<String>), Trouble>,
) -> Result<(Vec<T>, bool), Trouble> {
    let most = most as usize;
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let left = u32::try_from(most - all.len()).unwrap_or(PAGE).min(PAGE);
        let (items, next) = page(cursor, i32::try_from(left).unwrap_or(1))?;
        let empty = items.is_empty();
        all.extend(items);
        // A server that gives more than was asked for, or nothing for ever, ends it too.
        if next.is_none() || all.len() >= most || empty {
            all.truncate(most);
            return Ok((all, next.is_some()));
        }
        cursor = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_its_limit_or_when_the_server_has_no_more() {
        let run = |most: u32| {
            let mut asked = Vec::new();
            let found = listed(most, |cursor, size| {
                asked.push(size);
                let from: i32 = cursor.map_or(0, |cursor: String| cursor.parse().unwrap());
                let end = (from + size).min(150);
                Ok(((from..end).collect::<Vec<i32>>(), (end < 150).then(|| end.to_string())))
            });
            let (all, more) = found.ok().unwrap();
            (all.len(), more, asked)
        };
        assert_eq!(run(7), (7, true, vec![7]));
        assert_eq!(run(120), (120, true, vec![100, 20]));
        assert_eq!(run(150), (150, false, vec![100, 50]));
        assert_eq!(run(900), (150, false, vec![100, 100]));
    }
}
