//! TypeScript and JavaScript as items.
//!
//! Owns: which things of a module stand for themselves: declarations, members of classes, interfaces, enums and
//! object literals, the names of an import. An object literal may stand in a call, as schemas and tables are written.
//! Must not know: how they are merged.

use std::ops::Range;

use deno_ast::swc::ast::{
    BlockStmt, BlockStmtOrExpr, Callee, Class, ClassMember, Decl, DefaultDecl, Expr, ExprOrSpread, ImportDecl,
    ImportSpecifier, ModuleDecl, ModuleItem, NamedExport, ObjectLit, Pat, Program, Prop, PropOrSpread, Stmt,
    TsNamespaceBody, TsType, TsTypeElement, VarDecl, VarDeclKind,
};
use deno_ast::{ParsedSource, SourceRangedForSpanned, StartSourcePos};

use super::outline::{Body, Core, Order, Separator, body, file_head, slice, split};

/// Cuts a module.
pub(crate) fn outline(path: &str, text: &str) -> Result<Body, String> {
    super::parse::typescript(path, text, |parsed| Cut::new(parsed, text).file(parsed))
}

/// A parsed text and where its positions begin.
pub(crate) struct Cut<'t> {
    text: &'t str,
    start: StartSourcePos,
}

/// What an expression holds.
pub(crate) enum Inside<'a> {
    /// The members of an object literal.
    Object(&'a ObjectLit),
    /// The body of a function.
    Block(&'a BlockStmt),
}

impl<'t> Cut<'t> {
    pub(crate) fn new(parsed: &ParsedSource, text: &'t str) -> Self {
        Self {
            text,
            start: parsed.range().start,
        }
    }

    fn file(&self, parsed: &ParsedSource) -> Body {
        let program = parsed.program();
        let cores: Vec<Core> = match &*program {
            Program::Module(module) => module.body.iter().map(|item| self.item(item)).collect(),
            Program::Script(script) => script.body.iter().map(|item| self.statement(item)).collect(),
        };
        let first = cores.first().map_or(self.text.len(), |core| core.range.start);
        let from = if self.text.starts_with("#!") {
            self.text.find('\n').map_or(self.text.len(), |end| end + 1)
        } else {
            0
        };
        let from = file_head(self.text, from, first);
        self.body(from..self.text.len(), cores, Separator::None)
    }

    /// Where a part stands in the text.
    pub(crate) fn range(&self, part: &impl SourceRangedForSpanned) -> Range<usize> {
        part.range().as_byte_range(self.start)
    }

    /// The source text of a part, on one line.
    pub(crate) fn line(&self, part: &impl SourceRangedForSpanned) -> String {
        let source = slice(self.text, self.range(part));
        source.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn body(&self, inner: Range<usize>, cores: Vec<Core>, separator: Separator) -> Body {
        body(self.text, inner, cores, Order::Named, separator, false)
    }

    /// What stands between the bracket that follows `from` and the one that ends before `to`.
    fn braces(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let within = self.text.get(from..to)?;
        let (open, close) = (within.find('{')?, within.rfind('}')?);
        (open < close).then_some(from + open + 1..from + close)
    }

    fn item(&self, item: &ModuleItem) -> Core {
        let range = self.range(item);
        match item {
            ModuleItem::Stmt(statement) => self.statement(statement),
            ModuleItem::ModuleDecl(declaration) => match declaration {
                ModuleDecl::Import(import) => self.import(import, range),
                ModuleDecl::ExportNamed(export) => self.export(export, range),
                ModuleDecl::ExportDecl(export) => self.declaration(&export.decl, range),
                ModuleDecl::ExportDefaultDecl(export) => {
                    let inside = match &export.decl {
                        DefaultDecl::Class(class) => {
                            let from = class.ident.as_ref().map_or(range.start, |name| self.range(name).end);
                            self.class(&class.class, from)
                        }
                        DefaultDecl::Fn(function) => function.function.body.as_ref().map(|block| self.block(block)),
                        DefaultDecl::TsInterfaceDecl(_) => None,
                    };
                    Core::leaf("export default", String::new(), range).with(inside)
                }
                ModuleDecl::ExportDefaultExpr(export) => {
                    let inside = self.inside(&export.expr);
                    Core::leaf("export default", String::new(), range).with(inside)
                }
                ModuleDecl::ExportAll(export) => Core::leaf("export *", self.line(&*export.src), range),
                _ => Core::leaf("declaration", self.first_line(&range), range),
            },
        }
    }

    fn statement(&self, statement: &Stmt) -> Core {
        let range = self.range(statement);
        match statement {
            Stmt::Decl(declaration) => self.declaration(declaration, range),
            Stmt::Expr(expression) => {
                let inside = self.inside(&expression.expr);
                Core::leaf("statement", self.first_line(&range), range).with(inside)
            }
            _ => Core::leaf("statement", self.first_line(&range), range),
        }
    }

    /// What tells a statement without a name from others: how it begins.
    fn first_line(&self, range: &Range<usize>) -> String {
        let source = slice(self.text, range.clone());
        let end = source.find(['\n', '{']).unwrap_or(source.len());
        source[..end].trim_end().to_owned()
    }

    fn import(&self, import: &ImportDecl, range: Range<usize>) -> Core {
        let kind = if import.type_only { "import type" } else { "import" };
        let from = self.line(&*import.src);
        let named = import.specifiers.iter().filter_map(|specifier| match specifier {
            ImportSpecifier::Named(named) => {
                // Whether it is a type is said of it, and is not its name.
                let name = self.line(named);
                let name = name.strip_prefix("type ").unwrap_or(&name).to_owned();
                Some(Core::leaf("name", name, self.range(named)))
            }
            _ => None,
        });
        let named: Vec<Core> = named.collect();
        let braces = self.braces(range.start, self.range(&*import.src).start);
        match braces {
            Some(inner) => Core::leaf(kind, from, range).with(Some(self.body(inner, named, Separator::Comma))),
            None => {
                let whole = import
                    .specifiers
                    .first()
                    .map_or(String::new(), |first| self.line(first));
                Core::leaf(kind, format!("{from} {whole}").trim_end().to_owned(), range)
            }
        }
    }

    fn export(&self, export: &NamedExport, range: Range<usize>) -> Core {
        let from = export.src.as_ref().map_or(String::new(), |source| self.line(&**source));
        let named = export
            .specifiers
            .iter()
            .map(|specifier| Core::leaf("name", self.line(specifier), self.range(specifier)));
        let named: Vec<Core> = named.collect();
        let to = export
            .src
            .as_ref()
            .map_or(range.end, |source| self.range(&**source).start);
        let inside = self
            .braces(range.start, to)
            .map(|inner| self.body(inner, named, Separator::Comma));
        Core::leaf(if export.type_only { "export type" } else { "export" }, from, range).with(inside)
    }

    fn declaration(&self, declaration: &Decl, range: Range<usize>) -> Core {
        let end = range.end;
        match declaration {
            Decl::Fn(function) => {
                let block = function.function.body.as_ref().map(|block| self.block(block));
                Core::leaf("function", function.ident.sym.to_string(), range).with(block)
            }
            Decl::Class(class) => {
                let inside = self.class(&class.class, self.range(&class.ident).end);
                Core::leaf("class", class.ident.sym.to_string(), range).with(inside)
            }
            Decl::Var(variable) => self.variable(variable, range),
            Decl::TsInterface(interface) => {
                let inner = within(self.range(&interface.body));
                let inside = self.body(inner, self.members(&interface.body.body), Separator::None);
                Core::leaf("interface", interface.id.sym.to_string(), range).with(Some(inside))
            }
            Decl::TsTypeAlias(alias) => {
                let inside = match &*alias.type_ann {
                    TsType::TsTypeLit(literal) => {
                        let inner = within(self.range(literal));
                        Some(self.body(inner, self.members(&literal.members), Separator::None))
                    }
                    _ => None,
                };
                Core::leaf("type", alias.id.sym.to_string(), range).with(inside)
            }
            Decl::TsEnum(item) => {
                let members = item
                    .members
                    .iter()
                    .map(|member| Core::leaf("member", self.line(&member.id), self.range(member)));
                let members: Vec<Core> = members.collect();
                let inner = self.braces(self.range(&item.id).end, end);
                let inside = inner.map(|inner| self.body(inner, members, Separator::Comma));
                Core::leaf("enum", item.id.sym.to_string(), range).with(inside)
            }
            Decl::TsModule(module) => {
                let inside = match &module.body {
                    Some(TsNamespaceBody::TsModuleBlock(block)) => {
                        let cores = block.body.iter().map(|item| self.item(item)).collect();
                        Some(self.body(within(self.range(block)), cores, Separator::None))
                    }
                    _ => None,
                };
                Core::leaf("namespace", self.line(&module.id), range).with(inside)
            }
            Decl::Using(_) => Core::leaf("statement", self.first_line(&range), range),
        }
    }

    fn variable(&self, variable: &VarDecl, range: Range<usize>) -> Core {
        let kind = match variable.kind {
            VarDeclKind::Const => "const",
            VarDeclKind::Let => "let",
            VarDeclKind::Var => "var",
        };
        let names = variable.decls.iter().map(|one| match &one.name {
            Pat::Ident(name) => name.id.sym.to_string(),
            pattern => self.line(pattern),
        });
        let name = names.collect::<Vec<_>>().join(", ");
        let inside = match variable.decls.as_slice() {
            [only] => only.init.as_ref().and_then(|value| self.inside(value)),
            _ => None,
        };
        Core::leaf(kind, name, range).with(inside)
    }

    fn members(&self, members: &[TsTypeElement]) -> Vec<Core> {
        let cores = members.iter().map(|member| {
            let name = match member {
                TsTypeElement::TsPropertySignature(property) => self.line(&*property.key),
                TsTypeElement::TsMethodSignature(method) => self.line(&*method.key),
                TsTypeElement::TsGetterSignature(getter) => format!("get {}", self.line(&*getter.key)),
                TsTypeElement::TsSetterSignature(setter) => format!("set {}", self.line(&*setter.key)),
                TsTypeElement::TsCallSignatureDecl(_) => "()".to_owned(),
                TsTypeElement::TsConstructSignatureDecl(_) => "new ()".to_owned(),
                TsTypeElement::TsIndexSignature(_) => "[]".to_owned(),
            };
            Core::leaf("member", name, self.range(member))
        });
        cores.collect()
    }

    fn class(&self, class: &Class, name_end: usize) -> Option<Body> {
        let ends = [
            class.type_params.as_ref().map(|part| self.range(&**part).end),
            class.super_class.as_ref().map(|part| self.range(&**part).end),
            class.super_type_params.as_ref().map(|part| self.range(&**part).end),
            class.implements.last().map(|part| self.range(part).end),
        ];
        let head = ends.into_iter().flatten().max().unwrap_or(name_end).max(name_end);
        let inner = self.braces(head, self.range(class).end)?;
        let cores = class
            .body
            .iter()
            .filter(|member| !matches!(member, ClassMember::Empty(_)));
        let cores = cores.map(|member| {
            let range = self.range(member);
            let block = |body: &Option<BlockStmt>| body.as_ref().map(|block| self.block(block));
            match member {
                ClassMember::Constructor(member) => {
                    Core::leaf("method", "constructor".to_owned(), range).with(block(&member.body))
                }
                ClassMember::Method(member) => {
                    Core::leaf("method", self.line(&member.key), range).with(block(&member.function.body))
                }
                ClassMember::PrivateMethod(member) => {
                    Core::leaf("method", self.line(&member.key), range).with(block(&member.function.body))
                }
                ClassMember::ClassProp(member) => Core::leaf("property", self.line(&member.key), range),
                ClassMember::PrivateProp(member) => Core::leaf("property", self.line(&member.key), range),
                ClassMember::AutoAccessor(_) => Core::leaf("property", self.first_line(&range), range),
                ClassMember::TsIndexSignature(_) => Core::leaf("property", "[]".to_owned(), range),
                ClassMember::StaticBlock(_) | ClassMember::Empty(_) => Core::leaf("static", String::new(), range),
            }
        });
        Some(self.body(inner, cores.collect(), Separator::None))
    }

    /// Signature and body, each for itself.
    fn block(&self, block: &BlockStmt) -> Body {
        split(self.range(block).start + 1)
    }

    fn inside(&self, expression: &Expr) -> Option<Body> {
        match inside(expression)? {
            Inside::Block(block) => Some(self.block(block)),
            Inside::Object(object) => {
                let cores = object.props.iter().map(|property| self.property(property)).collect();
                Some(self.body(within(self.range(object)), cores, Separator::Comma))
            }
        }
    }

    fn property(&self, property: &PropOrSpread) -> Core {
        let range = self.range(property);
        let PropOrSpread::Prop(property) = property else {
            return Core::leaf("member", self.first_line(&range), range);
        };
        match &**property {
            Prop::Shorthand(name) => Core::leaf("member", name.sym.to_string(), range),
            Prop::KeyValue(pair) => Core::leaf("member", self.line(&pair.key), range).with(self.inside(&pair.value)),
            Prop::Method(method) => {
                let block = method.function.body.as_ref().map(|block| self.block(block));
                Core::leaf("member", self.line(&method.key), range).with(block)
            }
            Prop::Getter(getter) => Core::leaf("member", format!("get {}", self.line(&getter.key)), range),
            Prop::Setter(setter) => Core::leaf("member", format!("set {}", self.line(&setter.key)), range),
            Prop::Assign(_) => Core::leaf("member", self.first_line(&range), range),
        }
    }
}

/// The object or function that an expression is about: it itself, or what stands first in a call.
pub(crate) fn inside(expression: &Expr) -> Option<Inside<'_>> {
    let of_arguments = |arguments| <[ExprOrSpread]>::iter(arguments).find_map(|argument| inside(&argument.expr));
    match expression {
        Expr::Object(object) => Some(Inside::Object(object)),
        Expr::Arrow(arrow) => match &*arrow.body {
            BlockStmtOrExpr::BlockStmt(block) => Some(Inside::Block(block)),
            BlockStmtOrExpr::Expr(value) => inside(value),
        },
        Expr::Fn(function) => function.function.body.as_ref().map(Inside::Block),
        Expr::Paren(inner) => inside(&inner.expr),
        Expr::TsAs(inner) => inside(&inner.expr),
        Expr::TsSatisfies(inner) => inside(&inner.expr),
        Expr::TsConstAssertion(inner) => inside(&inner.expr),
        Expr::TsNonNull(inner) => inside(&inner.expr),
        Expr::Await(inner) => inside(&inner.arg),
        Expr::Call(call) => of_arguments(&call.args).or_else(|| match &call.callee {
            Callee::Expr(callee) => match &**callee {
                Expr::Member(member) => inside(&member.obj),
                _ => None,
            },
            _ => None,
        }),
        Expr::New(new) => of_arguments(new.args.as_ref()?),
        _ => None,
    }
}

fn within(braces: Range<usize>) -> Range<usize> {
    braces.start + 1..braces.end.saturating_sub(1)
}
