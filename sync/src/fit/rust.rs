//! Methods of a trait's impl against those that the contract asks for.
//!
//! Owns: when two signatures are the same: types by their last names, whatever path or pattern is written, an `async
//! fn` like one that gives a future. Must not know: which trait it is.

use std::ops::Range;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{FnArg, GenericArgument, ImplItem, ImplItemFn, Item, PathArguments, ReturnType, Type, TypeParamBound};

use super::{Misfit, Stub, one_line, route_above};
use crate::items::outline::slice;
use crate::items::parse;

/// A trait that something implements.
struct Implemented {
    of: String,
    by: String,
    methods: Vec<Method>,
}

struct Method {
    name: String,
    line: u32,
    /// Bytes of its name.
    at: Range<usize>,
    /// What is compared.
    form: Vec<String>,
    /// What is told.
    told: String,
}

pub(super) fn misfits(expected_text: &str, found_text: &str) -> Vec<Misfit> {
    let (Ok(expected), Ok(found)) = (implemented(expected_text), implemented(found_text)) else {
        return Vec::new();
    };
    let mut misfits = Vec::new();
    for own in &found {
        // Where several types implement one trait, the type tells which is meant; else it may have any name.
        let mut wanted: Vec<&Implemented> = expected.iter().filter(|wanted| wanted.of == own.of).collect();
        if wanted.len() > 1 {
            wanted.retain(|wanted| wanted.by == own.by);
        }
        if wanted.is_empty() {
            continue;
        }
        for method in &own.methods {
            let asked = wanted
                .iter()
                .flat_map(|wanted| &wanted.methods)
                .find(|asked| asked.name == method.name);
            if asked.is_none_or(|asked| asked.form != method.form) {
                let asked = asked.or_else(|| {
                    let route = route_above(found_text, method.line)?;
                    let mut all = wanted.iter().flat_map(|wanted| &wanted.methods);
                    all.find(|asked| route_above(expected_text, asked.line) == Some(route))
                });
                misfits.push(Misfit {
                    what: format!("fn {}", method.name),
                    line: method.line,
                    expected: asked.map(|asked| asked.told.clone()),
                    found: Some(method.told.clone()),
                });
            }
        }
    }
    misfits
}

/// Every method of a trait's impl; none where the text is not readable.
pub(super) fn stubs(text: &str) -> Vec<Stub> {
    let all = implemented(text).unwrap_or_default();
    let stubs = all.into_iter().flat_map(|implemented| {
        let of = implemented.of;
        implemented.methods.into_iter().map(move |method| Stub {
            of: of.clone(),
            name: method.name,
            line: method.line,
            at: method.at,
            shorthand: false,
            told: method.told,
        })
    });
    stubs.collect()
}

fn implemented(text: &str) -> Result<Vec<Implemented>, String> {
    let text = text.trim_start_matches('\u{feff}');
    parse::rust(text, |file| {
        let shift = file.shebang.as_ref().map_or(0, String::len);
        let mut all = Vec::new();
        collect(text, shift, &file.items, &mut all);
        all
    })
}

fn collect(text: &str, shift: usize, items: &[Item], all: &mut Vec<Implemented>) {
    for item in items {
        match item {
            Item::Impl(item) => {
                let Some(last) = item.trait_.as_ref().and_then(|(path, _)| path.segments.last()) else {
                    continue;
                };
                let methods = item.items.iter().filter_map(|member| match member {
                    ImplItem::Fn(method) => Some(self::method(text, shift, method)),
                    _ => None,
                });
                all.push(Implemented {
                    of: normal(last),
                    by: normal(&item.self_ty),
                    methods: methods.collect(),
                });
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect(text, shift, items, all);
                }
            }
            _ => {}
        }
    }
}

fn method(text: &str, shift: usize, method: &ImplItemFn) -> Method {
    let signature = &method.sig;
    let range = signature.span().byte_range();
    let name = signature.ident.span().byte_range();
    let mut form: Vec<String> = signature.inputs.iter().map(parameter).collect();
    form.push(output(&signature.output, signature.asyncness.is_some()));
    Method {
        name: signature.ident.to_string(),
        line: u32::try_from(signature.ident.span().start().line).unwrap_or(u32::MAX),
        at: name.start + shift..name.end + shift,
        form,
        told: one_line(slice(text, range.start + shift..range.end + shift)),
    }
}

/// The type of a parameter; its name does not matter.
fn parameter(parameter: &FnArg) -> String {
    match parameter {
        FnArg::Typed(typed) => normal(&typed.ty),
        FnArg::Receiver(receiver) => match normal(receiver) {
            own if own == "mut self" => "self".to_owned(),
            own => own,
        },
    }
}

/// What comes in the end; a future is told by what it gives.
fn output(output: &ReturnType, is_async: bool) -> String {
    let given = match output {
        ReturnType::Default => "()".to_owned(),
        ReturnType::Type(_, given) => match future(given) {
            Some(inner) if !is_async => return format!("future of {inner}"),
            _ => normal(given),
        },
    };
    if is_async { format!("future of {given}") } else { given }
}

/// What an `impl Future<Output = …>` gives.
fn future(given: &Type) -> Option<String> {
    let Type::ImplTrait(bounds) = given else {
        return None;
    };
    let paths = bounds.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let mut futures = paths.filter(|last| last.ident == "Future");
    let PathArguments::AngleBracketed(arguments) = &futures.next()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == "Output" => Some(normal(&assigned.ty)),
        _ => None,
    })
}

/// The tokens of a type without what leads to a name, so that an imported name is the same as its path.
fn normal(part: &impl ToTokens) -> String {
    let tokens = part.to_token_stream().to_string();
    let words: Vec<&str> = tokens.split_whitespace().collect();
    let mut normal: Vec<&str> = Vec::new();
    for word in words {
        if normal.last() == Some(&"::") {
            normal.pop();
            if normal
                .last()
                .is_some_and(|last| last.chars().all(|c| c.is_alphanumeric() || c == '_'))
                && word != "<"
            {
                normal.pop();
            }
        }
        // A comma behind the last argument says nothing.
        if matches!(word, ">" | ")") && normal.last() == Some(&",") {
            normal.pop();
        }
        normal.push(word);
    }
    normal.join(" ")
}
