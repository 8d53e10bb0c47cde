//! Members of an object that satisfies a type against those that the contract asks for.
//!
//! Owns: when a member still fits: it is asked for, takes no more parameters than are given, and where both sides
//! write a type it is the same. Must not know: which type it is.

use std::ops::Range;

use deno_ast::ParsedSource;
use deno_ast::swc::ast::{
    Decl, Expr, Function, ModuleDecl, ModuleItem, ObjectLit, Pat, Program, Prop, PropOrSpread, Stmt, TsTypeAnn,
};

use super::{Misfit, Stub, one_line, route_above};
use crate::items::outline::slice;
use crate::items::typescript::Cut;
use crate::items::{parse, place};

/// An object that satisfies a type.
struct Satisfying {
    of: String,
    members: Vec<Member>,
}

struct Member {
    name: String,
    line: u32,
    /// Bytes of its name, as it is written.
    at: Range<usize>,
    shorthand: bool,
    /// The written types of the parameters; `None` if the member is no function of its own.
    parameters: Option<Vec<Option<String>>>,
    output: Option<String>,
    told: String,
}

pub(super) fn misfits(path: &str, expected_text: &str, found_text: &str) -> Vec<Misfit> {
    let (Ok(expected), Ok(found)) = (satisfying(path, expected_text), satisfying(path, found_text)) else {
        return Vec::new();
    };
    let mut misfits = Vec::new();
    for own in &found {
        let wanted: Vec<&Satisfying> = expected.iter().filter(|wanted| wanted.of == own.of).collect();
        if wanted.is_empty() {
            continue;
        }
        for member in &own.members {
            let asked = wanted
                .iter()
                .flat_map(|wanted| &wanted.members)
                .find(|asked| asked.name == member.name);
            if asked.is_none_or(|asked| !fits(asked, member)) {
                let asked = asked.or_else(|| {
                    let route = route_above(found_text, member.line)?;
                    let mut all = wanted.iter().flat_map(|wanted| &wanted.members);
                    all.find(|asked| route_above(expected_text, asked.line) == Some(route))
                });
                misfits.push(Misfit {
                    what: member.name.clone(),
                    line: member.line,
                    expected: asked.map(|asked| asked.told.clone()),
                    found: Some(member.told.clone()),
                });
            }
        }
    }
    misfits
}

/// Every member of an object that satisfies a type; none where the text is not readable.
pub(super) fn stubs(path: &str, text: &str) -> Vec<Stub> {
    let all = satisfying(path, text).unwrap_or_default();
    let stubs = all.into_iter().flat_map(|satisfying| {
        let of = satisfying.of;
        satisfying.members.into_iter().map(move |member| Stub {
            of: of.clone(),
            name: member.name,
            line: member.line,
            at: member.at,
            shorthand: member.shorthand,
            told: member.told,
        })
    });
    stubs.collect()
}

fn fits(asked: &Member, found: &Member) -> bool {
    let (Some(given), Some(taken)) = (&asked.parameters, &found.parameters) else {
        return true;
    };
    let differs = |(a, b): (&Option<String>, &Option<String>)| a.is_some() && b.is_some() && a != b;
    let types = given.iter().zip(taken).chain([(&asked.output, &found.output)]);
    taken.len() <= given.len() && !types.into_iter().any(differs)
}

fn satisfying(path: &str, text: &str) -> Result<Vec<Satisfying>, String> {
    let text = text.trim_start_matches('\u{feff}');
    parse::typescript(path, text, |parsed| {
        let cut = Cut::new(parsed, text);
        Read { text, cut }.file(parsed)
    })
}

struct Read<'t> {
    text: &'t str,
    cut: Cut<'t>,
}

impl Read<'_> {
    fn file(&self, parsed: &ParsedSource) -> Vec<Satisfying> {
        let mut all = Vec::new();
        match &*parsed.program() {
            Program::Module(module) => {
                for item in &module.body {
                    match item {
                        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => {
                            self.declaration(&export.decl, &mut all);
                        }
                        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) => {
                            self.value(&export.expr, &mut all);
                        }
                        ModuleItem::Stmt(Stmt::Decl(declaration)) => self.declaration(declaration, &mut all),
                        _ => {}
                    }
                }
            }
            Program::Script(script) => {
                for statement in &script.body {
                    if let Stmt::Decl(declaration) = statement {
                        self.declaration(declaration, &mut all);
                    }
                }
            }
        }
        all
    }

    fn declaration(&self, declaration: &Decl, all: &mut Vec<Satisfying>) {
        let Decl::Var(variable) = declaration else {
            return;
        };
        for one in &variable.decls {
            if let Some(value) = &one.init {
                self.value(value, all);
            }
        }
    }

    fn value(&self, value: &Expr, all: &mut Vec<Satisfying>) {
        let Expr::TsSatisfies(satisfies) = value else {
            return;
        };
        let object = match &*satisfies.expr {
            Expr::Object(object) => object,
            Expr::TsConstAssertion(inner) => match &*inner.expr {
                Expr::Object(object) => object,
                _ => return,
            },
            _ => return,
        };
        let of = self.cut.line(&*satisfies.type_ann);
        let of = of
            .strip_prefix("Partial<")
            .and_then(|of| of.strip_suffix('>'))
            .unwrap_or(&of);
        // For an environment of the app's own it is the same interface.
        let of = of.split_once('<').map_or(of, |(name, _)| name.trim_end());
        all.push(Satisfying {
            of: of.to_owned(),
            members: self.members(object),
        });
    }

    fn members(&self, object: &ObjectLit) -> Vec<Member> {
        let members = object.props.iter().filter_map(|property| {
            let PropOrSpread::Prop(property) = property else {
                return None;
            };
            let range = self.cut.range(&**property);
            match &**property {
                Prop::Shorthand(name) => {
                    let mut member = self.member(name.sym.to_string(), range.clone(), None);
                    (member.at, member.shorthand) = (range, true);
                    Some(member)
                }
                Prop::Method(method) => {
                    let name = self.name(&self.cut.line(&method.key));
                    let mut member = self.function(name, range, &method.function);
                    member.at = self.cut.range(&method.key);
                    Some(member)
                }
                Prop::KeyValue(pair) => {
                    let name = self.name(&self.cut.line(&pair.key));
                    let mut member = match &*pair.value {
                        Expr::Fn(function) => self.function(name, range, &function.function),
                        Expr::Arrow(arrow) => {
                            let parameters = arrow.params.iter().map(|pattern| self.annotation(pattern));
                            let output = self.written(arrow.return_type.as_deref());
                            let head = range.start..self.cut.range(&*arrow.body).start;
                            let mut member = self.member(name, head, Some(parameters.collect()));
                            member.output = output;
                            member
                        }
                        _ => self.member(name, range, None),
                    };
                    member.at = self.cut.range(&pair.key);
                    Some(member)
                }
                _ => None,
            }
        });
        members.collect()
    }

    fn name(&self, written: &str) -> String {
        written.trim_matches(['\'', '"']).to_owned()
    }

    fn function(&self, name: String, range: Range<usize>, function: &Function) -> Member {
        let parameters = function.params.iter().map(|parameter| self.annotation(&parameter.pat));
        let end = function
            .body
            .as_ref()
            .map_or(range.end, |body| self.cut.range(body).start);
        let mut member = self.member(name, range.start..end, Some(parameters.collect()));
        member.output = self.written(function.return_type.as_deref());
        member
    }

    fn member(&self, name: String, told: Range<usize>, parameters: Option<Vec<Option<String>>>) -> Member {
        let line = u32::try_from(place(self.text, told.start).0).unwrap_or(u32::MAX);
        let told = one_line(slice(self.text, told));
        Member {
            name,
            line,
            at: 0..0,
            shorthand: false,
            parameters,
            output: None,
            told: told.trim_end_matches("=>").trim_end().to_owned(),
        }
    }

    /// The type that is written at a parameter.
    fn annotation(&self, pattern: &Pat) -> Option<String> {
        let annotation = match pattern {
            Pat::Ident(name) => name.type_ann.as_deref(),
            Pat::Object(object) => object.type_ann.as_deref(),
            Pat::Array(array) => array.type_ann.as_deref(),
            Pat::Rest(rest) => rest.type_ann.as_deref(),
            Pat::Assign(default) => return self.annotation(&default.left),
            Pat::Invalid(_) | Pat::Expr(_) => None,
        };
        self.written(annotation)
    }

    fn written(&self, annotation: Option<&TsTypeAnn>) -> Option<String> {
        annotation.map(|annotation| self.cut.line(&*annotation.type_ann))
    }
}
