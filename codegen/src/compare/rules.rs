//! The rules: which class a kind of change has, by the direction in which values travel.
//!
//! Owns: one table, a line a code. Must not know: how a change is found.
//!
//! What widens is right for requests, since every request of yesterday still fits, and wrong for answers, since readers may
//! get what they are not ready for; what narrows is the other way round. A value that travels both ways has the worse class.

use super::change::Class::{self, Breaking, Compatible, Docs};
use super::spot::Direction;
use crate::diagnostics::Code;
use crate::diagnostics::change::{operation, policy, schema, storage, text};

/// The class of one kind of change.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its code.
    pub code: &'static Code,
    /// Its class where values travel in requests.
    pub in_requests: Class,
    /// Its class where values travel in answers.
    pub in_responses: Class,
}

impl Rule {
    /// The class in a direction. What nobody sends or reads breaks nobody.
    #[must_use]
    pub fn class(&self, direction: Direction) -> Class {
        match (direction.request, direction.response) {
            (true, true) => self.in_requests.min(self.in_responses),
            (true, false) => self.in_requests,
            (false, true) => self.in_responses,
            (false, false) => self.in_requests.min(self.in_responses).max(Compatible),
        }
    }
}

const fn rule(code: &'static Code, in_requests: Class, in_responses: Class) -> Rule {
    Rule {
        code,
        in_requests,
        in_responses,
    }
}

/// Every rule, family by family.
pub const RULES: &[&Rule] = &[
    &OPERATION_ADDED,
    &OPERATION_REMOVED,
    &OPERATION_RENAMED,
    &OPERATION_MOVED,
    &OPERATION_GROUPED,
    &DEPRECATED,
    &DEPRECATION_LIFTED,
    &PARAMETER_ADDED,
    &PARAMETER_ADDED_REQUIRED,
    &PARAMETER_REMOVED,
    &PARAMETER_RENAMED,
    &PARAMETER_REQUIRED,
    &PARAMETER_OPTIONAL,
    &PARAMETER_STYLE,
    &BODY_ADDED,
    &BODY_ADDED_REQUIRED,
    &BODY_REMOVED,
    &BODY_REQUIRED,
    &BODY_OPTIONAL,
    &MEDIA_TYPE_ADDED,
    &MEDIA_TYPE_REMOVED,
    &ENCODING,
    &RESPONSE_ADDED,
    &RESPONSE_SUCCESS_ADDED,
    &RESPONSE_REMOVED,
    &RESPONSE_SUCCESS_REMOVED,
    &HEADER_ADDED,
    &HEADER_REMOVED,
    &HEADER_REQUIRED,
    &HEADER_OPTIONAL,
    &SCHEMA_ADDED,
    &SCHEMA_REMOVED,
    &SCHEMA_RENAMED,
    &SCHEMA_INTERNAL,
    &PROPERTY_ADDED,
    &PROPERTY_ADDED_REQUIRED,
    &PROPERTY_ADDED_TO_CLOSED,
    &PROPERTY_REMOVED,
    &PROPERTY_REQUIRED,
    &PROPERTY_OPTIONAL,
    &PROPERTY_ACCESS,
    &PROPERTY_SECRET,
    &TYPE_CHANGED,
    &TYPE_NARROWED,
    &TYPE_WIDENED,
    &FORMAT_CHANGED,
    &FORMAT_NARROWED,
    &FORMAT_WIDENED,
    &FORMAT_REMARK,
    &NULL_ADMITTED,
    &NULL_REFUSED,
    &VALUE_ADDED,
    &VALUE_REMOVED,
    &RANGE_NARROWED,
    &RANGE_WIDENED,
    &LENGTH_NARROWED,
    &LENGTH_WIDENED,
    &PATTERN_ADDED,
    &PATTERN_REMOVED,
    &PATTERN_CHANGED,
    &GUARD_ADDED,
    &GUARD_REMOVED,
    &GUARD_CHANGED,
    &EXTRA_REFUSED,
    &EXTRA_ADMITTED,
    &VARIANT_ADDED,
    &VARIANT_REMOVED,
    &VARIANT_TAG,
    &DISCRIMINATOR_ADDED,
    &DISCRIMINATOR_CHANGED,
    &DEFAULT_ADDED,
    &DEFAULT_CHANGED,
    &DEFAULT_REMOVED,
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
    &LIFECYCLE_ADDED,
    &LIFECYCLE_REMOVED,
    &LIFECYCLE_FIELD,
    &STATE_ADDED,
    &STATE_REMOVED,
    &STATE_INITIAL,
    &TRANSITION_ADDED,
    &TRANSITION_REMOVED,
    &TRANSITION_TARGET,
    &LIFECYCLE_VARIANT,
    &TABLE_ADDED,
    &TABLE_REMOVED,
    &TABLE_RENAMED,
    &COLUMN_ADDED,
    &COLUMN_ADDED_REQUIRED,
    &COLUMN_REMOVED,
    &COLUMN_RENAMED,
    &COLUMN_TYPE,
    &COLUMN_TYPE_WIDENED,
    &COLUMN_VALUES_REMOVED,
    &COLUMN_NOT_NULL,
    &COLUMN_NULLABLE,
    &COLUMN_DEFAULT,
    &TABLE_KEY,
    &UNIQUE_ADDED,
    &UNIQUE_REMOVED,
    &INDEX_ADDED,
    &INDEX_REMOVED,
    &REFERENCE_ADDED,
    &REFERENCE_REMOVED,
    &REFERENCE_ON_DELETE,
    &TEXT,
    &EXAMPLES,
    &REQUIREMENTS,
    &INFO,
];

pub(super) const OPERATION_ADDED: Rule = rule(&operation::OPERATION_ADDED, Compatible, Compatible);
pub(super) const OPERATION_REMOVED: Rule = rule(&operation::OPERATION_REMOVED, Breaking, Breaking);
pub(super) const OPERATION_RENAMED: Rule = rule(&operation::OPERATION_RENAMED, Breaking, Breaking);
pub(super) const OPERATION_MOVED: Rule = rule(&operation::OPERATION_MOVED, Breaking, Breaking);
pub(super) const OPERATION_GROUPED: Rule = rule(&operation::OPERATION_GROUPED, Compatible, Compatible);
pub(super) const DEPRECATED: Rule = rule(&operation::DEPRECATED, Compatible, Compatible);
pub(super) const DEPRECATION_LIFTED: Rule = rule(&operation::DEPRECATION_LIFTED, Compatible, Compatible);
pub(super) const PARAMETER_ADDED: Rule = rule(&operation::PARAMETER_ADDED, Compatible, Compatible);
pub(super) const PARAMETER_ADDED_REQUIRED: Rule = rule(&operation::PARAMETER_ADDED_REQUIRED, Breaking, Breaking);
pub(super) const PARAMETER_REMOVED: Rule = rule(&operation::PARAMETER_REMOVED, Breaking, Breaking);
pub(super) const PARAMETER_RENAMED: Rule = rule(&operation::PARAMETER_RENAMED, Compatible, Compatible);
pub(super) const PARAMETER_REQUIRED: Rule = rule(&operation::PARAMETER_REQUIRED, Breaking, Breaking);
pub(super) const PARAMETER_OPTIONAL: Rule = rule(&operation::PARAMETER_OPTIONAL, Compatible, Compatible);
pub(super) const PARAMETER_STYLE: Rule = rule(&operation::PARAMETER_STYLE, Breaking, Breaking);
pub(super) const BODY_ADDED: Rule = rule(&operation::BODY_ADDED, Compatible, Compatible);
pub(super) const BODY_ADDED_REQUIRED: Rule = rule(&operation::BODY_ADDED_REQUIRED, Breaking, Breaking);
pub(super) const BODY_REMOVED: Rule = rule(&operation::BODY_REMOVED, Breaking, Breaking);
pub(super) const BODY_REQUIRED: Rule = rule(&operation::BODY_REQUIRED, Breaking, Breaking);
pub(super) const BODY_OPTIONAL: Rule = rule(&operation::BODY_OPTIONAL, Compatible, Compatible);
pub(super) const MEDIA_TYPE_ADDED: Rule = rule(&operation::MEDIA_TYPE_ADDED, Compatible, Compatible);
pub(super) const MEDIA_TYPE_REMOVED: Rule = rule(&operation::MEDIA_TYPE_REMOVED, Breaking, Breaking);
pub(super) const ENCODING: Rule = rule(&operation::ENCODING, Breaking, Breaking);
pub(super) const RESPONSE_ADDED: Rule = rule(&operation::RESPONSE_ADDED, Compatible, Compatible);
pub(super) const RESPONSE_SUCCESS_ADDED: Rule = rule(&operation::RESPONSE_SUCCESS_ADDED, Breaking, Breaking);
pub(super) const RESPONSE_REMOVED: Rule = rule(&operation::RESPONSE_REMOVED, Compatible, Compatible);
pub(super) const RESPONSE_SUCCESS_REMOVED: Rule = rule(&operation::RESPONSE_SUCCESS_REMOVED, Breaking, Breaking);
pub(super) const HEADER_ADDED: Rule = rule(&operation::HEADER_ADDED, Compatible, Compatible);
pub(super) const HEADER_REMOVED: Rule = rule(&operation::HEADER_REMOVED, Breaking, Breaking);
pub(super) const HEADER_REQUIRED: Rule = rule(&operation::HEADER_REQUIRED, Compatible, Compatible);
pub(super) const HEADER_OPTIONAL: Rule = rule(&operation::HEADER_OPTIONAL, Breaking, Breaking);

pub(super) const SCHEMA_ADDED: Rule = rule(&schema::SCHEMA_ADDED, Compatible, Compatible);
pub(super) const SCHEMA_REMOVED: Rule = rule(&schema::SCHEMA_REMOVED, Compatible, Compatible);
pub(super) const SCHEMA_RENAMED: Rule = rule(&schema::SCHEMA_RENAMED, Compatible, Compatible);
pub(super) const SCHEMA_INTERNAL: Rule = rule(&schema::SCHEMA_INTERNAL, Compatible, Compatible);
pub(super) const PROPERTY_ADDED: Rule = rule(&schema::PROPERTY_ADDED, Compatible, Compatible);
pub(super) const PROPERTY_ADDED_REQUIRED: Rule = rule(&schema::PROPERTY_ADDED_REQUIRED, Breaking, Compatible);
pub(super) const PROPERTY_ADDED_TO_CLOSED: Rule = rule(&schema::PROPERTY_ADDED_TO_CLOSED, Compatible, Breaking);
pub(super) const PROPERTY_REMOVED: Rule = rule(&schema::PROPERTY_REMOVED, Breaking, Breaking);
pub(super) const PROPERTY_REQUIRED: Rule = rule(&schema::PROPERTY_REQUIRED, Breaking, Compatible);
pub(super) const PROPERTY_OPTIONAL: Rule = rule(&schema::PROPERTY_OPTIONAL, Compatible, Breaking);
pub(super) const PROPERTY_ACCESS: Rule = rule(&schema::PROPERTY_ACCESS, Breaking, Breaking);
pub(super) const PROPERTY_SECRET: Rule = rule(&schema::PROPERTY_SECRET, Compatible, Compatible);
pub(super) const TYPE_CHANGED: Rule = rule(&schema::TYPE_CHANGED, Breaking, Breaking);
pub(super) const TYPE_NARROWED: Rule = rule(&schema::TYPE_NARROWED, Breaking, Compatible);
pub(super) const TYPE_WIDENED: Rule = rule(&schema::TYPE_WIDENED, Compatible, Breaking);
pub(super) const FORMAT_CHANGED: Rule = rule(&schema::FORMAT_CHANGED, Breaking, Breaking);
pub(super) const FORMAT_NARROWED: Rule = rule(&schema::FORMAT_NARROWED, Breaking, Compatible);
pub(super) const FORMAT_WIDENED: Rule = rule(&schema::FORMAT_WIDENED, Compatible, Breaking);
pub(super) const FORMAT_REMARK: Rule = rule(&schema::FORMAT_REMARK, Docs, Docs);
pub(super) const NULL_ADMITTED: Rule = rule(&schema::NULL_ADMITTED, Compatible, Breaking);
pub(super) const NULL_REFUSED: Rule = rule(&schema::NULL_REFUSED, Breaking, Compatible);
pub(super) const VALUE_ADDED: Rule = rule(&schema::VALUE_ADDED, Compatible, Breaking);
pub(super) const VALUE_REMOVED: Rule = rule(&schema::VALUE_REMOVED, Breaking, Compatible);
pub(super) const RANGE_NARROWED: Rule = rule(&schema::RANGE_NARROWED, Breaking, Compatible);
pub(super) const RANGE_WIDENED: Rule = rule(&schema::RANGE_WIDENED, Compatible, Breaking);
pub(super) const LENGTH_NARROWED: Rule = rule(&schema::LENGTH_NARROWED, Breaking, Compatible);
pub(super) const LENGTH_WIDENED: Rule = rule(&schema::LENGTH_WIDENED, Compatible, Breaking);
pub(super) const PATTERN_ADDED: Rule = rule(&schema::PATTERN_ADDED, Breaking, Compatible);
pub(super) const PATTERN_REMOVED: Rule = rule(&schema::PATTERN_REMOVED, Compatible, Breaking);
pub(super) const PATTERN_CHANGED: Rule = rule(&schema::PATTERN_CHANGED, Breaking, Breaking);
pub(super) const GUARD_ADDED: Rule = rule(&schema::GUARD_ADDED, Breaking, Compatible);
pub(super) const GUARD_REMOVED: Rule = rule(&schema::GUARD_REMOVED, Compatible, Breaking);
pub(super) const GUARD_CHANGED: Rule = rule(&schema::GUARD_CHANGED, Breaking, Breaking);
pub(super) const EXTRA_REFUSED: Rule = rule(&schema::EXTRA_REFUSED, Breaking, Compatible);
pub(super) const EXTRA_ADMITTED: Rule = rule(&schema::EXTRA_ADMITTED, Compatible, Breaking);
pub(super) const VARIANT_ADDED: Rule = rule(&schema::VARIANT_ADDED, Compatible, Breaking);
pub(super) const VARIANT_REMOVED: Rule = rule(&schema::VARIANT_REMOVED, Breaking, Compatible);
pub(super) const VARIANT_TAG: Rule = rule(&schema::VARIANT_TAG, Breaking, Breaking);
pub(super) const DISCRIMINATOR_ADDED: Rule = rule(&schema::DISCRIMINATOR_ADDED, Compatible, Compatible);
pub(super) const DISCRIMINATOR_CHANGED: Rule = rule(&schema::DISCRIMINATOR_CHANGED, Breaking, Breaking);
pub(super) const DEFAULT_ADDED: Rule = rule(&schema::DEFAULT_ADDED, Compatible, Compatible);
pub(super) const DEFAULT_CHANGED: Rule = rule(&schema::DEFAULT_CHANGED, Breaking, Breaking);
pub(super) const DEFAULT_REMOVED: Rule = rule(&schema::DEFAULT_REMOVED, Breaking, Breaking);

pub(super) const SECURITY_RAISED: Rule = rule(&policy::SECURITY_RAISED, Breaking, Breaking);
pub(super) const SECURITY_LOWERED: Rule = rule(&policy::SECURITY_LOWERED, Compatible, Compatible);
pub(super) const SECURITY_SCHEME_ADDED: Rule = rule(&policy::SECURITY_SCHEME_ADDED, Compatible, Compatible);
pub(super) const SECURITY_SCHEME_REMOVED: Rule = rule(&policy::SECURITY_SCHEME_REMOVED, Breaking, Breaking);
pub(super) const SECURITY_SCHEME_CHANGED: Rule = rule(&policy::SECURITY_SCHEME_CHANGED, Breaking, Breaking);
pub(super) const ROLE_RAISED: Rule = rule(&policy::ROLE_RAISED, Breaking, Breaking);
pub(super) const ROLE_LOWERED: Rule = rule(&policy::ROLE_LOWERED, Compatible, Compatible);
pub(super) const ROLE_ADDED: Rule = rule(&policy::ROLE_ADDED, Compatible, Compatible);
pub(super) const ROLE_REMOVED: Rule = rule(&policy::ROLE_REMOVED, Breaking, Breaking);
pub(super) const ROLE_ORDER: Rule = rule(&policy::ROLE_ORDER, Breaking, Breaking);
pub(super) const RATE_TIGHTENED: Rule = rule(&policy::RATE_TIGHTENED, Breaking, Breaking);
pub(super) const RATE_LOOSENED: Rule = rule(&policy::RATE_LOOSENED, Compatible, Compatible);
pub(super) const IDEMPOTENCY_ADDED: Rule = rule(&policy::IDEMPOTENCY_ADDED, Compatible, Compatible);
pub(super) const IDEMPOTENCY_REMOVED: Rule = rule(&policy::IDEMPOTENCY_REMOVED, Breaking, Breaking);
pub(super) const TOOL_RENAMED: Rule = rule(&policy::TOOL_RENAMED, Breaking, Breaking);
pub(super) const TOOL_HIDDEN: Rule = rule(&policy::TOOL_HIDDEN, Breaking, Breaking);
pub(super) const TOOL_SHOWN: Rule = rule(&policy::TOOL_SHOWN, Compatible, Compatible);
pub(super) const TOOL_HINTS: Rule = rule(&policy::TOOL_HINTS, Compatible, Compatible);
pub(super) const COLLECTION: Rule = rule(&policy::COLLECTION, Docs, Docs);
pub(super) const OPERATION_ERROR_ADDED: Rule = rule(&policy::OPERATION_ERROR_ADDED, Compatible, Compatible);
pub(super) const OPERATION_ERROR_REMOVED: Rule = rule(&policy::OPERATION_ERROR_REMOVED, Compatible, Compatible);
pub(super) const ERROR_ADDED: Rule = rule(&policy::ERROR_ADDED, Compatible, Compatible);
pub(super) const ERROR_REMOVED: Rule = rule(&policy::ERROR_REMOVED, Breaking, Breaking);
pub(super) const ERROR_STATUS: Rule = rule(&policy::ERROR_STATUS, Breaking, Breaking);
pub(super) const ERROR_RETRY: Rule = rule(&policy::ERROR_RETRY, Breaking, Breaking);
pub(super) const ERROR_SEVERITY: Rule = rule(&policy::ERROR_SEVERITY, Compatible, Compatible);
pub(super) const ERROR_DETAILS: Rule = rule(&policy::ERROR_DETAILS, Breaking, Breaking);
pub(super) const ERROR_ENVELOPE: Rule = rule(&policy::ERROR_ENVELOPE, Breaking, Breaking);
pub(super) const SERVER_ADDED: Rule = rule(&policy::SERVER_ADDED, Compatible, Compatible);
pub(super) const SERVER_REMOVED: Rule = rule(&policy::SERVER_REMOVED, Breaking, Breaking);
pub(super) const ENVIRONMENT: Rule = rule(&policy::ENVIRONMENT, Compatible, Compatible);

pub(super) const LIFECYCLE_ADDED: Rule = rule(&storage::LIFECYCLE_ADDED, Compatible, Compatible);
pub(super) const LIFECYCLE_REMOVED: Rule = rule(&storage::LIFECYCLE_REMOVED, Breaking, Breaking);
pub(super) const LIFECYCLE_FIELD: Rule = rule(&storage::LIFECYCLE_FIELD, Breaking, Breaking);
pub(super) const STATE_ADDED: Rule = rule(&storage::STATE_ADDED, Compatible, Breaking);
pub(super) const STATE_REMOVED: Rule = rule(&storage::STATE_REMOVED, Breaking, Compatible);
pub(super) const STATE_INITIAL: Rule = rule(&storage::STATE_INITIAL, Breaking, Breaking);
pub(super) const TRANSITION_ADDED: Rule = rule(&storage::TRANSITION_ADDED, Compatible, Compatible);
pub(super) const TRANSITION_REMOVED: Rule = rule(&storage::TRANSITION_REMOVED, Breaking, Breaking);
pub(super) const TRANSITION_TARGET: Rule = rule(&storage::TRANSITION_TARGET, Breaking, Breaking);
pub(super) const LIFECYCLE_VARIANT: Rule = rule(&storage::LIFECYCLE_VARIANT, Breaking, Breaking);
pub(super) const TABLE_ADDED: Rule = rule(&storage::TABLE_ADDED, Compatible, Compatible);
pub(super) const TABLE_REMOVED: Rule = rule(&storage::TABLE_REMOVED, Breaking, Breaking);
pub(super) const TABLE_RENAMED: Rule = rule(&storage::TABLE_RENAMED, Breaking, Breaking);
pub(super) const COLUMN_ADDED: Rule = rule(&storage::COLUMN_ADDED, Compatible, Compatible);
pub(super) const COLUMN_ADDED_REQUIRED: Rule = rule(&storage::COLUMN_ADDED_REQUIRED, Breaking, Breaking);
pub(super) const COLUMN_REMOVED: Rule = rule(&storage::COLUMN_REMOVED, Breaking, Breaking);
pub(super) const COLUMN_RENAMED: Rule = rule(&storage::COLUMN_RENAMED, Breaking, Breaking);
pub(super) const COLUMN_TYPE: Rule = rule(&storage::COLUMN_TYPE, Breaking, Breaking);
pub(super) const COLUMN_TYPE_WIDENED: Rule = rule(&storage::COLUMN_TYPE_WIDENED, Compatible, Compatible);
pub(super) const COLUMN_VALUES_REMOVED: Rule = rule(&storage::COLUMN_VALUES_REMOVED, Breaking, Breaking);
pub(super) const COLUMN_NOT_NULL: Rule = rule(&storage::COLUMN_NOT_NULL, Breaking, Breaking);
pub(super) const COLUMN_NULLABLE: Rule = rule(&storage::COLUMN_NULLABLE, Compatible, Compatible);
pub(super) const COLUMN_DEFAULT: Rule = rule(&storage::COLUMN_DEFAULT, Compatible, Compatible);
pub(super) const TABLE_KEY: Rule = rule(&storage::TABLE_KEY, Breaking, Breaking);
pub(super) const UNIQUE_ADDED: Rule = rule(&storage::UNIQUE_ADDED, Breaking, Breaking);
pub(super) const UNIQUE_REMOVED: Rule = rule(&storage::UNIQUE_REMOVED, Compatible, Compatible);
pub(super) const INDEX_ADDED: Rule = rule(&storage::INDEX_ADDED, Compatible, Compatible);
pub(super) const INDEX_REMOVED: Rule = rule(&storage::INDEX_REMOVED, Compatible, Compatible);
pub(super) const REFERENCE_ADDED: Rule = rule(&storage::REFERENCE_ADDED, Breaking, Breaking);
pub(super) const REFERENCE_REMOVED: Rule = rule(&storage::REFERENCE_REMOVED, Compatible, Compatible);
pub(super) const REFERENCE_ON_DELETE: Rule = rule(&storage::REFERENCE_ON_DELETE, Breaking, Breaking);

pub(super) const TEXT: Rule = rule(&text::TEXT, Docs, Docs);
pub(super) const EXAMPLES: Rule = rule(&text::EXAMPLES, Docs, Docs);
pub(super) const REQUIREMENTS: Rule = rule(&text::REQUIREMENTS, Docs, Docs);
pub(super) const INFO: Rule = rule(&text::INFO, Docs, Docs);
