//! Feature specs in Markdown.
//!
//! Owns: reading `spec.md`, the constitution, and the names of feature folders. Must not know: contracts or targets.

use crate::diagnostics::Diagnostics;
use crate::model::{Constitution, Feature};
use crate::settings::Settings;
use crate::source::Sources;

/// Every feature of the sources, in the order of their folders, and the constitution.
#[must_use]
pub fn features(
    _sources: &Sources,
    _settings: &Settings,
    _diagnostics: &mut Diagnostics,
) -> (Vec<Feature>, Option<Constitution>) {
    (Vec::new(), None)
}
