//! The domain `deployments`: history of deployments and builds.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::deployments::DeploymentsApi;

use crate::platform::Platform;

impl DeploymentsApi for Platform {}
