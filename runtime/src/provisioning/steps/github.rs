//! The repository of a project at GitHub, in step with the one here.
//!
//! Owns: which repository it is, and the row that says where people find it. Must not know: how GitHub is called.

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::types::PlannedCallMethod::{Delete, Patch, Post};
use flaresmith_api::types::Provider::Github;
use flaresmith_store::entities::{organizations, provisioning_runs, repos};
use flaresmith_store::enums::{Provider, RepoHost};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};

use crate::features::projects::access;
use crate::providers::cloud::Access;
use crate::providers::github::Wanted;
use crate::providers::{Made, foreign};
use crate::provisioning::call::{Call, There, asks, changes};
use crate::provisioning::look::{self, Kind, Looked};
use crate::provisioning::step::{Step, Subject};
use crate::repositories::{Local, MAIN};
use crate::store::{Write, failed};

/// What it takes.
const REPOSITORY: [Call; 9] = [
    asks(
        Github,
        "/repos/{owner}/{repo}",
        "Looks for the repository and its mark.",
    ),
    asks(
        Github,
        "/repositories/{id}",
        "Looks for it by its number, where it was renamed.",
    ),
    asks(Github, "/user", "Asks whose token it is, before one is made."),
    changes(
        Github,
        Post,
        "/user/repos",
        "Makes the repository for a person, where it is not there.",
    ),
    changes(
        Github,
        Post,
        "/orgs/{org}/repos",
        "Makes the repository for an organization, where it is not there.",
    ),
    asks(
        Github,
        "/{owner}/{repo}.git/info/refs",
        "Asks which branches are there.",
    ),
    Call {
        // Git asks for commits with it.
        changes: false,
        ..changes(
            Github,
            Post,
            "/{owner}/{repo}.git/git-upload-pack",
            "Fetches commits that are not here.",
        )
    },
    changes(
        Github,
        Post,
        "/{owner}/{repo}.git/git-receive-pack",
        "Pushes commits that are not there.",
    ),
    changes(
        Github,
        Patch,
        "/repos/{owner}/{repo}",
        "Makes the default branch the one that people see first.",
    ),
];

/// Makes it, or brings it in step.
pub(super) struct Repository;

/// Takes it away.
pub(super) struct Removal;

/// Who signs in, which repository is wanted, and where the project's is at GitHub, if it is there already.
struct Connection {
    access: Access,
    wanted: Wanted,
    row: Option<repos::Model>,
}

impl Connection {
    /// The number of the repository that the project has there.
    fn known(&self) -> Option<&str> {
        self.row.as_ref()?.external_id.as_deref()
    }

    /// Owner and name of the repository that the project has there, or would have.
    fn place(&self) -> (&str, &str) {
        match &self.row {
            Some(row) => (&row.owner, &row.name),
            None => (&self.wanted.owner, &self.wanted.name),
        }
    }
}

/// `None`: the connection has ended.
async fn connection(on: &Subject) -> Result<Option<Connection>, Failure> {
    let Some((row, access)) = access(&on.platform, on.project.id, Provider::Github).await? else {
        return Ok(None);
    };
    let text = |name: &str| row.settings[name].as_str().map(str::to_owned);
    let described = on.project.description.as_deref().unwrap_or(&on.project.name);
    let wanted = Wanted {
        owner: text("owner").unwrap_or_default(),
        name: text("repositoryName").unwrap_or_else(|| on.project.slug.clone()),
        private: row.settings["private"].as_bool().unwrap_or(true),
        description: described.to_owned(),
    };
    let row = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(on.project.id))
        .filter(repos::Column::Host.eq(RepoHost::Github))
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    Ok(Some(Connection { access, wanted, row }))
}

impl Step for Repository {
    fn calls(&self, _: There) -> Vec<Call> {
        REPOSITORY.to_vec()
    }

    fn look<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Option<Looked>, Failure>> {
        Box::pin(looked(on))
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            let connection = connection(on).await?;
            let connection = connection.ok_or_else(|| Failure::new(ErrorCode::IntegrationNotConnected))?;
            refuse_of_another(on, &connection.wanted).await?;
            let (access, github) = (&connection.access, &on.platform.providers.github);
            let there = github
                .ensure_repository(access, &on.mark, &connection.wanted, connection.known())
                .await?;
            github
                .exchange(access, &on.mark, &there, &on.platform.repositories)
                .await?;
            let id = there.id.to_string();
            if connection.known() != Some(id.as_str()) {
                // Later it is for people to say.
                github.show_first(access, &there, MAIN).await?;
            }
            Ok(Made {
                external_id: Some(id),
                name: there.full_name.clone(),
                url: Some(there.html_url),
                ..Made::default()
            })
        })
    }

    fn keep<'a>(&'a self, write: &'a Write, on: &'a Subject, made: &'a Made) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (owner, name) = made.name.split_once('/').unwrap_or(("", &made.name));
            let place = (RepoHost::Github, owner.to_owned(), name.to_owned());
            moved(write, on, place, made.url.clone(), made.external_id.clone()).await
        })
    }

    fn undo<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(undone(on))
    }
}

/// Compares the repository there, and its branches with those here that environments follow.
async fn looked(on: &Subject) -> Result<Option<Looked>, Failure> {
    let Some(connection) = connection(on).await? else {
        // Since the connection ended nothing has to be there.
        return Ok(None);
    };
    let (access, github) = (&connection.access, &on.platform.providers.github);
    let (owner, name) = connection.place();
    let slug = &on.project.slug;
    let Some(there) = github.repository(access, owner, name, connection.known()).await? else {
        return Ok(Some(Looked::missing(
            format!("GitHub has no repository {owner}/{name} that the token may see."),
            format!("The repository {owner}/{name}."),
            format!(
                "Restore it at GitHub, or connect again: `flaresmith integration connect github {slug} --owner {owner}`."
            ),
        )));
    };
    let is_known = connection.known().is_none_or(|known| known == there.id.to_string());
    if !is_known || !github.is_own(&there, on.project.id, connection.known()) {
        return Err(foreign(&on.mark));
    }
    let theirs = github.heads(access, &there).await?;
    let ours = on
        .platform
        .repositories
        .with_standing(on.project.id, Local::heads)
        .await?;
    let mut looked = Looked::fine(there.id.to_string());
    for environment in look::environments_of(&on.platform, on.project.id).await? {
        let (branch, here) = (&environment.branch, ours.get(&environment.branch));
        let there = theirs.get(branch);
        if here == there {
            continue;
        }
        let told = |head: Option<&git2::Oid>| head.map_or_else(|| "not there".to_owned(), |head| format!("at {head}"));
        let out = Looked::but(
            "",
            Kind::Differs,
            format!("`{branch}` is {} at GitHub.", told(there)),
            format!("`{branch}` is {} here.", told(here)),
            format!(
                "Within a minute it is brought in step by itself, unless both sides have commits of their own: merge those and push \
                 `{branch}`."
            ),
        );
        looked.differences.extend(out.differences);
        looked.seen = format!("{} {branch} {}", looked.seen, told(there));
    }
    Ok(Some(looked))
}

/// Takes back what the run made, and nothing that was there before or has what is not here.
async fn undone(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = connection(on).await? else {
        return Ok(());
    };
    let (access, github) = (&connection.access, &on.platform.providers.github);
    // The run makes what is wanted, which may be another than the project has.
    let Wanted { owner, name, .. } = &connection.wanted;
    if let Some(there) = github.repository(access, owner, name, connection.known()).await? {
        let run = provisioning_runs::Entity::find_by_id(on.run)
            .one(on.platform.store.read())
            .await
            .map_err(failed)?;
        let is_of_this_run = run.is_some_and(|run| there.is_younger_than(run.created_at));
        if !is_of_this_run
            || !github.is_own(&there, on.project.id, connection.known())
            || github
                .has_more(access, &on.mark, &there, &on.platform.repositories)
                .await?
        {
            return Ok(());
        }
        github.remove_repository(access, &on.mark, &there).await?;
    }
    let is_it = |row: &repos::Model| row.owner.eq_ignore_ascii_case(owner) && row.name.eq_ignore_ascii_case(name);
    if !connection.row.as_ref().is_some_and(is_it) {
        return Ok(());
    }
    let organization = organizations::Entity::find_by_id(on.project.organization_id)
        .one(on.platform.store.read())
        .await
        .map_err(failed)?
        .ok_or_else(|| Failure::new(ErrorCode::OrganizationNotFound))?;
    let url = on.platform.repositories.url(on.project.id);
    let place = (RepoHost::Local, organization.slug, on.project.slug.clone());
    let write = on.write().await?;
    moved(&write, on, place, Some(url), None).await?;
    write.commit().await
}

/// Writes down where people find the repository.
async fn moved(
    write: &Write,
    on: &Subject,
    (host, owner, name): (RepoHost, String, String),
    url: Option<String>,
    external_id: Option<String>,
) -> Result<(), Failure> {
    let found = repos::Entity::find()
        .filter(repos::Column::ProjectId.eq(on.project.id))
        .one(&**write)
        .await
        .map_err(failed)?;
    let Some(row) = found else {
        return Ok(());
    };
    let mut active = row.into_active_model();
    active.host = Set(host);
    active.owner = Set(owner);
    active.name = Set(name);
    active.url = Set(url.unwrap_or_default());
    active.external_id = Set(external_id);
    active.updated_at = Set(on.platform.clock.now());
    active.update(&**write).await.map_err(failed)?;
    Ok(())
}

/// Refuses a repository that is another project's here.
async fn refuse_of_another(on: &Subject, wanted: &Wanted) -> Result<(), Failure> {
    let another = repos::Entity::find()
        .filter(repos::Column::Host.eq(RepoHost::Github))
        // GitHub makes no difference between small letters and others.
        .filter(Expr::expr(Func::lower(Expr::col(repos::Column::Owner))).eq(wanted.owner.to_lowercase()))
        .filter(Expr::expr(Func::lower(Expr::col(repos::Column::Name))).eq(wanted.name.to_lowercase()))
        .filter(repos::Column::ProjectId.ne(on.project.id))
        .one(on.platform.store.read())
        .await
        .map_err(failed)?;
    match another {
        Some(_) => Err(foreign(&on.mark)),
        None => Ok(()),
    }
}

/// Removes what the project has at GitHub; who ended the connection before keeps it.
async fn removed(on: &Subject) -> Result<(), Failure> {
    let Some(connection) = connection(on).await? else {
        return Ok(());
    };
    let (access, github) = (&connection.access, &on.platform.providers.github);
    let (owner, name) = connection.place();
    match github.repository(access, owner, name, connection.known()).await? {
        Some(there) if github.is_own(&there, on.project.id, connection.known()) => {
            github.remove_repository(access, &on.mark, &there).await
        }
        _ => Ok(()),
    }
}

impl Step for Removal {
    fn calls(&self, _: There) -> Vec<Call> {
        vec![
            asks(
                Github,
                "/repos/{owner}/{repo}",
                "Looks for the repository and its mark.",
            ),
            asks(
                Github,
                "/repositories/{id}",
                "Looks for it by its number, where it was renamed.",
            ),
            changes(Github, Delete, "/repos/{owner}/{repo}", "Removes the repository."),
        ]
    }

    fn run<'a>(&'a self, on: &'a Subject) -> BoxFuture<'a, Result<Made, Failure>> {
        Box::pin(async move {
            removed(on).await?;
            Ok(Made::default())
        })
    }
}
