//! Where rows and the databases of environments are.
//!
//! Owns: the forms of both. Must not know: who connects. Addresses are never repeated: they may hold a password.

use std::path::PathBuf;

use super::Hidden;
use crate::problem::Problem;

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file, made when it is not there.
    Sqlite(PathBuf),
    /// A Postgres address; it may hold a password.
    Postgres(Hidden),
}

/// Where databases of environments are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Databases {
    /// On the Postgres server of the store; when that is SQLite, in a cluster that this server runs.
    Auto,
    /// SQLite files, which workers cannot reach.
    None,
    /// On the Postgres server with this address; it may hold a password.
    Postgres(Hidden),
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

impl Databases {
    /// Reads `auto`, `none` or `postgres://…`.
    ///
    /// # Errors
    /// It is none of them.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match (text, Database::parse(text)) {
            ("auto", _) => Ok(Self::Auto),
            ("none", _) => Ok(Self::None),
            (_, Ok(Database::Postgres(address))) => Ok(Self::Postgres(address)),
            // What was given is not repeated: it may hold a password.
            _ => Err(Problem::new(
                "SETTINGS_DATABASES",
                "where databases of environments are has no form that is known",
            )
            .hint("write `auto`, `none` or `postgres://USER@HOST/NAME`")),
        }
    }
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
    fn where_databases_are_is_read_and_never_repeated() {
        assert_eq!(Databases::parse("auto").ok(), Some(Databases::Auto));
        assert_eq!(Databases::parse("none").ok(), Some(Databases::None));
        let shown = format!("{:?}", Databases::parse("postgres://me:hush@host/name"));
        assert!(shown.contains("Postgres") && !shown.contains("hush"), "{shown}");
        for wrong in ["", "Auto", "sqlite://a", "mysql://me:hush@host"] {
            let refused = Databases::parse(wrong).unwrap_err();
            assert!(!refused.to_string().contains("hush"), "{refused}");
        }
    }
}
