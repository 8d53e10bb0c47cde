//! Policy of operations: who may call, how often, whether twice, and as which tool.
//!
//! Owns: what the contract demands of one operation beyond its shapes. Must not know: the catalogs that it refers to.

use indexmap::IndexMap;

use super::comparison::Comparison;
use super::rules;
use super::spot::Spot;
use crate::diagnostics::change::Rule;
use crate::model::{Case, Model, Operation, RateClass};

impl Comparison<'_> {
    /// Who may call an operation at all, and in which role.
    pub(super) fn security(&mut self, before: &Operation, after: &Operation, spot: &Spot) {
        match (before.public, after.public) {
            (true, false) => {
                let message = "the operation asks callers to sign in now".to_owned();
                self.said(&rules::SECURITY_RAISED, spot, message);
            }
            (false, true) => {
                let message = "anyone may call the operation now".to_owned();
                self.said(&rules::SECURITY_LOWERED, spot, message);
            }
            (true, true) => {}
            (false, false) => self.alternatives(&before.security, &after.security, spot),
        }
        self.role(before, after, spot);
    }

    /// Ways to sign in, of which one is enough. A way that asks for less than a former one admits whom that one did.
    fn alternatives(
        &mut self,
        before: &[IndexMap<String, Vec<String>>],
        after: &[IndexMap<String, Vec<String>>],
        spot: &Spot,
    ) {
        let enough = |given: &IndexMap<String, Vec<String>>, asked: &IndexMap<String, Vec<String>>| {
            asked.iter().all(|(scheme, scopes)| {
                given
                    .get(scheme)
                    .is_some_and(|had| scopes.iter().all(|scope| had.contains(scope)))
            })
        };
        let (was, is) = (sign_in(before), sign_in(after));
        let shut = before
            .iter()
            .filter(|given| !after.is_empty() && !after.iter().any(|asked| enough(given, asked)))
            .count();
        let opened = after
            .iter()
            .filter(|given| !before.is_empty() && !before.iter().any(|asked| enough(given, asked)))
            .count();
        if shut > 0 || (before.is_empty() && !after.is_empty()) {
            let message = format!("callers sign in by {is} now, it was {was}");
            self.changed(&rules::SECURITY_RAISED, spot, message, was.clone(), is.clone());
        }
        if opened > 0 || (after.is_empty() && !before.is_empty()) {
            let message = format!("callers may sign in by {is} now, it was {was}");
            self.changed(&rules::SECURITY_LOWERED, spot, message, was, is);
        }
    }

    fn role(&mut self, before: &Operation, after: &Operation, spot: &Spot) {
        let name = |model: &Model, operation: &Operation| {
            let role = operation.policy.role?;
            model.roles.get(role).cloned()
        };
        let (was, is) = (name(self.before.model, before), name(self.after.model, after));
        if was == is {
            return;
        }
        // The order that holds now decides; a role that is gone stands where it stood.
        let rank = |role: &Option<String>| {
            let Some(role) = role else { return Some(0) };
            let in_order = |roles: &[String]| roles.iter().position(|other| other == role).map(|i| i + 1);
            in_order(&self.after.model.roles).or_else(|| in_order(&self.before.model.roles))
        };
        let rule = match rank(&is) >= rank(&was) {
            true => &rules::ROLE_RAISED,
            false => &rules::ROLE_LOWERED,
        };
        let word = |role: Option<String>| role.unwrap_or_else(|| "any signed-in caller".to_owned());
        let (was, is) = (word(was), word(is));
        let message = format!("the operation asks for `{is}` now, it was `{was}`");
        self.changed(rule, spot, message, was, is);
    }

    /// Rate class, idempotency, errors, the tool and the request of collections.
    pub(super) fn policy(&mut self, before: &Operation, after: &Operation, renamed: bool, spot: &Spot) {
        let (old, now) = (&before.policy, &after.policy);
        if old.rate_class != now.rate_class {
            self.rate_class(old.rate_class.as_deref(), now.rate_class.as_deref(), spot);
        }
        match (old.idempotent, now.idempotent) {
            (false, true) => self.said(
                &rules::IDEMPOTENCY_ADDED,
                spot,
                "the operation takes an `Idempotency-Key` now".to_owned(),
            ),
            (true, false) => self.said(
                &rules::IDEMPOTENCY_REMOVED,
                spot,
                "the operation takes no `Idempotency-Key` any more".to_owned(),
            ),
            _ => {}
        }
        for code in old.errors.iter().filter(|code| !now.errors.contains(code)) {
            let message = format!("the operation does not fail with `{code}` any more");
            self.removed(&rules::OPERATION_ERROR_REMOVED, spot, message, Some(code.clone()));
        }
        for code in now.errors.iter().filter(|code| !old.errors.contains(code)) {
            let message = format!("the operation may fail with `{code}` now");
            self.added(&rules::OPERATION_ERROR_ADDED, spot, message, Some(code.clone()));
        }
        self.tool(before, after, renamed, spot);
        if old.postman != now.postman {
            let message =
                "the operation has another place in collections, or takes, keeps or expects something else there"
                    .to_owned();
            self.said(&rules::COLLECTION, spot, message);
        }
    }

    fn rate_class(&mut self, before: Option<&str>, after: Option<&str>, spot: &Spot) {
        let class = |model: &Model, name: Option<&str>| name.and_then(|name| model.rate_classes.get(name).cloned());
        let old = class(self.before.model, before);
        let now = class(self.after.model, after);
        let rule = self.tightened(old.as_ref(), now.as_ref());
        let word = |name: Option<&str>| name.unwrap_or("none").to_owned();
        let (old, now) = (word(before), word(after));
        let message = format!("the rate class is `{now}` now, it was `{old}`");
        self.changed(rule, spot, message, old, now);
    }

    /// Whether a call takes more than it did, or from more buckets, or from buckets that hold less.
    pub(super) fn tightened(&self, before: Option<&RateClass>, after: Option<&RateClass>) -> &'static Rule {
        let tighter = match (before, after) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(old), Some(now)) => {
                let sooner = |class: &RateClass| class.every_seconds.unwrap_or(u64::MAX);
                now.tokens > old.tokens
                    || now.buckets.iter().any(|bucket| !old.buckets.contains(bucket))
                    || sooner(now) < sooner(old)
            }
        };
        match tighter {
            true => &rules::RATE_TIGHTENED,
            false => &rules::RATE_LOOSENED,
        }
    }

    fn tool(&mut self, before: &Operation, after: &Operation, renamed: bool, spot: &Spot) {
        let (old, now) = (&before.policy.mcp, &after.policy.mcp);
        match (old.expose, now.expose) {
            (true, false) => {
                let message = format!("the operation is not the tool `{}` any more", old.name);
                self.removed(&rules::TOOL_HIDDEN, spot, message, Some(old.name.clone()));
                return;
            }
            (false, true) => {
                let message = format!("the operation is the tool `{}` now", now.name);
                self.added(&rules::TOOL_SHOWN, spot, message, Some(now.name.clone()));
                return;
            }
            (false, false) => return,
            (true, true) => {}
        }
        // A tool that is named after the operation is told of with it.
        let follows = |operation: &Operation| operation.policy.mcp.name == operation.id.to(Case::Snake);
        if old.name != now.name && !(renamed && follows(before) && follows(after)) {
            let message = format!("the tool is called `{}` now, it was `{}`", now.name, old.name);
            self.changed(&rules::TOOL_RENAMED, spot, message, old.name.clone(), now.name.clone());
        }
        let hints = |tool: &crate::model::ToolPolicy| {
            let all = [
                (tool.read_only, "readOnly"),
                (tool.destructive, "destructive"),
                (tool.idempotent, "idempotent"),
            ];
            let words: Vec<&str> = all.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
            if words.is_empty() {
                "none".to_owned()
            } else {
                words.join(", ")
            }
        };
        if hints(old) != hints(now) {
            let (old, now) = (hints(old), hints(now));
            let message = format!("the hints of the tool are {now} now, they were {old}");
            self.changed(&rules::TOOL_HINTS, spot, message, old, now);
        }
    }
}

fn sign_in(alternatives: &[IndexMap<String, Vec<String>>]) -> String {
    let one = |schemes: &IndexMap<String, Vec<String>>| {
        let parts = schemes.iter().map(|(name, scopes)| match scopes.as_slice() {
            [] => name.clone(),
            scopes => format!("{name} ({})", scopes.join(", ")),
        });
        parts.collect::<Vec<_>>().join(" and ")
    };
    match alternatives {
        [] => "no way that is named".to_owned(),
        list => list.iter().map(one).collect::<Vec<_>>().join(" or "),
    }
}
