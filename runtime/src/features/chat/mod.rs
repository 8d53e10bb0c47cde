//! The domain `chat`: conversations with an agent.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::chat::ChatApi;

use crate::platform::Platform;

impl ChatApi for Platform {}
