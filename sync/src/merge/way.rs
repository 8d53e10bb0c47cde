//! What a clash is called.
//!
//! Owns: the way from the file to an item, as people read it. Must not know: how items are merged.

use flaresmith_codegen::pointer::escape;

use crate::items::Language;
use crate::items::outline::Item;

/// The way from the file to an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way {
    steps: Vec<String>,
}

impl Way {
    /// Whether this is the file itself.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The way to an item of what this leads to; `number` is its place in a list.
    pub(crate) fn step(&self, language: Language, items: [Option<&Item>; 3], number: usize) -> Self {
        let mut way = self.clone();
        let Some(item) = items.into_iter().flatten().next() else {
            return way;
        };
        match item.kind {
            "document" => {}
            "element" => way.steps.push(number.to_string()),
            "member" if matches!(language, Language::Json | Language::Yaml) => {
                way.steps.push(escape(&item.name).into_owned());
            }
            kind => way.steps.push(format!("{kind} {}", item.name).trim_end().to_owned()),
        }
        way
    }

    /// `/item/3/name`, or `field name in struct Project`.
    pub(crate) fn what(&self, language: Language) -> String {
        match (language, self.steps.as_slice()) {
            (Language::Json | Language::Yaml, steps) => steps.iter().map(|step| format!("/{step}")).collect(),
            (_, [.., outer, inner]) => format!("{inner} in {outer}"),
            (_, steps) => steps.concat(),
        }
    }
}
