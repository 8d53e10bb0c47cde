//! Templates: the fixed frames of generated files.
//!
//! Owns: the built-in frames, the project's replacements, and rendering. Must not know: what any frame is for.

use std::collections::BTreeMap;

use serde::Serialize;
use tera::Tera;

/// Built-in templates of every target: name (`hono/app.ts`) and text.
fn built_in() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    super::FRAMES.iter().copied().flatten()
}

/// All frames, ready to render.
#[derive(Debug)]
pub struct Templates {
    tera: Tera,
}

/// Why a frame could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Name of the template.
    pub name: String,
    /// What the template engine says, with line and column.
    pub message: String,
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
                errors.push(TemplateError {
                    name: (*name).to_owned(),
                    message: error.to_string(),
                });
            }
        }
        for name in replacements.keys() {
            if !built_in().any(|(known, _)| known == name) {
                let message = "replaces no built-in template".to_owned();
                errors.push(TemplateError {
                    name: name.clone(),
                    message,
                });
            }
        }
        if errors.is_empty() {
            Ok(Self { tera })
        } else {
            Err(errors)
        }
    }

    /// Fills a frame.
    ///
    /// # Errors
    /// The template uses a variable it was not given, or a filter that does not exist.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let failed = |error: tera::Error| TemplateError {
            name: name.to_owned(),
            message: error.to_string(),
        };
        let context = tera::Context::from_serialize(context).map_err(failed)?;
        self.tera.render(name, &context).map_err(failed)
    }
}
