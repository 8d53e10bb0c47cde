//! Passwords: argon2id.
//!
//! Owns: hashing and checking, and how many at once: each takes 19 MiB and a good part of a core. Must not know: accounts.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use flaresmith_api::errors::{ErrorCode, Failure};
use tokio::sync::Semaphore;

/// How many are hashed at once.
static TURNS: Semaphore = Semaphore::const_new(4);

/// A hash that no password has, for accounts without one: an unknown email takes as long as a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(b"of nobody");
    hash.map(|hash: PasswordHash| hash.to_string()).unwrap_or_default()
});

/// Refuses passwords that are easy to guess.
///
/// # Errors
/// It is too short, or made of a few signs over and over.
pub fn demand_strong(password: &str) -> Result<(), Failure> {
    let mut signs: Vec<char> = password.chars().collect();
    let length = signs.len();
    signs.sort_unstable();
    signs.dedup();
    if length < 12 || signs.len() < 5 {
        return Err(Failure::new(ErrorCode::UserPasswordWeak));
    }
    Ok(())
}

/// The hash of a password.
///
/// # Errors
/// There is no randomness, or the server shuts down.
pub async fn hash(password: String) -> Result<String, Failure> {
    blocking(move || {
        let hash: PasswordHash = Argon2::default()
            .hash_password(password.as_bytes())
            .map_err(|error| Failure::internal(error.to_string()))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether a password has this hash. `None`: there is no account, and the answer is no after the same time.
///
/// # Errors
/// The server shuts down.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Failure> {
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let holds = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        Ok(holds && known)
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let turn = TURNS.acquire().await.map_err(Failure::internal)?;
    // The work goes on when its caller does not wait for it, and so keeps its turn.
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let hash = hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"));
        assert!(verify("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify("wrong horse".to_owned(), Some(hash)).await.unwrap());
        assert!(!verify("of nobody".to_owned(), None).await.unwrap());
        assert!(demand_strong("aaaaaaaaaaaaaaa").is_err() && demand_strong("short").is_err());
        assert!(demand_strong("correct horse battery").is_ok());
    }
}
