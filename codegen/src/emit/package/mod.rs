//! The hidden `package` target: what makes the zod, drizzle and hono targets one npm package.
//!
//! Owns: `package.json`, `tsconfig.json`, the entry and the README. Must not know: what the modules of other targets contain;
//! only which targets are selected, and where their entries stand.

use serde::Serialize;

use super::{Artifact, GENERATED_BY, Input, Ownership, typescript};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::tree::{Map, Value, json};

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[(
    "package/README.md",
    include_str!("../../../../templates/package/README.md"),
)];

/// What frames may use.
#[derive(Serialize)]
struct Frame<'a> {
    project: String,
    package: &'a str,
    /// What is in the package, in words: `Zod schemas and Drizzle tables`.
    parts: String,
    zod: bool,
    drizzle: bool,
    hono: bool,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let folder = typescript::folder(input);
    let package = typescript::package_name(input);
    let has = |target: &str| input.selected.contains(&target);
    let frame = Frame {
        // Words of a contract, in Markdown: on one line, and without what could begin markup.
        project: plain(input.project),
        package: &package,
        parts: listed(&[
            (has("zod"), "Zod schemas"),
            (has("drizzle"), "Drizzle tables"),
            (has("hono"), "a Hono app"),
        ]),
        zod: has("zod"),
        drizzle: has("drizzle"),
        hono: has("hono"),
    };
    let entry = format!("// {GENERATED_BY}\n\n{}", entry(&frame));
    let mut artifacts = vec![
        (format!("{folder}/package.json"), pretty(&manifest(input, &frame))),
        (format!("{folder}/tsconfig.json"), pretty(&compiler(&frame))),
        (format!("{folder}/tsconfig.build.json"), pretty(&build())),
        (format!("{folder}/.gitignore"), "node_modules/\ndist/\n".to_owned()),
        (format!("{folder}/src/index.ts"), entry),
    ];
    match input.templates.render("package/README.md", &frame) {
        Ok(text) => artifacts.push((format!("{folder}/README.md"), text)),
        Err(error) => {
            let place = Place::file(&format!("templates/{}", error.name));
            diagnostics.push(Diagnostic::new(&codes::TEMPLATE, error.message, place));
        }
    }
    artifacts
        .into_iter()
        .map(|(path, text)| Artifact {
            path,
            text: text.into(),
            ownership: Ownership::Managed,
            target: "package",
        })
        .collect()
}

/// The entry: all that is public. The app stays behind its own path, so that a client does not load a server.
fn entry(frame: &Frame<'_>) -> String {
    let mut text = String::new();
    if frame.zod {
        text.push_str("export * from './zod/index.js';\n");
    }
    if frame.drizzle {
        text.push_str("export * as tables from './drizzle/schema.js';\n");
    }
    if text.is_empty() {
        text.push_str("export {};\n");
    }
    text
}

fn manifest(input: &Input<'_>, frame: &Frame<'_>) -> Value {
    let mut exports = Map::new();
    let mut export = |path: &str, module: &str| {
        let targets = json!({
            // Types and bundles for workers need no build before them.
            "types": format!("./src/{module}.ts"),
            "workerd": format!("./src/{module}.ts"),
            "default": format!("./dist/{module}.js"),
        });
        exports.insert(path.to_owned(), targets);
    };
    let mut dependencies = Map::new();
    let mut development = Map::new();
    let mut scripts = Map::new();
    scripts.insert("build", "tsc -p tsconfig.build.json".into());
    scripts.insert("prepare", "npm run build".into());
    scripts.insert("typecheck", "tsc -p tsconfig.json --noEmit".into());
    export(".", "index");
    development.insert("@types/node", ">=20".into());
    if frame.drizzle {
        export("./drizzle", "drizzle/schema");
        dependencies.insert("drizzle-orm", "^0.45.4".into());
        development.insert("drizzle-kit", "^0.31.11".into());
        scripts.insert("db:generate", "drizzle-kit generate".into());
        scripts.insert("db:migrate", "drizzle-kit migrate".into());
    }
    if frame.hono {
        export("./hono", "hono/index");
        dependencies.insert("hono", "^4.13.19".into());
    }
    development.insert("typescript", ">=5.9".into());
    if frame.zod {
        export("./zod", "zod/index");
        dependencies.insert("zod", "^4.6.7".into());
    }
    exports.insert("./package.json", "./package.json".into());
    let version = match is_version(&input.model.info.version) {
        true => input.model.info.version.clone(),
        false => "0.0.0".to_owned(),
    };
    json!({
        "name": frame.package,
        "version": version,
        "private": true,
        "type": "module",
        "sideEffects": false,
        "exports": exports,
        "files": ["dist", "src"],
        "scripts": scripts,
        "dependencies": dependencies,
        "devDependencies": development,
        "engines": { "node": ">=20" },
    })
}

fn compiler(frame: &Frame<'_>) -> Value {
    let mut include = vec!["src"];
    if frame.drizzle {
        include.push("drizzle.config.ts");
    }
    json!({
        "compilerOptions": {
            "target": "ES2022",
            "module": "NodeNext",
            "moduleResolution": "NodeNext",
            "lib": ["ES2023", "DOM", "DOM.Iterable"],
            "types": ["node"],
            "strict": true,
            "exactOptionalPropertyTypes": true,
            "noUncheckedIndexedAccess": true,
            "noImplicitOverride": true,
            "noFallthroughCasesInSwitch": true,
            "verbatimModuleSyntax": true,
            "isolatedModules": true,
            "forceConsistentCasingInFileNames": true,
            "skipLibCheck": true,
            "declaration": true,
            "sourceMap": true,
            "noEmit": true,
        },
        "include": include,
    })
}

fn build() -> Value {
    json!({
        "extends": "./tsconfig.json",
        "compilerOptions": { "noEmit": false, "rootDir": "src", "outDir": "dist" },
        "include": ["src"],
    })
}

fn pretty(value: &Value) -> String {
    // A value of `json!` always has a text.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Whether npm takes the text as a version: three numbers, and perhaps a pre-release.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = text
        .split_once('-')
        .map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    let number = |part: &str| {
        let digits = !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && (part == "0" || !part.starts_with('0'))
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    let release = |rest: &str| {
        let word = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && (!part.bytes().all(|byte| byte.is_ascii_digit()) || number(part))
        };
        rest.split('.').all(word)
    };
    parts.len() == 3 && parts.iter().all(|part| number(part)) && rest.is_none_or(release)
}

/// The chosen words as a list that begins a sentence.
fn listed(parts: &[(bool, &str)]) -> String {
    let chosen: Vec<&str> = parts
        .iter()
        .filter(|(chosen, _)| *chosen)
        .map(|(_, part)| *part)
        .collect();
    let text = match chosen.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "The frame".to_owned(),
    };
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

fn plain(text: &str) -> String {
    let kept = |c: char| {
        if c.is_alphanumeric() || " .,:;-+()&'/".contains(c) {
            c
        } else {
            ' '
        }
    };
    text.chars()
        .map(kept)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_npm_takes_is_a_version() {
        for good in ["1.0.0", "0.10.2", "1.2.3-beta.1"] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "v1",
            "1.0",
            "01.0.0",
            "1.0.0-",
            "1.0.0-01",
            "2024-01-01",
            "",
            "1.0.0+\"x\"",
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn the_readme_tells_what_was_chosen() {
        assert_eq!(
            listed(&[(true, "Zod schemas"), (false, "b"), (true, "a Hono app")]),
            "Zod schemas and a Hono app"
        );
        assert_eq!(listed(&[(false, "x"), (true, "a Hono app")]), "A Hono app");
    }

    #[test]
    fn the_package_exports_and_needs_what_is_selected() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "My API", "version": "1.2.3"}, "paths": {}});
        let made = crate::emit::testing::artifacts(&document, &["drizzle"]);
        let manifest: Value = serde_json::from_str(made.get("generated/ts/package.json").unwrap()).unwrap();
        assert_eq!(
            (&manifest["name"], &manifest["version"]),
            (&json!("@my-api/contract"), &json!("1.2.3"))
        );
        assert!(manifest["exports"].get("./drizzle").is_some() && manifest["exports"].get("./zod").is_none());
        assert!(manifest["dependencies"].get("drizzle-orm").is_some() && manifest["dependencies"].get("zod").is_none());
        assert!(
            made.get("generated/ts/src/index.ts")
                .unwrap()
                .contains("./drizzle/schema.js")
        );
    }

    #[test]
    fn words_of_a_contract_begin_no_markup() {
        assert_eq!(plain("Pets <script>\n# `x` | [a](b)"), "Pets script x a (b)");
    }
}
