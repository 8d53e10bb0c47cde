//! Taking the database of an environment back to what it was at the end of the deployment that a rollback goes to.
//!
//! Owns: that its standby goes before it and is made anew after it. Must not know: how a database is taken back.

use flaresmith_api::errors::Failure;
use flaresmith_store::entities::database_branches;
use flaresmith_store::enums::{DatabaseBranchPurpose, EnvironmentKind};
use futures_util::future::BoxFuture;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::standby::{self as branch, Standby};
use crate::providers::Made;
use crate::provisioning::step::{Step, Subject, key};
use crate::provisioning::steps::names;
use crate::provisioning::{at_neon, back, standby};
use crate::store::{Write, failed};

/// Takes it back.
pub(super) struct TakeBack;

impl Step for TakeBack {
    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let to = back::wanted(on).await?;
            let host = at_neon::host(on).await?;
            // At Neon a branch that others begin with takes them along into its past; a copy of what is about to go is of no use.
            branch::taken(&for_standby(on), None).await?;
            host.take_back(&on.mark, &to, on.run).await?;
            Ok(Made {
                external_id: Some(to.before.to_string()),
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, _: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let stood_by = database_branches::Entity::find()
                .filter(database_branches::Column::EnvironmentId.is_in(at_neon::ids(&**write, on).await?))
                .filter(database_branches::Column::Purpose.eq(DatabaseBranchPurpose::Standby))
                .one(&**write)
                .await
                .map_err(failed)?;
            if stood_by.is_none() {
                return Ok(());
            }
            Standby.forget(write, on).await?;
            match on.environment.as_ref().filter(|row| row.kind == EnvironmentKind::Prod) {
                Some(environment) => standby::again(write, environment, on.platform.clock.now()).await,
                None => Ok(()),
            }
        })
    }
}

/// The standby's own mark: what makes it and what uses it take turns.
fn for_standby(on: &Subject) -> Subject {
    let mut standby = on.clone();
    let environment = &on.mark.environment;
    let name = names::of(names::STANDBY, environment);
    standby.mark.key = key(on.project.id, &name, Some(environment));
    standby
}
