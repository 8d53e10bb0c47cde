//! The way of a project, from nothing to production and back, through the command line.
//!
//! Owns: the proof that the parts make a whole. Must not know: how any of them works.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::Machine;
use crate::hosted::{Hosted, flaresmith};
use crate::template::ask;

/// What a program writes, which must succeed.
#[track_caller]
fn output<'w>(program: &str, words: impl IntoIterator<Item = &'w str>) -> Vec<u8> {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
    output.stdout
}

pub(crate) fn git(folder: &Path, words: &[&str]) -> String {
    let words = [
        "-C",
        folder.to_str().unwrap(),
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.com",
    ]
    .into_iter()
    .chain(words.iter().copied());
    String::from_utf8(output("git", words)).unwrap()
}

pub(crate) fn bare(hosted: &Hosted, project: &Value) -> PathBuf {
    hosted
        .data()
        .join(format!("repositories/{}.git", project["id"].as_str().unwrap()))
}

/// Changes one place of a file.
pub(crate) fn edit(folder: &Path, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
    fs::write(folder.join(path), text.replace(from, to)).unwrap();
}

/// Shows 001/FR-008, 001/FR-015, 001/FR-016 and 001/FR-024.
#[test]
fn a_project_is_made_answers_keeps_rows_is_tested_promoted_changed_and_rolled_back() {
    let hosted = Hosted::whole();
    let person = Machine::new();
    let begun = Instant::now();
    let mut last = begun;
    let mut took = |what: &str| {
        println!("{what}: {:.1} s", last.elapsed().as_secs_f64());
        last = Instant::now();
    };
    person.sign_in(&hosted);
    let project = person.json(&["project", "create", "demo"]);
    took("project create, with three deployments");

    // Every environment answers, each with rows of its own.
    let matrix = person.json(&["env", "list", "demo"]);
    let url = |name: &str| {
        let all = matrix["environments"].as_array().unwrap();
        let found = all.iter().find(|one| one["name"] == name).unwrap();
        assert_eq!(found["state"], "active", "{found:#}");
        found["url"].as_str().unwrap().to_owned()
    };
    for name in ["dev", "staging", "prod"] {
        let (status, health) = ask(&url(name), "GET", "/health", &Value::Null);
        assert_eq!(
            (status, health),
            (200, json!({"status": "ok", "environment": name, "database": "up"}))
        );
    }
    let (status, task) = ask(&url("dev"), "POST", "/tasks", &json!({"title": "Water the plants"}));
    assert_eq!(status, 201, "{task:#}");
    let (_, tasks) = ask(&url("staging"), "GET", "/tasks", &Value::Null);
    assert_eq!(tasks["items"], json!([]), "a database of its own");
    took("three environments answer");

    // A change of the specs, with a migration, is committed and deployed to dev alone.
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("demo");
    let bare = bare(&hosted, &project);
    git(
        folder.path(),
        &["clone", "-q", "-b", "dev", bare.to_str().unwrap(), "demo"],
    );
    edit(
        &clone,
        "specs/001-tasks/data-model.yaml",
        "      done: { type: boolean, x-flaresmith",
        "      due: { type: [string, 'null'], format: date-time }\n      done: { type: boolean, x-flaresmith",
    );
    let applied = flaresmith(&clone).args(["spec", "apply"]).output().unwrap();
    assert!(applied.status.success(), "{applied:?}");
    let journal = clone.join("db/migrations/meta/_journal.json");
    let mut entries: Value = serde_json::from_slice(&fs::read(&journal).unwrap()).unwrap();
    let at = entries["entries"][0]["when"].as_i64().unwrap() + 1;
    let entry = json!({"idx": 1, "version": "7", "when": at, "tag": "0001_due", "breakpoints": true});
    entries["entries"].as_array_mut().unwrap().push(entry);
    fs::write(&journal, entries.to_string()).unwrap();
    fs::write(
        clone.join("db/migrations/0001_due.sql"),
        "ALTER TABLE \"tasks\" ADD COLUMN \"due\" timestamp with time zone;\n",
    )
    .unwrap();
    git(&clone, &["add", "-A"]);
    git(&clone, &["commit", "-q", "-m", "A task may be due"]);
    git(&clone, &["push", "-q", "origin", "dev"]);
    took("a change is made, applied, committed");
    let refused = person.run(&["env", "promote", "demo", "dev"]);
    assert!(refused.err.contains("error[ENV_PROMOTION_UNTESTED]"), "{}", refused.err);
    person.json(&["env", "deploy", "demo", "dev"]);
    took("deploy to dev");
    let (_, read) = ask(
        &url("dev"),
        "GET",
        &format!("/tasks/{}", task["id"].as_str().unwrap()),
        &Value::Null,
    );
    assert_eq!(
        (&read["title"], &read["due"]),
        (&json!("Water the plants"), &Value::Null)
    );

    // What passes its tests goes to the next environment, the same build.
    for (from, to) in [("dev", "staging"), ("staging", "prod")] {
        let run = person.json(&["env", "test", "demo", from]);
        assert!(run["assertionCount"].as_i64().unwrap() >= 6, "{run:#}");
        took(&format!("collection against {from}"));
        let promoted = person.json(&["env", "promote", "demo", from]);
        assert_eq!(promoted["state"], "succeeded", "{promoted:#}");
        took(&format!("promote to {to}"));
        let (status, made) = ask(&url(to), "POST", "/tasks", &json!({"title": "Later"}));
        assert_eq!((status, made["due"].is_null()), (201, true), "{made:#}");
        assert!(made.as_object().unwrap().contains_key("due"), "{made:#}");
    }

    // And back.
    let back = person.json(&["env", "rollback", "demo", "prod"]);
    assert_eq!(
        (&back["kind"], &back["state"]),
        (&json!("rollback"), &json!("succeeded"))
    );
    let (status, made) = ask(&url("prod"), "POST", "/tasks", &json!({"title": "As before"}));
    assert_eq!(status, 201, "{made:#}");
    assert!(!made.as_object().unwrap().contains_key("due"), "{made:#}");
    took("rollback of prod");
    person.json(&["project", "delete", "demo", "--confirm", "demo"]);
    took("project delete");
    println!("all together: {:.1} s", begun.elapsed().as_secs_f64());
}
