//! The host of workers that this machine is, with the real workerd.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_runtime::providers::edge_host::{OwnEdgeHost, Version};
use flaresmith_runtime::providers::{Fence, Mark};
use flaresmith_runtime::settings::Hidden;
use flaresmith_runtime::store::Write;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::instance::Instance;
use crate::toolchain::packages;

/// The workerd of the toolchain.
pub(crate) fn workerd() -> PathBuf {
    let scope = packages().join("@cloudflare");
    let found = fs::read_dir(&scope).into_iter().flatten().flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let file = entry.path().join("bin/workerd");
        (name.starts_with("workerd-") && file.is_file()).then_some(file)
    });
    found.unwrap_or_else(|| panic!("no workerd in {}", scope.display()))
}

#[derive(Debug)]
struct Open;

impl Fence for Open {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// Somebody else acts by now.
#[derive(Debug)]
struct Closed;

impl Fence for Closed {
    fn check<'a>(&'a self, _: Option<&'a Write>) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Err(Failure::internal("it is another process's now")) })
    }
}

fn mark(project: Uuid, environment: &str) -> Mark {
    Mark {
        project,
        environment: environment.to_owned(),
        key: format!("{project}-cloudflareWorker-{environment}"),
        fence: Arc::new(Open),
    }
}

fn version(module: &str) -> Version {
    Version {
        id: Uuid::new_v4(),
        module: module.as_bytes().to_vec(),
        bindings: vec![("GREETING".into(), Hidden::new("good day"))],
        networks: Vec::new(),
        runtime: None,
    }
}

/// A worker that answers with a word, and with what it finds in its environment.
pub(crate) fn says(word: &str) -> String {
    format!("export default {{ fetch: (_, env) => new Response('{word} ' + (env.GREETING ?? '')) }};\n")
}

/// What answers at an address; an error when nothing does.
pub(crate) async fn get(url: &str) -> Result<(u16, String), String> {
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let ask = move || {
        let bytes = ask(&address).map_err(|error| error.to_string())?;
        let (head, body) = bytes.split_once("\r\n\r\n").ok_or("half an answer")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or("no status")?, body.to_owned()))
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

pub(crate) fn ask(address: &str) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = match address.split_once(".localhost:") {
        // Everything below that name is this machine, which not every system knows.
        Some((_, port)) => std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap()))?,
        None => std::net::TcpStream::connect(address)?,
    };
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(format!("GET / HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Waits until an address answers with this text.
pub(crate) async fn answers(url: &str, text: &str) {
    let begun = Instant::now();
    let mut last = None;
    while begun.elapsed() < Duration::from_secs(60) {
        match get(url).await {
            Ok((200, body)) if body == text => return,
            other => last = Some(other),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{url} never says `{text}`: {last:?}");
}

pub(crate) async fn instance() -> Instance {
    Instance::set(|settings| settings.workerd = Some(workerd())).await
}

fn edge(instance: &Instance) -> Arc<dyn OwnEdgeHost> {
    let edge = Arc::clone(&instance.platform.providers.edge);
    edge.begin().unwrap();
    edge
}

async fn released(edge: &Arc<dyn OwnEdgeHost>, mark: &Mark, module: &str) -> Result<Uuid, Failure> {
    let version = version(module);
    let id = version.id;
    edge.put_version(mark, version).await?;
    edge.activate(mark, id).await.map(|_| id)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_active_version_answers_and_keeps_its_address_over_a_restart() {
    let instance = instance().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "dev");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    assert!(get(&url).await.is_err(), "nothing is active");
    let first = released(&edge, &mark, &says("one")).await.unwrap();
    assert_eq!(get(&url).await.unwrap(), (200, "one good day".into()));
    let second = released(&edge, &mark, &says("two")).await.unwrap();
    answers(&url, "two good day").await;
    assert_eq!(edge.active(&mark).await.unwrap(), Some(second));
    // A repeat changes nothing.
    edge.activate(&mark, second).await.unwrap();
    assert_eq!(edge.ensure_worker(&mark).await.unwrap().url.as_deref(), Some(&*url));
    // What was active before can be again, with its bindings.
    let again = Uuid::new_v4();
    edge.repeat_version(&mark, first, again).await.unwrap();
    edge.activate(&mark, again).await.unwrap();
    answers(&url, "one good day").await;
    edge.end().await;
    assert!(get(&url).await.is_err(), "it has stopped");
    edge.begin().unwrap();
    answers(&url, "one good day").await;
    edge.remove_worker(&mark).await.unwrap();
    edge.remove_worker(&mark).await.unwrap();
    for _ in 0..200 {
        if get(&url).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(get(&url).await.is_err(), "it is gone");
    edge.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_does_not_start_or_answer_leaves_the_former_one_answering() {
    let instance = instance().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "dev");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    let good = released(&edge, &mark, &says("good")).await.unwrap();
    for broken in [
        "export default {",
        "throw new Error('at start');",
        "export const nothing = 1;",
        "export default { fetch() { throw new Error('at every request'); } };",
    ] {
        let failure = released(&edge, &mark, broken).await.unwrap_err();
        assert_eq!(failure.code(), ErrorCode::DeploymentNotReady, "{broken}");
        assert_eq!(get(&url).await.unwrap(), (200, "good good day".into()), "{broken}");
        assert_eq!(edge.active(&mark).await.unwrap(), Some(good));
    }
    edge.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_while_versions_change() {
    let instance = instance().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "prod");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    released(&edge, &mark, &says("v0")).await.unwrap();
    let asked = {
        let url = url.clone();
        tokio::spawn(async move {
            let mut answers = Vec::new();
            loop {
                let answer = get(&url).await;
                let last = matches!(&answer, Ok((_, text)) if text.starts_with("v3"));
                answers.push(answer);
                if last {
                    return answers;
                }
            }
        })
    };
    for number in 1..=3 {
        released(&edge, &mark, &says(&format!("v{number}"))).await.unwrap();
    }
    let answers = tokio::time::timeout(Duration::from_secs(60), asked)
        .await
        .unwrap()
        .unwrap();
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| !matches!(answer, Ok((200, _))))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    edge.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_is_started_again() {
    let instance = instance().await;
    let edge = edge(&instance);
    let project = Uuid::new_v4();
    let mark = mark(project, "dev");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    let id = released(&edge, &mark, &says("alive")).await.unwrap();
    for process in processes(&id.to_string()) {
        let killed = std::process::Command::new("kill").args(["-KILL", &process]).status();
        assert!(killed.unwrap().success());
    }
    answers(&url, "alive good day").await;
    edge.end().await;
}

/// Ids of the processes whose command line holds this text.
pub(crate) fn processes(text: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().into_string().ok()?;
            id.parse::<u32>().ok()?;
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&line).contains(text).then_some(id)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_for_an_environment_is_left_alone() {
    let instance = instance().await;
    let edge = edge(&instance);
    let project = Uuid::new_v4();
    let folder = instance.platform.settings.data.join(format!("edge/{project}"));
    fs::create_dir_all(folder.join("dev")).unwrap();
    fs::write(folder.join("dev/diary"), "somebody's").unwrap();
    fs::create_dir_all(folder.join("staging")).unwrap();
    fs::write(folder.join("staging/mark"), "Flaresmith of somebody else\n").unwrap();
    fs::write(folder.join("prod"), "a file").unwrap();
    for environment in ["dev", "staging", "prod"] {
        let mark = mark(project, environment);
        let foreign = |failure: Failure| assert_eq!(failure.code(), ErrorCode::ProvisionResourceForeign);
        foreign(edge.ensure_worker(&mark).await.unwrap_err());
        foreign(edge.put_version(&mark, version(&says("x"))).await.unwrap_err());
        foreign(edge.remove_worker(&mark).await.unwrap_err());
    }
    assert_eq!(fs::read_to_string(folder.join("dev/diary")).unwrap(), "somebody's");
    assert!(folder.join("staging/mark").exists() && folder.join("prod").is_file());
    edge.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_its_run_activates_and_removes_nothing() {
    let instance = instance().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "dev");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    released(&edge, &mark, &says("kept")).await.unwrap();
    let late = Mark {
        fence: Arc::new(Closed),
        ..mark.clone()
    };
    assert!(released(&edge, &late, &says("late")).await.is_err());
    assert!(edge.remove_worker(&late).await.is_err());
    assert_eq!(get(&url).await.unwrap(), (200, "kept good day".into()));
    edge.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sees_its_bindings_and_nothing_of_the_server() {
    let instance = instance().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "dev");
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    let module = "export default { fetch: (_, env) => Response.json([Object.keys(env), Object.keys(process.env)]) };";
    let id = released(&edge, &mark, module).await.unwrap();
    assert_eq!(get(&url).await.unwrap().1, r#"[["GREETING"],["GREETING"]]"#);
    let mut names = Vec::new();
    for process in processes(&id.to_string()) {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap();
        let text = String::from_utf8_lossy(&environment).into_owned();
        names.extend(
            text.split('\0')
                .filter_map(|pair| Some(pair.split_once('=')?.0.to_owned())),
        );
    }
    names.retain(|name| name != "PWD" && name != "SHLVL" && name != "_" && name != "OLDPWD");
    names.sort();
    names.dedup();
    assert_eq!(names, ["FLARESMITH_BINDING_GREETING"]);
    // On the disk the value is sealed.
    let folder = instance.platform.settings.data.join("edge");
    for file in files(&folder) {
        let bytes = fs::read(&file).unwrap();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("good day"),
            "{}",
            file.display()
        );
    }
    edge.end().await;
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path().is_dir() {
            true => files(&entry.path()),
            false => vec![entry.path()],
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_workerd_the_code_says_so() {
    let instance = Instance::sqlite().await;
    let edge = edge(&instance);
    let mark = mark(Uuid::new_v4(), "dev");
    edge.ensure_worker(&mark).await.unwrap();
    let failure = released(&edge, &mark, &says("x")).await.unwrap_err();
    assert_eq!(failure.code(), ErrorCode::DeploymentRuntimeMissing);
    assert!(failure.code().hint().unwrap().contains("npm install"));
    // The one that a build brought is as good as that of the settings.
    let version = Version {
        networks: Vec::new(),
        runtime: Some(workerd()),
        ..version(&says("own"))
    };
    let id = version.id;
    edge.put_version(&mark, version).await.unwrap();
    edge.activate(&mark, id).await.unwrap();
    let url = edge.ensure_worker(&mark).await.unwrap().url.unwrap();
    assert_eq!(get(&url).await.unwrap(), (200, "own good day".into()));
    edge.end().await;
}
