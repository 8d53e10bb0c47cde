//! What the server tells a collector, and how a trace goes through it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use flaresmith_runtime::problem::Problem;
use flaresmith_runtime::serve::{listen, serve};
use flaresmith_runtime::settings::{Otlp, Settings};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::instance::{Answer, Instance};

/// What a collector has received.
#[derive(Default)]
struct Received {
    spans: Vec<Span>,
    metrics: Vec<Metric>,
    service: Option<String>,
    keys: Vec<String>,
    requests: usize,
    /// What is answered to the next requests, instead of taking them.
    refusals: Vec<(StatusCode, Option<&'static str>)>,
}

/// A collector that decodes what it is sent with the types that OpenTelemetry publishes.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Received>>);

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|pair| pair.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

impl Collector {
    /// Listens; the address to name.
    async fn listen(&self, address: &str) -> String {
        let listener = TcpListener::bind(address).await.unwrap();
        let bound = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{bound}")
    }

    /// Waits until something is there.
    async fn has<T>(&self, what: impl Fn(&Received) -> Option<T>) -> T {
        for _ in 0..1200 {
            if let Some(found) = what(&self.0.lock().unwrap()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not come");
    }

    fn begins(&self, headers: &HeaderMap) -> Option<(StatusCode, HeaderMap)> {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        let mut received = self.0.lock().unwrap();
        received.requests += 1;
        let key = headers.get("x-key").map(|key| key.to_str().unwrap().to_owned());
        received.keys.extend(key);
        let refusal = (!received.refusals.is_empty()).then(|| received.refusals.remove(0));
        refusal.map(|(status, after)| {
            let mut headers = HeaderMap::new();
            if let Some(after) = after {
                headers.insert("retry-after", after.parse().unwrap());
            }
            (status, headers)
        })
    }
}

async fn traces(State(own): State<Collector>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
    if let Some(refusal) = own.begins(&headers) {
        return refusal;
    }
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut received = own.0.lock().unwrap();
    for resource in request.resource_spans {
        received.service = text(&resource.resource.unwrap().attributes, "service.name");
        received
            .spans
            .extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
    (StatusCode::OK, HeaderMap::new())
}

async fn metrics(State(own): State<Collector>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
    if let Some(refusal) = own.begins(&headers) {
        return refusal;
    }
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    // Each message has everything, so the newest is enough.
    own.0.lock().unwrap().metrics = request
        .resource_metrics
        .into_iter()
        .flat_map(|resource| resource.scope_metrics)
        .flat_map(|scope| scope.metrics)
        .collect();
    (StatusCode::OK, HeaderMap::new())
}

/// A platform that listens and sends what it has to a collector.
struct Serving {
    instance: Instance,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Problem>>,
}

impl Serving {
    async fn start(endpoint: &str, postgres: bool, change: impl FnOnce(&mut Settings)) -> Self {
        let change = |settings: &mut Settings| {
            settings.listen = "127.0.0.1:0".to_owned();
            settings.otlp = Some(Otlp {
                endpoint: endpoint.to_owned(),
                headers: vec![("x-key".parse().unwrap(), "hush".parse().unwrap())],
            });
            settings.sample_rate = 0.0;
            change(settings);
        };
        let instance = if postgres {
            Instance::set_on_postgres(change).await
        } else {
            Instance::set(change).await
        };
        let (listener, _) = listen(&instance.platform.settings).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(serve(instance.platform.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self { instance, stop, ended }
    }

    async fn stop(self) -> Instance {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        self.instance
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn traced(instance: &Instance, token: &str, path: &str, sampled: bool) -> Answer {
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-0{}", u8::from(sampled));
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("traceparent", parent.as_str()),
        ("tracestate", "vendor=1"),
    ];
    instance.send("GET", path, &headers, None).await
}

/// Shows 001/FR-035.
#[tokio::test]
async fn a_trace_goes_on_in_the_server_and_its_spans_arrive() {
    for postgres in [false, true] {
        let collector = Collector::default();
        let endpoint = collector.listen("127.0.0.1:0").await;
        let serving = Serving::start(&endpoint, postgres, |_| {}).await;
        let owner = serving.instance.owner().await;
        traced(&serving.instance, &owner, "/auth/me", true).await.is(200);
        serving.stop().await;

        let received = collector.0.lock().unwrap();
        assert_eq!(received.service.as_deref(), Some("flaresmithd"));
        assert!(received.keys.iter().all(|key| key == "hush") && !received.keys.is_empty());
        let root = received
            .spans
            .iter()
            .find(|span| span.name == "GET /auth/me")
            .unwrap_or_else(|| panic!("{:#?}", received.spans));
        let hex: String = root.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, TRACE);
        assert_eq!(root.parent_span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert_eq!((root.kind(), root.trace_state.as_str()), (SpanKind::Server, "vendor=1"));
        assert_eq!(text(&root.attributes, "http.response.status_code").unwrap(), "200");
        assert_eq!(text(&root.attributes, "http.route").unwrap(), "/auth/me");
        assert!(root.end_time_unix_nano >= root.start_time_unix_nano && root.start_time_unix_nano > 0);
        let statements: Vec<&Span> = received
            .spans
            .iter()
            .filter(|span| span.parent_span_id == root.span_id)
            .collect();
        assert!(!statements.is_empty(), "{:#?}", received.spans);
        let system = if postgres { "postgresql" } else { "sqlite" };
        for statement in statements {
            assert_eq!(
                (statement.kind(), statement.name.as_str()),
                (SpanKind::Client, "SELECT")
            );
            assert_eq!(text(&statement.attributes, "db.system.name").unwrap(), system);
        }
        // Signing in was not among the share that is kept, which is none.
        assert!(!received.spans.iter().any(|span| span.name.contains("sign-in")));
    }
}

/// Shows 001/FR-035.
#[tokio::test]
async fn what_fails_is_kept_whatever_the_caller_decided() {
    let collector = Collector::default();
    let endpoint = collector.listen("127.0.0.1:0").await;
    let serving = Serving::start(&endpoint, false, |_| {}).await;
    let (organization, owner) = serving.instance.organization("Northwind").await;
    let project = serving.instance.project(&owner, &organization, "Shop").await;
    traced(&serving.instance, &owner, "/auth/me", false).await.is(200);
    // No repository can be opened any more.
    let repositories = serving.instance.platform.settings.data.join("repositories");
    let _ = std::fs::remove_dir_all(&repositories);
    std::fs::write(&repositories, "").unwrap();
    let path = format!("/projects/{project}/files/tree");
    let answer = traced(&serving.instance, &owner, &path, false).await;
    let answer = answer.fails(500, "SERVER_INTERNAL");
    assert_eq!(answer.text("/error/traceId"), TRACE);
    // What is critical is told at once.
    collector.has(|received| received.spans.first().cloned()).await;
    serving.stop().await;
    let received = collector.0.lock().unwrap();
    let roots: Vec<&Span> = received
        .spans
        .iter()
        .filter(|span| span.kind() == SpanKind::Server)
        .collect();
    let [root] = roots.as_slice() else {
        panic!("{roots:#?}");
    };
    assert_eq!(root.name, "GET /projects/{projectId}/files/tree");
    assert_eq!(root.status.as_ref().unwrap().code(), SpanStatus::Error);
    assert_eq!(text(&root.attributes, "error.type").unwrap(), "SERVER_INTERNAL");
    assert_eq!(text(&root.attributes, "flaresmith.project_id").unwrap(), project);
    let request = answer.text("/error/requestId");
    assert_eq!(text(&root.attributes, "flaresmith.request_id").unwrap(), request);
}

/// Shows 001/FR-035.
#[tokio::test]
async fn metrics_arrive_as_they_are_counted() {
    let collector = Collector::default();
    let endpoint = collector.listen("127.0.0.1:0").await;
    let serving = Serving::start(&endpoint, false, |_| {}).await;
    for _ in 0..3 {
        serving.instance.send("GET", "/health/live", &[], None).await.is(200);
    }
    serving.stop().await;
    let received = collector.0.lock().unwrap();
    let of = |name: &str| received.metrics.iter().find(|metric| metric.name == name).unwrap();
    let Some(Data::Sum(requests)) = &of("http_requests_total").data else {
        panic!("{:?}", of("http_requests_total"));
    };
    assert!(requests.is_monotonic);
    let live = requests
        .data_points
        .iter()
        .find(|point| text(&point.attributes, "operation").as_deref() == Some("getLiveness"))
        .unwrap();
    assert_eq!(
        format!("{:?}", live.value),
        "Some(AsDouble(3.0))",
        "{:?}",
        requests.data_points
    );
    let Some(Data::Histogram(times)) = &of("http_request_duration_seconds").data else {
        panic!("{:?}", of("http_request_duration_seconds"));
    };
    assert_eq!(of("http_request_duration_seconds").unit, "s");
    let live = times
        .data_points
        .iter()
        .find(|point| text(&point.attributes, "operation").as_deref() == Some("getLiveness"))
        .unwrap();
    assert_eq!((live.count, live.bucket_counts.iter().sum::<u64>()), (3, 3));
    assert_eq!(live.bucket_counts.len(), live.explicit_bounds.len() + 1);
    let Some(Data::Gauge(_)) = &of("store_connections").data else {
        panic!("{:?}", of("store_connections"));
    };
}

/// Shows 001/FR-035.
#[tokio::test]
async fn what_a_collector_misses_arrives_once_it_is_there() {
    // An address on which nobody listens yet.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let serving = Serving::start(&format!("http://{address}"), false, |settings| {
        settings.sample_rate = 1.0
    })
    .await;
    serving.instance.owner().await;
    // Long enough for attempts that find nobody.
    serving.instance.has_counted("telemetry_failures_total", 1).await;

    let collector = Collector::default();
    {
        let mut received = collector.0.lock().unwrap();
        received.refusals = vec![
            (StatusCode::SERVICE_UNAVAILABLE, None),
            (StatusCode::TOO_MANY_REQUESTS, Some("1")),
        ];
    }
    collector.listen(&address).await;
    let signed_in = |received: &Received| {
        let found = received.spans.iter().any(|span| span.name == "POST /auth/sign-in");
        found.then_some(received.requests)
    };
    let requests = collector.has(signed_in).await;
    assert!(requests >= 3, "{requests}");
    // What will never be taken is not tried again.
    collector.0.lock().unwrap().refusals = vec![(StatusCode::BAD_REQUEST, None)];
    serving.stop().await;
}

#[tokio::test]
async fn a_request_without_a_parent_gets_a_trace_of_its_own_and_keeps_that_of_a_right_one() {
    let instance = Instance::sqlite().await;
    let of = async |parent: &str| {
        let answer = instance
            .send("GET", "/projects", &[("traceparent", parent)], None)
            .await;
        answer.fails(401, "AUTH_TOKEN_MISSING").text("/error/traceId")
    };
    assert_eq!(of(&format!("00-{TRACE}-00f067aa0ba902b7-01")).await, TRACE);
    for wrong in [
        format!("00-{TRACE}-00f067aa0ba902b7"),
        format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        "nonsense".to_owned(),
    ] {
        let own = of(&wrong).await;
        assert!(own.len() == 32 && own != TRACE, "{own}");
    }
    let body = json!({});
    let answer = instance.send("POST", "/auth/sign-in", &[], Some(body)).await.is(400);
    assert_ne!(
        answer.text("/error/traceId"),
        answer.text("/error/requestId").replace('-', "")
    );
}

/// Shows 001/FR-017.
#[tokio::test]
async fn a_line_says_whose_request_it_was_and_where_and_its_parts_belong_to_it() {
    let instance = Instance::sqlite().await;
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let path = format!("/projects/{project}/environments");
    let matrix = instance.call(&owner, "GET", &path, None).await.is(200);
    let environment = matrix.text("/environments/0/id");
    let answer = instance
        .call(&owner, "GET", &format!("{path}/{environment}"), None)
        .await
        .is(200);
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let of = |level: &str, id: &str| -> Vec<Value> {
        let lines = instance.log().into_iter();
        lines
            .filter(|line| line["level"] == level && line["requestId"] == id)
            .collect()
    };
    let lines = of("info", id);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (line["projectId"].as_str(), line["environmentId"].as_str()),
        (Some(&*project), Some(&*environment))
    );
    assert!(
        line["userId"].is_string() && line["durationMs"].is_number() && line["timestamp"].is_string(),
        "{line}"
    );
    assert_eq!(
        (
            line["traceId"].as_str().unwrap().len(),
            line["spanId"].as_str().unwrap().len()
        ),
        (32, 16)
    );
    let parts = of("debug", id);
    assert!(
        parts.iter().any(|part| part["message"] == "SELECT")
            && parts.iter().all(|part| part["traceId"] == line["traceId"]),
        "{parts:?}"
    );

    let body = json!({"projectId": project, "dryRun": true});
    let answer = instance.call(&owner, "POST", "/specs/apply", Some(body)).await;
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let parts = of("debug", id);
    assert!(
        parts.iter().any(|part| part["message"] == "specs.read"),
        "{answer:?}: {parts:?}"
    );

    let answer = instance.send("GET", "/projects", &[], None).await;
    let refused = answer.fails(401, "AUTH_TOKEN_MISSING");
    let lines = of("warn", &refused.text("/error/requestId"));
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (&line["code"], &line["severity"]),
        (&json!("AUTH_TOKEN_MISSING"), &json!("warn"))
    );
}
