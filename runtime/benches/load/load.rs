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

    /// Sends a request for ten seconds.
    pub(crate) fn measure(self, address: &str, request: &Request) -> Measured {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/report.lua");
        let mut command = Command::new("wrk");
        command
            .args(["--duration", "10s", "--threads", "1", "--script"])
            .arg(script);
        match self {
            Self::Fifty => command.args(["--connections", "1"]).env("LOAD_DELAY", "20"),
            Self::Saturation => command.args(["--connections", "32"]),
        };
        command.env("LOAD_METHOD", request.method);
        if let Some(body) = request.body {
            command.env("LOAD_BODY", body);
        }
        if let Some(token) = &request.token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        let said = command.arg(format!("http://{address}{}", request.path)).output();
        let said = said.unwrap_or_else(|error| panic!("`apt-get install wrk` installs what makes the load: {error}"));
        let text = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{text}");
        let told: Value = serde_json::from_str(text.trim()).expect("the script prints JSON");
        let number = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
        assert!(
            number("requests") > 0.0 && number("refused") == 0.0 && number("broken") == 0.0,
            "{text}"
        );
        Measured {
            rate: number("requests") / number("seconds"),
            p50: number("p50"),
            p95: number("p95"),
            p99: number("p99"),
        }
    }
}
