//! Lowering: the bundle and the features become the model.
//!
//! Owns: naming, merging, and what each keyword means for types. Must not know: any target.
