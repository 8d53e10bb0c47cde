//! The first commit: specs and a constitution.
//!
//! Owns: which files a repository begins with, and that they are kept as versions of specs. Must not know: how a host commits.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{projects, repos};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::features::specs::version;
use crate::providers::Made;
use crate::providers::source_host::SeedFile;
use crate::provisioning::step::{Step, Subject};
use crate::repositories::{Local, id};
use crate::store::{Write, failed};

/// The files. Each is whole and fits every project: nothing that people wrote is put into them.
const FILES: &[(&str, &str)] = &[
    ("flaresmith.toml", include_str!("seed/flaresmith.toml")),
    ("specs/constitution.md", include_str!("seed/constitution.md")),
    ("specs/001-hello/spec.md", include_str!("seed/spec.md")),
    (
        "specs/001-hello/contracts/openapi.yaml",
        include_str!("seed/openapi.yaml"),
    ),
];

/// The version that the constitution states.
const CONSTITUTION: &str = "1.0.0";

/// Puts the files there.
pub(super) struct Seed;

impl Step for Seed {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let files = FILES.iter().map(|(path, text)| SeedFile {
                path: (*path).to_owned(),
                bytes: text.as_bytes().to_vec(),
            });
            let head = on
                .platform
                .providers
                .source
                .ensure_files(&on.mark, files.collect())
                .await?;
            Ok(Made {
                external_id: Some(head.clone()),
                name: head,
                url: None,
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let now = on.platform.clock.now();
            let project = on.project.id;
            let head = id(&made.name).ok_or_else(|| Failure::internal("the commit has no id"))?;
            let paths = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
            let read = move |local: &Local| version::at(local, head, &paths, "Begin with specs and a constitution");
            for file in on.platform.repositories.with_standing(project, read).await? {
                version::keep(write, project, None, &file, now).await?;
            }
            repos::Entity::update_many()
                .col_expr(repos::Column::HeadSha, Expr::value(Some(made.name.clone())))
                .col_expr(repos::Column::UpdatedAt, Expr::value(now))
                .filter(repos::Column::ProjectId.eq(project))
                .exec(&**write)
                .await
                .map_err(failed)?;
            projects::Entity::update_many()
                .col_expr(
                    projects::Column::ConstitutionVersion,
                    Expr::value(Some(CONSTITUTION.to_owned())),
                )
                .col_expr(projects::Column::Version, Expr::col(projects::Column::Version).add(1))
                .filter(projects::Column::Id.eq(project))
                .filter(projects::Column::ConstitutionVersion.is_null())
                .exec(&**write)
                .await
                .map_err(failed)?;
            Ok(())
        })
    }
}
