//! TypeScript: what the targets of the npm package share.
//!
//! Owns: names and modules of the package ([`names`]), quoting of text ([`text`]), imports ([`imports`]), how expressions
//! and types stand on lines ([`layout`]). Must not know: Zod, Drizzle or Hono.
//!
//! The package's layout, below `settings.typescript.out` ([`folder`]):
//!
//! ```text
//! package.json  tsconfig.json  README.md
//! src/index.ts               everything public
//! src/zod/<module>.ts        one a domain, `shared`, `internal`; `index.ts` has all but the internal types
//! src/drizzle/schema.ts      tables; drizzle.config.ts stands beside package.json
//! src/hono/…                 the app; `src/hono/index.ts` is its entry (`<package>/hono`)
//! ```
//!
//! Relative imports carry the extension `.js`, as Node demands of ES modules; TypeScript and esbuild find the `.ts` behind it.

pub(super) mod imports;
pub(super) mod layout;
pub(super) mod names;
pub(super) mod text;
pub(super) mod types;

use super::Input;

/// Folder of the npm package, without a slash at its end.
pub(super) fn folder<'a>(input: &Input<'a>) -> &'a str {
    input.settings.typescript.out.as_deref().unwrap_or("generated/ts")
}

/// Name of the npm package: that of the settings, else made from the project's name.
pub(super) fn package_name(input: &Input<'_>) -> String {
    if let Some(name) = &input.settings.typescript.package {
        return name.clone();
    }
    let name = crate::model::Name::new(input.project).to(crate::model::Case::Kebab);
    // The registry refuses names of more than 214 characters.
    let name: String = name.chars().take(180).collect();
    format!("@{}/contract", name.trim_end_matches('-'))
}
