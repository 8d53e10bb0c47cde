//! Codes of what happens between files, git and the specs, for `flaresmith explain`.
//!
//! Owns: the explanation of every code of this crate and of the command line. Must not know: when one is raised.

use flaresmith_codegen::diagnostics::{Code, Severity, all_codes};

/// Every code that a person may meet: those of the specs and these, by name.
#[must_use]
pub fn all() -> Vec<&'static Code> {
    let mut codes = all_codes();
    codes.extend(CODES);
    codes.sort_by_key(|code| code.id);
    codes
}

const fn code(id: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code {
        id,
        severity: Severity::Error,
        title,
        explanation,
    }
}

/// The codes, by name.
static CODES: &[Code] = &[
    code(
        "APPLY_BUSY",
        "another apply is going on",
        "Two runs that write the same files would disturb each other, so the second is told and ends. Wait for the first, then run it again.",
    ),
    code(
        "APPLY_CONFLICTS",
        "a plan with conflicts was to be applied",
        "Nothing is written while a conflict stands. Resolve the conflicts that the report lists, then apply again.",
    ),
    code(
        "CHECK_EMPTY",
        "nothing was generated and nothing is remembered",
        "A check that finds nothing to compare has not passed. Look at `targets` and at the contracts that flaresmith.toml names.",
    ),
    code(
        "EXPLAIN_UNKNOWN_CODE",
        "there is no code of that name",
        "`flaresmith explain` without a name lists every code.",
    ),
    code(
        "FILE_ACCESS",
        "a file or folder cannot be read or written",
        "The message holds the path and the words of the operating system. Check that the path exists, that it is what it should be, and that you may use it.",
    ),
    code(
        "GIT_FAILED",
        "git could not tell about a file",
        "The repository is asked only when a file differs from what was generated. Check that `git status` works in it.",
    ),
    code(
        "INIT_EXISTS",
        "a file of that name is there already",
        "`flaresmith init` never writes over a file. Edit the one that is there, or move it away and run it again.",
    ),
    code(
        "LOCK_INVALID",
        "flaresmith.lock cannot be read",
        "A merge may have left its marks in it. Keep the lines of both sides, or restore the file with git; then run `flaresmith spec apply`: files that equal the new output are taken up again, and edited ones are told as conflicts.",
    ),
    code(
        "LOCK_VERSION",
        "flaresmith.lock is of another version",
        "It was written by a newer version of the tool. Install that version; an older one might lose what it does not know.",
    ),
    code(
        "MANUAL_DIVERGENCE",
        "a generated file was edited and committed",
        "The file is neither what was generated last nor what would be generated now, and the edit is part of the history. Nothing is written over it. Move the edit into the specs or into a file of your own and restore the file, or keep it and leave the file out.",
    ),
    code(
        "OUTPUT_LOST",
        "the result could not be written",
        "Standard output was closed by the system, for example because a disk is full. What the command did is done; only its words are lost.",
    ),
    code(
        "PATH_OUTSIDE_ROOT",
        "a path leaves the repository",
        "Files are read and written below the root only, and never in the folder of git.",
    ),
    code(
        "PATH_RESERVED",
        "a generated file would stand where Flaresmith reads or keeps something",
        "Specs, settings, flaresmith.lock and what is below .flaresmith are never written over, whatever the settings or the lock say. Generate into a folder of its own; restore the lock with `git checkout -- flaresmith.lock`.",
    ),
    code(
        "PATH_SYMLINK",
        "a path goes through a symbolic link",
        "A link could lead out of the repository, so nothing is written through it. Replace it by a folder.",
    ),
    code(
        "ROOT_NOT_FOUND",
        "the repository does not exist",
        "`--root` names a folder. Without it, the nearest folder above with a flaresmith.toml counts, else the one with .git, else the current one.",
    ),
    code(
        "SCHEMA_MISMATCH",
        "what a person wrote no longer fits the contract",
        "A file that was written once for the team to fill in has a signature that the contract no longer has, or an edited document is not readable or is refused by its schema. The message has the line, with what is expected and what was found. Correct it by hand; `flaresmith spec apply --merge` puts right what nobody edited.",
    ),
    code(
        "SYNC_DRIFT",
        "a generated file is behind the specs",
        "Run `flaresmith spec apply` and commit the result together with the specs.",
    ),
    code(
        "TRACE_UNKNOWN_REQUIREMENT",
        "no feature has this requirement",
        "`flaresmith spec trace` lists every requirement. Where two features use one number, write `001/FR-001`.",
    ),
    code(
        "UNCOMMITTED_LOCAL_CHANGES",
        "a generated file was edited and not committed",
        "The edit would be lost, and git does not have it yet, so nothing is written at all. Commit it or discard it with `git restore`, then apply again.",
    ),
];
