//! The first commit: the project template.
//!
//! Owns: that its specs are kept as versions that were applied, and its tools as those of the project. Must not know: what stands in
//! the template, how a host commits.

use std::sync::OnceLock;

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::{projects, repos};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::features::specs::version;
use crate::features::tools::{self, Descriptor};
use crate::providers::Made;
use crate::providers::source_host::SeedFile;
use crate::provisioning::call::{Call, There, here};
use crate::provisioning::step::{Step, Subject};
use crate::provisioning::template::{self, Beginning};
use crate::repositories::{Local, id};
use crate::store::{Write, failed};

/// The tools that the specs of the template give. They do not bear the name of a project, so they are made once.
static TOOLS: OnceLock<Vec<Descriptor>> = OnceLock::new();

/// Puts the files there.
pub(super) struct Seed;

/// What a project begins with. To compile takes the processor for a while, so it is done where others do not wait for it.
async fn begin(name: String) -> Result<Beginning, Failure> {
    let beginning = tokio::task::spawn_blocking(move || template::begin(&name))
        .await
        .map_err(Failure::internal)??;
    TOOLS.get_or_init(|| tools::of(&beginning.compilation));
    Ok(beginning)
}

impl Step for Seed {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![here(
            "Commits the files of the project template that the default branch lacks.",
        )]
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let beginning = begin(on.project.name.clone()).await?;
            let files = beginning.files.into_iter();
            let files = files.map(|(path, bytes)| SeedFile { path, bytes }).collect();
            let head = on.platform.providers.source.ensure_files(&on.mark, files).await?;
            Ok(Made {
                external_id: Some(head.clone()),
                name: head,
                url: None,
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let now = on.platform.clock.now();
            let project = on.project.id;
            let head = id(&made.name).ok_or_else(|| Failure::internal("the commit has no id"))?;
            let specs = template::specs();
            let read = move |local: &Local| version::at(local, head, &specs, "Begin with the project template");
            let mut contract = None;
            for file in on.platform.repositories.with_standing(project, read).await? {
                let row = version::applied(write, project, None, &file, true, now).await?.1;
                if file.is_contract() {
                    contract = Some(row.id);
                }
            }
            if TOOLS.get().is_none() {
                begin(on.project.name.clone()).await?;
            }
            let tools = TOOLS.get().map(Vec::as_slice).unwrap_or_default();
            tools::keep(write, project, contract, tools, now).await?;
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
                    Expr::value(Some(template::CONSTITUTION.to_owned())),
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
