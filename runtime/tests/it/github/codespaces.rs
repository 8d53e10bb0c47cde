//! The codespaces of a GitHub for tests.
//!
//! Owns: one for each time that somebody asks, which comes up by and by, and which its owner alone sees. Must not know: the platform.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::{Github, Known, message, told};

/// Kinds of machines that there are.
const MACHINES: [&str; 2] = ["basicLinux32gb", "standardLinux32gb"];

/// Longest name that people see.
const LONGEST: usize = 48;

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Codespace {
    id: u64,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) state: &'static str,
    pub(crate) machine: Option<String>,
    pub(crate) branch: String,
    /// Whose it is, and of which repository.
    login: String,
    repository: u64,
    created: String,
    unpushed: bool,
}

impl Github {
    /// Every one that is there.
    pub(crate) fn codespaces(&self) -> Vec<Codespace> {
        let known = self.known.lock().unwrap();
        let there = known.codespaces.iter().filter(|one| one.state != "Deleted");
        there.cloned().collect()
    }

    /// One that the account made itself, under any name.
    pub(crate) fn somebodys_codespace(&self, login: &str, full: &str, display_name: &str) {
        let mut known = self.known.lock().unwrap();
        let repository = known.repositories[full].id;
        let body = json!({ "ref": "main", "display_name": display_name });
        made(&mut known, login, repository, &body).state = "Available";
    }

    /// Has codespaces end in this state from now on, in place of `Available`.
    pub(crate) fn codespaces_end(&self, state: &'static str) {
        self.known.lock().unwrap().ends = Some(state);
    }

    /// Has every codespace be in a state, as if its owner had seen to that.
    pub(crate) fn put_codespaces(&self, state: &'static str) {
        for one in &mut self.known.lock().unwrap().codespaces {
            one.state = state;
        }
    }

    /// Has somebody work in every codespace and push nothing.
    pub(crate) fn work_in_codespaces(&self) {
        for one in &mut self.known.lock().unwrap().codespaces {
            one.unpushed = true;
        }
    }
}

fn made<'a>(known: &'a mut Known, login: &str, repository: u64, body: &Value) -> &'a mut Codespace {
    known.numbers += 1;
    let number = known.numbers;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    known.codespaces.push(Codespace {
        id: number,
        name: format!("curly-lamp-{number}x7q"),
        display_name: text("display_name").unwrap_or_else(|| "curly lamp".to_owned()),
        state: "Queued",
        machine: text("machine"),
        branch: text("ref").unwrap(),
        login: login.to_owned(),
        repository,
        created: chrono::Utc::now().to_rfc3339(),
        unpushed: false,
    });
    known.codespaces.last_mut().unwrap()
}

fn shown(one: &Codespace) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "display_name": one.display_name,
        "environment_id": null,
        "owner": { "login": one.login, "id": 1 },
        "repository": { "id": one.repository },
        "machine": one.machine.as_ref().map(|name| json!({ "name": name })),
        "prebuild": false,
        "created_at": one.created,
        "updated_at": one.created,
        "last_used_at": one.created,
        "state": one.state,
        "url": format!("https://api.github.example/user/codespaces/{}", one.name),
        "git_status": { "ahead": 0, "behind": 0, "has_unpushed_changes": one.unpushed, "has_uncommitted_changes": false, "ref": one.branch },
        "location": "WestEurope",
        "idle_timeout_minutes": 30,
        "web_url": format!("https://{}.github.dev", one.name),
    })
}

/// Without the scope there is nothing to be seen, and nothing may be made.
fn may(scopes: Option<&str>) -> bool {
    scopes.is_none_or(|scopes| scopes.split(',').any(|scope| scope.trim() == "codespace"))
}

/// What is asked of the codespaces of a repository.
pub(super) fn of_repository(
    github: &Github,
    (method, full, query): (&str, &str, Option<&str>),
    (login, scopes): (&str, Option<&str>),
    body: &Value,
) -> Response<Body> {
    if !may(scopes) {
        return message(404, "Not Found");
    }
    let mut known = github.known.lock().unwrap();
    let repository = known.repositories[full].id;
    if method == "GET" {
        let asked: Vec<(String, usize)> = reqwest::Url::parse(&format!("http://x/?{}", query.unwrap_or_default()))
            .unwrap()
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.parse().unwrap()))
            .collect();
        let number = |name: &str, default| asked.iter().find(|one| one.0 == name).map_or(default, |one| one.1);
        let (page, size) = (number("page", 1), number("per_page", 30));
        assert!((1..=100).contains(&size) && page >= 1, "{asked:?}");
        let own: Vec<&Codespace> = known
            .codespaces
            .iter()
            .filter(|one| one.login == login && one.repository == repository)
            .collect();
        let part = own.iter().skip((page - 1) * size).take(size);
        let part: Vec<Value> = part.map(|one| shown(one)).collect();
        return told(200, &json!({ "total_count": own.len(), "codespaces": part }));
    }
    assert_eq!(method, "POST");
    let branch = body["ref"].as_str().unwrap();
    let is_there = github.git(full).find_branch(branch, git2::BranchType::Local).is_ok();
    let machine = body["machine"].as_str();
    if !is_there || machine.is_some_and(|machine| !MACHINES.contains(&machine)) {
        return message(400, "Bad Request");
    }
    if body["display_name"].as_str().unwrap().chars().count() > LONGEST {
        return message(400, "Display name is too long");
    }
    let answer = shown(made(&mut known, login, repository, body));
    // Every other is answered as one that has trouble at first.
    told(if known.numbers.is_multiple_of(2) { 202 } else { 201 }, &answer)
}

/// What is asked of one codespace. Every look finds it further.
pub(super) fn of_person(
    github: &Github,
    (method, name): (&str, &str),
    (login, scopes): (&str, Option<&str>),
) -> Response<Body> {
    if !may(scopes) {
        return message(404, "Not Found");
    }
    let mut known = github.known.lock().unwrap();
    let end = known.ends.unwrap_or("Available");
    let found = known
        .codespaces
        .iter_mut()
        .find(|one| one.name == name && one.login == login);
    let Some(found) = found else {
        return message(404, "Not Found");
    };
    match method {
        "GET" => {
            found.state = match found.state {
                "Queued" => "Provisioning",
                "Provisioning" => "Starting",
                "Starting" => end,
                state => state,
            };
            told(200, &shown(found))
        }
        "DELETE" => {
            // It is shown for a while.
            if found.state == "Deleted" {
                known.codespaces.retain(|one| one.name != name);
                return message(404, "Not Found");
            }
            found.state = "Deleted";
            told(202, &json!({}))
        }
        _ => panic!("nobody calls {method} of a codespace"),
    }
}
