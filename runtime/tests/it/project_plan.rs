//! Plans of projects beside all four providers: what steps say that they call is what providers are asked, looking changes nothing, and
//! a plan that is no longer right is not carried out.

use std::collections::BTreeSet;

use flaresmith_api::types::{ProjectDrift, ProjectPlan};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Settings;
use serde_json::{Value, json};

use crate::cloudflare::Token;
use crate::cloudflare_projects::{ACCOUNT, TOKEN as CLOUDFLARE_TOKEN};
use crate::four_providers::Providers;
use crate::instance::{Answer, Instance};
use crate::neon_projects::KEY as NEON_KEY;
use crate::postman_projects::KEY as POSTMAN_KEY;
use crate::provisioning::until;
use crate::{cloudflare_projects, github_codespaces, neon_projects, postman_projects};

/// Providers in the order in which they are connected.
pub(crate) const PROVIDERS: [&str; 4] = ["github", "postman", "neon", "cloudflare"];

/// A platform beside all providers.
pub(crate) struct Beside {
    pub(crate) instance: Instance,
    pub(crate) providers: Providers,
    pub(crate) owner: String,
    pub(crate) organization: String,
}

impl Beside {
    pub(crate) async fn all() -> Self {
        let providers = Providers::start().await;
        let Providers {
            github,
            neon,
            cloudflare,
            postman,
        } = &providers;
        let places = (
            github.place.clone(),
            neon.api.clone(),
            cloudflare.place.clone(),
            postman.api.clone(),
        );
        let set = |settings: &mut Settings| {
            (settings.github, settings.neon, settings.cloudflare, settings.postman) = places;
        };
        let instance = Instance::set_on_postgres(set).await;
        let (organization, owner) = instance.organization("Northwind").await;
        Self {
            instance,
            providers,
            owner,
            organization,
        }
    }

    pub(crate) fn connection(provider: &str, name: &str) -> Value {
        match provider {
            "github" => github_codespaces::connection(name),
            "neon" => neon_projects::connection(NEON_KEY),
            "cloudflare" => cloudflare_projects::connection(CLOUDFLARE_TOKEN),
            _ => postman_projects::connection(POSTMAN_KEY),
        }
    }

    /// Everything that providers were asked so far: provider, method and path as their contracts have it.
    fn asked(&self) -> Vec<(String, String, String)> {
        let of = |provider: &str, all: Vec<String>, beginning: &str| -> Vec<(String, String, String)> {
            all.into_iter()
                .map(|line| {
                    let (method, path) = line.split_once(' ').unwrap();
                    // Git is not asked where the API is.
                    let path = path.strip_prefix(beginning).or_else(|| path.strip_prefix("/web"));
                    let path = path.unwrap_or_else(|| panic!("{line} lies elsewhere"));
                    (provider.to_owned(), method.to_owned(), path.to_owned())
                })
                .collect()
        };
        let mut all = of("github", self.providers.github.requests(), "/api/v3");
        all.extend(of("neon", self.providers.neon.requests(), "/api/v2"));
        all.extend(of("cloudflare", self.providers.cloudflare.requests(), "/client/v4"));
        all.extend(of("postman", self.providers.postman.requests(), ""));
        all
    }

    async fn get(&self, project: &str, rest: &str) -> Answer {
        let path = format!("/projects/{project}/{rest}");
        self.instance.call(&self.owner, "GET", &path, None).await.is(200)
    }

    pub(crate) async fn plan(&self, project: &str) -> Answer {
        self.get(project, "plan").await.fits::<ProjectPlan>()
    }

    pub(crate) async fn drift(&self, project: &str) -> Answer {
        self.get(project, "resources/drift").await.fits::<ProjectDrift>()
    }

    /// Looks, and makes sure that nobody was asked to change anything. Git asks for its branches with a GET too.
    pub(crate) async fn looks(&self, project: &str) -> (Answer, Answer) {
        let before = self.asked();
        let (plan, drift) = (self.plan(project).await, self.drift(project).await);
        let mut asked = self.asked();
        for one in before {
            let at = asked.iter().position(|other| *other == one).unwrap();
            asked.remove(at);
        }
        let changes: Vec<_> = asked.iter().filter(|(_, method, _)| method != "GET").collect();
        assert!(changes.is_empty(), "{changes:?}");
        (plan, drift)
    }

    /// Carries the latest run out.
    pub(crate) async fn carried_out(&self, project: &str) {
        let runner = Runner::start(self.instance.platform.clone()).unwrap();
        until(&self.instance, &self.owner, project, "succeeded").await;
        runner.stop().await;
    }
}

/// Calls of the steps of a plan: provider, method and template.
fn calls(plan: &Answer) -> BTreeSet<(String, String, String)> {
    let steps = plan.body["provisioning"]["steps"].as_array().unwrap().iter();
    let calls = steps.flat_map(|step| step["calls"].as_array().unwrap().iter());
    let text = |call: &Value, name: &str| call[name].as_str().map(str::to_owned);
    calls
        .filter_map(|call| Some((text(call, "provider")?, text(call, "method")?, text(call, "path")?)))
        .collect()
}

/// Whether a path is one of a template.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let one = |(template, part): (&&str, &&str)| match (template.find('{'), template.rfind('}')) {
        (Some(from), Some(to)) => {
            let (before, after) = (&template[..from], &template[to + 1..]);
            part.len() > before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
        }
        _ => template == part,
    };
    template.len() == path.len() && template.iter().zip(&path).all(one)
}

fn steps(plan: &Answer) -> Vec<&str> {
    let all = plan.body["provisioning"]["steps"].as_array().unwrap().iter();
    all.map(|step| step["name"].as_str().unwrap()).collect()
}

/// Requests that these projects give no occasion for: nothing is deployed, renamed, edited, looked for by an id that was kept, in an
/// organization or left half done.
const SELDOM: [(&str, &str, &str); 13] = [
    (
        "cloudflare",
        "GET",
        "/accounts/{account}/workers/scripts/{script}/deployments",
    ),
    (
        "cloudflare",
        "GET",
        "/accounts/{account}/workers/scripts/{script}/versions",
    ),
    (
        "cloudflare",
        "POST",
        "/accounts/{account}/workers/scripts/{script}/deployments",
    ),
    (
        "cloudflare",
        "POST",
        "/accounts/{account}/workers/scripts/{script}/versions",
    ),
    (
        "github",
        "DELETE",
        "/repos/{owner}/{repo}/environments/{environment}/secrets/{name}",
    ),
    ("github", "DELETE", "/user/codespaces/{name}"),
    ("github", "GET", "/repositories/{id}"),
    ("github", "POST", "/orgs/{org}/repos"),
    ("github", "POST", "/{owner}/{repo}.git/git-upload-pack"),
    ("neon", "GET", "/projects/{project}"),
    ("neon", "POST", "/projects/{project}/endpoints"),
    ("postman", "PUT", "/collections/{collection}"),
    ("postman", "PUT", "/environments/{environment}"),
];

/// Shows 001/FR-037.
#[tokio::test(flavor = "multi_thread")]
async fn steps_call_what_a_plan_says_and_whoever_plans_or_compares_only_looks() {
    let beside = Beside::all().await;
    let (instance, owner) = (&beside.instance, beside.owner.as_str());
    let project = instance.project(owner, &beside.organization, "Shop").await;

    // Nothing was made yet, so nothing is told to be fine; and what will be made is planned.
    let (plan, drift) = beside.looks(&project).await;
    assert_eq!(
        (drift.text("/status"), drift.body["comparedCount"].as_i64()),
        ("empty".to_owned(), Some(0))
    );
    assert_eq!(plan.text("/provisioning/action"), "underWay");
    assert!(
        steps(&plan).contains(&"source-repository") && plan.body["commitSha"].is_null(),
        "{plan:?}"
    );
    beside.carried_out(&project).await;
    let (plan, drift) = beside.looks(&project).await;
    assert_eq!(drift.text("/status"), "clean", "{drift:?}");
    assert_eq!(
        (plan.text("/provisioning/action"), steps(&plan).len()),
        ("none".to_owned(), 0)
    );
    for (name, kind) in [
        ("DEPLOY_KEY", "githubActionSecret"),
        ("STAGE_KEY", "githubEnvironmentSecret"),
    ] {
        let environment = if name == "DEPLOY_KEY" { "all" } else { "staging" };
        let path = format!("/projects/{project}/secrets/{name}?environment={environment}&type={kind}");
        let body = Some(json!({ "value": "value-one" }));
        let put = instance.call(owner, "PUT", &path, body).await;
        assert!(put.status.is_success(), "{put:?}");
    }

    let mut said = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut held = |plan: &Answer, asked: &[(String, String, String)]| {
        let calls = calls(plan);
        for (provider, method, path) in asked {
            let call = calls
                .iter()
                .find(|(of, with, template)| of == provider && with == method && fits(template, path));
            let call = call.unwrap_or_else(|| panic!("no step says {provider} {method} {path}: {calls:#?}"));
            seen.insert(call.clone());
        }
        said.extend(calls);
    };
    for provider in PROVIDERS {
        let path = format!("/projects/{project}/integrations/{provider}");
        let body = Some(Beside::connection(provider, "shop"));
        let connected = instance.call(owner, "PUT", &path, body).await;
        assert!(connected.status.is_success(), "{connected:?}");
        let (plan, _) = beside.looks(&project).await;
        assert_eq!(plan.text("/provisioning/action"), "underWay");
        assert!(
            steps(&plan).iter().any(|name| name.starts_with(provider)),
            "{provider}: {:?}",
            steps(&plan)
        );
        let before = beside.asked().len();
        let mut asked = beside.asked();
        beside.carried_out(&project).await;
        let after = beside.asked();
        assert!(after.len() > before, "{provider} was asked nothing");
        for one in after {
            match asked.iter().position(|other| *other == one) {
                Some(at) => drop(asked.remove(at)),
                // What keeps the others in step looks whenever it likes.
                None if one.0 == provider => held(&plan, &[one]),
                None => {}
            }
        }
        let (plan, drift) = beside.looks(&project).await;
        assert_eq!(drift.text("/status"), "clean", "{provider}: {drift:?}");
        assert_eq!(steps(&plan).len(), 0, "{provider}: {:?}", steps(&plan));
    }

    // A project that begins with all of them.
    let all: Vec<Value> = PROVIDERS
        .iter()
        .map(|provider| Beside::connection(provider, "books"))
        .collect();
    let body = json!({ "name": "Books", "organizationId": beside.organization, "integrations": all });
    let made = instance.call(owner, "POST", "/projects", Some(body)).await.is(201);
    let books = made.text("/id");
    let (plan, _) = beside.looks(&books).await;
    let mut asked = beside.asked();
    beside.carried_out(&books).await;
    for one in beside.asked() {
        match asked.iter().position(|other| *other == one) {
            Some(at) => drop(asked.remove(at)),
            None => held(&plan, &[one]),
        }
    }
    let (_, drift) = beside.looks(&books).await;
    assert_eq!(drift.text("/status"), "clean", "{drift:?}");

    let seldom: BTreeSet<(String, String, String)> = SELDOM
        .iter()
        .map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned()))
        .collect();
    let unseen: BTreeSet<_> = said.difference(&seen).cloned().collect();
    assert_eq!(unseen, seldom, "what no provider was asked");
}

/// Shows 001/FR-037.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_a_plan_is_refused_when_a_connection_or_what_was_made_moved() {
    let beside = Beside::all().await;
    let (instance, owner) = (&beside.instance, beside.owner.as_str());
    let project = instance.project(owner, &beside.organization, "Shop").await;
    beside.carried_out(&project).await;
    let connect = format!("/projects/{project}/integrations/cloudflare");
    let body = Some(Beside::connection("cloudflare", "shop"));
    instance.call(owner, "PUT", &connect, body).await.is(201);
    // The token is taken back before the run begins.
    beside.providers.cloudflare.revoke(CLOUDFLARE_TOKEN);
    let runner = Runner::start(instance.platform.clone()).unwrap();
    until(instance, owner, &project, "failed").await;
    runner.stop().await;
    beside
        .providers
        .cloudflare
        .token(CLOUDFLARE_TOKEN, Token::whole(ACCOUNT));

    let plan = beside.plan(&project).await;
    assert_eq!(plan.text("/provisioning/action"), "retry");
    let moves = steps(&plan);
    let (moves, looks): (Vec<&str>, Vec<&str>) = moves.into_iter().partition(|name| name.starts_with("cloudflare-"));
    // Pages are told where the workers answer, so they come behind them.
    assert_eq!(
        moves,
        ["worker-dev", "worker-prod", "worker-staging", "pages"].map(|name| format!("cloudflare-{name}"))
    );
    assert!(looks.iter().all(|name| name.starts_with("source-")), "{looks:?}");
    let retry = |digest: &str| format!("/projects/{project}/provisioning/retry?planDigest={digest}");
    let refused = async |digest: &str, moved: Value| {
        let answer = instance.call(owner, "POST", &retry(digest), None).await;
        let answer = answer.fails(409, "PROVISION_PLAN_STALE");
        assert_eq!(answer.body["error"]["details"]["moved"], moved, "{answer:?}");
        answer.text("/error/details/planDigest")
    };
    let settings = json!({ "settings": {
        "provider": "cloudflare", "accountId": ACCOUNT, "pages": false, "variables": { "REGION": "us" },
    } });
    instance.call(owner, "PATCH", &connect, Some(settings)).await.is(200);
    let now = refused(&plan.text("/digest"), json!(["integrations"])).await;
    let plan = beside.plan(&project).await;
    assert_eq!(plan.text("/digest"), now, "whoever is refused is told how it is now");

    // A worker that goes behind the platform's back is something that was made.
    let folder = instance.platform.settings.data.join(format!("edge/{project}/staging"));
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    refused(&now, json!(["resources"])).await;
    std::fs::rename(&aside, &folder).unwrap();
    let before = "0".repeat(24);
    let before = [before.as_str(); 4].join("-");
    refused(&before, json!(["repository", "specs", "resources", "integrations"])).await;

    instance.call(owner, "POST", &retry(&now), None).await.is(202);
    beside.carried_out(&project).await;
    assert_eq!(beside.drift(&project).await.text("/status"), "clean");
}
