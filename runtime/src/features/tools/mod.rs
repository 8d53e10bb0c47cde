//! The domain `tools`: tool descriptors for language models.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::tools::ToolsApi;

use crate::platform::Platform;

impl ToolsApi for Platform {}
