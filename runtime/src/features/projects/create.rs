//! Making a project.
//!
//! Owns: the rows that a new project begins with: itself, its three environments, and the run that provisions it. Must not know:
//! how runs are carried out.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::operations::Role;
use flaresmith_api::types::{ProjectCreate, ProjectDetail};
use flaresmith_store::entities::{environments, organization_members, projects};
use flaresmith_store::enums::{EnvironmentKind, EnvironmentState, ProjectState};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::integrations;
use crate::features::slug;
use crate::identity::roles::{Scope, role_in};
use crate::master_key;
use crate::pipeline::Access;
use crate::pipeline::access::{absent_organization, insufficient};
use crate::platform::Platform;
use crate::provisioning::request;
use crate::store::{Write, failed, new_id, taken_or_failed};

/// The environments that every project has, and the branch each follows.
const ENVIRONMENTS: [(&str, EnvironmentKind, &str); 3] = [
    ("dev", EnvironmentKind::Dev, "dev"),
    ("staging", EnvironmentKind::Staging, "staging"),
    ("prod", EnvironmentKind::Prod, "main"),
];

/// Makes a project.
pub(super) async fn create(
    platform: &Platform,
    access: &Access,
    body: ProjectCreate,
) -> Result<ProjectDetail, Failure> {
    let person = access.person()?;
    let organization = match body.organization_id {
        Some(organization) => organization,
        None => own_organization(platform, person).await?,
    };
    let role = role_in(platform.store.read(), &access.caller, Scope::Organization(organization)).await?;
    match role {
        Some(role) if role >= Role::Maintainer => {}
        Some(role) => return Err(insufficient(Role::Maintainer, Some(role))),
        None => return Err(absent_organization(organization)),
    }
    let id = new_id();
    let connections = integrations::wanted(platform, id, body.integrations.unwrap_or_default()).await?;
    let now = platform.clock.now();
    let settings = serde_json::to_value(body.settings.unwrap_or_default()).map_err(Failure::internal)?;
    let write = platform.store.begin().await?;
    if !connections.is_empty() {
        master_key::demand(&write, &platform.sealer).await?;
    }
    let row = projects::ActiveModel {
        id: Set(id),
        organization_id: Set(organization),
        slug: Set(slug::of(&body.name, "project")),
        name: Set(body.name),
        description: Set(body.description.flatten()),
        state: Set(ProjectState::Provisioning),
        settings: Set(settings),
        constitution_version: Set(None),
        version: Set(1),
        created_by_id: Set(Some(person)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let taken = || Failure::new(ErrorCode::ProjectNameTaken);
    let row = row
        .insert(&*write)
        .await
        .map_err(|error| taken_or_failed(error, taken))?;
    for (name, kind, branch) in ENVIRONMENTS {
        environment(&write, row.id, (name, kind, branch), now).await?;
    }
    integrations::begun(&write, platform, id, connections).await?;
    request::create(&write, row.id, access.caller.user(), now).await?;
    write.commit().await?;
    platform.bell.notify_one();
    super::detail::read(platform, role, row.id).await
}

/// The organization of a person who named none: the one they have been a maintainer or owner of for longest.
async fn own_organization(platform: &Platform, person: Uuid) -> Result<Uuid, Failure> {
    use flaresmith_store::enums::Role as Stored;
    let row = organization_members::Entity::find()
        .filter(organization_members::Column::UserId.eq(person))
        .filter(organization_members::Column::Role.is_in([Stored::Maintainer, Stored::Owner]))
        .order_by_asc(organization_members::Column::CreatedAt)
        .order_by_asc(organization_members::Column::Id)
        .one(platform.store.read())
        .await
        .map_err(failed)?;
    row.map(|row| row.organization_id)
        .ok_or_else(|| insufficient(Role::Maintainer, None))
}

async fn environment(
    write: &Write,
    project: Uuid,
    (name, kind, branch): (&str, EnvironmentKind, &str),
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    environments::ActiveModel {
        id: Set(new_id()),
        project_id: Set(project),
        name: Set(name.to_owned()),
        kind: Set(kind),
        generation: Set(1),
        state: Set(EnvironmentState::Pending),
        update_cause: Set(None),
        branch: Set(branch.to_owned()),
        url: Set(None),
        commit_sha: Set(None),
        failure_count: Set(0),
        last_error_code: Set(None),
        last_activity_at: Set(now),
        expires_at: Set(None),
        archived_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(())
}
