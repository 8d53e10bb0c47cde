//! What is remembered of callers: who they are and what they may do.
//!
//! Owns: which of it is kept and how much. Must not know: how it is found out. It is believed as long as nobody has written to what
//! it is made from ([`changes`](crate::store::changes)).

use std::sync::Arc;

use flaresmith_api::errors::Failure;
use flaresmith_api::operations::Role;
use uuid::Uuid;

use super::Caller;
use super::roles::{self, Scope};
use super::service_tokens::Known;
use super::signatures::Signatures;
use crate::store::Store;
use crate::store::changes::Part;
use crate::store::memo::Memo;

/// How many of each are kept.
const MOST: usize = 20_000;

/// What is remembered of callers.
pub struct Remembered {
    /// People, and sessions of theirs that have not ended; the accounts are not disabled.
    pub(super) sessions: Memo<(Uuid, Uuid), ()>,
    /// Service tokens that are honoured, by their digests.
    pub(super) tokens: Memo<String, Known>,
    roles: Memo<(Caller, Scope), Role>,
    /// Access tokens that are signed.
    pub(super) signatures: Signatures,
    store: Store,
}

impl Remembered {
    /// Nothing yet, of this store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        let changes = || Arc::clone(store.changes());
        Self {
            sessions: Memo::new(changes(), Part::Access, MOST),
            tokens: Memo::new(changes(), Part::Access, MOST),
            roles: Memo::new(changes(), Part::Access, MOST),
            signatures: Signatures::default(),
            store: store.clone(),
        }
    }

    /// The highest role of a caller in a scope; `None` when there is no such scope, or the caller has no role there.
    ///
    /// # Errors
    /// The store fails.
    pub async fn role_in(&self, caller: &Caller, scope: Scope) -> Result<Option<Role>, Failure> {
        let key = (caller.clone(), scope);
        if let Some(role) = self.roles.get(&key) {
            return Ok(Some(role));
        }
        let read_at = self.roles.moment();
        let role = Box::pin(roles::role_in(self.store.read(), caller, scope)).await?;
        if let Some(role) = role {
            self.roles.keep(read_at, key, role);
        }
        Ok(role)
    }
}
