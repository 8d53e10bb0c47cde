//! The server dying at every call of a provider, and what the next one makes of it.
//!
//! A relay stands between the server and each provider. It kills the server when a call of a kind comes that it has not seen before:
//! once before the provider hears of it, and, where the call changes something, once more when that is done and nobody was told.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Url;

use crate::four_providers::{AGAIN, Project, Providers};
use crate::instance::folder;
use crate::killed::{command, sign_in};
use crate::program::started;
use crate::relay::{Hook, Told};
use crate::scanned;

/// Kinds of calls that a creation makes at the least. Fewer would mean that something was not met.
const KINDS: usize = 30;

/// How many servers die of one project: a step that so many did not survive is not begun by an eleventh.
const DEATHS: usize = 8;

/// How long a server may take until it is killed or done.
const LONGEST: Duration = Duration::from_secs(120);

/// Who is killed, and at what.
#[derive(Default)]
struct Deaths {
    /// The server, while it lives.
    child: Option<u32>,
    /// Moments at which one has died.
    met: BTreeSet<String>,
    /// How many more may.
    left: usize,
}

/// Kills the server if nobody has died at a moment yet; whether it is dead now.
fn dies(deaths: &Mutex<Deaths>, moment: String) -> bool {
    let mut deaths = deaths.lock().unwrap();
    let is_due = deaths.left > 0 && !deaths.met.contains(&moment);
    let Some(child) = deaths.child.filter(|_| is_due) else {
        return false;
    };
    deaths.met.insert(moment);
    deaths.left -= 1;
    deaths.child = None;
    let killed = Command::new("kill").args(["-9", &child.to_string()]).status();
    assert!(killed.unwrap().success());
    true
}

/// The providers, and servers that die at their calls.
struct Mortal {
    providers: Providers,
    deaths: Arc<Mutex<Deaths>>,
    addresses: Vec<(&'static str, Url)>,
}

impl Mortal {
    async fn start() -> Self {
        let deaths = Arc::<Mutex<Deaths>>::default();
        let watched = Arc::clone(&deaths);
        let hook: Hook = Arc::new(move |moment| {
            let told = dies(&watched, moment).then_some(Told::Nothing);
            Box::pin(std::future::ready(told))
        });
        let providers = Providers::start().await;
        let addresses = providers.behind(&hook).await;
        Self {
            providers,
            deaths,
            addresses,
        }
    }

    /// Starts servers one after the other, each of which works until it is killed, until one of them ends what is asked for: whether
    /// any died. `ask`: asks for it, which may be cut short as well; `is_done`: whether it has ended.
    fn outlived(
        &self,
        (data, name): (&Path, &str),
        ask: impl Fn(&Project) -> bool,
        is_done: impl Fn(&Project) -> Option<bool>,
    ) -> bool {
        let before = self.met();
        self.deaths.lock().unwrap().left = DEATHS;
        loop {
            let mut server = command(data, None);
            server.stdout(Stdio::from(scanned::another_log()));
            server.envs(self.addresses.iter().map(|(name, url)| (*name, url.as_str())));
            let mut server = started(&mut server, 1);
            let project = Project {
                token: sign_in(&server.address),
                address: server.address.clone(),
                name: name.to_owned(),
            };
            let began = Instant::now();
            self.deaths.lock().unwrap().child = Some(server.child.id());
            let mut heard = ask(&project);
            let done = loop {
                if server.child.try_wait().unwrap().is_some() {
                    break false;
                }
                if is_done(&project) == Some(true) {
                    break true;
                }
                assert!(began.elapsed() < LONGEST, "{:?}", project.run());
                // No more often than the limits allow.
                std::thread::sleep(Duration::from_millis(700));
                if !heard {
                    std::thread::sleep(AGAIN);
                    heard = ask(&project);
                }
            };
            self.deaths.lock().unwrap().child = None;
            if done {
                return self.met() > before;
            }
        }
    }

    /// Sees to it that servers have died at these moments, so that calls of another form are not left out unseen.
    fn died_at(&self, moments: &[&str]) {
        let met = &self.deaths.lock().unwrap().met;
        for moment in moments {
            assert!(met.contains(*moment), "{moment}: {met:?}");
        }
    }

    fn met(&self) -> usize {
        self.deaths.lock().unwrap().met.len()
    }
}

fn dies_at_every_call(mortal: &Mortal) {
    let providers = &mortal.providers;
    let data = folder();
    let mut names: Vec<String> = Vec::new();
    loop {
        let name = format!("Shop{}", (b'a' + u8::try_from(names.len()).unwrap()) as char);
        let died = mortal.outlived((&data, &name), Project::begin, Project::is_there);
        providers.have(&name);
        names.push(name);
        if !died {
            break;
        }
    }
    let died = mortal.met();
    assert!(died >= KINDS, "{died}: {:?}", mortal.deaths.lock().unwrap().met);
    providers.have_only(&names);
    mortal.died_at(&[
        "before github GET /api/v3/repos/northwind/*/codespaces",
        "before github POST /api/v3/repos/northwind/*/codespaces",
        "after github POST /api/v3/repos/northwind/*/codespaces",
        "before github GET /api/v3/user/codespaces/*",
    ]);

    // What was made is taken away again.
    for name in &names {
        mortal.outlived((&data, name), Project::end, Project::is_gone);
    }
    assert!(mortal.met() >= died + 8, "{:?}", mortal.deaths.lock().unwrap().met);
    mortal.died_at(&[
        "before github DELETE /api/v3/user/codespaces/*",
        "after github DELETE /api/v3/user/codespaces/*",
    ]);
    providers.have_only(&[]);
    assert_eq!(providers.wrong(), Vec::<String>::new());
    println!("{} servers died over {} projects", mortal.met(), names.len());
    std::fs::remove_dir_all(data).unwrap();
}

/// Shows 001/FR-021, 001/SC-004.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_call_of_a_provider_is_followed_by_one_that_ends_it_and_nothing_is_made_twice() {
    let mortal = Mortal::start().await;
    tokio::task::block_in_place(|| dies_at_every_call(&mortal));
}
