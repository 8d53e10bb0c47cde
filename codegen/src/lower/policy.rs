//! Policy: what a contract says under `x-flaresmith` at its root and on operations.
//!
//! Owns: roles, rates, the error catalog, environments, and the defaults of what an operation leaves unsaid.
//! Must not know: tables and lifecycles, or how anything is enforced.

use std::collections::BTreeSet;

use super::Lowering;
use super::names::Context;
use super::node::Node;
use super::parts::Member;
use super::schema::Slot;
use crate::diagnostics::{Diagnostic, extension as codes, nearest};
use crate::model::{
    Capture, Case, Environment, ErrorCode, Kind, MediaKind, Method, Model, Name, Operation, Policy, PostmanPolicy,
    RateBucket, RateClass, RetryPolicy, Severity, Status, ToolPolicy,
};
use crate::openapi::extension::{self, KEY, OperationExtension, RetryWord, RootExtension, SeverityWord, ToolExtension};
use crate::pointer::below;

/// Clients of the protocol take no longer names.
const LONGEST_TOOL_NAME: usize = 64;

impl<'a> Lowering<'a> {
    /// What the root of the contract says.
    pub(super) fn root_policy(&mut self, model: &mut Model) {
        let Some(node) = self.root().get(KEY) else { return };
        let root: RootExtension = extension::read(Some(node.value));
        model.roles = root.roles;
        for (name, bucket) in root.rate_buckets {
            let bucket = RateBucket {
                capacity: bucket.capacity,
                refill_per_minute: bucket.refill_per_minute,
            };
            model.rate_buckets.insert(name, bucket);
        }
        for (name, class) in root.rate_limits {
            for (i, bucket) in class.buckets.iter().enumerate() {
                let at = format!(
                    "{}/{i}",
                    below(&below(&below(&node.at, "rateLimits"), &name), "buckets")
                );
                self.demand_known("rate bucket", bucket, model.rate_buckets.keys(), &at);
            }
            let class = RateClass {
                tokens: class.tokens,
                buckets: class.buckets,
                every_seconds: class.every_seconds,
            };
            model.rate_classes.insert(name, class);
        }
        for (name, environment) in root.environments {
            let environment = Environment {
                url: environment.url,
                description: environment.description,
            };
            model.environments.insert(name, environment);
        }
        let catalog = node.get("errors");
        for (code, error) in root.errors {
            let Some(entry) = catalog.as_ref().and_then(|catalog| catalog.get(&code)) else {
                continue;
            };
            if !(400..600).contains(&error.status) {
                let message = format!("{} is not the status of a failure", error.status);
                let place = self.bundle.place(&below(&entry.at, "status"));
                let hint = "failures have a status from 400 to 599";
                self.diagnostics
                    .push(Diagnostic::new(&codes::INVALID, message, place).hint(hint));
            }
            let name = Name::new(&code);
            let details = entry.get("details").map(|schema| {
                let member = [Member::new(schema)];
                self.form(&member, Slot::Inline(Context::of(&name, "details")))
            });
            model.errors.insert(
                code,
                ErrorCode {
                    severity: severity(error.severity),
                    retry_policy: retry_policy(error.retry_policy),
                    status: error.status,
                    message: error.message,
                    hint: error.hint,
                    details,
                    requirements: error.requirements,
                    place: self.bundle.place(&entry.at),
                },
            );
        }
        if let Some(schema) = node.get("errorEnvelope") {
            let member = [Member::new(schema)];
            let name = Name::new("ErrorEnvelope");
            if let Kind::Named(id) = self.form(&member, Slot::Inline(Context::of(&name, ""))).kind {
                model.error_envelope = Some(id);
            }
        }
    }

    /// What an operation says, with defaults for the rest. Names of tools are settled by [`distinct_tools`].
    pub(super) fn policy(&mut self, node: &Node<'a>, operation: &Operation, model: &Model) -> Policy {
        let extension = node.get(KEY);
        let said: OperationExtension = extension::read(extension.as_ref().map(|node| node.value));
        let at = |key: &str| {
            extension
                .as_ref()
                .map_or_else(|| node.at.clone(), |node| below(&node.at, key))
        };
        if let Some(role) = &said.role {
            self.demand_known("role", role, &model.roles, &at("role"));
        }
        if let Some(class) = &said.rate_limit {
            self.demand_known("rate limit", class, model.rate_classes.keys(), &at("rateLimit"));
        }
        for (i, code) in said.errors.iter().enumerate() {
            self.demand_known(
                "error code",
                code,
                model.errors.keys(),
                &format!("{}/{i}", at("errors")),
            );
        }
        for (i, code) in said.postman.refusals.iter().enumerate() {
            if !said.errors.contains(code) {
                let message = format!("the operation does not answer with `{code}`, so no collection may expect it");
                let place = self.bundle.place(&format!("{}/refusals/{i}", at("postman")));
                let hint = "add it to `errors` of the operation, or remove it here";
                self.diagnostics
                    .push(Diagnostic::new(&codes::POLICY_UNKNOWN, message, place).hint(hint));
            }
        }
        let captures = said.postman.captures.into_iter().map(|(variable, source)| {
            let capture = match source.strip_prefix("header:") {
                Some(header) => Capture::Header(header.trim().to_owned()),
                None => Capture::Body(source),
            };
            (variable, capture)
        });
        Policy {
            requirements: said.requirements,
            role: said
                .role
                .and_then(|role| model.roles.iter().position(|known| *known == role)),
            rate_class: said.rate_limit,
            idempotent: said.idempotent,
            errors: said.errors,
            mcp: tool(said.mcp, said.idempotent, operation),
            postman: PostmanPolicy {
                captures: captures.collect(),
                uses: said.postman.uses,
                refusals: said.postman.refusals,
                order: said.postman.order,
            },
        }
    }

    fn demand_known<'k>(
        &mut self,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'k String> + Clone,
        at: &str,
    ) {
        if known.clone().into_iter().any(|known| known == word) {
            return;
        }
        let hint = match nearest(word, known.into_iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it under `x-flaresmith` at the root of the contract, or remove the {what} here"),
        };
        let message = format!("the {what} `{word}` is not defined");
        self.diagnostics
            .push(Diagnostic::new(&codes::POLICY_UNKNOWN, message, self.bundle.place(at)).hint(hint));
    }
}

/// How an operation appears as a tool.
fn tool(said: ToolExtension, has_key: bool, operation: &Operation) -> ToolPolicy {
    let reads = matches!(
        operation.method,
        Method::Get | Method::Head | Method::Options | Method::Trace
    );
    let repeats = reads || has_key || matches!(operation.method, Method::Put | Method::Delete);
    let mut name = said.name.unwrap_or_else(|| operation.id.to(Case::Snake));
    name.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    name.truncate(LONGEST_TOOL_NAME);
    ToolPolicy {
        name,
        read_only: said.read_only.unwrap_or(reads),
        destructive: said.destructive.unwrap_or(operation.method == Method::Delete),
        idempotent: repeats,
        expose: said.expose.unwrap_or_else(|| answers_with_text(operation)),
    }
}

/// Whether a language model could take in what the operation answers: not a stream, not bytes, not another protocol.
fn answers_with_text(operation: &Operation) -> bool {
    let switches = operation
        .responses
        .iter()
        .any(|response| response.status == Status::Exact(101));
    let Some(success) = operation.success() else {
        return !switches;
    };
    let mut kinds = success.contents.iter().map(|content| content.kind);
    success.contents.is_empty()
        || kinds.any(|kind| !matches!(kind, MediaKind::EventStream | MediaKind::Bytes | MediaKind::Multipart))
}

/// Tools must have names of their own: of two that meet, the first by path and method keeps its name, later ones get a number.
/// Where they stand in the document means nothing.
pub(super) fn distinct_tools(model: &mut Model) {
    let mut taken = BTreeSet::new();
    let mut operations: Vec<&mut Operation> = model.operations.iter_mut().collect();
    operations.sort_by(|left, right| (&left.path.raw, left.method).cmp(&(&right.path.raw, right.method)));
    for operation in operations {
        let tool = &mut operation.policy.mcp;
        if tool.name.is_empty() {
            tool.name = "operation".to_owned();
        }
        let base = tool.name.clone();
        let mut number = 2;
        while !taken.insert(tool.name.clone()) {
            let end = format!("_{number}");
            let mut name = base.clone();
            name.truncate(LONGEST_TOOL_NAME - end.len());
            tool.name = name + end.as_str();
            number += 1;
        }
    }
}

fn severity(word: SeverityWord) -> Severity {
    match word {
        SeverityWord::Info => Severity::Info,
        SeverityWord::Warn => Severity::Warn,
        SeverityWord::Error => Severity::Error,
        SeverityWord::Critical => Severity::Critical,
    }
}

fn retry_policy(word: RetryWord) -> RetryPolicy {
    match word {
        RetryWord::None => RetryPolicy::None,
        RetryWord::Safe => RetryPolicy::Safe,
        RetryWord::Idempotent => RetryPolicy::Idempotent,
    }
}
