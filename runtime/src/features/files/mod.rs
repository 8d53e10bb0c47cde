//! The domain `files`: a project's repository.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::files::FilesApi;

use crate::platform::Platform;

impl FilesApi for Platform {}
