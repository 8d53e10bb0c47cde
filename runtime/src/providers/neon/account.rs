//! Whose key it is, and what it may do.
//!
//! Owns: which calls tell. Must not know: what is made with it.

use axum::http::{Method, StatusCode};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use serde::Deserialize;

use super::{Neon, because};
use crate::providers::cloud::{Access, refused};

/// A key, and what it is for.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name of the organization.
    pub organization: String,
    /// What kind of key it is.
    pub kind: String,
}

#[derive(Deserialize)]
struct Auth {
    auth_method: String,
}

#[derive(Deserialize)]
struct Organizations {
    organizations: Vec<Organization>,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Regions {
    regions: Vec<Region>,
}

#[derive(Deserialize)]
struct Region {
    region_id: String,
}

impl Neon {
    /// Whose key it is, and whether projects can be made with it in an organization and a region. `existing`: a project that it must
    /// be able to reach.
    ///
    /// # Errors
    /// It is nobody's, it may not do what it has to, there is no such region, or Neon does not answer.
    pub async fn account(
        &self,
        access: &Access,
        organization: Option<&str>,
        region: &str,
        existing: Option<&str>,
    ) -> Result<Account, Failure> {
        let done = self.asked_about(access, organization, region, existing).await;
        done.map_err(|failure| match failure.code() {
            // Nothing was to be changed, so nothing stands against it for long.
            ErrorCode::IntegrationNeonConflict => Self::failures().away("It is busy with something else."),
            _ => failure,
        })
    }

    async fn asked_about(
        &self,
        access: &Access,
        organization: Option<&str>,
        region: &str,
        existing: Option<&str>,
    ) -> Result<Account, Failure> {
        let unknown = |failure: Failure| match failure.code() {
            ErrorCode::IntegrationNeonRejected => refused(Provider::Neon, Vec::new()),
            _ => failure,
        };
        let answer = self
            .call(access, Method::GET, &["auth"], &[], None)
            .await
            .map_err(unknown)?;
        match answer.status {
            // It says nothing about the key.
            StatusCode::LOCKED => return Err(because(&answer)),
            status if status.is_success() => {}
            _ => return Err(refused(Provider::Neon, Vec::new())),
        }
        let Auth { auth_method: kind } = answer.json()?;
        let path = ["users", "me", "organizations"];
        let found: Option<Organizations> = self.found(access, &path, &[]).await?;
        let all = found.map(|found| found.organizations).unwrap_or_default();
        let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
        let one = match organization {
            Some(id) => all.iter().find(|one| one.id == id).ok_or_else(|| {
                refused(Provider::Neon, vec![format!("organization {id}")])
                    .with_message("The key is for another organization.")
                    .with_hint(format!("Name one of: {}.", ids.join(", ")))
            })?,
            // The key of an organization implies it; that of a person has to be told.
            None if kind == "api_key_user" => {
                return Err(refused(Provider::Neon, Vec::new())
                    .with_message("It is the key of a person, who may be in several organizations.")
                    .with_hint(format!("Set organizationId to one of: {}.", ids.join(", "))));
            }
            None => all
                .first()
                .ok_or_else(|| refused(Provider::Neon, vec!["an organization".to_owned()]))?,
        };
        let mut query = vec![("limit", "1")];
        query.extend(organization.map(|id| ("org_id", id)));
        let answer = self.call(access, Method::GET, &["projects"], &query, None).await?;
        match answer.status {
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                return Err(refused(Provider::Neon, vec!["projects of the organization".to_owned()]));
            }
            status if status.is_success() => {}
            _ => return Err(because(&answer)),
        }
        let in_organization: Vec<_> = organization.map(|id| ("org_id", id)).into_iter().collect();
        let regions: Option<Regions> = self.found(access, &["regions"], &in_organization).await?;
        let regions = regions.map(|found| found.regions).unwrap_or_default();
        if existing.is_none() && !regions.iter().any(|one| one.region_id == region) {
            let known: Vec<_> = regions.into_iter().map(|one| one.region_id).collect();
            return Err(Failure::new(ErrorCode::RequestValidationFailed)
                .with_message(format!("Neon has no region `{region}` for this organization."))
                .with_hint(format!("Name one of: {}.", known.join(", "))));
        }
        if let Some(id) = existing
            && self.project(access, id).await?.is_none()
        {
            return Err(refused(Provider::Neon, vec![format!("project {id}")]));
        }
        Ok(Account {
            organization: one.name.clone(),
            kind,
        })
    }
}
