//! Templates: the fixed frames of generated files.
//!
//! Owns: the built-in frames, the project's replacements, and rendering. Must not know: what any frame is for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deno_ast::diagnostics::Diagnostic as _;
use deno_ast::{MediaType, ModuleSpecifier, ParseDiagnostic, ParseParams};
use serde::Serialize;
use tera::Tera;

use crate::diagnostics::{At, Diagnostic, Place, emit as codes, nearest};

/// Built-in templates of every target: name (`hono/app.ts`) and text.
fn built_in() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    super::FRAMES.iter().copied().flatten()
}

/// Whether there is a built-in template of this name.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    built_in().any(|(known, _)| *known == name)
}

/// All frames, ready to render.
#[derive(Debug)]
pub struct Templates {
    tera: Tera,
    /// Names of the project's own frames of TypeScript. That the built-in ones make TypeScript is proven by tests.
    unproven: BTreeSet<String>,
}

/// Why a frame could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Name of the template.
    pub name: String,
    /// What the template engine says.
    pub message: String,
    /// Line and column, from 1, where the engine tells them.
    pub at: Option<(u32, u32)>,
}

impl TemplateError {
    /// What the engine says, which is a picture of several lines, as one line and a place.
    fn of(name: &str, error: &tera::Error) -> Self {
        let text = error.to_string();
        let mut lines = text.lines().map(str::trim);
        let first = lines.next().unwrap_or("");
        let place = lines.find_map(|line| line.strip_prefix("--> ")?.strip_prefix(name)?.strip_prefix(':'));
        let at = place.and_then(|place| {
            let (line, column) = place.split_once(':')?;
            Some((line.parse().ok()?, column.parse().ok()?))
        });
        Self {
            name: name.to_owned(),
            message: first.strip_prefix("error: ").unwrap_or(first).to_owned(),
            at,
        }
    }

    /// The problem as it is told, in the folder of the project's templates.
    #[must_use]
    pub fn diagnostic(&self, folder: Option<&str>) -> Diagnostic {
        let file = format!("{}/{}", folder.unwrap_or("templates"), self.name);
        let mut place = Place::file(&file);
        if let Some((line, column)) = self.at {
            place.at = At::LineColumn(line, column);
        }
        let known = built_in().map(|(name, _)| *name);
        let hint = if is_built_in(&self.name) {
            "compare it with the built-in template of this name, or delete it to use that one".to_owned()
        } else {
            match nearest(&self.name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "move it out of the folder that `templates` of flaresmith.toml names".to_owned(),
            }
        };
        Diagnostic::new(&codes::TEMPLATE, self.message.clone(), place).hint(hint)
    }
}

impl Templates {
    /// The built-in frames, with those of the project in place of the ones they name.
    ///
    /// # Errors
    /// Every replacement that does not parse, or that replaces nothing, is told.
    pub fn new(replacements: &BTreeMap<String, String>) -> Result<Self, Vec<TemplateError>> {
        let mut tera = Tera::default();
        // Frames are code, not pages: nothing is escaped behind our back. Quoting is each target's own duty.
        tera.autoescape_on(Vec::<&str>::new());
        let mut errors = Vec::new();
        for (name, text) in built_in() {
            let text = replacements.get(*name).map_or(*text, String::as_str);
            if let Err(error) = tera.add_raw_template(name, text) {
                errors.push(TemplateError::of(name, &error));
            }
        }
        for name in replacements.keys() {
            if !is_built_in(name) {
                let message = "replaces no built-in template".to_owned();
                errors.push(TemplateError {
                    name: name.clone(),
                    message,
                    at: None,
                });
            }
        }
        if errors.is_empty() {
            let typescript = replacements.keys().filter(|name| name.ends_with(".ts"));
            let unproven = typescript.cloned().collect();
            Ok(Self { tera, unproven })
        } else {
            Err(errors)
        }
    }

    /// Fills a frame.
    ///
    /// # Errors
    /// The template uses a variable it was not given, or a filter that does not exist; or it is the project's own, and what it
    /// makes is not TypeScript where it should be.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let failed = |error: tera::Error| TemplateError::of(name, &error);
        let context = tera::Context::from_serialize(context).map_err(failed)?;
        let text = self.tera.render(name, &context).map_err(failed)?;
        if self.unproven.contains(name)
            && let Err(message) = is_typescript(&text)
        {
            let (name, message) = (name.to_owned(), format!("what it makes is not TypeScript: {message}"));
            return Err(TemplateError {
                name,
                message,
                at: None,
            });
        }
        Ok(text)
    }
}

/// Why a text does not parse.
fn is_typescript(text: &str) -> Result<(), String> {
    let specifier = ModuleSpecifier::parse("file:///text").map_err(|error| error.to_string())?;
    let told = |problem: &ParseDiagnostic| {
        let at = problem.display_position();
        let message = problem.message();
        format!("line {}, column {}: {message}", at.line_number, at.column_number)
    };
    let parsed = deno_ast::parse_module(ParseParams {
        specifier,
        text: Arc::from(text),
        media_type: MediaType::TypeScript,
        capture_tokens: false,
        scope_analysis: false,
        maybe_syntax: None,
    });
    let parsed = parsed.map_err(|problem| told(&problem))?;
    parsed
        .diagnostics()
        .first()
        .map_or(Ok(()), |problem| Err(told(problem)))
}
