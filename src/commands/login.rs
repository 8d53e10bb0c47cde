//! `flaresmith login` and `flaresmith logout`.
//!
//! Owns: where email and password come from, and the way through a browser. Must not know: how a login is kept.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flaresmith_api::api::auth::{
    ExchangeTokenRequest, ExchangeTokenResponse, SignInRequest, SignInResponse, SignOutRequest, StartOauthRequest,
    StartOauthResponse,
};
use flaresmith_api::client::Client;
use flaresmith_api::types::{OauthStart, SignInRequest as Credentials, TokenExchange, TokenPair};
use flaresmith_sync::SyncError;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::cli::LoginArgs;
use crate::outcome::Outcome;
use crate::remote::saved::{Login, Saved};
use crate::remote::{self, Access, Loopback, Trouble, ask};
use crate::view::View;

/// A password, for programs.
const PASSWORD: &str = "FLARESMITH_PASSWORD";

/// Runs `login`.
pub(crate) fn run(args: &LoginArgs, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let saved = Saved::place()?;
        let before = saved.read().ok().flatten();
        let url = args.url.clone().or_else(|| remote::variable(remote::URL));
        let url = url.or_else(|| before.map(|login| login.url));
        let url = remote::address(url.as_deref().unwrap_or(remote::HERE))?;
        if remote::is_overheard(&url) {
            view.warning(
                &format!("the password and every token go to {url} unencrypted"),
                "use an address that begins with https://",
            );
        }
        let client = remote::client(&url, remote::http()?);
        let tokens = match args.github {
            true => remote::runtime()?.block_on(at_github(&client, view))?,
            false => with_password(&client, args.email.as_deref())?,
        };
        let login = Login::of(&url, tokens);
        saved.write(&login)?;
        view.did(
            &format!("signed in at {url} as {}", login.email),
            &json!({ "url": url, "email": login.email }),
        );
        Ok(())
    })
}

fn with_password(client: &Client, email: Option<&str>) -> Result<TokenPair, Trouble> {
    let email = match email {
        Some(email) => email.to_owned(),
        None => ask::word("email")?,
    };
    let password = match remote::variable(PASSWORD) {
        Some(password) => password,
        None => ask::secret("password")?,
    };
    let body = Credentials { email, password };
    let answer = remote::runtime()?.block_on(client.sign_in(SignInRequest { body }));
    let SignInResponse::Ok { body, .. } = answer.map_err(Trouble::of)?;
    Ok(body)
}

/// Has a browser on this machine go to GitHub and come back.
async fn at_github(client: &Client, view: &mut View) -> Result<TokenPair, Trouble> {
    let open = Loopback::open().await?;
    // 244 bits of the system's randomness, in signs that a verifier may have.
    let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let body = OauthStart {
        redirect_uri: open.address().to_owned(),
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
    };
    let started = client.start_oauth(StartOauthRequest { body }).await;
    let StartOauthResponse::Ok(started) = started.map_err(Trouble::of)?;
    view.wants(
        "open this address in a browser on this machine",
        &started.authorization_url,
    );
    let left = (started.expires_at - chrono::Utc::now()).to_std();
    // The clocks of both may differ; the server's decides in the end.
    let left = left
        .unwrap_or_default()
        .clamp(Duration::from_secs(60), Duration::from_secs(900));
    let body = TokenExchange {
        grant_type: "authorization_code".to_owned(),
        code: open.code(&started.state, left).await?,
        state: started.state,
        redirect_uri: open.address().to_owned(),
        code_verifier: verifier,
    };
    let answer = client.exchange_token(ExchangeTokenRequest { body }).await;
    let ExchangeTokenResponse::Ok { body, .. } = answer.map_err(Trouble::of)?;
    Ok(body)
}

/// Runs `logout`. What is kept here is forgotten even when the server cannot be told.
pub(crate) fn logout(view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let saved = Saved::place()?;
        let Some(login) = saved.read()? else {
            view.did("nobody is signed in", &json!({ "url": null, "email": null }));
            return Ok(());
        };
        let runtime = remote::runtime()?;
        let access = Access::saved(remote::http()?, Saved::place()?, &login);
        let token = runtime.block_on(access.token());
        // A session is ended with the newest of its tokens, which nobody may renew meanwhile.
        let held = saved.hold()?;
        let refresh = saved.read()?.unwrap_or_else(|| login.clone()).refresh_token;
        saved.forget()?;
        drop(held);
        let ended = token.and_then(|token| {
            let client = access.client().with_bearer(&token);
            let request = SignOutRequest {
                flaresmith_refresh: Some(refresh),
            };
            runtime.block_on(client.sign_out(request)).map_err(Trouble::of)
        });
        match ended {
            Err(trouble) if !trouble.is_about_signing_in() => {
                let message = format!(
                    "the login is forgotten here, but the session at {} goes on: {}",
                    login.url, trouble.error.message
                );
                view.warning(&message, "end it there: sign in again, then `flaresmith logout`");
            }
            // Without a token that is honoured there is no session any more.
            _ => {}
        }
        view.did(
            &format!("signed out at {}", login.url),
            &json!({ "url": login.url, "email": login.email }),
        );
        Ok(())
    })
}
