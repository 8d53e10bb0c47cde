//! Which steps a run has.
//!
//! Owns: the graph of steps. Must not know: how any of them is done. Planning is pure: what is there goes in, steps come out.

use std::collections::BTreeSet;

use flaresmith_store::entities::{environments, resource_records};
use flaresmith_store::enums::{
    DeploymentKind, EnvironmentKind, EnvironmentState, Provider, ProvisioningRunKind, ResourceKind, ResourceRecordState,
};

use super::at_cloudflare;
use super::step::{ALL, Planned};
use super::steps::names;

/// Kinds of runs that are about one environment, which tells how they stand: they are not the project's to retry or cancel.
pub const OF_ENVIRONMENTS: [ProvisioningRunKind; 4] = [
    ProvisioningRunKind::Preview,
    ProvisioningRunKind::Recreate,
    ProvisioningRunKind::Deploy,
    ProvisioningRunKind::Test,
];

/// What is to become of a standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    /// It is there or not, as it is to be.
    Stays,
    /// It is made.
    Made,
    /// It is taken away.
    Removed,
}

/// What a project has beside all else where it signs in, unless somebody wants none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// A codespace at GitHub.
    pub codespace: bool,
    /// A Pages project at Cloudflare.
    pub pages: bool,
}

/// What makes everything that the project lacks. `connected`: providers that it signs in at. `at_neon`: environments whose databases are
/// there; those that are on this machine move when the project signs in at Neon, and their workers when it does at Cloudflare.
/// `beside`: what else it is to have. `standby`: what is to become of the standby of prod's database.
#[must_use]
pub fn creation(
    environments: &[environments::Model],
    records: &[resource_records::Model],
    connected: &[Provider],
    at_neon: &BTreeSet<String>,
    beside: Beside,
    standby: Standby,
) -> Vec<Planned> {
    let mut branches = vec![names::SEED.to_owned()];
    let mut steps = vec![
        step(names::REPOSITORY, Some(ResourceKind::GithubRepo), None, &[]),
        step(names::SEED, None, None, &[names::REPOSITORY]),
    ];
    for environment in lasting(environments) {
        let name = environment.name.as_str();
        let branch = match environment.kind {
            EnvironmentKind::Prod => names::SEED.to_owned(),
            _ => {
                let branch = names::of(names::BRANCH, name);
                steps.push(step(&branch, None, Some(name), &[names::SEED]));
                branches.push(branch.clone());
                branch
            }
        };
        let database = names::of(names::DATABASE, name);
        steps.push(step(&database, Some(ResourceKind::NeonBranch), Some(name), &[]));
        let worker = names::of(names::FIRST, name);
        let needs = [branch.as_str(), database.as_str()];
        steps.push(step(&worker, Some(ResourceKind::CloudflareWorker), Some(name), &needs));
    }
    if connected.contains(&Provider::Github) {
        // All branches at once, and none before it has its first commit.
        let needs: Vec<&str> = branches.iter().map(String::as_str).collect();
        steps.push(step(names::GITHUB, None, None, &needs));
        steps.push(step(names::GITHUB_SECRETS, None, None, &[names::GITHUB]));
        let dev = lasting(environments).find(|row| row.kind == EnvironmentKind::Dev);
        if let Some(dev) = dev.filter(|_| beside.codespace) {
            let codespace = Some(ResourceKind::GithubCodespace);
            // It begins with the branch as it is at GitHub.
            steps.push(step(names::CODESPACE, codespace, Some(&dev.name), &[names::GITHUB]));
        }
    }
    if connected.contains(&Provider::Postman) {
        steps.extend(at_postman(environments));
    }
    if connected.contains(&Provider::Cloudflare) && beside.pages {
        steps.push(pages(environments));
    }
    let is_there = |step: &Planned| {
        let environment = step.environment.as_deref().unwrap_or(ALL);
        records.iter().any(|record| {
            Some(record.resource) == step.resource
                && record.environment == environment
                && record.state == ResourceRecordState::Ready
        })
    };
    let all: Vec<String> = steps.iter().filter_map(|step| step.environment.clone()).collect();
    steps.retain(|step| !is_there(step));
    if connected.contains(&Provider::Neon) {
        let is_here = |name: &String| {
            let database = |record: &resource_records::Model| {
                record.resource == ResourceKind::NeonBranch
                    && record.environment == *name
                    && record.state == ResourceRecordState::Ready
            };
            records.iter().any(database) && !at_neon.contains(name)
        };
        let here: BTreeSet<&String> = all.iter().filter(|name| is_here(name)).collect();
        for name in here {
            steps.push(step(&names::of(names::NEON_BRANCH, name), None, Some(name), &[]));
        }
        let is_made = |record: &resource_records::Model| {
            record.resource == ResourceKind::NeonProject && record.state == ResourceRecordState::Ready
        };
        if !records.iter().any(is_made) {
            steps.push(step(names::NEON_PROJECT, Some(ResourceKind::NeonProject), None, &[]));
        }
        let prod = lasting(environments).find(|row| row.kind == EnvironmentKind::Prod);
        steps.extend(prod.and_then(|prod| self::standby(&prod.name, standby)));
        one_by_one(&mut steps, environments);
    }
    if connected.contains(&Provider::Cloudflare) {
        steps.extend(moved_to_cloudflare(&all, records));
    }
    let planned: Vec<String> = steps.iter().map(|step| step.name.clone()).collect();
    for step in &mut steps {
        step.needs.retain(|need| planned.contains(need));
    }
    steps
}

/// Environments that are there to stay: previews come and go by runs of their own.
fn lasting(environments: &[environments::Model]) -> impl Iterator<Item = &environments::Model> {
    environments
        .iter()
        .filter(|row| row.state != EnvironmentState::Archived && row.kind != EnvironmentKind::Preview)
}

/// A workspace, and in it the base collection and one for each environment, which says where that answers. One after the other:
/// Postman counts calls of a person, whichever project they are for.
fn at_postman(environments: &[environments::Model]) -> Vec<Planned> {
    let collection = Some(ResourceKind::PostmanCollection);
    let mut steps = vec![
        step(names::POSTMAN, Some(ResourceKind::PostmanWorkspace), None, &[]),
        step(names::POSTMAN_BASE, collection, None, &[names::POSTMAN, names::SEED]),
    ];
    let mut before = names::POSTMAN_BASE.to_owned();
    for environment in lasting(environments) {
        let of = |beginning| names::of(beginning, &environment.name);
        let (name, first) = (of(names::POSTMAN_COLLECTION), of(names::FIRST));
        steps.push(step(&name, collection, Some(&environment.name), &[&before, &first]));
        before = name;
    }
    steps
}

/// A Pages project, which is told where the workers answer.
fn pages(environments: &[environments::Model]) -> Planned {
    let needs = lasting(environments).flat_map(|row| {
        let of = |beginning| names::of(beginning, &row.name);
        [of(names::FIRST), of(names::CLOUDFLARE_WORKER)]
    });
    let needs: Vec<String> = needs.collect();
    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    step(names::PAGES, Some(ResourceKind::CloudflarePage), None, &needs)
}

/// What moves workers that are on this machine.
fn moved_to_cloudflare(environments: &[String], records: &[resource_records::Model]) -> Vec<Planned> {
    let here = records.iter().filter(|record| {
        record.state == ResourceRecordState::Ready
            && environments.contains(&record.environment)
            && at_cloudflare::is_of_this_machine(record)
    });
    let moves = |name: &str| step(&names::of(names::CLOUDFLARE_WORKER, name), None, Some(name), &[]);
    here.map(|record| moves(&record.environment)).collect()
}

/// Neon changes one thing of a project at a time, and a branch begins with another: what makes databases waits for what comes before,
/// the project first, then prod, which it begins with, then dev, then all others, and what stands by last.
fn one_by_one(steps: &mut [Planned], environments: &[environments::Model]) {
    let rank = |name: &str| {
        let found = environments.iter().find(|row| row.name == name);
        match found.map(|row| row.kind) {
            Some(EnvironmentKind::Prod) => 0,
            Some(EnvironmentKind::Dev) => 1,
            _ => 2,
        }
    };
    let makes = |step: &Planned| step.name.starts_with(names::DATABASE) || step.name.starts_with(names::NEON_BRANCH);
    let stands_by =
        |step: &Planned| step.name.starts_with(names::STANDBY) || step.name.starts_with(names::REMOVE_STANDBY);
    let mut chain: Vec<(u8, String)> = steps
        .iter()
        .filter(|step| makes(step) || stands_by(step))
        .map(|step| match stands_by(step) {
            true => (3, step.name.clone()),
            false => (step.environment.as_deref().map_or(2, rank), step.name.clone()),
        })
        .collect();
    chain.sort();
    let mut before = names::NEON_PROJECT.to_owned();
    for (_, name) in chain {
        if let Some(step) = steps.iter_mut().find(|step| step.name == name) {
            step.needs.push(std::mem::replace(&mut before, name));
        }
    }
}

/// What makes the standby of an environment, or takes it away.
#[must_use]
pub fn standby(environment: &str, standby: Standby) -> Option<Planned> {
    let beginning = match standby {
        Standby::Stays => return None,
        Standby::Made => names::STANDBY,
        Standby::Removed => names::REMOVE_STANDBY,
    };
    Some(step(&names::of(beginning, environment), None, Some(environment), &[]))
}

/// What makes sure that everything is there that one environment needs: what is there stays as it is.
#[must_use]
pub fn recreation(environment: &environments::Model) -> Vec<Planned> {
    let mut steps = creation(
        std::slice::from_ref(environment),
        &[],
        &[],
        &BTreeSet::new(),
        Beside::default(),
        Standby::Stays,
    );
    steps.retain(|step| step.environment.is_some());
    for step in &mut steps {
        step.needs.clear();
    }
    steps
}

/// What puts another version into an environment, and takes its database back before that if it is to. A preview gets what it lacks with it: its first deployment makes it, and a later one
/// mends it.
#[must_use]
pub fn deployment(
    environment: &str,
    of: EnvironmentKind,
    kind: DeploymentKind,
    takes_database_back: bool,
) -> Vec<Planned> {
    let resource = Some(ResourceKind::CloudflareWorker);
    let named = |beginning| names::of(beginning, environment);
    let preview = of == EnvironmentKind::Preview;
    let database = named(names::DATABASE);
    let (worker, migration, version) = (named(names::WORKER), named(names::MIGRATION), named(names::VERSION));
    let take_back = named(names::TAKE_BACK);
    let mut steps = vec![step(&worker, resource, Some(environment), &[])];
    let mut needs = vec![worker.as_str()];
    // What a rollback goes back to was built.
    if kind != DeploymentKind::Rollback {
        steps.push(step(names::BUILD, None, Some(environment), &[]));
        // What cannot be built changes no database.
        let mut before = vec![names::BUILD];
        if preview {
            steps.push(step(&database, Some(ResourceKind::NeonBranch), Some(environment), &[]));
            before.push(&database);
        }
        steps.push(step(&migration, None, Some(environment), &before));
        needs.extend([names::BUILD, &migration]);
    }
    if takes_database_back {
        steps.push(step(&take_back, None, Some(environment), &[&worker]));
        needs.push(&take_back);
    }
    steps.push(step(&version, resource, Some(environment), &needs));
    steps.push(step(
        &named(names::ACTIVATION),
        resource,
        Some(environment),
        &[&version],
    ));
    steps
}

/// What takes a preview away: first what answers, then what it answers from.
#[must_use]
pub fn archiving(environment: &str) -> Vec<Planned> {
    let worker = names::of(names::REMOVE_WORKER, environment);
    let database = names::of(names::REMOVE_DATABASE, environment);
    vec![
        step(&worker, Some(ResourceKind::CloudflareWorker), Some(environment), &[]),
        step(&database, Some(ResourceKind::NeonBranch), Some(environment), &[&worker]),
    ]
}

/// What tests an environment.
#[must_use]
pub fn test(environment: &str) -> Vec<Planned> {
    vec![step(&names::of(names::TEST, environment), None, Some(environment), &[])]
}

/// What takes everything away that was made for the project: one after the other, newest first. What may be there without a record,
/// because whoever made it lost its run meanwhile, is looked for too.
#[must_use]
pub fn removal(
    environments: &[environments::Model],
    records: &[resource_records::Model],
    connected: &[Provider],
) -> Vec<Planned> {
    let mut found: Vec<_> = records
        .iter()
        .filter(|record| record.state != ResourceRecordState::Deleted)
        .collect();
    found.sort_by_key(|record| std::cmp::Reverse((record.created_at, record.id)));
    let mut steps: Vec<Planned> = Vec::new();
    if connected.contains(&Provider::Github) {
        // It is found by its repository.
        let codespace = found.iter().find(|one| one.resource == ResourceKind::GithubCodespace);
        if let Some(record) = codespace {
            let place = Some(record.environment.as_str());
            steps.push(step(names::REMOVE_CODESPACE, Some(record.resource), place, &[]));
        }
        let needs: Vec<&str> = steps.last().map(|step| step.name.as_str()).into_iter().collect();
        let step = step(names::REMOVE_GITHUB, None, None, &needs);
        steps.push(step);
    }
    if connected.contains(&Provider::Postman) {
        let needs: Vec<&str> = steps.last().map(|step| step.name.as_str()).into_iter().collect();
        let workspace = Some(ResourceKind::PostmanWorkspace);
        let step = step(names::REMOVE_POSTMAN, workspace, None, &needs);
        steps.push(step);
    }
    let has_pages = found.iter().any(|one| one.resource == ResourceKind::CloudflarePage);
    if connected.contains(&Provider::Cloudflare) && has_pages {
        let needs: Vec<&str> = steps.last().map(|step| step.name.as_str()).into_iter().collect();
        let pages = Some(ResourceKind::CloudflarePage);
        let step = step(names::REMOVE_PAGES, pages, None, &needs);
        steps.push(step);
    }
    let mut add = |kind: ResourceKind, environment: &str| {
        let name = match kind {
            ResourceKind::GithubRepo => names::REMOVE_REPOSITORY.to_owned(),
            ResourceKind::NeonBranch => names::of(names::REMOVE_DATABASE, environment),
            ResourceKind::CloudflareWorker => names::of(names::REMOVE_WORKER, environment),
            ResourceKind::NeonProject => names::REMOVE_NEON.to_owned(),
            // The others were seen to above.
            _ => return,
        };
        if steps.iter().all(|step| step.name != name) {
            let needs: Vec<String> = steps.last().map(|step| step.name.clone()).into_iter().collect();
            let environment = (environment != ALL).then(|| environment.to_owned());
            steps.push(Planned {
                name,
                resource: Some(kind),
                environment,
                needs,
            });
        }
    };
    for record in found
        .into_iter()
        .filter(|record| record.resource != ResourceKind::NeonProject)
    {
        add(record.resource, &record.environment);
    }
    for environment in environments {
        add(ResourceKind::NeonBranch, &environment.name);
    }
    // Its branches are gone by then.
    if connected.contains(&Provider::Neon) {
        add(ResourceKind::NeonProject, ALL);
    }
    // A repository is there as soon as somebody asks for it, before any run has made one.
    add(ResourceKind::GithubRepo, ALL);
    steps
}

fn step(name: &str, resource: Option<ResourceKind>, environment: Option<&str>, needs: &[&str]) -> Planned {
    Planned {
        name: name.to_owned(),
        resource,
        environment: environment.map(str::to_owned),
        needs: needs.iter().map(|&need| need.to_owned()).collect(),
    }
}
