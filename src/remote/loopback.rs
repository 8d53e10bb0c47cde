//! An address of this machine that a browser comes back to.
//!
//! Owns: listening on the loopback, reading what the browser brings, a page for the person. Must not know: who sends the browser.

use std::time::Duration;

use reqwest::Url;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::Trouble;

/// The path that browsers come back to.
const PATH: &str = "/signed-in";

/// Longest head of a request, in bytes.
const LONGEST: usize = 16 << 10;

/// Longest time that one connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A port that is listened on.
pub(crate) struct Loopback {
    listener: TcpListener,
    address: String,
}

/// What a browser brought.
enum Brought {
    Code(String),
    /// The person refused, or GitHub did.
    Refused(String),
}

impl Loopback {
    /// Listens on a free port.
    pub(crate) async fn open() -> Result<Self, Trouble> {
        let failed = |error: std::io::Error| {
            Trouble::local(
                "LOGIN_BROWSER",
                format!("no port of this machine can be listened on: {error}"),
            )
            .hint("sign in with a password: `flaresmith login --email EMAIL`")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self {
            listener,
            address: format!("http://127.0.0.1:{port}{PATH}"),
        })
    }

    /// Where browsers are to be sent.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for a browser with this state; the code that it brings. One with another state is shown the door and not waited with.
    pub(crate) async fn code(&self, state: &str, limit: Duration) -> Result<String, Trouble> {
        let (sender, mut found) = mpsc::channel(1);
        let listening = async {
            loop {
                if let Ok((stream, _)) = self.listener.accept().await {
                    let (sender, state) = (sender.clone(), state.to_owned());
                    // A browser may open connections that it sends nothing on; none keeps others waiting.
                    tokio::spawn(tokio::time::timeout(PATIENCE, async move {
                        if let Some(brought) = serve(&stream, &state).await {
                            let _ = sender.send(brought).await;
                        }
                    }));
                }
            }
        };
        let brought = tokio::select! {
            () = listening => None,
            brought = found.recv() => brought,
            () = tokio::time::sleep(limit) => None,
        };
        match brought {
            Some(Brought::Code(code)) => Ok(code),
            Some(Brought::Refused(why)) => Err(Trouble::local(
                "LOGIN_BROWSER",
                format!("GitHub did not let you in: {why}"),
            )
            .hint("run `flaresmith login --github` again and agree")),
            None => Err(Trouble::local("LOGIN_BROWSER", "no browser came back in time")
                .hint("run `flaresmith login --github` again, and open the address in a browser on this machine")),
        }
    }
}

/// Answers one request; what it brought with the right state.
async fn serve(stream: &TcpStream, state: &str) -> Option<Brought> {
    let target = target(stream).await?;
    let url = Url::parse(&format!("http://127.0.0.1{target}")).ok()?;
    let of = |name: &str| {
        url.query_pairs()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    };
    if url.path() != PATH || of("state").as_deref() != Some(state) {
        say(stream, "404 Not Found", "This is not the page that was waited for.").await;
        return None;
    }
    let brought = match (of("code"), of("error")) {
        (Some(code), None) => Brought::Code(code),
        // A word of the standard; anything longer is somebody's text.
        (_, Some(error)) if error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            Brought::Refused(error)
        }
        _ => Brought::Refused("it brought no code".to_owned()),
    };
    let text = match brought {
        Brought::Code(_) => "Go on where you ran flaresmith. This page can be closed.",
        Brought::Refused(_) => "You are not signed in. This page can be closed.",
    };
    say(stream, "200 OK", text).await;
    Some(brought)
}

/// What the first line of a request asks for, when its head is there.
async fn target(stream: &TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        stream.readable().await.ok()?;
        let mut part = [0; 4096];
        match stream.try_read(&mut part) {
            Ok(0) => return None,
            Ok(_) if head.len() > LONGEST => return None,
            Ok(read) => head.extend_from_slice(part.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    let head = String::from_utf8(head).ok()?;
    let mut words = head.lines().next()?.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some(target)) if target.starts_with('/') => Some(target.to_owned()),
        _ => None,
    }
}

async fn say(stream: &TcpStream, status: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    let mut left = answer.as_bytes();
    while !left.is_empty() && stream.writable().await.is_ok() {
        match stream.try_write(left) {
            Ok(written) => left = left.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    fn comes(address: &str, query: &str) -> String {
        let url = Url::parse(address).unwrap();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
        write!(stream, "GET {}{query} HTTP/1.1\r\nhost: a\r\n\r\n", url.path()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn waits(queries: &'static [&'static str]) -> Result<String, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let open = Loopback::open().await?;
            let address = open.address().to_owned();
            let browser = std::thread::spawn(move || {
                // One that says nothing keeps nobody waiting.
                let port = Url::parse(&address).unwrap().port().unwrap();
                let silent = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
                let answers: Vec<String> = queries.iter().map(|query| comes(&address, query)).collect();
                drop(silent);
                answers
            });
            let code = open.code("the-state", Duration::from_secs(60)).await;
            let answers = browser.join().unwrap();
            assert!(
                answers
                    .iter()
                    .rev()
                    .skip(1)
                    .all(|answer| answer.starts_with("HTTP/1.1 404")),
                "{answers:?}"
            );
            code
        })
    }

    #[test]
    fn a_browser_is_believed_only_with_the_state_that_was_given_out() {
        let code = waits(&["?code=stolen&state=other", "?code=stolen", "?code=mine&state=the-state"]);
        assert_eq!(code.unwrap(), "mine");
        let trouble = waits(&["?error=access_denied&state=the-state"]).unwrap_err();
        assert!(trouble.error.message.ends_with("access_denied"), "{trouble:?}");
    }
}
