//! The domain `users`: people with an account.
//!
//! Owns: its operations. Must not know: HTTP.

pub(crate) mod profile;

use flaresmith_api::api::users::UsersApi;

use crate::platform::Platform;

impl UsersApi for Platform {}
