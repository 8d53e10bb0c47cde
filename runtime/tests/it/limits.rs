//! What holds for every caller before an operation is reached: times, numbers, origins, headers, TLS, and how serving ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use flaresmith_runtime::problem::Problem;
use flaresmith_runtime::serve::{listen, serve};
use flaresmith_runtime::settings::{Settings, Tls};
use futures_util::FutureExt as _;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tower::ServiceExt as _;

use crate::instance::{Instance, folder};

/// Any free port.
const ANY: &str = "127.0.0.1:0";

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server that listens.
struct Serving {
    _instance: Instance,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), Problem>>,
}

impl Serving {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let instance = Instance::set(|settings| {
            settings.listen = ANY.to_owned();
            change(settings);
        })
        .await;
        let (listener, address) = listen(&instance.platform.settings).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(serve(instance.platform.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self {
            _instance: instance,
            address,
            stop: Some(stop),
            ended,
        }
    }

    async fn connect(&self, sent: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        stream
    }

    async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.ended).await.unwrap().unwrap();
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do() {
    let instance = Instance::sqlite().await;
    for (path, status) in [("/health/live", 200), ("/nowhere", 404), ("/projects", 401)] {
        let answer = instance.send("GET", path, &[], None).await.is(status);
        let has = |name: &str, value: &str| answer.headers.get(name).is_some_and(|found| found == value);
        assert!(has("x-content-type-options", "nosniff"), "{answer:?}");
        assert!(has("x-frame-options", "DENY") && has("referrer-policy", "no-referrer"));
        assert!(has("cache-control", "no-store") && answer.headers.contains_key("content-security-policy"));
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
    let public = Instance::set(|settings| settings.public_url = Some("https://a.example".to_owned())).await;
    let answer = public.send("GET", "/nowhere", &[], None).await;
    assert!(answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn pages_of_other_origins_call_only_when_the_settings_name_them() {
    let named = ("origin", "https://a.example");
    let asked = [
        named,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let nobody = Instance::sqlite().await;
    let answer = nobody.send("OPTIONS", "/projects", &asked, None).await;
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "{answer:?}"
    );

    let instance = Instance::set(|settings| settings.allow_origin = vec!["https://a.example".parse().unwrap()]).await;
    let answer = instance.send("OPTIONS", "/projects", &asked, None).await.is(200);
    assert_eq!(
        answer.headers.get("access-control-allow-origin").unwrap(),
        "https://a.example"
    );
    let answer = instance
        .send("GET", "/projects", &[named], None)
        .await
        .fails(401, "AUTH_TOKEN_MISSING");
    assert_eq!(
        answer.headers.get("access-control-allow-origin").unwrap(),
        "https://a.example"
    );
    let other = [("origin", "https://b.example")];
    let answer = instance.send("GET", "/health/live", &other, None).await.is(200);
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_request_that_does_not_arrive_is_answered_all_the_same() {
    let instance = Instance::set(|settings| settings.limits.request = Duration::from_millis(100)).await;
    let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Request::post("/auth/sign-in")
        .header("content-type", "application/json")
        .body(Body::from_stream(never))
        .unwrap();
    instance.answer(request).await.fails(408, "REQUEST_TIMEOUT");
    let logged = instance.logged();
    assert!(logged[0].starts_with("signIn 408 REQUEST_TIMEOUT"), "{logged:?}");
}

/// Shows 001/FR-017.
#[tokio::test]
async fn what_a_caller_who_hangs_up_asked_for_is_told_all_the_same() {
    let mut serving = Serving::start(|_| {}).await;
    let instance = &serving._instance;
    let token = instance.owner().await;
    let body = json!({"name": "Northwind"}).to_string();
    let request = format!(
        "POST /organizations HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    drop(serving.connect(request.as_bytes()).await);
    // A busy machine may let the store answer before whoever asks is back from asking; who leaves then has the answer.
    let mut asked = 0;
    let leaves = loop {
        asked += 1;
        // Whoever has a version of their own is answered from the store, not from what is remembered.
        let request = Request::get("/auth/me")
            .header("authorization", format!("Bearer {token}"))
            .header("if-none-match", "\"another\"");
        let answer = instance.router.clone().oneshot(request.body(Body::empty()).unwrap());
        if answer.now_or_never().is_none() {
            break true;
        }
        if asked == 100 {
            break false;
        }
    };
    assert!(leaves, "it waits for the store");
    instance.has_counted("http_requests_total", 2 + asked).await;
    let told = |operation: &str| {
        let log = instance.log();
        let found = log
            .into_iter()
            .rfind(|line| line["operationId"] == operation && line["status"].is_u64());
        found.map(|line| (line["status"].as_u64().unwrap(), line["unheard"] == true))
    };
    assert_eq!(told("getCurrentUser"), Some((499, true)), "{:?}", instance.logged());
    // Whether the answer was faster than the caller's leaving is up to the machine.
    let created = told("createOrganization").map(|(status, _)| status);
    assert_eq!(created, Some(201), "{:?}", instance.logged());
    serving.stop().await;
}

/// Shows 001/FR-017.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_after_its_time_is_told_when_it_is_done() {
    // Long enough to sign in on a machine with much else to do.
    let instance = Instance::set(|settings| settings.limits.request = Duration::from_secs(3)).await;
    let token = instance.owner().await;
    // Whoever writes waits for this one.
    let held = instance.platform.store.begin().await.unwrap();
    let body = json!({"name": "Northwind"});
    let answer = instance.call(&token, "POST", "/organizations", Some(body)).await;
    answer.fails(504, "SERVER_TIMEOUT");
    drop(held);
    for _ in 0..1200 {
        let told: Vec<String> = instance.logged();
        if told.iter().any(|line| line.starts_with("createOrganization 201")) {
            assert!(
                told.iter()
                    .any(|line| line.starts_with("createOrganization 504 SERVER_TIMEOUT"))
            );
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", instance.logged());
}

/// Shows 001/FR-033.
#[tokio::test]
async fn who_is_not_let_in_is_limited_where_it_comes_from() {
    let instance = Instance::limited().await;
    let token = instance.owner().await;
    // A slow machine lets another in between two requests, so both are looked for more than once.
    let mut refused = [None, None];
    for _ in 0..2_000 {
        let answer = instance.call("fls_unknown", "GET", "/auth/me", None).await;
        if answer.status == 401 {
            continue;
        }
        refused[0] = Some(answer);
        let answer = instance.send("GET", "/auth/keys", &[], None).await;
        if answer.status != 200 {
            refused[1] = Some(answer);
            break;
        }
    }
    for refused in refused {
        refused.unwrap().fails(429, "RATE_LIMIT_ADDRESS");
    }
    instance.call(&token, "GET", "/auth/me", None).await.is(200);
}

#[tokio::test]
async fn callers_behind_a_trusted_proxy_are_told_apart() {
    for (trusts, status) in [(true, 401), (false, 429)] {
        let instance = Instance::limited_with(|settings| {
            if trusts {
                settings.trusted_proxy = vec!["10.0.0.0/8".parse().unwrap()];
            }
        })
        .await;
        let mut last = 0;
        for number in 0..25 {
            let body = json!({"email": "nobody@example.com", "password": "wrong wrong wrong"});
            let mut request = Request::post("/auth/sign-in")
                .header("content-type", "application/json")
                .header("x-forwarded-for", format!("198.51.100.{number}"))
                .body(Body::from(body.to_string()))
                .unwrap();
            let peer: SocketAddr = "10.0.0.1:1".parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            last = instance.answer(request).await.status.as_u16();
            if last == 429 {
                break;
            }
        }
        assert_eq!(last, status);
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_its_connection() {
    let mut serving = Serving::start(|settings| settings.limits.header = Duration::from_millis(100)).await;
    let mut slow = serving.connect(b"GET /health/live HTTP/1.1\r\nhost:").await;
    let said = rest(&mut slow).await;
    assert!(!said.contains(" 200 "), "{said}");
    let mut other = serving.connect(LIVE).await;
    assert!(rest(&mut other).await.starts_with("HTTP/1.1 200"));
    serving.stop().await;
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_a_place() {
    let mut serving = Serving::start(|settings| settings.limits.connections = 1).await;
    let mut first = serving.connect(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // Its answer shows that it has the place.
    first.read_u8().await.unwrap();
    let mut second = serving.connect(LIVE).await;
    let early = tokio::time::timeout(Duration::from_millis(300), second.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
    serving.stop().await;
}

#[tokio::test]
async fn a_caller_who_says_nothing_or_takes_nothing_keeps_no_place() {
    let mut serving = Serving::start(|settings| {
        settings.limits.connections = 1;
        settings.limits.header = Duration::from_millis(200);
        settings.limits.request = Duration::from_millis(500);
    })
    .await;
    let _silent = TcpStream::connect(serving.address).await.unwrap();
    let mut after = serving.connect(LIVE).await;
    assert!(rest(&mut after).await.starts_with("HTTP/1.1 200"));
    // More than the system holds on the way.
    let document = b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut greedy = serving.connect(&document.repeat(200)).await;
    greedy.read_u8().await.unwrap();
    let mut after = serving.connect(LIVE).await;
    let said = tokio::time::timeout(Duration::from_secs(60), rest(&mut after)).await;
    assert!(said.unwrap().starts_with("HTTP/1.1 200"));
    serving.stop().await;
}

#[tokio::test]
async fn what_holds_for_every_answer_holds_for_tools_too() {
    let page = "https://a.example";
    let mut serving = Serving::start(|settings| settings.allow_origin = vec![page.parse().unwrap()]).await;
    let asked = format!(
        "OPTIONS /mcp HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: {page}\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: mcp-session-id\r\n\r\n"
    );
    let mut stream = serving.connect(asked.as_bytes()).await;
    let said = rest(&mut stream).await;
    assert!(
        said.contains("access-control-allow-origin: https://a.example"),
        "{said}"
    );
    let mut stream = serving
        .connect(b"POST /mcp HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        .await;
    let said = rest(&mut stream).await;
    assert!(
        said.starts_with("HTTP/1.1 401") && said.contains("x-content-type-options: nosniff"),
        "{said}"
    );
    let logged = serving._instance.logged();
    assert!(
        logged.iter().any(|line| line.starts_with("mcp 401 AUTH_TOKEN_MISSING")),
        "{logged:?}"
    );
    serving.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way_no_longer_than_it_may() {
    let mut serving = Serving::start(|settings| settings.limits.drain = Duration::from_millis(200)).await;
    let head =
        b"POST /auth/sign-in HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let _stuck = serving.connect(head).await;
    let mut idle = serving.connect(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.read_u8().await.unwrap();
    serving.stop().await;
    rest(&mut idle).await;
    assert!(TcpStream::connect(serving.address).await.is_err());
}

#[tokio::test]
async fn tls_is_spoken_with_the_certificate_of_the_settings() {
    let files = folder();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls {
        certificate: files.join("chain.pem"),
        key: files.join("key.pem"),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let mut serving = Serving::start(|settings| settings.tls = Some(tls.clone())).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .unwrap();
    stream.write_all(LIVE).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.starts_with("HTTP/1.1 200") && said.contains("strict-transport-security"),
        "{said}"
    );
    let mut plain = serving.connect(LIVE).await;
    assert!(!rest(&mut plain).await.contains("200"));
    serving.stop().await;

    // Files that are no certificate are told with their name.
    std::fs::write(&tls.certificate, "nothing").unwrap();
    let settings = Settings {
        listen: ANY.to_owned(),
        tls: Some(tls),
        ..Settings::for_data(&files)
    };
    let problem = listen(&settings).await.map(|_| ()).unwrap_err();
    assert_eq!(problem.code, "SERVER_TLS");
    assert!(problem.place.unwrap().ends_with("chain.pem"));
    std::fs::remove_dir_all(files).unwrap();
}
