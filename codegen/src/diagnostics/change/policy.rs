//! Codes of changes of policy: who may call, how often, and which failures there are.
//!
//! Owns: the `CHANGE_*` codes about `x-flaresmith` and security, and which class each has. Must not know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    SECURITY_RAISED: Breaking, Breaking,
        "an operation asks for a way of signing in that it did not ask for",
        "Callers that were let in are refused now.";

    SECURITY_LOWERED: Compatible, Compatible,
        "an operation admits callers that it refused",
        "Callers that were let in still are. Look at it twice: it opens a door.";

    SECURITY_SCHEME_ADDED: Compatible, Compatible,
        "a way to sign in was added",
        "Operations that ask for it tell of it themselves.";

    SECURITY_SCHEME_REMOVED: Breaking, Breaking,
        "a way to sign in was removed",
        "Callers that sign in by it cannot any more.";

    SECURITY_SCHEME_CHANGED: Breaking, Breaking,
        "a way to sign in works differently",
        "Callers give their credentials in a place or form where nobody looks for them.";

    ROLE_RAISED: Breaking, Breaking,
        "an operation asks for a higher role",
        "Callers of the lower role were let in and are refused now.";

    ROLE_LOWERED: Compatible, Compatible,
        "an operation admits a lower role",
        "Callers that were let in still are. Look at it twice: it opens a door.";

    ROLE_ADDED: Compatible, Compatible,
        "a role was added",
        "Operations that ask for it tell of it themselves.";

    ROLE_REMOVED: Breaking, Breaking,
        "a role was removed",
        "Nobody can have it any more, so those who did are refused.";

    ROLE_ORDER: Breaking, Breaking,
        "roles stand in another order",
        "A role admits what the lower ones may do, so some callers may do more and others less.";

    RATE_TIGHTENED: Breaking, Breaking,
        "calls are limited more than before",
        "Calls that went through are refused with 429 now.";

    RATE_LOOSENED: Compatible, Compatible,
        "calls are limited less than before",
        "What went through still does.";

    IDEMPOTENCY_ADDED: Compatible, Compatible,
        "an operation takes an `Idempotency-Key` now",
        "Calls without one mean what they meant before.";

    IDEMPOTENCY_REMOVED: Breaking, Breaking,
        "an operation takes no `Idempotency-Key` any more",
        "Callers that repeat a call under the same key, to be sure, have it carried out twice.";

    TOOL_RENAMED: Breaking, Breaking,
        "an operation is a tool of another name",
        "Agents and their instructions call tools by name.";

    TOOL_HIDDEN: Breaking, Breaking,
        "an operation is not a tool any more",
        "Agents that use it find nothing.";

    TOOL_SHOWN: Compatible, Compatible,
        "an operation is a tool now",
        "Nobody uses it yet.";

    TOOL_HINTS: Compatible, Compatible,
        "a tool says something else about what it does",
        "`readOnly` and `destructive` are hints: they decide whether a person is asked first, not what happens.";

    COLLECTION: Docs, Docs,
        "an operation runs differently in collections",
        "Order, variables and expected refusals belong to the collections for people; calls do not know them.";

    OPERATION_ERROR_ADDED: Compatible, Compatible,
        "an operation may fail with one more code",
        "Callers have to be ready for failures that they do not know; status and retry policy of the catalog tell what to do.";

    OPERATION_ERROR_REMOVED: Compatible, Compatible,
        "an operation does not fail with a code any more",
        "Callers that are ready for it simply never see it.";

    ERROR_ADDED: Compatible, Compatible,
        "an error code was added to the catalog",
        "Operations that may fail with it tell of it themselves.";

    ERROR_REMOVED: Breaking, Breaking,
        "an error code left the catalog",
        "Callers that act on it wait for it in vain: the failure has another code now, or none.";

    ERROR_STATUS: Breaking, Breaking,
        "an error code has another status",
        "Callers that act on the status do something else now.";

    ERROR_RETRY: Breaking, Breaking,
        "an error code has another retry policy",
        "Callers repeat calls that they must not repeat, or give up where a second try would do.";

    ERROR_SEVERITY: Compatible, Compatible,
        "an error code has another severity",
        "It decides who is told, not what callers do.";

    ERROR_DETAILS: Breaking, Breaking,
        "an error code has details now, or none any more",
        "Callers that read them find something else than they look for.";

    ERROR_ENVELOPE: Breaking, Breaking,
        "failures have another envelope",
        "Every caller reads failures by it.";

    SERVER_ADDED: Compatible, Compatible,
        "an address of the service was added",
        "The others are as good as before.";

    SERVER_REMOVED: Breaking, Breaking,
        "an address of the service was removed",
        "Callers that use it reach nobody, as far as the contract says.";

    ENVIRONMENT: Compatible, Compatible,
        "an environment was added, removed or moved",
        "Environments are for those who build the service; collections and documentation name them.";
}
