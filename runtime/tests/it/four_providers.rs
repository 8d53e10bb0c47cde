//! The four providers together, each behind a relay, and a project at all of them.
//!
//! Owns: starting them, where servers find them, asking for a project and for its end. Must not know: what happens to servers meanwhile.

use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};

use crate::cloudflare::{Cloudflare, Token};
use crate::github::Github;
use crate::killed::send;
use crate::neon::Neon;
use crate::postman::Postman;
use crate::relay::{Hook, relay};
use crate::{cloudflare_projects, github_codespaces, integrations, neon_projects, postman_projects, scanned};

/// The providers, which all know whoever signs in.
pub(crate) struct Providers {
    pub(crate) github: Github,
    pub(crate) neon: Neon,
    pub(crate) cloudflare: Cloudflare,
    pub(crate) postman: Postman,
}

impl Providers {
    pub(crate) async fn start() -> Self {
        // As the server does when it starts.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (github, neon) = (Github::start().await, Neon::start().await);
        let (cloudflare, postman) = (Cloudflare::start().await, Postman::start().await);
        github.token(integrations::TOKEN, "northwind", Some(github_codespaces::SCOPES));
        neon.key(neon_projects::KEY, neon_projects::ORGANIZATION);
        cloudflare.token(cloudflare_projects::TOKEN, Token::whole(cloudflare_projects::ACCOUNT));
        postman.key(postman_projects::KEY, 1);
        for secret in [
            integrations::TOKEN,
            neon_projects::KEY,
            cloudflare_projects::TOKEN,
            postman_projects::KEY,
        ] {
            scanned::note_text(secret);
        }
        Self {
            github,
            neon,
            cloudflare,
            postman,
        }
    }

    /// Where a server finds them whose calls are all told to the hook: names and values of its environment.
    pub(crate) async fn behind(&self, hook: &Hook) -> Vec<(&'static str, Url)> {
        let hub = relay("github", &self.github.place.api, hook).await;
        let mut web = hub.clone();
        web.set_path(self.github.place.web.path());
        let edge = &self.cloudflare.place;
        vec![
            ("FLARESMITH_GITHUB_API", hub),
            ("FLARESMITH_GITHUB_URL", web),
            ("FLARESMITH_NEON_API", relay("neon", &self.neon.api, hook).await),
            ("FLARESMITH_CLOUDFLARE_API", relay("cloudflare", &edge.api, hook).await),
            ("FLARESMITH_CLOUDFLARE_WORKERS", edge.workers.clone()),
            (
                "FLARESMITH_POSTMAN_API",
                relay("postman", &self.postman.api, hook).await,
            ),
        ]
    }

    /// Makes sure that everything of a project is there.
    pub(crate) fn have(&self, name: &str) {
        neon_projects::is_whole(&self.neon);
        cloudflare_projects::is_whole(&self.cloudflare, &name.to_lowercase());
        postman_projects::is_whole(&self.postman, name);
    }

    /// The same after calls that came too late: a version that was uploaded twice cannot be removed, but the first one answers.
    pub(crate) fn have_at_last(&self, name: &str) {
        neon_projects::is_whole(&self.neon);
        cloudflare_projects::answers_first(&self.cloudflare, &name.to_lowercase());
        postman_projects::is_whole(&self.postman, name);
    }

    /// Makes sure that what is there is what these projects have, each of it once.
    pub(crate) fn have_only(&self, names: &[String]) {
        let slugs = names.iter().map(|name| format!("northwind/{}", name.to_lowercase()));
        assert_eq!(self.github.repositories(), slugs.collect::<Vec<_>>());
        let codespaces = self.github.codespaces();
        assert_eq!(codespaces.len(), names.len(), "{codespaces:?}");
        assert_eq!(self.neon.projects(|all| all.len()), names.len());
        assert_eq!(self.cloudflare.names().len(), 3 * names.len());
        assert_eq!(self.cloudflare.pages(|all| all.len()), names.len());
        assert_eq!(self.postman.workspaces(|all| all.len()), names.len());
        assert_eq!(self.postman.elements(|all| all.len()), 7 * names.len());
    }

    /// Whether there is as much as so many projects have. What was made too late is there for a moment.
    pub(crate) fn have_as_many(&self, projects: usize) -> bool {
        self.github.repositories().len() == projects
            && self.github.codespaces().len() == projects
            && self.neon.projects(|all| all.len()) == projects
            && self.cloudflare.names().len() == 3 * projects
            && self.cloudflare.pages(|all| all.len()) == projects
            && self.postman.workspaces(|all| all.len()) == projects
            && self.postman.elements(|all| all.len()) == 7 * projects
    }

    /// What was asked of them that they do not know.
    pub(crate) fn wrong(&self) -> Vec<String> {
        [self.neon.wrong(), self.cloudflare.wrong(), self.postman.wrong()].concat()
    }
}

/// Before it is asked for again what was not heard: it takes five tokens, and sixty come in a minute.
pub(crate) const AGAIN: Duration = Duration::from_secs(8);

/// A project, as a server that may be gone by now tells of it.
#[derive(Clone)]
pub(crate) struct Project {
    pub(crate) address: String,
    pub(crate) token: String,
    pub(crate) name: String,
}

impl Project {
    fn get(&self, path: &str) -> Option<Value> {
        let (status, told) = send(&self.address, "GET", path, Some(&self.token), None)?;
        (status == 200).then_some(told)
    }

    /// The project; nothing: nobody says whether it is there, nothing in it: it is not.
    fn found(&self) -> Option<Option<Value>> {
        let page = self.get("/projects?limit=100")?;
        let items = page["items"].as_array()?;
        Some(items.iter().find(|one| one["name"] == self.name.as_str()).cloned())
    }

    /// The same of one whose run must not fail.
    fn shown(&self) -> Option<Option<Value>> {
        let found = self.found()?;
        if let Some(project) = &found {
            assert_ne!(project["state"], "error", "{:?}", self.run());
        }
        Some(found)
    }

    /// Its run.
    pub(crate) fn run(&self) -> Option<Value> {
        let project = self.found()??;
        self.run_of(project["id"].as_str()?)
    }

    /// The same, by its id: one request, where limits count them.
    pub(crate) fn run_of(&self, id: &str) -> Option<Value> {
        self.get(&format!("/projects/{id}/provisioning"))
    }

    /// Has what failed done again, as soon as the limits allow it.
    pub(crate) fn retry(&self, id: &str) {
        let path = format!("/projects/{id}/provisioning/retry");
        loop {
            let (status, told) = send(&self.address, "POST", &path, Some(&self.token), None).unwrap();
            if status != 429 {
                assert_eq!(status, 202, "{told}");
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// Asks for it: the status and what was told.
    pub(crate) fn ask(&self) -> Option<(u16, Value)> {
        let slug = self.name.to_lowercase();
        let connections = [
            github_codespaces::connection(&slug),
            neon_projects::connection(neon_projects::KEY),
            cloudflare_projects::connection(cloudflare_projects::TOKEN),
            postman_projects::connection(postman_projects::KEY),
        ];
        let body = json!({ "name": self.name, "integrations": connections });
        send(&self.address, "POST", "/projects", Some(&self.token), Some(&body))
    }

    /// Asks for it where it is not. Whether that is heard: a server may be gone, or have been asked too often.
    pub(crate) fn begin(&self) -> bool {
        match self.shown() {
            None => false,
            Some(Some(_)) => true,
            Some(None) => self.ask().is_some_and(|(status, told)| {
                assert!(matches!(status, 201 | 429), "{told}");
                status == 201
            }),
        }
    }

    pub(crate) fn is_there(&self) -> Option<bool> {
        Some(self.shown()??["state"] == "active")
    }

    /// Asks for its end where there is none yet. Whether that is heard.
    pub(crate) fn end(&self) -> bool {
        match self.shown() {
            None => false,
            Some(Some(project)) if project["state"] == "active" => {
                let path = format!(
                    "/projects/{}?projectSlug={}",
                    project["id"].as_str().unwrap(),
                    project["slug"].as_str().unwrap()
                );
                let told = send(&self.address, "DELETE", &path, Some(&self.token), None);
                told.is_some_and(|(status, _)| status == 202)
            }
            Some(_) => true,
        }
    }

    pub(crate) fn is_gone(&self) -> Option<bool> {
        Some(self.shown()?.is_none())
    }
}
