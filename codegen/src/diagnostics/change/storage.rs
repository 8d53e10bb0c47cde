//! Codes of changes of lifecycles and tables.
//!
//! Owns: the `CHANGE_*` codes about states and about data that is kept. Must not know: how a change is found, or which class it has.

use super::{breaking, harmless};
use crate::diagnostics::Code;

/// The codes of this family.
pub const CODES: &[&Code] = &[
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
];

/// A schema has a lifecycle now.
pub const LIFECYCLE_ADDED: Code = harmless(
    "CHANGE_LIFECYCLE_ADDED",
    "a schema has a lifecycle now",
    "The contract says now what may follow what; it said nothing before.",
);

/// A schema has no lifecycle any more.
pub const LIFECYCLE_REMOVED: Code = breaking(
    "CHANGE_LIFECYCLE_REMOVED",
    "a schema has no lifecycle any more",
    "Callers relied on what may follow what.",
);

/// A lifecycle is kept in another field.
pub const LIFECYCLE_FIELD: Code = breaking(
    "CHANGE_LIFECYCLE_FIELD",
    "a lifecycle is kept in another field",
    "Callers look for the state where it is not.",
);

/// A lifecycle has one more state.
pub const STATE_ADDED: Code = breaking(
    "CHANGE_STATE_ADDED",
    "a lifecycle has one more state",
    "In an answer it breaks exhaustive readers: code with a branch for each state and no other has nothing to do \
     with the new one. Requests with the states of yesterday are as right as before.",
);

/// A lifecycle lost a state.
pub const STATE_REMOVED: Code = breaking(
    "CHANGE_STATE_REMOVED",
    "a lifecycle lost a state",
    "Requests with it were right and are refused now; what is in that state has to be moved to another one first. \
     Readers of answers simply never see it.",
);

/// A lifecycle begins in another state.
pub const STATE_INITIAL: Code = breaking(
    "CHANGE_STATE_INITIAL",
    "a lifecycle begins in another state",
    "What is made is not where its maker expects it.",
);

/// A lifecycle permits one more change of state.
pub const TRANSITION_ADDED: Code = harmless(
    "CHANGE_TRANSITION_ADDED",
    "a lifecycle permits one more change of state",
    "What was permitted still is.",
);

/// A lifecycle does not permit a change of state any more.
pub const TRANSITION_REMOVED: Code = breaking(
    "CHANGE_TRANSITION_REMOVED",
    "a lifecycle does not permit a change of state any more",
    "Callers that ask for it are refused now.",
);

/// The same event leads to another state.
pub const TRANSITION_TARGET: Code = breaking(
    "CHANGE_TRANSITION_TARGET",
    "the same event leads to another state",
    "Callers that cause it wait for a state that does not come.",
);

/// A variant of a lifecycle was added, removed, or is chosen by another condition.
pub const LIFECYCLE_VARIANT: Code = breaking(
    "CHANGE_LIFECYCLE_VARIANT",
    "a variant of a lifecycle was added, removed, or is chosen by another condition",
    "Things that the condition selects follow other rules than before.",
);

/// A table was added.
pub const TABLE_ADDED: Code = harmless("CHANGE_TABLE_ADDED", "a table was added", "It holds nothing yet.");

/// A table was removed.
pub const TABLE_REMOVED: Code = breaking(
    "CHANGE_TABLE_REMOVED",
    "a table was removed",
    "Its rows are lost unless a migration keeps them. Stop writing to it first, and drop it later.",
);

/// A table has another name.
pub const TABLE_RENAMED: Code = breaking(
    "CHANGE_TABLE_RENAMED",
    "a table has another name",
    "The rows stay under the old name unless a migration renames the table, and code of yesterday that runs beside \
     it finds nothing.",
);

/// A column was added.
pub const COLUMN_ADDED: Code = harmless(
    "CHANGE_COLUMN_ADDED",
    "a column was added",
    "It may be null or has a default, so rows that are there have a value for it.",
);

/// A column without a default was added that may not be null.
pub const COLUMN_ADDED_REQUIRED: Code = breaking(
    "CHANGE_COLUMN_ADDED_REQUIRED",
    "a column without a default was added that may not be null",
    "Rows that are there have no value for it, so a database refuses the migration, and code of yesterday cannot \
     insert. Add it as optional, fill it, then make it required; or give it a default.",
);

/// A column was removed.
pub const COLUMN_REMOVED: Code = breaking(
    "CHANGE_COLUMN_REMOVED",
    "a column was removed",
    "What stands in it is lost, and code of yesterday that runs beside it fails.",
);

/// A column has another name.
pub const COLUMN_RENAMED: Code = breaking(
    "CHANGE_COLUMN_RENAMED",
    "a column has another name",
    "What stands in it stays under the old name unless a migration renames it, and code of yesterday that runs \
     beside it fails.",
);

/// A column has another type.
pub const COLUMN_TYPE: Code = breaking(
    "CHANGE_COLUMN_TYPE",
    "a column has another type",
    "A database converts what is there only where it knows how, and what does not fit is lost or refused.",
);

/// A column has a type that holds more.
pub const COLUMN_TYPE_WIDENED: Code = harmless(
    "CHANGE_COLUMN_TYPE_WIDENED",
    "a column has a type that holds more",
    "Everything that is there fits.",
);

/// A column admits fewer values.
pub const COLUMN_VALUES_REMOVED: Code = breaking(
    "CHANGE_COLUMN_VALUES_REMOVED",
    "a column admits fewer values",
    "Rows with the lost values have to be changed first, or the migration is refused.",
);

/// A column may not be null any more.
pub const COLUMN_NOT_NULL: Code = breaking(
    "CHANGE_COLUMN_NOT_NULL",
    "a column may not be null any more",
    "Rows without a value have to be filled first, or the migration is refused.",
);

/// A column may be null now.
pub const COLUMN_NULLABLE: Code = harmless(
    "CHANGE_COLUMN_NULLABLE",
    "a column may be null now",
    "Everything that is there fits.",
);

/// A column has another default.
pub const COLUMN_DEFAULT: Code = harmless(
    "CHANGE_COLUMN_DEFAULT",
    "a column has another default",
    "Rows that are there keep their values.",
);

/// A table has another primary key.
pub const TABLE_KEY: Code = breaking(
    "CHANGE_TABLE_KEY",
    "a table has another primary key",
    "Rows that are there may agree in it, and whatever refers to the old key has to follow.",
);

/// Rows must differ in what they could agree in.
pub const UNIQUE_ADDED: Code = breaking(
    "CHANGE_UNIQUE_ADDED",
    "rows must differ in what they could agree in",
    "Rows that agree have to be changed first, or the migration is refused.",
);

/// Rows may agree in what they had to differ in.
pub const UNIQUE_REMOVED: Code = harmless(
    "CHANGE_UNIQUE_REMOVED",
    "rows may agree in what they had to differ in",
    "Everything that is there fits.",
);

/// An index was added.
pub const INDEX_ADDED: Code = harmless(
    "CHANGE_INDEX_ADDED",
    "an index was added",
    "It changes how fast rows are found, not which.",
);

/// An index was removed.
pub const INDEX_REMOVED: Code = harmless(
    "CHANGE_INDEX_REMOVED",
    "an index was removed",
    "It changes how fast rows are found, not which.",
);

/// Rows must refer to rows that exist.
pub const REFERENCE_ADDED: Code = breaking(
    "CHANGE_REFERENCE_ADDED",
    "rows must refer to rows that exist",
    "Rows that refer to nothing have to be changed first, or the migration is refused.",
);

/// Rows may refer to rows that do not exist.
pub const REFERENCE_REMOVED: Code = harmless(
    "CHANGE_REFERENCE_REMOVED",
    "rows may refer to rows that do not exist",
    "Everything that is there fits.",
);

/// Something else happens to rows when what they refer to is deleted.
pub const REFERENCE_ON_DELETE: Code = breaking(
    "CHANGE_REFERENCE_ON_DELETE",
    "something else happens to rows when what they refer to is deleted",
    "The same delete takes away rows that it left, or is refused.",
);
