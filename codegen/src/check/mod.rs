//! Rules over the model.
//!
//! Owns: the table of rules. Must not know: documents' syntax, targets.

use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::openapi::Bundle;
use crate::settings::Settings;

/// Runs every rule.
pub fn check(_model: &Model, _bundle: &Bundle, _settings: &Settings, _diagnostics: &mut Diagnostics) {}
