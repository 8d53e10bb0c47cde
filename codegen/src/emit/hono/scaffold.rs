//! Files that are written once: a stub for each operation, and the worker that serves them.
//!
//! Owns: their first text. Must not know: what becomes of them.

use std::fmt::Write as _;

use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::names::TsNames;
use crate::emit::typescript::text::{comment, key, string};
use crate::model::{DomainId, Operation};

/// Stubs of one domain; `package`: for a package of the team's own, which knows the generated one by this name.
pub(super) fn handlers(names: &TsNames<'_>, domain: DomainId, package: Option<&str>) -> String {
    let module = names.domain_module(domain);
    let interface = super::domain::interface(names, domain);
    let imports = match package {
        Some(package) => format!(
            "import {{ notImplemented, type {interface} }} from {};\n",
            string(&format!("{package}/hono"))
        ),
        None => format!(
            "import {{ notImplemented }} from '../hono/app.js';\nimport type {{ {interface} }} from '../hono/{module}.js';\n"
        ),
    };
    let mut text = format!(
        "{imports}\n// This file is yours: it is written once. An operation that is left out answers 501, like a stub.\n\nexport const {} = {{\n",
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

/// All handlers in one, for a worker that the team writes.
pub(super) fn index(names: &TsNames<'_>, domains: &[DomainId]) -> String {
    let mut text = String::new();
    for domain in domains {
        let (name, module) = (names.domain(*domain), names.domain_module(*domain));
        text.push_str(&format!("import {{ {name} }} from './{module}.js';\n"));
    }
    text.push_str(
        "\n// This file is yours: it is written once, and follows the contract as long as nobody changes it.\n\n",
    );
    spread(names, domains).line(0, "export const handlers = ", ";", &mut text);
    text
}

/// `{ ...projects, ...files }`
fn spread(names: &TsNames<'_>, domains: &[DomainId]) -> Layout {
    let all = domains
        .iter()
        .map(|domain| Layout::text(format!("...{}", names.domain(*domain))));
    Layout::object(all.map(Item::from).collect())
}

/// The worker.
pub(super) fn worker(names: &TsNames<'_>, domains: &[DomainId]) -> String {
    let mut text = String::new();
    for domain in domains {
        let (name, module) = (names.domain(*domain), names.domain_module(*domain));
        text.push_str(&format!("import {{ {name} }} from './handlers/{module}.js';\n"));
    }
    text.push_str("import { createApp } from './hono/app.js';\n\n// This file is yours: it is written once. Middleware goes here: `app.use(…)` on an app of your own that mounts this one.\n\n");
    Layout::call("createApp", vec![spread(names, domains)]).line(0, "export default ", ";", &mut text);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::emit::Ownership;
    use crate::settings::Settings;
    use crate::source::Sources;

    const CONTRACT: &str = "openapi: 3.1.0
info: { title: Shop, version: 1.0.0 }
paths:
  /goods: { get: { operationId: listGoods, tags: [Goods], responses: { '204': { description: None. } } } }
  /staff: { get: { operationId: listStaff, tags: [Staff], responses: { '204': { description: None. } } } }
";

    fn scaffolds(settings: &str) -> BTreeMap<String, String> {
        scaffolds_of(CONTRACT, settings)
    }

    fn scaffolds_of(contract: &str, settings: &str) -> BTreeMap<String, String> {
        let settings = format!("contracts = [\"api.yaml\"]\ntargets = [\"zod\", \"hono\"]\n[typescript]\n{settings}");
        let mut sources = Sources::default();
        sources.insert("api.yaml", contract.as_bytes().to_vec());
        let mut found = Vec::new();
        let settings = Settings::parse(&settings, &mut found);
        assert_eq!(found, []);
        let made = crate::compile(&sources, &settings, &BTreeMap::new()).artifacts;
        let scaffolds = made.into_iter().filter(|one| one.ownership == Ownership::Scaffold);
        scaffolds.map(|one| (one.path, one.text.to_string())).collect()
    }

    #[test]
    fn handlers_go_into_the_generated_package_unless_the_settings_have_a_folder_for_them() {
        let inside = scaffolds("");
        let paths: Vec<&str> = inside.keys().map(String::as_str).collect();
        let below = |name: &str| format!("generated/ts/src/{name}");
        assert_eq!(
            paths,
            ["handlers/goods.ts", "handlers/staff.ts", "worker.ts"].map(below)
        );

        let own = scaffolds("package = \"@shop/it\"\nhandlers = \"worker/src/handlers\"\n");
        let paths: Vec<&str> = own.keys().map(String::as_str).collect();
        let below = |name: &str| format!("worker/src/handlers/{name}");
        assert_eq!(paths, ["goods.ts", "index.ts", "staff.ts"].map(below));
        let goods = &own["worker/src/handlers/goods.ts"];
        assert!(
            goods.starts_with("import { notImplemented, type GoodsHandlers } from '@shop/it/hono';\n"),
            "{goods}"
        );
        let index = &own["worker/src/handlers/index.ts"];
        assert!(
            index.contains("from './goods.js'") && index.contains("handlers = { ...goods, ...staff };"),
            "{index}"
        );
    }

    #[test]
    fn domains_have_no_name_that_stands_in_these_files_already() {
        let contract = CONTRACT
            .replace("[Goods]", "[create-app]")
            .replace("[Staff]", "[Not Implemented]");
        let inside = scaffolds_of(&contract, "");
        let worker = &inside["generated/ts/src/worker.ts"];
        assert!(
            worker.contains("createApp({ ...createApp_, ...notImplemented_ })"),
            "{worker}"
        );
        let stub = &inside["generated/ts/src/handlers/not-implemented.ts"];
        assert!(stub.contains("export const notImplemented_ = {"), "{stub}");

        let contract = CONTRACT.replace("[Goods]", "[Handlers]");
        let own = scaffolds_of(&contract, "package = \"@shop/it\"\nhandlers = \"own\"\n");
        let index = &own["own/index.ts"];
        assert!(
            index.contains("export const handlers = { ...handlers_, ...staff };"),
            "{index}"
        );
    }

    #[test]
    fn the_app_imports_domains_in_the_order_of_their_modules() {
        let contract = CONTRACT.replace("[Goods]", "[Zoo]");
        let mut sources = Sources::default();
        sources.insert("api.yaml", contract.into_bytes());
        let settings = Settings {
            contracts: vec!["api.yaml".to_owned()],
            targets: Some(vec!["zod".to_owned(), "hono".to_owned()]),
            ..Settings::default()
        };
        let made = crate::compile(&sources, &settings, &BTreeMap::new()).artifacts;
        let app = made
            .iter()
            .find(|one| one.path.ends_with("/app.ts"))
            .map(|one| one.text.to_string());
        let app = app.unwrap_or_default();
        assert!(app.find("from './staff.js'") < app.find("from './zoo.js'"), "{app}");
    }
}
