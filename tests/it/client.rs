//! Commands that talk to a server: the built program against the built server.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::hosted::{Hosted, OWNER, PASSWORD, flaresmith};
use crate::repository::Said;

/// A person's machine: a folder for settings, and what is piped in.
pub(crate) struct Machine {
    home: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.path().join("flaresmith/login.json")
    }

    fn saved(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap()
    }

    pub(crate) fn run_with(&self, words: &[&str], input: &str, variables: &[(&str, &str)]) -> Said {
        let mut command = flaresmith(self.home.path());
        command.args(words).envs(variables.iter().copied());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that wants nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        self.run_with(words, "", &[])
    }

    #[track_caller]
    pub(crate) fn done(&self, words: &[&str]) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said
    }

    /// A result as JSON.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        self.done(&words).json()
    }

    pub(crate) fn sign_in(&self, hosted: &Hosted) -> Said {
        let said = self.run_with(&["login", "--url", &hosted.url(), "--email", OWNER], PASSWORD, &[]);
        assert_eq!(said.code, 0, "{}", said.err);
        said
    }
}

#[test]
fn a_login_is_kept_for_its_owner_alone_and_ends_at_the_server_too() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    let said = machine.sign_in(&hosted);
    assert_eq!(said.out, format!("signed in at {} as {OWNER}\n", hosted.url()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&machine.file()), 0o600);
        assert_eq!(mode(machine.file().parent().unwrap()), 0o700);
    }
    let saved = machine.saved();
    let token = saved["accessToken"].as_str().unwrap();
    assert!(!said.out.contains(token) && !said.err.contains(token));
    assert_eq!(hosted.call(token, "GET /auth/me", &json!({})).status, 200);

    machine.done(&["logout"]);
    assert!(!machine.file().exists());
    assert_eq!(hosted.call(token, "GET /auth/me", &json!({})).status, 401);
    let refresh = json!({ "refreshToken": saved["refreshToken"] });
    assert_eq!(hosted.call(token, "POST /auth/refresh", &refresh).status, 401);
    let said = machine.run(&["project", "list"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("error[LOGIN_ABSENT]") && said.err.contains("`flaresmith login`"),
        "{}",
        said.err
    );
    assert!(machine.done(&["logout"]).out.contains("nobody is signed in"));
}

#[test]
fn a_password_comes_from_the_environment_too_and_a_wrong_one_is_told_with_the_servers_words() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    let words = ["login", "--url", &hosted.url(), "--email", OWNER];
    let said = machine.run_with(&words, "", &[("FLARESMITH_PASSWORD", PASSWORD)]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = machine.run_with(&words, "wrong password of mine", &[]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("error[AUTH_") && said.err.contains("= request: "),
        "{}",
        said.err
    );
    assert!(!said.err.contains("wrong password of mine"));
    let said = machine.run_with(&words, "", &[]);
    assert!(said.err.contains("error[INPUT_EMPTY]"), "{}", said.err);
    // What was saved before is still there.
    machine.done(&["project", "list"]);
}

#[test]
fn a_token_that_ran_out_is_renewed_once_however_many_commands_want_it() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let before = machine.saved();
    let mut old = before.clone();
    old["expiresAt"] = json!(1);
    std::fs::write(machine.file(), old.to_string()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| machine.done(&["project", "list"]));
        }
    });
    let after = machine.saved();
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    assert!(after["expiresAt"].as_u64() > Some(1));
    machine.done(&["project", "list"]);
}

#[test]
fn projects_are_made_listed_shown_and_found_by_their_slug() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    assert_eq!(
        machine.json(&["project", "list"]),
        json!({ "items": [], "hasMore": false })
    );
    let made = machine.json(&[
        "project",
        "create",
        "Shop \u{1b}[31mred",
        "--description",
        "Sells things",
    ]);
    let (id, slug) = (made["id"].as_str().unwrap(), made["slug"].as_str().unwrap());
    assert_eq!(made["state"], "active", "it is waited for");
    let said = machine.done(&["project", "create", "Second"]);
    let told = |name: &str, how: &str| {
        said.err
            .lines()
            .filter(|line| *line == format!("{name}  {how}"))
            .count()
    };
    for step in ["source-repository", "source-seed", "database-dev", "database-prod"] {
        assert_eq!(told(step, "succeeded"), 1, "{}", said.err);
    }
    assert!(
        machine
            .done(&["project", "create", "Quiet", "--no-wait", "--quiet"])
            .err
            .is_empty()
    );

    let listed = machine.done(&["project", "list"]).out;
    assert!(
        listed.contains("SLUG") && listed.contains(id) && !listed.contains('\u{1b}'),
        "{listed}"
    );
    let one = machine.json(&["project", "list", "--limit", "1"]);
    assert_eq!(
        (one["items"].as_array().unwrap().len(), &one["hasMore"]),
        (1, &json!(true))
    );
    assert!(
        machine
            .done(&["project", "list", "--limit", "1"])
            .err
            .contains("there are more")
    );
    assert_eq!(machine.json(&["project", "show", slug])["id"], id);
    assert_eq!(machine.json(&["project", "show", id])["description"], "Sells things");

    let environments = machine.json(&["env", "list", slug]);
    let names: Vec<&str> = environments["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dev", "staging", "prod"]);
    assert_eq!(machine.json(&["env", "show", slug, "dev"])["kind"], "dev");
    let said = machine.run(&["env", "show", slug, "moon"]);
    assert!(
        said.code == 1 && said.err.contains("dev, staging, prod"),
        "{}",
        said.err
    );

    let said = machine.run(&["project", "delete", slug, "--confirm", "another"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(
        said.err.contains("error[") && said.err.contains("= request: "),
        "{}",
        said.err
    );
    let actions = machine.json(&["audit", "list", slug]);
    assert!(
        actions["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["action"] == "retirement.deleteProject"),
        "{actions:#}"
    );
    assert!(
        machine
            .done(&["audit", "list", slug])
            .out
            .contains("retirement.deleteProject")
    );
}

#[test]
fn a_run_that_fails_says_why_and_is_retried_or_taken_back() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let databases = hosted.data().join("databases");
    std::fs::write(&databases, "in the way").unwrap();
    for (name, slug) in [("First", "first"), ("Second", "second")] {
        let said = machine.run(&["project", "create", name]);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        for part in [
            "error[PROVISION_STEP_FAILED]",
            "  database-",
            "`flaresmith project retry",
        ] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
        assert_eq!(machine.json(&["project", "show", slug])["state"], "degraded");
    }
    // What cannot even be looked for is not said to be gone.
    let said = machine.run(&["project", "cancel", "second"]);
    assert!(
        said.code == 1 && said.err.contains("error[PROVISION_UNDO_STUCK]"),
        "{}",
        said.err
    );
    std::fs::remove_file(&databases).unwrap();
    let undone = machine.json(&["project", "retry", "second"]);
    assert_eq!(undone["repo"], Value::Null);
    let said = machine.done(&["project", "retry", "first"]);
    assert!(said.err.contains("database-prod  succeeded"), "{}", said.err);
    assert!(
        !said.err.contains("failed"),
        "what was before is not told again: {}",
        said.err
    );
    assert_eq!(machine.json(&["project", "retry", "second"])["state"], "active");
    let said = machine.run(&["project", "retry", "first"]);
    assert!(said.err.contains("PROVISION_NOTHING_TO_RETRY"), "{}", said.err);
}

#[test]
fn a_slug_of_two_organizations_is_no_name_of_either_project() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let other = hosted.call(&hosted.owner(), "POST /organizations", &json!({"name": "Other"}));
    assert_eq!(other.status, 201, "{}", other.json());
    let other = other.json()["id"].as_str().unwrap().to_owned();
    let made = [
        machine.json(&["project", "create", "Shop", "--no-wait"]),
        machine.json(&["project", "create", "Shop", "--no-wait", "--organization", &other]),
    ];
    let slug = made[0]["slug"].as_str().unwrap();
    assert_eq!(made[1]["slug"], slug);
    let said = machine.run(&["project", "delete", slug, "--confirm", slug]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("error[PROJECT_AMBIGUOUS]"), "{}", said.err);
    for project in &made {
        let id = project["id"].as_str().unwrap();
        assert!(said.err.contains(id), "{}", said.err);
        assert_eq!(machine.json(&["project", "show", id])["id"], id);
    }
}

#[test]
fn a_secret_comes_from_standard_input_and_is_never_shown() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let slug = machine.json(&["project", "create", "Shop"])["slug"]
        .as_str()
        .unwrap()
        .to_owned();
    let of = |word: &'static str| {
        let words = [
            "secrets",
            word,
            &slug,
            "API_KEY",
            "--environment",
            "dev",
            "--type",
            "cloudflareBinding",
        ];
        words.map(str::to_owned)
    };
    let run = |word: &'static str, input: &str| {
        let words = of(word);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        machine.run_with(&words, input, &[])
    };
    let value = "a-value-that-nobody-sees-9876";
    let said = run("set", &format!("{value}\n"));
    assert_eq!(said.code, 0, "{}", said.err);
    let listed = machine.done(&["secrets", "list", &slug, "--environment", "dev"]).out;
    assert!(listed.contains("API_KEY") && listed.contains("9876"), "{listed}");
    for text in [&said.out, &said.err, &listed] {
        assert!(!text.contains(value), "{text}");
    }
    let said = run("set", "");
    assert!(
        said.code == 1 && said.err.contains("error[INPUT_EMPTY]"),
        "{}",
        said.err
    );
    let rotated = run("rotate", "");
    assert!(
        rotated.code == 0 || rotated.err.contains("= request: "),
        "{}",
        rotated.err
    );
    assert_eq!(run("delete", "").code, 0);
    let left = machine.json(&["secrets", "list", &slug]);
    assert!(!left.to_string().contains("API_KEY"), "{left}");
    // A value has no place among the arguments.
    let words = of("set");
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push(value);
    assert_eq!(machine.run(&words).code, 2);
}

#[test]
fn a_refusal_has_the_servers_code_message_hint_and_request_id_in_every_form() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let id = "0196f000-0000-7000-8000-000000000001";
    let said = machine.run(&["project", "show", id, "--format", "json"]);
    assert_eq!(said.code, 1);
    let error = &said.json()["error"];
    assert_eq!(error["code"], "PROJECT_NOT_FOUND");
    assert!(
        error["message"].is_string() && error["requestId"].is_string(),
        "{error}"
    );
    assert!(said.err.contains("error[PROJECT_NOT_FOUND]"), "{}", said.err);
    let sarif = machine.run(&["project", "show", id, "--format", "sarif"]);
    assert!(sarif.out.contains("PROJECT_NOT_FOUND"), "{}", sarif.out);
    let empty = machine.run(&["project", "create", ""]);
    assert!(
        empty.err.contains("REQUEST_VALIDATION_FAILED") && empty.err.contains("/name"),
        "{}",
        empty.err
    );
    for code in [
        "PROJECT_NOT_FOUND",
        "REQUEST_VALIDATION_FAILED",
        "SERVER_UNREACHABLE",
        "LOGIN_ABSENT",
    ] {
        assert!(machine.done(&["explain", code]).out.contains(code));
    }
}

#[test]
fn a_token_of_the_environment_needs_no_login_and_a_saved_one_goes_to_its_own_server_alone() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    let (url, token) = (hosted.url(), hosted.owner());
    let said = machine.run_with(
        &["project", "list"],
        "",
        &[("FLARESMITH_URL", &url), ("FLARESMITH_TOKEN", &token)],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    machine.sign_in(&hosted);
    let elsewhere = [("FLARESMITH_URL", "http://127.0.0.1:9")];
    let said = machine.run_with(&["project", "list"], "", &elsewhere);
    assert!(said.err.contains("error[LOGIN_ABSENT]"), "{}", said.err);
    drop(hosted);
    let said = machine.run(&["project", "list"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("error[SERVER_UNREACHABLE]") && said.err.contains("flaresmith serve"),
        "{}",
        said.err
    );
}
