//! Codes of changes of operations: addresses, parameters, bodies, answers.
//!
//! Owns: the `CHANGE_*` codes about what is asked and answered, and which class each has. Must not know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    OPERATION_ADDED: Compatible, Compatible,
        "an operation or webhook was added",
        "Nobody calls it yet, so nobody is hurt by it.";

    OPERATION_REMOVED: Breaking, Breaking,
        "an operation or webhook was removed",
        "Whoever calls it gets an answer that the contract does not promise any more. Mark it `deprecated: true` first, and \
         remove it when nobody calls it.";

    OPERATION_RENAMED: Breaking, Breaking,
        "an operation has another `operationId`",
        "Method and path are the same, so nothing changes on the wire. But functions of generated clients, tools and requests \
         are named after the id, so everybody who calls them by name has to change. Keep the old id unless you mean that.";

    OPERATION_MOVED: Breaking, Breaking,
        "an operation stands under another method or path",
        "It was recognised by its `operationId`, or because nothing else of it changed. Callers of the old address are not \
         answered. Keep the old path beside the new one, deprecated, for as long as it is called.";

    OPERATION_GROUPED: Compatible, Compatible,
        "an operation belongs to another domain",
        "Nothing changes on the wire. Generated code and documentation of it stand in another module.";

    DEPRECATED: Compatible, Compatible,
        "something was marked as deprecated",
        "It still works. Generated clients and documentation tell callers to stop using it.";

    DEPRECATION_LIFTED: Compatible, Compatible,
        "something is not deprecated any more",
        "Callers may use it again without being warned.";

    PARAMETER_ADDED: Compatible, Compatible,
        "an optional parameter was added",
        "Calls without it mean what they meant before.";

    PARAMETER_ADDED_REQUIRED: Breaking, Breaking,
        "a required parameter was added",
        "Every call that was right without it is refused now. Make it optional, with a default that says what calls without \
         it mean.";

    PARAMETER_REMOVED: Breaking, Breaking,
        "a parameter was removed",
        "A call that gives it is refused, or is answered as if it had not asked. Deprecate it first.";

    PARAMETER_RENAMED: Compatible, Compatible,
        "a parameter of the path has another name",
        "Its name is not on the wire: the address stays what it was. Generated clients name their argument after it.";

    PARAMETER_REQUIRED: Breaking, Breaking,
        "a parameter must be given now",
        "Calls without it were right and are refused now.";

    PARAMETER_OPTIONAL: Compatible, Compatible,
        "a parameter may be left out now",
        "Calls that give it are as right as before.";

    PARAMETER_STYLE: Breaking, Breaking,
        "a parameter is written in another style",
        "The same value is another text in the request (`a,b` or `a=1&a=2`), so the calls of yesterday are read wrong.";

    BODY_ADDED: Compatible, Compatible,
        "an operation takes an optional body now",
        "Calls without one mean what they meant before.";

    BODY_ADDED_REQUIRED: Breaking, Breaking,
        "an operation demands a body now",
        "Every call that was right without one is refused now.";

    BODY_REMOVED: Breaking, Breaking,
        "an operation takes no body any more",
        "What callers send is refused or not read.";

    BODY_REQUIRED: Breaking, Breaking,
        "a body must be sent now",
        "Calls without one were right and are refused now.";

    BODY_OPTIONAL: Compatible, Compatible,
        "a body may be left out now",
        "Calls that send one are as right as before.";

    MEDIA_TYPE_ADDED: Compatible, Compatible,
        "a media type was added to a body or an answer",
        "Callers choose: they send, and accept, what they did before.";

    MEDIA_TYPE_REMOVED: Breaking, Breaking,
        "a media type of a body or an answer was removed",
        "Whoever sends it, or accepts nothing else, is refused. Keep both until nobody uses the old one.";

    ENCODING: Breaking, Breaking,
        "the parts of a form are written in another way",
        "The same form is other bytes in the request, so the calls of yesterday are read wrong.";

    RESPONSE_ADDED: Compatible, Compatible,
        "an answer of a failure was added",
        "Callers have to be ready for failures that a contract does not list: any server in between may make one.";

    RESPONSE_SUCCESS_ADDED: Breaking, Breaking,
        "a further answer of success was added",
        "A caller that knows only the other statuses of success takes this one for a failure, though the call was carried \
         out. Answer with a status that was there, or add the new one for those who ask for it.";

    RESPONSE_REMOVED: Compatible, Compatible,
        "an answer of a failure was removed",
        "Callers that are ready for it simply never see it.";

    RESPONSE_SUCCESS_REMOVED: Breaking, Breaking,
        "an answer of success was removed",
        "Callers wait for it: what they do after it is not done any more.";

    HEADER_ADDED: Compatible, Compatible,
        "a header of an answer was added",
        "Callers that do not know it do not read it.";

    HEADER_REMOVED: Breaking, Breaking,
        "a header of an answer was removed",
        "Callers that read it find nothing.";

    HEADER_REQUIRED: Compatible, Compatible,
        "a header of an answer is always there now",
        "Callers that were ready for its absence simply never see it.";

    HEADER_OPTIONAL: Breaking, Breaking,
        "a header of an answer may be absent now",
        "Callers rely on it being there.";
}
