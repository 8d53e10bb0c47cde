//! What names a secret.
//!
//! Owns: the reference by which records speak of a secret, and the names that providers keep for themselves. Must not know:
//! values, tables.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types;
use flaresmith_store::enums::{Provider, SecretScope, SecretType};
use uuid::Uuid;

use crate::sealing::digest;

/// The token that GitHub makes for every job by itself.
pub(super) const BUILT_IN: &str = "GITHUB_TOKEN";

/// Everything that tells one secret from another.
#[derive(Debug, Clone)]
pub(super) struct SecretName {
    /// The project.
    pub(super) project: Uuid,
    /// The environment it belongs to.
    pub(super) environment: SecretScope,
    /// The store that uses it.
    pub(super) kind: SecretType,
    /// Its name there.
    pub(super) name: String,
}

impl SecretName {
    /// The name of a secret that may be set here.
    ///
    /// # Errors
    /// The provider keeps names of this kind for itself.
    pub(super) fn new(
        project: Uuid,
        environment: types::SecretScope,
        kind: types::SecretType,
        name: String,
    ) -> Result<Self, Failure> {
        let kind = stored_kind(kind);
        if provider(kind) == Provider::Github && name.starts_with("GITHUB_") {
            return Err(Failure::new(ErrorCode::SecSecretNameReserved).with_context("name", name));
        }
        Ok(Self {
            project,
            environment: stored_scope(environment),
            kind,
            name,
        })
    }

    /// The token that GitHub makes by itself in a project.
    pub(super) fn built_in(project: Uuid) -> Self {
        Self {
            project,
            environment: SecretScope::All,
            kind: SecretType::GithubActionSecret,
            name: BUILT_IN.to_owned(),
        }
    }

    /// The digest by which records speak of it.
    pub(super) fn reference(&self) -> String {
        let (environment, kind) = (self.environment.as_str(), self.kind.as_str());
        digest(format!("{}/{environment}/{kind}/{}", self.project, self.name).as_bytes())
    }

    /// There is no such secret.
    pub(super) fn absent(&self) -> Failure {
        Failure::new(ErrorCode::SecSecretNotFound).with_context("name", &self.name)
    }
}

/// Whose store uses secrets of a type.
pub(super) fn provider(kind: SecretType) -> Provider {
    match kind {
        SecretType::GithubActionSecret | SecretType::GithubEnvironmentSecret => Provider::Github,
        SecretType::CloudflareBinding => Provider::Cloudflare,
        SecretType::NeonCredential => Provider::Neon,
    }
}

/// A scope as it is stored.
pub(super) fn stored_scope(scope: types::SecretScope) -> SecretScope {
    match scope {
        types::SecretScope::Dev => SecretScope::Dev,
        types::SecretScope::Staging => SecretScope::Staging,
        types::SecretScope::Prod => SecretScope::Prod,
        types::SecretScope::All => SecretScope::All,
    }
}

fn stored_kind(kind: types::SecretType) -> SecretType {
    match kind {
        types::SecretType::GithubActionSecret => SecretType::GithubActionSecret,
        types::SecretType::GithubEnvironmentSecret => SecretType::GithubEnvironmentSecret,
        types::SecretType::CloudflareBinding => SecretType::CloudflareBinding,
        types::SecretType::NeonCredential => SecretType::NeonCredential,
    }
}
