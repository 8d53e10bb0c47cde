//! The domain `incidents`: outages and health.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::incidents::IncidentsApi;

use crate::platform::Platform;

impl IncidentsApi for Platform {}
