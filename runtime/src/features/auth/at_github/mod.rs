//! Signing in at GitHub.
//!
//! Owns: starting a sign-in, and that it ends once, in time, with whoever began it. Must not know: what is asked of GitHub.
//!
//! A sign-in that was started is a row that any process finds by the digest of its state. What it is bound to is kept as one digest:
//! the challenge and the address to come back to. Whoever ends it shows the verifier of that challenge, so that a link with somebody
//! else's code and state signs nobody in; GitHub is told the challenge as well and looks at the verifier itself. Whatever comes of an
//! attempt, its state is used up.

mod account;

use chrono::TimeDelta;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_api::types::{OauthAuthorization, OauthStart, TokenExchange, TokenPair};
use flaresmith_store::SecretText;
use flaresmith_store::entities::verifications;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::sign_in::{origin, pair};
use crate::identity::sessions;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::providers::github::Returned;
use crate::sealing::{digest, s256, token};
use crate::settings::GithubSignIn;
use crate::store::{failed, new_id};

/// How long a sign-in may take. GitHub's code is good for as long.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Where somebody goes to sign in.
pub(super) async fn start(platform: &Platform, body: OauthStart) -> Result<OauthAuthorization, Failure> {
    let client = configured(platform)?;
    let redirect = &body.redirect_uri;
    if !client.redirects.iter().any(|allowed| allowed.admits(redirect)) {
        return Err(Failure::new(ErrorCode::RequestValidationFailed)
            .with_message("redirectUri is none of the addresses that this server sends people back to.")
            .with_hint("Have the operator allow it: `flaresmithd --oauth-redirect URL`."));
    }
    let state = token("").map_err(Failure::internal)?;
    let address = platform
        .providers
        .github
        .authorization(client, redirect, &state, &body.code_challenge)?;
    let now = platform.clock.now();
    let write = platform.store.begin().await?;
    verifications::ActiveModel {
        id: Set(new_id()),
        identifier: Set(identifier(&state)),
        value: Set(SecretText::new(bound(&body.code_challenge, redirect))),
        expires_at: Set(now + KEPT),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&*write)
    .await
    .map_err(failed)?;
    write.commit().await?;
    Ok(OauthAuthorization {
        authorization_url: address.into(),
        state,
        expires_at: now + KEPT,
    })
}

/// Tokens for the code that somebody brings back.
pub(super) async fn finish(platform: &Platform, context: &Context, body: TokenExchange) -> Result<TokenPair, Failure> {
    let client = configured(platform)?;
    use_up(platform, &body).await?;
    let returned = Returned {
        code: &body.code,
        redirect: &body.redirect_uri,
        verifier: &body.code_verifier,
    };
    let person = platform.providers.github.person(client, &returned).await?;
    let signer = platform.keys.signing().await?;
    // An account that waits becomes a person's once, whichever way they come.
    let write = platform.store.begin_alone("invitations").await?;
    let (user, how) = account::of(platform, &write, &person).await?;
    let tokens = sessions::begin(platform, &write, &signer, user.id, origin(context)).await?;
    write.commit().await?;
    let notes = &Access::of(context)?.notes;
    notes.add("provider", "github");
    notes.add("user", user.id.to_string());
    notes.add("account", how.as_str());
    pair(&user, tokens)
}

fn configured(platform: &Platform) -> Result<&GithubSignIn, Failure> {
    let client = platform.settings.sign_in.as_ref();
    client.ok_or_else(|| Failure::new(ErrorCode::AuthOauthNotConfigured))
}

/// Uses a state up, and checks that whoever has it began the sign-in.
async fn use_up(platform: &Platform, body: &TokenExchange) -> Result<(), Failure> {
    let invalid = || Failure::new(ErrorCode::AuthOauthStateInvalid);
    let write = platform.store.begin().await?;
    let row = verifications::Entity::find()
        .filter(verifications::Column::Identifier.eq(identifier(&body.state)))
        .filter(verifications::Column::ExpiresAt.gt(platform.clock.now()))
        .one(&*write)
        .await
        .map_err(failed)?
        .ok_or_else(invalid)?;
    // Of several who come with one state at the same time, one is the first.
    let gone = verifications::Entity::delete_by_id(row.id)
        .exec(&*write)
        .await
        .map_err(failed)?;
    write.commit().await?;
    let shown = bound(&s256(&body.code_verifier), &body.redirect_uri);
    match gone.rows_affected == 1 && *row.value.expose() == shown {
        true => Ok(()),
        false => Err(invalid()),
    }
}

/// The name under which a sign-in is kept.
fn identifier(state: &str) -> String {
    format!("sign-in:github:{}", digest(state.as_bytes()))
}

/// What a sign-in is bound to. No challenge holds a space.
fn bound(challenge: &str, redirect: &str) -> String {
    digest(format!("{challenge} {redirect}").as_bytes())
}
