//! The `mcp` target.
//!
//! Owns: MCP tool descriptors and their token budget. Must not know: other targets.

use super::{Artifact, Input};
use crate::diagnostics::Diagnostics;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Makes the artifacts.
pub(super) fn emit(_input: &Input<'_>, _diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    Vec::new()
}
