//! What failures of providers are called.
//!
//! Owns: the codes of each provider and how long is waited where one asks for it. Must not know: when a call has failed.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::{self, IntegrationErrorDetails};
use flaresmith_store::enums::Provider;

/// The codes of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Failures {
    provider: types::Provider,
    name: &'static str,
    unavailable: ErrorCode,
    conflict: ErrorCode,
    timeout: ErrorCode,
    limited: ErrorCode,
    rejected: ErrorCode,
}

impl Failures {
    /// Those of a provider.
    #[must_use]
    pub fn of(provider: Provider) -> Self {
        match provider {
            Provider::Github => Self {
                provider: types::Provider::Github,
                name: "GitHub",
                unavailable: ErrorCode::IntegrationGithubUnavailable,
                conflict: ErrorCode::IntegrationGithubConflict,
                timeout: ErrorCode::IntegrationGithubTimeout,
                limited: ErrorCode::IntegrationGithubRateLimited,
                rejected: ErrorCode::IntegrationGithubRejected,
            },
            Provider::Cloudflare => Self {
                provider: types::Provider::Cloudflare,
                name: "Cloudflare",
                unavailable: ErrorCode::IntegrationCloudflareUnavailable,
                conflict: ErrorCode::IntegrationCloudflareConflict,
                timeout: ErrorCode::IntegrationCloudflareTimeout,
                limited: ErrorCode::IntegrationCloudflareRateLimited,
                rejected: ErrorCode::IntegrationCloudflareRejected,
            },
            Provider::Neon => Self {
                provider: types::Provider::Neon,
                name: "Neon",
                unavailable: ErrorCode::IntegrationNeonUnavailable,
                conflict: ErrorCode::IntegrationNeonConflict,
                timeout: ErrorCode::IntegrationNeonTimeout,
                limited: ErrorCode::IntegrationNeonRateLimited,
                rejected: ErrorCode::IntegrationNeonRejected,
            },
            Provider::Postman => Self {
                provider: types::Provider::Postman,
                name: "Postman",
                unavailable: ErrorCode::IntegrationPostmanUnavailable,
                conflict: ErrorCode::IntegrationPostmanConflict,
                timeout: ErrorCode::IntegrationPostmanTimeout,
                limited: ErrorCode::IntegrationPostmanRateLimited,
                rejected: ErrorCode::IntegrationPostmanRejected,
            },
        }
    }

    fn details(self) -> IntegrationErrorDetails {
        IntegrationErrorDetails {
            provider: Some(self.provider),
            ..IntegrationErrorDetails::default()
        }
    }

    /// It is not called: its breaker is open.
    pub(super) fn unavailable(
        self,
        breaker: types::BreakerState,
        half_open_at: Option<DateTime<Utc>>,
        wait: i64,
    ) -> Failure {
        let details = IntegrationErrorDetails {
            breaker_state: Some(breaker),
            half_open_at,
            ..self.details()
        };
        Failure::new(self.unavailable)
            .with_details(details)
            .with_header("Retry-After", wait.max(1))
    }

    /// It did not answer, or says itself that it cannot now. What was asked for may have happened.
    #[must_use]
    pub fn away(self, reason: &str) -> Failure {
        let details = IntegrationErrorDetails {
            reason: Some(reason.to_owned()),
            ..self.details()
        };
        Failure::new(self.timeout).with_details(details)
    }

    /// It asks to be left alone for so many seconds.
    #[must_use]
    pub fn limited(self, seconds: u64) -> Failure {
        let details = IntegrationErrorDetails {
            retry_after_seconds: Some(i32::try_from(seconds).unwrap_or(i32::MAX)),
            ..self.details()
        };
        Failure::new(self.limited)
            .with_details(details)
            .with_header("Retry-After", seconds)
    }

    /// Something changed there at the same time.
    #[must_use]
    pub fn conflict(self, reason: &str) -> Failure {
        let details = IntegrationErrorDetails {
            reason: Some(reason.to_owned()),
            ..self.details()
        };
        Failure::new(self.conflict).with_details(details).with_hint(reason)
    }

    /// It refuses for good; why, in our words.
    #[must_use]
    pub fn rejected(self, reason: &str) -> Failure {
        let details = IntegrationErrorDetails {
            reason: Some(reason.to_owned()),
            ..self.details()
        };
        Failure::new(self.rejected)
            .with_message(format!("{} refused: {reason}", self.name))
            .with_details(details)
            .with_hint(reason)
    }
}

/// The provider does not accept what is signed in with, or it may do less than it has to.
#[must_use]
pub fn refused(provider: Provider, missing: Vec<String>) -> Failure {
    let failures = Failures::of(provider);
    let hint = match missing.is_empty() {
        true => format!("Make a new credential at {}.", failures.name),
        false => format!("Make a credential that may also do: {}.", missing.join(", ")),
    };
    let details = IntegrationErrorDetails {
        missing_scopes: Some(missing),
        ..failures.details()
    };
    Failure::new(ErrorCode::IntegrationCredentialRefused)
        .with_details(details)
        .with_hint(hint)
}
