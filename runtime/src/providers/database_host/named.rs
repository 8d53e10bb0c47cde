//! What databases of environments are called on a server, and what they are marked with.
//!
//! Owns: the forms of both. Must not know: connections.

use uuid::Uuid;

use crate::providers::Mark;
use crate::sealing::digest;

/// Longest name of anything in Postgres, in bytes.
const LONGEST: usize = 63;

/// How the comment on a database of ours begins.
pub(super) const MARK: &str = "Flaresmith ";

/// The database's own mark, whichever step asks: what makes it and what uses it take turns.
pub(super) fn own(mark: &Mark) -> Mark {
    Mark {
        key: format!("{}-neonBranch-{}", mark.project, mark.environment),
        ..mark.clone()
    }
}

/// The name of an environment's database. The id of the project in it is one that nobody guesses.
pub(super) fn name(mark: &Mark) -> String {
    let plain: String = mark
        .environment
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' })
        .collect();
    let project = mark.project.simple();
    let name = format!("fs_{project}_{plain}");
    if name.len() <= LONGEST && plain == mark.environment {
        return name;
    }
    format!("fs_{project}_{}", short(&mark.environment))
}

/// The beginning of the names under which an environment's database is made.
pub(super) fn beginning(mark: &Mark) -> String {
    format!("fsnew_{}_", short(&mark.key))
}

/// The name of a copy of an environment's database as it was before a deployment.
pub(super) fn kept(mark: &Mark, before: Uuid) -> String {
    format!("fskept_{}_{}", short(&mark.key), short(&before.to_string()))
}

/// So much of a text's digest, behind the name of its kind, as tells it from all others.
fn short(text: &str) -> String {
    digest(text.as_bytes())
        .trim_start_matches("sha256:")
        .chars()
        .take(20)
        .collect()
}

/// A part of a name that nobody else draws.
pub(super) fn random() -> String {
    Uuid::new_v4().simple().to_string().chars().take(16).collect()
}

/// The comment on an environment's database.
pub(super) fn text(mark: &Mark) -> String {
    format!("{MARK}{}", mark.key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::providers::Free;

    #[test]
    fn every_environment_has_a_name_of_its_own_that_postgres_takes_whole() {
        let named = |environment: &str| {
            name(&Mark {
                project: Uuid::nil(),
                environment: environment.to_owned(),
                key: String::new(),
                fence: Arc::new(Free),
            })
        };
        let all = [
            "dev",
            "staging",
            "preview-a-b",
            "preview-a_b",
            &format!("preview-{}", "x".repeat(50)),
        ]
        .map(named);
        assert!(all.iter().all(|name| name.len() <= LONGEST), "{all:?}");
        let different: BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
