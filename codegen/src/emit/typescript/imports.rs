//! Imports of a module: collected while it is written, printed before it.
//!
//! Owns: which name comes from where, and the spelling of import declarations. Must not know: the modules themselves.

use std::collections::BTreeMap;

use super::layout::{Item, Layout};

/// What a module takes from others: specifier -> name -> whether only as a type.
#[derive(Debug, Default)]
pub(in crate::emit) struct Imports {
    found: BTreeMap<String, BTreeMap<String, bool>>,
}

impl Imports {
    /// Takes a value (which is a type too, where there is one of that name).
    pub(in crate::emit) fn value(&mut self, from: &str, name: &str) {
        *self.entry(from, name) = false;
    }

    /// Takes a type; the import vanishes when the module is compiled.
    pub(in crate::emit) fn ty(&mut self, from: &str, name: &str) {
        self.entry(from, name);
    }

    /// Takes all that another takes.
    pub(in crate::emit) fn take(&mut self, other: &Self) {
        for (from, names) in &other.found {
            for (name, is_type) in names {
                *self.entry(from, name) &= *is_type;
            }
        }
    }

    fn entry(&mut self, from: &str, name: &str) -> &mut bool {
        let names = self.found.entry(from.to_owned()).or_default();
        names.entry(name.to_owned()).or_insert(true)
    }

    /// The declarations: packages first, then modules of our own, each by name.
    pub(in crate::emit) fn render(&self) -> String {
        let mut out = String::new();
        for own in [false, true] {
            for (from, names) in self.found.iter().filter(|(from, _)| from.starts_with('.') == own) {
                let types = names.values().all(|is_type| *is_type);
                let list = names.iter().map(|(name, is_type)| (name.as_str(), *is_type && !types));
                let keyword = if types { "import type" } else { "import" };
                declaration(keyword, list.collect(), from, &mut out);
            }
        }
        out
    }
}

/// `import { A, type B } from './c.js';` or the like of an export. Each name comes with whether it says that it is a type.
pub(in crate::emit) fn declaration(keyword: &str, mut names: Vec<(&str, bool)>, from: &str, text: &mut String) {
    // As readers look a name up, not as bytes compare.
    names.sort_by_cached_key(|(name, _)| (name.to_ascii_lowercase(), name.to_string()));
    let names = names.into_iter().map(|(name, is_type)| match is_type {
        true => Layout::text(format!("type {name}")),
        false => Layout::text(name.to_owned()),
    });
    let names = Layout::object(names.map(Item::from).collect());
    let end = format!(" from {};", super::text::string(from));
    names.line(0, &format!("{keyword} "), &end, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_from_values_and_packages_come_first() {
        let mut imports = Imports::default();
        imports.ty("./shared.js", "Role");
        imports.value("./shared.js", "RoleSchema");
        imports.ty("./users.js", "User");
        imports.value("zod", "z");
        imports.ty("zod", "z");
        assert_eq!(
            imports.render(),
            "import { z } from 'zod';\nimport { type Role, RoleSchema } from './shared.js';\nimport type { User } from './users.js';\n"
        );
    }
}
