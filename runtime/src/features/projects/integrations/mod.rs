//! How a project is connected to providers.
//!
//! Owns: reading it, changing and ending a connection. Must not know: what a provider makes of it.
//!
//! Without a credential the platform's own machine stands in for the provider. All of them can be connected with one.

mod connect;
mod credential;

use flaresmith_api::api::projects::ListIntegrationsRequest;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::lifecycles::IntegrationConfigEvent;
use flaresmith_api::types::{self, IntegrationErrorDetails, IntegrationPage, IntegrationUpdate, IntegrationView};
use flaresmith_store::entities::circuit_breakers;
use flaresmith_store::entities::integration_configs::{Column, Entity, Model};
use flaresmith_store::enums::{IntegrationState, Provider};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::detail::closed;
use crate::features::shown::{extended, shown};
use crate::master_key;
use crate::platform::Platform;
use crate::provisioning::{at_cloudflare, at_postman, codespace, request, states};
use crate::store::page::{Asked, newest_first};
use crate::store::{failed, version};
pub(super) use connect::{begun, connect, wanted};
pub(crate) use credential::{access, connected_settings, reseal, signs_in};

/// A connection and its breaker as callers see them.
pub(super) struct Seen {
    /// For the next change of it.
    pub(super) tag: String,
    /// What is shown.
    pub(super) view: IntegrationView,
}

/// One page of a project's connections.
pub(super) async fn list(platform: &Platform, request: ListIntegrationsRequest) -> Result<IntegrationPage, Failure> {
    let project = request.project_id;
    let asked = Asked {
        list: &format!("integrations/{project}"),
        cursor: request.cursor.as_deref(),
        limit: request.limit,
    };
    let read = platform.store.read();
    let select = Entity::find().filter(Column::ProjectId.eq(project));
    let by = (Column::CreatedAt, Column::Id);
    let page = newest_first(read, &platform.cursors, asked, select, by, |row| {
        (row.created_at, row.id)
    })
    .await?;
    let mut items = Vec::new();
    for row in &page.items {
        items.push(view(read, row).await?);
    }
    shown(&json!({"hasMore": page.has_more(), "items": items, "nextCursor": page.next_cursor}))
}

/// One connection, which one that was ended is none of.
pub(super) async fn get(platform: &Platform, project: Uuid, provider: types::Provider) -> Result<Seen, Failure> {
    let read = platform.store.read();
    let row = connected(read, project, stored(provider)?).await?;
    seen(read, &row).await
}

/// Changes settings, the credential, or both.
pub(super) async fn update(
    platform: &Platform,
    project: Uuid,
    provider: types::Provider,
    if_match: Option<&str>,
    body: IntegrationUpdate,
) -> Result<Seen, Failure> {
    let provider = stored(provider)?;
    let row = connected(platform.store.read(), project, provider).await?;
    version::demand(if_match, row.version)?;
    let settings = match &body.settings {
        Some(settings) => connect::settings(provider, settings)?,
        None => row.settings.clone(),
    };
    connect::refuse_move(platform.store.read(), &row, &settings).await?;
    if body.credential.is_some() && !signs_in(platform.store.read(), project, provider).await? {
        return Err(Failure::new(ErrorCode::IntegrationNotConnected)
            .with_message("The platform stands in for the provider, so there is no credential to change.")
            .with_hint("Connect the provider with the credential: PUT, not PATCH.")
            .with_details(details(provider)));
    }
    let checked = match &body.credential {
        Some(credential) => Some(credential::check(platform, project, provider, &settings, Some(credential)).await?),
        None => None,
    };
    let write = platform.store.begin_alone(&turn(project)).await?;
    master_key::demand(&write, &platform.sealer).await?;
    let now = platform.clock.now();
    let row = connected(&*write, project, provider).await?;
    version::demand(if_match, row.version)?;
    let number = row.version;
    let to = states::integration(row.state, IntegrationConfigEvent::Update)
        .and_then(|state| states::integration(state, IntegrationConfigEvent::Verify));
    let (state, id) = (row.state, row.id);
    let is_of_codespaces = |code: &String| codespace::WITHHELD.iter().any(|one| one.as_str() == code);
    let last_error = row.last_error_code.clone().filter(|code| !is_of_codespaces(code));
    let lacks_nothing = match provider {
        Provider::Github => !codespace::is_wanted(&settings),
        Provider::Cloudflare => !at_cloudflare::wants_pages(&settings),
        _ => false,
    };
    let mut active = row.into_active_model();
    active.settings = Set(settings);
    active.state = Set(to.unwrap_or(state));
    active.version = Set(number + 1);
    active.updated_at = Set(now);
    if lacks_nothing {
        active.missing_scopes = Set(json!([]));
        active.last_error_code = Set(last_error);
    }
    if let Some(checked) = checked {
        checked.told(&mut active, now);
        credential::keep(&write, platform, id, checked.token, now).await?;
    }
    let row = active.update(&*write).await.map_err(failed)?;
    let seen = seen(&*write, &row).await?;
    write.commit().await?;
    Ok(seen)
}

/// Ends a connection: what is signed in with is forgotten, and what was made stays.
pub(super) async fn disconnect(platform: &Platform, project: Uuid, provider: types::Provider) -> Result<(), Failure> {
    let provider = stored(provider)?;
    let write = platform.store.begin_alone(&turn(project)).await?;
    let row = connected(&*write, project, provider).await?;
    if request::active(&write, project).await?.is_some() {
        return Err(Failure::new(ErrorCode::IntegrationInUse).with_details(details(provider)));
    }
    credential::keep(&write, platform, row.id, None, platform.clock.now()).await?;
    match provider {
        Provider::Postman => at_postman::forget(&write, project).await?,
        Provider::Cloudflare => at_cloudflare::forget_pages(&write, project).await?,
        Provider::Github | Provider::Neon => {}
    }
    let to = states::integration(row.state, IntegrationConfigEvent::Disconnect)?;
    let number = row.version;
    let mut active = row.into_active_model();
    active.state = Set(to);
    active.scopes = Set(json!([]));
    active.missing_scopes = Set(json!([]));
    active.account_name = Set(None);
    active.version = Set(number + 1);
    active.updated_at = Set(platform.clock.now());
    active.update(&*write).await.map_err(failed)?;
    write.commit().await
}

/// Under this name whoever changes connections of a project is alone, as whoever begins its runs is.
fn turn(project: Uuid) -> String {
    format!("provisioning/{project}")
}

/// The connection of a project to a provider, ended or not.
///
/// # Errors
/// The store fails.
pub(crate) async fn connection<C: ConnectionTrait>(
    store: &C,
    project: Uuid,
    provider: Provider,
) -> Result<Option<Model>, Failure> {
    Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Provider.eq(provider))
        .one(store)
        .await
        .map_err(failed)
}

async fn connected<C: ConnectionTrait>(store: &C, project: Uuid, provider: Provider) -> Result<Model, Failure> {
    let row = connection(store, project, provider).await?;
    row.filter(|row| row.state != IntegrationState::Disconnected)
        .ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected).with_details(details(provider)))
}

async fn seen<C: ConnectionTrait>(connection: &C, row: &Model) -> Result<Seen, Failure> {
    Ok(Seen {
        tag: version::tag(row.version),
        view: shown(&view(connection, row).await?)?,
    })
}

async fn view<C: ConnectionTrait>(connection: &C, row: &Model) -> Result<Value, Failure> {
    let breaker = circuit_breakers::Entity::find()
        .filter(circuit_breakers::Column::ProjectId.eq(row.project_id))
        .filter(circuit_breakers::Column::Provider.eq(row.provider))
        .one(connection)
        .await
        .map_err(failed)?;
    let breaker = breaker.map_or_else(
        || Ok(closed()),
        |row| serde_json::to_value(row).map_err(Failure::internal),
    )?;
    extended(&json!({ "integration": row }), json!({ "breaker": breaker }))
}

fn details(provider: Provider) -> IntegrationErrorDetails {
    IntegrationErrorDetails {
        provider: provider.as_str().parse().ok(),
        ..IntegrationErrorDetails::default()
    }
}

fn stored(provider: types::Provider) -> Result<Provider, Failure> {
    Provider::try_from(provider.as_str()).map_err(|_| Failure::internal("the store knows no such provider"))
}
