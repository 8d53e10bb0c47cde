//! `flaresmith login` and `flaresmith logout`.
//!
//! Owns: where email and password come from. Must not know: how a login is kept.

use flaresmith_api::api::auth::{SignInRequest, SignInResponse, SignOutRequest};
use flaresmith_api::types::SignInRequest as Credentials;
use flaresmith_sync::SyncError;
use serde_json::json;

use crate::cli::LoginArgs;
use crate::outcome::Outcome;
use crate::remote::saved::{Login, Saved};
use crate::remote::{self, Access, Trouble, ask};
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
        let email = match &args.email {
            Some(email) => email.clone(),
            None => ask::word("email")?,
        };
        let password = match remote::variable(PASSWORD) {
            Some(password) => password,
            None => ask::secret("password")?,
        };
        let client = remote::client(&url, remote::http()?);
        let body = Credentials { email, password };
        let answer = remote::runtime()?.block_on(client.sign_in(SignInRequest { body }));
        let SignInResponse::Ok { body, .. } = answer.map_err(Trouble::of)?;
        let login = Login::of(&url, body);
        saved.write(&login)?;
        view.did(
            &format!("signed in at {url} as {}", login.email),
            &json!({ "url": url, "email": login.email }),
        );
        Ok(())
    })
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
