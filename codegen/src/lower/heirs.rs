//! Unions that their own branches include: `Pet` is one of `Cat` and `Dog`, and each of these is all that `Pet` is.
//!
//! Owns: finding the branches that do so. Must not know: how unions are made.
//!
//! Taken by the letter no value is a `Cat`, since to be one it has to be one already. What is meant is that a branch has the
//! union's other keywords, and that is how it is read: a branch that includes its union is not taken apart by it again.

use std::collections::BTreeSet;

use super::Lowering;
use super::node::Node;
use crate::tree::Value;

impl<'a> Lowering<'a> {
    /// Whether a branch refers to a component that includes, at any distance, the schema at a pointer.
    pub(super) fn is_heir(&self, branch: &Node<'a>, union: &str) -> bool {
        let mut seen: BTreeSet<&'a str> = BTreeSet::new();
        let mut queue: Vec<&'a str> = branch.reference().into_iter().collect();
        while let Some(pointer) = queue.pop() {
            if !seen.insert(pointer) {
                continue;
            }
            let mut included: Vec<&'a Value> = self.lookup(pointer).into_iter().collect();
            while let Some(value) = included.pop() {
                let all = value.get("allOf").and_then(Value::as_array);
                included.extend(all.into_iter().flatten());
                let Some(target) = value.get("$ref").and_then(Value::as_str) else {
                    continue;
                };
                let target = target.strip_prefix('#').unwrap_or(target);
                if union
                    .strip_prefix(target)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                {
                    return true;
                }
                queue.push(target);
            }
        }
        false
    }
}
