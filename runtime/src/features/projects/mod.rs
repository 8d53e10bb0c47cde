//! The domain `projects`: projects, their members, integrations and provisioning.
//!
//! Owns: its operations. Must not know: HTTP.

pub(crate) mod service_token;

use flaresmith_api::api::projects::ProjectsApi;

use crate::platform::Platform;

impl ProjectsApi for Platform {}
