//! Secrets of workflows at GitHub.
//!
//! Owns: handing a value over so that nobody but GitHub can read it, and taking one away. Must not know: where values come from.
//!
//! A value goes out in a sealed box for the public key of the repository or of one of its environments. GitHub never gives it back.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde_json::json;

use super::{Access, Github, Repository, because};

/// Where a secret is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The environment that it is for; `None`: all workflows see it.
    pub environment: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

#[derive(Deserialize)]
struct Key {
    key_id: String,
    key: String,
}

impl<'a> Place<'a> {
    /// The beginning of its address.
    fn path(&self) -> Vec<&'a str> {
        let mut path = vec!["repos", self.repository.owner(), self.repository.name.as_str()];
        match self.environment {
            Some(environment) => path.extend(["environments", environment, "secrets"]),
            None => path.extend(["actions", "secrets"]),
        }
        path
    }
}

impl Github {
    /// Gives a secret this value, whatever it had.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn put_secret(&self, access: &Access, place: &Place<'_>, value: &[u8]) -> Result<(), Failure> {
        let mut path = place.path();
        path.push(place.name);
        // A key that was exchanged since it was read is read once more.
        for last in [false, true] {
            let key = self.key(access, place).await?;
            let body = json!({ "encrypted_value": boxed(&key.key, value)?, "key_id": key.key_id });
            let answer = self.call(access, Method::PUT, &path, Some(&body)).await?;
            match answer.status {
                status if status.is_success() => return Ok(()),
                StatusCode::UNPROCESSABLE_ENTITY if !last => {}
                _ => return Err(because(&answer)),
            }
        }
        Ok(())
    }

    /// Takes a secret away. One that is not there is no failure.
    ///
    /// # Errors
    /// GitHub does not answer or refuses.
    pub async fn remove_secret(&self, access: &Access, place: &Place<'_>) -> Result<(), Failure> {
        let mut path = place.path();
        path.push(place.name);
        let answer = self.call(access, Method::DELETE, &path, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(because(&answer)),
        }
    }

    /// The key that boxes are sealed with. An environment that is not there is made.
    async fn key(&self, access: &Access, place: &Place<'_>) -> Result<Key, Failure> {
        let mut path = place.path();
        path.push("public-key");
        let answer = self.call(access, Method::GET, &path, None).await?;
        if answer.status.is_success() {
            return answer.json();
        }
        let (StatusCode::NOT_FOUND, Some(environment)) = (answer.status, place.environment) else {
            return Err(because(&answer));
        };
        let repository = place.repository;
        let environment = [
            "repos",
            repository.owner(),
            repository.name.as_str(),
            "environments",
            environment,
        ];
        // Nothing but its name: settings that a plan does not have are refused even where they are the usual ones.
        let made = self.call(access, Method::PUT, &environment, Some(&json!({}))).await?;
        if !made.status.is_success() {
            return Err(because(&made));
        }
        let answer = self.call(access, Method::GET, &path, None).await?;
        match answer.status.is_success() {
            true => answer.json(),
            false => Err(because(&answer)),
        }
    }
}

/// A value in a sealed box.
fn boxed(key: &str, value: &[u8]) -> Result<String, Failure> {
    let unusable = || Github::failures().rejected("its public key is none.");
    let key = STANDARD.decode(key).ok().ok_or_else(unusable)?;
    let key = PublicKey::from_slice(&key).map_err(|_| unusable())?;
    let sealed = key.seal(&mut OsRng, value).map_err(|_| unusable())?;
    Ok(STANDARD.encode(sealed))
}

#[cfg(test)]
mod tests {
    use crypto_box::SecretKey;

    use super::*;

    /// Made with libsodium.
    const PUBLIC: &str = "RwHQhIhFH1RaQJ+1iuPlhYHKQKw/fxFGmM1x3qxzygE=";
    const PRIVATE: &str = "PZTupJxYCu+BaTV2K+BJVZ1tFEDe3hLmoSXxhB//jm8=";
    const BOX: &str = "pk4vBlbjF938Ya7wG1L0LjilIRncbjYwZq3s0kqJtmcZQuCpA+RqkJ0aGibThQdIuRQicgluxY5I0jrJUaIzI6I=";

    #[test]
    fn a_box_is_one_that_libsodium_makes_and_opens() {
        let private = SecretKey::from_slice(&STANDARD.decode(PRIVATE).unwrap()).unwrap();
        let opened = |sealed: &str| private.unseal(&STANDARD.decode(sealed).unwrap()).unwrap();
        assert_eq!(opened(BOX), b"flaresmith-secret");
        let made = boxed(PUBLIC, b"hush").unwrap();
        assert_eq!(opened(&made), b"hush");
        assert_ne!(made, boxed(PUBLIC, b"hush").unwrap());
        assert!(boxed("none", b"hush").is_err() && boxed("", b"hush").is_err());
    }
}
