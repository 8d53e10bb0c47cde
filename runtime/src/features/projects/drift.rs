//! How what is at providers differs from what should be.
//!
//! Owns: what is told of it. Must not know: how anything is looked at.

use flaresmith_api::errors::Failure;
use flaresmith_api::types::{DriftFinding, DriftFindingKind, ProjectDrift, ProjectDriftStatus};
use uuid::Uuid;

use super::plan::project;
use crate::features::shown::shown;
use crate::platform::Platform;
use crate::provisioning::look::{self, Found, Kind};

/// Compares a project.
pub(super) async fn compare(platform: &Platform, id: Uuid) -> Result<ProjectDrift, Failure> {
    let found = look::all(platform, &project(platform, id).await?).await?;
    let mut told = Vec::new();
    for one in &found {
        told.extend(findings(one, |_| true)?);
    }
    let compared = found.iter().filter(|one| !one.looked.is_unknown()).count();
    let is_unknown = |one: &DriftFinding| one.kind == DriftFindingKind::Unknown;
    Ok(ProjectDrift {
        project_id: id,
        status: match (found.is_empty(), told.is_empty()) {
            (true, _) => ProjectDriftStatus::Empty,
            (false, true) => ProjectDriftStatus::Clean,
            (false, false) if told.iter().all(is_unknown) => ProjectDriftStatus::Unknown,
            (false, false) => ProjectDriftStatus::Drift,
        },
        compared_count: i32::try_from(compared).unwrap_or(i32::MAX),
        findings: told,
        compared_at: platform.clock.now(),
    })
}

/// What is told of one thing: differences of these kinds.
pub(super) fn findings(found: &Found, of: impl Fn(Kind) -> bool) -> Result<Vec<DriftFinding>, Failure> {
    let resource = found.step.resource.as_ref().map(shown).transpose()?;
    let differences = found.looked.differences.iter().filter(|one| of(one.kind));
    Ok(differences
        .map(|one| DriftFinding {
            resource_key: found.key.clone(),
            resource,
            environment: found.step.environment.clone(),
            kind: match one.kind {
                Kind::Missing => DriftFindingKind::Missing,
                Kind::Foreign => DriftFindingKind::Foreign,
                Kind::Differs => DriftFindingKind::Differs,
                Kind::Unknown => DriftFindingKind::Unknown,
            },
            is: one.is.clone(),
            should_be: one.should.clone(),
            hint: one.hint.clone(),
        })
        .collect())
}
