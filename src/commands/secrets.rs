//! `flaresmith secrets list|set|rotate|delete`.
//!
//! Owns: what is asked of the server about secrets. Must not know: tokens, layout. A value is never an argument, and never printed.

use flaresmith_api::api::secrets::{
    DeleteSecretRequest, DeleteSecretResponse, GetSecretsOverviewRequest, GetSecretsOverviewResponse, PutSecretRequest,
    PutSecretResponse, RotateSecretRequest, RotateSecretResponse,
};
use flaresmith_api::types::{SecretEntry, SecretPut, SecretScope, SecretType};
use flaresmith_sync::SyncError;
use serde_json::json;
use uuid::Uuid;

use super::project::id_of;
use crate::cli::{SecretArgs, SecretsCommand, SecretsListArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble, ask};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &SecretsCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            SecretsCommand::List(args) => list(&remote, args, view),
            SecretsCommand::Set(args) => set(&remote, &Named::of(&remote, args)?, view),
            SecretsCommand::Rotate(args) => rotate(&remote, &Named::of(&remote, args)?, view),
            SecretsCommand::Delete(args) => delete(&remote, &Named::of(&remote, args)?, view),
        }
    })
}

/// A secret that a person named.
struct Named {
    project: Uuid,
    name: String,
    environment: SecretScope,
    kind: SecretType,
}

impl Named {
    fn of(remote: &Remote, args: &SecretArgs) -> Result<Self, Trouble> {
        Ok(Self {
            project: id_of(remote, &args.project)?,
            name: args.name.clone(),
            environment: scope(&args.environment)?,
            kind: args.r#type.parse().map_err(unknown)?,
        })
    }
}

fn scope(word: &str) -> Result<SecretScope, Trouble> {
    word.parse().map_err(unknown)
}

/// The arguments admit no other word, so this is not met.
fn unknown(error: impl std::fmt::Display) -> Trouble {
    Trouble::local("SERVER_REQUEST", error.to_string())
}

fn list(remote: &Remote, args: &SecretsListArgs, view: &mut View) -> Result<(), Trouble> {
    let request = GetSecretsOverviewRequest {
        project_id: id_of(remote, &args.project)?,
        environment: args.environment.as_deref().map(scope).transpose()?,
    };
    let GetSecretsOverviewResponse::Ok(found) = remote.wait(remote.client().get_secrets_overview(request))?;
    let rows: Vec<Vec<String>> = found
        .secrets
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                one.environment.to_string(),
                one.r#type.to_string(),
                one.masked_value.clone(),
                remote::moment(one.last_rotated_at),
                one.expires_at.map(remote::moment).unwrap_or_default(),
            ]
        })
        .collect();
    let heads = ["NAME", "ENVIRONMENT", "TYPE", "VALUE", "ROTATED", "EXPIRES"];
    view.table(&heads, &rows, &found);
    Ok(())
}

fn set(remote: &Remote, named: &Named, view: &mut View) -> Result<(), Trouble> {
    let value = ask::secret(&format!("value of {}", named.name))?;
    let request = PutSecretRequest {
        project_id: named.project,
        secret_name: named.name.clone(),
        environment: named.environment,
        r#type: named.kind,
        idempotency_key: Some(Uuid::new_v4().to_string()),
        if_match: None,
        body: SecretPut {
            value,
            expires_at: None,
        },
    };
    let (PutSecretResponse::Ok { body, .. } | PutSecretResponse::Created { body, .. }) =
        remote.wait(remote.client().put_secret(request))?;
    shown(&body, view);
    Ok(())
}

fn rotate(remote: &Remote, named: &Named, view: &mut View) -> Result<(), Trouble> {
    let request = RotateSecretRequest {
        project_id: named.project,
        secret_name: named.name.clone(),
        environment: named.environment,
        r#type: named.kind,
        idempotency_key: Some(Uuid::new_v4().to_string()),
        if_match: None,
    };
    let RotateSecretResponse::Ok { body, .. } = remote.wait(remote.client().rotate_secret(request))?;
    shown(&body, view);
    Ok(())
}

fn delete(remote: &Remote, named: &Named, view: &mut View) -> Result<(), Trouble> {
    let request = DeleteSecretRequest {
        project_id: named.project,
        secret_name: named.name.clone(),
        environment: named.environment,
        r#type: named.kind,
        if_match: None,
    };
    let DeleteSecretResponse::NoContent = remote.wait(remote.client().delete_secret(request))?;
    let document = json!({ "name": named.name, "environment": named.environment, "type": named.kind, "deleted": true });
    view.did(&format!("{} is deleted", named.name), &document);
    Ok(())
}

fn shown(secret: &SecretEntry, view: &mut View) {
    let facts = [
        ("name", secret.name.clone()),
        ("environment", secret.environment.to_string()),
        ("type", secret.r#type.to_string()),
        ("value", secret.masked_value.clone()),
        ("rotated", remote::moment(secret.last_rotated_at)),
        ("expires", secret.expires_at.map(remote::moment).unwrap_or_default()),
    ];
    view.facts(&facts, secret);
}
