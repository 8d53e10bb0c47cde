//! Signing in: from the code that somebody brings back from GitHub to who they are there.
//!
//! Owns: GitHub's web flow of OAuth, and what of its answers counts. Must not know: accounts here, sessions, requests of people.
//!
//! The token that GitHub gives for a code is asked with who it is, and kept nowhere.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CALL, Github, VERSION};
use crate::providers::cloud::{Answer, Call, bearer, below};
use crate::settings::{GithubSignIn, Hidden};

/// What is asked for: to read the addresses of the person. Who they are needs no leave.
const SCOPE: &str = "user:email";

/// Somebody, as GitHub knows them.
pub struct Person {
    /// Their number, which survives every rename.
    pub id: u64,
    /// Their name, if they told one.
    pub name: Option<String>,
    /// Their primary address, if GitHub has verified it.
    pub email: Option<String>,
}

/// What somebody brings back from GitHub, and what they began with.
pub struct Returned<'a> {
    /// GitHub's code.
    pub code: &'a str,
    /// Where they came back to.
    pub redirect: &'a str,
    /// The verifier of the challenge that GitHub was told.
    pub verifier: &'a str,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl Github {
    /// Where somebody is sent to sign in.
    ///
    /// # Errors
    /// The address of GitHub is none that has others below it.
    pub fn authorization(
        &self,
        client: &GithubSignIn,
        redirect: &str,
        state: &str,
        challenge: &str,
    ) -> Result<Url, Failure> {
        let mut url = below(&self.place.web, &["login", "oauth", "authorize"])?;
        url.query_pairs_mut()
            .append_pair("client_id", &client.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", SCOPE)
            .append_pair("state", state)
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who came back with a code.
    ///
    /// # Errors
    /// GitHub does not answer, does not take the code, does not know the application, or may not tell who it is.
    pub async fn person(&self, client: &GithubSignIn, returned: &Returned<'_>) -> Result<Person, Failure> {
        let token = self.token(client, returned).await?;
        let user: User = self.told(&token, &["user"]).await?;
        let addresses: Vec<Address> = self.told(&token, &["user", "emails"]).await?;
        let primary = addresses
            .into_iter()
            .find(|address| address.primary && address.verified);
        Ok(Person {
            id: user.id,
            name: user.name,
            email: primary.map(|address| address.email),
        })
    }

    async fn token(&self, client: &GithubSignIn, returned: &Returned<'_>) -> Result<Hidden, Failure> {
        let body = json!({
            "client_id": client.client_id,
            "client_secret": client.client_secret.expose(),
            "code": returned.code,
            "redirect_uri": returned.redirect,
            "code_verifier": returned.verifier,
        });
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, json.clone());
        headers.insert(header::CONTENT_TYPE, json);
        let answer = self
            .client
            .send(Call {
                project: None,
                provider: Provider::Github,
                method: Method::POST,
                url: below(&self.place.web, &["login", "oauth", "access_token"])?,
                headers,
                body: Bytes::from(body.to_string()),
                limit: CALL,
            })
            .await?;
        match answer.status {
            status if status.is_success() => {}
            // It answers so to an application that it does not know.
            StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED => return Err(unknown_application("status 404 or 401")),
            _ => return Err(unreadable()),
        }
        let told: Value = read(&answer)?;
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        // What is wrong comes with status 200.
        match (text("error"), text("access_token")) {
            (None, Some(token)) if !token.is_empty() => Ok(Hidden::new(token)),
            (None, _) => Err(unreadable()),
            (Some("incorrect_client_credentials"), _) => Err(unknown_application("incorrect_client_credentials")),
            (Some("redirect_uri_mismatch"), _) => Err(unknown_application("redirect_uri_mismatch")),
            (Some("unverified_user_email"), _) => Err(unverified()),
            // A code that was used, ran out, or belongs to another verifier.
            (Some(_), _) => Err(Failure::new(ErrorCode::AuthOauthRefused)),
        }
    }

    /// What GitHub tells to whoever has a token.
    async fn told<T: DeserializeOwned>(&self, token: &Hidden, path: &[&str]) -> Result<T, Failure> {
        let mut headers = HeaderMap::new();
        let token = bearer(token.expose()).ok_or_else(unreadable)?;
        headers.insert(header::AUTHORIZATION, token);
        let kind = HeaderValue::from_static("application/vnd.github+json");
        headers.insert(header::ACCEPT, kind);
        headers.insert("x-github-api-version", HeaderValue::from_static(VERSION));
        let mut url = below(&self.place.api, path)?;
        if path.len() > 1 {
            url.set_query(Some("per_page=100"));
        }
        let answer = self
            .client
            .send(Call {
                project: None,
                provider: Provider::Github,
                method: Method::GET,
                url,
                headers,
                body: Bytes::new(),
                limit: CALL,
            })
            .await?;
        match answer.status {
            status if status.is_success() => read(&answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(Failure::new(ErrorCode::AuthOauthRefused)
                    .with_message("GitHub does not tell who signed in.")
                    .with_hint("Start the sign-in again and let the application read your addresses."))
            }
            _ => Err(unreadable()),
        }
    }
}

/// An answer as a value. What is wrong with it is not repeated: it is full of secrets and of what is about people.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Github::failures().rejected("its answer to signing in is not what its documentation says.")
}

/// GitHub has no verified primary address of the person.
pub fn unverified() -> Failure {
    Failure::new(ErrorCode::AuthOauthRefused)
        .with_message("GitHub has not verified your primary address.")
        .with_hint("Verify it in the settings of your account at GitHub, then start the sign-in again.")
}

/// What is set up here is not what is registered there. The log has GitHub's word for it.
fn unknown_application(word: &'static str) -> Failure {
    Failure::new(ErrorCode::AuthOauthNotConfigured)
        .with_message("GitHub does not accept this installation as the application that it is set up as.")
        .with_hint(
            "Have the operator compare client id, client secret and redirect addresses with what is registered at GitHub.",
        )
        .with_source(word)
}
