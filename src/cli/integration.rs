//! Words about connections to providers.
//!
//! Owns: argument types; their doc comments are the help. Must not know: what any command does.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use flaresmith_api::types::Provider;

use super::ProjectArgs;

/// Commands about connections to providers.
#[derive(Debug, Subcommand)]
pub(crate) enum IntegrationCommand {
    /// List the providers that a project is connected to.
    List(ProjectArgs),
    /// Connect a project to a provider, or connect it again, and follow what is made there.
    #[command(subcommand)]
    Connect(IntegrationConnectCommand),
    /// End a connection: its token is forgotten, and what was made at the provider stays there.
    Disconnect(IntegrationArgs),
}

/// The providers that can be connected.
#[derive(Debug, Subcommand)]
pub(crate) enum IntegrationConnectCommand {
    /// Have the repository of a project at GitHub as well. The token is read from standard input, or asked for; it is never an argument.
    Github(GithubConnectArgs),
    /// Have the databases of a project at Neon. The key is read from standard input, or asked for; it is never an argument.
    Neon(NeonConnectArgs),
    /// Have the collections of a project at Postman as well. The key is read from standard input, or asked for; it is never an argument.
    Postman(PostmanConnectArgs),
    /// Have the workers of a project at Cloudflare. The token is read from standard input, or asked for; it is never an argument.
    Cloudflare(CloudflareConnectArgs),
}

/// Which connection.
#[derive(Debug, Args)]
pub(crate) struct IntegrationArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// The provider.
    #[arg(value_parser = PossibleValuesParser::new(Provider::ALL.iter().map(|one| one.as_str())))]
    pub(crate) provider: String,
}

/// Options of `integration connect github`.
#[derive(Debug, Args)]
pub(crate) struct GithubConnectArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// The account or organization at GitHub that the repository belongs to.
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: String,
    /// The name of the repository. Default: the slug of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
    /// Let everybody see the repository.
    #[arg(long)]
    pub(crate) public: bool,
    /// Make no codespace for dev.
    #[arg(long, conflicts_with = "machine")]
    pub(crate) no_codespace: bool,
    /// Kind of machine for the codespace, such as basicLinux32gb. Default: GitHub chooses.
    #[arg(long, value_name = "NAME")]
    pub(crate) machine: Option<String>,
    /// Do not wait until the repository is there.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `integration connect neon`.
#[derive(Debug, Args)]
pub(crate) struct NeonConnectArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Where the data are to be, such as aws-eu-central-1. It cannot be changed later.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: String,
    /// Id of the organization at Neon, which the key of a person does not tell. It cannot be changed later.
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// Major version of Postgres. It cannot be changed later. Default: 17.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(14..=18))]
    pub(crate) postgres: Option<i32>,
    /// Have no branch stand by for that of prod; one that is there is taken away.
    #[arg(long)]
    pub(crate) no_standby: bool,
    /// Do not wait until the branches are there.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `integration connect postman`.
#[derive(Debug, Args)]
pub(crate) struct PostmanConnectArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Who sees the workspace: you, your team, or whom you invite. It counts when the workspace is made. Default: personal.
    #[arg(long, value_name = "TYPE", value_parser = PossibleValuesParser::new(["personal", "team", "private"]))]
    pub(crate) workspace_type: Option<String>,
    /// Id of the team at Postman, where an organization has several.
    #[arg(long, value_name = "ID")]
    pub(crate) team: Option<String>,
    /// Do not wait until the collections are there.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Options of `integration connect cloudflare`.
#[derive(Debug, Args)]
pub(crate) struct CloudflareConnectArgs {
    /// Id or slug of the project.
    pub(crate) project: String,
    /// Id of the account, 32 hexadecimal digits. It cannot be changed as long as workers are there.
    #[arg(long, value_name = "ID")]
    pub(crate) account: String,
    /// A plain variable that every worker gets; can be given several times. What is secret is set with `secrets set`.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) variables: Vec<(String, String)>,
    /// Make no Pages project.
    #[arg(long)]
    pub(crate) no_pages: bool,
    /// Do not wait until the workers are there.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
