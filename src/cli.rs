//! The command line's words: commands, options and their help.
//!
//! Owns: argument types; their doc comments are the help. Must not know: what any command does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "client")]
mod integration;
#[cfg(feature = "client")]
mod platform;

#[cfg(feature = "client")]
pub(crate) use integration::*;
#[cfg(feature = "client")]
pub(crate) use platform::*;

/// One contract, everything in sync: generates every layer of a service from its specs, and keeps them in step.
#[derive(Debug, Parser)]
#[command(name = "flaresmith", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Exit codes, as `--help` tells them.
const EXIT_CODES: &str = "Exit codes:\n  \
    0   clean, or applied\n  \
    1   problems in the specs, a failed run, or a refusal of the server\n  \
    2   wrong usage\n  \
    3   conflicts: a person's edit stands in the way, nothing was written\n  \
    4   drift found by `check` or `plan`; changes that `diff --fail-on` asks to fail on\n  \
    70  a bug of flaresmith";

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The repository. Default: the nearest folder above with a flaresmith.toml, else with .git, else this one.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// How results are printed to standard output. Everything else goes to standard error.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Say nothing on standard error but problems.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions: problems stand beside the lines of a pull request.
    Github,
    /// JUnit XML, which most CI servers show as tests: one for each file that was compared.
    Junit,
}

/// What can be asked of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set a repository up: writes flaresmith.toml, and a first feature when there is no contract yet.
    Init(InitArgs),
    /// Work with the specs: apply, plan, check, watch, trace and diff them; decide about edits of what they generate.
    #[command(subcommand)]
    Spec(SpecCommand),
    /// Check what is staged before every commit: install the hook, take it out, see how it stands.
    #[command(subcommand)]
    Hook(HookCommand),
    /// Start the platform's server, the `flaresmithd` beside this program. Without options it keeps everything in one folder of
    /// yours; `flaresmith serve --help` lists its settings.
    #[command(disable_help_flag = true)]
    Serve(ServeArgs),
    /// Sign in to a server. The password is asked for, or read from FLARESMITH_PASSWORD or standard input.
    #[cfg(feature = "client")]
    Login(LoginArgs),
    /// Sign out: ends the session at the server and forgets it here.
    #[cfg(feature = "client")]
    Logout,
    /// Work with the projects of a server.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Work with the connections of a project to providers.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Integration(IntegrationCommand),
    /// Work with the environments of a project.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Env(EnvCommand),
    /// Work with the previews of a project's branches.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Preview(PreviewCommand),
    /// Look at the outages of a project.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Work with the secrets of a project.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Look at the audit log of a project.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Give language models the operations of a server as tools.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Mcp(McpCommand),
    /// Print what a diagnostic code means and what to do about it; without a code, list all.
    Explain(ExplainArgs),
    /// Print the JSON Schema of a document that is read or printed; without a name, list all.
    Schema(SchemaArgs),
    /// Print the completion script of a shell.
    Completions(CompletionsArgs),
}

/// Commands about the specs.
#[derive(Debug, Subcommand)]
pub(crate) enum SpecCommand {
    /// Generate every target from the specs and write what changed.
    Apply(ApplyArgs),
    /// Show what `apply` would do. Exits 4 when it would do something.
    Plan(PlanArgs),
    /// Check that the generated files are what the specs say, on disk, staged or in a revision. Writes nothing; for CI and hooks.
    Check(CheckArgs),
    /// Apply after every change of the specs, until it is stopped; `--format json` prints a document on a line for each round.
    Watch(WatchArgs),
    /// Show which operations, schemas, files and tests carry a requirement; without an id, the coverage of all.
    Trace(TraceArgs),
    /// Show which generated files were edited: carried along, ejected, your own, or in the way of the next apply.
    Status,
    /// Accept the edit of a generated file: every apply carries it along from now on.
    Accept(AcceptArgs),
    /// Take a file out of the generator's hands: it is yours, neither written nor checked any more.
    Eject(PathsArgs),
    /// Bring a file back to what the specs give.
    Restore(RestoreArgs),
    /// Show what the contract itself changed since a revision, and which of it breaks callers, readers or data.
    ///
    /// The specs as they are on disk are compared with those of the revision. Each change is breaking, compatible or docs;
    /// `flaresmith explain CODE` says why. Exits 0 whatever was found, and 4 when `--fail-on` asks for it.
    Diff(DiffArgs),
}

/// Commands about the pre-commit hook.
#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Run `spec check --staged` before every commit, beside whatever hook is there. Tells what to add where husky, lefthook
    /// or the pre-commit framework keep hooks in a file of their own.
    Install,
    /// Take the check out again; what was there before comes back byte for byte.
    Uninstall,
    /// Tell whether commits are checked, and by which file. Exits 1 when they are not.
    Status,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// An OpenAPI document. One outside of the repository is copied into it.
    #[arg(long, value_name = "FILE")]
    pub(crate) contract: Option<PathBuf>,
    /// Targets to generate, separated by commas. Default: all.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) targets: Vec<String>,
}

/// Options of `spec apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Show what would be written, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Carry edits of generated files over to the new output by a three-way merge.
    #[arg(long)]
    pub(crate) merge: bool,
    /// Where a merge cannot decide, write both sides into the file between conflict markers.
    #[arg(long, requires = "merge")]
    pub(crate) markers: bool,
    /// Carry out a plan that `spec plan --out` saved. Refused when anything that it is about moved since.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "merge", "markers", "strict"])]
    pub(crate) plan: Option<PathBuf>,
    /// Show the full difference of every file.
    #[arg(long)]
    pub(crate) diff: bool,
    /// Treat warnings as errors.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Options of `spec plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Save the plan for `spec apply --plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Carry edits of generated files over to the new output by a three-way merge.
    #[arg(long)]
    pub(crate) merge: bool,
    /// Show the full difference of every file.
    #[arg(long)]
    pub(crate) diff: bool,
}

/// Options of `spec check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Judge what is staged, not what is on disk: specs, generated files and lock of git's index. Changes neither.
    #[arg(long)]
    pub(crate) staged: bool,
    /// Judge the files of a revision of git, not those on disk.
    #[arg(long, value_name = "REV", conflicts_with = "staged")]
    pub(crate) base: Option<String>,
    /// Treat warnings as errors.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show the full difference of every file.
    #[arg(long)]
    pub(crate) diff: bool,
}

/// Options of `spec watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Carry edits of generated files over to the new output by a three-way merge.
    #[arg(long)]
    pub(crate) merge: bool,
}

/// Options of `spec trace`.
#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// A requirement id: `FR-008`, or `001/FR-008` where several features have it.
    pub(crate) id: Option<String>,
}

/// Options of `spec accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Generated files with an edit in them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Why the edit is right. It is kept in flaresmith.lock and shown by `spec status`.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reason: String,
}

/// Options of commands about single files.
#[derive(Debug, Args)]
pub(crate) struct PathsArgs {
    /// Generated files.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Options of `spec restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Generated files.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Also when git does not hold the edit, which is lost then.
    #[arg(long)]
    pub(crate) discard: bool,
}

/// Options of `spec diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The revision to compare with, in any of git's spellings: `HEAD~2`, `origin/main`, a tag, an id.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(crate) base: String,
    /// Exit 4 when there is a change of this class, or of a worse one.
    #[arg(long, value_enum, value_name = "CLASS")]
    pub(crate) fail_on: Option<FailOn>,
}

/// Classes of changes, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A call, a reader or a row that was right is wrong now.
    Breaking,
    /// Any change but of words.
    Compatible,
    /// Any change at all.
    Docs,
}

/// Options of `serve`: those of `flaresmithd`, handed on as they are.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Options of `flaresmithd`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    pub(crate) options: Vec<std::ffi::OsString>,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A diagnostic code: `SPEC_REF_UNRESOLVED`.
    pub(crate) code: Option<String>,
}

/// Options of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The document: `settings`, `x-flaresmith-operation`, `drift-report`.
    pub(crate) name: Option<String>,
    /// Write into this folder instead, a file `NAME.json` each.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}
