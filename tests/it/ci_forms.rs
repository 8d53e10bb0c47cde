//! The forms for CI: what a check says to GitHub, to servers that show tests, and to code scanning.

use crate::git::{CONTRACT, Git};

fn check(git: &Git, form: &str) -> crate::repository::Said {
    git.run(&["spec", "check", "--format", form])
}

/// The value of an attribute of the first element with this name.
fn attribute(document: &str, element: &str, name: &str) -> String {
    let start = document
        .find(&format!("<{element} "))
        .unwrap_or_else(|| panic!("no {element}: {document}"));
    let tag = document[start..].split('>').next().unwrap();
    let value = tag
        .split(&format!(" {name}=\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name}: {tag}"));
    value.split('"').next().unwrap().to_owned()
}

#[test]
fn a_clean_check_tells_how_much_it_compared() {
    let git = Git::project();
    let said = check(&git, "github");
    assert_eq!(said.code, 0);
    assert!(!said.out.contains("::error"), "{}", said.out);
    let json = check(&git, "json");
    assert_eq!(json.json()["summary"]["status"], "clean");
    let junit = check(&git, "junit").out;
    let cases = junit.matches("<testcase ").count();
    assert!(cases > 5, "{junit}");
    assert_eq!(attribute(&junit, "testsuites", "tests"), cases.to_string());
    assert_eq!(attribute(&junit, "testsuites", "failures"), "0");
    assert!(
        said.out
            .contains(&format!("flaresmith: {} files compared, 0 errors", cases - 1)),
        "{}",
        said.out
    );
}

#[test]
fn drift_and_conflicts_stand_at_their_files() {
    let git = Git::project();
    git.edit(CONTRACT, "Greet somebody", "Greet anybody");
    std::fs::remove_file(git.path("generated/mcp/tools.json")).unwrap();
    git.write(
        "generated/openapi/openapi.yaml",
        &(git.read("generated/openapi/openapi.yaml") + "x-mine: 1\n"),
    );
    let said = check(&git, "github");
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    for part in [
        "::error file=generated/openapi/openapi.json,title=SYNC_DRIFT::",
        "::error file=generated/mcp/tools.json,title=SYNC_DRIFT::",
        "::error file=generated/openapi/openapi.yaml,title=UNCOMMITTED_LOCAL_CHANGES::",
    ] {
        assert!(said.out.contains(part), "no {part}: {}", said.out);
    }
    let junit = check(&git, "junit");
    assert_eq!(junit.code, 3);
    assert_eq!(
        attribute(&junit.out, "testsuites", "failures"),
        junit.out.matches("<failure ").count().to_string()
    );
    assert!(
        junit.out.contains("<failure type=\"UNCOMMITTED_LOCAL_CHANGES\""),
        "{}",
        junit.out
    );
    let sarif = check(&git, "sarif").json();
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() >= 3, "{sarif:#}");
}

#[test]
fn a_problem_stands_at_its_line_counted_from_the_top_of_the_repository() {
    let git = Git::project_in("services/api");
    let contract = format!("services/api/{CONTRACT}");
    git.edit(
        &contract,
        "requirements: [FR-001]",
        "requirements: [FR-001]\n        rôle: '%::]]><b>,'",
    );
    let root = git.path("services/api");
    let said = git.at(
        &root,
        env!("CARGO_BIN_EXE_flaresmith"),
        &["spec", "check", "--format", "github"],
    );
    assert_eq!(said.code, 1, "{}", said.out);
    let line = said.out.lines().find(|line| line.starts_with("::error ")).unwrap();
    assert!(line.starts_with(&format!("::error file={contract},line=")), "{line}");
    assert!(line.contains(",col=") && line.contains(",title="), "{line}");
    let junit = git.at(
        &root,
        env!("CARGO_BIN_EXE_flaresmith"),
        &["spec", "check", "--format", "junit"],
    );
    assert_eq!(junit.code, 1);
    assert!(!junit.out.contains("<b>"), "{}", junit.out);
    assert_eq!(attribute(&junit.out, "testsuites", "failures"), "1", "{}", junit.out);
}

#[test]
fn a_run_that_could_not_go_on_is_a_result_in_every_form() {
    let git = Git::project();
    git.write("flaresmith.lock", "version = \n");
    let github = check(&git, "github");
    assert_eq!(github.code, 1);
    assert!(
        github.out.contains("::error file=flaresmith.lock,title=LOCK_INVALID::"),
        "{}",
        github.out
    );
    let junit = check(&git, "junit");
    assert!(junit.out.contains("<failure type=\"LOCK_INVALID\""), "{}", junit.out);
    assert_eq!(
        check(&git, "sarif").json()["runs"][0]["results"][0]["ruleId"],
        "LOCK_INVALID"
    );
}

#[test]
fn the_documents_are_well_formed_for_other_readers() {
    let git = Git::project();
    git.edit(CONTRACT, "Greet somebody", "Greet <anybody> & \"all\"");
    let junit = check(&git, "junit").out;
    git.write("junit.xml", &junit);
    let said = git.at(
        &git.path(""),
        "python3",
        &[
            "-c",
            "import sys, xml.etree.ElementTree as t; r = t.parse('junit.xml').getroot(); \
             n = len(r.findall('.//testcase')); f = len(r.findall('.//failure')); \
             sys.exit(0 if (n, f) == (int(r.get('tests')), int(r.get('failures'))) and f else 1)",
        ],
    );
    assert_eq!(
        said.code, 0,
        "install python3 (`apt-get install python3`): {}{}",
        said.out, said.err
    );
}

#[test]
fn commands_without_findings_answer_in_json() {
    let git = Git::project();
    for form in ["github", "junit", "sarif"] {
        let said = git.done(&["explain", "SPEC_NO_CONTRACT", "--format", form]);
        assert_eq!(said.json()["code"], "SPEC_NO_CONTRACT");
    }
}

#[test]
fn the_shipped_hook_of_the_pre_commit_framework_runs_the_check() {
    let text = std::fs::read_to_string(crate::toolchain::root().join(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(
        text.matches("- id: ").count() - 1,
        text.matches("\n  entry: flaresmith spec check --staged\n").count()
    );
    assert_eq!(text.matches("pass_filenames: false").count(), 2);
}

#[test]
fn a_watch_refuses_forms_that_are_about_one_run_and_says_what_can_be_had() {
    let git = Git::project();
    for form in ["sarif", "github", "junit"] {
        let said = git.run(&["spec", "watch", "--format", form]);
        assert_eq!(said.code, 1, "{form}: {}", said.err);
        for part in [
            "WATCH_FORMAT".to_owned(),
            format!("`spec watch` does not print `{form}`"),
            "`flaresmith spec watch --format json`".to_owned(),
            format!("`flaresmith spec check --format {form}`"),
        ] {
            assert!(said.err.contains(&part), "{form}: no {part}: {}", said.err);
        }
        assert!(
            said.out.contains("WATCH_FORMAT"),
            "the failure is a result: {}",
            said.out
        );
    }
    assert_eq!(git.git(&["status", "--porcelain"]), "");
}
