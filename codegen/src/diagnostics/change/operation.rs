//! Codes of changes of operations: addresses, parameters, bodies, answers.
//!
//! Owns: the `CHANGE_*` codes about what is asked and answered, and which class each has. Must not know: how a change is found.

use super::{Class, Rule, changes};

changes! {
    OPERATION_ADDED: Compatible, Compatible,
        "an operation, webhook or callback was added",
        "Nobody calls it yet, so nobody is hurt by it.";

    OPERATION_REMOVED: Breaking, Breaking,
        "an operation, webhook or callback was removed",
        "Whoever calls it gets an answer that the contract does not promise any more; who waits for a webhook or callback waits \
         in vain. Mark it `deprecated: true` first, and remove it when nobody relies on it.";

    OPERATION_RENAMED: Breaking, Breaking,
        "an operation has another `operationId`",
        "Method and path are the same, so nothing changes on the wire. But functions of generated clients, tools and requests \
         are named after the id, so everybody who calls them by name has to change. Keep the old id unless you mean that.";

    OPERATION_MOVED: Breaking, Breaking,
        "an operation stands under another method or path",
        "It was recognised by its `operationId`, or because nothing else of it changed. Callers of the old address are not \
         answered. Keep the old path beside the new one, deprecated, for as long as it is called.";

    CALLBACK_ADDRESS: Breaking, Breaking,
        "a callback is sent to another address",
        "The address is made of what callers gave. They gave it in the old place, and wait there.";

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

    PARAMETER_ADDED_REQUIRED: Breaking, Compatible,
        "a required parameter was added",
        "Every call that was right without it is refused now. Make it optional, with a default that says what calls without \
         it mean. What the service sends itself, in webhooks and callbacks, may say more than it did.";

    PARAMETER_REMOVED: Breaking, Breaking,
        "a parameter was removed",
        "A call that gives it is refused, or is answered as if it had not asked. Deprecate it first.";

    PARAMETER_RENAMED: Compatible, Compatible,
        "a parameter of the path has another name",
        "Its name is not on the wire: the address stays what it was. Generated clients name their argument after it.";

    PARAMETER_REQUIRED: Breaking, Compatible,
        "a parameter must be given now",
        "Calls without it were right and are refused now. Who gets it from the service may rely on it from now on.";

    PARAMETER_OPTIONAL: Compatible, Breaking,
        "a parameter may be left out now",
        "Calls that give it are as right as before. But who gets it from the service, in a webhook or callback, relies on it.";

    PARAMETER_STYLE: Breaking, Breaking,
        "a parameter is written in another style",
        "The same value is another text in the request (`a,b` or `a=1&a=2`), so the calls of yesterday are read wrong.";

    BODY_ADDED: Compatible, Compatible,
        "a request has an optional body now",
        "Calls without one mean what they meant before.";

    BODY_ADDED_REQUIRED: Breaking, Compatible,
        "a request has a required body now",
        "Every call that was right without one is refused now. A body that the service sends itself need not be read.";

    BODY_REMOVED: Breaking, Breaking,
        "a request has no body any more",
        "What callers send is refused or not read; who reads what the service sends finds nothing.";

    BODY_REQUIRED: Breaking, Compatible,
        "a body must be sent now",
        "Calls without one were right and are refused now. Who gets one from the service may rely on it from now on.";

    BODY_OPTIONAL: Compatible, Breaking,
        "a body may be left out now",
        "Calls that send one are as right as before. But who gets one from the service, in a webhook or callback, relies on it.";

    MEDIA_TYPE_ADDED: Compatible, Compatible,
        "a media type was added to a body or an answer",
        "Callers choose: they send, and accept, what they did before.";

    MEDIA_TYPE_ADDED_UNASKED: Compatible, Breaking,
        "what a webhook or callback sends may be of another media type",
        "The service decides what it sends, so whoever reads only the other media types is lost.";

    MEDIA_TYPE_REMOVED: Breaking, Breaking,
        "a media type of a body or an answer was removed",
        "Whoever sends it, or accepts nothing else, is refused. Keep both until nobody uses the old one.";

    ENCODING: Breaking, Breaking,
        "the parts of a form are written in another way",
        "The same form is other bytes in the request, so the calls of yesterday are read wrong.";

    RESPONSE_ADDED: Compatible, Compatible,
        "an answer of a failure was added",
        "Callers have to be ready for failures that a contract does not list: any server in between may make one.";

    RESPONSE_SUCCESS_ADDED: Compatible, Breaking,
        "a further answer of success was added",
        "A caller that knows only the other statuses of success takes this one for a failure, though the call was carried \
         out. Answer with a status that was there, or add the new one for those who ask for it. Whoever answers a callback \
         may simply not use it.";

    RESPONSE_REMOVED: Compatible, Compatible,
        "an answer of a failure was removed",
        "Callers that are ready for it simply never see it.";

    RESPONSE_SUCCESS_REMOVED: Breaking, Breaking,
        "an answer of success was removed",
        "Callers wait for it: what they do after it is not done any more. Whoever answers a callback with it is taken to fail.";

    HEADER_ADDED: Compatible, Compatible,
        "an optional header of an answer was added",
        "Callers that do not know it do not read it.";

    HEADER_ADDED_REQUIRED: Breaking, Compatible,
        "a required header of an answer was added",
        "Callers that do not know it do not read it. But whoever answers a callback has to send it, and does not.";

    HEADER_REMOVED: Breaking, Breaking,
        "a header of an answer was removed",
        "Callers that read it find nothing; in the answer to a callback, nobody reads what is sent.";

    HEADER_REQUIRED: Breaking, Compatible,
        "a header of an answer is always there now",
        "Callers that were ready for its absence simply never see it. But whoever answers a callback could leave it out, and \
         cannot any more.";

    HEADER_OPTIONAL: Compatible, Breaking,
        "a header of an answer may be absent now",
        "Callers rely on it being there. Whoever answers a callback is free to go on sending it.";
}
