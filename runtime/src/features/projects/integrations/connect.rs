//! Connecting a project to a provider.
//!
//! Owns: the row of the connection, and beginning the run that makes what is missing. Must not know: what that run makes.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::{IntegrationConfigEvent as Event, ProjectEvent};
use flaresmith_api::types::{self, IntegrationConnect, IntegrationConnected, IntegrationSettings};
use flaresmith_store::entities::integration_configs::{ActiveModel, Model};
use flaresmith_store::entities::{circuit_breakers, projects};
use flaresmith_store::enums::{IntegrationState, Provider};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::credential::{self, Checked};
use super::{connection, stored, turn};
use crate::features::shown::shown;
use crate::master_key;
use crate::pipeline::access::absent_project;
use crate::platform::Platform;
use crate::providers::neon::POSTGRES;
use crate::provisioning::{at_cloudflare, at_neon, request, states};
use crate::store::{Write, failed, new_id, version};

/// What came of connecting.
pub(crate) struct Connected {
    /// Whether it was not connected before.
    pub(crate) is_new: bool,
    /// For the next change of it.
    pub(crate) tag: String,
    /// What is answered.
    pub(crate) body: IntegrationConnected,
}

/// Connects a provider, or connects it again.
pub(crate) async fn connect(
    platform: &Platform,
    project: Uuid,
    provider: types::Provider,
    if_match: Option<&str>,
    by: Option<Uuid>,
    body: IntegrationConnect,
) -> Result<Connected, Failure> {
    let provider = stored(provider)?;
    let settings = settings(provider, &body.settings)?;
    // Before anybody waits for the turn: the provider may take its time.
    let checked = credential::check(platform, project, provider, &settings, body.credential.as_ref()).await?;
    let write = platform.store.begin_alone(&turn(project)).await?;
    master_key::demand(&write, &platform.sealer).await?;
    let now = platform.clock.now();
    if let Some(run) = request::active(&write, project).await? {
        return Err(Failure::new(ErrorCode::ProvisionRunActive).with_details(json!({ "runId": run.id })));
    }
    let found = connection(&*write, project, provider).await?;
    match &found {
        Some(row) => version::demand(if_match, row.version)?,
        // There is nothing that could have been read.
        None if if_match.is_some() => return Err(version::moved()),
        None => {}
    }
    if let Some(row) = &found {
        refuse_move(&*write, row, &settings).await?;
    }
    let is_new = found
        .as_ref()
        .is_none_or(|row| row.state == IntegrationState::Disconnected);
    let row = written(&write, platform, project, provider, found, settings, checked).await?;
    // A new credential has not failed.
    circuit_breakers::Entity::delete_many()
        .filter(circuit_breakers::Column::ProjectId.eq(project))
        .filter(circuit_breakers::Column::Provider.eq(provider))
        .exec(&*write)
        .await
        .map_err(failed)?;
    let subject = projects::Entity::find_by_id(project)
        .one(&*write)
        .await
        .map_err(failed)?;
    let subject = subject.ok_or_else(|| absent_project(project))?;
    let moved = states::move_project(&write, &subject, ProjectEvent::Extend, now).await?
        || states::move_project(&write, &subject, ProjectEvent::Retry, now).await?;
    if !moved {
        return Err(Failure::new(ErrorCode::ProjectStateInvalid).with_context("state", subject.state.as_str()));
    }
    let run = request::extend(&write, project, by, now).await?;
    write.commit().await?;
    platform.bell.notify_one();
    Ok(Connected {
        is_new,
        tag: version::tag(row.version),
        body: shown(&json!({ "integration": row, "provisioning": run }))?,
    })
}

/// A connection that a project is to begin with.
pub(crate) struct Wanted {
    provider: Provider,
    settings: Value,
    checked: Checked,
}

/// Checks the connections that a project is to begin with.
pub(crate) async fn wanted(
    platform: &Platform,
    project: Uuid,
    connections: Vec<IntegrationConnect>,
) -> Result<Vec<Wanted>, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for connection in connections {
        let named = serde_json::to_value(&connection.settings).map_err(Failure::internal)?;
        let named = named["provider"]
            .as_str()
            .and_then(|name| Provider::try_from(name).ok());
        let provider = named.ok_or_else(|| Failure::internal("the store knows no such provider"))?;
        if wanted.iter().any(|one| one.provider == provider) {
            return Err(Failure::new(ErrorCode::RequestValidationFailed)
                .with_message("A provider is named twice.")
                .with_context("provider", provider.as_str()));
        }
        let settings = settings(provider, &connection.settings)?;
        let checked = credential::check(platform, project, provider, &settings, connection.credential.as_ref()).await?;
        wanted.push(Wanted {
            provider,
            settings,
            checked,
        });
    }
    Ok(wanted)
}

/// Writes the connections that a project begins with.
pub(crate) async fn begun(
    write: &Write,
    platform: &Platform,
    project: Uuid,
    connections: Vec<Wanted>,
) -> Result<(), Failure> {
    for one in connections {
        written(write, platform, project, one.provider, None, one.settings, one.checked).await?;
    }
    Ok(())
}

/// Writes the row of a connection and what it signs in with.
async fn written(
    write: &Write,
    platform: &Platform,
    project: Uuid,
    provider: Provider,
    found: Option<Model>,
    settings: Value,
    checked: Checked,
) -> Result<Model, Failure> {
    let now = platform.clock.now();
    let row = match found {
        Some(row) => {
            let on = match row.state {
                IntegrationState::Disconnected => Some(Event::Connect),
                IntegrationState::Connected => Some(Event::Update),
                IntegrationState::Error => Some(Event::Retry),
                IntegrationState::Connecting => None,
            };
            let begun = on.map_or(Ok(row.state), |on| states::integration(row.state, on))?;
            let number = row.version;
            let mut active = row.into_active_model();
            active.state = Set(states::integration(begun, Event::Verify)?);
            active.settings = Set(settings);
            active.version = Set(number + 1);
            active.updated_at = Set(now);
            checked.told(&mut active, now);
            active.update(&**write).await.map_err(failed)?
        }
        None => {
            let mut active = ActiveModel {
                id: Set(new_id()),
                project_id: Set(project),
                provider: Set(provider),
                state: Set(states::integration(IntegrationState::Connecting, Event::Verify)?),
                settings: Set(settings),
                scopes: Set(json!([])),
                missing_scopes: Set(json!([])),
                account_name: Set(None),
                last_checked_at: Set(None),
                last_error_code: Set(None),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
            };
            checked.told(&mut active, now);
            active.insert(&**write).await.map_err(failed)?
        }
    };
    credential::keep(write, platform, row.id, checked.token, now).await?;
    Ok(row)
}

/// Refuses settings that would have databases or workers elsewhere than they are: nobody would find them.
pub(super) async fn refuse_move<C: ConnectionTrait>(
    connection: &C,
    row: &Model,
    wanted: &Value,
) -> Result<(), Failure> {
    let changed = |name: &&str| row.settings[*name] != wanted[*name];
    let (moved, what) = match row.provider {
        Provider::Neon if at_neon::known(connection, row.project_id).await?.is_some() => {
            let version = |settings: &Value| settings["postgresVersion"].as_i64().unwrap_or(POSTGRES);
            let other = version(&row.settings) != version(wanted);
            let moved = ["region", "organizationId"].into_iter().find(changed);
            (moved.or_else(|| other.then_some("postgresVersion")), "databases")
        }
        Provider::Cloudflare if !at_cloudflare::names(connection, row.project_id).await?.is_empty() => {
            (["accountId"].into_iter().find(changed), "workers")
        }
        _ => (None, ""),
    };
    match moved {
        Some(name) => Err(Failure::new(ErrorCode::RequestValidationFailed)
            .with_message(format!("`{name}` cannot be changed: the project's {what} are there."))
            .with_hint("Connect with the settings that the connection had.")
            .with_context("setting", name)),
        None => Ok(()),
    }
}

/// Settings as the store keeps them, if they are this provider's.
pub(super) fn settings(provider: Provider, settings: &IntegrationSettings) -> Result<Value, Failure> {
    let settings = serde_json::to_value(settings).map_err(Failure::internal)?;
    match settings["provider"].as_str() == Some(provider.as_str()) {
        true => Ok(settings),
        false => Err(Failure::new(ErrorCode::RequestValidationFailed)
            .with_message("The settings are those of another provider.")
            .with_context("provider", provider.as_str())),
    }
}
