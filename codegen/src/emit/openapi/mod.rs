//! The `openapi` target.
//!
//! Owns: the bundled document in canonical form and its down-conversion to 3.0. Must not know: other targets.

use super::{Artifact, Input};
use crate::diagnostics::Diagnostics;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Makes the artifacts.
pub(super) fn emit(_input: &Input<'_>, _diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    Vec::new()
}
