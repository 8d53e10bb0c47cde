//! A GitHub for tests of signing in: its page of consent, its token endpoint, and what it tells about people, which also misbehaves
//! when told to.
//!
//! Owns: answering as its documentation has it: errors with status 200, codes that are good once and for ten minutes, PKCE. Must not know:
//! the platform.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use flaresmith_runtime::sealing::s256;
use flaresmith_runtime::settings::{GithubPlace, GithubSignIn, Hidden};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::contract::Contract;

/// What GitHub publishes of its API, as far as whoever runs the tests has it; addresses of people may not be in it.
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::read("github.json"));

/// Id and secret of the application.
const CLIENT: (&str, &str) = ("Iv1.of-the-tests", "client-secret-that-nobody-may-see");

/// Where people come back to.
pub(crate) const BACK: &str = "https://app.example/signed-in";

/// Somebody at GitHub.
#[derive(Clone)]
pub(crate) struct Somebody {
    pub(crate) id: u64,
    pub(crate) name: Option<&'static str>,
    /// Addresses: the text, whether it is the primary one, whether it is verified.
    pub(crate) addresses: Vec<(&'static str, bool, bool)>,
}

impl Somebody {
    /// What GitHub shows of them to a program that they let in.
    fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "node_id": "U_of_the_test", "login": "octo", "name": self.name, "email": "shown@elsewhere.example",
            "type": "User", "user_view_type": "public", "site_admin": false, "gravatar_id": "", "hireable": null,
            "bio": null, "blog": "", "company": null, "location": null,
            "followers": 0, "following": 0, "public_gists": 0, "public_repos": 1,
            "created_at": "2020-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
        });
        let addresses = [
            "events",
            "followers",
            "following",
            "gists",
            "organizations",
            "received_events",
            "repos",
            "starred",
        ];
        let names = addresses
            .into_iter()
            .chain(["subscriptions"])
            .map(|name| format!("{name}_url"));
        for name in names.chain(["avatar_url", "html_url", "url"].map(str::to_owned)) {
            shown[name] = json!("https://github.example/octo");
        }
        shown
    }
}

/// What is wrong with the next answer to a path.
#[derive(Clone)]
pub(crate) enum Wrong {
    Status(u16),
    /// This body, with status 200.
    Says(Value),
    /// A body that is no JSON, with status 200.
    Page,
}

/// A consent that was given.
struct Consent {
    redirect: String,
    challenge: String,
    whose: Somebody,
    is_used: bool,
}

#[derive(Default)]
struct Known {
    consents: BTreeMap<String, Consent>,
    tokens: BTreeMap<String, Somebody>,
    wrong: Vec<(String, Wrong)>,
    requests: Vec<String>,
    number: u32,
}

/// A running one. Clones are the same.
#[derive(Clone)]
pub(crate) struct People {
    known: Arc<Mutex<Known>>,
    pub(crate) place: GithubPlace,
}

impl People {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = |path: &str| Url::parse(&format!("http://{address}{path}")).unwrap();
        let people = Self {
            known: Arc::default(),
            place: GithubPlace {
                api: url("/api/v3"),
                web: url("/web"),
            },
        };
        let router = Router::new().fallback(answered).with_state(people.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        people
    }

    /// The application as the operator sets it up.
    pub(crate) fn application(&self) -> GithubSignIn {
        GithubSignIn {
            client_id: CLIENT.0.to_owned(),
            client_secret: Hidden::new(CLIENT.1),
            redirects: vec![BACK.parse().unwrap(), "http://127.0.0.1/signed-in".parse().unwrap()],
        }
    }

    /// Somebody opens the address and agrees; where the browser is sent then.
    pub(crate) fn agrees(&self, address: &str, whose: &Somebody) -> Url {
        let address = Url::parse(address).unwrap();
        let expected = format!("{}/login/oauth/authorize", self.place.web);
        assert_eq!(address.as_str().split('?').next().unwrap(), expected);
        let asked: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(asked["client_id"], CLIENT.0);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "user:email");
        assert!(!address.as_str().contains(CLIENT.1));
        let mut known = self.known.lock().unwrap();
        known.number += 1;
        let code = format!("code-of-the-test-{:04}", known.number);
        let consent = Consent {
            redirect: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
            whose: whose.clone(),
            is_used: false,
        };
        known.consents.insert(code.clone(), consent);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"]);
        back
    }

    /// Has the next answer to a path be wrong.
    pub(crate) fn wrong(&self, path: &str, wrong: Wrong) {
        self.known.lock().unwrap().wrong.push((path.to_owned(), wrong));
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.known.lock().unwrap().requests.clone()
    }

    /// What no log and no answer may hold: the secret of the application, every code and every token.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let known = self.known.lock().unwrap();
        let mut all: Vec<String> = known.consents.keys().chain(known.tokens.keys()).cloned().collect();
        all.push(CLIENT.1.to_owned());
        all
    }

    fn token(&self, body: &Value) -> Value {
        let mut known = self.known.lock().unwrap();
        let error = |name: &str| json!({ "error": name, "error_description": "It is wrong.", "error_uri": "https://docs.github.com/" });
        if body["client_id"] != CLIENT.0 || body["client_secret"] != CLIENT.1 {
            return error("incorrect_client_credentials");
        }
        let Some(consent) = known.consents.get_mut(body["code"].as_str().unwrap()) else {
            return error("bad_verification_code");
        };
        if consent.redirect != body["redirect_uri"] {
            return error("redirect_uri_mismatch");
        }
        if consent.is_used || s256(body["code_verifier"].as_str().unwrap()) != consent.challenge {
            return error("bad_verification_code");
        }
        consent.is_used = true;
        let whose = consent.whose.clone();
        known.number += 1;
        let token = format!("gho_token-of-the-test-{:04}", known.number);
        known.tokens.insert(token.clone(), whose);
        json!({ "access_token": token, "token_type": "bearer", "scope": "user:email" })
    }

    fn whose(&self, headers: &HeaderMap) -> Option<Somebody> {
        let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.known.lock().unwrap().tokens.get(token).cloned()
    }
}

fn told(status: u16, body: &Value) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// An answer to a request, when both are as the contract has them.
fn held(template: &str, query: Option<&str>, body: &Value) -> Response<Body> {
    let query: Vec<(String, String)> = query.into_iter().flat_map(|query| query.split('&')).map(pair).collect();
    let mut wrong = CONTRACT.request("GET", template, &query, &Value::Null);
    wrong.extend(CONTRACT.answer("GET", template, 200, body));
    assert!(wrong.is_empty(), "{wrong:#?}");
    told(200, body)
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap();
    (name.to_owned(), value.to_owned())
}

async fn answered(State(people): State<People>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri.path());
    people.known.lock().unwrap().requests.push(line.clone());
    // What is secret goes into bodies and headers alone.
    assert!(
        matches!(parts.uri.query(), None | Some("per_page=100")),
        "{}",
        parts.uri
    );
    let wrong = {
        let mut known = people.known.lock().unwrap();
        let found = known
            .wrong
            .iter()
            .position(|(path, _)| parts.uri.path().ends_with(path.as_str()));
        found.map(|at| known.wrong.remove(at).1)
    };
    match wrong {
        Some(Wrong::Status(status)) => return told(status, &json!({ "message": "It broke." })),
        Some(Wrong::Says(body)) => return told(200, &body),
        Some(Wrong::Page) => return Response::new(Body::from("<html>A page about access_token=hush</html>")),
        None => {}
    }
    match line.as_str() {
        "POST /web/login/oauth/access_token" => {
            // It answers with a form to whoever does not ask for JSON.
            assert_eq!(parts.headers["accept"], "application/json");
            let body = to_bytes(body, 1 << 20).await.unwrap();
            told(200, &people.token(&serde_json::from_slice(&body).unwrap()))
        }
        "GET /api/v3/user" => match people.whose(&parts.headers) {
            Some(one) => held("/user", parts.uri.query(), &one.shown()),
            None => told(401, &json!({ "message": "Bad credentials" })),
        },
        "GET /api/v3/user/emails" => match people.whose(&parts.headers) {
            Some(one) => {
                let shown = |(email, primary, verified): &(&str, bool, bool)| json!({ "email": email, "primary": primary, "verified": verified, "visibility": null });
                told(200, &one.addresses.iter().map(shown).collect())
            }
            None => told(401, &json!({ "message": "Bad credentials" })),
        },
        line => panic!("nobody calls {line}"),
    }
}
