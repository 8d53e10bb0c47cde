//! Settings: what the server is told by flags, environment and file.
//!
//! Owns: every setting, its default, and which source wins: a flag over the environment, the environment over the file. Must not
//! know: what a setting does.

mod file;
mod flags;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::problem::Problem;
use file::File;
pub use flags::Flags;

/// Where it listens when nothing is said.
const LISTEN: &str = "127.0.0.1:8787";

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
    /// Most connections to a Postgres database.
    pub connections: u32,
    /// Largest body of a request, in bytes.
    pub max_body: usize,
    /// File with master keys, one `NAME=VALUE` a line.
    pub master_keys: PathBuf,
    /// Address under which people reach the server; of what it listens on when absent.
    pub public_url: Option<String>,
    /// Email of the first owner.
    pub owner_email: String,
    /// Password of the first owner; one is made when absent.
    pub owner_password: Option<Hidden>,
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file, made when it is not there.
    Sqlite(PathBuf),
    /// A Postgres address; it may hold a password.
    Postgres(Hidden),
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
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        Ok(Self::merged(flags, file)?)
    }

    /// Settings for a data folder, everything else as when nothing is said.
    #[must_use]
    pub fn for_data(data: &Path) -> Self {
        Self {
            listen: LISTEN.to_owned(),
            database: Database::Sqlite(data.join("flaresmith.sqlite")),
            connections: 16,
            max_body: MAX_BODY,
            master_keys: data.join("master.keys"),
            public_url: None,
            owner_email: "owner@flaresmith.localhost".to_owned(),
            owner_password: None,
            data: data.to_owned(),
        }
    }

    /// The address under which people reach the server, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    fn merged(flags: Flags, file: File) -> Result<Self, Problem> {
        let data = match flags.data.or(file.data) {
            Some(data) => data,
            None => data_folder()?,
        };
        let mut settings = Self::for_data(&data);
        if let Some(url) = flags.database.or(file.database) {
            settings.database = Database::parse(&url)?;
        }
        if let Some(listen) = flags.listen.or(file.listen) {
            settings.listen = listen;
        }
        if let Some(connections) = flags.connections.or(file.connections) {
            settings.connections = connections.max(1);
        }
        if let Some(max_body) = flags.max_body.or(file.max_body) {
            settings.max_body = max_body;
        }
        if let Some(path) = flags.master_keys.or(file.master_keys) {
            settings.master_keys = path;
        }
        settings.public_url = flags.public_url.or(file.public_url);
        if let Some(email) = flags.owner_email.or(file.owner_email) {
            settings.owner_email = email.trim().to_lowercase();
        }
        // Never a flag: other people on the machine see those.
        settings.owner_password = std::env::var_os(flags::OWNER_PASSWORD).map(password).transpose()?;
        Ok(settings)
    }
}

impl Database {
    /// Reads `sqlite://PATH` or `postgres://…`.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') || path.contains('?') {
                return Err(Problem::new("SETTINGS_DATABASE", "`sqlite:` needs the path of a file")
                    .hint("write `--database sqlite:///var/lib/flaresmith/store.sqlite`"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(Hidden::new(url)));
        }
        // The address itself is not repeated: it may hold a password.
        Err(Problem::new(
            "SETTINGS_DATABASE",
            "the address of the database has no form that is known",
        )
        .hint("write `sqlite://PATH` or `postgres://USER@HOST/NAME`"))
    }
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
    fn the_address_of_a_database_is_read_and_never_repeated() {
        assert_eq!(
            Database::parse("sqlite:///a/b.sqlite").ok(),
            Some(Database::Sqlite("/a/b.sqlite".into()))
        );
        assert_eq!(
            Database::parse("sqlite://b.sqlite").ok(),
            Some(Database::Sqlite("b.sqlite".into()))
        );
        let shown = format!("{:?}", Database::parse("postgres://me:hush@host/name"));
        assert!(!shown.contains("hush"), "{shown}");
        let refused = Database::parse("mysql://me:hush@host/name").unwrap_err();
        assert!(!refused.to_string().contains("hush"), "{refused}");
        for bad in ["sqlite:", "sqlite://", "sqlite::memory:", ""] {
            assert!(Database::parse(bad).is_err(), "{bad}");
        }
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
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
