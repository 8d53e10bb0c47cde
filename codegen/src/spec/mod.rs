//! Feature specs in Markdown.
//!
//! Owns: reading `spec.md`, the constitution, and the names of feature folders. Must not know: contracts or targets.
