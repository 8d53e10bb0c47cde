//! Flags and variables of the environment.
//!
//! Owns: their names and the text of `--help`. Must not know: defaults that depend on other settings.

use std::path::PathBuf;

use clap::Parser;

/// The variable with the password of the first owner.
pub(super) const OWNER_PASSWORD: &str = "FLARESMITH_OWNER_PASSWORD";

const FURTHER: &str = "\
Only in the environment, never as flags:
  FLARESMITH_OWNER_PASSWORD  Password of the first owner; one is made and put into a file of the data folder when absent
  CM_ENC_MASTER_V1           Master key that encrypts what is secret: 32 bytes in base64 or hexadecimal. With it,
                             CM_ENC_MASTER_V2 and so on; the highest encrypts, the others still decrypt

The file that --config names is TOML with the names of the flags:
  listen = \"127.0.0.1:8787\"
  database = \"postgres://flaresmith@localhost/flaresmith\"";

/// Serves the Flaresmith platform.
#[derive(Debug, Parser)]
#[command(name = "flaresmithd", version, after_help = FURTHER)]
pub struct Flags {
    /// File with settings
    #[arg(long, env = "FLARESMITH_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8787]; port 0 takes a free one
    #[arg(long, env = "FLARESMITH_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// `sqlite://PATH` or `postgres://…` [default: a SQLite file in the data folder]
    #[arg(long, env = "FLARESMITH_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(super) database: Option<String>,
    /// Folder for what the server keeps on this machine [default: flaresmith in the folder for data of this person]
    #[arg(long, env = "FLARESMITH_DATA", value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,
    /// Most connections to a Postgres database [default: 16]
    #[arg(long, env = "FLARESMITH_CONNECTIONS", value_name = "N")]
    pub(super) connections: Option<u32>,
    /// Largest body of a request in bytes [default: 16777216]
    #[arg(long, env = "FLARESMITH_MAX_BODY", value_name = "BYTES")]
    pub(super) max_body: Option<usize>,
    /// File with master keys, one `NAME=VALUE` a line [default: master.keys in the data folder, made at the first start]
    #[arg(long, env = "FLARESMITH_MASTER_KEYS", value_name = "FILE")]
    pub(super) master_keys: Option<PathBuf>,
    /// Address under which people reach the server, for links [default: what it listens on]
    #[arg(long, env = "FLARESMITH_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Email of the first owner [default: owner@flaresmith.localhost]
    #[arg(long, env = "FLARESMITH_OWNER_EMAIL", value_name = "EMAIL")]
    pub(super) owner_email: Option<String>,
}
