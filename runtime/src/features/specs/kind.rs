//! What kind of spec a file is.
//!
//! Owns: telling it from the path and the text, and the feature a file belongs to. Must not know: what stands in a spec beyond
//! its first key.

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::source::{Sources, read};
use flaresmith_store::enums::SpecArtifactKind as Kind;

/// The kind of a file of the sources; `None`: no spec is kept in such a file.
pub(super) fn of(sources: &Sources, path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") if name == "constitution.md" => Some(Kind::Constitution),
        Some("md") if name == "architecture.md" => Some(Kind::Architecture),
        Some("md") => Some(Kind::Feature),
        Some("yaml" | "yml" | "json") => {
            let tree = read::read(sources, path, &Memo::default()).ok();
            match tree.is_some_and(|tree| tree.get("openapi").is_some()) {
                true => Some(Kind::Contract),
                false => Some(Kind::DataModel),
            }
        }
        _ => None,
    }
}

/// The folder of the feature that a file belongs to: the one below `specs` whose name begins with a number.
pub(super) fn feature(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    parts.next_back();
    let folder = parts.find(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        digits >= 3 && part.as_bytes().get(digits) == Some(&b'-')
    })?;
    Some(folder.chars().take(120).collect())
}

/// Whether a path is one that the list of specs can hold.
pub(super) fn is_listed(path: &str) -> bool {
    let plain = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !part.is_empty() && part.bytes().all(fits)
    };
    path.len() <= 400 && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_path_and_text() {
        let mut sources = Sources::default();
        for (path, text) in [
            ("specs/001-shop/spec.md", ""),
            ("specs/constitution.md", ""),
            ("specs/architecture.md", ""),
            ("specs/001-shop/contracts/api.yaml", "openapi: 3.1.0\n"),
            ("specs/001-shop/data-model.yaml", "$defs: {}\n"),
            ("specs/logo.png", ""),
        ] {
            sources.insert(path, text.as_bytes().to_vec());
        }
        let kinds: Vec<_> = sources.iter().map(|(path, _)| (&**path, of(&sources, path))).collect();
        assert_eq!(
            kinds,
            [
                ("specs/001-shop/contracts/api.yaml", Some(Kind::Contract)),
                ("specs/001-shop/data-model.yaml", Some(Kind::DataModel)),
                ("specs/001-shop/spec.md", Some(Kind::Feature)),
                ("specs/architecture.md", Some(Kind::Architecture)),
                ("specs/constitution.md", Some(Kind::Constitution)),
                ("specs/logo.png", None),
            ]
        );
        assert_eq!(
            feature("specs/001-shop/contracts/api.yaml").as_deref(),
            Some("001-shop")
        );
        assert_eq!(feature("specs/constitution.md"), None);
        assert!(is_listed("specs/001-shop/spec.md") && !is_listed("specs/a b.md") && !is_listed("specs//x"));
    }
}
