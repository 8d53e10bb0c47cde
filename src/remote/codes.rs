//! Codes of servers, for `flaresmith explain`.
//!
//! Owns: explanations of what goes wrong between here and a server; those of the server itself are its catalog. Must not know: when
//! one is raised.

use flaresmith_api::errors::{ErrorCode, Severity as Told};
use flaresmith_codegen::diagnostics::{Code, Severity};

const fn code(id: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code {
        id,
        severity: Severity::Error,
        title,
        explanation,
    }
}

/// The codes of this side, by name.
static CODES: &[Code] = &[
    code(
        "INPUT_EMPTY",
        "a value that was asked for was not given",
        "Passwords and values of secrets are never arguments, which other people on the machine could see. They are typed when asked for, or read from standard input.",
    ),
    code(
        "LOGIN_ABSENT",
        "nobody is signed in",
        "Commands about projects need a server and somebody it knows: `flaresmith login`, or the variables FLARESMITH_URL and FLARESMITH_TOKEN. A saved login is used for the server that gave it and for no other.",
    ),
    code(
        "LOGIN_BROWSER",
        "the browser did not bring a sign-in back",
        "`flaresmith login --github` prints an address. Opened in a browser on this machine, it leads to GitHub and, once you agree, back to a port of this machine that the program listens on for ten minutes. On a machine without a browser sign in with a password, or use FLARESMITH_URL and FLARESMITH_TOKEN.",
    ),
    code(
        "LOGIN_FILE",
        "the saved login cannot be used",
        "It is kept in `flaresmith/login.json` in your folder for settings, readable to you alone. Sign in again to have it written anew.",
    ),
    code(
        "LOGIN_URL",
        "the address of a server is none",
        "It has a scheme and a host: `https://flaresmith.example.com`. Passwords do not belong in it.",
    ),
    code(
        "PROJECT_AMBIGUOUS",
        "several projects have the slug",
        "A slug is one project's within its organization, and you see projects of several. Any choice might be the wrong one, so the id is asked for; `flaresmith project list` shows it.",
    ),
    code(
        "SERVER_REFUSED",
        "the server refused with a code that this program does not know",
        "The server is newer than this program, or has codes of its own. The message has what it said.",
    ),
    code(
        "SERVER_REQUEST",
        "a request cannot be written",
        "A value cannot stand where it belongs in a request, such as a name with nothing in it in a path.",
    ),
    code(
        "SERVER_UNEXPECTED",
        "something answered that is no Flaresmith server",
        "The address leads to another program or to a proxy with a page of its own, or the server's version differs much from this one's.",
    ),
    code(
        "SERVER_UNREACHABLE",
        "the server cannot be reached",
        "Nothing listens at the address, a name cannot be resolved, or a certificate is not trusted. The message has what the system said.",
    ),
    code(
        "TEST_RUN_ERRORED",
        "a collection could not be run",
        "It says nothing about what was to be tested: Newman could not be started, took too long, or left no report. The message has why; the server's log has more.",
    ),
    code(
        "TEST_RUN_FAILED",
        "a collection was run and did not pass",
        "A run passes with more than zero assertions, all of which hold. Each that does not is in the message, with the request that it is about. What has not passed is not promoted.",
    ),
];

/// All codes that a server or the way to it may tell. They live as long as the program, which prints them once.
pub(crate) fn all() -> Vec<Code> {
    let catalog = ErrorCode::ALL.iter().map(|code| Code {
        id: code.as_str(),
        severity: match code.severity() {
            Told::Info => Severity::Info,
            Told::Warn => Severity::Warning,
            _ => Severity::Error,
        },
        title: code.message(),
        explanation: code
            .hint()
            .unwrap_or("The server tells it; its request id finds the request in the server's log."),
    });
    let own = CODES.iter().map(|one| Code { ..*one });
    own.chain(catalog).collect()
}
