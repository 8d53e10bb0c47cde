//! The domain `environments`: the environment matrix and every change of state.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::environments::EnvironmentsApi;

use crate::platform::Platform;

impl EnvironmentsApi for Platform {}
