//! The built program: settings, the first start, and stopping.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::instance::folder;
use crate::scanned;

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flaresmithd"));
    for name in [
        "FLARESMITH_OWNER_PASSWORD",
        "FLARESMITH_DATABASE",
        "FLARESMITH_CONFIG",
        "CM_ENC_MASTER_V1",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ] {
        command.env_remove(name);
    }
    // It takes the real npm.
    command.env("FLARESMITH_FIRST_DEPLOYMENT", "false");
    // Those that are about databases say where these are.
    command.env("FLARESMITH_DATABASES", "none");
    command.env("FLARESMITH_LOG_LEVEL", "debug");
    command
}

/// A started program, killed when the test ends.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) said: Vec<String>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(data: &std::path::Path, lines: usize) -> Started {
    let log = Stdio::from(scanned::another_log());
    start_logging(data, lines, log)
}

/// The same with somewhere for its log.
pub(crate) fn start_logging(data: &std::path::Path, lines: usize, log: Stdio) -> Started {
    started(program().arg("--data").arg(data).stdout(log), lines)
}

/// Starts a program on a port of its own and reads so many of its lines.
pub(crate) fn started(command: &mut Command, lines: usize) -> Started {
    let mut child = command
        .args(["--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stderr.take().unwrap());
    let said: Vec<String> = output.lines().take(lines).map(Result::unwrap).collect();
    let address = said[0].strip_prefix("listening on http://").unwrap().to_owned();
    Started { child, address, said }
}

pub(crate) fn request(address: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Sends JSON with a token and gives the JSON that came back.
pub(crate) fn call(address: &str, token: &str, line: &str, body: &str) -> Value {
    scanned::note_text(token);
    scanned::note(&serde_json::from_str(body).unwrap_or_default());
    let answer = request(
        address,
        &format!(
            "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = serde_json::from_str(body).unwrap_or_default();
    scanned::note(&body);
    body
}

#[test]
fn a_fresh_machine_gets_a_server_and_is_told_how_to_sign_in() {
    let data = folder();
    let started = start(&data, 2);
    let answer = request(
        &started.address,
        "GET /health/ready HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let line = &started.said[1];
    let file = line.rsplit(" in ").next().unwrap();
    let password = std::fs::read_to_string(file).unwrap();
    assert!(line.contains("owner@flaresmith.localhost") && !started.said.concat().contains(password.trim()));
    let body = format!(
        "{{\"email\":\"owner@flaresmith.localhost\",\"password\":\"{}\"}}",
        password.trim()
    );
    let answer = request(
        &started.address,
        &format!(
            "POST /auth/sign-in HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("accessToken"),
        "{answer}"
    );
    let text = |pointer: &str, answer: &str| {
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        body.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    };
    let bearer = format!(
        "connection: close\r\nauthorization: Bearer {}",
        text("/accessToken", &answer)
    );
    let me = request(
        &started.address,
        &format!("GET /auth/me HTTP/1.1\r\nhost: a\r\n{bearer}\r\n\r\n"),
    );
    let organization = text("/organizations/0/organization/id", &me);
    let body = "{\"email\":\"m@example.com\",\"role\":\"viewer\"}";
    let added = request(
        &started.address,
        &format!(
            "POST /organizations/{organization}/members HTTP/1.1\r\nhost: a\r\n{bearer}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let link = text("/invitation/url", &added);
    let beginning = format!("http://{}/invitations/", started.address);
    assert!(link.starts_with(&beginning), "{link}");
    drop(started);

    // The second start finds everything there, and says nothing of the password any more.
    let started = start(&data, 1);
    let answer = request(
        &started.address,
        "GET /auth/keys HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assert!(
        answer.contains("\"active\"") && !answer.contains("\"grace\""),
        "{answer}"
    );
    drop(started);
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn a_server_that_is_asked_to_stop_ends_well() {
    let data = folder();
    let mut started = start(&data, 1);
    let asked = Command::new("kill")
        .arg(started.child.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success() && started.child.wait().unwrap().success());
    std::fs::remove_dir_all(data).unwrap();
}

/// What a program says that does not start, and how it ends. One that starts is killed.
fn refusal(mut child: Child) -> (String, Option<i32>) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    for line in lines.map(Result::unwrap) {
        if line.starts_with("listening on") {
            child.kill().unwrap();
        }
        said.push_str(&line);
        said.push('\n');
    }
    (said, child.wait().unwrap().code())
}

#[test]
fn an_address_that_is_taken_is_told_before_anything_is_made() {
    let data = folder().join("data");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let child = program()
        .args(["--listen", &taken.local_addr().unwrap().to_string(), "--data"])
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (text, _) = refusal(child);
    assert!(text.contains("error[SERVER_ADDRESS]"), "{text}");
    assert!(!data.exists());
}

#[cfg(unix)]
#[test]
fn a_password_of_the_first_owner_that_is_weak_or_no_text_is_refused() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    for (password, code) in [
        (OsString::new(), "SERVER_FIRST_OWNER"),
        ("aaaaaaaaaaaaaaaa".into(), "SERVER_FIRST_OWNER"),
        (OsString::from_vec(vec![b'a', 0xff]), "SETTINGS_OWNER_PASSWORD"),
    ] {
        let data = folder();
        let child = program()
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .env("FLARESMITH_OWNER_PASSWORD", &password)
            // What others put into the environment disturbs nothing.
            .env("SOMETHING", OsString::from_vec(vec![0xff]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (text, ended) = refusal(child);
        assert_eq!(ended, Some(1), "{text}");
        assert!(
            text.contains(code) && text.contains("FLARESMITH_OWNER_PASSWORD"),
            "{text}"
        );
        std::fs::remove_dir_all(data).unwrap();
    }
}

#[test]
fn help_lists_every_setting_and_what_is_wrong_is_told_with_a_code() {
    let help = program().arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success());
    for name in [
        "--listen",
        "--database",
        "--databases",
        "--postgres",
        "--data",
        "--config",
        "--request-timeout",
        "--header-timeout",
        "--drain-timeout",
        "--max-connections",
        "--allow-origin",
        "--trusted-proxy",
        "--tls-certificate",
        "--check-answers",
        "--log-level",
        "--otlp-endpoint",
        "--trace-share",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "FLARESMITH_OWNER_PASSWORD",
        "CM_ENC_MASTER_V1",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(program().arg("--lsten").status().unwrap().code(), Some(2));
    for (flag, address, code) in [
        ("--database", "mysql://me:hush@host/x", "SETTINGS_DATABASE"),
        ("--databases", "mysql://me:hush@host/x", "SETTINGS_DATABASES"),
        ("--otlp-endpoint", "http://me:hush@host", "SETTINGS_OTLP_ENDPOINT"),
        ("--otlp-endpoint", "http://host/?key=hush", "SETTINGS_OTLP_ENDPOINT"),
    ] {
        let wrong = program().args([flag, address]).output().unwrap();
        let text = String::from_utf8(wrong.stderr).unwrap();
        assert_eq!(wrong.status.code(), Some(1));
        assert!(
            text.contains(&format!("error[{code}]")) && text.contains("= hint:"),
            "{text}"
        );
        assert!(!text.contains("hush"), "{text}");
    }
}
