//! The domain `retirement`: what ends things together with all they hold.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::retirement::RetirementApi;

use crate::platform::Platform;

impl RetirementApi for Platform {}
