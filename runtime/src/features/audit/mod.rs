//! The domain `audit`: what was done and by whom.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::audit::AuditApi;

use crate::platform::Platform;

impl AuditApi for Platform {}
