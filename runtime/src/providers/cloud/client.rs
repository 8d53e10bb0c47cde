//! One call of a provider, over HTTP.
//!
//! Owns: limits of time and size, what is sent with every call, and whether a provider has failed. Must not know: what is asked for.
//!
//! Redirects are not followed: what is signed in with would go wherever they lead. A call is made once; whoever makes it knows
//! whether it may be made again.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use flaresmith_api::errors::Failure;
use flaresmith_store::enums::Provider;
use reqwest::{Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::names::Names;
use super::{Breakers, Failures, refused};
use crate::problem::Problem;
use crate::settings::Hidden;
use crate::telemetry::span;

/// Longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest time of a call that goes to its end.
const ENDLESS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Most of an answer that is read, in bytes.
const LARGEST: usize = 256 << 20;

/// How long a provider is left alone that asks for it without saying how long.
const ALONE: u64 = 60;

/// How Postman says that a plan has no calls left.
const EXHAUSTED: &[u8] = b"serviceLimitExhausted";
/// How long Cloudflare refuses everything once a limit is broken, in seconds.
pub(in crate::providers) const SILENCE: u64 = 300;

/// Headers in which providers tell the id that they know a call by.
const CORRELATION: [&str; 4] = ["x-github-request-id", "cf-ray", "x-request-id", "request_id"];

/// Calls providers.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    breakers: Breakers,
}

/// Who signs in, and for which project.
#[derive(Debug, Clone)]
pub struct Access {
    /// The project.
    pub project: Uuid,
    /// A token.
    pub token: Hidden,
    /// Whether its calls go to their end, however long that takes.
    pub is_unhurried: bool,
}

impl Access {
    /// That of a project with a token, whose calls take as long as the provider is given.
    #[must_use]
    pub fn of(project: Uuid, token: Hidden) -> Self {
        Self {
            project,
            token,
            is_unhurried: false,
        }
    }

    /// The same for calls that go to their end. What is waited for is up to whoever makes one.
    pub(in crate::providers) fn unhurried(&self) -> Self {
        Self {
            is_unhurried: true,
            ..self.clone()
        }
    }
}

/// A call.
pub struct Call {
    /// For which project; `None`: for the installation itself.
    pub project: Option<Uuid>,
    /// Who is called.
    pub provider: Provider,
    /// How.
    pub method: Method,
    /// Where. Holds nothing that is secret.
    pub url: Url,
    /// Headers; what is signed in with is marked as sensitive.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Bytes,
    /// The longest time for all of it.
    pub limit: Duration,
}

/// What came of asking something that runs at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The status.
    pub status: StatusCode,
    /// Whether the answer is JSON.
    pub is_json: bool,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// All of the body.
    pub body: Bytes,
    failures: Failures,
}

impl Call {
    /// A call of an API that speaks JSON, signed in with a token.
    ///
    /// # Errors
    /// The token is none that a header can hold.
    pub(in crate::providers) fn json(
        access: &Access,
        provider: Provider,
        method: Method,
        url: Url,
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        let (name, token) = signed_in(provider, access.token.expose()).ok_or_else(|| refused(provider, Vec::new()))?;
        headers.insert(name, token);
        headers.insert(header::ACCEPT, json.clone());
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, json);
        }
        Ok(Self {
            project: Some(access.project),
            provider,
            method,
            url,
            headers,
            body: body.map(|body| Bytes::from(body.to_string())).unwrap_or_default(),
            limit: if access.is_unhurried { ENDLESS } else { limit },
        })
    }
}

/// An address below another; no part is read as more than one.
///
/// # Errors
/// The other cannot have any below it.
pub(in crate::providers) fn below(base: &Url, path: &[&str]) -> Result<Url, Failure> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Failure::internal("the address of a provider is none"))?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

impl Answer {
    /// The body as a JSON value of a type.
    ///
    /// # Errors
    /// It is none.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let read = serde_json::from_slice(&self.body);
        read.map_err(|error| {
            let reason = "its answer is not what its contract says.";
            // An error of the parser repeats nothing of the text but what is around one place.
            self.failures.rejected(reason).with_source(error)
        })
    }
}

impl Client {
    /// One that has called nobody yet.
    ///
    /// # Errors
    /// The network cannot be used.
    pub fn new(breakers: Breakers) -> Result<Self, Problem> {
        // Another part of the process may have chosen already; then that holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .dns_resolver(Names)
            .user_agent(concat!("flaresmith/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Problem::new("SERVER_NETWORK", format!("the network cannot be used: {error}")))?;
        Ok(Self { http, breakers })
    }

    /// Makes a call, if the provider is let through. Statuses below 500 are answers, whatever they say, but those that ask to wait.
    ///
    /// # Errors
    /// The provider is not called, does not answer, fails, or asks to wait.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let (project, provider) = (call.project, call.provider);
        let failures = Failures::of(provider);
        let is_tried = self.breakers.pass(project, provider).await?;
        let asked = self.asked(call, failures).await;
        match &asked {
            // What was asked for has happened, whether or not that can be written down.
            Ok(_) | Err(Tried::Waits(_)) if is_tried => drop(self.breakers.answered(project, provider).await),
            Ok(_) | Err(Tried::Waits(_)) => {}
            Err(Tried::Failed(_)) => drop(self.breakers.not_answered(project, provider).await),
        }
        asked.map_err(|tried| match tried {
            Tried::Waits(failure) | Tried::Failed(failure) => failure,
        })
    }

    /// Asks what runs at a provider, as anybody would. That is no call of the provider, so no breaker counts it.
    ///
    /// # Errors
    /// Nothing answers; why, without the address.
    pub async fn ask(&self, url: Url, limit: Duration) -> Result<Asked, String> {
        let request = self.http.get(url).timeout(limit);
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        let kind = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        Ok(Asked {
            status: answer.status(),
            is_json: kind.is_some_and(|kind| kind.contains("json")),
        })
    }

    async fn asked(&self, call: Call, failures: Failures) -> Result<Answer, Tried> {
        let away = |error: reqwest::Error| {
            let reason = match error.is_timeout() {
                true => "It did not answer in time.",
                false => "It cannot be reached.",
            };
            Tried::Failed(failures.away(reason).with_source(error.without_url()))
        };
        let provider = call.provider;
        let mut request = self
            .http
            .request(call.method, call.url)
            .headers(call.headers)
            .timeout(call.limit)
            .body(call.body);
        for (name, value) in span::outgoing() {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(away)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let known = CORRELATION.iter().find_map(|name| headers.get(*name)?.to_str().ok());
        if let Some(id) = known {
            span::note("integration.correlation_id", id.to_owned());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Tried::Failed(failures.away("Its answer is too long.")));
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(mut seconds) = wait(status, &headers, &body) {
            if provider == Provider::Cloudflare && !headers.contains_key(header::RETRY_AFTER) {
                seconds = SILENCE;
            }
            return Err(Tried::Waits(failures.limited(seconds)));
        }
        if status.is_server_error() {
            let reason = format!("It fails at the moment, with status {}.", status.as_u16());
            return Err(Tried::Failed(failures.away(&reason)));
        }
        Ok(Answer {
            status,
            headers,
            body: body.freeze(),
            failures,
        })
    }
}

/// Why there is no answer.
enum Tried {
    /// The provider asks to wait, which is no failure of it.
    Waits(Failure),
    /// It failed.
    Failed(Failure),
}

/// For how many seconds the provider asks to be left alone. Some say it with 403.
fn wait(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<u64> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let told = number(header::RETRY_AFTER.as_str())
        .or_else(|| number("x-ratelimit-retryafter"))
        // What the drafts of a standard call it, older and newer.
        .or_else(|| number("ratelimit-reset"))
        .or_else(|| resets_in(headers.get("ratelimit")?.to_str().ok()?))
        .filter(|_| status == StatusCode::TOO_MANY_REQUESTS || headers.contains_key(header::RETRY_AFTER))
        .and_then(|seconds| u64::try_from(seconds).ok());
    let used_up = number("x-ratelimit-remaining") == Some(0);
    // GitHub's limits of how fast one may go come without any header.
    let says_so = || body.windows(10).any(|ten| ten == b"rate limit");
    let limited = status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::FORBIDDEN && (told.is_some() || used_up || says_so()));
    // What is used up until the end of a month, or until somebody pays, is a refusal.
    let used_up_for_long = body.windows(EXHAUSTED.len()).any(|some| some == EXHAUSTED);
    if !limited || used_up_for_long {
        return None;
    }
    let resets = number("x-ratelimit-reset")
        .filter(|_| used_up)
        .map(|at| at - chrono::Utc::now().timestamp());
    let resets = resets.and_then(|seconds| u64::try_from(seconds.max(1)).ok());
    Some(told.or(resets).unwrap_or(ALONE).max(1))
}

/// In how many seconds a limit of which nothing is left begins anew, as `RateLimit` has it: `"default";r=0;t=30`.
pub(in crate::providers) fn resets_in(header: &str) -> Option<i64> {
    let spent = header.split(',').filter_map(|limit| {
        let value = |name: &str| {
            let mut parameters = limit.split(';');
            parameters.find_map(|one| one.trim().strip_prefix(name)?.parse::<i64>().ok())
        };
        (value("r=")? == 0).then(|| value("t=")).flatten()
    });
    spent.max()
}

/// The header in which a provider wants what is signed in with.
fn signed_in(provider: Provider, token: &str) -> Option<(HeaderName, HeaderValue)> {
    match provider {
        Provider::Postman => {
            let mut value = HeaderValue::from_str(token).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_static("x-api-key"), value))
        }
        Provider::Github | Provider::Neon | Provider::Cloudflare => Some((header::AUTHORIZATION, bearer(token)?)),
    }
}

/// A header that signs in with a token.
pub(in crate::providers) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_of_which_nothing_is_left_is_waited_for() {
        assert_eq!(resets_in("\"default\";r=50;t=30"), None);
        assert_eq!(resets_in("\"default\";r=0;t=30"), Some(30));
        assert_eq!(resets_in("\"a\";r=0;t=3, \"b\";r=0; t=12, \"c\";r=1;t=90"), Some(12));
        assert_eq!(resets_in("nonsense"), None);
    }

    #[test]
    fn no_part_of_an_address_is_read_as_two() {
        let base = Url::parse("https://ghe.example/api/v3").unwrap();
        let url = below(&base, &["repos", "a/../b", "c?d#e"]).unwrap();
        assert_eq!(url.as_str(), "https://ghe.example/api/v3/repos/a%2F..%2Fb/c%3Fd%23e");
    }

    #[test]
    fn a_provider_asks_to_wait_in_several_ways_and_a_plain_refusal_is_none() {
        let of = |status: u16, headers: &[(&'static str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            wait(StatusCode::from_u16(status).unwrap(), &headers.collect(), b"{}")
        };
        assert_eq!(of(429, &[]), Some(ALONE));
        assert_eq!(of(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(of(403, &[("retry-after", "90")]), Some(90));
        assert_eq!(of(403, &[]), None);
        assert_eq!(of(429, &[("retry-after", "0")]), Some(1));
        let said = b"You have exceeded a secondary rate limit.";
        assert_eq!(wait(StatusCode::FORBIDDEN, &HeaderMap::new(), said), Some(ALONE));
        assert_eq!(of(403, &[("x-ratelimit-remaining", "12")]), None);
        let at = (chrono::Utc::now().timestamp() + 120).to_string();
        let told = of(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &at)]).unwrap();
        assert!((118..=120).contains(&told), "{told}");
        assert_eq!(of(200, &[("x-ratelimit-remaining", "0")]), None);
        assert_eq!(of(429, &[("x-ratelimit-retryafter", "8")]), Some(8));
        assert_eq!(of(429, &[("ratelimit-reset", "9")]), Some(9));
        assert_eq!(of(429, &[("ratelimit", "\"user\";r=0;t=30")]), Some(30));
        assert_eq!(
            of(429, &[("retry-after", "5"), ("ratelimit", "\"user\";r=0;t=30")]),
            Some(5)
        );
        assert_eq!(of(403, &[("ratelimit-reset", "9")]), None);
        let exhausted = br#"{"error":{"name":"serviceLimitExhausted","message":"Contact your Team Admin."}}"#;
        assert_eq!(wait(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), exhausted), None);
    }
}
