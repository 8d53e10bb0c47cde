//! Bodies of several parts, as uploads of modules are.
//!
//! Owns: their form. Must not know: what is in a part.

use serde_json::Value;
use uuid::Uuid;

/// A body that is being put together.
pub(super) struct Parts {
    boundary: String,
    bytes: Vec<u8>,
}

impl Parts {
    /// One that begins with what is said about the others.
    pub(super) fn of(metadata: &Value) -> Self {
        let mut parts = Self {
            // No module contains what was drawn a moment ago.
            boundary: format!("flaresmith-{}", Uuid::new_v4().simple()),
            bytes: Vec::new(),
        };
        let disposition = "form-data; name=\"metadata\"";
        parts.add(disposition, "application/json", metadata.to_string().as_bytes());
        parts
    }

    /// The same with a module. `name`: that of its file too.
    pub(super) fn with_module(mut self, name: &str, module: &[u8]) -> Self {
        let disposition = format!("form-data; name=\"{name}\"; filename=\"{name}\"");
        self.add(&disposition, "application/javascript+module", module);
        self
    }

    fn add(&mut self, disposition: &str, kind: &str, content: &[u8]) {
        let head = format!(
            "--{}\r\ncontent-disposition: {disposition}\r\ncontent-type: {kind}\r\n\r\n",
            self.boundary
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// What the body is.
    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// All of it.
    pub(super) fn whole(mut self) -> Vec<u8> {
        self.bytes
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.bytes
    }
}
