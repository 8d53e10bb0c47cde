//! Git over HTTP at a GitHub for tests.
//!
//! Owns: having git's own program answer whoever has a token. Must not know: the platform.

use std::io::Write as _;
use std::process::Stdio;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};

use super::Github;

/// Git's own program answers.
pub(super) async fn over_git(
    github: &Github,
    method: &str,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if github.login(headers).is_none() {
        return Response::builder()
            .status(StatusCode::UNAUTHORIZED)
            .header("www-authenticate", "Basic")
            .body(Body::empty())
            .unwrap();
    }
    let kind = headers.get("content-type").map_or("", |value| value.to_str().unwrap());
    let mut program = std::process::Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_PROJECT_ROOT", &github.folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("REMOTE_USER", "somebody")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", format!("/{path}"))
        .env("QUERY_STRING", query.unwrap_or_default())
        .env("CONTENT_TYPE", kind)
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let mut input = program.stdin.take().unwrap();
        let writes = std::thread::spawn(move || {
            let _ = input.write_all(&body);
        });
        let output = program.wait_with_output().unwrap();
        writes.join().unwrap();
        output
    })
    .await
    .unwrap();
    let end = output.stdout.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut answer = Response::builder().status(200);
    for line in String::from_utf8_lossy(&output.stdout[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        answer = match name {
            "Status" => answer.status(value[..3].parse::<u16>().unwrap()),
            _ => answer.header(name, value),
        };
    }
    answer.body(Body::from(output.stdout[end + 4..].to_vec())).unwrap()
}
