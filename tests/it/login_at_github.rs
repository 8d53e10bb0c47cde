//! `flaresmith login --github`: the built program and the built server, with a GitHub and a browser of the test's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::hosted::{Hosted, OWNER, flaresmith};

/// The secret of the application at GitHub.
const SECRET: &str = "client-secret-that-nobody-may-see";

/// A GitHub that takes one code and knows the first owner; its address.
fn github() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (line, body) = request(&stream);
            let answer = match line.as_str() {
                "POST /login/oauth/access_token" => {
                    let asked: Value = serde_json::from_str(&body).unwrap();
                    let holds = asked["client_secret"] == SECRET && asked["code"] == "the-code";
                    match holds {
                        true => json!({ "access_token": "gho_token-of-the-test", "token_type": "bearer" }),
                        false => json!({ "error": "bad_verification_code" }),
                    }
                }
                "GET /user" => json!({ "id": 583_231, "login": "octo", "name": "Octo" }),
                "GET /user/emails?per_page=100" => json!([{ "email": OWNER, "primary": true, "verified": true }]),
                line => panic!("nobody calls {line}"),
            };
            let body = answer.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}",
                body.len()
            );
            write!(stream, "{head}\r\n\r\n{body}").unwrap();
        }
    });
    address
}

/// Method and target of a request, and its body.
fn request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let line = first.rsplit_once(' ').unwrap().0.to_owned();
    (line, String::from_utf8(body).unwrap())
}

/// A value of a query, for signs that tests use.
fn value(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.unwrap().replace("%3A", ":").replace("%2F", "/")
}

/// A browser goes to an address of this machine.
fn visit(address: &str, query: &str) -> String {
    let (authority, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "GET /{path}?{query} HTTP/1.1\r\nhost: {authority}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Signs in with what the browser brings; exit code, and everything that was said.
fn login(hosted: &Hosted, code: &str) -> (i32, String) {
    let home = tempfile::tempdir().unwrap();
    let mut child = flaresmith(home.path())
        .args(["login", "--github", "--url", &hosted.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("code_challenge_method=S256") {
        assert!(told.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let address = said.lines().last().unwrap().trim().to_owned();
    let (back, state) = (value(&address, "redirect_uri"), value(&address, "state"));
    let other = visit(&back, "code=stolen&state=of-somebody-else");
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    let page = visit(&back, &format!("code={code}&state={state}"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    told.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    said.push_str(&String::from_utf8(output.stdout).unwrap());
    assert!(
        !said.contains(SECRET) && !said.contains("gho_") && !said.contains(code),
        "{said}"
    );
    (output.status.code().unwrap(), said)
}

/// Shows 001/FR-020.
#[test]
fn a_person_signs_in_through_a_browser_and_a_code_that_github_refuses_signs_nobody_in() {
    let github = github();
    let hosted = Hosted::start_with(&[
        ("FLARESMITH_GITHUB_URL", &github),
        ("FLARESMITH_GITHUB_API", &github),
        ("FLARESMITH_GITHUB_CLIENT_ID", "Iv1.of-the-test"),
        ("FLARESMITH_GITHUB_CLIENT_SECRET", SECRET),
        ("FLARESMITH_OAUTH_REDIRECT", "http://127.0.0.1/signed-in"),
        ("FLARESMITH_OWNER_EMAIL", OWNER),
    ]);
    let (code, said) = login(&hosted, "the-code");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.ends_with(&format!("signed in at {} as {OWNER}\n", hosted.url())),
        "{said}"
    );
    let (code, said) = login(&hosted, "another-code");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error[AUTH_OAUTH_REFUSED]"), "{said}");
}
