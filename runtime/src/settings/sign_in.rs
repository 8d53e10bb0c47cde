//! Signing in at GitHub.
//!
//! Owns: what the operator registered there, and where people may come back to. Must not know: how a sign-in goes.

use std::path::{Path, PathBuf};

use super::Hidden;
use super::flags::CLIENT_SECRET;
use super::value::Redirect;
use crate::problem::Problem;

/// The application at GitHub through which people sign in.
#[derive(Debug, Clone)]
pub struct GithubSignIn {
    /// Its id there.
    pub client_id: String,
    /// What it shows that it is the one.
    pub client_secret: Hidden,
    /// The addresses that people may come back to.
    pub redirects: Vec<Redirect>,
}

/// What was given of it: all, or nothing.
pub(super) fn given(
    client_id: Option<String>,
    secret_file: Option<PathBuf>,
    redirects: Option<Vec<Redirect>>,
) -> Result<Option<GithubSignIn>, Problem> {
    let kept = std::env::var_os(CLIENT_SECRET).filter(|secret| !secret.is_empty());
    let kept = kept.map(|secret| secret.into_string().map_err(|_| no_secret(CLIENT_SECRET)));
    let secret = match (kept, secret_file) {
        (Some(_), Some(_)) => {
            return Err(wrong("the client secret is given twice")
                .at(CLIENT_SECRET)
                .hint(format!(
                    "unset {CLIENT_SECRET}, or leave --github-client-secret-file out"
                )));
        }
        (Some(secret), None) => Some(plain(&secret?, CLIENT_SECRET)?),
        (None, Some(file)) => Some(read(&file)?),
        (None, None) => None,
    };
    let redirects = redirects.unwrap_or_default();
    match (client_id.filter(|id| !id.is_empty()), secret) {
        (None, None) if redirects.is_empty() => Ok(None),
        (Some(client_id), Some(client_secret)) if !redirects.is_empty() => Ok(Some(GithubSignIn {
            client_id,
            client_secret,
            redirects,
        })),
        (client_id, secret) => {
            let missing = [
                (client_id.is_none(), "--github-client-id"),
                (secret.is_none(), "--github-client-secret-file"),
                (redirects.is_empty(), "--oauth-redirect"),
            ];
            let missing: Vec<&str> = missing
                .into_iter()
                .filter_map(|(is, name)| is.then_some(name))
                .collect();
            Err(wrong("signing in at GitHub is set up by half")
                .at(missing.join(", "))
                .hint(format!("give {} as well, or nothing of it", missing.join(" and "))))
        }
    }
}

fn read(file: &Path) -> Result<Hidden, Problem> {
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        wrong(&format!("the file with the client secret cannot be read: {error}")).at(place.as_str())
    })?;
    plain(&text, &place)
}

/// A secret as GitHub gives them: a word. What is wrong is not repeated.
fn plain(text: &str, place: &str) -> Result<Hidden, Problem> {
    let word = text.trim();
    let fits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    match fits {
        true => Ok(Hidden::new(word)),
        false => Err(no_secret(place)),
    }
}

fn no_secret(place: &str) -> Problem {
    wrong("the client secret is none")
        .at(place)
        .hint("it is one word, as GitHub shows it when it is made, and nothing else")
}

fn wrong(message: &str) -> Problem {
    Problem::new("SETTINGS_GITHUB_SIGN_IN", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(id: Option<&str>, secret: Option<&str>, redirects: &[&str]) -> Result<Option<GithubSignIn>, Problem> {
        let place = std::env::temp_dir().join(format!(
            "flaresmith-client-secret-{}-{id:?}{}",
            std::process::id(),
            redirects.len()
        ));
        let file = secret.map(|secret| {
            std::fs::write(&place, secret).unwrap();
            place.clone()
        });
        let redirects: Vec<Redirect> = redirects.iter().map(|text| text.parse().unwrap()).collect();
        let read = given(id.map(str::to_owned), file, Some(redirects));
        let _ = std::fs::remove_file(place);
        read
    }

    #[test]
    fn signing_in_at_github_is_set_up_whole_or_not_at_all() {
        let back = "https://app.example/signed-in";
        assert!(with(None, None, &[]).unwrap().is_none());
        let whole = with(Some("Iv1"), Some("hush-hush\n"), &[back]).unwrap().unwrap();
        assert_eq!(whole.client_secret.expose(), "hush-hush");
        assert!(!format!("{whole:?}").contains("hush"), "{whole:?}");
        for (id, secret, redirects, missing) in [
            (Some("Iv1"), None, &[back][..], "--github-client-secret-file"),
            (None, Some("hush"), &[back], "--github-client-id"),
            (Some("Iv1"), Some("hush"), &[], "--oauth-redirect"),
        ] {
            let problem = with(id, secret, redirects).unwrap_err();
            assert_eq!(problem.code, "SETTINGS_GITHUB_SIGN_IN");
            assert!(problem.hint.unwrap().contains(missing));
        }
        let problem = with(Some("Iv1"), Some("hush hush"), &[back]).unwrap_err();
        assert!(!format!("{problem:?}").contains("hush hush"));
    }
}
