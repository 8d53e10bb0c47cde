//! The Pages project of a project at Cloudflare, and its removal.
//!
//! Owns: which branch and which addresses of the API it is made with, and that undoing leaves what people uploaded. Must not know: how
//! Cloudflare is called.
//!
//! A token that may do nothing about Pages leaves this step out and nothing else.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Post};
use flaresmith_api::types::Provider::Cloudflare;
use flaresmith_store::enums::EnvironmentKind;
use futures_util::future::BoxFuture;

use super::left_to_others;
use crate::providers::Made;
use crate::provisioning::at_cloudflare::{self, Pages};
use crate::provisioning::at_neon::began;
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::Looked;
use crate::provisioning::missing;
use crate::provisioning::step::{Step, Subject};

/// How it is found.
const LOOKS: Call = asks(
    Cloudflare,
    "/accounts/{account}/pages/projects/{name}",
    "Looks for the Pages project and its mark.",
);

/// What making it takes.
const MAKES: [Call; 2] = [
    LOOKS,
    changes(
        Cloudflare,
        Post,
        "/accounts/{account}/pages/projects",
        "Makes the Pages project where it is not there.",
    ),
];

/// What taking it away takes.
const REMOVES: [Call; 2] = [
    LOOKS,
    changes(
        Cloudflare,
        Delete,
        "/accounts/{account}/pages/projects/{name}",
        "Removes the Pages project with all that was uploaded to it.",
    ),
];

/// Makes it.
pub(super) struct Project;

/// Takes it away.
pub(super) struct Removal;

async fn connected(on: &Subject) -> Result<Pages, Failure> {
    let pages = at_cloudflare::pages(on).await?;
    pages.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))
}

impl Step for Project {
    fn calls(&self, _: There) -> Vec<Call> {
        MAKES.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(async move {
            let pages = connected(on).await?;
            let cloudflare = &on.platform.providers.cloudflare;
            let found = cloudflare.own_page(&pages.access, &on.mark, &pages.page).await?;
            let slug = &on.project.slug;
            Ok(Some(match found {
                Some(found) => Looked::fine(found.external_id.unwrap_or_default()),
                None => Looked::missing(
                    "Cloudflare has no Pages project of the project.",
                    format!("`{}`, with the mark of the project.", pages.page.name),
                    format!(
                        "Have it made anew: `flaresmith integration disconnect {slug} cloudflare`, then `flaresmith integration connect \
                         cloudflare {slug} --account ID`; with `--no-pages` there will be none."
                    ),
                ),
            }))
        })
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let pages = connected(on).await?;
            let read = on.platform.store.read();
            let environments = missing::environments(read, on.project.id).await?;
            let of = |kind| environments.iter().find(|row| row.kind == kind);
            let prod = of(EnvironmentKind::Prod).ok_or_else(|| Failure::new(ErrorCode::EnvNotFound))?;
            let dev = of(EnvironmentKind::Dev).map(|row| row.name.as_str());
            let wanted = at_cloudflare::wanted_page(read, on.project.id, prod, dev).await?;
            let cloudflare = &on.platform.providers.cloudflare;
            cloudflare
                .ensure_page(&pages.access, &on.mark, &pages.page, &wanted)
                .await
        })
    }

    fn leaves_out(&self, code: ErrorCode) -> bool {
        code == ErrorCode::ProvisionScopeMissing
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match began(on).await? {
                Some(since) => removed(on, Some(since)).await,
                None => Ok(()),
            }
        })
    }
}

impl Step for Removal {
    fn calls(&self, _: There) -> Vec<Call> {
        REMOVES.to_vec()
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            removed(on, None).await?;
            Ok(Made::default())
        })
    }
}

/// Takes it away. Whoever ended the connection before keeps it.
async fn removed(on: &Subject, since: Option<DateTime<Utc>>) -> Result<(), Failure> {
    let Some(pages) = at_cloudflare::pages(on).await? else {
        return Ok(());
    };
    let cloudflare = &on.platform.providers.cloudflare;
    let removed = cloudflare.remove_page(&pages.access, &on.mark, &pages.page, since);
    left_to_others(removed.await)
}
