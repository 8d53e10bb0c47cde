//! Codes of changes of lifecycles and tables.
//!
//! Owns: the `CHANGE_*` codes about states and about data that is kept, and which class each has. Must not
//! know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    LIFECYCLE_ADDED: Compatible, Compatible,
        "a schema has a lifecycle now",
        "The contract says now what may follow what; it said nothing before.";

    LIFECYCLE_REMOVED: Breaking, Breaking,
        "a schema has no lifecycle any more",
        "Callers relied on what may follow what.";

    LIFECYCLE_FIELD: Breaking, Breaking,
        "a lifecycle is kept in another field",
        "Callers look for the state where it is not.";

    STATE_ADDED: Compatible, Breaking,
        "a lifecycle has one more state",
        "In an answer it breaks exhaustive readers: code with a branch for each state and no other has nothing to do with the \
         new one. Requests with the states of yesterday are as right as before.";

    STATE_REMOVED: Breaking, Compatible,
        "a lifecycle lost a state",
        "Requests with it were right and are refused now; what is in that state has to be moved to another one first. Readers \
         of answers simply never see it.";

    STATE_INITIAL: Breaking, Breaking,
        "a lifecycle begins in another state",
        "What is made is not where its maker expects it.";

    TRANSITION_ADDED: Compatible, Compatible,
        "a lifecycle permits one more change of state",
        "What was permitted still is.";

    TRANSITION_REMOVED: Breaking, Breaking,
        "a lifecycle does not permit a change of state any more",
        "Callers that ask for it are refused now.";

    TRANSITION_TARGET: Breaking, Breaking,
        "the same event leads to another state",
        "Callers that cause it wait for a state that does not come.";

    LIFECYCLE_VARIANT: Breaking, Breaking,
        "a variant of a lifecycle was added, removed, or is chosen by another condition",
        "Things that the condition selects follow other rules than before.";

    TABLE_ADDED: Compatible, Compatible,
        "a table was added",
        "It holds nothing yet.";

    TABLE_REMOVED: Breaking, Breaking,
        "a table was removed",
        "Its rows are lost unless a migration keeps them. Stop writing to it first, and drop it later.";

    TABLE_RENAMED: Breaking, Breaking,
        "a table has another name",
        "The rows stay under the old name unless a migration renames the table, and code of yesterday that runs beside it \
         finds nothing.";

    COLUMN_ADDED: Compatible, Compatible,
        "a column was added",
        "It may be null or has a default, so rows that are there have a value for it.";

    COLUMN_ADDED_REQUIRED: Breaking, Breaking,
        "a column without a default was added that may not be null",
        "Rows that are there have no value for it, so a database refuses the migration, and code of yesterday cannot insert. \
         Add it as optional, fill it, then make it required; or give it a default.";

    COLUMN_REMOVED: Breaking, Breaking,
        "a column was removed",
        "What stands in it is lost, and code of yesterday that runs beside it fails.";

    COLUMN_RENAMED: Breaking, Breaking,
        "a column has another name",
        "What stands in it stays under the old name unless a migration renames it, and code of yesterday that runs beside it \
         fails.";

    COLUMN_TYPE: Breaking, Breaking,
        "a column has another type",
        "A database converts what is there only where it knows how, and what does not fit is lost or refused.";

    COLUMN_TYPE_WIDENED: Compatible, Compatible,
        "a column has a type that holds more",
        "Everything that is there fits.";

    COLUMN_VALUES_REMOVED: Breaking, Breaking,
        "a column admits fewer values",
        "Rows with the lost values have to be changed first, or the migration is refused.";

    COLUMN_NOT_NULL: Breaking, Breaking,
        "a column may not be null any more",
        "Rows without a value have to be filled first, or the migration is refused.";

    COLUMN_NULLABLE: Compatible, Compatible,
        "a column may be null now",
        "Everything that is there fits.";

    COLUMN_DEFAULT: Compatible, Compatible,
        "a column has another default",
        "Rows that are there keep their values.";

    TABLE_KEY: Breaking, Breaking,
        "a table has another primary key",
        "Rows that are there may agree in it, and whatever refers to the old key has to follow.";

    UNIQUE_ADDED: Breaking, Breaking,
        "rows must differ in what they could agree in",
        "Rows that agree have to be changed first, or the migration is refused.";

    UNIQUE_REMOVED: Compatible, Compatible,
        "rows may agree in what they had to differ in",
        "Everything that is there fits.";

    INDEX_ADDED: Compatible, Compatible,
        "an index was added",
        "It changes how fast rows are found, not which.";

    INDEX_REMOVED: Compatible, Compatible,
        "an index was removed",
        "It changes how fast rows are found, not which.";

    REFERENCE_ADDED: Breaking, Breaking,
        "rows must refer to rows that exist",
        "Rows that refer to nothing have to be changed first, or the migration is refused.";

    REFERENCE_REMOVED: Compatible, Compatible,
        "rows may refer to rows that do not exist",
        "Everything that is there fits.";

    REFERENCE_ON_DELETE: Breaking, Breaking,
        "something else happens to rows when what they refer to is deleted",
        "The same delete takes away rows that it left, or is refused.";
}
