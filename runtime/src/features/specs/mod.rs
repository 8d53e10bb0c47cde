//! The domain `specs`: spec files, versions, apply and drift.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::specs::SpecsApi;

use crate::platform::Platform;

impl SpecsApi for Platform {}
