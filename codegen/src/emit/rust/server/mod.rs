//! The half of the crate that is about operations.
//!
//! Owns: the modules about operations. Must not know: how types are written.

use super::super::Input;
use super::names::RustNames;
use super::{Module, Root};
use crate::diagnostics::Diagnostics;

/// Top-level modules of this half.
pub(super) const MODULES: &[Root] = &[];

/// Makes the modules.
pub(super) fn emit(_names: &RustNames<'_>, _input: &Input<'_>, _diagnostics: &mut Diagnostics) -> Vec<Module> {
    Vec::new()
}
