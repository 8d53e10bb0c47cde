//! Contracts in several files, as people and the tools that split them write these.

use serde_json::Value;

use crate::repository::Repository;

const CONTRACT: &str = "openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  $ref: paths/all.yaml
components:
  schemas:
    $ref: schemas.yaml
";

/// An operation of this name, at a path with an id.
fn operation(name: &str) -> String {
    format!(
        "get:
  operationId: {name}
  parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
  responses:
    '200':
      description: Found.
      content:
        application/json:
          schema: {{ $ref: '../schemas.yaml#/Thing' }}
"
    )
}

fn repository() -> Repository {
    let repository = Repository::empty();
    repository.write("openapi.yaml", CONTRACT);
    repository.write(
        "paths/all.yaml",
        "/things/{id}:\n  $ref: things_{id}.yaml\n/others/{id}:\n  $ref: >-\n    others.yaml\n",
    );
    repository.write("paths/things_{id}.yaml", &operation("getThing"));
    repository.write("paths/others.yaml", &operation("getOther"));
    repository.write("paths/more.yaml", &operation("getMore"));
    repository.write(
        "schemas.yaml",
        "Thing: { type: object, properties: { part: { $ref: '#/Part' } } }\nPart: { type: string, maxLength: 3 }\n",
    );
    repository.done(&["init", "--contract", "openapi.yaml"]);
    repository.done(&["spec", "apply", "--quiet"]);
    repository
}

fn document(repository: &Repository) -> Value {
    serde_json::from_str(&repository.read("generated/openapi/openapi.json")).unwrap()
}

/// The operation at a path, wherever its path item stands.
fn get<'d>(document: &'d Value, path: &str) -> &'d Value {
    let mut item = &document["paths"][path];
    while let Some(target) = item["$ref"].as_str() {
        item = document.pointer(target.trim_start_matches('#')).unwrap();
    }
    &item["get"]
}

#[test]
fn maps_of_paths_and_schemas_in_files_of_their_own_are_part_of_the_contract() {
    let repository = repository();
    let made = document(&repository);
    for (path, id) in [("/things/{id}", "getThing"), ("/others/{id}", "getOther")] {
        assert_eq!(get(&made, path)["operationId"], id, "{made:#}");
        let schema = &get(&made, path)["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/Thing");
    }
    assert_eq!(
        made["components"]["schemas"]["Thing"]["properties"]["part"]["$ref"],
        "#/components/schemas/Part"
    );
    assert_eq!(made["components"]["schemas"]["Part"]["maxLength"], 3);

    // What comes and goes in those files comes and goes in what is made of them.
    let all = repository.read("paths/all.yaml");
    repository.write("paths/all.yaml", &format!("{all}/more/{{id}}:\n  $ref: more.yaml\n"));
    repository.done(&["spec", "apply", "--quiet"]);
    assert_eq!(get(&document(&repository), "/more/{id}")["operationId"], "getMore");
}

#[test]
fn a_map_that_is_not_there_is_told_where_it_is_referred_to() {
    let repository = repository();
    repository.write("openapi.yaml", &CONTRACT.replace("paths/all.yaml", "paths/none.yaml"));
    let said = repository.run(&["spec", "check", "--format", "json"]).json();
    let told = &said["diagnostics"][0];
    assert_eq!(told["code"], "SPEC_REF_UNRESOLVED", "{said:#}");
    assert_eq!(told["file"], "openapi.yaml");
    assert_eq!(told["line"], 4, "{told:#}");
}

/// As tools that split contracts write them, where no version of OpenAPI has references.
#[test]
fn operations_and_their_parts_may_stand_in_files_of_their_own() {
    let repository = Repository::empty();
    repository.write(
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: Shop, version: '1' }\npaths:\n  /things/{id}:\n    get:\n      $ref: parts/get.yaml\n",
    );
    repository.write(
        "parts/get.yaml",
        "operationId: getThing\nparameters:\n  $ref: parameters.yaml\nresponses:\n  $ref: 'responses.yaml#/all'\n",
    );
    repository.write(
        "parts/parameters.yaml",
        "- { name: id, in: path, required: true, schema: { $ref: '#/1/schema' } }\n- { name: of, in: query, schema: { type: integer } }\n",
    );
    repository.write("parts/responses.yaml", "all:\n  '200':\n    description: Found.\n");
    repository.done(&["init", "--contract", "openapi.yaml"]);
    repository.done(&["spec", "apply", "--quiet"]);
    let made = document(&repository);
    let operation = get(&made, "/things/{id}");
    assert_eq!(operation["operationId"], "getThing", "{made:#}");
    assert_eq!(operation["parameters"][1]["name"], "of");
    assert_eq!(operation["responses"]["200"]["description"], "Found.");
    // What is wrong there is told there.
    repository.write("parts/responses.yaml", "all:\n  '200': { $ref: '#/none' }\n");
    let said = repository.run(&["spec", "check", "--format", "json"]).json();
    assert_eq!(said["diagnostics"][0]["file"], "parts/responses.yaml", "{said:#}");
    repository.write("parts/responses.yaml", "all:\n  $ref: '#/all'\n");
    let said = repository.run(&["spec", "check", "--format", "json"]).json();
    assert_eq!(said["diagnostics"][0]["code"], "SPEC_REF_CIRCULAR", "{said:#}");
}

/// As PHP writes JSON.
#[test]
fn slashes_of_references_may_be_escaped_in_json() {
    let repository = Repository::empty();
    repository.write(
        "openapi.json",
        r#"{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"\/things\/{id}":{"$ref":"paths\/things.json"}}}"#,
    );
    repository.write(
        "paths/things.json",
        r#"{"get":{"operationId":"getThing","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"204":{"description":"Done."}}}}"#,
    );
    repository.done(&["init", "--contract", "openapi.json"]);
    repository.done(&["spec", "apply", "--quiet"]);
    assert_eq!(get(&document(&repository), "/things/{id}")["operationId"], "getThing");
}

#[test]
fn init_takes_all_files_of_a_contract_that_stands_elsewhere_and_none_from_outside_of_its_folder() {
    let elsewhere = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = elsewhere.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "api/openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths:\n  /things/{id}: { $ref: 'paths/things_{id}.yaml' }\n",
    );
    put(
        "api/paths/things_{id}.yaml",
        "get:\n  operationId: getThing\n  parameters: [{ name: id, in: path, required: true, schema: { $ref: '../schemas.json#/Id' } }]\n  responses: { '204': { description: Done. } }\n",
    );
    put(
        "api/schemas.json",
        r#"{"Id":{"type":"string"},"Other":{"$ref":"../outside.json"},"Key":{"$ref":"key.pem"}}"#,
    );
    put("outside.json", "{}");
    put("api/key.pem", "nobody's");
    put("api/unrelated.yaml", "a: 1\n");
    let repository = Repository::empty();
    let contract = elsewhere.path().join("api/openapi.yaml");
    repository.done(&["init", "--contract", contract.to_str().unwrap()]);
    let mut files: Vec<String> = ["contract", "contract/paths"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(repository.path().join(folder)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["openapi.yaml", "paths", "schemas.json", "things_{id}.yaml"]);
    assert!(repository.read("flaresmith.toml").contains("contract/openapi.yaml"));
    repository.done(&["spec", "apply", "--quiet"]);
    assert_eq!(get(&document(&repository), "/things/{id}")["operationId"], "getThing");
    // Nothing is written over.
    std::fs::remove_file(repository.path().join("flaresmith.toml")).unwrap();
    let said = repository.run(&["init", "--contract", contract.to_str().unwrap()]);
    assert!(said.err.contains("INIT_EXISTS"), "{}", said.err);
}
