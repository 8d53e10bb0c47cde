//! Flags, variables of the environment, and the names of the file's fields.
//!
//! Owns: their names and the text of `--help`. Must not know: defaults that depend on other settings.

use std::path::PathBuf;

use clap::{Args, Parser};
use serde::Deserialize;

use super::value::{Count, Network, Origin, PreviewHours, Redirect, Seconds, Share};
use crate::telemetry::log::Level;

/// The variable with headers for the collector, `NAME=VALUE` with commas between: they may hold a key.
pub(super) const OTLP_HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// The variable with the password of the first owner.
pub(super) const OWNER_PASSWORD: &str = "FLARESMITH_OWNER_PASSWORD";

/// The variable with the secret of the application at GitHub.
pub(super) const CLIENT_SECRET: &str = "FLARESMITH_GITHUB_CLIENT_SECRET";

const FURTHER: &str = "\
Only in the environment, never as flags:
  FLARESMITH_OWNER_PASSWORD  Password of the first owner; one is made and put into a file of the data folder when absent
  CM_ENC_MASTER_V1           Master key that encrypts what is secret: 32 bytes in base64 or hexadecimal. With it,
                             CM_ENC_MASTER_V2 and so on; the highest encrypts, the others still decrypt
  FLARESMITH_GITHUB_CLIENT_SECRET  Secret of the application at GitHub, in place of --github-client-secret-file
  OTEL_EXPORTER_OTLP_HEADERS Headers for the collector, NAME=VALUE with commas between, such as a key

The file that --config names is TOML with the names of the flags; what can be given several times is an array:
  listen = \"127.0.0.1:8787\"
  database = \"postgres://flaresmith@localhost/flaresmith\"
  allow-origin = [\"https://flaresmith.example\"]";

/// Serves the Flaresmith platform.
#[derive(Debug, Parser)]
#[command(name = "flaresmithd", version, after_help = FURTHER)]
pub struct Flags {
    /// File with settings
    #[arg(long, env = "FLARESMITH_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) given: Given,
}

/// What can be given as a flag, in the environment and in the file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Given {
    /// Address and port to listen on [default: 127.0.0.1:8787]; port 0 takes a free one
    #[arg(long, env = "FLARESMITH_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// `sqlite://PATH` or `postgres://…` [default: a SQLite file in the data folder]
    #[arg(long, env = "FLARESMITH_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(super) database: Option<String>,
    /// Databases of environments: `auto`, `none` for files that workers cannot reach, or `postgres://…`, a server whose role may make
    /// databases and roles [default: auto, which is the store's Postgres server, or on SQLite one that this server runs]
    #[arg(long, env = "FLARESMITH_DATABASES", value_name = "WHERE", hide_env_values = true)]
    pub(super) databases: Option<String>,
    /// Folder for what the server keeps on this machine [default: flaresmith in the folder for data of this person]
    #[arg(long, env = "FLARESMITH_DATA", value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,
    /// Most connections to a Postgres database [default: 16]
    #[arg(long, env = "FLARESMITH_CONNECTIONS", value_name = "N")]
    pub(super) connections: Option<u32>,
    /// File with master keys, one `NAME=VALUE` a line [default: master.keys in the data folder, made at the first start]
    #[arg(long, env = "FLARESMITH_MASTER_KEYS", value_name = "FILE")]
    pub(super) master_keys: Option<PathBuf>,
    /// Address under which people reach the server, for links [default: what it listens on]
    #[arg(long, env = "FLARESMITH_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Email of the first owner [default: owner@flaresmith.localhost]
    #[arg(long, env = "FLARESMITH_OWNER_EMAIL", value_name = "EMAIL")]
    pub(super) owner_email: Option<String>,

    /// The workerd that runs the workers of environments [default: the one that the project's build brings]
    #[arg(long, env = "FLARESMITH_WORKERD", value_name = "FILE")]
    pub(super) workerd: Option<PathBuf>,
    /// Whether the first commit of a project is built and deployed with it [default: true]
    #[arg(
        long,
        env = "FLARESMITH_FIRST_DEPLOYMENT",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub(super) first_deployment: Option<bool>,
    /// Hours without activity after which previews are archived, from 24 to 168, where a project says nothing else [default: 72]
    #[arg(long, env = "CM_PREVIEW_TTL_HOURS", value_name = "HOURS")]
    pub(super) preview_ttl_hours: Option<PreviewHours>,
    /// The newman that runs collections, a program of Node.js [default: one that is installed when it is needed]
    #[arg(long, env = "FLARESMITH_NEWMAN", value_name = "FILE")]
    pub(super) newman: Option<PathBuf>,
    /// Folder with the programs of Postgres for databases of environments: initdb, pg_ctl and postgres [default: those that are found
    /// on this machine, else ones that are installed when they are needed]
    #[arg(long, env = "FLARESMITH_POSTGRES", value_name = "FOLDER")]
    pub(super) postgres: Option<PathBuf>,
    /// Address of GitHub's API, for a server of one's own [default: https://api.github.com]
    #[arg(long, env = "FLARESMITH_GITHUB_API", value_name = "URL", hide_env_values = true)]
    pub(super) github_api: Option<String>,
    /// Address below which GitHub's repositories are [default: https://github.com]
    #[arg(long, env = "FLARESMITH_GITHUB_URL", value_name = "URL", hide_env_values = true)]
    pub(super) github_url: Option<String>,
    /// Id of the application at GitHub through which people sign in [default: none, they sign in with passwords]
    #[arg(
        long,
        env = "FLARESMITH_GITHUB_CLIENT_ID",
        value_name = "ID",
        help_heading = "Access"
    )]
    pub(super) github_client_id: Option<String>,
    /// File with the secret of that application
    #[arg(
        long,
        env = "FLARESMITH_GITHUB_CLIENT_SECRET_FILE",
        value_name = "FILE",
        help_heading = "Access"
    )]
    pub(super) github_client_secret_file: Option<PathBuf>,
    /// Address that people may come back to from GitHub; can be given several times. `http://127.0.0.1/signed-in`, without a port,
    /// is that of `flaresmith login --github`
    #[arg(
        long,
        env = "FLARESMITH_OAUTH_REDIRECT",
        value_name = "URL",
        value_delimiter = ',',
        help_heading = "Access"
    )]
    pub(super) oauth_redirect: Option<Vec<Redirect>>,
    /// Address of Neon's API [default: https://console.neon.tech/api/v2]
    #[arg(long, env = "FLARESMITH_NEON_API", value_name = "URL", hide_env_values = true)]
    pub(super) neon_api: Option<String>,
    /// Address of Postman's API [default: https://api.postman.com]
    #[arg(long, env = "FLARESMITH_POSTMAN_API", value_name = "URL", hide_env_values = true)]
    pub(super) postman_api: Option<String>,
    /// Address of Cloudflare's API [default: https://api.cloudflare.com/client/v4]
    #[arg(long, env = "FLARESMITH_CLOUDFLARE_API", value_name = "URL", hide_env_values = true)]
    pub(super) cloudflare_api: Option<String>,
    /// Address below which workers at Cloudflare answer [default: https://workers.dev]
    #[arg(
        long,
        env = "FLARESMITH_CLOUDFLARE_WORKERS",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(super) cloudflare_workers: Option<String>,

    /// Largest body of a request in bytes [default: 16777216]
    #[arg(long, env = "FLARESMITH_MAX_BODY", value_name = "BYTES", help_heading = "Limits")]
    pub(super) max_body: Option<usize>,
    /// Most connections of callers at once; further ones wait [default: 1024]
    #[arg(long, env = "FLARESMITH_MAX_CONNECTIONS", value_name = "N", help_heading = "Limits")]
    pub(super) max_connections: Option<Count>,
    /// Longest time until the head of a request is there, or TLS is agreed on [default: 10]
    #[arg(
        long,
        env = "FLARESMITH_HEADER_TIMEOUT",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    pub(super) header_timeout: Option<Seconds>,
    /// Longest time from the head of a request to the head of its answer, and without any of it being taken [default: 60]
    #[arg(
        long,
        env = "FLARESMITH_REQUEST_TIMEOUT",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    pub(super) request_timeout: Option<Seconds>,
    /// Longest time that requests under way are waited for when the server stops [default: 30]
    #[arg(
        long,
        env = "FLARESMITH_DRAIN_TIMEOUT",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    pub(super) drain_timeout: Option<Seconds>,
    /// Longest time that the build of a commit may take [default: 600]
    #[arg(
        long,
        env = "FLARESMITH_BUILD_TIMEOUT",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    pub(super) build_timeout: Option<Seconds>,
    /// Longest time that a run of a collection may take [default: 300]
    #[arg(
        long,
        env = "FLARESMITH_TEST_TIMEOUT",
        value_name = "SECONDS",
        help_heading = "Limits"
    )]
    pub(super) test_timeout: Option<Seconds>,

    /// Whether answers are held against the contract before they go out [default: in builds for development alone]
    #[arg(
        long,
        env = "FLARESMITH_CHECK_ANSWERS",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        help_heading = "Limits"
    )]
    pub(super) check_answers: Option<bool>,

    /// Lines of the log from this level on [default: info]
    #[arg(long, env = "FLARESMITH_LOG_LEVEL", value_name = "LEVEL", help_heading = "Telemetry")]
    pub(super) log_level: Option<Level>,
    /// Address of a collector that takes traces and metrics as OTLP over HTTP [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Telemetry"
    )]
    pub(super) otlp_endpoint: Option<String>,
    /// Share of traces that is kept, from 0 to 1, unless the caller decided; failures and what takes long always are
    /// [default: 0.05]
    #[arg(
        long,
        env = "FLARESMITH_TRACE_SHARE",
        value_name = "SHARE",
        help_heading = "Telemetry"
    )]
    pub(super) trace_share: Option<Share>,

    /// Origin whose pages may call the server from a browser; can be given several times [default: none]
    #[arg(
        long,
        env = "FLARESMITH_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        help_heading = "Access"
    )]
    pub(super) allow_origin: Option<Vec<Origin>>,
    /// Network of proxies whose `X-Forwarded-For` is believed; can be given several times [default: none]
    #[arg(
        long,
        env = "FLARESMITH_TRUSTED_PROXY",
        value_name = "NETWORK",
        value_delimiter = ',',
        help_heading = "Access"
    )]
    pub(super) trusted_proxy: Option<Vec<Network>>,
    /// File with the chain of certificates, in PEM: the server then speaks TLS and nothing else
    #[arg(
        long,
        env = "FLARESMITH_TLS_CERTIFICATE",
        value_name = "FILE",
        help_heading = "Access"
    )]
    pub(super) tls_certificate: Option<PathBuf>,
    /// File with the private key of the first certificate, in PEM
    #[arg(long, env = "FLARESMITH_TLS_KEY", value_name = "FILE", help_heading = "Access")]
    pub(super) tls_key: Option<PathBuf>,
}

impl Given {
    /// What is given here, and where nothing is, what is given there.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            database: self.database.or(other.database),
            databases: self.databases.or(other.databases),
            data: self.data.or(other.data),
            connections: self.connections.or(other.connections),
            master_keys: self.master_keys.or(other.master_keys),
            public_url: self.public_url.or(other.public_url),
            workerd: self.workerd.or(other.workerd),
            first_deployment: self.first_deployment.or(other.first_deployment),
            preview_ttl_hours: self.preview_ttl_hours.or(other.preview_ttl_hours),
            newman: self.newman.or(other.newman),
            postgres: self.postgres.or(other.postgres),
            github_api: self.github_api.or(other.github_api),
            github_url: self.github_url.or(other.github_url),
            github_client_id: self.github_client_id.or(other.github_client_id),
            github_client_secret_file: self.github_client_secret_file.or(other.github_client_secret_file),
            oauth_redirect: self.oauth_redirect.or(other.oauth_redirect),
            neon_api: self.neon_api.or(other.neon_api),
            postman_api: self.postman_api.or(other.postman_api),
            cloudflare_api: self.cloudflare_api.or(other.cloudflare_api),
            cloudflare_workers: self.cloudflare_workers.or(other.cloudflare_workers),
            owner_email: self.owner_email.or(other.owner_email),
            max_body: self.max_body.or(other.max_body),
            max_connections: self.max_connections.or(other.max_connections),
            header_timeout: self.header_timeout.or(other.header_timeout),
            request_timeout: self.request_timeout.or(other.request_timeout),
            drain_timeout: self.drain_timeout.or(other.drain_timeout),
            build_timeout: self.build_timeout.or(other.build_timeout),
            test_timeout: self.test_timeout.or(other.test_timeout),
            check_answers: self.check_answers.or(other.check_answers),
            log_level: self.log_level.or(other.log_level),
            otlp_endpoint: self.otlp_endpoint.or(other.otlp_endpoint),
            trace_share: self.trace_share.or(other.trace_share),
            allow_origin: self.allow_origin.or(other.allow_origin),
            trusted_proxy: self.trusted_proxy.or(other.trusted_proxy),
            tls_certificate: self.tls_certificate.or(other.tls_certificate),
            tls_key: self.tls_key.or(other.tls_key),
        }
    }
}
