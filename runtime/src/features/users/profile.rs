//! What others see of people, and roles in the contract's words.
//!
//! Owns: from rows to the contract's types. Must not know: who may see them.

use flaresmith_api::operations;
use flaresmith_api::types::{Role, UserProfile, UserProfileStatus};
use flaresmith_store::entities::users::Model;
use flaresmith_store::enums;

/// What others see of a person.
pub(crate) fn of(row: &Model) -> UserProfile {
    UserProfile {
        id: row.id,
        name: row.name.clone(),
        email: row.email.clone(),
        image: row.image.clone(),
        status: match row.status {
            enums::UserStatus::Invited => UserProfileStatus::Invited,
            enums::UserStatus::Active => UserProfileStatus::Active,
            enums::UserStatus::Disabled => UserProfileStatus::Disabled,
            enums::UserStatus::System => UserProfileStatus::System,
        },
    }
}

/// A stored role as the contract has it.
pub(crate) fn role(stored: enums::Role) -> Role {
    match stored {
        enums::Role::Viewer => Role::Viewer,
        enums::Role::Contributor => Role::Contributor,
        enums::Role::Maintainer => Role::Maintainer,
        enums::Role::Owner => Role::Owner,
    }
}

/// A role of the contract as it is stored.
pub(crate) fn stored_role(role: Role) -> enums::Role {
    match role {
        Role::Viewer => enums::Role::Viewer,
        Role::Contributor => enums::Role::Contributor,
        Role::Maintainer => enums::Role::Maintainer,
        Role::Owner => enums::Role::Owner,
    }
}

/// A role of the contract as the policy has it.
pub(crate) fn policy_role(role: Role) -> operations::Role {
    match role {
        Role::Viewer => operations::Role::Viewer,
        Role::Contributor => operations::Role::Contributor,
        Role::Maintainer => operations::Role::Maintainer,
        Role::Owner => operations::Role::Owner,
    }
}

/// A role of the policy as a value of the contract.
pub(crate) fn api_role(role: operations::Role) -> Role {
    match role {
        operations::Role::Viewer => Role::Viewer,
        operations::Role::Contributor => Role::Contributor,
        operations::Role::Maintainer => Role::Maintainer,
        operations::Role::Owner => Role::Owner,
    }
}
