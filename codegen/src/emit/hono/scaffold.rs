//! Files that are written once: a stub for each operation, and the worker that serves them.
//!
//! Owns: their first text. Must not know: what becomes of them.

use std::fmt::Write as _;

use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{comment, key};
use crate::model::{DomainId, Operation};

/// Stubs of one domain.
pub(super) fn handlers(names: &TsNames<'_>, domain: DomainId) -> String {
    let module = names.domain_module(domain);
    let interface = super::domain::interface(names, domain);
    let mut text = format!(
        "import {{ notImplemented }} from '../hono/app.js';\nimport type {{ {interface} }} from '../hono/{module}.js';\n\n// This file is yours: it is written once. An operation that is left out answers 501, like a stub.\n\nexport const {} = {{\n",
        names.domain(domain),
    );
    let of_domain = |(_, operation): &(usize, &Operation)| operation.domain == domain;
    let operations = names.model.operations.iter().enumerate().filter(of_domain);
    for (at, (index, operation)) in operations.enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let line = format!("{} {}", operation.method.as_str(), operation.path.raw);
        text.push_str(&comment(&line, "  "));
        let handler = key(names.operation(index));
        let _ = write!(
            text,
            "  async {handler}(_input, call) {{\n    throw notImplemented(call);\n  }},\n"
        );
    }
    let _ = writeln!(text, "}} satisfies Partial<{interface}>;");
    text
}

/// The worker.
pub(super) fn worker(names: &TsNames<'_>, domains: &[DomainId]) -> String {
    let mut text = String::new();
    for domain in domains {
        let (name, module) = (names.domain(*domain), names.domain_module(*domain));
        text.push_str(&format!("import {{ {name} }} from './handlers/{module}.js';\n"));
    }
    text.push_str("import { createApp } from './hono/app.js';\n\n// This file is yours: it is written once. Middleware goes here: `app.use(…)` on an app of your own that mounts this one.\n\n");
    let all = domains
        .iter()
        .map(|domain| Layout::text(format!("...{}", names.domain(*domain))));
    let all = Layout::object(all.map(Item::from).collect());
    Layout::call("createApp", vec![all]).line(0, "export default ", ";", &mut text);
    text
}
