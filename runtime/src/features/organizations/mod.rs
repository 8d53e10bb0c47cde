//! The domain `organizations`: organizations and their members.
//!
//! Owns: its operations. Must not know: HTTP.

use flaresmith_api::api::organizations::OrganizationsApi;
use flaresmith_api::types::Organization;
use flaresmith_store::entities::organizations;

use crate::platform::Platform;

impl OrganizationsApi for Platform {}

/// An organization as the contract has it.
pub(crate) fn shown(row: organizations::Model) -> Organization {
    Organization {
        id: row.id,
        name: row.name,
        slug: row.slug,
        operator: row.operator,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
