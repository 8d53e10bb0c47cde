//! Secrets that a worker is given.
//!
//! Owns: which they are, and that handing them on is kept as a use. Must not know: who runs a worker.

use std::collections::BTreeMap;

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::environment_secrets;
use flaresmith_store::enums::{SecretScope, SecretType};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::record::{self, Actor};
use super::vault;
use crate::platform::Platform;
use crate::settings::Hidden;
use crate::store::failed;

/// Names and values of the secrets that the worker of an environment finds in its environment. Those of the environment itself win
/// over those of all, and those for workers over others. `person`: who asked for it.
pub(crate) async fn bindings(
    platform: &Platform,
    project: Uuid,
    environment: &str,
    person: Option<Uuid>,
) -> Result<Vec<(String, Hidden)>, Failure> {
    use environment_secrets::{Column, Entity};
    let scope = SecretScope::try_from(environment).ok();
    let scopes = scope.into_iter().chain([SecretScope::All]);
    let mut rows = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Environment.is_in(scopes))
        .filter(Column::Type.is_in([SecretType::CloudflareBinding, SecretType::NeonCredential]))
        .all(platform.store.read())
        .await
        .map_err(failed)?;
    // What comes last wins.
    rows.sort_by_key(|row| {
        (
            row.r#type == SecretType::CloudflareBinding,
            row.environment != SecretScope::All,
        )
    });
    let mut found = BTreeMap::new();
    for row in &rows {
        let value = vault::open(&platform.sealer, row)?;
        let text = String::from_utf8_lossy(value.expose()).into_owned();
        found.insert(row.name.clone(), Hidden::new(text));
    }
    if let (Some(person), false) = (person, rows.is_empty()) {
        let actor = Actor::in_course_of(person);
        let references: Vec<&str> = rows.iter().map(|row| row.secret_ref_hash.as_str()).collect();
        let write = platform.store.begin_behind().await?;
        let summary = format!("{} secrets were given to the worker of {environment}", references.len());
        record::handed_on(&write, &actor, project, &references, summary, platform.clock.now()).await?;
        write.commit().await?;
    }
    Ok(found.into_iter().collect())
}
