//! The domain `auth`: signing in and the keys that sign tokens.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::auth::AuthApi;

use crate::platform::Platform;

impl AuthApi for Platform {}
