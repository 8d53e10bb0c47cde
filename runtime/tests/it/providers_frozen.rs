//! Two servers on one store, one of which freezes at a call of a provider and wakes when the other has taken its work over.
//!
//! A relay stops a server at a call that changes something, of every kind: once before the provider hears of it, and once when it is
//! done and the answer under way, but for the moments in [`LEFT_OUT`]. The other takes the run over, until it freezes as well: then the
//! first wakes, and the call that it was stopped in goes out late.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::four_providers::{Project, Providers};
use crate::instance::folder;
use crate::killed::{command, sign_in};
use crate::program::{Started, started};
use crate::provisioning_killed::postgres;
use crate::relay::{Hook, Moment};
use crate::scanned;

/// Moments that are left out. What makes another thing each time, and is on its way while the run changes hands, makes it twice: no
/// provider can be told not to, and what woke does not look after it.
const LEFT_OUT: [&str; 5] = [
    "before github POST /api/v3/repos/northwind/*/codespaces",
    "before neon POST /api/v2/projects",
    "before postman POST /collections",
    "before postman POST /environments",
    "before postman POST /workspaces",
];

/// How many freezes a project meets at most: each costs as long as a lease is good.
const FREEZES: usize = 9;

/// How long a project may take with all of them.
const LONGEST: Duration = Duration::from_secs(400);

/// How long is waited for what who woke last still does.
const AFTERWARDS: Duration = Duration::from_secs(8);

/// Who is frozen, and at what.
#[derive(Default)]
struct Frost {
    /// The servers.
    children: [u32; 2],
    /// The one that is frozen, and what rings when it wakes.
    frozen: Option<(usize, Arc<Notify>)>,
    /// Moments at which one was frozen.
    met: BTreeSet<String>,
    /// How many more may be.
    left: usize,
}

fn signal(child: u32, name: &str) {
    let sent = Command::new("kill").args([name, &child.to_string()]).status();
    assert!(sent.unwrap().success());
}

impl Frost {
    /// Freezes a server in a moment that nobody was frozen in yet, and wakes the other, if that is frozen. What rings when this one
    /// wakes; `None`: it goes on.
    fn freezes(&mut self, server: usize, moment: &Moment) -> Option<Arc<Notify>> {
        let again = self.frozen.as_ref().is_some_and(|(other, _)| *other == server);
        let is_left_out = LEFT_OUT.contains(&moment.name.as_str());
        if self.left == 0 || again || is_left_out || !moment.changes || !self.met.insert(moment.name.clone()) {
            return None;
        }
        self.left -= 1;
        signal(self.children[server], "-STOP");
        let woken = Arc::new(Notify::new());
        self.thaw();
        self.frozen = Some((server, Arc::clone(&woken)));
        Some(woken)
    }

    /// Wakes whoever is frozen.
    fn thaw(&mut self) {
        if let Some((server, woken)) = self.frozen.take() {
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
        Box::pin(async move {
            if let Some(woken) = woken {
                woken.notified().await;
            }
            false
        })
    })
}

/// The servers, and the project as the one tells of it that is awake.
struct Pair {
    servers: [Started; 2],
    frost: Arc<Mutex<Frost>>,
    token: String,
}

impl Pair {
    fn project(&self, name: &str) -> Project {
        let frozen = self.frost.lock().unwrap().frozen.as_ref().map(|(server, _)| *server);
        let awake = usize::from(frozen == Some(0));
        Project {
            address: self.servers[awake].address.clone(),
            token: self.token.clone(),
            name: name.to_owned(),
        }
    }

    /// Asks for something, and waits until that is done, whoever freezes meanwhile, and everybody is awake again. Whether anybody froze.
    fn outlives(&self, name: &str, ask: impl Fn(&Project), is_done: impl Fn(&Project) -> Option<bool>) -> bool {
        let before = self.met();
        let began = Instant::now();
        ask(&self.project(name));
        // What nobody was asked for yet is taken over by nobody.
        self.frost.lock().unwrap().left = FREEZES;
        while is_done(&self.project(name)) != Some(true) {
            assert!(began.elapsed() < LONGEST, "{:?}", self.project(name).run());
            std::thread::sleep(Duration::from_millis(700));
        }
        let mut frost = self.frost.lock().unwrap();
        frost.left = 0;
        frost.thaw();
        drop(frost);
        std::thread::sleep(AFTERWARDS);
        assert_eq!(is_done(&self.project(name)), Some(true));
        self.met() > before
    }

    fn met(&self) -> usize {
        self.frost.lock().unwrap().met.len()
    }
}

fn freeze_at_every_call(providers: &Providers, pair: &Pair) {
    let mut names: Vec<String> = Vec::new();
    loop {
        let name = format!("Shop{}", (b'a' + u8::try_from(names.len()).unwrap()) as char);
        let froze = pair.outlives(&name, Project::begin, Project::is_there);
        providers.have(&name);
        names.push(name);
        providers.have_only(&names);
        if !froze {
            break;
        }
    }
    assert!(pair.met() >= 20, "{:?}", pair.frost.lock().unwrap().met);
    for name in &names {
        pair.outlives(name, Project::end, Project::is_gone);
    }
    providers.have_only(&[]);
    assert_eq!(providers.wrong(), Vec::<String>::new());
    println!("{} times a server froze over {} projects", pair.met(), names.len());
}

/// Shows 001/FR-021, 001/SC-004.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_freezes_at_any_call_of_a_provider_and_wakes_when_another_took_over_makes_nothing_twice() {
    let providers = Providers::start().await;
    let frost = Arc::<Mutex<Frost>>::default();
    let data = folder();
    let database = postgres();
    let mut places = Vec::new();
    for server in 0..2 {
        places.push(providers.behind(&hook(server, &frost)).await);
    }
    tokio::task::block_in_place(|| {
        let servers = [0, 1].map(|server: usize| {
            let mut one = command(&data, Some(&database));
            one.stdout(Stdio::from(scanned::another_log()));
            one.envs(places[server].iter().map(|(name, url)| (*name, url.as_str())));
            started(&mut one, 1)
        });
        frost.lock().unwrap().children = [0, 1].map(|server: usize| servers[server].child.id());
        let token = sign_in(&servers[0].address);
        let pair = Pair { servers, frost, token };
        freeze_at_every_call(&providers, &pair);
        drop(pair);
        std::fs::remove_dir_all(&data).unwrap();
    });
}
