//! Codes of changes of policy: who may call, how often, and which failures there are.
//!
//! Owns: the `CHANGE_*` codes about `x-flaresmith` and security. Must not know: how a change is found, or which class it has.

use super::{breaking, harmless};
use crate::diagnostics::Code;

/// The codes of this family.
pub const CODES: &[&Code] = &[
    &SECURITY_RAISED,
    &SECURITY_LOWERED,
    &SECURITY_SCHEME_ADDED,
    &SECURITY_SCHEME_REMOVED,
    &SECURITY_SCHEME_CHANGED,
    &ROLE_RAISED,
    &ROLE_LOWERED,
    &ROLE_ADDED,
    &ROLE_REMOVED,
    &ROLE_ORDER,
    &RATE_TIGHTENED,
    &RATE_LOOSENED,
    &IDEMPOTENCY_ADDED,
    &IDEMPOTENCY_REMOVED,
    &TOOL_RENAMED,
    &TOOL_HIDDEN,
    &TOOL_SHOWN,
    &TOOL_HINTS,
    &COLLECTION,
    &OPERATION_ERROR_ADDED,
    &OPERATION_ERROR_REMOVED,
    &ERROR_ADDED,
    &ERROR_REMOVED,
    &ERROR_STATUS,
    &ERROR_RETRY,
    &ERROR_SEVERITY,
    &ERROR_DETAILS,
    &ERROR_ENVELOPE,
    &SERVER_ADDED,
    &SERVER_REMOVED,
    &ENVIRONMENT,
];

/// An operation asks for a way of signing in that it did not ask for.
pub const SECURITY_RAISED: Code = breaking(
    "CHANGE_SECURITY_RAISED",
    "an operation asks for a way of signing in that it did not ask for",
    "Callers that were let in are refused now.",
);

/// An operation admits callers that it refused.
pub const SECURITY_LOWERED: Code = harmless(
    "CHANGE_SECURITY_LOWERED",
    "an operation admits callers that it refused",
    "Callers that were let in still are. Look at it twice: it opens a door.",
);

/// A way to sign in was added.
pub const SECURITY_SCHEME_ADDED: Code = harmless(
    "CHANGE_SECURITY_SCHEME_ADDED",
    "a way to sign in was added",
    "Operations that ask for it tell of it themselves.",
);

/// A way to sign in was removed.
pub const SECURITY_SCHEME_REMOVED: Code = breaking(
    "CHANGE_SECURITY_SCHEME_REMOVED",
    "a way to sign in was removed",
    "Callers that sign in by it cannot any more.",
);

/// A way to sign in works differently.
pub const SECURITY_SCHEME_CHANGED: Code = breaking(
    "CHANGE_SECURITY_SCHEME_CHANGED",
    "a way to sign in works differently",
    "Callers give their credentials in a place or form where nobody looks for them.",
);

/// An operation asks for a higher role.
pub const ROLE_RAISED: Code = breaking(
    "CHANGE_ROLE_RAISED",
    "an operation asks for a higher role",
    "Callers of the lower role were let in and are refused now.",
);

/// An operation admits a lower role.
pub const ROLE_LOWERED: Code = harmless(
    "CHANGE_ROLE_LOWERED",
    "an operation admits a lower role",
    "Callers that were let in still are. Look at it twice: it opens a door.",
);

/// A role was added.
pub const ROLE_ADDED: Code = harmless(
    "CHANGE_ROLE_ADDED",
    "a role was added",
    "Operations that ask for it tell of it themselves.",
);

/// A role was removed.
pub const ROLE_REMOVED: Code = breaking(
    "CHANGE_ROLE_REMOVED",
    "a role was removed",
    "Nobody can have it any more, so those who did are refused.",
);

/// Roles stand in another order.
pub const ROLE_ORDER: Code = breaking(
    "CHANGE_ROLE_ORDER",
    "roles stand in another order",
    "A role admits what the lower ones may do, so some callers may do more and others less.",
);

/// Calls are limited more than before.
pub const RATE_TIGHTENED: Code = breaking(
    "CHANGE_RATE_TIGHTENED",
    "calls are limited more than before",
    "Calls that went through are refused with 429 now.",
);

/// Calls are limited less than before.
pub const RATE_LOOSENED: Code = harmless(
    "CHANGE_RATE_LOOSENED",
    "calls are limited less than before",
    "What went through still does.",
);

/// An operation takes an `Idempotency-Key` now.
pub const IDEMPOTENCY_ADDED: Code = harmless(
    "CHANGE_IDEMPOTENCY_ADDED",
    "an operation takes an `Idempotency-Key` now",
    "Calls without one mean what they meant before.",
);

/// An operation takes no `Idempotency-Key` any more.
pub const IDEMPOTENCY_REMOVED: Code = breaking(
    "CHANGE_IDEMPOTENCY_REMOVED",
    "an operation takes no `Idempotency-Key` any more",
    "Callers that repeat a call under the same key, to be sure, have it carried out twice.",
);

/// An operation is a tool of another name.
pub const TOOL_RENAMED: Code = breaking(
    "CHANGE_TOOL_RENAMED",
    "an operation is a tool of another name",
    "Agents and their instructions call tools by name.",
);

/// An operation is not a tool any more.
pub const TOOL_HIDDEN: Code = breaking(
    "CHANGE_TOOL_HIDDEN",
    "an operation is not a tool any more",
    "Agents that use it find nothing.",
);

/// An operation is a tool now.
pub const TOOL_SHOWN: Code = harmless("CHANGE_TOOL_SHOWN", "an operation is a tool now", "Nobody uses it yet.");

/// A tool says something else about what it does.
pub const TOOL_HINTS: Code = harmless(
    "CHANGE_TOOL_HINTS",
    "a tool says something else about what it does",
    "`readOnly` and `destructive` are hints: they decide whether a person is asked first, not what happens.",
);

/// An operation runs differently in collections.
pub const COLLECTION: Code = harmless(
    "CHANGE_COLLECTION",
    "an operation runs differently in collections",
    "Order and captured variables belong to the collections for people; calls do not know them.",
);

/// An operation may fail with one more code.
pub const OPERATION_ERROR_ADDED: Code = harmless(
    "CHANGE_OPERATION_ERROR_ADDED",
    "an operation may fail with one more code",
    "Callers have to be ready for failures that they do not know; status and retry policy of the catalog tell what \
     to do.",
);

/// An operation does not fail with a code any more.
pub const OPERATION_ERROR_REMOVED: Code = harmless(
    "CHANGE_OPERATION_ERROR_REMOVED",
    "an operation does not fail with a code any more",
    "Callers that are ready for it simply never see it.",
);

/// An error code was added to the catalog.
pub const ERROR_ADDED: Code = harmless(
    "CHANGE_ERROR_ADDED",
    "an error code was added to the catalog",
    "Operations that may fail with it tell of it themselves.",
);

/// An error code left the catalog.
pub const ERROR_REMOVED: Code = breaking(
    "CHANGE_ERROR_REMOVED",
    "an error code left the catalog",
    "Callers that act on it wait for it in vain: the failure has another code now, or none.",
);

/// An error code has another status.
pub const ERROR_STATUS: Code = breaking(
    "CHANGE_ERROR_STATUS",
    "an error code has another status",
    "Callers that act on the status do something else now.",
);

/// An error code has another retry policy.
pub const ERROR_RETRY: Code = breaking(
    "CHANGE_ERROR_RETRY",
    "an error code has another retry policy",
    "Callers repeat calls that they must not repeat, or give up where a second try would do.",
);

/// An error code has another severity.
pub const ERROR_SEVERITY: Code = harmless(
    "CHANGE_ERROR_SEVERITY",
    "an error code has another severity",
    "It decides who is told, not what callers do.",
);

/// An error code has details now, or none any more.
pub const ERROR_DETAILS: Code = breaking(
    "CHANGE_ERROR_DETAILS",
    "an error code has details now, or none any more",
    "Callers that read them find something else than they look for.",
);

/// Failures have another envelope.
pub const ERROR_ENVELOPE: Code = breaking(
    "CHANGE_ERROR_ENVELOPE",
    "failures have another envelope",
    "Every caller reads failures by it.",
);

/// An address of the service was added.
pub const SERVER_ADDED: Code = harmless(
    "CHANGE_SERVER_ADDED",
    "an address of the service was added",
    "The others are as good as before.",
);

/// An address of the service was removed.
pub const SERVER_REMOVED: Code = breaking(
    "CHANGE_SERVER_REMOVED",
    "an address of the service was removed",
    "Callers that use it reach nobody, as far as the contract says.",
);

/// An environment was added, removed or moved.
pub const ENVIRONMENT: Code = harmless(
    "CHANGE_ENVIRONMENT",
    "an environment was added, removed or moved",
    "Environments are for those who build the service; collections and documentation name them.",
);
