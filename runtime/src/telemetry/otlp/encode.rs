//! Encoding: spans and metrics in the words of OTLP.
//!
//! Owns: what becomes which field. Must not know: when and where it goes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Written, Status};
use prometheus::proto::{LabelPair, MetricFamily, MetricType};
use prost::Message as _;

use crate::telemetry::span::{Kind, Span, Value};

/// The flag of a span whose trace is recorded.
const SAMPLED: u32 = 1;

/// Says that the next flag has something to say.
const KNOWS_REMOTE: u32 = 0x100;

/// The span above is another server's.
const REMOTE: u32 = 0x200;

/// Who tells: this program, and which of its processes.
#[derive(Debug, Clone)]
pub struct Who {
    /// An id of the process.
    pub instance: String,
    /// When it started.
    pub since: SystemTime,
}

impl Who {
    fn resource(&self) -> Option<Resource> {
        let attributes = [
            ("service.name", "flaresmithd"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", &self.instance),
        ];
        Some(Resource {
            attributes: attributes.map(|(key, value)| text(key, value)).to_vec(),
            ..Resource::default()
        })
    }
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "flaresmith-runtime".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    })
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

/// Nanoseconds since 1970.
fn nanoseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A request with spans.
#[must_use]
pub fn spans(who: &Who, spans: &[Span]) -> Vec<u8> {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: who.resource(),
            scope_spans: vec![ScopeSpans {
                scope: scope(),
                spans: spans.iter().map(span).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

fn span(span: &Span) -> Written {
    let attributes = span.attributes.iter().map(|(key, value)| match value {
        Value::Text(value) => text(key, value),
        Value::Number(value) => pair(key, Any::IntValue(*value)),
    });
    let remote = if span.kind == Kind::Server { REMOTE } else { 0 };
    let code = if span.failed {
        StatusCode::Error
    } else {
        StatusCode::Unset
    };
    let kind = match span.kind {
        Kind::Internal => SpanKind::Internal,
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
    };
    let state = span.state.as_ref().and_then(|state| state.to_str().ok());
    Written {
        trace_id: span.trace.to_vec(),
        span_id: span.id.to_vec(),
        trace_state: state.unwrap_or_default().to_owned(),
        parent_span_id: span.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
        flags: SAMPLED | KNOWS_REMOTE | remote,
        name: span.name.to_string(),
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(span.began),
        end_time_unix_nano: nanoseconds(span.began + span.took),
        attributes: attributes.collect(),
        status: Some(Status {
            code: code.into(),
            ..Status::default()
        }),
        ..Written::default()
    }
}

/// A request with metrics as they are at a moment.
#[must_use]
pub fn metrics(who: &Who, families: &[MetricFamily], at: SystemTime) -> Vec<u8> {
    let points = Points {
        since: nanoseconds(who.since),
        at: nanoseconds(at),
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: who.resource(),
            scope_metrics: vec![ScopeMetrics {
                scope: scope(),
                metrics: families.iter().filter_map(|family| points.metric(family)).collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    request.encode_to_vec()
}

/// The time that what is counted is about.
struct Points {
    since: u64,
    at: u64,
}

impl Points {
    fn metric(&self, family: &MetricFamily) -> Option<Metric> {
        let all = family.get_metric();
        let cumulative = AggregationTemporality::Cumulative.into();
        let data = match family.get_field_type() {
            MetricType::COUNTER => Data::Sum(Sum {
                data_points: all
                    .iter()
                    .map(|metric| self.number(metric.get_label(), metric.get_counter().get_value()))
                    .collect(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            MetricType::GAUGE => Data::Gauge(Gauge {
                data_points: all
                    .iter()
                    .map(|metric| self.number(metric.get_label(), metric.get_gauge().get_value()))
                    .collect(),
            }),
            MetricType::HISTOGRAM => Data::Histogram(Histogram {
                data_points: all
                    .iter()
                    .map(|metric| self.histogram(metric.get_label(), metric.get_histogram()))
                    .collect(),
                aggregation_temporality: cumulative,
            }),
            // There are none of another kind.
            _ => return None,
        };
        let unit = if family.name().ends_with("_seconds") { "s" } else { "" };
        Some(Metric {
            name: family.name().to_owned(),
            description: family.help().to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        })
    }

    fn number(&self, labels: &[LabelPair], value: f64) -> NumberDataPoint {
        NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.since,
            time_unix_nano: self.at,
            value: Some(Number::AsDouble(value)),
            ..NumberDataPoint::default()
        }
    }

    /// Prometheus counts what is up to a bound, OTLP what is between two; what is above the last bound is its rest.
    fn histogram(&self, labels: &[LabelPair], histogram: &prometheus::proto::Histogram) -> HistogramDataPoint {
        let count = histogram.get_sample_count();
        let finite: Vec<_> = histogram
            .get_bucket()
            .iter()
            .filter(|bucket| bucket.upper_bound().is_finite())
            .collect();
        let mut below = 0;
        let mut counts = Vec::new();
        for up_to in finite.iter().map(|bucket| bucket.cumulative_count()).chain([count]) {
            counts.push(up_to.saturating_sub(below));
            below = up_to;
        }
        HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.since,
            time_unix_nano: self.at,
            count,
            sum: Some(histogram.get_sample_sum()),
            bucket_counts: counts,
            explicit_bounds: finite.iter().map(|bucket| bucket.upper_bound()).collect(),
            ..HistogramDataPoint::default()
        }
    }
}

fn attributes(labels: &[LabelPair]) -> Vec<KeyValue> {
    labels.iter().map(|label| text(label.name(), label.value())).collect()
}
