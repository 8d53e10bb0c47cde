//! The domain `organizations`: organizations and their members.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::organizations::OrganizationsApi;

use crate::platform::Platform;

impl OrganizationsApi for Platform {}
