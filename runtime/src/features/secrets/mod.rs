//! The domain `secrets`: secrets without their values.
//!
//! Owns: its operations. Must not know: HTTP.

mod bindings;
mod change;
mod handed;
mod list;
mod name;
mod record;
mod value;
mod vault;

use flaresmith_api::api::secrets::{
    DeleteSecretRequest, DeleteSecretResponse, GetSecretsOverviewRequest, GetSecretsOverviewResponse,
    ListSecretAuditRequest, ListSecretAuditResponse, PutSecretRequest, PutSecretResponse, RotateSecretRequest,
    RotateSecretResponse, SecretsApi,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;

use crate::pipeline::Access;
use crate::platform::Platform;
pub(crate) use bindings::bindings;
pub(crate) use handed::hand_on_all;
use name::SecretName;
use record::Actor;
use value::SecretValue;
pub(crate) use vault::reseal;

impl SecretsApi for Platform {
    async fn get_secrets_overview(
        &self,
        context: Context,
        request: GetSecretsOverviewRequest,
    ) -> Result<GetSecretsOverviewResponse, Failure> {
        let access = Access::of(&context)?;
        list::overview(self, &context, access, request)
            .await
            .map(GetSecretsOverviewResponse::Ok)
    }

    async fn put_secret(&self, context: Context, request: PutSecretRequest) -> Result<PutSecretResponse, Failure> {
        let actor = Actor::of(&context, Access::of(&context)?)?;
        let name = SecretName::new(
            request.project_id,
            request.environment,
            request.r#type,
            request.secret_name,
        )?;
        let value = SecretValue::new(request.body.value);
        let expires_at = request.body.expires_at.flatten();
        let put = change::put(self, &actor, &name, request.if_match.as_deref(), &value, expires_at).await?;
        handed::hand_on(self, &name).await?;
        let e_tag = Some(put.tag);
        Ok(match put.is_new {
            true => PutSecretResponse::Created { e_tag, body: put.entry },
            false => PutSecretResponse::Ok { e_tag, body: put.entry },
        })
    }

    async fn delete_secret(
        &self,
        context: Context,
        request: DeleteSecretRequest,
    ) -> Result<DeleteSecretResponse, Failure> {
        let actor = Actor::of(&context, Access::of(&context)?)?;
        let name = SecretName::new(
            request.project_id,
            request.environment,
            request.r#type,
            request.secret_name,
        )?;
        let deleted = change::delete(self, &actor, &name, request.if_match.as_deref()).await;
        match &deleted {
            // A repeat of one that GitHub did not hear of finds nothing here any more.
            Ok(()) => handed::hand_on(self, &name).await?,
            Err(failure) if failure.code() == ErrorCode::SecSecretNotFound => handed::hand_on(self, &name).await?,
            Err(_) => {}
        }
        deleted?;
        Ok(DeleteSecretResponse::NoContent)
    }

    async fn rotate_secret(
        &self,
        context: Context,
        request: RotateSecretRequest,
    ) -> Result<RotateSecretResponse, Failure> {
        Actor::of(&context, Access::of(&context)?)?;
        let name = SecretName::new(
            request.project_id,
            request.environment,
            request.r#type,
            request.secret_name,
        )?;
        let put = change::rotate(self, &name, request.if_match.as_deref()).await?;
        Ok(RotateSecretResponse::Ok {
            e_tag: Some(put.tag),
            body: put.entry,
        })
    }

    async fn list_secret_audit(
        &self,
        _: Context,
        request: ListSecretAuditRequest,
    ) -> Result<ListSecretAuditResponse, Failure> {
        list::audit(self, request).await.map(ListSecretAuditResponse::Ok)
    }
}
