//! What a connection signs in with.
//!
//! Owns: checking it at the provider, keeping it sealed, and taking it out for those who call the provider. Must not know: what is
//! asked of the provider.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::IntegrationCredential;
use flaresmith_store::SecretBytes;
use flaresmith_store::entities::integration_configs;
use flaresmith_store::entities::provider_credentials::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::{IntegrationState, Provider, ProviderCredentialKind};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::backoff;
use crate::platform::Platform;
use crate::providers::cloud::{Access, refused};
use crate::providers::cloudflare::PAGES_SCOPE;
use crate::providers::github::CODESPACE_SCOPE;
use crate::providers::postman::Needs;
use crate::provisioning::at_neon::known;
use crate::provisioning::{at_cloudflare, at_postman, codespace};
use crate::sealing::Sealer;
use crate::settings::Hidden;
use crate::store::{Write, failed, new_id};

/// A credential that the provider accepts, or none.
pub(super) struct Checked {
    /// The token, and when it ends.
    pub(super) token: Option<(Hidden, Option<DateTime<Utc>>)>,
    account: Option<String>,
    scopes: Vec<String>,
    /// What else would have to be allowed; what needs it is left out.
    missing: Vec<String>,
}

impl Checked {
    /// Writes down what the provider told.
    pub(super) fn told(&self, active: &mut integration_configs::ActiveModel, now: DateTime<Utc>) {
        active.scopes = Set(json!(self.scopes));
        active.missing_scopes = Set(json!(self.missing));
        active.account_name = Set(self.account.clone());
        active.last_checked_at = Set(self.token.as_ref().map(|_| now));
        active.last_error_code = Set(None);
    }
}

/// Asks the provider whose credential it is and what it may do. `None` needs no asking: the platform stands in for the provider.
pub(super) async fn check(
    platform: &Platform,
    project: Uuid,
    provider: Provider,
    settings: &Value,
    credential: Option<&IntegrationCredential>,
) -> Result<Checked, Failure> {
    let token = match credential {
        None => {
            return Ok(Checked {
                token: None,
                account: None,
                scopes: Vec::new(),
                missing: Vec::new(),
            });
        }
        Some(IntegrationCredential::TokenCredential(token)) => token,
        // For a code the platform has to be known to the provider as an application.
        Some(IntegrationCredential::OauthCredential(_)) => {
            return Err(refused(provider, Vec::new())
                .with_message("The platform is no application of the provider, so it can make nothing of a code.")
                .with_hint("Connect with a token."));
        }
    };
    let secret = Hidden::new(token.token.clone());
    let access = Access::of(project, secret.clone());
    let (account, scopes) = match provider {
        Provider::Github => at_github(platform, &access, settings).await?,
        Provider::Neon => at_neon(platform, &access, settings).await?,
        Provider::Postman => at_postman(platform, &access, settings).await?,
        Provider::Cloudflare => at_cloudflare(platform, &access, settings).await?,
    };
    let lacks = |scope: &str| !scopes.iter().any(|one| one == scope);
    let missing = match provider {
        // Of tokens that are no classic ones GitHub tells nothing; what they lack is seen when it is needed.
        Provider::Github if codespace::is_wanted(settings) && !scopes.is_empty() && lacks(CODESPACE_SCOPE) => {
            vec![CODESPACE_SCOPE.to_owned()]
        }
        Provider::Cloudflare if at_cloudflare::wants_pages(settings) && lacks(PAGES_SCOPE) => {
            vec![PAGES_SCOPE.to_owned()]
        }
        _ => Vec::new(),
    };
    Ok(Checked {
        token: Some((secret, token.expires_at.flatten())),
        account: Some(account),
        scopes,
        missing,
    })
}

async fn at_github(platform: &Platform, access: &Access, settings: &Value) -> Result<(String, Vec<String>), Failure> {
    let private = settings["private"].as_bool().unwrap_or(true);
    let github = &platform.providers.github;
    let asked = || github.account(access, private);
    let account = backoff::persist(ErrorCode::IntegrationGithubTimeout, asked).await?;
    match account.missing.is_empty() {
        true => Ok((account.login, account.scopes)),
        false => Err(refused(Provider::Github, account.missing)),
    }
}

async fn at_neon(platform: &Platform, access: &Access, settings: &Value) -> Result<(String, Vec<String>), Failure> {
    let organization = settings["organizationId"].as_str();
    let region = settings["region"].as_str().unwrap_or_default();
    let existing = known(platform.store.read(), access.project).await?;
    let neon = &platform.providers.neon;
    let asked = || neon.account(access, organization, region, existing.as_deref());
    let account = backoff::persist(ErrorCode::IntegrationNeonTimeout, asked).await?;
    Ok((account.organization, vec![account.kind]))
}

async fn at_postman(platform: &Platform, access: &Access, settings: &Value) -> Result<(String, Vec<String>), Failure> {
    let known = at_postman::known(platform.store.read(), access.project).await?;
    let needs = Needs {
        of_team: settings["workspaceType"]
            .as_str()
            .is_some_and(|kind| kind != "personal"),
        team: settings["teamId"].as_str(),
        workspace: known.workspace(),
    };
    let postman = &platform.providers.postman;
    let asked = || postman.account(access, needs);
    let account = backoff::persist(ErrorCode::IntegrationPostmanTimeout, asked).await?;
    Ok((account.name, account.roles))
}

async fn at_cloudflare(
    platform: &Platform,
    access: &Access,
    settings: &Value,
) -> Result<(String, Vec<String>), Failure> {
    let account = settings["accountId"].as_str().unwrap_or_default();
    let cloudflare = &platform.providers.cloudflare;
    let pages = at_cloudflare::wants_pages(settings);
    let asked = || cloudflare.account(access, account, pages);
    let account = backoff::persist(ErrorCode::IntegrationCloudflareTimeout, asked).await?;
    Ok((account.name, account.scopes))
}

/// Keeps a token for a connection in place of any other; none: forgets what there is.
pub(super) async fn keep(
    write: &Write,
    platform: &Platform,
    integration: Uuid,
    token: Option<(Hidden, Option<DateTime<Utc>>)>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    Entity::delete_many()
        .filter(Column::IntegrationId.eq(integration))
        .exec(&**write)
        .await
        .map_err(failed)?;
    let Some((token, expires_at)) = token else {
        return Ok(());
    };
    let id = new_id();
    let sealed = platform
        .sealer
        .seal(&context(id), token.expose().as_bytes())
        .map_err(Failure::from)?;
    let row = ActiveModel {
        id: Set(id),
        integration_id: Set(integration),
        kind: Set(ProviderCredentialKind::Token),
        ciphertext: Set(SecretBytes::new(sealed.bytes)),
        refresh_ciphertext: Set(None),
        master_key_id: Set(sealed.key_id),
        expires_at: Set(expires_at),
        rotated_at: Set(now),
        created_at: Set(now),
        updated_at: Set(now),
    };
    row.insert(&**write).await.map_err(failed)?;
    Ok(())
}

/// Whether a project signs in at a provider, which is more than being connected: the platform may stand in for it.
///
/// # Errors
/// The store fails.
pub(crate) async fn signs_in<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    provider: Provider,
) -> Result<bool, Failure> {
    Ok(kept(connection, project, provider).await?.is_some())
}

/// The settings of a connection with which a project signs in; `None`: it does not.
///
/// # Errors
/// The store fails.
pub(crate) async fn connected_settings<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    provider: Provider,
) -> Result<Option<Value>, Failure> {
    Ok(kept(connection, project, provider).await?.map(|(row, _)| row.settings))
}

/// How a project is connected to a provider, and what it signs in with; `None`: not at all, or the platform stands in for it.
///
/// # Errors
/// The store fails, or the master key is not at hand.
pub(crate) async fn access(
    platform: &Platform,
    project: Uuid,
    provider: Provider,
) -> Result<Option<(integration_configs::Model, Access)>, Failure> {
    let Some((row, kept)) = kept(platform.store.read(), project, provider).await? else {
        return Ok(None);
    };
    let token = open(&platform.sealer, &kept)?;
    Ok(Some((row, Access::of(project, token))))
}

/// A connection that has not ended, and what is kept of its credential.
async fn kept<C: ConnectionTrait>(
    connection: &C,
    project: Uuid,
    provider: Provider,
) -> Result<Option<(integration_configs::Model, Model)>, Failure> {
    let row = super::connection(connection, project, provider).await?;
    let Some(row) = row.filter(|row| row.state != IntegrationState::Disconnected) else {
        return Ok(None);
    };
    let kept = Entity::find()
        .filter(Column::IntegrationId.eq(row.id))
        .one(connection)
        .await
        .map_err(failed)?;
    Ok(kept.map(|kept| (row, kept)))
}

fn open(sealer: &Sealer, row: &Model) -> Result<Hidden, Failure> {
    let bytes = sealer
        .open(&row.master_key_id, &context(row.id), row.ciphertext.expose())
        .map_err(Failure::from)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::internal("a credential is no text"))?;
    Ok(Hidden::new(text))
}

/// Encrypts every credential that an older master key encrypts with the current one; how many there were.
///
/// # Errors
/// An older key is not at hand, or the store fails.
pub(crate) async fn reseal(write: &Write, sealer: &Sealer) -> Result<u64, Failure> {
    let rows = Entity::find()
        .filter(Column::MasterKeyId.ne(sealer.key_id()))
        .all(&**write)
        .await
        .map_err(failed)?;
    let mut count = 0;
    for row in rows {
        let token = open(sealer, &row)?;
        let sealed = sealer
            .seal(&context(row.id), token.expose().as_bytes())
            .map_err(Failure::from)?;
        let done = Entity::update_many()
            .col_expr(Column::Ciphertext, Expr::value(SecretBytes::new(sealed.bytes)))
            .col_expr(Column::MasterKeyId, Expr::value(sealed.key_id))
            .filter(Column::Id.eq(row.id))
            .filter(Column::MasterKeyId.eq(row.master_key_id))
            .exec(&**write)
            .await
            .map_err(failed)?;
        count += done.rows_affected;
    }
    Ok(count)
}

fn context(id: Uuid) -> String {
    format!("provider_credentials.ciphertext/{id}")
}
