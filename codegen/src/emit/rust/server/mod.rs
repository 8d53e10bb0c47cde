//! The half of the crate that is about operations.
//!
//! Owns: the modules about operations: `api`, `bodies`, `client`, `errors`, `operations`, `server`, `wire`. Must not know: how
//! types are written.

mod api;
mod carrier;
mod client;
mod errors;
mod handlers;
mod plan;
mod scaffold;
mod table;

use rayon::prelude::*;

use super::super::Input;
use super::names::RustNames;
use super::{Module, Root};
use crate::diagnostics::Diagnostics;
use crate::model::DomainId;

/// A frame: its name, where it goes below `src/`, its text.
macro_rules! frames {
    ($($path:literal),* $(,)?) => {
        /// Frames of this half: name and text.
        pub(in super::super) const FRAMES: &[(&str, &str)] = &[$((
            concat!("rust/", $path),
            include_str!(concat!("../../../../../templates/rust/", $path)),
        )),*];
    };
}

frames![
    "bodies.rs",
    "client/answer.rs",
    "client/error.rs",
    "client/events.rs",
    "client/mod.rs",
    "client/request.rs",
    "errors/envelope.rs",
    "errors/failure.rs",
    "operations/operation.rs",
    "server/call.rs",
    "server/failure.rs",
    "server/form.rs",
    "server/mod.rs",
    "server/reply.rs",
    "server/routes.rs",
    "wire/mod.rs",
    "wire/read.rs",
    "wire/shape.rs",
    "wire/text.rs",
    "wire/write.rs",
];

/// Top-level modules of this half.
pub(super) const MODULES: &[Root] = &[
    root("api", None),
    root("bodies", None),
    root("client", Some("client")),
    root("errors", None),
    root("operations", None),
    root("server", Some("server")),
    root("wire", None),
];

const fn root(name: &'static str, feature: Option<&'static str>) -> Root {
    Root { name, feature }
}

/// Makes the modules.
pub(super) fn emit(names: &RustNames<'_>, input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Module> {
    let mut modules = Vec::new();
    let context = super::Frame::of(names.model);
    for (frame, _) in FRAMES {
        if let Some(text) = super::frame(input, frame, &context, diagnostics) {
            modules.push(Module::text(frame.trim_start_matches("rust/"), text));
        }
    }
    let plan = plan::plan(names);
    let codes = errors::Codes::of(names.model);
    let domains = served(&plan);
    modules.extend([
        Module::text("api/mod.rs", api::index(&plan, &domains)),
        Module::text("client/calls/mod.rs", client::index(&plan, &domains)),
        Module::text("errors/mod.rs", errors::module(&plan, &codes)),
        Module::text("operations/mod.rs", table::index(&plan)),
        Module::text("operations/policy.rs", table::policy(&plan)),
        Module::text("operations/table/mod.rs", table::list(&plan, &domains)),
        Module::text("server/handlers/mod.rs", handlers::index(&plan, &domains)),
    ]);
    modules.par_extend(domains.par_iter().with_max_len(1).flat_map_iter(|domain| {
        let name = names.domain(*domain);
        let round = input.revisions.of_domain(names.model, *domain);
        // Which of the names are free is decided by the operations of other domains, too.
        let key = ("rust domain", format!("{name} {}", plan.taken(*domain)));
        let made = input.memo.part(key, round, input.revisions.now, || {
            [
                Module::text(format!("api/{name}.rs"), api::domain(&plan, *domain)),
                Module::text(format!("client/calls/{name}.rs"), client::domain(&plan, *domain)),
                Module::text(
                    format!("operations/table/{name}.rs"),
                    table::domain(&plan, &codes, *domain),
                ),
                Module::text(format!("server/handlers/{name}.rs"), handlers::domain(&plan, *domain)),
            ]
            .map(|module| module.aside(input.memo))
        });
        (*made).clone()
    }));
    modules
}

/// The domains that have operations.
fn served(plan: &plan::Plan<'_>) -> Vec<DomainId> {
    (0..plan.names.model.domains.len())
        .filter_map(|index| u32::try_from(index).ok().map(DomainId))
        .filter(|domain| {
            plan.operations
                .iter()
                .any(|planned| planned.operation.domain == *domain)
        })
        .collect()
}

/// Handlers for the team's own crate, below the folder of the settings: the name of a file and its text. `krate` is what the
/// team's crate calls the generated one.
pub(super) fn scaffolds(names: &RustNames<'_>, krate: &str) -> Vec<(String, String)> {
    let plan = plan::plan(names);
    let domains = served(&plan);
    let mut files = vec![("mod.rs".to_owned(), scaffold::index(&plan, krate, &domains))];
    files.extend(domains.iter().map(|domain| {
        let name = format!("{}.rs", names.domain(*domain));
        (name, scaffold::domain(&plan, krate, *domain))
    }));
    files
}
