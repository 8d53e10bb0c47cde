//! Master keys: where they come from.
//!
//! Owns: reading them from the environment or a file, and making the first. Must not know: what they encrypt.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// How the name of a master key begins; a number follows.
const PREFIX: &str = "CM_ENC_MASTER_V";

/// The master keys by version. There is always at least one.
#[derive(Clone)]
pub struct MasterKeys {
    keys: BTreeMap<u32, (String, Zeroizing<[u8; 32]>)>,
    current: (String, Zeroizing<[u8; 32]>),
}

impl MasterKeys {
    /// A single key.
    #[must_use]
    pub fn single(id: &str, key: [u8; 32]) -> Self {
        let entry = (id.to_owned(), Zeroizing::new(key));
        Self {
            keys: BTreeMap::from([(version(id).unwrap_or(1), entry.clone())]),
            current: entry,
        }
    }

    /// The keys of the environment (`variables`), else those of the file; without either, a first key is made and written to
    /// the file, readable by its owner only.
    ///
    /// # Errors
    /// A key that is none, or a file that cannot be read or written.
    pub fn load(variables: impl IntoIterator<Item = (String, String)>, file: &Path) -> Result<Self, Problem> {
        let given: Vec<(String, String)> = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        if !given.is_empty() {
            return Self::parse(given, "the environment");
        }
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                let lines = text
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty() && !line.starts_with('#'));
                let pairs = lines.filter_map(|line| line.split_once('='));
                let pairs = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
                Self::parse(pairs, &file.display().to_string())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(file),
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    fn make(file: &Path) -> Result<Self, Problem> {
        let key = super::random::<32>().map_err(|error| Problem::new("SECRETS_MASTER_KEY", error.to_string()))?;
        let id = format!("{PREFIX}1");
        let line = Zeroizing::new(format!("{id}={}\n", STANDARD.encode(key)));
        match private(file).and_then(|mut written| written.write_all(line.as_bytes()).and_then(|()| written.sync_all()))
        {
            Ok(()) => Ok(Self::single(&id, key)),
            // Another process was faster: its key is the one.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::load([], file),
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    fn parse(pairs: impl IntoIterator<Item = (String, String)>, place: &str) -> Result<Self, Problem> {
        let mut keys = BTreeMap::new();
        for (name, value) in pairs {
            let wrong = |message: &str| {
                Problem::new("SECRETS_MASTER_KEY", format!("`{name}` {message}"))
                    .at(place)
                    .hint("a master key is 32 bytes: `openssl rand -base64 32`")
            };
            let version = version(&name).ok_or_else(|| wrong("does not end in a version number"))?;
            let key = decode(&value).ok_or_else(|| wrong("is not 32 bytes in base64 or hexadecimal"))?;
            keys.insert(version, (name, Zeroizing::new(key)));
        }
        let current = keys.last_key_value().map(|(_, entry)| entry.clone()).ok_or_else(|| {
            Problem::new("SECRETS_MASTER_KEY", "there is no master key")
                .at(place)
                .hint(format!("write a line `{PREFIX}1=` and 32 bytes in base64"))
        })?;
        Ok(Self { keys, current })
    }

    /// The key that encrypts now.
    pub(super) fn current(&self) -> (&str, &[u8; 32]) {
        (&self.current.0, &self.current.1)
    }

    /// The key of this id.
    pub(super) fn get(&self, id: &str) -> Option<&[u8; 32]> {
        let mut entries = self.keys.values();
        entries.find(|(name, _)| name == id).map(|(_, key)| &**key)
    }
}

fn version(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 {
        let pairs = (0..32).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok());
        return pairs.collect::<Option<Vec<u8>>>()?.try_into().ok();
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn unreadable(file: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        "SECRETS_MASTER_KEY",
        format!("the file of master keys cannot be used: {error}"),
    )
    .at(file.display().to_string())
    .hint("name another one: `--master-keys FILE`, or set CM_ENC_MASTER_V1")
}

/// A new file that only its owner may read.
pub(crate) fn private(path: &Path) -> std::io::Result<std::fs::File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_encrypts_and_every_form_is_read() {
        let keys = MasterKeys::load(
            [
                ("CM_ENC_MASTER_V2".to_owned(), "07".repeat(32)),
                ("CM_ENC_MASTER_V1".to_owned(), STANDARD.encode([1; 32])),
                ("PATH".to_owned(), "/bin".to_owned()),
            ],
            Path::new("/nowhere"),
        )
        .unwrap();
        assert_eq!(keys.current(), ("CM_ENC_MASTER_V2", &[7; 32]));
        assert_eq!(keys.get("CM_ENC_MASTER_V1"), Some(&[1; 32]));
    }

    #[test]
    fn a_wrong_key_is_told_without_its_value() {
        let problem = MasterKeys::load(
            [("CM_ENC_MASTER_V1".to_owned(), "hush".to_owned())],
            Path::new("/nowhere"),
        );
        let problem = problem.err().unwrap().to_string();
        assert!(
            problem.contains("CM_ENC_MASTER_V1") && !problem.contains("hush"),
            "{problem}"
        );
    }

    #[test]
    fn the_first_key_is_made_once_and_readable_by_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("flaresmith-master-{}", std::process::id()));
        let file = folder.join("master.keys");
        let first = MasterKeys::load([], &file).unwrap();
        let second = MasterKeys::load([], &file).unwrap();
        assert_eq!(first.current(), second.current());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
