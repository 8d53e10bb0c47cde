//! Secrets in plain text: found wherever they stand in what a team writes, refused, and never repeated. Through the built
//! binary, in real git repositories.

use crate::repository::Repository;

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

/// A token of the form that GitHub gives, made up here so that it stands in no file.
fn token() -> String {
    let body: String = (0..36_u8)
        .map(|i| char::from(if i % 3 == 0 { b'0' + i % 10 } else { b'a' + (i * 7) % 26 }))
        .collect();
    format!("gh{}_{body}", 'p')
}

fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "openapi,docs"]);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replacen(from, to, 1));
}

type Put = fn(&Repository, &str);

const PLACES: [(&str, Put); 8] = [
    (CONTRACT, |repository, secret| {
        edit(repository, CONTRACT, "example: Ada", &format!("example: {secret}"))
    }),
    (CONTRACT, |repository, secret| {
        edit(
            repository,
            CONTRACT,
            "Who is greeted.",
            &format!("Call it with {secret}."),
        )
    }),
    (CONTRACT, |repository, secret| {
        edit(repository, CONTRACT, "paths:", &format!("# {secret}\npaths:"))
    }),
    (CONTRACT, |repository, secret| {
        edit(
            repository,
            CONTRACT,
            "        text:",
            &format!("        {secret}: {{ type: string }}\n        text:"),
        )
    }),
    (CONTRACT, |repository, secret| {
        edit(
            repository,
            CONTRACT,
            "http://127.0.0.1:8787",
            &format!("http://127.0.0.1:8787/{secret}"),
        )
    }),
    ("specs/001-hello/data-model.yaml", |repository, secret| {
        let model = format!(
            "$defs:\n  Own:\n    type: object\n    properties:\n      key: {{ type: string, default: '{secret}' }}\n"
        );
        repository.write("specs/001-hello/data-model.yaml", &model);
    }),
    ("specs/001-hello/spec.md", |repository, secret| {
        let text = repository.read("specs/001-hello/spec.md");
        repository.write(
            "specs/001-hello/spec.md",
            &format!("{text}\n```\ncurl -H 'Authorization: Bearer {secret}'\n```\n"),
        );
    }),
    ("flaresmith.toml", |repository, secret| {
        edit(
            repository,
            "flaresmith.toml",
            "specs =",
            &format!("name = \"{secret}\"\nspecs ="),
        )
    }),
];

/// Runs a command in every form; the secret is in none of what it says.
fn silent(repository: &Repository, secret: &str, command: &[&str], code: i32, says: &str) {
    for form in ["human", "json", "sarif", "github", "junit"] {
        let said = repository.run(&[command, &["--format", form]].concat());
        assert_eq!(said.code, code, "{command:?} {form}: {}\n{}", said.out, said.err);
        let all = format!("{}{}", said.out, said.err);
        assert!(
            !all.contains(secret) && !all.contains(&secret[8..24]),
            "{command:?} {form}: {all}"
        );
        assert!(all.contains(says), "{command:?} {form}: {all}");
    }
}

/// Shows 001/FR-013.
#[test]
fn a_secret_is_refused_with_its_place_wherever_it_is_written() {
    let secret = token();
    for (file, put) in PLACES {
        let repository = applied();
        put(&repository, &secret);
        let before = repository.everything();
        for command in [&["spec", "apply"][..], &["spec", "check"]] {
            silent(&repository, &secret, command, 1, "SPEC_SECRET_PLAINTEXT");
        }
        repository.git(&["add", "-A"]);
        silent(
            &repository,
            &secret,
            &["spec", "check", "--staged"],
            1,
            "SPEC_SECRET_PLAINTEXT",
        );
        assert!(before == repository.everything(), "{file}: something was written");
        let told = repository.run(&["spec", "apply"]);
        let line = repository
            .read(file)
            .lines()
            .position(|line| line.contains(&secret))
            .unwrap()
            + 1;
        assert!(
            format!("{}{}", told.out, told.err).contains(&format!("{file}:{line}:")),
            "{}{}",
            told.out,
            told.err
        );
        assert!(
            format!("{}{}", told.out, told.err).contains("1 error"),
            "told once: {}",
            told.err
        );
    }
}

#[test]
fn placeholders_are_let_pass() {
    for placeholder in [
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "<token>",
        "${GITHUB_TOKEN}",
        "ghp_your_token_here",
    ] {
        for (_, put) in PLACES.into_iter().take(3) {
            let repository = applied();
            put(&repository, &format!("'{placeholder}'").replace("''", "'"));
            let said = repository.run(&["spec", "apply"]);
            assert_eq!(said.code, 0, "{placeholder}: {}\n{}", said.out, said.err);
            assert!(
                !said.err.contains("SPEC_SECRET_PLAINTEXT"),
                "{placeholder}: {}",
                said.err
            );
        }
    }
}

#[test]
fn a_spec_that_is_not_readable_shows_no_secret_of_its_own_either() {
    let secret = token();
    let repository = applied();
    edit(&repository, CONTRACT, "example: Ada", &format!("example: \"{secret}"));
    silent(&repository, &secret, &["spec", "apply"], 1, "SPEC_SYNTAX");
    repository.git(&["checkout", "-q", "."]);
    edit(
        &repository,
        CONTRACT,
        "type: string, minLength: 1 }",
        &format!("type: {secret}, minLength: 1 }}"),
    );
    silent(&repository, &secret, &["spec", "apply"], 1, "");
}
