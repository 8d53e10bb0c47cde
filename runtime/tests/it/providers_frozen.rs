//! Two servers on one store, one of which freezes at a call of a provider and wakes when the other has taken its work over.
//!
//! A relay stops a server at a call that changes something, of every kind: once before the provider hears of it, and once when it is
//! done and the answer under way. The other takes the run over, until it freezes as well: then the first wakes, and the call that it was
//! stopped in goes out late. Several pairs of servers do so side by side, since most of the time is waiting; each has providers and a
//! store of its own, and its share of the moments.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::four_providers::{AGAIN, Project, Providers};
use crate::instance::folder;
use crate::killed::{command, sign_in};
use crate::program::{Started, started};
use crate::provisioning_killed::postgres;
use crate::relay::Hook;
use crate::scanned;

/// How long a lease is good, in milliseconds.
const TERM: u64 = 2000;

/// How long somebody is frozen at the least, so that the other has taken over, and at the most: the other may wait for what only one
/// that is awake gives back.
const LEAST: Duration = Duration::from_millis(TERM + 1500);
const MOST: Duration = Duration::from_secs(5);

/// Projects that are asked for at once, and how often at the most.
const AT_ONCE: usize = 2;
const ROUNDS: usize = 6;

/// Pairs of servers.
const PAIRS: usize = 4;

/// How long a project may take with all of it.
const LONGEST: Duration = Duration::from_secs(240);

/// How long is waited for what who woke last still takes away.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// Moments at which somebody was frozen in any case: each makes another thing each time.
const MET: [&str; 10] = [
    "before github POST /api/v3/repos/northwind/*/codespaces",
    "after github POST /api/v3/repos/northwind/*/codespaces",
    "before neon POST /api/v2/projects",
    "after neon POST /api/v2/projects",
    "before postman POST /collections",
    "after postman POST /collections",
    "before postman POST /environments",
    "after postman POST /environments",
    "before postman POST /workspaces",
    "after postman POST /workspaces",
];

/// Who is frozen, and at what.
#[derive(Default)]
struct Frost {
    /// Which of the pairs this is.
    pair: usize,
    /// The servers.
    children: [u32; 2],
    /// The one that is frozen, since when, and what rings when it wakes.
    frozen: Option<(usize, Instant, Arc<Notify>)>,
    /// Moments at which one was frozen.
    met: BTreeSet<String>,
    /// Whether anybody may be.
    may: bool,
}

fn signal(child: u32, name: &str) {
    let sent = Command::new("kill").args([name, &child.to_string()]).status();
    assert!(sent.unwrap().success());
}

impl Frost {
    /// Freezes a server in a moment that nobody was frozen in yet, and wakes the other, if that was frozen for long enough. What rings
    /// when this one wakes; `None`: it goes on.
    fn freezes(&mut self, server: usize, moment: &str) -> Option<Arc<Notify>> {
        let share = moment.bytes().map(usize::from).sum::<usize>() % PAIRS;
        if !self.may || share != self.pair || moment.contains(" GET ") || self.met.contains(moment) {
            return None;
        }
        if let Some((frozen, since, _)) = &self.frozen
            && (*frozen == server || since.elapsed() < LEAST)
        {
            return None;
        }
        self.met.insert(moment.to_owned());
        signal(self.children[server], "-STOP");
        let woken = Arc::new(Notify::new());
        self.thaw();
        self.frozen = Some((server, Instant::now(), Arc::clone(&woken)));
        Some(woken)
    }

    /// Wakes this one, if it is still frozen.
    fn thaws(&mut self, server: usize) {
        if self.frozen.as_ref().is_some_and(|(frozen, ..)| *frozen == server) {
            self.thaw();
        }
    }

    /// Wakes whoever is frozen.
    fn thaw(&mut self) {
        if let Some((server, _, woken)) = self.frozen.take() {
            signal(self.children[server], "-CONT");
            woken.notify_one();
        }
    }
}

/// What is told of the calls of one of the servers.
fn hook(server: usize, frost: &Arc<Mutex<Frost>>) -> Hook {
    let frost = Arc::clone(frost);
    Arc::new(move |moment| {
        let woken = frost.lock().unwrap().freezes(server, &moment);
        let frost = Arc::clone(&frost);
        Box::pin(async move {
            if let Some(woken) = woken
                && tokio::time::timeout(MOST, woken.notified()).await.is_err()
            {
                frost.lock().unwrap().thaws(server);
            }
            None
        })
    })
}

/// The servers and the providers that they call.
struct Pair {
    servers: [Started; 2],
    providers: Providers,
    frost: Arc<Mutex<Frost>>,
    token: String,
}

impl Pair {
    /// A project, as the server tells of it that is awake.
    fn project(&self, name: &str) -> Project {
        let frozen = self.frost.lock().unwrap().frozen.as_ref().map(|(server, ..)| *server);
        let awake = usize::from(frozen == Some(0));
        Project {
            address: self.servers[awake].address.clone(),
            token: self.token.clone(),
            name: name.to_owned(),
        }
    }

    /// Asks for something of each, and waits until that is done, whoever freezes meanwhile, and everybody is awake again. Whether anybody
    /// froze.
    fn outlives(
        &self,
        names: &[String],
        ask: impl Fn(&Project) -> bool,
        is_done: impl Fn(&Project) -> Option<bool>,
    ) -> bool {
        let before = self.met();
        let began = Instant::now();
        for name in names {
            while !ask(&self.project(name)) {
                assert!(began.elapsed() < LONGEST, "{name} is not asked for");
                std::thread::sleep(AGAIN);
            }
        }
        // What nobody was asked for yet is taken over by nobody.
        self.frost.lock().unwrap().may = true;
        for name in names {
            while is_done(&self.project(name)) != Some(true) {
                assert!(began.elapsed() < LONGEST, "{:?}", self.project(name).run());
                std::thread::sleep(Duration::from_millis(700));
            }
        }
        let mut frost = self.frost.lock().unwrap();
        frost.may = false;
        frost.thaw();
        drop(frost);
        for name in names {
            let told = loop {
                match is_done(&self.project(name)) {
                    Some(told) => break told,
                    None => std::thread::sleep(AGAIN),
                }
                assert!(began.elapsed() < LONGEST, "nobody tells of {name}");
            };
            assert!(told, "{name}");
        }
        self.met() > before
    }

    /// Waits until what is there is what these projects have, and makes sure of it.
    fn have_only(&self, names: &[String]) {
        let began = Instant::now();
        while !self.providers.have_as_many(names.len()) && began.elapsed() < AFTERWARDS {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.providers.have_only(names);
        for name in names {
            self.providers.have_at_last(name);
        }
    }

    fn met(&self) -> usize {
        self.frost.lock().unwrap().met.len()
    }
}

/// Freezes servers at calls of their share, and tells which those were.
fn freeze_at_every_call(pair: &Pair) -> BTreeSet<String> {
    let mut names: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let letters = (b'a'..).skip(round * AT_ONCE).take(AT_ONCE);
        let begun: Vec<String> = letters.map(|letter| format!("Shop{}", char::from(letter))).collect();
        let froze = pair.outlives(&begun, Project::begin, Project::is_there);
        names.extend(begun);
        pair.have_only(&names);
        if !froze {
            break;
        }
    }
    for some in names.chunks(AT_ONCE) {
        pair.outlives(some, Project::end, Project::is_gone);
    }
    pair.have_only(&[]);
    assert_eq!(pair.providers.wrong(), Vec::<String>::new());
    pair.frost.lock().unwrap().met.clone()
}

/// Two servers on a store of their own that find their providers behind relays.
async fn pair(number: usize) -> Pair {
    let providers = Providers::start().await;
    let frost = Arc::new(Mutex::new(Frost {
        pair: number,
        ..Frost::default()
    }));
    let mut places = Vec::new();
    for server in 0..2 {
        places.push(providers.behind(&hook(server, &frost)).await);
    }
    // It goes with the thread that asked for it.
    let database = postgres();
    let start = move || {
        let data = folder();
        let servers = [0, 1].map(|server: usize| {
            let mut one = command(&data, Some(&database));
            one.stdout(Stdio::from(scanned::another_log()));
            one.env("FLARESMITH_LEASE_TERM", TERM.to_string());
            one.envs(places[server].iter().map(|(name, url)| (*name, url.as_str())));
            started(&mut one, 1)
        });
        frost.lock().unwrap().children = [0, 1].map(|server: usize| servers[server].child.id());
        let token = sign_in(&servers[0].address);
        Pair {
            servers,
            providers,
            frost,
            token,
        }
    };
    tokio::task::spawn_blocking(start).await.unwrap()
}

/// On a busy machine what is waited for comes too late, so this is run by itself.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes of a machine of its own: cargo test -p flaresmith-runtime --test it -- --ignored providers_frozen"]
async fn a_server_that_freezes_at_any_call_of_a_provider_and_wakes_when_another_took_over_makes_nothing_twice() {
    let mut pairs = Vec::new();
    for number in 0..PAIRS {
        pairs.push(pair(number).await);
    }
    let began = pairs.into_iter().map(|pair| {
        tokio::task::spawn_blocking(move || {
            let met = freeze_at_every_call(&pair);
            drop(pair);
            met
        })
    });
    let mut met = BTreeSet::new();
    for pair in began.collect::<Vec<_>>() {
        met.extend(pair.await.unwrap());
    }
    for moment in MET {
        assert!(met.contains(moment), "{moment}: {met:?}");
    }
    assert!(met.len() >= 36, "{}: {met:?}", met.len());
    println!("a server froze {} times", met.len());
}
