//! Contracts that published ones resemble, each with something that could be taken for a fault: they are read all the same, and
//! what they lose by it is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: Loans, version: '1'}\n";

fn compiled(contract: &str) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("openapi.yaml", contract.as_bytes().to_vec());
    let settings = Settings {
        contracts: vec!["openapi.yaml".to_owned()],
        ..Settings::default()
    };
    let made = compile(&sources, &settings, &BTreeMap::new());
    assert!(!made.artifacts.is_empty(), "{:#?}", made.diagnostics);
    made
}

fn codes(made: &Compilation) -> Vec<&'static str> {
    made.diagnostics.iter().map(|one| one.code.id).collect()
}

fn text<'a>(made: &'a Compilation, path: &str) -> Cow<'a, str> {
    made.artifacts.iter().find(|one| one.path == path).unwrap().text.whole()
}

/// The texts of all files with this in their path.
fn all(made: &Compilation, part: &str) -> String {
    let those = made.artifacts.iter().filter(|one| one.path.contains(part));
    those.map(|one| one.text.to_string()).collect()
}

#[test]
fn hundreds_of_places_may_refer_to_one_anchor() {
    let mut contract = format!(
        "{HEAD}x-said: &said {{'204': {{description: Done}}}}\npaths:\n  /first: {{get: {{operationId: first, responses: *said}}}}\n"
    );
    for i in 0..400 {
        contract.push_str(&format!(
            "  /loans{i}: {{get: {{operationId: loan{i}, responses: *said}}}}\n"
        ));
    }
    let made = compiled(&contract);
    assert_eq!(codes(&made), Vec::<&str>::new());
    assert!(
        made.model
            .operations
            .iter()
            .all(|operation| operation.responses.len() == 1)
    );
}

#[test]
fn operations_that_a_server_cannot_tell_apart_are_told_and_clients_have_both() {
    let of = |id: &str, name: &str| {
        format!(
            "  /loans/{{{name}}}: {{get: {{operationId: {id}, parameters: [{{name: {name}, in: path, required: true, schema: {{type: string}}}}], responses: {{'204': {{description: Done}}}}}}}}\n"
        )
    };
    let contract = format!("{HEAD}paths:\n{}{}", of("loanById", "id"), of("loanByNumber", "number"));
    let made = compiled(&contract);
    assert_eq!(codes(&made), ["SPEC_OPERATION_REPEATED"]);
    let client = all(&made, "/client/");
    assert!(client.contains("fn loan_by_id(") && client.contains("fn loan_by_number("));
}

#[test]
fn a_schema_that_was_left_out_takes_any_value() {
    let contract = format!(
        "{HEAD}paths:\n  /loans:\n    post:\n      operationId: lend\n      requestBody: {{content: {{application/json: {{schema: }}}}}}\n      responses: {{'204': {{description: Done}}}}\ncomponents:\n  schemas:\n    Loan:\n      type: object\n      properties:\n        note:\n"
    );
    let made = compiled(&contract);
    assert_eq!(codes(&made), ["SPEC_SCHEMA_EMPTY", "SPEC_SCHEMA_EMPTY"]);
    assert!(!text(&made, "generated/openapi/openapi.yaml").contains("null"));
}

/// A parent that lists its children, which include it.
fn pets(branches: &str, children: &[&str], beside: usize) -> String {
    let mut contract = format!(
        "{HEAD}paths:\n  /pets: {{get: {{operationId: pets, responses: {{'200': {{description: Pets, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Pet'}}}}}}}}}}}}}}\ncomponents:\n  schemas:\n    Pet:\n      type: object\n      required: [kind]\n      properties: {{kind: {{type: string}}}}\n      oneOf: [{branches}]\n      discriminator: {{propertyName: kind}}\n"
    );
    for (i, child) in children.iter().enumerate() {
        let own = format!("type: object, properties: {{of{child}: {{type: string}}}}");
        let parent = "{$ref: '#/components/schemas/Pet'}";
        // What a child has of its own stands beside `allOf`, or in it.
        contract.push_str(&if i % 2 == beside {
            format!("    {child}: {{{own}, allOf: [{parent}]}}\n")
        } else {
            format!("    {child}: {{allOf: [{parent}, {{{own}}}]}}\n")
        });
    }
    contract
}

#[test]
fn branches_that_include_their_union_have_what_else_it_says() {
    let to = |name: &str| format!("{{$ref: '#/components/schemas/{name}'}}");
    for (branches, children) in [
        (to("Dog"), &["Dog"][..]),
        (format!("{}, {}", to("Dog"), to("Cat")), &["Dog", "Cat"]),
        (format!("{}, {}", to("Dog"), to("Cat")), &["Dog", "Cat", "Eel"]),
        (
            format!("{}, {}, {}, {}", to("Dog"), to("Cat"), to("Eel"), to("Emu")),
            &["Dog", "Cat", "Eel", "Emu"],
        ),
        (
            format!("{{type: string}}, {}, {}", to("Dog"), to("Cat")),
            &["Dog", "Cat"],
        ),
    ] {
        for beside in [0, 1] {
            let made = compiled(&pets(&branches, children, beside));
            assert!(codes(&made).contains(&"SPEC_BRANCH_INCLUDES"), "{:?}", made.diagnostics);
            let zod = all(&made, "/zod/");
            let dog = zod
                .split("DogSchema =")
                .nth(1)
                .and_then(|rest| rest.split(';').next())
                .unwrap();
            assert!(
                dog.contains("ofDog: z.string()") && dog.contains("kind: z.string()"),
                "{dog}"
            );
            assert!(!dog.contains("PetSchema"), "{dog}");
        }
    }
}

#[test]
fn a_type_too_large_for_the_compiler_to_infer_is_written_out() {
    // Twenty levels of two mentions each: a million times the innermost.
    let mut contract = format!(
        "{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    Level0: {{type: object, properties: {{leaf: {{type: string}}}}}}\n"
    );
    for level in 1..=20 {
        let below = format!("{{$ref: '#/components/schemas/Level{}'}}", level - 1);
        contract.push_str(&format!(
            "    Level{level}: {{type: object, properties: {{left: {below}, right: {below}}}}}\n"
        ));
    }
    let made = compiled(&contract);
    let zod = all(&made, "/zod/");
    assert!(zod.contains("export const Level2Schema = z.object"));
    assert_eq!(zod.matches(": z.ZodType<Level").count(), 1);
}
