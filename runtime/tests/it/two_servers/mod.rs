//! One contract, two servers: the same requests to the platform and to the generated Hono app in the real workerd.
//!
//! The Hono app has no handlers, so a request that the contract admits is answered 501 there, and by the platform's handler here,
//! whatever it says. Everything in front of a handler is compared: addresses, methods, who calls, sizes, media types, validation, and
//! of every refusal the whole envelope and its headers. Messages of violations alone are each side's own words.

mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use flaresmith_api::operations::OPERATIONS;
use flaresmith_runtime::settings::Settings;
use flaresmith_runtime::telemetry::log::Level;
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::instance::{Instance, OWNER, PASSWORD, folder};
use crate::schemathesis::{ENDING, served};
use crate::toolchain::packages;
use requests::{Sent, Shown, form, valid};

/// Largest body that both take, in bytes. One that is larger still fits into what a socket holds, so that it is sent before anybody
/// reads the answer.
const MAX_BODY: usize = 32 << 10;

/// The token that the Hono app believes.
const BELIEVED: &str = "the-token-that-is-believed";

/// The generated app in workerd, until this is dropped.
struct Worker {
    child: Child,
    url: String,
}

impl Worker {
    fn start(limited: bool) -> Self {
        packages();
        let place = folder();
        let bindings = place.join("bindings.json");
        let values = json!({ "TOKEN": BELIEVED, "MAX_BODY": MAX_BODY, "LIMITED": limited });
        fs::write(&bindings, values.to_string()).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut child = Command::new("node")
            .arg(root.join("tests/toolchain/worker.mjs"))
            .arg(root.join("runtime/tests/it/two_servers/worker.ts"))
            .args(["--serve", "0", "--bindings"])
            .arg(&bindings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node cannot be run ({error}); install Node 20"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let _ = fs::remove_dir_all(place);
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let url = said["url"].as_str().unwrap_or_else(|| panic!("{said:#}")).to_owned();
        Self { child, url }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What came back, as far as both are to say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    code: String,
    media: String,
    /// The envelope without what differs from request to request and without messages of violations.
    envelope: Value,
    /// Where, and which rule.
    violations: BTreeSet<String>,
    /// Headers that the contract names for refusals, with their values.
    headers: BTreeMap<String, String>,
}

/// Headers of refusals that are compared.
const HEADERS: [&str; 4] = [
    "allow",
    "www-authenticate",
    "x-ratelimit-limit-user",
    "x-ratelimit-limit-project",
];

/// Headers of refusals that tell of a moment: what is compared is that they hold a number.
const NUMBERS: [&str; 3] = [
    "retry-after",
    "x-ratelimit-remaining-user",
    "x-ratelimit-remaining-project",
];

/// Sends a request with ids of its own, which must come back.
async fn told(client: &Client, url: &str, token: &str, sent: &Sent) -> Told {
    let query = match sent.query.as_slice() {
        [] => String::new(),
        pairs => format!("?{}", form(pairs)),
    };
    let method = sent.method.parse().unwrap();
    let (request_id, trace_id) = (Uuid::new_v4().to_string(), Uuid::new_v4().simple().to_string());
    let mut request = client
        .request(method, format!("{url}{}{query}", sent.path))
        .header("x-request-id", &request_id)
        .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"));
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    request = match sent.shown {
        Shown::Nothing => request,
        Shown::Nonsense => request.bearer_auth("nonsense"),
        Shown::Token => request.bearer_auth(token),
    };
    if !sent.body.is_empty() || sent.headers.iter().any(|(name, _)| name == "Content-Type") {
        request = request.body(sent.body.clone());
    }
    let answer = request.send().await.unwrap_or_else(|error| panic!("{sent}: {error:?}"));
    let status = answer.status().as_u16();
    let head = answer.headers().clone();
    let header = |name: &str| head.get(name).map(|value| value.to_str().unwrap().to_owned());
    let told = |name: &str| header(name).unwrap_or_default();
    assert_eq!(told("x-request-id"), request_id, "{sent} {head:?}");
    let media = told("content-type").split(';').next().unwrap_or_default().to_owned();
    // What goes well may be a stream that has no end yet.
    let body = match status {
        400.. => answer.bytes().await.unwrap(),
        _ => bytes::Bytes::new(),
    };
    let mut envelope: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut violations = BTreeSet::new();
    let error = &mut envelope["error"];
    let code = error["code"].as_str().unwrap_or_default().to_owned();
    if error.is_object() {
        assert_eq!(
            (&error["requestId"], &error["traceId"]),
            (&json!(request_id), &json!(trace_id)),
            "{sent}"
        );
        let moment = error["timestamp"].as_str().unwrap_or_default();
        assert!(chrono::DateTime::parse_from_rfc3339(moment).is_ok(), "{sent}: {moment}");
        for name in ["requestId", "traceId", "timestamp"] {
            error[name] = Value::Null;
        }
        if let Some(found) = error["details"]["violations"].as_array() {
            let place = |one: &Value| format!("{} {} {}", one["location"], one["pointer"], one["keyword"]);
            violations = found.iter().map(place).collect();
            error["details"]["violations"] = Value::Null;
        }
        if let Some(allowed) = error["details"]["allowed"].as_array_mut() {
            allowed.sort_by_key(ToString::to_string);
        }
    }
    let sorted = |value: String| {
        let mut words: Vec<&str> = value.split(", ").collect();
        words.sort_unstable();
        words.join(", ")
    };
    // What a caller has left is told with other answers as well, where somebody counts.
    let is_told = |name: &&str| status >= 400 && (status == 429 || !name.starts_with("x-ratelimit"));
    let named = HEADERS.iter().copied().filter(is_told);
    let numbers = NUMBERS.iter().copied().filter(is_told);
    let named = named.filter_map(|name| Some((name.to_owned(), sorted(header(name)?))));
    let numbers = numbers.filter_map(|name| Some((name.to_owned(), header(name)?.parse::<u32>().is_ok().to_string())));
    let headers = named.chain(numbers).collect();
    Told {
        status,
        code,
        media,
        envelope,
        violations,
        headers,
    }
}

/// Codes that come from in front of handlers alone.
fn is_before_handlers(told: &Told) -> bool {
    let known = [
        "AUTH_TOKEN_MISSING",
        "AUTH_TOKEN_INVALID",
        "REQUEST_ROUTE_UNKNOWN",
        "REQUEST_METHOD_NOT_ALLOWED",
        "REQUEST_VALIDATION_FAILED",
        "REQUEST_MALFORMED",
        "REQUEST_PAYLOAD_TOO_LARGE",
        "REQUEST_MEDIA_TYPE_UNSUPPORTED",
        "IDEMPOTENCY_KEY_INVALID",
    ];
    known.contains(&told.code.as_str()) || told.code.starts_with("RATE_LIMIT_")
}

/// What is compared: the answer, or that a handler was reached.
fn outcome(told: &Told) -> Option<&Told> {
    is_before_handlers(told).then_some(told)
}

/// Where the two differ, and why: what is wrong with the request, the code of the platform, that of the Hono app.
const DIFFERENCES: [(&str, &str, &str, &str); 1] = [(
    "with a key that is none",
    "IDEMPOTENCY_KEY_INVALID",
    "REQUEST_VALIDATION_FAILED",
    "the platform remembers answers by their keys, so it looks at a key before the generated validation does, and the catalog has a \
     code for that; the Hono app remembers none, and holds the key against its schema like any other header",
)];

/// Both servers and what is sent to both.
struct Both<'a> {
    client: Client,
    platform: String,
    worker: &'a Worker,
    seen: BTreeMap<String, usize>,
    differences: usize,
    wrong: Vec<String>,
}

impl<'a> Both<'a> {
    async fn new(instance: &Instance, worker: &'a Worker) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Who refuses a request without reading its body closes the connection.
        let client = Client::builder().pool_max_idle_per_host(0);
        Self {
            client: client.redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            platform: format!("http://{}", served(instance).await),
            worker,
            seen: BTreeMap::new(),
            differences: 0,
            wrong: Vec::new(),
        }
    }

    async fn send(&mut self, token: &str, sent: &Sent) {
        let platform = told(&self.client, &self.platform, token, sent);
        let worker = told(&self.client, &self.worker.url, BELIEVED, sent);
        let (platform, worker) = tokio::join!(platform, worker);
        let kind = outcome(&worker).map_or("handled", |told| told.code.as_str());
        *self.seen.entry(kind.to_owned()).or_default() += 1;
        let codes = (platform.code.as_str(), worker.code.as_str());
        let is_known = |(what, one, other, _): &(&str, &str, &str, &str)| sent.what == *what && codes == (*one, *other);
        if DIFFERENCES.iter().any(is_known) {
            self.differences += 1;
        } else if outcome(&platform) != outcome(&worker) {
            self.wrong
                .push(format!("{sent}\n    platform {platform:?}\n    Hono     {worker:?}"));
        }
    }

    /// Sends the same until it was answered so and so often with a code. How often that is cannot be told beforehand: tokens come back
    /// with the time that it takes.
    async fn send_until(&mut self, token: &str, sent: &Sent, (code, times): (&str, usize)) {
        for _ in 0..1000 {
            self.send(token, sent).await;
            if self.seen.get(code).copied().unwrap_or_default() >= times {
                return;
            }
        }
        panic!("{code} was not answered {times} times: {:?}", self.seen);
    }

    /// Nothing differed, and so much of each kind was seen.
    #[track_caller]
    fn agree(&self, least: &[(&str, usize)]) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        for (kind, least) in least {
            let seen = self.seen.get(*kind).copied().unwrap_or_default();
            assert!(seen >= *least, "{kind}: {:?}", self.seen);
        }
    }
}

async fn token(instance: &Instance) -> String {
    instance.sign_in(OWNER, PASSWORD).await.text("/accessToken")
}

/// Shows 001/FR-028.
#[tokio::test(flavor = "multi_thread")]
async fn the_platform_and_the_hono_app_refuse_the_same_requests_with_the_same_envelopes_and_admit_the_others() {
    let quiet = |settings: &mut Settings| {
        settings.max_body = MAX_BODY;
        // Other tests hold answers against the contract and look through the log.
        settings.check_answers = false;
        settings.log_level = Level::Info;
    };
    let instance = Instance::set(quiet).await;
    let (organization, mut owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let worker = Worker::start(false);
    let mut both = Both::new(&instance, &worker).await;
    let requests = valid(&[("projectId", &project), ("organizationId", &organization)]);
    for sent in &requests {
        for wrong in sent.wrong(MAX_BODY) {
            both.send(&owner, &wrong).await;
            // Some of what is wrong is let through, and this ends the session.
            if ENDING.contains(&sent.operation.id) {
                owner = token(&instance).await;
            }
        }
    }
    // What takes things away or ends the session comes last.
    let is_last = |sent: &&Sent| sent.operation.method == "DELETE" || ENDING.contains(&sent.operation.id);
    let last = requests.iter().filter(is_last);
    for sent in requests.iter().filter(|sent| !is_last(sent)).chain(last) {
        both.send(&owner, sent).await;
        if ENDING.contains(&sent.operation.id) {
            owner = token(&instance).await;
        }
    }
    both.agree(&[
        ("handled", OPERATIONS.len()),
        ("AUTH_TOKEN_MISSING", 90),
        ("AUTH_TOKEN_INVALID", 90),
        ("REQUEST_ROUTE_UNKNOWN", 70),
        ("REQUEST_METHOD_NOT_ALLOWED", 100),
        ("REQUEST_VALIDATION_FAILED", 700),
        ("REQUEST_MALFORMED", 70),
        ("REQUEST_MEDIA_TYPE_UNSUPPORTED", 60),
        ("REQUEST_PAYLOAD_TOO_LARGE", 30),
    ]);
    assert!(both.differences > 0, "{DIFFERENCES:?} lists what is no difference");
}

/// Shows 001/FR-033.
#[tokio::test(flavor = "multi_thread")]
async fn the_platform_and_the_hono_app_refuse_the_same_call_of_too_many_with_the_same_headers() {
    let instance = Instance::limited().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    // Their buckets are full again.
    instance.later(chrono::TimeDelta::minutes(5));
    let worker = Worker::start(true);
    let mut both = Both::new(&instance, &worker).await;
    let requests = valid(&[("projectId", &project), ("organizationId", &organization)]);
    let of = |id: &str| requests.iter().find(|sent| sent.operation.id == id).unwrap();
    // 24 of these take all tokens of a person; they are refused for what is wrong with them, which costs the same.
    let mut costly = of("promoteEnvironment").clone();
    costly.body = b"{}".to_vec();
    both.send_until(&owner, &costly, ("RATE_LIMIT_USER", 1)).await;
    both.agree(&[("REQUEST_VALIDATION_FAILED", 24), ("RATE_LIMIT_USER", 1)]);
    // 20 of these take all tokens of an address.
    let mut nobody = of("signIn").clone();
    nobody.body = b"{}".to_vec();
    both.send_until(&owner, &nobody, ("RATE_LIMIT_ADDRESS", 2)).await;
    both.agree(&[("REQUEST_VALIDATION_FAILED", 44), ("RATE_LIMIT_ADDRESS", 2)]);
}
