//! A version of a worker in the real workerd.
//!
//! Owns: its process, and asking it. Must not know: what it is a version of.

use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::Version;
use crate::edge_host::workerd;
use crate::instance::folder;

/// Ends what it started when its input does, which is when this process ends in whatever way.
const SHELL: &str =
    "exec 3<&0; \"$@\" </dev/null & pid=$!; (read -r _ <&3; kill -KILL \"$pid\") 2>/dev/null & wait \"$pid\"";

/// A process that listens.
pub(super) struct Running {
    child: Mutex<Child>,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        drop(child.stdin.take());
        let _ = child.wait();
    }
}

impl Running {
    /// Starts a version; `None`: it does not start.
    pub(super) async fn start(version: &Version) -> Option<Self> {
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let folder = folder();
        std::fs::write(folder.join("worker.js"), &version.module).unwrap();
        std::fs::write(folder.join("config.capnp"), config(version, port)).unwrap();
        let child = Command::new("sh")
            .args(["-c", SHELL, "sh"])
            .arg(workerd())
            .args(["serve", "config.capnp"])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Self {
            child: Mutex::new(child),
            port,
        };
        for _ in 0..1200 {
            if running.child.lock().unwrap().try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(running);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        None
    }

    /// What it answers.
    pub(super) async fn asked(&self, path: &str) -> Response<Body> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut stream = BufReader::new(stream);
        let (mut status, mut kind, mut length) = (0, None, None);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-type") => kind = Some(value.to_owned()),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = Some(value.parse::<usize>().unwrap());
                }
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => status = line.split(' ').nth(1).unwrap().parse().unwrap(),
            }
        }
        // It keeps connections for a while, whatever it is asked for.
        let mut body = vec![0; length.unwrap_or_default()];
        match length {
            Some(_) => stream.read_exact(&mut body).await.map(drop).unwrap(),
            None => stream.read_to_end(&mut body).await.map(drop).unwrap(),
        }
        let status: u16 = status;
        let mut answer = Response::builder().status(status);
        if let Some(kind) = kind {
            answer = answer.header("content-type", kind);
        }
        answer.body(Body::from(body)).unwrap()
    }
}

fn config(version: &Version, port: u16) -> String {
    let mut bindings = String::new();
    for (_, name, value) in &version.bindings {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        write!(bindings, "(name = \"{name}\", text = \"{value}\"), ").unwrap();
    }
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
    (name = \"worker\", worker = .worker),
    (name = \"internet\", network = (allow = [\"public\", \"private\"])),
  ],
  sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"worker\")],
);
const worker :Workerd.Worker = (
  modules = [(name = \"worker.js\", esModule = embed \"worker.js\")],
  compatibilityDate = \"2026-04-01\",
  compatibilityFlags = [\"nodejs_compat\"],
  bindings = [{bindings}],
);
"
    )
}
