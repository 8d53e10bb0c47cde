//! `flaresmith integration list|connect|disconnect`.
//!
//! Owns: what is asked of the server about connections to providers. Must not know: tokens of ours, layout. What is signed in with at
//! a provider is never an argument, and never printed.

use flaresmith_api::api::projects::{
    ConnectIntegrationRequest, ConnectIntegrationResponse, DisconnectIntegrationRequest, DisconnectIntegrationResponse,
    ListIntegrationsRequest, ListIntegrationsResponse,
};
use flaresmith_api::types::{
    CloudflareSettings, GithubSettings, IntegrationConnect, IntegrationCredential, IntegrationSettings,
    IntegrationView, NeonSettings, PostmanSettings, Provider, RunState, TokenCredential,
};
use flaresmith_sync::SyncError;
use serde_json::json;
use uuid::Uuid;

use super::project::{Followed, id_of};
use crate::cli::{
    CloudflareConnectArgs, GithubConnectArgs, IntegrationArgs, IntegrationCommand, IntegrationConnectCommand,
    NeonConnectArgs, PostmanConnectArgs, ProjectArgs,
};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble, ask};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &IntegrationCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            IntegrationCommand::List(args) => list(&remote, args, view),
            IntegrationCommand::Connect(IntegrationConnectCommand::Github(args)) => github(&remote, args, view),
            IntegrationCommand::Connect(IntegrationConnectCommand::Neon(args)) => neon(&remote, args, view),
            IntegrationCommand::Connect(IntegrationConnectCommand::Postman(args)) => postman(&remote, args, view),
            IntegrationCommand::Connect(IntegrationConnectCommand::Cloudflare(args)) => cloudflare(&remote, args, view),
            IntegrationCommand::Disconnect(args) => disconnect(&remote, args, view),
        }
    })
}

fn list(remote: &Remote, args: &ProjectArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let (items, more) = remote::listed(u32::MAX, |cursor, limit| {
        let request = ListIntegrationsRequest {
            project_id,
            cursor,
            limit: Some(limit),
        };
        let ListIntegrationsResponse::Ok(page) = remote.wait(remote.client().list_integrations(request))?;
        Ok((page.items, page.next_cursor))
    })?;
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    let heads = ["PROVIDER", "STATE", "ACCOUNT", "BREAKER", "ERROR"];
    view.page(&heads, &rows, &items, more);
    Ok(())
}

fn row(one: &IntegrationView) -> Vec<String> {
    let integration = &one.integration;
    vec![
        integration.provider.to_string(),
        integration.state.to_string(),
        integration.account_name.clone().unwrap_or_default(),
        one.breaker.state.to_string(),
        integration.last_error_code.clone().unwrap_or_default(),
    ]
}

fn github(remote: &Remote, args: &GithubConnectArgs, view: &mut View) -> Result<(), Trouble> {
    let settings = IntegrationSettings::GithubSettings(GithubSettings {
        provider: Provider::Github.to_string(),
        owner: args.owner.clone(),
        repository_name: args.repository.clone(),
        private: Some(!args.public),
        codespace: Some(!args.no_codespace),
        machine: args.machine.clone().map(Some),
    });
    let connection = Connection {
        project: &args.project,
        provider: Provider::Github,
        asked: "token of GitHub",
        no_wait: args.no_wait,
    };
    connection.made(remote, settings, view)
}

fn neon(remote: &Remote, args: &NeonConnectArgs, view: &mut View) -> Result<(), Trouble> {
    let settings = IntegrationSettings::NeonSettings(NeonSettings {
        provider: Provider::Neon.to_string(),
        region: args.region.clone(),
        organization_id: args.organization.clone().map(Some),
        postgres_version: args.postgres,
        standby: Some(!args.no_standby),
    });
    let connection = Connection {
        project: &args.project,
        provider: Provider::Neon,
        asked: "key of Neon",
        no_wait: args.no_wait,
    };
    connection.made(remote, settings, view)
}

fn postman(remote: &Remote, args: &PostmanConnectArgs, view: &mut View) -> Result<(), Trouble> {
    let kind = args.workspace_type.as_deref().map(str::parse).transpose();
    let settings = IntegrationSettings::PostmanSettings(PostmanSettings {
        provider: Provider::Postman.to_string(),
        workspace_type: kind.map_err(|error| {
            // The arguments admit no other word, so this is not met.
            Trouble::local("SERVER_REQUEST", format!("{error}"))
        })?,
        team_id: args.team.clone().map(Some),
    });
    let connection = Connection {
        project: &args.project,
        provider: Provider::Postman,
        asked: "key of Postman",
        no_wait: args.no_wait,
    };
    connection.made(remote, settings, view)
}

fn cloudflare(remote: &Remote, args: &CloudflareConnectArgs, view: &mut View) -> Result<(), Trouble> {
    let settings = IntegrationSettings::CloudflareSettings(CloudflareSettings {
        provider: Provider::Cloudflare.to_string(),
        account_id: args.account.clone(),
        zone_id: None,
        pages: Some(!args.no_pages),
        variables: Some(args.variables.iter().cloned().collect()),
    });
    let connection = Connection {
        project: &args.project,
        provider: Provider::Cloudflare,
        asked: "token of Cloudflare",
        no_wait: args.no_wait,
    };
    connection.made(remote, settings, view)
}

/// A connection that is to be made.
struct Connection<'a> {
    project: &'a str,
    provider: Provider,
    /// What is asked for, in words.
    asked: &'a str,
    no_wait: bool,
}

impl Connection<'_> {
    fn made(&self, remote: &Remote, settings: IntegrationSettings, view: &mut View) -> Result<(), Trouble> {
        let project_id = id_of(remote, self.project)?;
        let token = ask::secret(self.asked)?;
        let request = ConnectIntegrationRequest {
            project_id,
            provider: self.provider,
            idempotency_key: Some(Uuid::new_v4().to_string()),
            if_match: None,
            body: IntegrationConnect {
                settings,
                credential: Some(IntegrationCredential::TokenCredential(TokenCredential {
                    kind: "token".to_owned(),
                    token,
                    expires_at: None,
                })),
            },
        };
        let (ConnectIntegrationResponse::Ok { body, .. } | ConnectIntegrationResponse::Created { body, .. }) =
            remote.wait(remote.client().connect_integration(request))?;
        if self.no_wait {
            view.did(&format!("{} is connected to {}", self.project, self.provider), &body);
            return Ok(());
        }
        let run = Followed {
            project: project_id,
            named: self.project,
            since: body.provisioning.created_at,
            goal: RunState::Succeeded,
        };
        run.to_its_end(remote, view)
    }
}

fn disconnect(remote: &Remote, args: &IntegrationArgs, view: &mut View) -> Result<(), Trouble> {
    let provider = args.provider.parse().map_err(|error| {
        // The arguments admit no other word, so this is not met.
        Trouble::local("SERVER_REQUEST", format!("{error}"))
    })?;
    let request = DisconnectIntegrationRequest {
        project_id: id_of(remote, &args.project)?,
        provider,
    };
    let DisconnectIntegrationResponse::NoContent = remote.wait(remote.client().disconnect_integration(request))?;
    let document = json!({ "project": args.project, "provider": args.provider, "disconnected": true });
    view.did(
        &format!("{} is not connected to {} any more", args.project, args.provider),
        &document,
    );
    Ok(())
}
