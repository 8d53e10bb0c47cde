//! Rules over the model: what a team is told beyond what cannot be generated.
//!
//! Owns: one file a rule. Must not know: any target, or how problems are printed.
