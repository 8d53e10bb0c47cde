//! Codes of changes of schemas: properties, types, values, rules.
//!
//! Owns: the `CHANGE_*` codes about shapes of values. Must not know: how a change is found, or which class it has.

use super::{breaking, harmless};
use crate::diagnostics::Code;

/// The codes of this family.
pub const CODES: &[&Code] = &[
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
];

/// A schema was added.
pub const SCHEMA_ADDED: Code = harmless(
    "CHANGE_SCHEMA_ADDED",
    "a schema was added",
    "Where it is used is told as a change of what uses it.",
);

/// A schema was removed.
pub const SCHEMA_REMOVED: Code = harmless(
    "CHANGE_SCHEMA_REMOVED",
    "a schema was removed",
    "The name of a schema is not on the wire. Where it was used, the change is told at what used it, with a class \
     of its own; code that names the generated type has to change.",
);

/// A schema has another name.
pub const SCHEMA_RENAMED: Code = harmless(
    "CHANGE_SCHEMA_RENAMED",
    "a schema has another name",
    "It was recognised because nothing else of it changed. Nothing changes on the wire; generated types have \
     another name.",
);

/// A schema became internal, or public.
pub const SCHEMA_INTERNAL: Code = harmless(
    "CHANGE_SCHEMA_INTERNAL",
    "a schema became internal, or public",
    "Nothing changes on the wire. Public documents and the public index of generated code leave internal schemas \
     out.",
);

/// A property was added.
pub const PROPERTY_ADDED: Code = harmless(
    "CHANGE_PROPERTY_ADDED",
    "a property was added",
    "In a request it may be left out. In an answer, readers leave alone what they do not know.",
);

/// A required property was added.
pub const PROPERTY_ADDED_REQUIRED: Code = breaking(
    "CHANGE_PROPERTY_ADDED_REQUIRED",
    "a required property was added",
    "Requests without it were right and are refused now; in an answer it is merely one more. Make it optional in \
     requests, with a default that says what its absence means.",
);

/// A property was added where readers refuse unknown ones.
pub const PROPERTY_ADDED_TO_CLOSED: Code = breaking(
    "CHANGE_PROPERTY_ADDED_TO_CLOSED",
    "a property was added where readers refuse unknown ones",
    "The schema says `additionalProperties: false`, so a reader that was generated from it refuses an answer with a \
     property that it does not know. Leave answers open, so that they can grow.",
);

/// A property was removed.
pub const PROPERTY_REMOVED: Code = breaking(
    "CHANGE_PROPERTY_REMOVED",
    "a property was removed",
    "In a request, what callers say with it is refused or not heard. In an answer, readers find nothing where they \
     look. Deprecate it first.",
);

/// A property must be present now.
pub const PROPERTY_REQUIRED: Code = breaking(
    "CHANGE_PROPERTY_REQUIRED",
    "a property must be present now",
    "Requests without it were right and are refused now. In an answer, readers that were ready for its absence \
     simply never see it.",
);

/// A property may be absent now.
pub const PROPERTY_OPTIONAL: Code = breaking(
    "CHANGE_PROPERTY_OPTIONAL",
    "a property may be absent now",
    "Requests with it are as right as before. In an answer, readers rely on it being there.",
);

/// A property became `readOnly` or `writeOnly`, or ceased to be.
pub const PROPERTY_ACCESS: Code = breaking(
    "CHANGE_PROPERTY_ACCESS",
    "a property became `readOnly` or `writeOnly`, or ceased to be",
    "It is there only in answers, or only in requests. Whoever used it on the other side cannot any more; where the \
     mark went away, the other side has to deal with a property that it did not know.",
);

/// A property became a secret, or is none any more.
pub const PROPERTY_SECRET: Code = harmless(
    "CHANGE_PROPERTY_SECRET",
    "a property became a secret, or is none any more",
    "Nothing changes on the wire. A secret never appears in logs, examples and errors.",
);

/// A value has another type.
pub const TYPE_CHANGED: Code = breaking(
    "CHANGE_TYPE_CHANGED",
    "a value has another type",
    "Values of the old type are not values of the new one, so neither the requests nor the readers of yesterday \
     fit. Add a property beside it, and deprecate this one.",
);

/// A type admits fewer values.
pub const TYPE_NARROWED: Code = breaking(
    "CHANGE_TYPE_NARROWED",
    "a type admits fewer values",
    "Some requests that were right are refused now. Readers of answers get only what they are ready for.",
);

/// A type admits more values.
pub const TYPE_WIDENED: Code = breaking(
    "CHANGE_TYPE_WIDENED",
    "a type admits more values",
    "Every request of yesterday still fits. Readers of answers may get values that they are not ready for.",
);

/// A string or a number has another format.
pub const FORMAT_CHANGED: Code = breaking(
    "CHANGE_FORMAT_CHANGED",
    "a string or a number has another format",
    "Values of the old format are not values of the new one.",
);

/// A format admits fewer values.
pub const FORMAT_NARROWED: Code = breaking(
    "CHANGE_FORMAT_NARROWED",
    "a format admits fewer values",
    "Some requests that were right are refused now. Readers of answers get only what they are ready for.",
);

/// A format admits more values.
pub const FORMAT_WIDENED: Code = breaking(
    "CHANGE_FORMAT_WIDENED",
    "a format admits more values",
    "Every request of yesterday still fits. Readers of answers may get values that do not fit the type they keep \
     them in, such as a number beyond 32 bits or a text that is no UUID.",
);

/// A format that nothing checks has another name.
pub const FORMAT_REMARK: Code = harmless(
    "CHANGE_FORMAT_REMARK",
    "a format that nothing checks has another name",
    "The format is not one that is checked or that has a type of its own, so it only says something to people.",
);

/// `null` is a value now.
pub const NULL_ADMITTED: Code = breaking(
    "CHANGE_NULL_ADMITTED",
    "`null` is a value now",
    "Requests without it are as right as before. In an answer, readers may meet a `null` that they are not ready \
     for.",
);

/// `null` is not a value any more.
pub const NULL_REFUSED: Code = breaking(
    "CHANGE_NULL_REFUSED",
    "`null` is not a value any more",
    "Requests with it were right and are refused now. Readers of answers simply never see it.",
);

/// An enumeration has one more value.
pub const VALUE_ADDED: Code = breaking(
    "CHANGE_VALUE_ADDED",
    "an enumeration has one more value",
    "Requests with the values of yesterday are as right as before. In an answer it breaks exhaustive readers: code \
     that was generated from the old contract, or that has a branch for each value and no other, has nothing to do \
     with the new one and refuses the whole answer. If the list will grow, say so before it does: use a plain \
     string and list the known values in the description.",
);

/// An enumeration lost a value.
pub const VALUE_REMOVED: Code = breaking(
    "CHANGE_VALUE_REMOVED",
    "an enumeration lost a value",
    "Requests with it were right and are refused now. Readers of answers simply never see it.",
);

/// A range of numbers became narrower.
pub const RANGE_NARROWED: Code = breaking(
    "CHANGE_RANGE_NARROWED",
    "a range of numbers became narrower",
    "Some requests that were right are refused now. Readers of answers get only what they are ready for.",
);

/// A range of numbers became wider.
pub const RANGE_WIDENED: Code = breaking(
    "CHANGE_RANGE_WIDENED",
    "a range of numbers became wider",
    "Every request of yesterday still fits. Readers of answers that check them, as generated ones do, refuse \
     numbers beyond the old bound.",
);

/// Lengths or counts are held to narrower bounds.
pub const LENGTH_NARROWED: Code = breaking(
    "CHANGE_LENGTH_NARROWED",
    "lengths or counts are held to narrower bounds",
    "Some requests that were right are refused now. Readers of answers get only what they are ready for.",
);

/// Lengths or counts are held to wider bounds.
pub const LENGTH_WIDENED: Code = breaking(
    "CHANGE_LENGTH_WIDENED",
    "lengths or counts are held to wider bounds",
    "Every request of yesterday still fits. Readers of answers that check them, or that keep them in a column of \
     that length, refuse what is beyond the old bound.",
);

/// A text has to match a pattern now.
pub const PATTERN_ADDED: Code = breaking(
    "CHANGE_PATTERN_ADDED",
    "a text has to match a pattern now",
    "Some requests that were right may be refused now. Readers of answers get only what they are ready for.",
);

/// A text has to match no pattern any more.
pub const PATTERN_REMOVED: Code = breaking(
    "CHANGE_PATTERN_REMOVED",
    "a text has to match no pattern any more",
    "Every request of yesterday still fits. Readers of answers that check the pattern refuse what does not match.",
);

/// A text has to match another pattern.
pub const PATTERN_CHANGED: Code = breaking(
    "CHANGE_PATTERN_CHANGED",
    "a text has to match another pattern",
    "Whether one pattern admits all that the other does cannot be decided in general, so the change counts as \
     breaking in both directions.",
);

/// Keywords that no type shows hold of values now.
pub const GUARD_ADDED: Code = breaking(
    "CHANGE_GUARD_ADDED",
    "values are held against keywords that no type shows",
    "The keywords (`not`, `if`, `contains`, `dependentRequired` and their like) refuse some of the values that were right. \
     Readers of answers get only what they are ready for.",
);

/// Keywords that no type shows hold of values no more.
pub const GUARD_REMOVED: Code = breaking(
    "CHANGE_GUARD_REMOVED",
    "values are not held against keywords any more that no type shows",
    "Every request of yesterday still fits. Readers of answers that check the keywords refuse what does not satisfy them.",
);

/// Keywords that no type shows say something else.
pub const GUARD_CHANGED: Code = breaking(
    "CHANGE_GUARD_CHANGED",
    "values are held against other keywords that no type shows",
    "Whether one schema admits all that the other does cannot be decided in general, so the change counts as breaking in \
     both directions.",
);

/// An object admits fewer unnamed members, or none.
pub const EXTRA_REFUSED: Code = breaking(
    "CHANGE_EXTRA_REFUSED",
    "an object admits fewer unnamed members, or none",
    "Requests with such members were right and are refused now. Readers of answers get only what they are ready \
     for.",
);

/// An object admits unnamed members, or more of them.
pub const EXTRA_ADMITTED: Code = breaking(
    "CHANGE_EXTRA_ADMITTED",
    "an object admits unnamed members, or more of them",
    "Every request of yesterday still fits. Readers of answers that were generated from the closed schema refuse \
     members that they do not know.",
);

/// A union has one more variant.
pub const VARIANT_ADDED: Code = breaking(
    "CHANGE_VARIANT_ADDED",
    "a union has one more variant",
    "Requests with the variants of yesterday are as right as before. In an answer it breaks exhaustive readers, \
     which have nothing to do with a variant that they do not know.",
);

/// A union lost a variant.
pub const VARIANT_REMOVED: Code = breaking(
    "CHANGE_VARIANT_REMOVED",
    "a union lost a variant",
    "Requests with it were right and are refused now. Readers of answers simply never see it.",
);

/// A variant of a union is told by other values.
pub const VARIANT_TAG: Code = breaking(
    "CHANGE_VARIANT_TAG",
    "a variant of a union is told by other values",
    "Both sides choose the variant by the value of the discriminating property, so they choose wrong, or none.",
);

/// The variants of a union are told apart by a property now.
pub const DISCRIMINATOR_ADDED: Code = harmless(
    "CHANGE_DISCRIMINATOR_ADDED",
    "the variants of a union are told apart by a property now",
    "The property was among those of the variants before; the contract says now that it decides.",
);

/// The variants of a union are told apart by another property, or by none.
pub const DISCRIMINATOR_CHANGED: Code = breaking(
    "CHANGE_DISCRIMINATOR_CHANGED",
    "the variants of a union are told apart by another property, or by none",
    "Both sides choose the variant by that property, so they choose wrong, or none.",
);

/// The contract says now what absence stands for.
pub const DEFAULT_ADDED: Code = harmless(
    "CHANGE_DEFAULT_ADDED",
    "the contract says now what absence stands for",
    "It said nothing before, so nobody could rely on anything.",
);

/// Absence stands for another value.
pub const DEFAULT_CHANGED: Code = breaking(
    "CHANGE_DEFAULT_CHANGED",
    "absence stands for another value",
    "The same request, or the same answer, means something else now, and nobody is told.",
);

/// The contract does not say any more what absence stands for.
pub const DEFAULT_REMOVED: Code = breaking(
    "CHANGE_DEFAULT_REMOVED",
    "the contract does not say any more what absence stands for",
    "Who left the value out relied on what it stood for.",
);
