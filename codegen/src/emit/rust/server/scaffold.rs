//! Files that are written once, into the team's own crate: handlers to fill in, and the router over them.
//!
//! Owns: their first text. Must not know: what becomes of them.
//!
//! Every type is spelt with its whole path. So a signature can be compared with the one that the contract asks for now, whatever
//! the team's file imports.

use std::fmt::Write as _;

use super::super::docs::{comment, heading, lines};
use super::plan::{Plan, Planned};
use crate::model::DomainId;

/// Lines longer than this are broken, where rustfmt breaks them.
const WIDTH: usize = 100;

/// `mod.rs`: what serves every domain, and the router over it.
pub(super) fn index(plan: &Plan<'_>, krate: &str, domains: &[DomainId]) -> String {
    let mut modules: Vec<&str> = domains.iter().map(|domain| plan.names.domain(*domain)).collect();
    modules.sort_unstable();
    let mut text = String::from(concat!(
        "//! What the service does.\n",
        "//!\n",
        "//! This file is yours: it is written once. A domain that the contract gets later has its handlers in a file of its own\n",
        "//! beside this one; name it here.\n\n",
    ));
    // A domain may be called like the crate; its module is nearer.
    let root = if modules.contains(&krate) { "::" } else { "" };
    for module in modules {
        let _ = writeln!(text, "mod {module};");
    }
    let _ = write!(
        text,
        concat!(
            "\n",
            "use std::sync::Arc;\n\n",
            "/// Serves every domain. What handlers share, such as a pool of connections, goes here.\n",
            "#[derive(Debug, Clone, Default)]\n",
            "pub struct Handlers {{}}\n\n",
            "/// The router of the whole service.\n",
            "pub fn router(handlers: Handlers) -> axum::Router {{\n",
            "    {root}{krate}::server::router(Arc::new(handlers))\n",
            "}}\n",
        ),
        root = root,
        krate = krate
    );
    text
}

/// `<domain>.rs`: a handler for each operation of the domain.
pub(super) fn domain(plan: &Plan<'_>, krate: &str, domain: DomainId) -> String {
    let title = heading(&plan.names.model.domain(domain).title);
    let name = plan.trait_of(domain);
    let mut text = format!(
        concat!(
            "//! Handlers of {title}.\n",
            "//!\n",
            "//! This file is yours: it is written once. A handler that is left out answers 501, like a stub.\n\n",
            "use super::Handlers;\n\n",
            "impl {krate}::api::{name} for Handlers {{\n",
        ),
        title = title,
        krate = krate,
        name = name
    );
    let members = (plan.operations.iter()).filter(|planned| planned.operation.domain == domain);
    for (position, planned) in members.enumerate() {
        if position > 0 {
            text.push('\n');
        }
        stub(planned, krate, &mut text);
    }
    text.push_str("}\n");
    text
}

fn stub(planned: &Planned<'_>, krate: &str, text: &mut String) {
    let operation = planned.operation;
    let about = format!(
        "`{} {}`",
        operation.method.as_str(),
        operation.path.raw.replace('`', "'")
    );
    text.push_str(&comment(&lines(&about), "    "));
    let answer = format!("{krate}::api::{}", planned.response);
    let failure = format!("{krate}::errors::Failure");
    let mut result = format!("    ) -> Result<{answer}, {failure}> {{");
    if result.len() > WIDTH {
        result = format!("    ) -> Result<\n        {answer},\n        {failure},\n    > {{");
    }
    let mut failed = format!("        Err({failure}::not_implemented(context.operation.id))");
    if failed.len() > WIDTH {
        failed = format!("        Err({failure}::not_implemented(\n            context.operation.id,\n        ))");
    }
    let _ = write!(
        text,
        concat!(
            "    async fn {method}(\n",
            "        &self,\n",
            "        context: {krate}::server::Context,\n",
            "        request: {krate}::api::{request},\n",
            "{result}\n",
            "        let _ = request;\n",
            "{failed}\n",
            "    }}\n"
        ),
        method = planned.method,
        krate = krate,
        request = planned.request,
        result = result,
        failed = failed
    );
}
