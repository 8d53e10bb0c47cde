//! Tags: the property whose value tells the variants of a union apart.
//!
//! Owns: discriminators, and finding a tag where the contract names none but every variant has a constant of its own.
//! Must not know: how unions came about.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use crate::model::{Kind, Record, Shape, Tag, Type, TypeDef, TypeId, Union, Variant};
use crate::pointer::unescape;
use crate::tree::Value;

/// What a `discriminator` says.
#[derive(Debug, Clone)]
pub(super) struct Discriminator {
    wire: String,
    /// Value of the property -> pointer of a schema, by value: their order in the contract means nothing.
    mapping: Vec<(String, String)>,
    at: String,
}

impl Discriminator {
    /// Reads the object. A mapping may name a schema by pointer or by bare name.
    pub(super) fn read(node: &Node<'_>) -> Self {
        let pairs = node.get("mapping");
        let mapping = pairs.iter().flat_map(Node::members).filter_map(|(key, target)| {
            let target = target.value.as_str()?;
            let pointer = match target.strip_prefix('#') {
                Some(pointer) => pointer.to_owned(),
                None => format!("/components/schemas/{target}"),
            };
            Some((key.to_owned(), pointer))
        });
        let mut mapping: Vec<(String, String)> = mapping.collect();
        mapping.sort();
        Self {
            wire: node.text("propertyName").unwrap_or_default().to_owned(),
            mapping,
            at: node.at.clone(),
        }
    }

    /// Whether the mapping names this schema.
    pub(super) fn names(&self, pointer: &str) -> bool {
        self.mapping.iter().any(|(_, target)| target == pointer)
    }
}

/// For each union that has a tag: the property, and the values of it that select each variant.
pub(super) type Tags = BTreeMap<TypeId, (String, Vec<Vec<String>>)>;

/// Finds the tag of every union that can have one, and tells where a discriminator is of no use: why, and its pointer. All types are
/// lowered by now.
pub(super) fn tags(
    types: &[TypeDef],
    discriminators: &BTreeMap<TypeId, Discriminator>,
    told: &mut Vec<(String, String)>,
) -> Tags {
    let mut tagger = Tagger {
        types,
        discriminators,
        tags: Tags::new(),
    };
    let mut left: Vec<(TypeId, &Union)> = (0..)
        .map(TypeId)
        .zip(types)
        .filter_map(|(id, def)| match &def.shape {
            Shape::Union(union) => Some((id, union)),
            _ => None,
        })
        .collect();
    // A union among the variants of another passes its tags on, so those inside must come first.
    for last in [false, false, false, true] {
        left.retain(|(id, union)| !tagger.tag(*id, union, last, told));
    }
    tagger.tags
}

/// Writes the tag of a union into it.
pub(super) fn put(tags: &Tags, id: TypeId, def: &mut TypeDef) {
    if let (Some((wire, tags)), Shape::Union(union)) = (tags.get(&id), &mut def.shape) {
        for (variant, tags) in union.variants.iter_mut().zip(tags) {
            variant.tags.clone_from(tags);
        }
        union.tag = Some(Tag { wire: wire.clone() });
    }
}

struct Tagger<'t> {
    types: &'t [TypeDef],
    discriminators: &'t BTreeMap<TypeId, Discriminator>,
    tags: Tags,
}

impl<'t> Tagger<'t> {
    /// Whether the union needs no further look.
    fn tag(&mut self, id: TypeId, union: &Union, last: bool, told: &mut Vec<(String, String)>) -> bool {
        let discriminator = self.discriminators.get(&id);
        let found = match discriminator {
            Some(discriminator) => self.tags_by_discriminator(union, discriminator),
            None => self.tags_by_constants(union),
        };
        match found {
            Ok(found) => {
                self.tags.insert(id, found);
                true
            }
            Err(why) => {
                if let (Some(discriminator), true) = (discriminator, last) {
                    let message = format!("the discriminator cannot tell the branches apart: {why}");
                    told.push((message, discriminator.at.clone()));
                }
                last
            }
        }
    }

    /// The tag of the union behind a type, and the values that select its variants.
    fn tag_behind(&self, ty: &Type) -> Option<&(String, Vec<Vec<String>>)> {
        match self.resolved(ty).kind {
            Kind::Named(id) => self.tags.get(&id),
            _ => None,
        }
    }

    fn tags_by_discriminator(
        &self,
        union: &Union,
        discriminator: &Discriminator,
    ) -> Result<(String, Vec<Vec<String>>), String> {
        if discriminator.wire.is_empty() {
            return Err("it has no `propertyName`".to_owned());
        }
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut all = Vec::new();
        for variant in &union.variants {
            let mut tags = self.tags_of(variant, discriminator);
            tags.retain(|tag| seen.insert(tag.clone()));
            if tags.is_empty() {
                return Err(format!(
                    "no value of `{}` selects `{}`",
                    discriminator.wire, variant.name.raw
                ));
            }
            all.push(tags);
        }
        Ok((discriminator.wire.clone(), all))
    }

    /// The values that select a variant: those of the mapping, else the constants in its schema, else its name.
    fn tags_of(&self, variant: &Variant, discriminator: &Discriminator) -> Vec<String> {
        let Kind::Named(id) = variant.ty.kind else {
            return Vec::new();
        };
        let Some(def) = self.types.get(id.index()) else {
            return Vec::new();
        };
        let mapped: Vec<String> = discriminator
            .mapping
            .iter()
            .filter(|(_, pointer)| *pointer == def.pointer)
            .map(|(tag, _)| tag.clone())
            .collect();
        if !mapped.is_empty() {
            return mapped;
        }
        let constants = self.constants(&variant.ty, &discriminator.wire, true);
        if !constants.is_empty() {
            return constants;
        }
        if let Some(Shape::Union(_)) = self.shape_behind(&variant.ty) {
            return Vec::new();
        }
        let name = def.pointer.strip_prefix("/components/schemas/");
        name.filter(|name| !name.contains('/'))
            .map(|name| unescape(name).into_owned())
            .into_iter()
            .collect()
    }

    /// A property that every variant demands and that has a different constant in each: of several the first by name.
    fn tags_by_constants(&self, union: &Union) -> Result<(String, Vec<Vec<String>>), String> {
        let none = || Err(String::new());
        let Some(first) = union.variants.first() else {
            return none();
        };
        let mut candidates: Vec<String> = match self.shape_behind(&first.ty) {
            Some(Shape::Record(record)) => record.fields.iter().map(|field| field.wire.clone()).collect(),
            Some(Shape::Union(_)) => self
                .tag_behind(&first.ty)
                .map(|(wire, _)| wire.clone())
                .into_iter()
                .collect(),
            _ => return none(),
        };
        candidates.sort_unstable();
        'candidates: for wire in candidates {
            let mut seen = BTreeSet::new();
            let mut all = Vec::new();
            for variant in &union.variants {
                let tags = self.constants(&variant.ty, &wire, false);
                if tags.is_empty() || !tags.iter().all(|tag| seen.insert(tag.clone())) {
                    continue 'candidates;
                }
                all.push(tags);
            }
            return Ok((wire, all));
        }
        none()
    }

    /// The strings that a property of a record can only have. `loosely`: also when it may be absent, or is an enumeration.
    fn constants(&self, ty: &Type, wire: &str, loosely: bool) -> Vec<String> {
        match self.shape_behind(ty) {
            Some(Shape::Record(record)) => self.constants_of_field(record, wire, loosely),
            Some(Shape::Union(_)) => match self.tag_behind(ty) {
                Some((tag, values)) if tag == wire => values.iter().flatten().cloned().collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn constants_of_field(&self, record: &Record, wire: &str, loosely: bool) -> Vec<String> {
        let field = record.fields.iter().find(|field| field.wire == wire);
        let Some(field) = field.filter(|field| loosely || (field.required && !field.ty.nullable)) else {
            return Vec::new();
        };
        let values: &[Value] = match (&self.resolved(&field.ty).kind, self.shape_behind(&field.ty)) {
            (Kind::Literals(values), _) => values,
            (_, Some(Shape::Enumeration(list))) if loosely || list.values.len() == 1 => &list.values,
            _ => &[],
        };
        let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        texts.unwrap_or_default()
    }

    /// The type behind aliases.
    fn resolved<'s>(&'s self, ty: &'s Type) -> &'s Type {
        let mut current = ty;
        for _ in 0..=self.types.len() {
            let Kind::Named(id) = current.kind else { return current };
            match self.types.get(id.index()).map(|def| &def.shape) {
                Some(Shape::Alias(inner)) => current = inner,
                _ => return current,
            }
        }
        current
    }

    /// The shape behind aliases, when there is one.
    fn shape_behind(&self, ty: &Type) -> Option<&'t Shape> {
        match self.resolved(ty).kind {
            Kind::Named(id) => self.types.get(id.index()).map(|def| &def.shape),
            _ => None,
        }
    }
}
