//! The domain `tests`: runs of collections.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::tests::TestsApi;

use crate::platform::Platform;

impl TestsApi for Platform {}
