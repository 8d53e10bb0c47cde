//! Master keys: where they come from.
//!
//! Owns: reading them from the environment or a file, and making the first. Must not know: what they encrypt.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::SealError;
use crate::problem::Problem;

/// How the name of a master key begins; a number follows.
const PREFIX: &str = "CM_ENC_MASTER_V";

/// What a key is.
const ASKED: &str = "a master key is 32 bytes: `openssl rand -base64 32`";

/// A key and the name it goes by.
type Named = (String, Zeroizing<[u8; 32]>);

/// The master keys. There is always at least one.
#[derive(Clone)]
pub struct MasterKeys {
    /// That of the highest version.
    current: Named,
    older: Vec<Named>,
}

impl MasterKeys {
    /// A single key.
    #[must_use]
    pub fn single(id: &str, key: [u8; 32]) -> Self {
        Self {
            current: (id.to_owned(), Zeroizing::new(key)),
            older: Vec::new(),
        }
    }

    /// The keys of the environment (`variables`), else those of the file; without either, a first key is made and written to
    /// the file, readable by its owner only.
    ///
    /// # Errors
    /// A key that is none, or a file that cannot be read or written.
    pub fn load(variables: impl IntoIterator<Item = (OsString, OsString)>, file: &Path) -> Result<Self, Problem> {
        let place = "the environment";
        let mut given = BTreeMap::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let version = version(name).ok_or_else(|| wrong(name, "does not end in a version number", place))?;
            // A value that is no text is no key either.
            let value = Zeroizing::new(value.into_string().unwrap_or_default());
            given.insert(version, key(name, &value, place)?);
        }
        if let Some(keys) = Self::of(given) {
            return Ok(keys);
        }
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&Zeroizing::new(text), file),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::make(file),
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    /// Makes the first key. Of several processes that do so at once, one gives the key to all.
    fn make(file: &Path) -> Result<Self, Problem> {
        let refused = |error: SealError| Problem::new("SECRETS_MASTER_KEY", error.to_string());
        let key = super::random::<32>().map_err(refused)?;
        let id = format!("{PREFIX}1");
        let line = Zeroizing::new(format!("{id}={}\n", STANDARD.encode(key)));
        let beside = super::token(".master-").map_err(refused)?;
        let beside = file.with_file_name(beside);
        // The file is there with its whole content or not at all, whoever reads it in the meantime.
        let placed = private(&beside)
            .and_then(|mut written| written.write_all(line.as_bytes()).and_then(|()| written.sync_all()))
            .and_then(|()| std::fs::hard_link(&beside, file));
        // Whether or not it could be placed, it is not needed here any more.
        let _ = std::fs::remove_file(&beside);
        match placed {
            Ok(()) => Ok(Self::single(&id, key)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::load([], file),
            Err(error) => Err(unreadable(file, &error)),
        }
    }

    /// Reads the lines of a file. None of them is repeated in an error: any may be a key.
    fn parse(text: &str, file: &Path) -> Result<Self, Problem> {
        let mut keys = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{}:{}", file.display(), at + 1);
            let pair = line.split_once('=').map(|(name, value)| (name.trim(), value));
            let named = pair.and_then(|(name, value)| Some((version(name)?, name, value)));
            let Some((version, name, value)) = named else {
                let message = format!("the line is not `{PREFIX}<n>=<key>`");
                return Err(Problem::new("SECRETS_MASTER_KEY", message).at(place).hint(ASKED));
            };
            keys.insert(version, key(name, value, &place)?);
        }
        Self::of(keys).ok_or_else(|| {
            Problem::new("SECRETS_MASTER_KEY", "there is no master key")
                .at(file.display().to_string())
                .hint(format!("write a line `{PREFIX}1=` and 32 bytes in base64"))
        })
    }

    fn of(mut keys: BTreeMap<u32, Named>) -> Option<Self> {
        let (_, current) = keys.pop_last()?;
        Some(Self {
            current,
            older: keys.into_values().collect(),
        })
    }

    /// The key that encrypts now.
    pub(super) fn current(&self) -> (&str, &[u8; 32]) {
        (&self.current.0, &self.current.1)
    }

    /// The key of this id.
    pub(super) fn get(&self, id: &str) -> Option<&[u8; 32]> {
        let mut entries = std::iter::once(&self.current).chain(&self.older);
        entries.find(|(name, _)| name == id).map(|(_, key)| &**key)
    }
}

fn key(name: &str, value: &str, place: &str) -> Result<Named, Problem> {
    let key = decode(value).ok_or_else(|| wrong(name, "is not 32 bytes in base64 or hexadecimal", place))?;
    Ok((name.to_owned(), Zeroizing::new(key)))
}

fn wrong(name: &str, message: &str, place: &str) -> Problem {
    Problem::new("SECRETS_MASTER_KEY", format!("`{name}` {message}"))
        .at(place)
        .hint(ASKED)
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
                ("CM_ENC_MASTER_V2".into(), "07".repeat(32).into()),
                ("CM_ENC_MASTER_V1".into(), STANDARD.encode([1; 32]).into()),
                ("PATH".into(), "/bin".into()),
            ],
            Path::new("/nowhere"),
        )
        .unwrap();
        assert_eq!(keys.current(), ("CM_ENC_MASTER_V2", &[7; 32]));
        assert_eq!(keys.get("CM_ENC_MASTER_V1"), Some(&[1; 32]));
    }

    #[test]
    fn a_wrong_key_is_told_without_its_value() {
        let problem = MasterKeys::load([("CM_ENC_MASTER_V1".into(), "hush".into())], Path::new("/nowhere"));
        let problem = problem.err().unwrap().to_string();
        assert!(
            problem.contains("CM_ENC_MASTER_V1") && !problem.contains("hush"),
            "{problem}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_no_key_and_disturbs_nothing_else() {
        use std::os::unix::ffi::OsStringExt as _;
        let odd = || OsString::from_vec(vec![b'a', 0xff]);
        let good: OsString = "07".repeat(32).into();
        assert!(
            MasterKeys::load(
                [(odd(), odd()), ("CM_ENC_MASTER_V1".into(), good)],
                Path::new("/nowhere")
            )
            .is_ok()
        );
        let problem = MasterKeys::load([("CM_ENC_MASTER_V1".into(), odd())], Path::new("/nowhere"));
        assert!(problem.err().unwrap().to_string().contains("CM_ENC_MASTER_V1"));
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number_and_never_repeated() {
        let folder = std::env::temp_dir().join(format!("flaresmith-lines-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("master.keys");
        let key = STANDARD.encode([9; 32]);
        let good = format!("CM_ENC_MASTER_V1={key}");
        for bad in [
            key.clone(),
            key.trim_end_matches('=').to_owned(),
            format!("CM_ENC_MASTER_V={key}"),
            format!("{key}={key}"),
        ] {
            std::fs::write(&file, format!("# keys\n{good}\n{bad}\n")).unwrap();
            let problem = MasterKeys::load([], &file).err().unwrap();
            assert!(
                problem.place.as_deref().unwrap().ends_with("master.keys:3"),
                "{problem}"
            );
            let text = problem.to_string();
            assert!(!text.contains(key.trim_end_matches('=')), "{text}");
        }
        std::fs::write(&file, "# none\n").unwrap();
        assert!(MasterKeys::load([], &file).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn of_many_who_make_the_first_key_at_once_all_get_the_same() {
        let folder = std::env::temp_dir().join(format!("flaresmith-many-{}", std::process::id()));
        let file = folder.join("master.keys");
        let many: Vec<_> = (0..16)
            .map(|_| {
                let file = file.clone();
                std::thread::spawn(move || MasterKeys::load([], &file).unwrap().current().1.to_owned())
            })
            .collect();
        let keys: Vec<_> = many.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
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
