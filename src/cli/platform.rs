//! Words about a server: signing in, projects, environments, secrets, the audit log, tools; connections have a file of their own.
//!
//! Owns: argument types; their doc comments are the help. Must not know: what any command does.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use flaresmith_api::types::{IncidentState, SecretScope, SecretType};

/// Options of `login`.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Address of the server. Default: FLARESMITH_URL, else the one of the last login, else http://127.0.0.1:8787.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Your email. Asked for when absent.
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Sign in at GitHub, in a browser on this machine, where the server is set up for it.
    #[arg(long, conflicts_with = "email")]
    pub(crate) github: bool,
}

/// Commands about projects.
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// List the projects that you may see, newest first.
    List(ListArgs),
    /// Show a project.
    Show(ProjectArgs),
    /// Create a project, and follow what is made for it.
    Create(ProjectCreateArgs),
    /// Show what would be done to a project: files that an apply changes, migrations that deployments run, steps of provisioning.
    ///
    /// Nothing is done. The plan has a digest; `project retry` and `env deploy` take it, and do nothing when the project is another by then.
    Plan(ProjectPlanArgs),
    /// Compare what is at providers, and on the server's machine, with what should be there.
    Drift(ProjectArgs),
    /// Go on making what a project lacks, where a run of it failed or was cancelled.
    Retry(ProjectRetryArgs),
    /// Stop the run that makes what a project needs, and take away what was made.
    Cancel(ProjectArgs),
    /// Delete a project, and what providers made for it.
    Delete(ProjectDeleteArgs),
}

/// Commands about environments.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// List the environments of a project.
    List(ProjectArgs),
    /// Show an environment.
    Show(EnvShowArgs),
    /// Build a commit, put it into an environment, and follow that to its end.
    Deploy(EnvDeployArgs),
    /// Run the project's collection against an environment. What has not passed is not promoted.
    Test(EnvTestArgs),
    /// Put what runs in an environment into the next: from dev into staging, from staging into prod.
    Promote(EnvPromoteArgs),
    /// Go back to an earlier deployment, code and secrets together.
    Rollback(EnvRollbackArgs),
    /// Repeat the deployment that failed, or provision an environment again.
    Retry(EnvRetryArgs),
    /// Provision an environment again that failed too often.
    Reset(EnvShowArgs),
    /// List the deployments of a project or of one of its environments, newest first.
    History(EnvHistoryArgs),
}

/// Commands about previews.
#[derive(Debug, Subcommand)]
pub(crate) enum PreviewCommand {
    /// List the previews of a project.
    List(ProjectArgs),
    /// Make a preview of a branch, or find the one there is, and follow it until it answers.
    Create(PreviewCreateArgs),
    /// Give a preview its whole time again.
    Extend(PreviewExtendArgs),
    /// Take a preview away; its history is kept.
    Archive(EnvShowArgs),
}

/// Commands about incidents.
#[derive(Debug, Subcommand)]
pub(crate) enum IncidentCommand {
    /// List the incidents of a project, newest first.
    List(IncidentListArgs),
    /// Show an incident.
    Show(IncidentShowArgs),
}

/// Commands about secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// List the secrets of a project, without their values.
    List(SecretsListArgs),
    /// Set a secret. Its value is read from standard input, or asked for; it is never an argument.
    Set(SecretArgs),
    /// Have a new value made where the provider can.
    Rotate(SecretArgs),
    /// Delete a secret, here and where it is used.
    Delete(SecretArgs),
}

/// Commands about the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done in a project, newest first.
    List(AuditListArgs),
}

/// Commands about tools for language models.
#[derive(Debug, Subcommand)]
pub(crate) enum McpCommand {
    /// Serve the server's operations as tools on standard input and output, for clients of the Model Context Protocol.
    Serve(McpServeArgs),
}

/// How much of a list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// Which project.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
}

/// Options of `project plan`.
#[derive(Debug, Args)]
pub(crate) struct ProjectPlanArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Write the plan here as well, for `--plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Options of `project retry`.
#[derive(Debug, Args)]
pub(crate) struct ProjectRetryArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) planned: PlannedArgs,
}

/// The plan that is carried out.
#[derive(Debug, Args)]
pub(crate) struct PlannedArgs {
    /// Only if the project is as it was when this plan was made, which `project plan --out` wrote.
    #[arg(long, value_name = "FILE", conflicts_with = "plan_digest")]
    pub(crate) plan: Option<PathBuf>,
    /// The same by the digest of the plan.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) plan_digest: Option<String>,
}

/// Options of `project create`.
#[derive(Debug, Args)]
pub(crate) struct ProjectCreateArgs {
    /// Its name.
    pub(crate) name: String,
    /// The organization. Default: your first.
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<uuid::Uuid>,
    /// What it is.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Do not wait until everything is made for it.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `project delete`.
#[derive(Debug, Args)]
pub(crate) struct ProjectDeleteArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// The slug of the project, to be sure.
    #[arg(long, value_name = "SLUG")]
    pub(crate) confirm: String,
    /// Leave everything at the providers where it is.
    #[arg(long)]
    pub(crate) keep_resources: bool,
    /// Return as soon as the server has taken it on.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `env show`.
#[derive(Debug, Args)]
pub(crate) struct EnvShowArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Id or name of the environment.
    pub(crate) environment: String,
}

/// Options of `env deploy`.
#[derive(Debug, Args)]
pub(crate) struct EnvDeployArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// The branch or commit. Default: the environment's branch.
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    #[command(flatten)]
    pub(crate) planned: PlannedArgs,
    /// Do not wait until it answers.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `env test`.
#[derive(Debug, Args)]
pub(crate) struct EnvTestArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// Only this folder of the collection.
    #[arg(long, value_name = "NAME")]
    pub(crate) folder: Option<String>,
    /// Do not wait until it has been run.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `env promote`.
#[derive(Debug, Args)]
pub(crate) struct EnvPromoteArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// The test run to go by. Default: the latest of what runs there.
    #[arg(long, value_name = "ID")]
    pub(crate) test_run: Option<uuid::Uuid>,
    /// Go ahead although the error budget is spent; only owners may.
    #[arg(long)]
    pub(crate) critical: bool,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Do not wait until it answers.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `env rollback`.
#[derive(Debug, Args)]
pub(crate) struct EnvRollbackArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// The deployment to go back to. Default: the one before the present one.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<uuid::Uuid>,
    /// Also take the database back to that time.
    #[arg(long)]
    pub(crate) restore_database: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Do not wait until it answers.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `env retry`.
#[derive(Debug, Args)]
pub(crate) struct EnvRetryArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// Provision it again instead of repeating the deployment.
    #[arg(long)]
    pub(crate) provisioning: bool,
}

/// Options of `env history`.
#[derive(Debug, Args)]
pub(crate) struct EnvHistoryArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Id or name of the environment. Default: all of them.
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Options of `preview create`.
#[derive(Debug, Args)]
pub(crate) struct PreviewCreateArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// The branch, which has been pushed.
    pub(crate) branch: String,
    /// Hours without activity after which it ends. Default: the project's.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i32).range(24..=168))]
    pub(crate) ttl_hours: Option<i32>,
    /// Do not wait until it answers.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `preview extend`.
#[derive(Debug, Args)]
pub(crate) struct PreviewExtendArgs {
    #[command(flatten)]
    pub(crate) place: EnvShowArgs,
    /// Hours without activity after which it ends. Default: as many as before.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i32).range(24..=168))]
    pub(crate) ttl_hours: Option<i32>,
}

/// Options of `incident list`.
#[derive(Debug, Args)]
pub(crate) struct IncidentListArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Only those in this state.
    #[arg(long, value_parser = PossibleValuesParser::new(IncidentState::ALL.iter().map(|one| one.as_str())))]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Options of `incident show`.
#[derive(Debug, Args)]
pub(crate) struct IncidentShowArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Id of the incident.
    pub(crate) incident: uuid::Uuid,
}

/// Options of `secrets list`.
#[derive(Debug, Args)]
pub(crate) struct SecretsListArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Only those of this environment.
    #[arg(long, value_parser = scopes())]
    pub(crate) environment: Option<String>,
}

/// Which secret.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Name of the secret.
    pub(crate) name: String,
    /// The environment that it belongs to.
    #[arg(long, value_parser = scopes())]
    pub(crate) environment: String,
    /// Where it is used.
    #[arg(long, value_parser = types())]
    pub(crate) r#type: String,
}

/// Options of `audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditListArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// Options of `mcp serve`.
#[derive(Debug, Args)]
pub(crate) struct McpServeArgs {
    /// One tool a domain instead of one an operation, for clients that take few tools.
    #[arg(long)]
    pub(crate) grouped: bool,
}

fn scopes() -> PossibleValuesParser {
    PossibleValuesParser::new(SecretScope::ALL.iter().map(|one| one.as_str()))
}

fn types() -> PossibleValuesParser {
    PossibleValuesParser::new(SecretType::ALL.iter().map(|one| one.as_str()))
}
