//! What is shown of people.
//!
//! Owns: from rows to the contract's types. Must not know: who may see them.

use flaresmith_api::operations;
use flaresmith_api::types::{Role, User, UserProfile, UserProfileStatus, UserStatus};
use flaresmith_store::entities::users::Model;
use flaresmith_store::enums;

/// A person's own account.
pub(crate) fn account(row: Model) -> User {
    User {
        id: row.id,
        name: row.name,
        email: row.email,
        email_verified: row.email_verified,
        image: row.image,
        status: match row.status {
            enums::UserStatus::Invited => UserStatus::Invited,
            enums::UserStatus::Active => UserStatus::Active,
            enums::UserStatus::Disabled => UserStatus::Disabled,
            enums::UserStatus::System => UserStatus::System,
        },
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

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

/// A role of the policy as a value of the contract.
pub(crate) fn api_role(role: operations::Role) -> Role {
    match role {
        operations::Role::Viewer => Role::Viewer,
        operations::Role::Contributor => Role::Contributor,
        operations::Role::Maintainer => Role::Maintainer,
        operations::Role::Owner => Role::Owner,
    }
}
