//! The domain `projects`: projects, their members, integrations and provisioning.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::projects::ProjectsApi;

use crate::platform::Platform;

impl ProjectsApi for Platform {}
