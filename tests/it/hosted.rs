//! A server of a test's own: the built `flaresmithd` on a fresh store, people with roles, and requests as they go over the wire.
//!
//! Owns: starting and stopping it, signing in. Must not know: what is proved.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The first owner.
pub(crate) const OWNER: &str = "owner@flaresmith.localhost";

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What is said to whoever built only a part.
const ABSENT: &str = "there is no flaresmithd beside the program; build it: `cargo build -p flaresmith-runtime`";

/// A running server.
pub(crate) struct Hosted {
    child: Child,
    address: String,
    folder: TempDir,
    /// Whether projects get all that they get on a machine where nobody said anything.
    whole: bool,
    /// Whether it runs a Postgres, which one that is killed leaves behind.
    has_postgres: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    #[track_caller]
    fn text(&self, pointer: &str) -> String {
        let body = self.json();
        let found = body.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("no text at {pointer}: {self:?}"))
            .to_owned()
    }
}

fn server() -> PathBuf {
    let name = format!("flaresmithd{}", std::env::consts::EXE_SUFFIX);
    let path = Path::new(env!("CARGO_BIN_EXE_flaresmith")).with_file_name(name);
    assert!(path.is_file(), "{ABSENT}");
    path
}

impl Hosted {
    /// One with nothing but its first owner.
    pub(crate) fn start() -> Self {
        Self::in_folder(false, &[])
    }

    /// The same with databases of environments and first deployments of projects, as when nothing is said.
    pub(crate) fn whole() -> Self {
        Self::in_folder(true, &[])
    }

    /// One with databases of environments, whose projects begin without a deployment.
    pub(crate) fn with_databases() -> Self {
        let mut hosted = Self::in_folder(false, &[("FLARESMITH_DATABASES", "auto")]);
        hosted.has_postgres = true;
        hosted
    }

    /// One with more in its environment, until it is started again.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::in_folder(false, variables)
    }

    fn in_folder(whole: bool, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Where the tests run as root, another user runs Postgres.
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        }
        let (child, address) = listening(folder.path(), "127.0.0.1:0", whole, variables);
        Self {
            child,
            address,
            folder,
            whole,
            has_postgres: whole,
        }
    }

    /// Stops it and starts it again, at the same address with the same data.
    pub(crate) fn restart(&mut self) {
        self.stop();
        (self.child, _) = listening(self.folder.path(), &self.address, self.whole, &[]);
    }

    fn stop(&mut self) {
        #[cfg(unix)]
        if self.has_postgres && self.ends_when_asked() {
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks it to stop, as a service manager does; whether it ended well.
    #[cfg(unix)]
    pub(crate) fn ends_when_asked(&mut self) -> bool {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        asked.success() && self.child.wait().unwrap().success()
    }

    /// Sends a request.
    pub(crate) fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut text = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Sends JSON with a token.
    pub(crate) fn call(&self, token: &str, line: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(line, &headers, &body.to_string())
    }

    /// An access token of the first owner.
    pub(crate) fn owner(&self) -> String {
        let body = json!({ "email": OWNER, "password": PASSWORD }).to_string();
        let answer = self.send("POST /auth/sign-in", &[("content-type", "application/json")], &body);
        answer.text("/accessToken")
    }

    /// An access token of a new person with a role in the owner's organization.
    pub(crate) fn member(&self, email: &str, role: &str) -> String {
        let owner = self.owner();
        let me = self.call(&owner, "GET /auth/me", &json!({}));
        let organization = me.text("/organizations/0/organization/id");
        let line = format!("POST /organizations/{organization}/members");
        let added = self.call(&owner, &line, &json!({ "email": email, "role": role }));
        let accept = json!({ "token": added.text("/invitation/token"), "name": role, "password": PASSWORD });
        let json = [("content-type", "application/json")];
        let joined = self.send("POST /auth/invitations/accept", &json, &accept.to_string());
        joined.text("/accessToken")
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listening(data: &Path, address: &str, whole: bool, variables: &[(&str, &str)]) -> (Child, String) {
    let mut child = Command::new(server())
        .args(["--listen", address, "--data"])
        .arg(data)
        .env("FLARESMITH_OWNER_PASSWORD", PASSWORD)
        .envs((!whole).then(|| ("FLARESMITH_WORKERD", workerd())))
        // What a project begins with takes npm a while to build, and Postgres a while to be made.
        .env("FLARESMITH_FIRST_DEPLOYMENT", whole.to_string())
        .env("FLARESMITH_DATABASES", if whole { "auto" } else { "none" })
        // Nobody listens there: no test asks providers anything.
        .env("FLARESMITH_GITHUB_API", "http://127.0.0.1:1")
        .env("FLARESMITH_NEON_API", "http://127.0.0.1:1")
        .env("FLARESMITH_POSTMAN_API", "http://127.0.0.1:1")
        .env("FLARESMITH_CLOUDFLARE_API", "http://127.0.0.1:1")
        .env_remove("FLARESMITH_DATABASE")
        .env_remove("FLARESMITH_CONFIG")
        .env_remove("CM_ENC_MASTER_V1")
        .envs(variables.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    (child, address)
}

/// The workerd of the toolchain; tests that need it say what is missing.
fn workerd() -> PathBuf {
    let scope = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/toolchain/node_modules/@cloudflare");
    let found = std::fs::read_dir(&scope).into_iter().flatten().flatten();
    let mut files = found
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("workerd-"))
        .map(|entry| entry.path().join("bin/workerd"));
    files.find(|file| file.is_file()).unwrap_or(scope)
}

/// The program with a folder for settings of its own, and nothing of this machine's.
pub(crate) fn flaresmith(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flaresmith"));
    command.env("XDG_CONFIG_HOME", home).env("HOME", home).current_dir(home);
    for name in ["FLARESMITH_URL", "FLARESMITH_TOKEN", "FLARESMITH_PASSWORD"] {
        command.env_remove(name);
    }
    command
}
