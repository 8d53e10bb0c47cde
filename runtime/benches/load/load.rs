//! Load: requests of `wrk`, and what it says of them.
//!
//! Owns: running it. Must not know: servers. An answer that is no success spoils the measurement.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A request that is sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its method.
    pub(crate) method: &'static str,
    /// Its path.
    pub(crate) path: String,
    /// The token that it brings.
    pub(crate) token: Option<String>,
    /// JSON.
    pub(crate) body: Option<&'static str>,
}

/// How many requests there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// 50 a second.
    Fifty,
    /// As many as the server takes, from 32 connections.
    Saturation,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Latencies in milliseconds.
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fifty => "50/s",
            Self::Saturation => "32 connections",
        }
    }

    /// Sends a request for `LOAD_SECONDS`, ten if that is not said.
    pub(crate) fn measure(self, address: &str, request: &Request) -> Measured {
        let mut command = wrk(request);
        let seconds = std::env::var("LOAD_SECONDS").unwrap_or_else(|_| "10".to_owned());
        command.args(["--duration", &format!("{seconds}s")]);
        match self {
            Self::Fifty => command.args(["--connections", "1"]).env("LOAD_DELAY", "20"),
            Self::Saturation => command.args(["--connections", "32"]),
        };
        let told = said(command.arg(format!("http://{address}{}", request.path)));
        let number = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
        assert!(
            number("requests") > 0.0 && number("refused") == 0.0 && number("broken") == 0.0,
            "{told}"
        );
        Measured::of(&told)
    }
}

impl Measured {
    fn of(told: &Value) -> Self {
        let number = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
        Self {
            rate: number("requests") / number("seconds"),
            p50: number("p50"),
            p95: number("p95"),
            p99: number("p99"),
        }
    }
}

/// So many connections that send without a pause for so long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pressure {
    pub(crate) connections: usize,
    pub(crate) minutes: u64,
}

/// What came of pressure.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) measured: Measured,
    /// Answers by their status.
    pub(crate) succeeded: u64,
    pub(crate) limited: u64,
    pub(crate) unavailable: u64,
    pub(crate) other: u64,
    /// Requests that were not answered.
    pub(crate) broken: u64,
}

impl Pressure {
    /// Sends a request, and counts what it is answered with.
    pub(crate) fn put(self, address: &str, request: &Request) -> Outcome {
        let mut command = wrk(request);
        command
            .args(["--duration", &format!("{}m", self.minutes), "--timeout", "60s"])
            .args(["--connections", &self.connections.to_string()])
            .env("LOAD_COUNTS", "yes");
        let told = said(command.arg(format!("http://{address}{}", request.path)));
        let number = |name: &str| told[name].as_u64().expect("the script counts it");
        let (limited, unavailable, other) = (number("limited"), number("unavailable"), number("other"));
        Outcome {
            measured: Measured::of(&told),
            succeeded: number("requests").saturating_sub(limited + unavailable + other),
            limited,
            unavailable,
            other,
            broken: number("broken"),
        }
    }
}

/// `wrk` with a request, on one thread.
fn wrk(request: &Request) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/report.lua");
    let mut command = Command::new("wrk");
    command.args(["--threads", "1", "--script"]).arg(script);
    command.env("LOAD_METHOD", request.method);
    if let Some(body) = request.body {
        command.env("LOAD_BODY", body);
    }
    if let Some(token) = &request.token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    command
}

/// What its script tells.
fn said(command: &mut Command) -> Value {
    let said = command.output();
    let said = said.unwrap_or_else(|error| panic!("`apt-get install wrk` installs what makes the load: {error}"));
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{text}");
    serde_json::from_str(text.trim()).expect("the script prints JSON")
}
