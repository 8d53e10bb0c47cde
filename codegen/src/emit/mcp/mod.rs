//! The `mcp` target: descriptors of tools for language models, in three forms, and what each costs.
//!
//! Owns: names, descriptions, hints and forms of tools. Must not know: other targets, or how a server answers calls.
//!
//! The forms: one tool an operation; one tool a domain, for clients that take few tools; and two tools, to search and to
//! execute, for contracts that no client would take whole.

mod input;

use serde_json::{Map, Value, json};

use super::json::document;
use super::{Artifact, Input, Ownership};
use crate::diagnostics::Diagnostics;
use crate::model::{Case, Domain, Operation};
use input::brief;

/// Frames of this target: none, the files are data.
pub(super) const FRAMES: &[(&str, &str)] = &[];

/// Bytes of compact JSON that make one token, roughly, in the tokenizers of today's models.
const BYTES_A_TOKEN: usize = 4;

/// Characters of a group's name, with room for a number under the 64 that clients take.
const LONGEST_GROUP_NAME: usize = 56;

/// Makes the artifacts: of the operations, and of nothing else.
pub(super) fn emit(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Artifact> {
    let round = input.revisions.of_operations();
    input.again("mcp", "", round, diagnostics, |_| tools(input))
}

fn tools(input: &Input<'_>) -> Vec<Artifact> {
    let exposed: Vec<&Operation> = input
        .model
        .operations
        .iter()
        .filter(|operation| operation.policy.mcp.expose)
        .collect();
    let each: Vec<Value> = exposed.iter().map(|operation| tool(input, operation)).collect();
    let grouped = grouped(input, &exposed);
    let search = search(input, &exposed);
    let budget = budget(&[("tools", &each), ("grouped", &grouped), ("search", &search)]);
    let groups = group_names(input);
    let catalog: Vec<Value> = exposed.iter().map(|operation| entry(operation, &groups)).collect();
    vec![
        artifact(input, "budget.json", &budget),
        artifact(input, "tools.grouped.json", &json!({ "tools": grouped })),
        artifact(input, "tools.json", &json!({ "tools": each })),
        artifact(
            input,
            "tools.search.json",
            &json!({ "tools": search, "operations": catalog }),
        ),
    ]
}

fn artifact(input: &Input<'_>, name: &str, value: &Value) -> Artifact {
    let folder = input.settings.mcp.out.as_deref().unwrap_or("generated/mcp");
    Artifact {
        path: format!("{folder}/{name}"),
        text: document(value).into(),
        ownership: Ownership::Managed,
        target: "mcp",
    }
}

/// One operation as one tool.
fn tool(input: &Input<'_>, operation: &Operation) -> Value {
    let document = &input.bundle.document;
    let mut tool = json!({
        "name": operation.policy.mcp.name,
        "title": title(operation),
        "description": description(operation),
        "inputSchema": input::input(document, operation).into_object(),
    });
    if let Some(members) = tool.as_object_mut() {
        if let Some(output) = input::output(document, input.model, operation) {
            members.insert("outputSchema".to_owned(), output);
        }
        members.insert("annotations".to_owned(), annotations(&[operation], &title(operation)));
    }
    tool
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
fn grouped(input: &Input<'_>, exposed: &[&Operation]) -> Vec<Value> {
    let names = group_names(input);
    let mut tools = Vec::new();
    for (at, (domain, name)) in input.model.domains.iter().zip(&names).enumerate() {
        let own: Vec<&Operation> = exposed
            .iter()
            .copied()
            .filter(|operation| operation.domain.index() == at)
            .collect();
        if own.is_empty() {
            continue;
        }
        let names: Vec<&str> = own.iter().map(|operation| operation.policy.mcp.name.as_str()).collect();
        let mut definitions = Map::new();
        let mut alternatives = Vec::new();
        for operation in &own {
            let taken = input::input(&input.bundle.document, operation);
            definitions.extend(taken.definitions);
            let mut alternative = json!({ "title": operation.policy.mcp.name });
            if let (Some(members), Value::Object(schema)) = (alternative.as_object_mut(), taken.schema) {
                members.extend(schema);
            }
            alternatives.push(alternative);
        }
        let mut schema = json!({
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
        if let (false, Some(members)) = (definitions.is_empty(), schema.as_object_mut()) {
            members.insert("$defs".to_owned(), Value::Object(definitions));
        }
        tools.push(json!({
            "name": name,
            "title": brief(&domain.title),
            "description": group_description(domain, &own),
            "inputSchema": schema,
            "annotations": annotations(&own, &brief(&domain.title)),
        }));
    }
    tools
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
fn search(input: &Input<'_>, exposed: &[&Operation]) -> Vec<Value> {
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
    vec![find, execute]
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
fn budget(forms: &[(&str, &[Value])]) -> Value {
    let tokens = |value: &Value| value.to_string().len().div_ceil(BYTES_A_TOKEN);
    let mut found = Map::new();
    for (name, tools) in forms {
        let mut each: Vec<(usize, Value)> = tools
            .iter()
            .map(|tool| (tokens(tool), json!({ "name": tool["name"], "tokens": tokens(tool) })))
            .collect();
        each.sort_by_key(|(tokens, _)| std::cmp::Reverse(*tokens));
        let total: usize = each.iter().map(|(tokens, _)| tokens).sum();
        let list: Vec<Value> = each.into_iter().map(|(_, entry)| entry).collect();
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
