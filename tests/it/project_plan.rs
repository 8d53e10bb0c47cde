//! Plans of projects and drift: the built program, the built server, real Postgres, git and workerd.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Machine;
use crate::hosted::Hosted;
use crate::journey::{bare, edit, git};
use crate::repository::Said;

/// A project whose commits only copy a worker when they are built, deployed to all of its environments.
struct Shop<'a> {
    hosted: &'a Hosted,
    person: Machine,
    id: String,
    /// The repository at the server.
    bare: PathBuf,
    folder: TempDir,
    /// Whose token is used; empty: that of the login.
    token: String,
}

impl<'a> Shop<'a> {
    fn deployed(hosted: &'a Hosted) -> Self {
        let person = Machine::new();
        person.sign_in(hosted);
        let project = person.json(&["project", "create", "Shop"]);
        let shop = Self {
            hosted,
            person,
            id: project["id"].as_str().unwrap().to_owned(),
            bare: bare(hosted, &project),
            folder: tempfile::tempdir().unwrap(),
            token: String::new(),
        };
        let bare = shop.bare.to_str().unwrap();
        git(shop.folder.path(), &["clone", "-q", "-b", "dev", bare, "shop"]);
        let package = json!({"name": "shop", "version": "1.0.0", "scripts": {"build": "node build.mjs"}});
        let lock = json!({
            "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
            "packages": {"": {"name": "shop", "version": "1.0.0"}},
        });
        let build = "import { cpSync } from 'node:fs';\ncpSync('worker.js', 'dist/worker.js');\n";
        shop.write("package.json", &package.to_string());
        shop.write("package-lock.json", &lock.to_string());
        shop.write("build.mjs", build);
        shop.saying("one");
        shop.commit(&["dev", "staging", "main"]);
        shop
    }

    fn clone(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.clone().join(path), text).unwrap();
    }

    fn saying(&self, word: &str) {
        self.write(
            "worker.js",
            &format!("export default {{ fetch: () => new Response('{word}') }};\n"),
        );
    }

    /// Commits what was written and pushes it to branches.
    fn commit(&self, branches: &[&str]) {
        let clone = self.clone();
        git(&clone, &["add", "-A"]);
        git(&clone, &["commit", "-q", "-m", "Change"]);
        for branch in branches {
            git(&clone, &["push", "-q", "origin", &format!("HEAD:refs/heads/{branch}")]);
        }
    }

    /// Goes on as somebody else: one person may only ask so much in a minute.
    fn by_another(&mut self) {
        self.token = self.hosted.member("mia@example.com", "maintainer");
    }

    fn said(&self, words: &[&str]) -> Said {
        let url = self.hosted.url();
        match self.token.as_str() {
            "" => self.person.run(words),
            token => {
                let variables = [("FLARESMITH_URL", url.as_str()), ("FLARESMITH_TOKEN", token)];
                self.person.run_with(words, "", &variables)
            }
        }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> Said {
        let said = self.said(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said
    }

    /// Asks for a document, with the exit code that comes with it.
    #[track_caller]
    fn asked(&self, words: &[&str], code: i32) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        let said = self.said(&words);
        assert_eq!(said.code, code, "{words:?}: {}{}", said.out, said.err);
        said.json()
    }

    /// What keeps a command from being done.
    #[track_caller]
    fn refused(&self, words: &[&str]) -> String {
        let said = self.said(words);
        assert_eq!(said.code, 1, "{words:?}: {}{}", said.out, said.err);
        said.err
    }
}

fn environment<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let all = plan["environments"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap()
}

fn names(all: &Value) -> Vec<&str> {
    all.as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

/// Kind, and the end of the key, of every finding.
fn findings(drift: &Value) -> Vec<(String, String)> {
    let all = drift["findings"].as_array().unwrap().iter();
    all.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (text("kind"), text("resourceKey")[37..].to_owned())
    })
    .collect()
}

/// Adds a migration as drizzle-kit would.
fn add_migration(clone: &Path) {
    let journal = clone.join("db/migrations/meta/_journal.json");
    let mut entries: Value = serde_json::from_slice(&fs::read(&journal).unwrap()).unwrap();
    let at = entries["entries"][0]["when"].as_i64().unwrap() + 1;
    let entry = json!({"idx": 1, "version": "7", "when": at, "tag": "0001_due", "breakpoints": true});
    entries["entries"].as_array_mut().unwrap().push(entry);
    fs::write(&journal, entries.to_string()).unwrap();
    let text = "ALTER TABLE \"tasks\" ADD COLUMN \"due\" timestamp with time zone;--> statement-breakpoint\n\
                CREATE INDEX \"tasks_due\" ON \"tasks\" (\"due\");";
    fs::write(clone.join("db/migrations/0001_due.sql"), text).unwrap();
}

/// Shows 001/FR-037.
#[test]
fn a_plan_shows_files_sql_and_steps_and_is_refused_when_the_project_moved_and_drift_tells_what_went() {
    let hosted = Hosted::with_databases();
    let mut shop = Shop::deployed(&hosted);

    // Nothing was deployed yet: everything is behind, and its database has seen no migration.
    let plan = shop.asked(&["project", "plan", "shop"], 4);
    for name in ["dev", "staging", "prod"] {
        let one = environment(&plan, name);
        assert_eq!(
            (&one["isBehind"], &one["deployedSha"]),
            (&json!(true), &Value::Null),
            "{one:#}"
        );
        assert_eq!(names(&one["migrations"]), ["0000_begin"]);
        let first = one["migrations"][0]["statements"][0].as_str().unwrap();
        assert!(first.starts_with("CREATE TYPE"), "{first}");
    }
    assert_eq!(plan["changedFiles"], json!([]));
    assert_eq!(
        (&plan["provisioning"]["action"], &plan["unknown"]),
        (&json!("none"), &json!([]))
    );
    for name in ["dev", "staging", "prod"] {
        shop.done(&["env", "deploy", "shop", name]);
    }

    // A project to which nothing is to be done.
    let said = shop.done(&["project", "plan", "shop"]);
    assert!(said.out.starts_with("nothing is to be done\ndigest  "), "{}", said.out);
    let empty = shop.asked(&["project", "plan", "shop"], 0);
    assert_eq!(empty["isEmpty"], true, "{empty:#}");
    let again = shop.asked(&["project", "plan", "shop"], 0);
    assert_eq!(empty["digest"], again["digest"], "the same project has the same digest");
    let drift = shop.asked(&["project", "drift", "shop"], 0);
    assert_eq!(
        (&drift["status"], &drift["comparedCount"]),
        (&json!("clean"), &json!(10)),
        "{drift:#}"
    );

    // Specs that are not applied yet, with the migration that they need.
    edit(
        &shop.clone(),
        "specs/001-tasks/data-model.yaml",
        "      done: { type: boolean, x-flaresmith",
        "      due: { type: [string, 'null'], format: date-time }\n      done: { type: boolean, x-flaresmith",
    );
    add_migration(&shop.clone());
    shop.commit(&["dev"]);
    let file = shop.folder.path().join("plan.json");
    let file = file.to_str().unwrap();
    let plan = shop.asked(&["project", "plan", "shop", "--out", file], 4);
    let changed: Vec<(&str, &str)> = plan["changedFiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].as_str().unwrap(), one["type"].as_str().unwrap()))
        .collect();
    assert!(
        changed.contains(&("packages/contract/src/drizzle/schema.ts", "modified")),
        "{changed:?}"
    );
    assert!(
        plan["changedFiles"][0]["diffSummary"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let dev = environment(&plan, "dev");
    assert_eq!(
        (names(&dev["migrations"]), &dev["isBehind"]),
        (vec!["0001_due"], &json!(true)),
        "{dev:#}"
    );
    let statements = json!([
        "ALTER TABLE \"tasks\" ADD COLUMN \"due\" timestamp with time zone;",
        "CREATE INDEX \"tasks_due\" ON \"tasks\" (\"due\");",
    ]);
    assert_eq!(dev["migrations"][0]["statements"], statements);
    assert_eq!(environment(&plan, "staging")["isBehind"], false);
    let said = shop.said(&["project", "plan", "shop"]);
    for word in [
        "files that an apply changes on dev",
        "~ modified packages/contract/src/drizzle/schema.ts",
        "migration 0001_due",
        "    CREATE INDEX \"tasks_due\"",
        "a deployment to dev brings",
    ] {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }

    shop.by_another();

    // The head moves, and what was planned is not done.
    shop.saying("two");
    shop.commit(&["dev"]);
    let told = shop.refused(&["env", "deploy", "shop", "dev", "--plan", file]);
    assert!(
        told.contains("error[PROVISION_PLAN_STALE]") && told.contains("repository moved"),
        "{told}"
    );
    let history = shop.asked(&["env", "history", "shop", "dev"], 0);
    assert_eq!(history["items"].as_array().unwrap().len(), 1, "nothing was begun");
    // A plan is about the heads; another commit is not in it.
    shop.asked(&["project", "plan", "shop", "--out", file], 4);
    let told = shop.refused(&["env", "deploy", "shop", "dev", "--plan", file, "--ref", "main"]);
    assert!(told.contains("PROVISION_PLAN_STALE"), "{told}");
    shop.done(&["env", "deploy", "shop", "dev", "--plan", file]);
    let plan = shop.asked(&["project", "plan", "shop"], 4);
    assert_eq!(
        (
            &environment(&plan, "dev")["migrations"],
            &environment(&plan, "dev")["isBehind"]
        ),
        (&json!([]), &json!(false))
    );
    let told = shop.refused(&["env", "deploy", "shop", "dev", "--plan", file]);
    assert!(told.contains("resources moved"), "it was carried out: {told}");
    // Specs move with the repository that they are in.
    let digest = plan["digest"].as_str().unwrap();
    edit(
        &shop.clone(),
        "specs/001-tasks/data-model.yaml",
        "title: Tasks data model",
        "title: Tasks",
    );
    shop.commit(&["dev"]);
    let told = shop.refused(&["env", "deploy", "shop", "dev", "--plan-digest", digest]);
    assert!(told.contains("repository and specs moved"), "{told}");
    let told = shop.refused(&["project", "retry", "shop", "--plan-digest", digest]);
    assert!(told.contains("PROVISION_PLAN_STALE"), "{told}");
}

/// Shows 001/FR-037.
#[test]
fn what_is_taken_away_behind_the_servers_back_is_told_with_what_to_type_and_a_plan_from_before_is_refused() {
    let hosted = Hosted::start();
    let mut shop = Shop::deployed(&hosted);
    for name in ["dev", "staging", "prod"] {
        shop.done(&["env", "deploy", "shop", name]);
    }
    shop.by_another();
    let digest = shop.asked(&["project", "plan", "shop"], 0)["digest"].clone();
    let worker = shop.hosted.data().join(format!("edge/{}/dev", shop.id));
    fs::remove_dir_all(&worker).unwrap();
    git(&shop.bare, &["update-ref", "-d", "refs/heads/staging"]);
    let mark = shop.hosted.data().join(format!("edge/{}/prod/mark", shop.id));
    fs::write(&mark, "somebody's\n").unwrap();
    let drift = shop.asked(&["project", "drift", "shop"], 4);
    let found = findings(&drift);
    let expected = [
        ("missing", "cloudflareWorker-dev"),
        ("foreign", "cloudflareWorker-prod"),
        ("missing", "source-branch-staging-staging"),
    ];
    let expected = expected.map(|(kind, key)| (kind.to_owned(), key.to_owned()));
    assert_eq!(found, expected, "{drift:#}");
    let said = shop.said(&["project", "drift", "shop"]);
    for word in [
        "- missing",
        "flaresmith env deploy shop dev",
        "git push origin",
        "drift: 10 things compared, 3 findings",
    ] {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    let told = shop.refused(&[
        "env",
        "deploy",
        "shop",
        "dev",
        "--plan-digest",
        digest.as_str().unwrap(),
    ]);
    assert!(told.contains("repository and resources moved"), "{told}");

    // What the hint says mends it.
    fs::write(&mark, format!("Flaresmith {}-cloudflareWorker-prod\n", shop.id)).unwrap();
    shop.done(&["env", "deploy", "shop", "dev"]);
    let staging = shop.asked(&["env", "show", "shop", "staging"], 0);
    let commit = staging["commitSha"].as_str().unwrap();
    git(
        &shop.clone(),
        &["push", "-q", "origin", &format!("{commit}:refs/heads/staging")],
    );
    // After a rollback it is the version gone back to that should answer.
    shop.done(&["env", "deploy", "shop", "staging"]);
    shop.done(&["env", "rollback", "shop", "staging"]);
    let drift = shop.asked(&["project", "drift", "shop"], 0);
    assert_eq!(drift["status"], "clean", "{drift:#}");
}
