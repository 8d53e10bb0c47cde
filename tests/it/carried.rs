//! Edits in every language that is generated, carried over a change of the contract: they survive, and the result compiles.
//! Through the built binary, in real git repositories, with the real compilers.

use crate::repository::Repository;
use crate::toolchain::{cargo, sound};

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

/// A repository with the starter feature, applied and committed.
fn applied(targets: &str) -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", targets]);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replacen(from, to, 1));
}

fn append(repository: &Repository, path: &str, text: &str) {
    let before = repository.read(path);
    repository.write(path, &(before + text));
}

/// The contract changes in the same files elsewhere: a field, a schema, an operation.
fn change(repository: &Repository) {
    edit(
        repository,
        CONTRACT,
        "        text: { type: string, minLength: 1 }",
        "        text: { type: string, minLength: 1 }\n        language: { type: string, enum: [en, de] }\n    Farewell:\n      type: object\n      description: What the service says at the end.\n      required: [text]\n      properties:\n        text: { type: string }",
    );
    edit(
        repository,
        CONTRACT,
        "paths:\n",
        "paths:\n  /farewells:\n    get:\n      operationId: listFarewells\n      tags: [Greetings]\n      summary: List farewells\n      security: []\n      x-flaresmith: { requirements: [FR-001] }\n      responses:\n        '200':\n          description: All.\n          content:\n            application/json:\n              schema: { type: array, items: { $ref: '#/components/schemas/Farewell' } }\n",
    );
}

/// Merges, and holds that each piece stands in its file, then and after further applies.
fn carried(repository: &Repository, pieces: &[(&str, &str)]) {
    repository.commit("edits");
    change(repository);
    assert_eq!(repository.run(&["spec", "apply"]).code, 3);
    repository.done(&["spec", "apply", "--merge"]);
    let stand = || {
        for (path, piece) in pieces {
            let text = repository.read(path);
            assert!(text.contains(piece), "{path} lost `{piece}`:\n{text}");
        }
    };
    stand();
    repository.done(&["spec", "check"]);
    repository.commit("merged");
    for round in 0..3 {
        edit(
            repository,
            CONTRACT,
            "What the service says at the end.",
            &format!("What the service says at the end. {round}"),
        );
        repository.done(&["spec", "apply"]);
        stand();
        repository.done(&["spec", "check"]);
    }
}

#[test]
fn edits_of_the_rust_crate_are_carried_and_it_compiles() {
    let repository = applied("rust");
    let types = "generated/rust/src/types/greetings.rs";
    let api = "generated/rust/src/api/greetings.rs";
    edit(
        &repository,
        types,
        "pub struct Greeting {",
        "#[derive(Hash, Eq)]\npub struct Greeting {",
    );
    edit(
        &repository,
        types,
        "/// What the service says.",
        "use std::fmt::Display;\n\n/// What the service says.",
    );
    append(
        &repository,
        types,
        "\nimpl Greeting {\n    /// Ours: as a line.\n    pub fn line(&self) -> impl Display + use<> {\n        format!(\"{}\\n\", self.text) // ours\n    }\n}\n",
    );
    append(&repository, api, "\n/// Ours.\npub const OURS: usize = 1;\n");
    let pieces = [
        (types, "#[derive(Hash, Eq)]"),
        (types, "use std::fmt::Display;"),
        (
            types,
            "pub fn line(&self) -> impl Display + use<> {\n        format!(\"{}\\n\", self.text) // ours\n    }",
        ),
        (types, "pub struct Farewell"),
        (types, "language: "),
        (api, "/// Ours.\npub const OURS: usize = 1;"),
        (api, "async fn list_farewells"),
    ];
    let pieces = pieces.map(|(path, piece)| (path, piece.strip_prefix("async ").unwrap_or(piece)));
    carried(&repository, &pieces);
    let output = cargo()
        .args(["check", "--quiet", "--all-features", "--manifest-path"])
        .arg(repository.path().join("generated/rust/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn edits_of_the_typescript_package_are_carried_and_it_type_checks() {
    let repository = applied("zod,hono");
    let zod = "generated/ts/src/zod/greetings.ts";
    let hono = "generated/ts/src/hono/greetings.ts";
    append(
        &repository,
        zod,
        "\n/** Ours: no shouting. */\nexport const quietGreeting = GreetingSchema.refine((greeting) => !greeting.text.endsWith('!'));\n",
    );
    append(
        &repository,
        hono,
        "\n// Ours.\nexport const ours = { answer: 42 } as const;\n",
    );
    let pieces = [
        (
            zod,
            "/** Ours: no shouting. */\nexport const quietGreeting = GreetingSchema.refine(",
        ),
        (zod, "FarewellSchema"),
        (zod, "language:"),
        (hono, "// Ours.\nexport const ours = { answer: 42 } as const;"),
        (hono, "listFarewells"),
    ];
    carried(&repository, &pieces);
    sound("typecheck.mjs", [repository.path().join("generated/ts")]);
}

#[test]
fn comments_in_yaml_and_paragraphs_in_markdown_are_carried() {
    let repository = applied("openapi,docs");
    let yaml = "generated/openapi/openapi.yaml";
    let docs = "generated/docs/reference/greetings.md";
    edit(
        &repository,
        yaml,
        "paths:\n",
        "# Ours: what follows is public.\npaths:\n",
    );
    edit(
        &repository,
        yaml,
        "openapi: '3.1.0'\n",
        "openapi: '3.1.0'\nx-ours: 1 # kept\n",
    );
    append(
        &repository,
        docs,
        "\n## Ours\n\nAsk the team *Hello* before you call it.\n",
    );
    let pieces = [
        (yaml, "# Ours: what follows is public.\npaths:"),
        (yaml, "x-ours: 1 # kept"),
        (yaml, "operationId: listFarewells"),
        (docs, "## Ours\n\nAsk the team *Hello* before you call it.\n"),
        (docs, "List farewells"),
    ];
    carried(&repository, &pieces);
    sound("openapi-validate.mjs", [repository.path().join(yaml)]);
}
