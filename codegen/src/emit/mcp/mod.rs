//! The `mcp` target: descriptors of tools for language models, in three forms, and what each costs.
//!
//! Owns: names, descriptions, hints and forms of tools. Must not know: other targets, or how a server answers calls.
//!
//! The forms: one tool an operation; one tool a domain, for clients that take few tools; and two tools, to search and to
//! execute, for contracts that no client would take whole.

mod input;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::json::{self, Lines};
use super::schema::Written;
use super::{AT_ONCE, Artifact, Input, Ownership};
use crate::diagnostics::Diagnostics;
use crate::model::{Case, Domain, Operation};
use crate::rope::Rope;
use crate::tree::{Map, Value, json};
use input::brief;

/// Frames of this target: none, the files are data.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Bytes of compact JSON that make one token, roughly, in the tokenizers of today's models.
const BYTES_A_TOKEN: usize = 4;

/// Characters of a group's name, with room for a number under the 64 that clients take.
const LONGEST_GROUP_NAME: usize = 56;

/// A tool as it stands in a list of tools.
struct Tool {
    name: String,
    /// The tool as JSON, for the depth of the list.
    text: Rope,
    tokens: usize,
}

impl Tool {
    /// `members` come before the schemas, `annotations` behind them.
    fn of(input: &Input<'_>, members: &Value, schemas: &[(&str, Map, BTreeSet<String>)], annotations: &Value) -> Self {
        let mut lines = Lines::within(DEPTH);
        let empty = Map::new();
        lines.members(members.as_object().unwrap_or(&empty));
        let mut bytes = compact(members) + compact(annotations) + r#","annotations":"#.len();
        for (key, schema, needed) in schemas {
            lines.key(key).map();
            lines.members(schema);
            bytes += key.len() + 4 + compact(schema);
            if !needed.is_empty() {
                lines.key("$defs").map();
                bytes += r#","$defs":{}"#.len() + needed.len().saturating_sub(1);
                for name in needed {
                    let definition = input.definitions.get(name);
                    let depth = lines.depth();
                    let written = definition.written("mcp", |schema| {
                        let mut text = String::new();
                        json::behind(&mut text, schema, depth);
                        Written {
                            text: input.memo.aside_piece(text),
                            bytes: compact(schema),
                        }
                    });
                    lines.key(name).shared(&written.text);
                    bytes += compact(name) + 1 + written.bytes;
                }
                lines.close();
            }
            lines.close();
        }
        lines.key("annotations").value(annotations);
        Self {
            name: members["name"].as_str().unwrap_or_default().to_owned(),
            text: input.memo.aside(lines.finish_within()),
            tokens: bytes.div_ceil(BYTES_A_TOKEN),
        }
    }
}

/// How many bytes a value has as compact JSON.
fn compact(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither counting nor a tree of values can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// How deep a tool stands in its file: in a list, which stands in a map.
const DEPTH: usize = 2;

/// Makes the artifacts: of the operations, and of nothing else.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let round = input.revisions.of_operations();
    input.again("mcp", "", round, diagnostics, |_| tools(input))
}

fn tools(input: &Input<'_>) -> Vec<Artifact> {
    let operations = input.model.operations.iter().enumerate();
    let exposed: Vec<(usize, &Operation)> = operations
        .filter(|(_, operation)| operation.policy.mcp.expose)
        .collect();
    let each: Vec<Arc<Tool>> = exposed
        .par_iter()
        .with_max_len(AT_ONCE)
        .map(|(index, operation)| {
            let key = ("mcp", operation.id.raw.to_string());
            let round = input.revisions.of_operation(*index);
            input
                .memo
                .part(key, round, input.revisions.now, || tool(input, operation))
        })
        .collect();
    let exposed: Vec<&Operation> = exposed.into_iter().map(|(_, operation)| operation).collect();
    let grouped = grouped(input, &exposed);
    let search = search(input, &exposed);
    let groups = group_names(input);
    let catalog = exposed.iter().map(|operation| entry(operation, &groups)).collect();
    let budget = budget(&[("tools", &each), ("grouped", &grouped), ("search", &search)]);
    vec![
        artifact(input, "budget.json", json::document(&budget)),
        artifact(input, "tools.grouped.json", list(&grouped, None)),
        artifact(input, "tools.json", list(&each, None)),
        artifact(input, "tools.search.json", list(&search, Some(catalog))),
    ]
}

/// A file of tools, with what else stands in it.
fn list(tools: &[Arc<Tool>], operations: Option<Value>) -> Rope {
    let mut lines = Lines::new();
    lines.key("tools").list();
    for tool in tools {
        lines.item().rope(&tool.text);
    }
    lines.close();
    if let Some(operations) = operations {
        lines.key("operations").value(&operations);
    }
    lines.finish()
}

fn artifact(input: &Input<'_>, name: &str, text: impl Into<Rope>) -> Artifact {
    let folder = input.settings.mcp.out.as_deref().unwrap_or("generated/mcp");
    Artifact {
        path: format!("{folder}/{name}"),
        text: text.into(),
        ownership: Ownership::Managed,
        target: "mcp",
    }
}

/// One operation as one tool.
fn tool(input: &Input<'_>, operation: &Operation) -> Tool {
    let document = &input.bundle.document;
    let members = json!({
        "name": operation.policy.mcp.name,
        "title": title(operation),
        "description": description(operation),
    });
    let taken = input::input(document, input.definitions, operation);
    let given = input::output(document, input.definitions, input.model, operation);
    let mut schemas = vec![("inputSchema", taken.object(input.definitions), taken.needed)];
    schemas.extend(given.map(|given| ("outputSchema", given.object(input.definitions), given.needed)));
    Tool::of(input, &members, &schemas, &annotations(&[operation], &title(operation)))
}

fn title(operation: &Operation) -> String {
    let written = operation.summary.as_deref().map(brief);
    written
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| operation.id.title())
}

fn description(operation: &Operation) -> String {
    let written = operation.docs.description.as_deref().map(brief);
    let mut text = written
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| title(operation));
    if operation.docs.deprecated {
        text.insert_str(0, "Deprecated. ");
    }
    text
}

/// All four hints: what is left out counts as the dangerous value. A tool of several operations is as dangerous as the worst.
fn annotations(operations: &[&Operation], title: &str) -> Value {
    let all = |rule: fn(&Operation) -> bool| operations.iter().all(|operation| rule(operation));
    json!({
        "title": title,
        "readOnlyHint": all(|operation| operation.policy.mcp.read_only),
        "destructiveHint": !all(|operation| !operation.policy.mcp.destructive),
        "idempotentHint": all(|operation| operation.policy.mcp.idempotent),
        // The tool speaks to this one service, not to whatever it may find.
        "openWorldHint": false,
    })
}

/// One tool a domain: `operation` says which, `arguments` are what that operation's own tool would take. The alternatives stand
/// under `arguments`, since clients refuse a union at the root of what a tool takes.
fn grouped(input: &Input<'_>, exposed: &[&Operation]) -> Vec<Arc<Tool>> {
    let names = group_names(input);
    let domains = input.model.domains.par_iter().with_max_len(1).zip(&names).enumerate();
    let tools: Vec<Option<Arc<Tool>>> = domains
        .map(|(at, (domain, name))| {
            let own: Vec<&Operation> = exposed
                .iter()
                .copied()
                .filter(|operation| operation.domain.index() == at)
                .collect();
            let id = own.first()?.domain;
            let key = ("mcp group", name.clone());
            let round = input.revisions.of_domain(input.model, id);
            let made = input
                .memo
                .part(key, round, input.revisions.now, || group(input, domain, name, &own));
            Some(made)
        })
        .collect();
    tools.into_iter().flatten().collect()
}

fn group(input: &Input<'_>, domain: &Domain, name: &str, own: &[&Operation]) -> Tool {
    let names: Vec<&str> = own.iter().map(|operation| operation.policy.mcp.name.as_str()).collect();
    let mut needed = BTreeSet::new();
    let mut alternatives = Vec::new();
    for operation in own {
        let taken = input::input(&input.bundle.document, input.definitions, operation);
        needed.extend(taken.needed);
        let mut alternative = json!({ "title": operation.policy.mcp.name });
        if let (Some(members), Value::Object(schema)) = (alternative.as_object_mut(), taken.schema) {
            members.extend(schema);
        }
        alternatives.push(alternative);
    }
    let schema = json!({
        "type": "object",
        "properties": {
            "operation": { "type": "string", "enum": names, "description": "What to do." },
            "arguments": {
                "type": "object",
                "description": "What that operation takes: the alternative whose title is its name.",
                "anyOf": alternatives,
            },
        },
        "required": ["operation", "arguments"],
        "additionalProperties": false,
    });
    let members = json!({
        "name": name,
        "title": brief(&domain.title),
        "description": group_description(domain, own),
    });
    let schema = schema.as_object().cloned().unwrap_or_default();
    let annotations = annotations(own, &brief(&domain.title));
    Tool::of(input, &members, &[("inputSchema", schema, needed)], &annotations)
}

/// A name for each domain, of the characters that names of tools have, and each its own.
fn group_names(input: &Input<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for domain in &input.model.domains {
        let mut base = domain.name.to(Case::Snake);
        base.retain(|c| c.is_ascii_alphanumeric() || c == '_');
        base.truncate(LONGEST_GROUP_NAME);
        let base = if base.trim_matches('_').is_empty() {
            "group".to_owned()
        } else {
            base
        };
        let mut name = base.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{base}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

fn group_description(domain: &Domain, operations: &[&Operation]) -> String {
    let about = domain
        .description
        .as_deref()
        .map_or_else(|| brief(&domain.title), brief);
    let list: Vec<String> = operations
        .iter()
        .map(|operation| format!("{}: {}", operation.policy.mcp.name, title(operation)))
        .collect();
    format!("{about}\n{}", list.join("\n"))
}

/// Two tools for everything: one finds operations and what they take, the other carries one out.
fn search(input: &Input<'_>, exposed: &[&Operation]) -> Vec<Arc<Tool>> {
    if exposed.is_empty() {
        return Vec::new();
    }
    let domains = group_names(input);
    let title = &input.model.info.title;
    let find = json!({
        "name": "search_operations",
        "title": "Search operations",
        "description": format!("Finds operations of {} by words, with what each takes. Use it before execute_operation.", brief(title)),
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "Words about what is to be done." },
                "domain": { "type": "string", "enum": domains, "description": "Only operations of this domain." },
                "limit": { "type": "integer", "minimum": 1, "maximum": 50, "description": "At most so many. Default: 10." },
            },
            "required": ["query"],
            "additionalProperties": false,
        },
        "annotations": {
            "title": "Search operations", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false,
        },
    });
    let execute = json!({
        "name": "execute_operation",
        "title": "Execute an operation",
        "description": "Carries out one operation that search_operations found, with the arguments that it takes.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "operation": { "type": "string", "description": "Name of the operation." },
                "arguments": { "type": "object", "description": "What the operation takes." },
            },
            "required": ["operation", "arguments"],
            "additionalProperties": false,
        },
        "annotations": annotations(exposed, "Execute an operation"),
    });
    let tool = |mut tool: Value| {
        let members = tool.as_object_mut();
        let (annotations, schema) = members
            .map(|members| (members.remove("annotations"), members.remove("inputSchema")))
            .unwrap_or_default();
        let schema = schema
            .and_then(|schema| schema.as_object().cloned())
            .unwrap_or_default();
        let schemas = [("inputSchema", schema, BTreeSet::new())];
        Arc::new(Tool::of(input, &tool, &schemas, &annotations.unwrap_or_default()))
    };
    vec![tool(find), tool(execute)]
}

/// What the search tool finds: an operation with its domain and words.
fn entry(operation: &Operation, groups: &[String]) -> Value {
    json!({
        "name": operation.policy.mcp.name,
        "domain": groups.get(operation.domain.index()),
        "title": title(operation),
        "description": description(operation),
        "method": operation.method.as_str(),
        "path": operation.path.raw,
    })
}

/// What each form costs a model that has all its tools before it.
fn budget(forms: &[(&str, &[Arc<Tool>])]) -> Value {
    let mut found = Map::new();
    for (name, tools) in forms {
        let mut sorted: Vec<&Tool> = tools.iter().map(|tool| &**tool).collect();
        sorted.sort_by_key(|tool| std::cmp::Reverse(tool.tokens));
        let total: usize = sorted.iter().map(|tool| tool.tokens).sum();
        let list: Vec<Value> = sorted
            .into_iter()
            .map(|tool| json!({ "name": tool.name, "tokens": tool.tokens }))
            .collect();
        found.insert(
            (*name).to_owned(),
            json!({ "tools": tools.len(), "tokens": total, "each": list }),
        );
    }
    json!({
        "method": format!("bytes of compact JSON divided by {BYTES_A_TOKEN}, rounded up for each tool; an estimate, since tokenizers differ"),
        "forms": found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_one_short_line() {
        assert_eq!(brief("  One\n two.\n\nMore."), "One two.");
        assert_eq!(brief(&"word ".repeat(100)).chars().count(), 300);
        assert_eq!(
            brief("a\u{202e}b\u{e0041}\u{200b}c\u{0}"),
            "abc",
            "what nobody sees is not said"
        );
    }
}
