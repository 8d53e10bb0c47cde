//! Codes of changes of schemas: properties, types, values, rules.
//!
//! Owns: the `CHANGE_*` codes about shapes of values, and which class each has. Must not know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    SCHEMA_ADDED: Compatible, Compatible,
        "a schema was added",
        "Where it is used is told as a change of what uses it.";

    SCHEMA_REMOVED: Compatible, Compatible,
        "a schema was removed",
        "The name of a schema is not on the wire. Where it was used, the change is told at what used it, with a class of its \
         own; code that names the generated type has to change.";

    SCHEMA_RENAMED: Compatible, Compatible,
        "a schema has another name",
        "It was recognised because nothing else of it changed. Nothing changes on the wire; generated types have another name.";

    SCHEMA_INTERNAL: Compatible, Compatible,
        "a schema became internal, or public",
        "Nothing changes on the wire. Public documents and the public index of generated code leave internal schemas out.";

    PROPERTY_ADDED: Compatible, Compatible,
        "a property was added",
        "In a request it may be left out. In an answer, readers leave alone what they do not know.";

    PROPERTY_ADDED_REQUIRED: Breaking, Compatible,
        "a required property was added",
        "Requests without it were right and are refused now; in an answer it is merely one more. Make it optional in \
         requests, with a default that says what its absence means.";

    PROPERTY_ADDED_TO_CLOSED: Compatible, Breaking,
        "a property was added where readers refuse unknown ones",
        "The schema says `additionalProperties: false`, so a reader that was generated from it refuses an answer with a \
         property that it does not know. Leave answers open, so that they can grow.";

    PROPERTY_REMOVED: Breaking, Breaking,
        "a property was removed",
        "In a request, what callers say with it is refused or not heard. In an answer, readers find nothing where they look. \
         Deprecate it first.";

    PROPERTY_REQUIRED: Breaking, Compatible,
        "a property must be present now",
        "Requests without it were right and are refused now. In an answer, readers that were ready for its absence simply \
         never see it.";

    PROPERTY_OPTIONAL: Compatible, Breaking,
        "a property may be absent now",
        "Requests with it are as right as before. In an answer, readers rely on it being there.";

    PROPERTY_ACCESS: Breaking, Breaking,
        "a property became `readOnly` or `writeOnly`, or ceased to be",
        "It is there only in answers, or only in requests. Whoever used it on the other side cannot any more; where the mark \
         went away, the other side has to deal with a property that it did not know.";

    PROPERTY_SECRET: Compatible, Compatible,
        "a property became a secret, or is none any more",
        "Nothing changes on the wire. A secret never appears in logs, examples and errors.";

    TYPE_CHANGED: Breaking, Breaking,
        "a value has another type",
        "Values of the old type are not values of the new one, so neither the requests nor the readers of yesterday fit. Add \
         a property beside it, and deprecate this one.";

    TYPE_NARROWED: Breaking, Compatible,
        "a type admits fewer values",
        "Some requests that were right are refused now. Readers of answers get only what they are ready for.";

    TYPE_WIDENED: Compatible, Breaking,
        "a type admits more values",
        "Every request of yesterday still fits. Readers of answers may get values that they are not ready for.";

    FORMAT_CHANGED: Breaking, Breaking,
        "a string or a number has another format",
        "Values of the old format are not values of the new one.";

    FORMAT_NARROWED: Breaking, Compatible,
        "a format admits fewer values",
        "Some requests that were right are refused now. Readers of answers get only what they are ready for.";

    FORMAT_WIDENED: Compatible, Breaking,
        "a format admits more values",
        "Every request of yesterday still fits. Readers of answers may get values that do not fit the type they keep them in, \
         such as a number beyond 32 bits or a text that is no UUID.";

    FORMAT_REMARK: Docs, Docs,
        "a format that nothing checks has another name",
        "The format is not one that is checked or that has a type of its own, so it only says something to people.";

    NULL_ADMITTED: Compatible, Breaking,
        "`null` is a value now",
        "Requests without it are as right as before. In an answer, readers may meet a `null` that they are not ready for.";

    NULL_REFUSED: Breaking, Compatible,
        "`null` is not a value any more",
        "Requests with it were right and are refused now. Readers of answers simply never see it.";

    VALUE_ADDED: Compatible, Breaking,
        "an enumeration has one more value",
        "Requests with the values of yesterday are as right as before. In an answer it breaks exhaustive readers: code that \
         was generated from the old contract, or that has a branch for each value and no other, has nothing to do with the \
         new one and refuses the whole answer. If the list will grow, say so before it does: use a plain string and list the \
         known values in the description.";

    VALUE_REMOVED: Breaking, Compatible,
        "an enumeration lost a value",
        "Requests with it were right and are refused now. Readers of answers simply never see it.";

    RANGE_NARROWED: Breaking, Compatible,
        "a range of numbers became narrower",
        "Some requests that were right are refused now. Readers of answers get only what they are ready for.";

    RANGE_WIDENED: Compatible, Breaking,
        "a range of numbers became wider",
        "Every request of yesterday still fits. Readers of answers that check them, as generated ones do, refuse numbers \
         beyond the old bound.";

    LENGTH_NARROWED: Breaking, Compatible,
        "lengths or counts are held to narrower bounds",
        "Some requests that were right are refused now. Readers of answers get only what they are ready for.";

    LENGTH_WIDENED: Compatible, Breaking,
        "lengths or counts are held to wider bounds",
        "Every request of yesterday still fits. Readers of answers that check them, or that keep them in a column of that \
         length, refuse what is beyond the old bound.";

    PATTERN_ADDED: Breaking, Compatible,
        "a text has to match a pattern now",
        "Some requests that were right may be refused now. Readers of answers get only what they are ready for.";

    PATTERN_REMOVED: Compatible, Breaking,
        "a text has to match no pattern any more",
        "Every request of yesterday still fits. Readers of answers that check the pattern refuse what does not match.";

    PATTERN_CHANGED: Breaking, Breaking,
        "a text has to match another pattern",
        "Whether one pattern admits all that the other does cannot be decided in general, so the change counts as breaking in \
         both directions.";

    GUARD_ADDED: Breaking, Compatible,
        "values are held against keywords that no type shows",
        "The keywords (`not`, `if`, `contains`, `dependentRequired` and their like) refuse some of the values that were \
         right. Readers of answers get only what they are ready for.";

    GUARD_REMOVED: Compatible, Breaking,
        "values are not held against keywords any more that no type shows",
        "Every request of yesterday still fits. Readers of answers that check the keywords refuse what does not satisfy them.";

    GUARD_CHANGED: Breaking, Breaking,
        "values are held against other keywords that no type shows",
        "Whether one schema admits all that the other does cannot be decided in general, so the change counts as breaking in \
         both directions.";

    EXTRA_REFUSED: Breaking, Compatible,
        "an object admits fewer unnamed members, or none",
        "Requests with such members were right and are refused now. Readers of answers get only what they are ready for.";

    EXTRA_ADMITTED: Compatible, Breaking,
        "an object admits unnamed members, or more of them",
        "Every request of yesterday still fits. Readers of answers that were generated from the closed schema refuse members \
         that they do not know.";

    VARIANT_ADDED: Compatible, Breaking,
        "a union has one more variant",
        "Requests with the variants of yesterday are as right as before. In an answer it breaks exhaustive readers, which \
         have nothing to do with a variant that they do not know.";

    VARIANT_REMOVED: Breaking, Compatible,
        "a union lost a variant",
        "Requests with it were right and are refused now. Readers of answers simply never see it.";

    VARIANT_TAG: Breaking, Breaking,
        "a variant of a union is told by other values",
        "Both sides choose the variant by the value of the discriminating property, so they choose wrong, or none.";

    DISCRIMINATOR_ADDED: Compatible, Compatible,
        "the variants of a union are told apart by a property now",
        "The property was among those of the variants before; the contract says now that it decides.";

    DISCRIMINATOR_CHANGED: Breaking, Breaking,
        "the variants of a union are told apart by another property, or by none",
        "Both sides choose the variant by that property, so they choose wrong, or none.";

    DEFAULT_ADDED: Compatible, Compatible,
        "the contract says now what absence stands for",
        "It said nothing before, so nobody could rely on anything.";

    DEFAULT_CHANGED: Breaking, Breaking,
        "absence stands for another value",
        "The same request, or the same answer, means something else now, and nobody is told.";

    DEFAULT_REMOVED: Breaking, Breaking,
        "the contract does not say any more what absence stands for",
        "Who left the value out relied on what it stood for.";
}
