//! Settings: what the server is told by flags, environment and file.
//!
//! Owns: every setting, its default, and which source wins: a flag over the environment, the environment over the file. Must not
//! know: what a setting does.

mod cloudflare;
mod database;
mod file;
mod flags;
mod github;
mod neon;
mod postman;
mod sign_in;
pub mod value;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use clap::Parser as _;
use clap::error::ErrorKind;

use flaresmith_api::wire::percent_decode;

use crate::problem::Problem;
use crate::telemetry::log::Level;
pub use cloudflare::CloudflarePlace;
pub use database::{Database, Databases};
pub use flags::Flags;
use flags::Given;
pub use github::GithubPlace;
pub use sign_in::GithubSignIn;
use value::{Collector, Network, Origin};

/// Where it listens when nothing is said.
const LISTEN: &str = "127.0.0.1:8787";

/// Hours without activity after which previews are archived when nothing is said.
const PREVIEW_TTL_HOURS: i32 = 72;

/// Largest body of a request when nothing is said, in bytes.
const MAX_BODY: usize = 16 << 20;

/// Everything the server is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: String,
    /// Folder for what the server keeps on this machine.
    pub data: PathBuf,
    /// The database.
    pub database: Database,
    /// Where databases of environments are.
    pub databases: Databases,
    /// Most connections to a Postgres database.
    pub connections: u32,
    /// Largest body of a request, in bytes.
    pub max_body: usize,
    /// Whether answers are held against the contract before they go out: in builds for development they are.
    pub check_answers: bool,
    /// Lines of the log from this level on.
    pub log_level: Level,
    /// Share of traces that is kept whatever happens in them, from 0 to 1.
    pub sample_rate: f64,
    /// Where traces and metrics are sent; nowhere when absent.
    pub otlp: Option<Otlp>,
    /// What is allowed to whoever calls.
    pub limits: Limits,
    /// Origins whose pages may call from a browser.
    pub allow_origin: Vec<Origin>,
    /// Proxies that say truly where a request comes from.
    pub trusted_proxy: Vec<Network>,
    /// What TLS is spoken with; plain HTTP when absent.
    pub tls: Option<Tls>,
    /// File with master keys, one `NAME=VALUE` a line.
    pub master_keys: PathBuf,
    /// Address under which people reach the server; of what it listens on when absent.
    pub public_url: Option<String>,
    /// Email of the first owner.
    pub owner_email: String,
    /// Password of the first owner; one is made when absent.
    pub owner_password: Option<Hidden>,
    /// Whether the first commit of a project is built and deployed with it.
    pub first_deployment: bool,
    /// Hours without activity after which previews are archived, where a project says nothing else.
    pub preview_ttl_hours: i32,
    /// The workerd that runs workers; the one that a build brings when absent.
    pub workerd: Option<PathBuf>,
    /// The newman that runs collections; one of the server's own when absent.
    pub newman: Option<PathBuf>,
    /// The folder with the programs of Postgres; what is found, or the server's own, when absent.
    pub postgres: Option<PathBuf>,
    /// Where GitHub is.
    pub github: GithubPlace,
    /// The application at GitHub through which people sign in; they cannot when absent.
    pub sign_in: Option<GithubSignIn>,
    /// Address of Neon's API.
    pub neon: reqwest::Url,
    /// Address of Postman's API.
    pub postman: reqwest::Url,
    /// Where Cloudflare is.
    pub cloudflare: CloudflarePlace,
}

/// What is allowed to whoever calls.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections at once.
    pub connections: usize,
    /// Longest time until the head of a request is there, or TLS is agreed on.
    pub header: Duration,
    /// Longest time from the head of a request to the head of its answer, and for which a caller may take nothing of an answer.
    pub request: Duration,
    /// Longest time that requests under way are waited for when the server stops.
    pub drain: Duration,
    /// Longest time that the build of a commit may take.
    pub build: Duration,
    /// Longest time that a run of a collection may take.
    pub test: Duration,
}

/// A collector that takes OTLP over HTTP.
#[derive(Debug, Clone)]
pub struct Otlp {
    /// Its address, without a slash at its end; `/v1/traces` and `/v1/metrics` are below it.
    pub endpoint: String,
    /// Headers of every message. Their values are secret.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// What TLS is spoken with: files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain of certificates.
    pub certificate: PathBuf,
    /// The private key of the first.
    pub key: PathBuf,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Takes a text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why there are no settings: help was asked for, or something is wrong.
#[derive(Debug)]
pub enum Stop {
    /// Text for standard output; nothing is wrong.
    Help(String),
    /// Wrong usage: text for standard error.
    Usage(String),
    /// Something is wrong with a value.
    Problem(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Settings {
    /// Settings from arguments (the first is the program), the environment and the file that they name.
    ///
    /// # Errors
    /// Help, wrong usage, or a value that cannot be.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        let flags = Flags::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Help(error.to_string()),
            _ => Stop::Usage(error.to_string()),
        })?;
        let file = match &flags.config {
            Some(path) => file::read(path)?,
            None => Given::default(),
        };
        Ok(Self::merged(flags.given.or(file))?)
    }

    /// Settings for a data folder, everything else as when nothing is said.
    #[must_use]
    pub fn for_data(data: &Path) -> Self {
        Self {
            listen: LISTEN.to_owned(),
            database: Database::Sqlite(data.join("flaresmith.sqlite")),
            databases: Databases::Auto,
            connections: 16,
            max_body: MAX_BODY,
            check_answers: cfg!(debug_assertions),
            log_level: Level::Info,
            sample_rate: 0.05,
            otlp: None,
            limits: Limits::default(),
            allow_origin: Vec::new(),
            trusted_proxy: Vec::new(),
            tls: None,
            master_keys: data.join("master.keys"),
            public_url: None,
            owner_email: "owner@flaresmith.localhost".to_owned(),
            owner_password: None,
            first_deployment: true,
            preview_ttl_hours: PREVIEW_TTL_HOURS,
            workerd: None,
            newman: None,
            postgres: None,
            github: GithubPlace::default(),
            sign_in: None,
            neon: neon::usual(),
            postman: postman::usual(),
            cloudflare: CloudflarePlace::default(),
            data: data.to_owned(),
        }
    }

    /// The address under which people reach the server, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{}://{}", self.scheme(), self.listen),
        }
    }

    /// What is spoken: `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    fn merged(given: Given) -> Result<Self, Problem> {
        let data = match given.data {
            Some(data) => data,
            None => data_folder()?,
        };
        let mut settings = Self::for_data(&data);
        if let Some(url) = given.database {
            settings.database = Database::parse(&url)?;
        }
        if let Some(databases) = given.databases {
            settings.databases = Databases::parse(&databases)?;
        }
        if let Some(listen) = given.listen {
            settings.listen = listen;
        }
        if let Some(connections) = given.connections {
            settings.connections = connections.max(1);
        }
        if let Some(path) = given.master_keys {
            settings.master_keys = path;
        }
        settings.public_url = given.public_url;
        settings.workerd = given.workerd;
        settings.first_deployment = given.first_deployment.unwrap_or(true);
        settings.preview_ttl_hours = given.preview_ttl_hours.map_or(PREVIEW_TTL_HOURS, |hours| hours.0);
        settings.newman = given.newman;
        settings.postgres = given.postgres;
        settings.github = GithubPlace::of(given.github_api.as_deref(), given.github_url.as_deref())?;
        settings.sign_in = sign_in::given(
            given.github_client_id,
            given.github_client_secret_file,
            given.oauth_redirect,
        )?;
        settings.neon = given.neon_api.as_deref().map_or(Ok(neon::usual()), neon::given)?;
        settings.postman = given
            .postman_api
            .as_deref()
            .map_or(Ok(postman::usual()), postman::given)?;
        settings.cloudflare =
            CloudflarePlace::of(given.cloudflare_api.as_deref(), given.cloudflare_workers.as_deref())?;
        if let Some(email) = given.owner_email {
            settings.owner_email = email.trim().to_lowercase();
        }
        settings.max_body = given.max_body.unwrap_or(MAX_BODY);
        settings.check_answers = given.check_answers.unwrap_or(settings.check_answers);
        settings.log_level = given.log_level.unwrap_or(settings.log_level);
        settings.sample_rate = given.trace_share.map_or(settings.sample_rate, |share| share.0);
        if let Some(endpoint) = given.otlp_endpoint.filter(|endpoint| !endpoint.is_empty()) {
            // What was given is not repeated: it may hold a password.
            let endpoint: Collector = endpoint.parse().map_err(|wrong| {
                Problem::new(
                    "SETTINGS_OTLP_ENDPOINT",
                    format!("the address of the collector {wrong}"),
                )
                .hint("keys for it belong into OTEL_EXPORTER_OTLP_HEADERS")
            })?;
            let headers = std::env::var(flags::OTLP_HEADERS).unwrap_or_default();
            settings.otlp = Some(Otlp {
                endpoint: endpoint.0,
                headers: otlp_headers(&headers)?,
            });
        }
        let limits = Limits::default();
        settings.limits = Limits {
            connections: given.max_connections.map_or(limits.connections, |count| count.0),
            header: given.header_timeout.map_or(limits.header, |time| time.0),
            request: given.request_timeout.map_or(limits.request, |time| time.0),
            drain: given.drain_timeout.map_or(limits.drain, |time| time.0),
            build: given.build_timeout.map_or(limits.build, |time| time.0),
            test: given.test_timeout.map_or(limits.test, |time| time.0),
        };
        settings.allow_origin = given.allow_origin.unwrap_or_default();
        settings.trusted_proxy = given.trusted_proxy.unwrap_or_default();
        settings.tls = match (given.tls_certificate, given.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (certificate, _) => return Err(half_of_tls(certificate.is_some())),
        };
        // Never a flag: other people on the machine see those.
        settings.owner_password = std::env::var_os(flags::OWNER_PASSWORD).map(password).transpose()?;
        Ok(settings)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header: Duration::from_secs(10),
            request: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            build: Duration::from_secs(600),
            test: Duration::from_secs(300),
        }
    }
}

/// TLS needs both of its files.
fn half_of_tls(has_certificate: bool) -> Problem {
    let (given, missing) = if has_certificate {
        ("--tls-certificate", "--tls-key")
    } else {
        ("--tls-key", "--tls-certificate")
    };
    Problem::new("SERVER_TLS", format!("{given} is given without {missing}"))
        .at(given)
        .hint("give both: `--tls-certificate FILE --tls-key FILE`")
}

/// Headers for the collector. What is wrong is not repeated: it may be a key.
fn otlp_headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, Problem> {
    let wrong = || {
        Problem::new(
            "SETTINGS_OTLP_HEADERS",
            "the headers for the collector are of no form that is known",
        )
        .at(flags::OTLP_HEADERS)
        .hint("write `NAME=VALUE`, with commas between several; `%2C` stands for a comma in a value")
    };
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
            let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
            let value = percent_decode(value.trim(), false).ok_or_else(wrong)?;
            let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect()
}

fn password(given: OsString) -> Result<Hidden, Problem> {
    given.into_string().map(Hidden::new).map_err(|_| {
        Problem::new("SETTINGS_OWNER_PASSWORD", "the password of the first owner is no text")
            .at(flags::OWNER_PASSWORD)
            .hint("set it to a text in UTF-8, or unset it and have one made")
    })
}

/// The folder for data of this person: that of the desktop's convention.
fn data_folder() -> Result<PathBuf, Problem> {
    let from = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    from("XDG_DATA_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".local/share")))
        .map(|folder| folder.join("flaresmith"))
        .ok_or_else(|| {
            Problem::new("SETTINGS_DATA", "there is no home folder to keep data in").hint("name one: `--data FOLDER`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_for_a_collector_are_read_and_never_repeated() {
        let read = otlp_headers("x-key=hush%2Chush, authorization=Bearer%20abc,").unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(read, [("x-key", "hush,hush"), ("authorization", "Bearer abc")]);
        for wrong in ["hush", "a b=hush", "=hush", "x=hush%0A"] {
            let problem = otlp_headers(wrong).unwrap_err();
            assert!(!format!("{problem:?}").contains("hush"), "{problem}");
        }
        let shown = format!("{:?}", otlp_headers("x-key=hush"));
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let folder = std::env::temp_dir().join(format!("flaresmith-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("server.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nmax-body = 7\n").unwrap();
        let arguments = [
            "flaresmithd",
            "--config",
            path.to_str().unwrap(),
            "--listen",
            "127.0.0.1:2",
        ];
        let settings = Settings::read(arguments.map(OsString::from)).unwrap();
        assert_eq!((settings.listen.as_str(), settings.max_body), ("127.0.0.1:2", 7));
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nlsten = 7\n").unwrap();
        let Err(Stop::Problem(problem)) = Settings::read(arguments.map(OsString::from)) else {
            panic!("a wrong field is told");
        };
        assert_eq!(problem.code, "SETTINGS_FILE");
        assert!(problem.place.unwrap().ends_with("server.toml:2:1"));
        std::fs::write(
            &path,
            "listen = \"127.0.0.1:1\"\n\nallow-origin = [\"https://a.example\", \"a\"]\n",
        )
        .unwrap();
        let Err(Stop::Problem(problem)) = Settings::read(arguments.map(OsString::from)) else {
            panic!("a wrong value is told");
        };
        assert!(problem.message.contains("origin"), "{problem}");
        assert!(problem.place.unwrap().contains("server.toml:3:"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
