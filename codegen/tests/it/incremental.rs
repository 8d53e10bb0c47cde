//! Incremental equals clean: a process that compiles again and again makes, byte for byte, what one makes that never ran before.
//!
//! `PROPTEST_CASES` sets how many sequences of edits there are.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the specs from the disk and fails by panicking"
)]

use std::collections::BTreeMap;

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile, compile_again};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::repository::{SPECS, text};

const TYPES: [&str; 6] = [
    "{ type: string }",
    "{ type: string, maxLength: 9, format: uuid }",
    "{ type: integer, minimum: 1 }",
    "{ type: array, items: { $ref: '#/components/schemas/Note' } }",
    "{ type: [string, 'null'], enum: [a, b, null] }",
    "{ $ref: '#/components/schemas/Missing' }",
];
const TEXTS: [&str; 5] = [
    "",
    "All of them.",
    "*/ `${x}` \\u0000 --",
    "Ünïcode\u{2028}",
    "a 'quoted' \\\" one",
];
const TARGETS: [&[&str]; 5] = [
    &["zod"],
    &["hono"],
    &["zod", "drizzle", "mcp"],
    &["rust", "openapi", "docs"],
    &["postman", "zod"],
];

/// Its name, the index of a text, and its properties with the index of a type.
type Domain = (String, usize, Vec<(String, usize)>);

/// A project of a few domains, small enough to be compiled thousands of times.
#[derive(Debug, Clone)]
struct Project {
    domains: Vec<Domain>,
    targets: usize,
    out: bool,
    template: usize,
    broken: bool,
}

/// What somebody saves.
#[derive(Debug, Clone)]
enum Edit {
    AddDomain(u8),
    RemoveDomain(Index),
    Text(Index, usize),
    AddField(Index, u8, usize),
    ChangeField(Index, Index, usize),
    RemoveField(Index, Index),
    Swap(Index, Index),
    Targets(usize),
    Out(bool),
    Template(usize),
    Broken(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    // The last of the types refers to nothing: it is rarely wanted.
    let ty = || prop_oneof![19 => 0..TYPES.len() - 1, 1 => Just(TYPES.len() - 1)];
    prop_oneof![
        (0..6u8).prop_map(Edit::AddDomain),
        at().prop_map(Edit::RemoveDomain),
        (at(), 0..TEXTS.len()).prop_map(|(i, text)| Edit::Text(i, text)),
        (at(), 0..6u8, ty()).prop_map(|(i, name, ty)| Edit::AddField(i, name, ty)),
        (at(), at(), ty()).prop_map(|(i, field, ty)| Edit::ChangeField(i, field, ty)),
        (at(), at()).prop_map(|(i, field)| Edit::RemoveField(i, field)),
        (at(), at()).prop_map(|(left, right)| Edit::Swap(left, right)),
        (0..TARGETS.len()).prop_map(Edit::Targets),
        any::<bool>().prop_map(Edit::Out),
        (0..3usize).prop_map(Edit::Template),
        any::<bool>().prop_map(Edit::Broken),
    ]
}

impl Project {
    fn first() -> Self {
        Self {
            domains: vec![("Pets".to_owned(), 1, vec![("name".to_owned(), 0)])],
            targets: 0,
            out: false,
            template: 0,
            broken: false,
        }
    }

    fn carry_out(&mut self, edit: &Edit) {
        let count = self.domains.len();
        let of = |index: &Index| index.index(count);
        match edit {
            Edit::AddDomain(n) => {
                let name = format!("Domain{n}");
                if self.domains.iter().all(|(known, ..)| *known != name) {
                    self.domains.push((name, 0, vec![("id".to_owned(), 1)]));
                }
            }
            Edit::RemoveDomain(index) if count > 1 => {
                self.domains.remove(of(index));
            }
            Edit::RemoveDomain(_) => {}
            Edit::Text(index, text) => self.domains[of(index)].1 = *text,
            Edit::AddField(index, n, ty) => {
                let fields = &mut self.domains[of(index)].2;
                let name = format!("field{n}");
                if fields.iter().all(|(known, _)| *known != name) {
                    fields.push((name, *ty));
                }
            }
            Edit::ChangeField(index, field, ty) => {
                let fields = &mut self.domains[of(index)].2;
                let count = fields.len();
                if let Some(field) = fields.get_mut(field.index(count.max(1))) {
                    field.1 = *ty;
                }
            }
            Edit::RemoveField(index, field) => {
                let fields = &mut self.domains[of(index)].2;
                if !fields.is_empty() {
                    fields.remove(field.index(fields.len()));
                }
            }
            Edit::Swap(left, right) => self.domains.swap(of(left), of(right)),
            Edit::Targets(targets) => self.targets = *targets,
            Edit::Out(out) => self.out = *out,
            Edit::Template(template) => self.template = *template,
            Edit::Broken(broken) => self.broken = *broken,
        }
    }

    fn contract(&self) -> String {
        let mut text = "openapi: 3.1.0\ninfo: { title: Made, version: '1' }\npaths:\n".to_owned();
        for (name, _, _) in &self.domains {
            text.push_str(&format!(
                "  /{name}:\n    get:\n      operationId: list{name}\n      tags: [{name}]\n      responses: {{ '200': {{ \
                 description: All., content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{name}Item' }} \
                 }} }} }} }}\n"
            ));
        }
        text.push_str("components:\n  schemas:\n    Note: { type: object, properties: { text: { type: string } } }\n");
        for (name, description, fields) in &self.domains {
            text.push_str(&format!(
                "    {name}Item:\n      type: object\n      properties:\n        kind: {{ const: {name} }}\n"
            ));
            for (field, ty) in fields {
                text.push_str(&format!("        {field}: {}\n", TYPES[*ty]));
            }
            if !TEXTS[*description].is_empty() {
                text.push_str(&format!("      description: |\n        {}\n", TEXTS[*description]));
            }
        }
        if self.broken {
            text.push_str("  : [\n");
        }
        text
    }

    fn inputs(&self) -> (Sources, Settings, BTreeMap<String, String>) {
        let mut sources = Sources::default();
        sources.insert("api.yaml", self.contract().into_bytes());
        let names = TARGETS[self.targets].iter().map(|name| (*name).to_owned());
        let mut settings = Settings {
            targets: Some(names.collect()),
            templates: Some("frames".to_owned()),
            contracts: vec!["api.yaml".to_owned()],
            ..Settings::default()
        };
        settings.typescript.out = self.out.then(|| "elsewhere".to_owned());
        let own = include_str!("../../../templates/zod/rules.ts");
        let template = match self.template {
            0 => None,
            1 => Some(format!("// Ours.\n{own}")),
            _ => Some(format!("export const {{ =\n{own}")),
        };
        let templates = template.map(|text| ("zod/rules.ts".to_owned(), text));
        (sources, settings, templates.into_iter().collect())
    }
}

/// Everything that comes out, to be compared.
fn told(compilation: &Compilation) -> String {
    let mut text = format!("{:#?}\n", compilation.diagnostics);
    for artifact in &compilation.artifacts {
        text.push_str(&format!("{artifact:?}\n"));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn after_any_edits_a_memo_changes_no_byte_and_no_problem(edits in prop::collection::vec(edit(), 1..9)) {
        let memo = Memo::lasting();
        let mut project = Project::first();
        let mut written = 0;
        for edit in &edits {
            project.carry_out(edit);
            let (sources, settings, templates) = project.inputs();
            let again = compile_again(&sources, &settings, &templates, &memo);
            let clean = compile(&sources, &settings, &templates);
            written += clean.artifacts.len();
            prop_assert_eq!(told(&again), told(&clean), "{:?}\n{}", edits, project.contract());
        }
        // Sequences that never leave the state of being broken prove nothing, and are rare.
        prop_assume!(written > 0);
    }
}

/// The platform's own specs, a file of which is changed by text.
fn platform(changes: &[(&str, &str)]) -> (Sources, Settings) {
    let mut sources = Sources::default();
    for path in SPECS {
        let mut text = text(path);
        for (from, to) in changes {
            text = text.replace(from, to);
        }
        sources.insert(path, text.into_bytes());
    }
    let settings = Settings {
        targets: Some(["zod", "hono", "drizzle", "docs"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    (sources, settings)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2) })]

    #[test]
    fn the_platforms_own_contract_comes_out_the_same_after_any_edits(
        edits in prop::collection::vec(prop::sample::subsequence(
            vec![("type: string", "type: string\n"), ("description: The ", "description: This "), ("maxLength: 200", "maxLength: 201"),
                 ("format: uuid", "format: email"), ("project", "undertaking"), ("minLength: 1", "minLength: 2")], 0..3), 1..3)
    ) {
        let memo = Memo::lasting();
        for changes in &edits {
            let (sources, settings) = platform(changes);
            let again = compile_again(&sources, &settings, &BTreeMap::new(), &memo);
            let clean = compile(&sources, &settings, &BTreeMap::new());
            prop_assert!(told(&again) == told(&clean), "{:?}", edits);
        }
        let (sources, settings) = platform(&[]);
        let again = compile_again(&sources, &settings, &BTreeMap::new(), &memo);
        prop_assert!(!again.artifacts.is_empty());
        prop_assert!(told(&again) == told(&compile(&sources, &settings, &BTreeMap::new())));
    }
}

/// Compiles the contracts one after the other, each from what was kept of those before it and from nothing.
fn one_after_the_other(targets: &[&str], contracts: &[String]) {
    let memo = Memo::lasting();
    let settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(targets.iter().map(|target| (*target).to_owned()).collect()),
        ..Settings::default()
    };
    let mut before = String::new();
    for contract in contracts {
        let mut sources = Sources::default();
        sources.insert("contract.yaml", contract.as_bytes().to_vec());
        let again = compile_again(&sources, &settings, &BTreeMap::new(), &memo);
        let clean = compile(&sources, &settings, &BTreeMap::new());
        assert!(!clean.artifacts.is_empty(), "{:?}", clean.diagnostics);
        assert!(
            told(&clean) != before,
            "the contract changes nothing for {targets:?}\n{contract}"
        );
        before = told(&clean);
        assert!(told(&again) == before, "{targets:?}\n{contract}");
    }
}

/// What stands where no reference belongs is read wherever it stands, from the round on in which it begins to.
#[test]
fn an_operation_that_moves_to_another_file_is_followed_there_in_every_round() {
    let contract = |operation: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n  /a:\n    get:\n      {operation}\n\
             components:\n  schemas:\n    Part: {{ $ref: 'parts.yaml#/Part' }}\n"
        )
    };
    let parts = |summary: &str| {
        format!(
            "Part: {{ type: string }}\nget: {{ operationId: getA, summary: {summary}, responses: {{ '204': {{ description: Done. }} }} }}\n"
        )
    };
    let here = contract("{ operationId: getA, responses: { '204': { description: Done. } } }");
    let there = contract("$ref: 'parts.yaml#/get'");
    let rounds = [
        (&here, parts("One.")),
        (&there, parts("One.")),
        (&there, parts("Two.")),
        (&here, parts("Two.")),
        (&there, parts("Three.")),
    ];
    let memo = Memo::lasting();
    let settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        ..Settings::default()
    };
    let mut before = String::new();
    for (contract, parts) in &rounds {
        let mut sources = Sources::default();
        sources.insert("contract.yaml", contract.as_bytes().to_vec());
        sources.insert("parts.yaml", parts.as_bytes().to_vec());
        let again = compile_again(&sources, &settings, &BTreeMap::new(), &memo);
        let clean = told(&compile(&sources, &settings, &BTreeMap::new()));
        assert!(clean != before && clean.contains("getA"), "{contract}{parts}\n{clean}");
        assert!(told(&again) == clean, "{contract}{parts}");
        before = clean;
    }
}

/// A type stands where those stand who mention it; what it is itself does not change with that.
#[test]
fn a_type_that_others_begin_to_mention_moves_in_every_round() {
    let contract = |unused: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: A, version: '1' }}\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      tags: [Pets]\n      responses: {{ '200': {{ description: ok, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/A' }} }} }} }} }}\ncomponents:\n  schemas:\n    A: {{ type: object, properties: {{ b: {{ $ref: '#/components/schemas/B' }} }} }}\n    B: {{ type: object, properties: {{ name: {{ type: string }} }} }}\n    Unused: {{ type: object, properties: {{ {unused} }} }}\n"
        )
    };
    let contracts = [
        contract("a: { type: string }"),
        contract("a: { $ref: '#/components/schemas/A' }"),
        contract("a: { type: integer }"),
    ];
    one_after_the_other(&["zod", "hono"], &contracts);
}

/// Whether a record lets a tag pass that it does not have is decided by the union that has it.
#[test]
fn a_record_that_gets_a_tag_from_a_union_is_written_anew() {
    let contract = |tag: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: A, version: '1' }}\npaths: {{}}\ncomponents:\n  schemas:\n    Sum: {{ type: object, required: [left], properties: {{ left: {{ type: integer }} }}, additionalProperties: false }}\n    Lit: {{ type: object, required: [value], properties: {{ value: {{ type: integer }} }}, additionalProperties: false }}\n    Expr:\n      oneOf: [{{ $ref: '#/components/schemas/Sum' }}, {{ $ref: '#/components/schemas/Lit' }}]\n{tag}"
        )
    };
    let tag = "      discriminator: { propertyName: op, mapping: { sum: '#/components/schemas/Sum', lit: '#/components/schemas/Lit' } }\n";
    one_after_the_other(&["rust"], &[contract(""), contract(tag), contract("")]);
}

/// Tables that refer to each other, with whatever else a column may depend on.
fn tables(changes: &[(&str, &str)]) -> String {
    let mut text = "openapi: 3.1.0\ninfo: { title: A, version: '1' }\npaths: {}\ncomponents:\n  schemas:\n    \
        Team: { type: object, required: [id], properties: { id: { type: string, format: uuid }, motto: { type: string, description: Words. } }, x-flaresmith: { table: {} } }\n    \
        Part: { type: string, enum: [lead, hand] }\n    \
        Note: { type: object, properties: { text: { type: string } }, x-flaresmith: { internal: true } }\n    \
        Other: { type: object, properties: { any: { type: string } } }\n    \
        Member:\n      type: object\n      required: [id, teamId, part]\n      properties:\n        id: { type: string, format: uuid }\n        \
        teamId: { type: string, format: uuid, x-flaresmith: { references: { entity: Team } } }\n        \
        part: { $ref: '#/components/schemas/Part' }\n        note: { $ref: '#/components/schemas/Note' }\n      x-flaresmith: { internal: true, table: {} }\n    \
        Label: { type: object, properties: { label: { type: string, x-flaresmith: { column: title } }, rank: { $ref: '#/components/schemas/Rank' } } }\n    \
        Rank: { type: integer }\n    \
        Badge: { type: object, required: [id], allOf: [{ $ref: '#/components/schemas/Label' }], properties: { id: { type: string, format: uuid }, memberId: { type: string, format: uuid, x-flaresmith: { references: { entity: Member } } } }, x-flaresmith: { table: {} } }\n"
        .to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "`{from}` stands in\n{text}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// What is written of a table is what it was, until something changes that it is made from: of itself, of a table that it refers to, of
/// a type that a column has, or of who refers to it.
#[test]
fn a_table_is_written_anew_when_anything_changes_that_it_depends_on() {
    let team_first = (
        "properties: { id: { type: string, format: uuid }, motto",
        "properties: { rank: { type: integer }, id: { type: string, format: uuid }, motto",
    );
    let changes: [&[(&str, &str)]; 15] = [
        &[("description: Words.", "description: Other words.")],
        // A key moves to another place in its table, and those who refer to it have the same to say.
        &[team_first],
        // The key of another table is called in another way.
        &[
            (
                "required: [id], properties: { id: { type: string, format: uuid }, motto",
                "required: [key], properties: { key: { type: string, format: uuid }, motto",
            ),
            ("table: {} }", "table: { primaryKey: [key] } }"),
        ],
        &[(
            "x-flaresmith: { table: {} }",
            "x-flaresmith: { table: { name: crews } }",
        )],
        // A type that a column has.
        &[("enum: [lead, hand]", "enum: [lead, hand, guest]")],
        &[("enum: [lead, hand]", "enum: [guest, hand]")],
        &[("part: { $ref: '#/components/schemas/Part' }", "part: { type: string }")],
        &[(
            "note: { $ref: '#/components/schemas/Note' }",
            "note: { $ref: '#/components/schemas/Other' }",
        )],
        &[("text: { type: string }", "text: { type: integer }")],
        &[("Rank: { type: integer }", "Rank: { type: string }")],
        // What is said of a column where a schema is included.
        &[("column: title", "column: heading")],
        &[(
            "x-flaresmith: { column: title }",
            "x-flaresmith: { column: { skip: true } }",
        )],
        // Where a type of a column stands.
        &[("any: { type: string }", "any: { $ref: '#/components/schemas/Note' }")],
        // Who refers to it, and where that leads.
        &[(
            "motto: { type: string, description: Words. }",
            "motto: { type: string, format: uuid, x-flaresmith: { references: { entity: Badge } } }",
        )],
        &[("motto: { type: string", "members: { type: string")],
    ];
    let base = || tables(&[]);
    let mut contracts = vec![base()];
    contracts.extend(changes.iter().flat_map(|changes| [tables(changes), base()]));
    for targets in [
        &["store", "rust", "docs"][..],
        &["drizzle", "rust"],
        &["drizzle", "zod"],
    ] {
        one_after_the_other(targets, &contracts);
    }
}

/// The page of errors names the operations that answer with each, and says nothing else of them.
#[test]
fn the_page_of_errors_is_written_anew_when_an_operation_answers_with_another() {
    let contract = |error: &str, text: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: A, version: '1' }}\nx-flaresmith: {{ errors: {{ GONE: {{ status: 410, message: Gone. }}, BUSY: {{ status: 409, message: Busy. }} }} }}\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      tags: [Pets]\n      x-flaresmith: {{ errors: [{error}] }}\n      responses: {{ '200': {{ description: {text} }} }}\n"
        )
    };
    one_after_the_other(
        &["docs"],
        &[
            contract("GONE", "a"),
            contract("BUSY", "a"),
            contract("BUSY", "b"),
            contract("GONE", "b"),
        ],
    );
}

/// The states of a lifecycle are called in the way of their list, which is no part of it.
#[test]
fn a_lifecycle_is_written_anew_when_its_states_are_called_in_another_way() {
    let contract = |states: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: A, version: '1' }}\npaths: {{}}\ncomponents:\n  schemas:\n    Stage: {{ type: string, enum: [{states}] }}\n    Pet: {{ type: object, required: [id, stage], properties: {{ id: {{ type: string, format: uuid }}, stage: {{ $ref: '#/components/schemas/Stage' }} }}, x-flaresmith: {{ table: {{}}, lifecycle: {{ field: stage, initial: a-b, transitions: [{{ from: a-b, to: a_b, on: go }}] }} }} }}\n"
        )
    };
    one_after_the_other(
        &["rust", "docs"],
        &[contract("a-b, a_b"), contract("a_b, a-b"), contract("a-b, a_b")],
    );
}
