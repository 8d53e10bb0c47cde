//! Codes of what happens between files, git and the specs, for `flaresmith explain`.
//!
//! Owns: the explanation of every code of this crate and of the command line. Must not know: when one is raised.

mod server;

use flaresmith_codegen::diagnostics::{Code, Severity, all_codes};

/// Every code that a person may meet: those of the specs, these and those of the server, by name.
#[must_use]
pub fn all() -> Vec<&'static Code> {
    let mut codes = all_codes();
    codes.extend(CODES);
    codes.extend(server::SERVER);
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
        "ACCEPT_ABSENT",
        "there is no file to accept",
        "What is accepted is the edit of a file on disk, and nothing stands at the path. `flaresmith spec apply` writes the file anew.",
    ),
    code(
        "ACCEPT_GONE",
        "the contract no longer has the file",
        "An edit is accepted against what the specs give, and they give nothing for this path. Keep the file with `flaresmith spec eject`, or delete it.",
    ),
    code(
        "ACCEPT_NOTHING",
        "the file is what the specs give",
        "There is no edit in it that could be accepted.",
    ),
    code(
        "ACCEPT_OWN",
        "the file is your own already",
        "Stubs and ejected files are never written over, so there is nothing to accept. Edit them as you like.",
    ),
    code(
        "ACCEPT_UNREADABLE",
        "an edit cannot be carried along as it is",
        "The file does not parse in its language, or is no longer of its form. Every apply would build on it, so correct it first.",
    ),
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
        "APPLY_FILE_CHANGED",
        "a file changed while it was to be replaced",
        "Somebody saved the file between the comparison and the writing. Nothing was written; run the apply again, and it compares with what stands there now.",
    ),
    code(
        "APPLY_JOURNAL",
        "what an interrupted apply left cannot be read",
        "The journal in git's folder is damaged, or of another version. The message names it. Look at the files it speaks of, then delete it.",
    ),
    code(
        "CHECK_EMPTY",
        "nothing was generated and nothing is remembered",
        "A check that finds nothing to compare has not passed. Look at `targets` and at the contracts that flaresmith.toml names.",
    ),
    code(
        "EJECT_DONE",
        "the file was ejected already",
        "It is the team's own. `flaresmith spec restore PATH` takes it back.",
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
        "GIT_LFS_MISSING",
        "a file is only a pointer to Git LFS",
        "The content is kept elsewhere and was not fetched. `git lfs pull` brings it.",
    ),
    code(
        "GIT_NOT_FOUND",
        "there is no git repository",
        "What is asked for stands in git, and the root lies in no repository. Run the command inside of one, or `git init`.",
    ),
    code(
        "GIT_OBJECT_MISSING",
        "git does not hold an object",
        "A partial or damaged clone lacks what was asked for. `git fetch` brings what is missing.",
    ),
    code(
        "GIT_REVISION",
        "git does not know the revision",
        "A name is misspelt, or the clone is shallow and does not reach that far: `git fetch --unshallow`.",
    ),
    code(
        "GIT_UNREADABLE",
        "the git repository cannot be read",
        "It has a form that this program does not read, is damaged, or belongs to somebody else. The message holds git's words.",
    ),
    code(
        "HOOK_BARE",
        "a bare repository has no commits to check",
        "Hooks before a commit belong to a work tree. Install the hook there.",
    ),
    code(
        "HOOK_KEPT",
        "the hook holds lines of others",
        "Only the block that flaresmith wrote is taken out; everything else stays. Take the rest out by hand if it is yours.",
    ),
    code(
        "HOOK_NAME",
        "the path of the hook cannot be used",
        "Git's setting `core.hooksPath` leads to a name that cannot be written down. Change the setting.",
    ),
    code(
        "HOOK_SHARED",
        "the hooks' folder is shared with other repositories",
        "A hook there would run for all of them. Set `core.hooksPath` for this repository alone, or add the line yourself.",
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
        "OUTPUT_UNREADABLE",
        "what was generated cannot be read back",
        "What a large contract gives waits on the disk to be written, in a file of git's folder that has no name, and the disk does not give it back. Nothing was written. Look after the disk, then run it again.",
    ),
    code(
        "PATH_NOT_FOLDER",
        "something that is no folder stands in the way",
        "A generated file would lie below it. Move it away, or choose another `out` in flaresmith.toml.",
    ),
    code(
        "PATH_NOT_GENERATED",
        "the path is not of a generated file",
        "`flaresmith spec status` lists the generated files that were edited.",
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
        "PLAN_CONFLICTS",
        "a plan with conflicts cannot be saved",
        "Nothing is applied while a conflict stands. Resolve the conflicts, then make the plan again.",
    ),
    code(
        "PLAN_INVALID",
        "the file is not a saved plan",
        "Plans are made by `flaresmith spec plan --out FILE` and are not meant to be edited.",
    ),
    code(
        "PLAN_STALE",
        "the plan is about a state that is no more",
        "Specs, templates, settings, the lock or a file that it touches moved since it was made. Make it anew, and look at it again.",
    ),
    code(
        "PLAN_VERSION",
        "the plan is of another version",
        "Make it anew with the program that is to carry it out.",
    ),
    code(
        "RESTORE_FOREIGN",
        "no regular file stands at the path",
        "A folder or a link would have to be deleted. Move it away first.",
    ),
    code(
        "RESTORE_UNCOMMITTED",
        "git does not hold the edit",
        "Restoring would lose it for good. Commit it first, or say `--discard`.",
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
        "SCHEMA_UNKNOWN_NAME",
        "no schema is published under that name",
        "`flaresmith schema` without a name lists them.",
    ),
    code(
        "SERVE_ABSENT",
        "the server is not installed",
        "`flaresmith serve` starts the `flaresmithd` in its own folder, and there is none. Install both programs into one folder; in a checkout, `cargo serve` builds and starts the server.",
    ),
    code(
        "STAGED_UNMERGED",
        "a staged file is an unresolved merge",
        "Resolve it, `git add` it, and commit again.",
    ),
    code(
        "STAGED_UNREADABLE",
        "the index has a form that cannot be read",
        "The message names the form and the command that mends it.",
    ),
    code(
        "SYNC_ADVICE",
        "what to do about what was found",
        "Not a problem of its own: the command that puts the findings beside it right.",
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
    code(
        "WATCH_ENDED",
        "the system stopped telling about changes",
        "Start `flaresmith spec watch` again.",
    ),
    code(
        "WATCH_FAILED",
        "a folder cannot be watched",
        "The system refused, usually because a limit is reached; the message says which. `flaresmith spec apply` after each change does the same.",
    ),
    code(
        "WATCH_FORMAT",
        "what a watch says has no form of this kind",
        "SARIF, workflow commands and JUnit are documents about one run that is over, and a watch is never over. `flaresmith spec watch --format json` prints a JSON document on a line for each round; `flaresmith spec check` judges the files once, in any form.",
    ),
];
