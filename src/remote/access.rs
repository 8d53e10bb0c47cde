//! Access: which server, and a token that is good now.
//!
//! Owns: the environment before the saved login, renewing tokens. Must not know: commands.

use flaresmith_api::api::auth::{RefreshSessionRequest, RefreshSessionResponse};
use flaresmith_api::client::Client;
use flaresmith_api::types::RefreshRequest;

use super::Trouble;
use super::saved::{Login, Saved};

/// Address of a server.
pub(crate) const URL: &str = "FLARESMITH_URL";

/// A token, such as a service token.
pub(crate) const TOKEN: &str = "FLARESMITH_TOKEN";

/// Where a server on this machine listens when nothing is said.
pub(crate) const HERE: &str = "http://127.0.0.1:8787";

/// Which server, and as whom.
pub(crate) struct Access {
    http: reqwest::Client,
    url: String,
    token: Token,
}

enum Token {
    /// One of the environment, which is never renewed.
    Given(String),
    /// That of the saved login.
    Saved(Saved),
}

impl Access {
    /// The server and token of the environment, else those of the saved login.
    pub(crate) fn find(http: reqwest::Client) -> Result<Self, Trouble> {
        if let Some(token) = variable(TOKEN) {
            let url = address(variable(URL).as_deref().unwrap_or(HERE))?;
            let token = Token::Given(token);
            return Ok(Self { http, url, token });
        }
        let saved = Saved::place()?;
        let login = saved.read()?.ok_or_else(absent)?;
        // A token goes to the server that gave it, whatever the environment says.
        if let Some(wanted) = variable(URL)
            && address(&wanted)? != login.url
        {
            return Err(absent_at(&wanted));
        }
        Ok(Self {
            http,
            url: login.url,
            token: Token::Saved(saved),
        })
    }

    /// The saved login, whatever the environment says.
    pub(crate) fn saved(http: reqwest::Client, saved: Saved, login: &Login) -> Self {
        Self {
            http,
            url: login.url.clone(),
            token: Token::Saved(saved),
        }
    }

    /// Address of the server, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What sends requests.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A client without a token.
    pub(crate) fn client(&self) -> Client {
        client(&self.url, self.http.clone())
    }

    /// A token that is good now.
    pub(crate) async fn token(&self) -> Result<String, Trouble> {
        let saved = match &self.token {
            Token::Given(token) => return Ok(token.clone()),
            Token::Saved(saved) => saved,
        };
        let login = saved.read()?.ok_or_else(absent)?;
        if login.is_fresh() {
            return Ok(login.access_token);
        }
        let held = saved.hold()?;
        // Another process may have renewed it while this one waited.
        let login = saved.read()?.ok_or_else(absent)?;
        if login.is_fresh() {
            return Ok(login.access_token);
        }
        let body = RefreshRequest {
            refresh_token: Some(login.refresh_token),
        };
        let request = RefreshSessionRequest {
            flaresmith_refresh: None,
            body: Some(body),
        };
        let answer = client(&login.url, self.http.clone()).refresh_session(request).await;
        let RefreshSessionResponse::Ok { body, .. } = answer.map_err(Trouble::of)?;
        let login = Login::of(&login.url, body);
        saved.write(&login)?;
        drop(held);
        Ok(login.access_token)
    }
}

/// A client for the server at this address.
pub(crate) fn client(url: &str, http: reqwest::Client) -> Client {
    Client::with_http(url, http).with_user_agent(concat!("flaresmith/", env!("CARGO_PKG_VERSION")))
}

/// A variable that says something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An address as it is kept: with a scheme, without a slash at its end.
///
/// # Errors
/// It is none that can be called, or has a password in it.
pub(crate) fn address(given: &str) -> Result<String, Trouble> {
    let wrong = |why: &str| Trouble::local("LOGIN_URL", why).hint("write `https://HOST` or `http://127.0.0.1:8787`");
    let url = reqwest::Url::parse(given.trim()).map_err(|_| wrong("the address of the server is none"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("the address of the server is none of the web"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(
            "the address of the server holds more than scheme, host, port and path",
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether others on the way could read what goes to this address.
pub(crate) fn is_overheard(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.ends_with(".localhost");
    let here = here
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    url.scheme() == "http" && !here
}

fn absent() -> Trouble {
    Trouble::local("LOGIN_ABSENT", "nobody is signed in").hint("sign in with `flaresmith login`")
}

fn absent_at(url: &str) -> Trouble {
    Trouble::local(
        "LOGIN_ABSENT",
        format!("nobody is signed in at {url}, which {URL} names"),
    )
    .hint(format!(
        "sign in there with `flaresmith login --url {url}`, or unset {URL}"
    ))
}

#[cfg(test)]
mod tests {
    use super::{address, is_overheard};

    #[test]
    fn what_stays_on_this_machine_or_is_encrypted_is_not_overheard() {
        for kept in [
            "http://127.0.0.1:8787",
            "http://[::1]:1",
            "http://localhost",
            "https://example.com",
        ] {
            assert!(!is_overheard(kept), "{kept}");
        }
        assert!(is_overheard("http://example.com") && is_overheard("http://10.0.0.1:8787"));
    }

    #[test]
    fn an_address_has_one_spelling_and_no_password() {
        assert_eq!(address("http://localhost:8787/").unwrap(), "http://localhost:8787");
        assert_eq!(
            address(" https://example.com/api/ ").unwrap(),
            "https://example.com/api"
        );
        for wrong in [
            "",
            "localhost:8787",
            "ftp://host",
            "https://me:hush@host",
            "https://host/?a=b",
        ] {
            let trouble = address(wrong).unwrap_err();
            assert_eq!(trouble.error.code, "LOGIN_URL");
            assert!(!trouble.error.message.contains("hush"));
        }
    }
}
