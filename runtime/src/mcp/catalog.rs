//! The catalog: descriptors of tools, and the operation behind each.
//!
//! Owns: reading what the contract generates. Must not know: how a call is carried out.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use flaresmith_api::operations::{OPERATIONS, Operation};
use rmcp::model::Tool;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A tool for every operation.
static EACH: &str = include_str!("../../../generated/mcp/tools.json");

/// A tool for every domain.
static GROUPED: &str = include_str!("../../../generated/mcp/tools.grouped.json");

/// Which operation a name means, and the domain it belongs to.
static NAMES: &str = include_str!("../../../generated/mcp/tools.search.json");

/// In which form operations are tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One tool an operation.
    Operations,
    /// One tool a domain; `operation` says which, `arguments` are what it takes.
    Domains,
}

/// What can be called.
#[derive(Default)]
pub(super) struct Catalog {
    each: Vec<Tool>,
    grouped: Vec<Tool>,
    named: BTreeMap<String, Named>,
}

struct Named {
    domain: String,
    operation: &'static Operation,
}

#[derive(Deserialize)]
struct ToolsFile {
    tools: Vec<Tool>,
}

#[derive(Deserialize)]
struct NamesFile {
    operations: Vec<NameEntry>,
}

#[derive(Deserialize)]
struct NameEntry {
    name: String,
    domain: String,
    method: String,
    path: String,
}

/// Why a name and arguments are no call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// There is no tool of this name.
    Tool,
    /// The domain has no operation of the name that `operation` gives, or `arguments` is no object.
    Operation,
}

impl Catalog {
    /// The catalog of the contract that this program was built with.
    pub(super) fn own() -> &'static Self {
        static OWN: OnceLock<Catalog> = OnceLock::new();
        // The files are part of the program, so they are read or a test has failed.
        OWN.get_or_init(|| Self::read().unwrap_or_default())
    }

    fn read() -> serde_json::Result<Self> {
        let names: NamesFile = serde_json::from_str(NAMES)?;
        let named = names.operations.into_iter().filter_map(|entry| {
            let mut all = OPERATIONS.iter().copied();
            let operation = all.find(|one| one.method == entry.method && one.path == entry.path)?;
            let domain = entry.domain;
            Some((entry.name, Named { domain, operation }))
        });
        Ok(Self {
            each: serde_json::from_str::<ToolsFile>(EACH)?.tools,
            grouped: serde_json::from_str::<ToolsFile>(GROUPED)?.tools,
            named: named.collect(),
        })
    }

    /// The tools of a form.
    pub(super) fn tools(&self, form: Form) -> &[Tool] {
        match form {
            Form::Operations => &self.each,
            Form::Domains => &self.grouped,
        }
    }

    /// The operation that a call means, with what it takes.
    ///
    /// # Errors
    /// It means none.
    pub(super) fn meant(
        &self,
        form: Form,
        tool: &str,
        mut arguments: Map<String, Value>,
    ) -> Result<(&'static Operation, Map<String, Value>), Unknown> {
        if form == Form::Operations {
            let named = self.named.get(tool).ok_or(Unknown::Tool)?;
            return Ok((named.operation, arguments));
        }
        if !self.grouped.iter().any(|one| one.name == tool) {
            return Err(Unknown::Tool);
        }
        let name = arguments.get("operation").and_then(Value::as_str);
        let named = name.and_then(|name| self.named.get(name));
        let named = named.filter(|named| named.domain == tool).ok_or(Unknown::Operation)?;
        match arguments.remove("arguments") {
            Some(Value::Object(own)) if arguments.len() == 1 => Ok((named.operation, own)),
            None if arguments.len() == 1 => Ok((named.operation, Map::new())),
            _ => Err(Unknown::Operation),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::mcp::arguments::{BODY, body_of, named};

    #[test]
    fn every_tool_has_an_operation_that_takes_what_the_descriptor_says() {
        let catalog = Catalog::read().unwrap();
        assert!(catalog.each.len() > 50 && catalog.grouped.len() > 10);
        assert_eq!(catalog.each.len(), catalog.named.len());
        for tool in &catalog.each {
            let operation = catalog.named[&*tool.name].operation;
            let schema = &tool.input_schema;
            let described: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
            let mut taken: BTreeSet<String> = named(operation).into_iter().map(|(name, _)| name).collect();
            if !operation.consumes.is_empty() {
                assert!(
                    body_of(operation).is_some(),
                    "{} takes nothing a model writes",
                    tool.name
                );
                taken.insert(BODY.to_owned());
            }
            assert_eq!(described, taken, "{}", tool.name);
        }
    }

    #[test]
    fn an_operation_is_found_in_its_own_domain_alone() {
        let catalog = Catalog::read().unwrap();
        let mut object = Map::new();
        object.insert("operation".to_owned(), json!("list_projects"));
        object.insert("arguments".to_owned(), json!({ "limit": 1 }));
        let (operation, arguments) = catalog.meant(Form::Domains, "projects", object.clone()).unwrap();
        assert_eq!((operation.id, arguments.len()), ("listProjects", 1));
        let wrong = |tool: &str, object: Map<String, Value>| catalog.meant(Form::Domains, tool, object).unwrap_err();
        assert_eq!(wrong("secrets", object.clone()), Unknown::Operation);
        assert_eq!(wrong("list_projects", object.clone()), Unknown::Tool);
        object.insert("more".to_owned(), json!(1));
        assert_eq!(wrong("projects", object), Unknown::Operation);
    }
}
