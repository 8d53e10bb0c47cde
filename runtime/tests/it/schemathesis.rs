//! The contract against the running server: Schemathesis makes requests of the published document, valid and invalid, alone and
//! in sequences, and looks whether every answer is one that the document names.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use flaresmith_api::operations::{OPERATIONS, Role};
use flaresmith_runtime::provisioning::Runner;
use flaresmith_runtime::settings::Settings;
use flaresmith_runtime::telemetry::log::Level;

use crate::cloudflare::Cloudflare;
use crate::github::Github;
use crate::instance::{Instance, folder};
use crate::neon::Neon;
use crate::postman::Postman;

/// Operations that nobody wrote yet. They answer 501, which no contract names; the test holds that they do.
pub(crate) const UNWRITTEN: &[&str] = &[
    "applyProposedDiff",
    "closeChatSession",
    "createChatSession",
    "createChatTicket",
    "dismissProposedDiff",
    "getChatSession",
    "getProposedDiff",
    "listChatMessages",
    "listChatSessions",
    "listProposedDiffs",
    "openChat",
    "sendChatMessage",
    "streamChatMessage",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The program, installed when it is not, or not the one that the requirements name.
fn schemathesis() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let requirements = root().join("tests/toolchain/schemathesis-requirements.txt");
        let wanted = fs::read(&requirements).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
        let stamp = folder.join("requirements.txt");
        if fs::read(&stamp).ok().as_deref() != Some(wanted.as_slice()) {
            let _ = fs::remove_dir_all(&folder);
            done(Command::new("python3").args(["-m", "venv"]).arg(&folder));
            let mut pip = Command::new(folder.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
            done(pip.arg(&requirements));
            fs::write(&stamp, wanted).unwrap();
        }
        folder.join("bin/schemathesis")
    })
}

fn done(command: &mut Command) {
    let said = command
        .output()
        .unwrap_or_else(|error| panic!("install Python 3 with venv (`apt-get install python3-venv`): {error}"));
    assert!(
        said.status.success(),
        "`apt-get install python3-venv` gives what is missing: {}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
}

/// Serves an instance on a port of its own, as long as the test's runtime lives.
pub(crate) async fn served(instance: &Instance) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = instance.router.clone();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Operations after which the token that the run works with is worth nothing; they have a run of their own behind the others.
pub(crate) const ENDING: &[&str] = &["invalidateSigningKey", "setPassword", "signOut"];

/// What is there for the requests to meet, as settings of Schemathesis.
async fn settings(instance: &Instance, owner: &str, organization: &str, project: &str) -> String {
    let me = instance.call(owner, "GET", "/auth/me", None).await.is(200);
    let environments = format!("/projects/{project}/environments");
    let matrix = instance.call(owner, "GET", &environments, None).await.is(200);
    let mut text = fs::read_to_string(root().join("tests/toolchain/schemathesis.toml")).unwrap();
    let _ = write!(
        text,
        "\n[parameters]\norganizationId = \"{organization}\"\nprojectId = \"{project}\"\n\"path.userId\" = \"{}\"\n\"path.environmentId\" = \"{}\"\n",
        me.text("/user/id"),
        matrix.text("/environments/0/id"),
    );
    text
}

/// Runs Schemathesis as one person.
fn run(address: SocketAddr, settings: &Path, token: &str, more: &[String]) {
    let url = format!("http://{address}");
    let said = Command::new(schemathesis())
        .args(["--no-color", "--config-file"])
        .arg(settings)
        .args(["run", &format!("{url}/openapi.json"), "--url", &url])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args([
            "--seed",
            "20251126",
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
        ])
        .args(more)
        .current_dir(settings.parent().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(text.contains("generated"), "{text}");
}

fn listed(flag: &str, operations: &[&str]) -> Vec<String> {
    operations
        .iter()
        .flat_map(|id| [flag.to_owned(), (*id).to_owned()])
        .collect()
}

#[tokio::test]
async fn what_is_left_out_here_is_what_nobody_wrote() {
    let instance = Instance::sqlite().await;
    // What follows a run ends with it.
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let mut looked_at = 0;
    for operation in OPERATIONS.iter().filter(|operation| operation.method == "GET") {
        let id = "0f1d2c3b-4a5e-4f60-8172-93a4b5c6d7e8";
        let path = operation
            .path
            .replace("{projectId}", &project)
            .replace("{organizationId}", &organization)
            .replace("{provider}", "github")
            .replace("{specVersion}", "1")
            .replace("{toolName}", "a_b")
            .replace("{blobSha}", "9f2c1ab47e5d8b3a6f0e9c2d1b4a7f58c0ffee1d");
        let path: Vec<&str> = path
            .split('/')
            .map(|part| if part.starts_with('{') { id } else { part })
            .collect();
        let answer = instance.call(&owner, "GET", &path.join("/"), None).await;
        // What is asked for in the query is looked at before anybody finds that nobody wrote the rest.
        if answer.status != 400 {
            let unwritten = answer.status == 501;
            assert_eq!(
                unwritten,
                UNWRITTEN.contains(&operation.id),
                "{}: {answer:?}",
                operation.id
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 40, "{looked_at}");
    runner.stop().await;
}

/// Tens of thousands of requests: what each of their statements took is not kept. None of them reaches anybody outside.
async fn quiet() -> impl FnOnce(&mut Settings) {
    let (github, neon) = (Github::start().await, Neon::start().await);
    let (cloudflare, postman) = (Cloudflare::start().await, Postman::start().await);
    move |settings: &mut Settings| {
        settings.log_level = Level::Info;
        settings.github = github.place;
        settings.neon = neon.api.clone();
        settings.cloudflare = cloudflare.place.clone();
        settings.postman = postman.api.clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_every_role_is_one_that_the_contract_names_on_sqlite() {
    every_answer_is_one_that_the_contract_names(&Instance::set(quiet().await).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_every_role_is_one_that_the_contract_names_on_postgres() {
    every_answer_is_one_that_the_contract_names(&Instance::set_on_postgres(quiet().await).await).await;
}

async fn every_answer_is_one_that_the_contract_names(instance: &Instance) {
    let runner = Runner::start(instance.platform.clone()).unwrap();
    let (organization, owner) = instance.organization("Northwind").await;
    let project = instance.project(&owner, &organization, "Shop").await;
    let text = settings(instance, &owner, &organization, &project).await;
    let place = folder();
    let file = place.join("schemathesis.toml");
    fs::write(&file, text).unwrap();
    let mut people = Vec::new();
    for role in Role::ALL.iter().map(|role| role.as_str()) {
        let token = instance
            .member(&owner, &organization, &format!("{role}@example.com"), role)
            .await;
        people.push((role, token));
    }
    let address = served(instance).await;
    for (role, token) in &people {
        println!("as {role}");
        let mut more = listed("--exclude-operation-id", &[UNWRITTEN, ENDING].concat());
        more.extend(["--max-examples", "5"].map(str::to_owned));
        let (file, token) = (file.clone(), token.clone());
        tokio::task::spawn_blocking(move || run(address, &file, &token, &more))
            .await
            .unwrap();
    }
    let more = listed("--include-operation-id", ENDING);
    tokio::task::spawn_blocking(move || run(address, &file, &owner, &more))
        .await
        .unwrap();
    let _ = fs::remove_dir_all(&place);
    runner.stop().await;
}
