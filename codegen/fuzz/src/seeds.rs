//! The committed seeds that hostile text is planted in, and that `cargo test` runs as they are.
//!
//! Owns: which files they are. Must not know: what is done with them.

/// Contracts: name and text.
pub(super) const CONTRACTS: &[(&str, &str)] = &[
    ("shop.yaml", include_str!("../seeds/contracts/shop.yaml")),
    ("unions.yaml", include_str!("../seeds/contracts/unions.yaml")),
    ("media.yaml", include_str!("../seeds/contracts/media.yaml")),
    ("words.yaml", include_str!("../seeds/contracts/words.yaml")),
    ("old.yaml", include_str!("../seeds/contracts/old.yaml")),
    ("tables.yaml", include_str!("../seeds/contracts/tables.yaml")),
    ("cycles.yaml", include_str!("../seeds/contracts/cycles.yaml")),
    ("security.yaml", include_str!("../seeds/contracts/security.yaml")),
    ("escapes.yaml", include_str!("../seeds/contracts/escapes.yaml")),
    ("formats.json", include_str!("../seeds/contracts/formats.json")),
    ("empty.yaml", include_str!("../seeds/contracts/empty.yaml")),
    ("internal.yaml", include_str!("../seeds/contracts/internal.yaml")),
];
