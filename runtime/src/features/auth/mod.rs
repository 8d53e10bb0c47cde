//! The domain `auth`: signing in and the keys that sign tokens.
//!
//! Owns: its operations. Must not know: HTTP beyond the cookie that the contract names, how tokens are made.

mod account;
mod at_github;
mod cookie;
mod keys;
mod sign_in;

use flaresmith_api::api::auth::{
    AcceptInvitationRequest, AcceptInvitationResponse, AuthApi, ExchangeTokenRequest, ExchangeTokenResponse,
    GetCurrentUserRequest, GetCurrentUserResponse, GetKeyManifestRequest, GetKeyManifestResponse,
    InvalidateSigningKeyRequest, InvalidateSigningKeyResponse, RefreshSessionRequest, RefreshSessionResponse,
    SetPasswordRequest, SetPasswordResponse, SignInRequest, SignInResponse, SignOutRequest, SignOutResponse,
    StartOauthRequest, StartOauthResponse, UpdateCurrentUserRequest, UpdateCurrentUserResponse,
};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;

use crate::pipeline::Access;
use crate::platform::Platform;

impl AuthApi for Platform {
    async fn get_current_user(
        &self,
        context: Context,
        _: GetCurrentUserRequest,
    ) -> Result<GetCurrentUserResponse, Failure> {
        let access = Access::of(&context)?;
        account::current(self, access).await.map(GetCurrentUserResponse::Ok)
    }

    async fn update_current_user(
        &self,
        context: Context,
        request: UpdateCurrentUserRequest,
    ) -> Result<UpdateCurrentUserResponse, Failure> {
        let person = Access::of(&context)?.person()?;
        let changed = account::update(self, person, request.body).await?;
        Ok(UpdateCurrentUserResponse::Ok(changed))
    }

    async fn set_password(
        &self,
        context: Context,
        request: SetPasswordRequest,
    ) -> Result<SetPasswordResponse, Failure> {
        let access = Access::of(&context)?;
        account::set_password(self, &access.caller, request.body).await?;
        Ok(SetPasswordResponse::NoContent)
    }

    async fn sign_in(&self, context: Context, request: SignInRequest) -> Result<SignInResponse, Failure> {
        let body = sign_in::with_password(self, &context, request.body).await?;
        Ok(SignInResponse::Ok {
            set_cookie: Some(cookie::set(&body.refresh_token, body.refresh_expires_in)),
            body,
        })
    }

    async fn accept_invitation(
        &self,
        context: Context,
        request: AcceptInvitationRequest,
    ) -> Result<AcceptInvitationResponse, Failure> {
        let body = sign_in::with_invitation(self, &context, request.body).await?;
        Ok(AcceptInvitationResponse::Ok {
            set_cookie: Some(cookie::set(&body.refresh_token, body.refresh_expires_in)),
            body,
        })
    }

    async fn start_oauth(&self, _: Context, request: StartOauthRequest) -> Result<StartOauthResponse, Failure> {
        at_github::start(self, request.body).await.map(StartOauthResponse::Ok)
    }

    async fn exchange_token(
        &self,
        context: Context,
        request: ExchangeTokenRequest,
    ) -> Result<ExchangeTokenResponse, Failure> {
        let body = at_github::finish(self, &context, request.body).await?;
        Ok(ExchangeTokenResponse::Ok {
            set_cookie: Some(cookie::set(&body.refresh_token, body.refresh_expires_in)),
            body,
        })
    }

    async fn refresh_session(
        &self,
        _: Context,
        request: RefreshSessionRequest,
    ) -> Result<RefreshSessionResponse, Failure> {
        let sent = request.body.and_then(|body| body.refresh_token);
        let token = sent
            .or(request.flaresmith_refresh)
            .ok_or_else(|| Failure::new(ErrorCode::AuthRefreshInvalid))?;
        let body = sign_in::refreshed(self, &token).await?;
        Ok(RefreshSessionResponse::Ok {
            set_cookie: Some(cookie::set(&body.refresh_token, body.refresh_expires_in)),
            body,
        })
    }

    async fn sign_out(&self, context: Context, _: SignOutRequest) -> Result<SignOutResponse, Failure> {
        sign_in::end(self, &Access::of(&context)?.caller).await?;
        Ok(SignOutResponse::NoContent {
            set_cookie: Some(cookie::cleared()),
        })
    }

    async fn get_key_manifest(&self, _: Context, _: GetKeyManifestRequest) -> Result<GetKeyManifestResponse, Failure> {
        keys::manifest(self).await.map(GetKeyManifestResponse::Ok)
    }

    async fn invalidate_signing_key(
        &self,
        context: Context,
        request: InvalidateSigningKeyRequest,
    ) -> Result<InvalidateSigningKeyResponse, Failure> {
        Access::of(&context)?.notes.add("reason", request.body.reason);
        self.keys.invalidate(request.body.kid.as_deref()).await?;
        keys::manifest(self).await.map(InvalidateSigningKeyResponse::Ok)
    }
}
