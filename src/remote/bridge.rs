//! The bridge: messages of the Model Context Protocol between standard input and output, and the server's `/mcp`.
//!
//! Owns: one line a message here, one request a message there, the session between them. Must not know: tools, what a call does.
//!
//! The server speaks the protocol; what it knows and demands is the same over both transports. Standard output has messages and
//! nothing else.

use std::cell::RefCell;
use std::io::{BufRead as _, Write as _};
use std::rc::Rc;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use super::{Access, Remote, Trouble};

/// Names the session.
const SESSION: &str = "mcp-session-id";

/// Names the revision of the protocol.
const REVISION: &str = "mcp-protocol-version";

/// Where messages say the revision when each says its own.
const OWN_REVISION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// Codes of JSON-RPC.
const NO_JSON: i32 = -32700;
const NO_REQUEST: i32 = -32600;
const FAILED: i32 = -32000;

struct Bridge {
    access: Access,
    url: String,
    session: RefCell<Option<String>>,
    revision: RefCell<Option<String>>,
    /// How the session began, so that it can begin again when the server has forgotten it.
    opening: RefCell<Option<Value>>,
}

/// Carries messages until standard input ends.
pub(crate) fn run(remote: Remote, path: &str) {
    let (runtime, access) = remote.into_parts();
    let bridge = Rc::new(Bridge {
        url: format!("{}{path}", access.url()),
        access,
        session: RefCell::default(),
        revision: RefCell::default(),
        opening: RefCell::default(),
    });
    LocalSet::new().block_on(&runtime, carry(bridge));
}

async fn carry(bridge: Rc<Bridge>) {
    let mut lines = lines();
    let mut calls = JoinSet::new();
    while let Some(line) = lines.recv().await {
        if line.trim().is_empty() {
            continue;
        }
        let message: Value = match serde_json::from_str(&line) {
            Ok(message @ Value::Object(_)) => message,
            Ok(_) => {
                say(&failure(
                    &Value::Null,
                    NO_REQUEST,
                    "a message is one object; there are no batches",
                    None,
                ));
                continue;
            }
            Err(_) => {
                say(&failure(&Value::Null, NO_JSON, "the line is no JSON", None));
                continue;
            }
        };
        // Calls go side by side. What comes before them has reached the server when they start.
        let waits = message.get("id").is_none() || message["method"] == "initialize";
        let bridge = Rc::clone(&bridge);
        if waits {
            bridge.pass(message).await;
        } else {
            calls.spawn_local(async move { bridge.pass(message).await });
        }
    }
    while calls.join_next().await.is_some() {}
    bridge.close().await;
}

/// The lines of standard input, as they come.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Writes a message. A client that is gone reads nothing more; then standard input ends as well.
fn say(message: &Value) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{message}").and_then(|()| output.flush());
}

fn failure(id: &Value, code: i32, message: &str, data: Option<Value>) -> Value {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(data), Some(members)) = (data, error.as_object_mut()) {
        members.insert("data".to_owned(), data);
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

impl Bridge {
    /// Sends a message and says what comes back.
    async fn pass(&self, message: Value) {
        let id = message.get("id").cloned();
        let opens = message["method"] == "initialize";
        let answered = self.exchange(&message).await;
        match answered {
            Ok(answers) => {
                if opens {
                    self.opened(&message, &answers);
                }
                answers.iter().for_each(say);
            }
            // Nobody waits for the answer to a notification.
            Err(trouble) if id.is_some() => {
                let error = &trouble.error;
                let data = json!({ "code": error.code, "hint": error.hint, "requestId": trouble.request_id });
                let text = format!("{}: {}", error.code, error.message);
                say(&failure(&id.unwrap_or_default(), FAILED, &text, Some(data)));
            }
            Err(_) => {}
        }
    }

    /// Remembers what the two agreed on.
    fn opened(&self, message: &Value, answers: &[Value]) {
        let revision = answers
            .iter()
            .find_map(|answer| answer.pointer("/result/protocolVersion"));
        if let Some(revision) = revision.and_then(Value::as_str) {
            *self.revision.borrow_mut() = Some(revision.to_owned());
            *self.opening.borrow_mut() = Some(message.clone());
        }
    }

    async fn exchange(&self, message: &Value) -> Result<Vec<Value>, Trouble> {
        let response = self.send(message).await?;
        let forgotten = response.status() == StatusCode::NOT_FOUND && self.session.borrow().is_some();
        if !forgotten {
            return answers(response).await;
        }
        let opening = self.opening.borrow().clone();
        let Some(opening) = opening else {
            return answers(response).await;
        };
        *self.session.borrow_mut() = None;
        *self.revision.borrow_mut() = None;
        let again = answers(self.send(&opening).await?).await?;
        self.opened(&opening, &again);
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        answers(self.send(&initialized).await?).await?;
        answers(self.send(message).await?).await
    }

    async fn send(&self, message: &Value) -> Result<Response, Trouble> {
        let mut request = self
            .request(Method::POST)
            .await?
            .header(ACCEPT, "application/json, text/event-stream")
            .header(CONTENT_TYPE, "application/json");
        if let Some(own) = message.pointer(OWN_REVISION).and_then(Value::as_str) {
            // Revisions without sessions say in headers what the message is.
            request = request.header(REVISION, own);
            let named = [
                ("mcp-method", message.get("method")),
                ("mcp-name", message.pointer("/params/name")),
            ];
            for (header, value) in named {
                if let Some(value) = value.and_then(Value::as_str) {
                    request = request.header(header, value);
                }
            }
        } else {
            if let Some(session) = &*self.session.borrow() {
                request = request.header(SESSION, session);
            }
            if let Some(revision) = &*self.revision.borrow() {
                request = request.header(REVISION, revision);
            }
        }
        let response = request.body(message.to_string()).send().await;
        let response = response.map_err(|error| Trouble::unreachable(&error))?;
        if let Some(session) = response.headers().get(SESSION).and_then(|id| id.to_str().ok()) {
            *self.session.borrow_mut() = Some(session.to_owned());
        }
        Ok(response)
    }

    async fn request(&self, method: Method) -> Result<RequestBuilder, Trouble> {
        let token = self.access.token().await?;
        Ok(self.access.http().request(method, &self.url).bearer_auth(token))
    }

    /// Ends the session.
    async fn close(&self) {
        let session = self.session.borrow_mut().take();
        if let Some(session) = session
            && let Ok(request) = self.request(Method::DELETE).await
        {
            let _ = request.header(SESSION, session).send().await;
        }
    }
}

/// The messages of a response.
async fn answers(response: Response) -> Result<Vec<Value>, Trouble> {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let events = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
    let text = response
        .text()
        .await
        .map_err(|error| Trouble::unreachable(&error.without_url()))?;
    if events {
        return Ok(data_of(&text));
    }
    let body: Option<Value> = serde_json::from_str(&text).ok();
    match body {
        Some(body) if body.get("jsonrpc").is_some() => Ok(vec![body]),
        _ if status.is_success() => Ok(Vec::new()),
        body => Err(refused(status, body.as_ref(), &text)),
    }
}

/// The JSON of every event that has any.
fn data_of(events: &str) -> Vec<Value> {
    let events = events.replace("\r\n", "\n");
    let data = events.split("\n\n").map(|event| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
    });
    data.filter_map(|data| serde_json::from_str(&data).ok()).collect()
}

/// A failure of the server before it looked at the message: nobody is signed in, or something else stands at the address.
fn refused(status: StatusCode, body: Option<&Value>, text: &str) -> Trouble {
    let fact = |name: &str| body?.pointer(&format!("/error/{name}"))?.as_str();
    let Some(code) = fact("code") else {
        return Trouble::unexpected(status.as_u16(), text.chars().take(200).collect::<String>().trim());
    };
    let mut trouble = Trouble::told(code, fact("message").unwrap_or_default());
    if trouble.error.hint.is_none() {
        trouble.error.hint = fact("hint").map(str::to_owned);
    }
    trouble.request_id = fact("requestId").map(str::to_owned);
    trouble
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_without_json_are_no_messages() {
        let events =
            "id: 0\nretry: 3000\ndata:\n\ndata: {\"a\":\ndata: 1}\r\n\r\n: ping\n\nevent: message\ndata: {\"b\":2}\n\n";
        assert_eq!(data_of(events), [json!({ "a": 1 }), json!({ "b": 2 })]);
    }
}
