//! Rust as items.
//!
//! Owns: which things of a Rust file stand for themselves: items, fields, variants, what an impl, a trait or a module
//! holds, the names of an import. Must not know: how they are merged.

use std::ops::Range;

use proc_macro2::extra::DelimSpan;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Fields, ImplItem, Item, TraitItem, UseTree, Visibility};

use super::outline::{Body, Core, Order, Separator, body, file_head, slice, split};

/// Cuts a file.
pub(crate) fn outline(text: &str) -> Result<Body, String> {
    super::parse::rust(text, |file| {
        let shift = file.shebang.as_ref().map_or(0, String::len);
        let cut = Cut { text, shift };
        cut.file(file)
    })
}

struct Cut<'t> {
    text: &'t str,
    /// Where the parser began to count.
    shift: usize,
}

impl Cut<'_> {
    fn file(&self, file: &syn::File) -> Body {
        let cores: Vec<Core> = file.items.iter().map(|item| self.item(item)).collect();
        let attributes = file.attrs.last().map_or(self.shift, |last| self.range(last).end);
        let first = cores.first().map_or(self.text.len(), |core| core.range.start);
        let from = file_head(self.text, attributes, first);
        self.body(from..self.text.len(), cores, Separator::None)
    }

    fn range(&self, part: &impl Spanned) -> Range<usize> {
        let range = part.span().byte_range();
        range.start + self.shift..range.end + self.shift
    }

    /// What stands between two brackets.
    fn inner(&self, brackets: &DelimSpan) -> Range<usize> {
        brackets.open().byte_range().end + self.shift..brackets.close().byte_range().start + self.shift
    }

    fn body(&self, inner: Range<usize>, cores: Vec<Core>, separator: Separator) -> Body {
        body(self.text, inner, cores, Order::Named, separator, false)
    }

    /// The source text of a part, on one line.
    fn line(&self, part: &(impl Spanned + ToTokens)) -> String {
        let source = slice(self.text, self.range(part));
        source.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn item(&self, item: &Item) -> Core {
        let range = self.range(item);
        let leaf = |kind: &'static str, name: String| Core::leaf(kind, name, range.clone());
        match item {
            Item::Use(import) => self.import(import),
            Item::Fn(function) => leaf("fn", function.sig.ident.to_string()).with(Some(self.block(&function.block))),
            Item::Struct(item) => leaf("struct", item.ident.to_string()).with(self.fields(&item.fields)),
            Item::Enum(item) => {
                let variants = item.variants.iter().map(|variant| {
                    let core = Core::leaf("variant", variant.ident.to_string(), self.range(variant));
                    core.with(self.fields(&variant.fields))
                });
                let inner = self.inner(&item.brace_token.span);
                leaf("enum", item.ident.to_string()).with(Some(self.body(inner, variants.collect(), Separator::Comma)))
            }
            Item::Impl(item) => {
                let of = self.line(&*item.self_ty);
                let name = match &item.trait_ {
                    Some((path, _)) => format!("{} for {of}", self.line(path)),
                    None => of,
                };
                let cores = item.items.iter().map(|member| self.member(member));
                let inner = self.after_attributes(self.inner(&item.brace_token.span), &item.attrs);
                leaf("impl", name).with(Some(self.body(inner, cores.collect(), Separator::None)))
            }
            Item::Trait(item) => {
                let cores = item.items.iter().map(|member| self.trait_member(member));
                let inner = self.inner(&item.brace_token.span);
                leaf("trait", item.ident.to_string()).with(Some(self.body(inner, cores.collect(), Separator::None)))
            }
            Item::Mod(item) => {
                let inside = item.content.as_ref().map(|(brackets, items)| {
                    let cores = items.iter().map(|item| self.item(item)).collect();
                    let inner = self.after_attributes(self.inner(&brackets.span), &item.attrs);
                    self.body(inner, cores, Separator::None)
                });
                leaf("mod", item.ident.to_string()).with(inside)
            }
            Item::Const(item) => leaf("const", item.ident.to_string()),
            Item::Static(item) => leaf("static", item.ident.to_string()),
            Item::Type(item) => leaf("type", item.ident.to_string()),
            Item::Union(item) => leaf("union", item.ident.to_string()),
            Item::ExternCrate(item) => leaf("extern crate", item.ident.to_string()),
            Item::Macro(item) => {
                let path = self.line(&item.mac.path);
                let name = item.ident.as_ref().map_or(path, |name| format!("rules {name}"));
                leaf("macro", name)
            }
            Item::TraitAlias(item) => leaf("trait", item.ident.to_string()),
            _ => leaf("item", String::new()),
        }
    }

    /// What stands between brackets behind the attributes that belong to what is around.
    fn after_attributes(&self, inner: Range<usize>, attributes: &[syn::Attribute]) -> Range<usize> {
        let within = attributes.iter().map(|attribute| self.range(attribute).end);
        let start = within.filter(|end| *end > inner.start).max().unwrap_or(inner.start);
        start..inner.end
    }

    /// Signature and body of a function, each for itself.
    fn block(&self, block: &syn::Block) -> Body {
        split(block.brace_token.span.open().byte_range().end + self.shift)
    }

    fn member(&self, member: &ImplItem) -> Core {
        let range = self.range(member);
        let leaf = |kind: &'static str, name: String| Core::leaf(kind, name, range.clone());
        match member {
            ImplItem::Fn(method) => leaf("fn", method.sig.ident.to_string()).with(Some(self.block(&method.block))),
            ImplItem::Const(item) => leaf("const", item.ident.to_string()),
            ImplItem::Type(item) => leaf("type", item.ident.to_string()),
            ImplItem::Macro(item) => leaf("macro", self.line(&item.mac.path)),
            _ => leaf("item", String::new()),
        }
    }

    fn trait_member(&self, member: &TraitItem) -> Core {
        let range = self.range(member);
        let leaf = |kind: &'static str, name: String| Core::leaf(kind, name, range.clone());
        match member {
            TraitItem::Fn(method) => {
                let block = method.default.as_ref().map(|block| self.block(block));
                leaf("fn", method.sig.ident.to_string()).with(block)
            }
            TraitItem::Const(item) => leaf("const", item.ident.to_string()),
            TraitItem::Type(item) => leaf("type", item.ident.to_string()),
            TraitItem::Macro(item) => leaf("macro", self.line(&item.mac.path)),
            _ => leaf("item", String::new()),
        }
    }

    fn fields(&self, fields: &Fields) -> Option<Body> {
        let Fields::Named(named) = fields else {
            return None;
        };
        let cores = named.named.iter().map(|field| {
            let name = field.ident.as_ref().map_or(String::new(), ToString::to_string);
            Core::leaf("field", name, self.range(field))
        });
        let inner = self.inner(&named.brace_token.span);
        Some(self.body(inner, cores.collect(), Separator::Comma))
    }

    fn import(&self, import: &syn::ItemUse) -> Core {
        let kind = if matches!(import.vis, Visibility::Inherited) {
            "use"
        } else {
            "pub use"
        };
        let range = self.range(import);
        let prefix = if import.leading_colon.is_some() { "::" } else { "" };
        let (name, names) = self.names(prefix, &import.tree);
        Core::leaf(kind, name, range).with(names)
    }

    /// The path of an import up to its group, and the group's names.
    fn names(&self, prefix: &str, tree: &UseTree) -> (String, Option<Body>) {
        match tree {
            UseTree::Path(path) => self.names(&format!("{prefix}{}::", path.ident), &path.tree),
            UseTree::Group(group) => {
                let cores = group.items.iter().map(|tree| {
                    let (name, names) = self.names("", tree);
                    Core::leaf("import", name, self.range(tree)).with(names)
                });
                let inner = self.inner(&group.brace_token.span);
                let name = prefix.trim_end_matches("::").to_owned();
                (name, Some(self.body(inner, cores.collect(), Separator::Comma)))
            }
            UseTree::Name(name) => (format!("{prefix}{}", name.ident), None),
            UseTree::Rename(name) => (format!("{prefix}{} as {}", name.ident, name.rename), None),
            UseTree::Glob(_) => (format!("{prefix}*"), None),
        }
    }
}
