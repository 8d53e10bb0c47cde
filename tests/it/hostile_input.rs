//! Input that nobody means well with, in the hands of the built program: it tells where the trouble is, and takes no more memory
//! than is in proportion.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::repository::{Repository, Said};

/// Resident memory that no small document may need, in MiB. The program itself takes some 50.
const SMALL: u64 = 400;

const HEAD: &str = "openapi: 3.1.0\ninfo: { title: a, version: '1' }\npaths: {}\n";

/// Checks the repository, which must neither be killed nor take more than `most` MiB at any time.
fn checked(repository: &Repository, most: u64) -> Said {
    let out = fs::File::create(repository.path().join(".out")).unwrap();
    let err = fs::File::create(repository.path().join(".err")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_flaresmith"))
        .args(["spec", "check"])
        .current_dir(repository.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        // The system keeps the peak, so that nothing is missed between two looks.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()) {
            peak = peak.max(kilobytes / 1024);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = Said {
        code: status.code().unwrap_or(-1),
        out: repository.read(".out"),
        err: repository.read(".err"),
    };
    assert!(peak <= most, "{peak} MiB, at most {most} were expected\n{}", said.err);
    // Nothing was generated yet, which is drift.
    assert!([0, 1, 4].contains(&said.code), "{status}: {}", said.err);
    said
}

/// A repository with one file is told to have `code` at `place`, and takes little memory for that.
fn told(file: &str, bytes: impl AsRef<[u8]>, code: &str, place: &str) {
    let repository = Repository::empty();
    fs::write(repository.path().join(file), bytes).unwrap();
    if file != "openapi.yaml" && file != "openapi.json" {
        repository.write("openapi.yaml", HEAD);
    }
    let said = checked(&repository, SMALL);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains(&format!("error[{code}]")), "{code}: {}", said.err);
    assert!(said.err.contains(&format!("--> {place}")), "{place}: {}", said.err);
    assert!(said.err.len() < 20_000, "{} bytes are printed", said.err.len());
}

#[test]
fn bytes_that_are_no_text_are_told_by_line_and_column() {
    told(
        "openapi.yaml",
        b"openapi: 3.1.0\ninfo: {title: \"\xff\"}\n",
        "SPEC_ENCODING",
        "openapi.yaml:2:16",
    );
    told(
        "openapi.json",
        b"{\"openapi\": \"3.1.0\", \"\xc3\x28\": 1}",
        "SPEC_ENCODING",
        "openapi.json:1:23",
    );
}

#[test]
fn aliases_do_not_multiply_a_document() {
    let bomb = (0..30).fold(format!("{HEAD}x-0: &a0 [x, x, x, x, x, x, x, x, x]\n"), |text, n| {
        text + format!("x-{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 9].join(", ")).as_str()
    });
    told("openapi.yaml", bomb, "SPEC_SYNTAX", "openapi.yaml:");
    told(
        "openapi.yaml",
        format!("{HEAD}x-a: &a {{ b: *a }}\n"),
        "SPEC_SYNTAX",
        "openapi.yaml:4",
    );
}

#[test]
fn nesting_of_ten_thousand_levels_is_told_by_its_place() {
    let deep = 10_000;
    let block: String = (0..2_000).map(|level| format!("{}x-a:\n", " ".repeat(level))).collect();
    told("openapi.yaml", format!("{HEAD}{block}"), "SPEC_SYNTAX", "openapi.yaml:");
    told(
        "openapi.yaml",
        format!("{HEAD}x-a: {}", "{ a: [".repeat(deep)),
        "SPEC_SYNTAX",
        "openapi.yaml:4",
    );
    told(
        "openapi.yaml",
        format!("{HEAD}x-a:\n{}a", "- ".repeat(deep)),
        "SPEC_SYNTAX",
        "openapi.yaml:5",
    );
    let json = |open: &str, close: &str| format!("{{\"openapi\": {}1{}}}", open.repeat(deep), close.repeat(deep));
    told("openapi.json", json("[", "]"), "SPEC_SYNTAX", "openapi.json:1");
    told("openapi.json", json("{\"a\":", "}"), "SPEC_SYNTAX", "openapi.json:1");
    told(
        "flaresmith.toml",
        format!("name = {}", "[".repeat(deep)),
        "CONFIG_SYNTAX",
        "flaresmith.toml",
    );
}

#[test]
fn schemas_as_deep_as_a_document_may_be_are_told_or_taken() {
    for (open, close) in [
        ("{\"items\":", "}"),
        ("{\"allOf\":[", "]}"),
        ("{\"not\":", "}"),
        ("{\"properties\":{\"a\":", "}}"),
    ] {
        for levels in [50, 59, 110, 121] {
            let repository = Repository::empty();
            let schema = format!("{}{{\"type\":\"string\"}}{}", open.repeat(levels), close.repeat(levels));
            repository.write(
                "openapi.json",
                &format!("{{\"openapi\":\"3.1.0\",\"info\":{{\"title\":\"a\",\"version\":\"1\"}},\"paths\":{{}},\"components\":{{\"schemas\":{{\"A\":{schema}}}}}}}"),
            );
            repository.write("flaresmith.toml", "targets = [\"openapi\", \"zod\"]\n");
            let said = checked(&repository, SMALL);
            assert!(
                said.code != 1 || said.err.contains("SPEC_TOO_DEEP") || said.err.contains("SPEC_SYNTAX"),
                "{open} {levels}: {}",
                said.err
            );
        }
    }
}

#[test]
fn markdown_of_ten_thousand_levels_is_only_text() {
    for text in ["- ", "> ", "1. ", "* > ", "[", "**", "<b>", "`", "| "] {
        let repository = Repository::empty();
        repository.write(
            "openapi.yaml",
            &HEAD.replace(
                "version: '1'",
                &format!("version: '1', description: '{}a'", text.repeat(10_000)),
            ),
        );
        repository.write(
            "specs/001-a/spec.md",
            &format!("# A\n\n{}**FR-001**: a\n", text.repeat(10_000)),
        );
        repository.write("flaresmith.toml", "targets = [\"docs\"]\n");
        let said = checked(&repository, SMALL);
        assert!(!said.err.contains("SYNTAX"), "{text}: {}", said.err);
    }
}

#[test]
fn keys_that_stand_twice_are_told_by_the_second() {
    told(
        "openapi.yaml",
        format!("{HEAD}info: {{}}\n"),
        "SPEC_DUPLICATE_KEY",
        "openapi.yaml:4:1",
    );
    told(
        "openapi.json",
        "{\"openapi\": \"3.1.0\",\n\"a\": {\"b\": 1, \"b\": 2}}",
        "SPEC_DUPLICATE_KEY",
        "openapi.json:2",
    );
}

#[test]
fn references_in_circles_are_told_by_their_place() {
    let repository = Repository::empty();
    repository.write(
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: a, version: '1' }\npaths:\n  /a: { $ref: 'b.yaml#/a' }\n  /b: { $ref: '#/paths/~1b' }\n\
         components:\n  schemas:\n    Self: { $ref: '#/components/schemas/Self' }\n    Up: { allOf: [{ $ref: '#/components/schemas/Down' }] }\n    \
         Down: { allOf: [{ $ref: '#/components/schemas/Up' }] }\n    Far: { $ref: 'b.yaml#/Far' }\n  \
         parameters: { P: { $ref: '#/components/parameters/P' } }\n  responses: { R: { $ref: '#/components/responses/R' } }\n",
    );
    repository.write(
        "b.yaml",
        "a: { $ref: 'openapi.yaml#/paths/~1a' }\nFar: { $ref: 'openapi.yaml#/components/schemas/Far' }\n",
    );
    let said = checked(&repository, SMALL);
    assert_eq!(said.code, 1, "{}", said.err);
    // Each circle is told once, at one of its members.
    for place in [
        "openapi.yaml:5:3",
        "openapi.yaml:12:17",
        "openapi.yaml:13:16",
        "b.yaml:1:1",
        "openapi.yaml:8:5",
        "b.yaml:2:1",
        "openapi.yaml:9:5",
    ] {
        assert!(said.err.contains(&format!("--> {place}\n")), "{place}: {}", said.err);
    }
    assert!(said.err.ends_with("7 errors\n"), "{}", said.err);
}

#[test]
fn a_hundred_megabytes_are_refused_for_their_size() {
    let repository = Repository::empty();
    let mut text = HEAD.as_bytes().to_vec();
    text.resize(100 << 20, b'#');
    fs::write(repository.path().join("openapi.yaml"), text).unwrap();
    let said = checked(&repository, SMALL);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("error[SPEC_TOO_LARGE]"), "{}", said.err);
    assert!(said.err.contains("--> openapi.yaml\n"), "{}", said.err);
}
