//! The domain `secrets`: secrets without their values.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::secrets::SecretsApi;

use crate::platform::Platform;

impl SecretsApi for Platform {}
