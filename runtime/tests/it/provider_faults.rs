//! Calls of the four providers that fail once in every way, in one table.
//!
//! A relay stands between the server and each provider, and answers in the provider's place. The first project shows which calls a
//! creation makes; each further one meets as many failures as are far enough apart to be told from each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use crate::four_providers::{Project, Providers};
use crate::instance::folder;
use crate::killed::{command, sign_in};
use crate::program::{Started, started};
use crate::relay::{Hook, Told};
use crate::scanned;

/// Kinds of calls that a creation makes at the least. Fewer would mean that something was not met.
const KINDS: usize = 30;

/// Failures that a project meets are so many kinds of calls apart.
const APART: usize = 5;

/// How long a project may take.
const LONGEST: Duration = Duration::from_secs(120);

/// A way in which a provider fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Its own error, as JSON.
    Error500,
    /// That of a proxy before it, as HTML.
    Html502,
    /// It is busy, and says for how long.
    Busy503,
    /// It asks to be left alone.
    TooMany429,
    /// GitHub's own form of that.
    Secondary403,
    /// Neon's, while something else is done to the project.
    Locked423,
    /// The connection ends, and nothing was done.
    CutBefore,
    /// It was done, and the connection ends.
    CutAfter,
}

impl Way {
    const ALL: [Self; 8] = [
        Self::Error500,
        Self::Html502,
        Self::Busy503,
        Self::TooMany429,
        Self::Secondary403,
        Self::Locked423,
        Self::CutBefore,
        Self::CutAfter,
    ];

    /// Whether a call of this kind can fail so.
    fn is_of(self, kind: &str) -> bool {
        match self {
            Self::Secondary403 => kind.starts_with("github"),
            Self::Locked423 => kind.starts_with("neon"),
            Self::CutAfter => !kind.contains(" GET "),
            _ => true,
        }
    }

    fn told(self) -> Told {
        let (status, wait, media, body) = match self {
            Self::CutBefore | Self::CutAfter => return Told::Nothing,
            Self::Html502 => (
                502,
                false,
                "text/html",
                "<html><body>Bad Gateway</body></html>".to_owned(),
            ),
            Self::Error500 => (500, false, "application/json", error(PASSES, "it broke")),
            Self::Busy503 => (503, true, "application/json", error(PASSES, "it is busy")),
            Self::TooMany429 => (429, true, "application/json", error(PASSES, "too many requests")),
            Self::Secondary403 => (
                403,
                true,
                "application/json",
                error(PASSES, "You have exceeded a secondary rate limit."),
            ),
            Self::Locked423 => (
                423,
                false,
                "application/json",
                error(PASSES, "project already has running operations"),
            ),
        };
        Told::Answer(answer(status, wait, media, body))
    }
}

/// A code of Cloudflare's for what passes.
const PASSES: i64 = 10013;

/// Its code of a token that may not do what was asked.
const FORBIDDEN: i64 = 10000;

/// An error as each of the four finds something in it; the code is Cloudflare's.
fn error(code: i64, message: &str) -> String {
    let body = json!({ "message": message, "success": false, "errors": [{ "code": code, "message": message }],
        "error": { "name": "serverError", "message": message } });
    body.to_string()
}

fn answer(status: u16, wait: bool, media: &str, body: String) -> Response<Body> {
    let mut answer = Response::builder().status(status).header("content-type", media);
    if wait {
        answer = answer.header("retry-after", "1");
    }
    answer.body(Body::from(body)).unwrap()
}

/// What fails, and what was asked.
#[derive(Default)]
struct Faults {
    /// Kinds of calls, in the order in which they came first.
    kinds: Vec<String>,
    /// What the next call of a kind meets.
    once: BTreeMap<String, Way>,
    /// The kind that is refused, however often it is asked.
    refused: Option<String>,
}

impl Faults {
    fn told(&mut self, moment: &str) -> Option<Told> {
        let (when, kind) = moment.split_once(' ')?;
        let is_before = when == "before";
        if is_before && !self.kinds.iter().any(|known| known == kind) {
            self.kinds.push(kind.to_owned());
        }
        if self.refused.as_deref() == Some(kind) {
            let body = error(FORBIDDEN, "you may not do this");
            return Some(Told::Answer(answer(403, false, "application/json", body)));
        }
        let way = *self.once.get(kind)?;
        if (way == Way::CutAfter) == is_before {
            return None;
        }
        self.once.remove(kind);
        Some(way.told())
    }
}

/// A server, the providers behind relays, and what they meet.
struct Bench {
    server: Started,
    providers: Providers,
    faults: Arc<Mutex<Faults>>,
    token: String,
    names: Vec<String>,
}

impl Bench {
    async fn start() -> Self {
        let faults = Arc::<Mutex<Faults>>::default();
        let known = Arc::clone(&faults);
        let hook: Hook = Arc::new(move |moment| {
            let told = known.lock().unwrap().told(&moment);
            Box::pin(std::future::ready(told))
        });
        let providers = Providers::start().await;
        let addresses = providers.behind(&hook).await;
        tokio::task::block_in_place(|| {
            let mut server = command(&folder(), None);
            server.stdout(Stdio::from(scanned::another_log()));
            server.envs(addresses.iter().map(|(name, url)| (*name, url.as_str())));
            let server = started(&mut server, 1);
            Self {
                token: sign_in(&server.address),
                server,
                providers,
                faults,
                names: Vec::new(),
            }
        })
    }

    /// The next project, which nobody has asked for yet.
    fn next(&self) -> Project {
        let number = u8::try_from(self.names.len()).unwrap();
        Project {
            address: self.server.address.clone(),
            token: self.token.clone(),
            name: format!("Shop{}{}", (b'a' + number / 26) as char, (b'a' + number % 26) as char),
        }
    }

    /// Asks for a project as soon as our own limits allow it: its id, or the code of what a provider said.
    fn asked(&mut self, project: &Project) -> Result<String, String> {
        loop {
            let (status, told) = project.ask().unwrap();
            let code = told["error"]["code"].as_str().unwrap_or_default();
            match status {
                201 => {
                    self.names.push(project.name.clone());
                    return Ok(told["id"].as_str().unwrap().to_owned());
                }
                429 if !code.starts_with("INTEGRATION_") => std::thread::sleep(Duration::from_secs(1)),
                _ => return Err(code.to_owned()),
            }
        }
    }

    /// The next project, asked for: what fails in checks of credentials is told at once, and asked for again as people do.
    fn begun(&mut self) -> (Project, String) {
        let project = self.next();
        let began = Instant::now();
        loop {
            match self.asked(&project) {
                Ok(id) => return (project, id),
                Err(code) => {
                    let may_pass = ["UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"];
                    assert!(may_pass.iter().any(|end| code.ends_with(end)), "{code}");
                    assert!(began.elapsed() < LONGEST, "{code}");
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        }
    }

    /// Waits until its run has `succeeded`, `failed`, or is `incomplete`: all is made but for what a provider withholds.
    fn ended(&self, (project, id): &(Project, String)) -> (String, Value) {
        let began = Instant::now();
        loop {
            let run = project.run_of(id).unwrap_or_default();
            match run["run"]["state"].as_str() {
                Some(state @ ("succeeded" | "failed" | "incomplete")) => return (state.to_owned(), run),
                _ => assert!(began.elapsed() < LONGEST, "{run}"),
            }
            // No more often than the limits allow.
            std::thread::sleep(Duration::from_millis(700));
        }
    }

    fn succeeds(&self, project: &(Project, String)) {
        let (state, run) = self.ended(project);
        assert_eq!(state, "succeeded", "{run}");
    }

    /// The kinds of calls that creating a project makes when nothing fails.
    fn kinds(&mut self) -> Vec<String> {
        let project = self.begun();
        self.succeeds(&project);
        let kinds = self.faults.lock().unwrap().kinds.clone();
        assert!(kinds.len() >= KINDS, "{}: {kinds:?}", kinds.len());
        kinds
    }

    /// What is there is what the projects have, each of it once.
    fn have_only(&self) {
        self.providers.have_only(&self.names);
        for name in &self.names {
            self.providers.have(name);
        }
        assert_eq!(self.providers.wrong(), Vec::<String>::new());
    }
}

/// What became of each way in which each kind of call failed.
#[derive(Default)]
struct Table {
    rows: BTreeMap<(String, Way), bool>,
    unmet: BTreeSet<(String, Way)>,
}

impl Table {
    /// How many converged without a hand, by provider: `(of them, all)`.
    fn shares(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut shares = BTreeMap::<&str, (usize, usize)>::new();
        for ((kind, _), converged) in &self.rows {
            let share = shares.entry(kind.split(' ').next().unwrap_or_default()).or_default();
            share.0 += usize::from(*converged);
            share.1 += 1;
        }
        shares
    }

    /// At least 95 of a hundred converge, and nearly everything was met.
    fn holds(&self, kinds: usize) {
        let mut told = String::from("| provider | failures met | converged without a hand |\n|---|--:|--:|\n");
        let (mut converged, mut all) = (0, 0);
        for (provider, (of, share)) in self.shares() {
            writeln!(told, "| {provider} | {share} | {of} |").unwrap();
            converged += of;
            all += share;
        }
        println!("{kinds} kinds of calls\n{told}never asked again: {:?}", self.unmet);
        assert!(converged * 100 >= all * 95, "{:?}", self.rows);
        assert!(self.unmet.len() * 10 <= all, "{:?}", self.unmet);
    }
}

/// Has calls fail, `APART` kinds from each other in each project, each kind in so many of its ways.
fn fail_once(bench: &mut Bench, ways: usize) -> (usize, Table) {
    let kinds = bench.kinds();
    let mut table = Table::default();
    for turn in 0..ways {
        for first in 0..APART {
            let mut armed = BTreeMap::new();
            for at in (first..kinds.len()).step_by(APART) {
                let own: Vec<Way> = Way::ALL.into_iter().filter(|way| way.is_of(&kinds[at])).collect();
                if turn < own.len() {
                    armed.insert(kinds[at].clone(), own[(at / APART + turn) % own.len()]);
                }
            }
            if armed.is_empty() {
                continue;
            }
            bench.faults.lock().unwrap().once.clone_from(&armed);
            let project = bench.begun();
            let (state, run) = bench.ended(&project);
            let unmet = std::mem::take(&mut bench.faults.lock().unwrap().once);
            if state != "succeeded" {
                println!("{armed:?}: {run}");
                project.0.retry(&project.1);
                bench.succeeds(&project);
            }
            for cell in armed {
                if unmet.contains_key(&cell.0) {
                    table.unmet.insert(cell);
                } else {
                    table.rows.insert(cell, state == "succeeded");
                }
            }
        }
    }
    bench.have_only();
    (kinds.len(), table)
}

/// The step that says why a run that has not succeeded did not, and what to do.
fn refused_step(kind: &str, run: &Value) -> String {
    let steps = run["steps"].as_array().unwrap();
    let is_refused =
        |step: &&Value| matches!(step["state"].as_str(), Some("failed" | "skipped")) && step["errorCode"].is_string();
    let refused = steps.iter().find(is_refused);
    let refused = refused.unwrap_or_else(|| panic!("{kind}: no step says why: {run}"));
    let says = refused["hint"].as_str().is_some_and(|hint| !hint.is_empty());
    assert!(says, "{kind}: nothing is said of what to do: {refused}");
    refused["errorCode"].as_str().unwrap().to_owned()
}

/// Has every so many kinds of calls refused for good, from one of them on, one after the other. Each time the project is not begun, or its
/// run ends in a state that says which step was refused and why, and goes on to its end once the call is granted. A few calls ask for what
/// nobody needs.
fn refuse_for_good(bench: &mut Bench, first: usize, every: usize) {
    let kinds = bench.kinds();
    let mut told = String::from("| refused | what came of it | code |\n|---|---|---|\n");
    let (mut begun, mut needless) = (0, 0);
    for kind in kinds.iter().skip(first).step_by(every) {
        bench.faults.lock().unwrap().refused = Some(kind.clone());
        let project = bench.next();
        let asked = bench.asked(&project);
        let ended = asked.map(|id| {
            let (state, run) = bench.ended(&(project.clone(), id.clone()));
            (id, state, run)
        });
        bench.faults.lock().unwrap().refused = None;
        match ended {
            Err(code) => {
                assert!(!code.is_empty(), "{kind}");
                writeln!(told, "| {kind} | not begun | {code} |").unwrap();
            }
            Ok((_, state, _)) if state == "succeeded" => {
                needless += 1;
                writeln!(told, "| {kind} | made without it | |").unwrap();
            }
            Ok((id, state, run)) => {
                begun += 1;
                writeln!(told, "| {kind} | {state} | {} |", refused_step(kind, &run)).unwrap();
                project.retry(&id);
                bench.succeeds(&(project, id));
            }
        }
    }
    println!("{told}");
    assert!(begun > 0, "nothing was refused to a run");
    assert!(needless <= 4, "{told}");
    bench.have_only();
}

/// Shows 001/FR-032.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_for_good_ends_in_a_stated_state_and_a_run_that_goes_on_when_it_is_granted() {
    let mut bench = Bench::start().await;
    tokio::task::block_in_place(|| refuse_for_good(&mut bench, 14, 6));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: cargo test -p flaresmith-runtime --test it -- --ignored provider_faults --nocapture"]
async fn each_call_that_is_refused_for_good_ends_in_a_stated_state_and_a_run_that_goes_on_when_it_is_granted() {
    let mut bench = Bench::start().await;
    tokio::task::block_in_place(|| refuse_for_good(&mut bench, 0, 1));
}

/// Shows 001/FR-021, 001/FR-032, 001/SC-004.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_provider_fails_once_and_projects_converge_and_nothing_is_made_twice() {
    let mut bench = Bench::start().await;
    let (kinds, table) = tokio::task::block_in_place(|| fail_once(&mut bench, 1));
    table.holds(kinds);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: cargo test -p flaresmith-runtime --test it -- --ignored provider_faults --nocapture"]
async fn every_call_of_a_provider_fails_once_in_every_way_and_projects_converge_and_nothing_is_made_twice() {
    let mut bench = Bench::start().await;
    let (kinds, table) = tokio::task::block_in_place(|| fail_once(&mut bench, Way::ALL.len()));
    table.holds(kinds);
}
