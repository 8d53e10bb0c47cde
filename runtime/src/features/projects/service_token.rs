//! Service tokens of a project.
//!
//! Owns: what is shown of one. Must not know: the token itself.

use flaresmith_api::types::ServiceTokenInfo;
use flaresmith_store::entities::service_tokens::Model;

use crate::features::users::profile;

/// A token without the token.
pub(crate) fn shown(row: Model) -> ServiceTokenInfo {
    ServiceTokenInfo {
        id: row.id,
        project_id: row.project_id,
        name: row.name,
        role: profile::role(row.role),
        prefix: row.prefix,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    }
}
