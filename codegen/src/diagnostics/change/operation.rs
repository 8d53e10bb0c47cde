//! Codes of changes of operations: addresses, parameters, bodies, answers.
//!
//! Owns: the `CHANGE_*` codes about what is asked and answered. Must not know: how a change is found, or which class it has.

use super::{breaking, harmless};
use crate::diagnostics::Code;

/// The codes of this family.
pub const CODES: &[&Code] = &[
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
];

/// An operation or webhook was added.
pub const OPERATION_ADDED: Code = harmless(
    "CHANGE_OPERATION_ADDED",
    "an operation or webhook was added",
    "Nobody calls it yet, so nobody is hurt by it.",
);

/// An operation or webhook was removed.
pub const OPERATION_REMOVED: Code = breaking(
    "CHANGE_OPERATION_REMOVED",
    "an operation or webhook was removed",
    "Whoever calls it gets an answer that the contract does not promise any more. Mark it `deprecated: true` first, \
     and remove it when nobody calls it.",
);

/// An operation has another `operationId`.
pub const OPERATION_RENAMED: Code = breaking(
    "CHANGE_OPERATION_RENAMED",
    "an operation has another `operationId`",
    "Method and path are the same, so nothing changes on the wire. But functions of generated clients, tools and \
     requests are named after the id, so everybody who calls them by name has to change. Keep the old id unless you \
     mean that.",
);

/// An operation stands under another method or path.
pub const OPERATION_MOVED: Code = breaking(
    "CHANGE_OPERATION_MOVED",
    "an operation stands under another method or path",
    "It was recognised by its `operationId`, or because nothing else of it changed. Callers of the old address are \
     not answered. Keep the old path beside the new one, deprecated, for as long as it is called.",
);

/// An operation belongs to another domain.
pub const OPERATION_GROUPED: Code = harmless(
    "CHANGE_OPERATION_GROUPED",
    "an operation belongs to another domain",
    "Nothing changes on the wire. Generated code and documentation of it stand in another module.",
);

/// Something was marked as deprecated.
pub const DEPRECATED: Code = harmless(
    "CHANGE_DEPRECATED",
    "something was marked as deprecated",
    "It still works. Generated clients and documentation tell callers to stop using it.",
);

/// Something is not deprecated any more.
pub const DEPRECATION_LIFTED: Code = harmless(
    "CHANGE_DEPRECATION_LIFTED",
    "something is not deprecated any more",
    "Callers may use it again without being warned.",
);

/// An optional parameter was added.
pub const PARAMETER_ADDED: Code = harmless(
    "CHANGE_PARAMETER_ADDED",
    "an optional parameter was added",
    "Calls without it mean what they meant before.",
);

/// A required parameter was added.
pub const PARAMETER_ADDED_REQUIRED: Code = breaking(
    "CHANGE_PARAMETER_ADDED_REQUIRED",
    "a required parameter was added",
    "Every call that was right without it is refused now. Make it optional, with a default that says what calls \
     without it mean.",
);

/// A parameter was removed.
pub const PARAMETER_REMOVED: Code = breaking(
    "CHANGE_PARAMETER_REMOVED",
    "a parameter was removed",
    "A call that gives it is refused, or is answered as if it had not asked. Deprecate it first.",
);

/// A parameter of the path has another name.
pub const PARAMETER_RENAMED: Code = harmless(
    "CHANGE_PARAMETER_RENAMED",
    "a parameter of the path has another name",
    "Its name is not on the wire: the address stays what it was. Generated clients name their argument after it.",
);

/// A parameter must be given now.
pub const PARAMETER_REQUIRED: Code = breaking(
    "CHANGE_PARAMETER_REQUIRED",
    "a parameter must be given now",
    "Calls without it were right and are refused now.",
);

/// A parameter may be left out now.
pub const PARAMETER_OPTIONAL: Code = harmless(
    "CHANGE_PARAMETER_OPTIONAL",
    "a parameter may be left out now",
    "Calls that give it are as right as before.",
);

/// A parameter is written in another style.
pub const PARAMETER_STYLE: Code = breaking(
    "CHANGE_PARAMETER_STYLE",
    "a parameter is written in another style",
    "The same value is another text in the request (`a,b` or `a=1&a=2`), so the calls of yesterday are read wrong.",
);

/// An operation takes an optional body now.
pub const BODY_ADDED: Code = harmless(
    "CHANGE_BODY_ADDED",
    "an operation takes an optional body now",
    "Calls without one mean what they meant before.",
);

/// An operation demands a body now.
pub const BODY_ADDED_REQUIRED: Code = breaking(
    "CHANGE_BODY_ADDED_REQUIRED",
    "an operation demands a body now",
    "Every call that was right without one is refused now.",
);

/// An operation takes no body any more.
pub const BODY_REMOVED: Code = breaking(
    "CHANGE_BODY_REMOVED",
    "an operation takes no body any more",
    "What callers send is refused or not read.",
);

/// A body must be sent now.
pub const BODY_REQUIRED: Code = breaking(
    "CHANGE_BODY_REQUIRED",
    "a body must be sent now",
    "Calls without one were right and are refused now.",
);

/// A body may be left out now.
pub const BODY_OPTIONAL: Code = harmless(
    "CHANGE_BODY_OPTIONAL",
    "a body may be left out now",
    "Calls that send one are as right as before.",
);

/// A media type was added to a body or an answer.
pub const MEDIA_TYPE_ADDED: Code = harmless(
    "CHANGE_MEDIA_TYPE_ADDED",
    "a media type was added to a body or an answer",
    "Callers choose: they send, and accept, what they did before.",
);

/// A media type of a body or an answer was removed.
pub const MEDIA_TYPE_REMOVED: Code = breaking(
    "CHANGE_MEDIA_TYPE_REMOVED",
    "a media type of a body or an answer was removed",
    "Whoever sends it, or accepts nothing else, is refused. Keep both until nobody uses the old one.",
);

/// The parts of a form are written in another way.
pub const ENCODING: Code = breaking(
    "CHANGE_ENCODING",
    "the parts of a form are written in another way",
    "The same form is other bytes in the request, so the calls of yesterday are read wrong.",
);

/// An answer of a failure was added.
pub const RESPONSE_ADDED: Code = harmless(
    "CHANGE_RESPONSE_ADDED",
    "an answer of a failure was added",
    "Callers have to be ready for failures that a contract does not list: any server in between may make one.",
);

/// A further answer of success was added.
pub const RESPONSE_SUCCESS_ADDED: Code = breaking(
    "CHANGE_RESPONSE_SUCCESS_ADDED",
    "a further answer of success was added",
    "A caller that knows only the other statuses of success takes this one for a failure, though the call was \
     carried out. Answer with a status that was there, or add the new one for those who ask for it.",
);

/// An answer of a failure was removed.
pub const RESPONSE_REMOVED: Code = harmless(
    "CHANGE_RESPONSE_REMOVED",
    "an answer of a failure was removed",
    "Callers that are ready for it simply never see it.",
);

/// An answer of success was removed.
pub const RESPONSE_SUCCESS_REMOVED: Code = breaking(
    "CHANGE_RESPONSE_SUCCESS_REMOVED",
    "an answer of success was removed",
    "Callers wait for it: what they do after it is not done any more.",
);

/// A header of an answer was added.
pub const HEADER_ADDED: Code = harmless(
    "CHANGE_HEADER_ADDED",
    "a header of an answer was added",
    "Callers that do not know it do not read it.",
);

/// A header of an answer was removed.
pub const HEADER_REMOVED: Code = breaking(
    "CHANGE_HEADER_REMOVED",
    "a header of an answer was removed",
    "Callers that read it find nothing.",
);

/// A header of an answer is always there now.
pub const HEADER_REQUIRED: Code = harmless(
    "CHANGE_HEADER_REQUIRED",
    "a header of an answer is always there now",
    "Callers that were ready for its absence simply never see it.",
);

/// A header of an answer may be absent now.
pub const HEADER_OPTIONAL: Code = breaking(
    "CHANGE_HEADER_OPTIONAL",
    "a header of an answer may be absent now",
    "Callers rely on it being there.",
);
