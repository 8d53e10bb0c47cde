//! The first start: an organization that runs the installation, its owner, and the account of scheduled jobs.
//!
//! Owns: making these once. Must not know: how the server listens.

use std::io::Write as _;
use std::path::PathBuf;

use flaresmith_api::errors::Failure;
use flaresmith_store::SecretText;
use flaresmith_store::entities::{accounts, organization_members, organizations, users};
use flaresmith_store::enums::{Role, UserStatus};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::passwords;
use crate::platform::Platform;
use crate::sealing::{private, random};
use crate::store::{Write, failed, new_id};

/// Name of the provider of accounts with a password, in Better Auth's words.
pub const CREDENTIAL: &str = "credential";

/// Signs of a made password, all different: without l, o, 0 and 1 none is easily taken for another.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How the first owner signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstOwner {
    /// The email.
    pub email: String,
    /// The file with the password; `None`: it was given in the environment.
    pub password_file: Option<PathBuf>,
}

/// Makes the first owner when the installation has none. `None`: it has.
///
/// # Errors
/// The password that was given is weak, the store fails, or the file with the password cannot be written.
pub async fn ensure(platform: &Platform) -> Result<Option<FirstOwner>, Failure> {
    let write = platform.store.begin_alone("first_owner").await?;
    let operator = organizations::Entity::find()
        .filter(organizations::Column::Operator.eq(true))
        .one(&*write)
        .await
        .map_err(failed)?;
    if operator.is_some() {
        return Ok(None);
    }
    let settings = &platform.settings;
    let (password, password_file) = match &settings.owner_password {
        Some(password) => {
            let password = password.expose().to_owned();
            passwords::demand_strong(&password)?;
            (password, None)
        }
        None => {
            let password = made()?;
            let file = settings.data.join("first-owner.password");
            // One of an installation that is gone.
            let _ = std::fs::remove_file(&file);
            private(&file)
                .and_then(|mut written| writeln!(written, "{password}").and_then(|()| written.sync_all()))
                .map_err(Failure::internal)?;
            (password, Some(file))
        }
    };
    let hash = passwords::hash(password).await?;
    let now = platform.clock.now();
    person(
        &write,
        "System",
        "system@flaresmith.localhost",
        UserStatus::System,
        platform,
    )
    .await?;
    let owner = person(&write, "Owner", &settings.owner_email, UserStatus::Active, platform).await?;
    credential(&write, owner, hash, platform).await?;
    let organization = new_id();
    organizations::ActiveModel {
        id: Set(organization),
        name: Set("Operator".to_owned()),
        slug: Set("operator".to_owned()),
        operator: Set(true),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&*write)
    .await
    .map_err(failed)?;
    organization_members::ActiveModel {
        id: Set(new_id()),
        organization_id: Set(organization),
        user_id: Set(owner),
        role: Set(Role::Owner),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&*write)
    .await
    .map_err(failed)?;
    write.commit().await?;
    Ok(Some(FirstOwner {
        email: settings.owner_email.clone(),
        password_file,
    }))
}

/// Adds a person.
///
/// # Errors
/// The store fails.
pub async fn person(
    write: &Write,
    name: &str,
    email: &str,
    status: UserStatus,
    platform: &Platform,
) -> Result<Uuid, Failure> {
    let now = platform.clock.now();
    let id = new_id();
    users::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        email: Set(email.to_owned()),
        email_verified: Set(status == UserStatus::Active),
        image: Set(None),
        status: Set(status),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(id)
}

/// Gives a person a password, by its hash.
///
/// # Errors
/// The store fails.
pub async fn credential(write: &Write, person: Uuid, hash: String, platform: &Platform) -> Result<(), Failure> {
    let now = platform.clock.now();
    accounts::ActiveModel {
        id: Set(new_id()),
        account_id: Set(person.to_string()),
        provider_id: Set(CREDENTIAL.to_owned()),
        user_id: Set(person),
        access_token: Set(None),
        refresh_token: Set(None),
        id_token: Set(None),
        access_token_expires_at: Set(None),
        refresh_token_expires_at: Set(None),
        scope: Set(None),
        password: Set(Some(SecretText::new(hash))),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(&**write)
    .await
    .map_err(failed)?;
    Ok(())
}

/// A password of 100 bits, in groups that can be typed.
fn made() -> Result<String, Failure> {
    let bytes = random::<20>().map_err(Failure::internal)?;
    let signs = bytes
        .iter()
        .filter_map(|byte| SIGNS.get(usize::from(byte % 32)).copied());
    let mut text = String::new();
    for (at, sign) in signs.enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(sign));
    }
    Ok(text)
}
