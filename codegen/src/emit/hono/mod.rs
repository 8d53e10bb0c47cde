//! The `hono` target.
//!
//! Owns: a typed Hono app inside the npm package: the table of operations, the error catalog, one module a domain, the app, and
//! example answers; stubs and a worker, written once. Must not know: other targets, save for the schemas of the package, which
//! are written with the same words.
//!
//! ```text
//! src/hono/operations.ts  errors.ts  app.ts  index.ts       data, failures, the app
//! src/hono/<domain>.ts                                      inputs, outputs, handlers and routes of a domain
//! src/hono/serve/…                                          reading requests, writing answers: fixed frames
//! src/hono/examples/…                                       answers out of the contract, and a worker that serves them
//! src/handlers/<domain>.ts  src/worker.ts                   written once
//! ```
//!
//! With a folder for handlers in the settings, `<domain>.ts` and `index.ts` are written there instead of the last line.

mod answers;
mod catalog;
mod domain;
mod examples;
mod operations;
mod paths;
mod scaffold;
mod wire;

use rayon::prelude::*;
use serde::Serialize;

use super::typescript::imports::declaration;
use super::typescript::layout::Layout;
use super::typescript::names::TsNames;
use super::typescript::text::{member, string};
use super::typescript::{self};
use super::{Artifact, GENERATED_BY, Input, Ownership};
use crate::diagnostics::{Diagnostic, Diagnostics, Place, emit as codes};
use crate::model::DomainId;
use crate::model::graph::Edges;
use crate::revisions::Round;
use crate::tree::json;

/// Frames of this target: name and text.
pub(super) const FRAMES: &[(&str, &str)] = &[
    ("hono/app.ts", include_str!("../../../../templates/hono/app.ts")),
    ("hono/errors.ts", include_str!("../../../../templates/hono/errors.ts")),
    (
        "hono/operations.ts",
        include_str!("../../../../templates/hono/operations.ts"),
    ),
    (
        "hono/serve/answer.ts",
        include_str!("../../../../templates/hono/serve/answer.ts"),
    ),
    (
        "hono/serve/request.ts",
        include_str!("../../../../templates/hono/serve/request.ts"),
    ),
    (
        "hono/serve/route.ts",
        include_str!("../../../../templates/hono/serve/route.ts"),
    ),
    (
        "hono/serve/wire.ts",
        include_str!("../../../../templates/hono/serve/wire.ts"),
    ),
    (
        "hono/examples/handlers.ts",
        include_str!("../../../../templates/hono/examples/handlers.ts"),
    ),
    (
        "hono/examples/worker.ts",
        include_str!("../../../../templates/hono/examples/worker.ts"),
    ),
];

/// Fields of the frame `app.ts`.
#[derive(Serialize)]
struct App {
    generated_by: &'static str,
    imports: String,
    /// The interfaces of all domains, with the space or the line end before them.
    interfaces: String,
    rows: String,
}

/// Fields of the frame `operations.ts`.
#[derive(Serialize)]
struct Operations {
    generated_by: &'static str,
    rows: String,
    roles: String,
    role: &'static str,
    rate_buckets: String,
    rate_classes: String,
}

/// Fields of the frame `examples/handlers.ts`.
#[derive(Serialize)]
struct Examples {
    generated_by: &'static str,
    rows: String,
}

/// Makes the artifacts.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let model = input.model;
    let names = input.names.typescript(input);
    let components = model.components(Edges::All);
    let domains: Vec<DomainId> = (0..model.domains.len())
        .filter_map(|index| u32::try_from(index).ok())
        .map(DomainId)
        .filter(|domain| model.operations_of(*domain).next().is_some())
        .collect();
    let folder = typescript::folder(input);
    let handlers_folder = input.settings.typescript.handlers.as_deref();
    let package = handlers_folder.map(|_| typescript::package_name(input));
    let package = package.as_deref();

    // Each file is made apart from the others, so they can be made side by side.
    let mut makers: Vec<Maker<'_>> = vec![
        Maker::new("hono/operations.ts", || {
            let roles = Layout::list(model.roles.iter().map(|role| Layout::text(string(role))).collect());
            let (buckets, classes) = catalog::rates(model);
            // Behind the heads that these have in the frame.
            let table = |kind: &str, table: Layout| {
                let head = format!("export const rate{kind}s: Readonly<Record<string, Rate{kind}>> = ");
                table.behind(head.len(), 0, 1)
            };
            let context = Operations {
                generated_by: GENERATED_BY,
                rows: operations::rows(names),
                roles: roles.behind("export const roles = ".len(), 0, " as const;".len()),
                role: if model.roles.is_empty() {
                    "string"
                } else {
                    "(typeof roles)[number]"
                },
                rate_buckets: table("Bucket", buckets),
                rate_classes: table("Class", classes),
            };
            frame(input, "hono/operations.ts", &context)
        }),
        Maker::new("hono/errors.ts", || {
            frame(input, "hono/errors.ts", &catalog::frame(model, GENERATED_BY))
        }),
        Maker::new("hono/app.ts", || frame(input, "hono/app.ts", &app(names, &domains))),
        Maker::new("hono/index.ts", || Ok(index(names, &domains))),
        Maker::new("hono/examples/handlers.ts", || {
            let context = Examples {
                generated_by: GENERATED_BY,
                rows: examples::rows(input, names),
            };
            frame(input, "hono/examples/handlers.ts", &context)
        }),
    ];
    makers.push(match package {
        Some(_) => Maker::scaffold("index.ts", || Ok(scaffold::index(names, &domains))),
        None => Maker::scaffold("worker.ts", || Ok(scaffold::worker(names, &domains))),
    });
    for name in [
        "serve/answer.ts",
        "serve/request.ts",
        "serve/route.ts",
        "serve/wire.ts",
        "examples/worker.ts",
    ] {
        let name = format!("hono/{name}");
        let template = name.clone();
        makers.push(Maker::new(&name, move || {
            frame(input, &template, &json!({ "generated_by": GENERATED_BY }))
        }));
    }
    for domain in &domains {
        let module = names.domain_module(*domain);
        let (names, components) = (names, &components);
        let module_of_domain = Maker::new(&format!("hono/{module}.ts"), || {
            Ok(domain::Module::write(names, components, *domain))
        });
        makers.push(module_of_domain.of_domain(*domain));
        let beside = if package.is_some() { "" } else { "handlers/" };
        let handlers = Maker::scaffold(&format!("{beside}{module}.ts"), move || {
            Ok(scaffold::handlers(names, *domain, package))
        });
        makers.push(handlers.of_domain(*domain));
    }

    let made: Vec<(Vec<Artifact>, Diagnostics)> = makers
        .into_par_iter()
        .with_max_len(1)
        .map(|maker| {
            let mut found = Diagnostics::new();
            let round = maker.round(input);
            let name = format!("{} {}", names.placement(), maker.path);
            let made = input.again("hono", &name, round, &mut found, |found| {
                let below = match (maker.ownership, handlers_folder) {
                    (Ownership::Scaffold, Some(handlers)) => handlers.to_owned(),
                    _ => format!("{folder}/src"),
                };
                maker.make(&below, found).into_iter().collect()
            });
            (made, found)
        })
        .collect();
    let mut artifacts = Vec::with_capacity(made.len());
    for (artifact, mut found) in made {
        artifacts.extend(artifact);
        diagnostics.append(&mut found);
    }
    artifacts
}

type Make<'m> = Box<dyn Fn() -> Result<String, Diagnostic> + Send + Sync + 'm>;

/// What makes the text of one file.
struct Maker<'m> {
    path: String,
    ownership: Ownership,
    /// The domain whose operations it is made of; all operations else.
    domain: Option<DomainId>,
    make: Make<'m>,
}

impl<'m> Maker<'m> {
    /// A managed file, by its path below the folder that it goes into.
    fn new(path: &str, make: impl Fn() -> Result<String, Diagnostic> + Send + Sync + 'm) -> Self {
        Self {
            path: path.to_owned(),
            ownership: Ownership::Managed,
            domain: None,
            make: Box::new(make),
        }
    }

    /// The same, made of one domain.
    fn of_domain(self, domain: DomainId) -> Self {
        Self {
            domain: Some(domain),
            ..self
        }
    }

    fn round(&self, input: &Input<'_>) -> Round {
        match self.domain {
            Some(domain) => input.revisions.of_domain(input.model, domain),
            None => input.revisions.of_operations(),
        }
    }

    /// A file that is written once.
    fn scaffold(path: &str, make: impl Fn() -> Result<String, Diagnostic> + Send + Sync + 'm) -> Self {
        Self {
            ownership: Ownership::Scaffold,
            ..Self::new(path, make)
        }
    }

    fn make(&self, below: &str, diagnostics: &mut Diagnostics) -> Option<Artifact> {
        match (self.make)() {
            Ok(text) => Some(Artifact {
                path: format!("{below}/{}", self.path),
                text: text.into(),
                ownership: self.ownership,
                target: "hono",
            }),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                None
            }
        }
    }
}

fn frame(input: &Input<'_>, name: &str, context: &impl Serialize) -> Result<String, Diagnostic> {
    input.templates.render(name, context).map_err(|error| {
        let folder = input.settings.templates.as_deref().unwrap_or("templates");
        Diagnostic::new(
            &codes::TEMPLATE,
            error.message,
            Place::file(&format!("{folder}/{}", error.name)),
        )
    })
}

fn app(names: &TsNames<'_>, domains: &[DomainId]) -> App {
    let mut imports = String::new();
    let mut sorted = domains.to_vec();
    sorted.sort_by_key(|domain| names.domain_module(*domain));
    for domain in &sorted {
        let (interface, routes) = (domain::interface(names, *domain), domain::routes(names, *domain));
        let from = format!("./{}.js", names.domain_module(*domain));
        declaration(
            "import",
            vec![(&interface, true), (&routes, false)],
            &from,
            &mut imports,
        );
    }
    let interfaces: Vec<String> = domains
        .iter()
        .map(|domain| format!("{}<E>", domain::interface(names, *domain)))
        .collect();
    let line = interfaces.join(", ");
    App {
        generated_by: GENERATED_BY,
        imports: imports.trim_end().to_owned(),
        interfaces: match interfaces.is_empty() {
            true => " Record<never, E>".to_owned(),
            false if line.len() <= 50 => format!(" {line}"),
            false => format!("\n  {}", interfaces.join(",\n  ")),
        },
        rows: patterns(names),
    }
}

/// Rows of the table of patterns, without a line end behind the last.
fn patterns(names: &TsNames<'_>) -> String {
    let mut rows = String::new();
    for (pattern, indexes) in paths::table(names.model) {
        let routes = indexes.iter().filter_map(|index| {
            let operation = names.model.operations.get(*index)?;
            let table = domain::routes(names, operation.domain);
            Some(Layout::text(format!("{table}{}", member(names.operation(*index)))))
        });
        Layout::list(routes.collect()).row(&pattern, &mut rows);
    }
    rows.truncate(rows.trim_end().len());
    rows
}

/// What users of the package import as `<package>/hono`.
fn index(names: &TsNames<'_>, domains: &[DomainId]) -> String {
    let mut text = format!(
        "// {GENERATED_BY}\n\nexport * from './app.js';\nexport * from './errors.js';\nexport * from './operations.js';\n"
    );
    for domain in domains {
        text.push_str(&format!("export * from './{}.js';\n", names.domain_module(*domain)));
    }
    text.push_str("export type { Bytes, ServerSentEvent } from './serve/answer.js';\n");
    text.push_str("export type { Answer, Call } from './serve/route.js';\n");
    text
}
