//! Every link of every page leads somewhere, and nothing an author writes leaves its place.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::book::Slugs;
use crate::diagnostics::Place;
use crate::emit::templates::Templates;
use crate::emit::{Artifact, Input};
use crate::model::{Feature, Model, Requirement, RequirementKind};
use crate::openapi::Bundle;
use crate::settings::Settings;
use crate::source::Sources;
use crate::tree::json;

/// Text that tries to get out of every place.
const HOSTILE: &str = "<script>x</script> | `a|b` ``` [l](./gone.md) ![i](i.png) <!-- \n# Heading\n\n```\n--> [*]\n~~~\n| a | b |\n|---|---|\n\n<div>\n\nSetext\n===\n\n%%{init}%% ]]> *";

fn contract() -> crate::tree::Value {
    let schema = json!({"$ref": "#/components/schemas/Thing"});
    let ok = json!({"200": {"description": HOSTILE, "headers": {"X-A|b": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": schema, "examples": {HOSTILE: {"summary": HOSTILE, "value": {"text": HOSTILE}}}}}}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": HOSTILE, "version": "1|2", "summary": HOSTILE, "description": HOSTILE},
        "servers": [{"url": "https://a.b/x|y", "description": HOSTILE}],
        "tags": [{"name": "Responses", "description": HOSTILE}],
        "x-flaresmith": {
            "roles": ["low", "high"],
            "rateBuckets": {"user": {"capacity": 1, "refillPerMinute": 1}},
            "rateLimits": {"read": {"tokens": 1, "buckets": ["user"]}},
            "errors": {"THING_GONE": {"severity": "error", "retryPolicy": "none", "status": 404, "message": HOSTILE, "hint": HOSTILE,
                "requirements": ["FR-001"], "details": {"$ref": "#/components/schemas/Thing"}}},
        },
        "paths": {
            "/a/{id}": {"get": {"operationId": "responses", "tags": ["Responses"], "summary": HOSTILE, "description": HOSTILE,
                "parameters": [{"name": "id", "in": "path", "required": true, "description": HOSTILE, "schema": {"type": "string", "pattern": "a|b`<"}}],
                "responses": ok, "x-flaresmith": {"requirements": ["FR-001", "FR-404"], "role": "low", "rateLimit": "read", "errors": ["THING_GONE"]}}},
            "/b": {"post": {"operationId": "Responses", "tags": ["Responses"], "requestBody": {"description": HOSTILE, "content":
                {"application/json": {"schema": schema}}}, "responses": ok}},
            "/c": {"get": {"tags": [HOSTILE], "responses": {"204": {"description": ""}}}},
        },
        "components": {"schemas": {
            "Thing": {"type": "object", "title": HOSTILE, "description": HOSTILE, "required": ["state"], "properties": {
                "state": {"$ref": "#/components/schemas/State"},
                "a|b`": {"type": "string", "description": HOSTILE, "default": HOSTILE},
                "again": {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]},
                "other": {"oneOf": [{"type": "object", "properties": {"x": {"const": HOSTILE}}}, {"type": "integer"}]},
            }, "x-flaresmith": {"lifecycle": {"field": "state", "initial": "end", "transitions": [{"from": "end", "to": HOSTILE, "on": HOSTILE}]}}},
            "State": {"type": "string", "enum": ["end", HOSTILE], "x-flaresmith": {"requirements": ["FR-001"]}},
            "Hidden": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string", "enum": ["a", "b"]}}, "x-flaresmith":
                {"internal": true, "requirements": ["FR-003"], "lifecycle": {"field": "x", "initial": "a", "transitions": [{"from": "a", "to": "b", "on": "c"}]}}},
        }},
    })
}

fn feature() -> Feature {
    let requirement = |id: &str, text: &str| Requirement {
        id: id.to_owned(),
        global_id: format!("001/{id}"),
        kind: RequirementKind::Functional,
        text: text.to_owned(),
        group: None,
        removed: false,
        not_in_contract: None,
        mentions: Vec::new(),
        place: Place::file("specs/001-x/spec.md"),
    };
    Feature {
        number: "001".to_owned(),
        slug: "x".to_owned(),
        title: HOSTILE.to_owned(),
        file: "specs/001-x/spec.md".to_owned(),
        status: None,
        created: None,
        branch: None,
        stories: Vec::new(),
        requirements: vec![
            requirement("FR-001", HOSTILE),
            requirement("FR-002", "Nothing carries this."),
        ],
        entities: Vec::new(),
        clarifications: Vec::new(),
        open_questions: Vec::new(),
        edge_cases: Vec::new(),
        assumptions: Vec::new(),
        other_sections: Vec::new(),
    }
}

fn emitted(model: &Model, bundle: &Bundle) -> Vec<Artifact> {
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let settings = Settings::default();
    let mut diagnostics = Vec::new();
    let input = Input {
        model,
        bundle,
        settings: &settings,
        templates: &templates,
        project: "Test",
        names: &Default::default(),
        selected: &["docs"],
        definitions: &Default::default(),
        ahead: &Default::default(),
        memo: &Default::default(),
        revisions: &Default::default(),
    };
    let made = super::emit(&input, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    made
}

fn pages(contract: &crate::tree::Value, features: Vec<Feature>) -> Vec<Artifact> {
    let mut sources = Sources::default();
    sources.insert("openapi.json", contract.to_string().into_bytes());
    let settings = Settings {
        contracts: vec!["openapi.json".to_owned()],
        ..Settings::default()
    };
    let made = crate::analyse(&sources, &settings);
    let mut model = (*made.model).clone();
    model.features = features;
    emitted(&model, &made.bundle)
}

/// What a page links to, its anchors, and the raw HTML in it.
#[derive(Default)]
struct Read {
    links: Vec<String>,
    anchors: BTreeSet<String>,
    html: Vec<String>,
    diagrams: Vec<String>,
    titles: usize,
}

fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut slugs = Slugs::default();
    let mut heading: Option<String> = None;
    let mut diagram: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                read.titles += usize::from(level as usize == 1);
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let words = heading.take().unwrap();
                read.anchors.insert(slugs.take(&words));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "mermaid" => {
                diagram = Some(String::new())
            }
            Event::End(TagEnd::CodeBlock) => read.diagrams.extend(diagram.take()),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                read.links.push(dest_url.into_string())
            }
            Event::Html(html) | Event::InlineHtml(html) => read.html.push(html.into_string()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(diagram) = &mut diagram {
                    diagram.push_str(&text);
                }
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    read
}

/// Checks all that must hold of any set of pages.
fn check(artifacts: &[Artifact]) -> BTreeMap<&str, Read> {
    let pages: BTreeMap<&str, Read> = artifacts
        .iter()
        .map(|one| (one.path.as_str(), read(&one.text.whole())))
        .collect();
    for (path, page) in &pages {
        assert_eq!(page.titles, 1, "{path} has one title");
        for link in page
            .links
            .iter()
            .filter(|link| !link.starts_with("http") && !link.starts_with("mailto:"))
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let mut target: Vec<&str> = path.split('/').collect();
            if !file.is_empty() {
                target.pop();
                for part in file.split('/') {
                    match part {
                        ".." => drop(target.pop()),
                        part => target.push(part),
                    }
                }
            }
            let target = target.join("/");
            let found = pages
                .get(target.as_str())
                .unwrap_or_else(|| panic!("{path}: {link} leads to no page"));
            assert!(
                anchor.is_empty() || found.anchors.contains(anchor),
                "{path}: {link} has no heading: {:?}",
                found.anchors
            );
        }
        for html in &page.html {
            let ours = html.starts_with("<!-- Generated by") || ["<br>", "<code>", "</code>"].contains(&html.trim());
            assert!(ours, "{path}: {html}");
        }
    }
    pages
}

#[test]
fn every_link_resolves_and_no_text_leaves_its_place() {
    let artifacts = pages(&contract(), vec![feature()]);
    let pages = check(&artifacts);
    let names: Vec<&str> = pages
        .keys()
        .map(|path| path.trim_start_matches("generated/docs/"))
        .collect();
    for name in [
        "README.md",
        "errors.md",
        "lifecycles.md",
        "reference/responses.md",
        "requirements.md",
        "schemas.md",
    ] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    // Both operations have an anchor, although their ids differ only in case; no author's heading is one.
    let reference = &pages["generated/docs/reference/responses.md"];
    let anchors: Vec<&String> = reference.anchors.iter().collect();
    assert_eq!(anchors, ["responses", "responses-1", "responses-2"]);
    assert!(
        !pages
            .values()
            .any(|page| page.anchors.contains("heading") || page.anchors.contains("setext"))
    );
}

#[test]
fn tables_keep_their_columns_whatever_stands_in_a_cell() {
    for artifact in pages(&contract(), vec![feature()]) {
        let mut columns = 0;
        let mut fence = false;
        for line in artifact.text.whole().lines() {
            fence ^= line.trim_start().starts_with("```");
            if fence || !line.starts_with('|') {
                columns = 0;
                continue;
            }
            let cells = line.replace("\\|", "").matches('|').count();
            assert!(columns == 0 || cells == columns, "{}: {line}", artifact.path);
            columns = cells;
        }
    }
}

#[test]
fn diagrams_hold_one_statement_a_line() {
    let artifacts = pages(&contract(), vec![feature()]);
    let page = artifacts
        .iter()
        .find(|one| one.path.ends_with("lifecycles.md"))
        .unwrap();
    let read = read(&page.text.whole());
    assert_eq!(read.diagrams.len(), 1);
    let lines: Vec<&str> = read.diagrams[0].lines().map(str::trim).collect();
    assert_eq!(lines[0], "stateDiagram-v2");
    assert_eq!(lines[1], "state \"end\" as s_end");
    assert!(
        lines[2].starts_with("state \"#60;script#62;") && lines[2].ends_with("\" as s1"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "[*] --> s_end");
    assert!(lines[4].starts_with("s_end --> s1 : #60;script"));
    assert_eq!(lines[5..], ["s1 --> [*]"]);
}

#[test]
fn a_requirement_tells_what_carries_it() {
    let artifacts = pages(&contract(), vec![feature()]);
    let page = artifacts
        .iter()
        .find(|one| one.path.ends_with("requirements.md"))
        .unwrap();
    let text = page.text.whole();
    let section = text.split("### ").find(|part| part.starts_with("001/FR-001")).unwrap();
    for expected in [
        "- Operations: [responses](reference/responses.md#responses-1)",
        "- Schemas: [State](",
        "- Errors: [THING_GONE](errors.md#thing_gone)",
    ] {
        assert!(section.contains(expected), "{expected} in {section}");
    }
    assert!(text.contains("| [001/FR-002](#001fr-002) |"), "{text}");
    assert!(text.contains("## Without a feature") && text.contains("### FR-404"));
}

#[test]
fn internal_types_that_no_operation_reaches_are_not_told() {
    let artifacts = pages(&contract(), Vec::new());
    assert!(artifacts.iter().all(|one| !one.text.whole().contains("Hidden")));
    let page = artifacts
        .iter()
        .find(|one| one.path.ends_with("requirements.md"))
        .unwrap();
    assert!(
        page.text.whole().contains("only something internal carries it"),
        "{}",
        page.text
    );
}

#[test]
fn a_plain_contract_gives_no_empty_pages() {
    let contract = json!({"openapi": "3.1.0", "info": {"title": "Plain", "version": "1"}, "paths": {"/pets": {"get": {"responses":
        {"200": {"description": "Pets.", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}}}}}});
    let artifacts = pages(&contract, Vec::new());
    check(&artifacts);
    let names: Vec<&str> = artifacts.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(names, ["generated/docs/reference/pets.md", "generated/docs/README.md"]);
    assert_eq!(artifacts, pages(&contract, Vec::new()), "same contract, same bytes");
}

#[test]
fn an_empty_model_has_a_first_page() {
    let artifacts = emitted(&Model::default(), &Bundle::default());
    assert_eq!(artifacts.len(), 1);
    check(&artifacts);
}

#[test]
fn every_link_of_the_platforms_own_pages_resolves() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let mut sources = Sources::default();
    for path in [
        "001-platform-bootstrap/spec.md",
        "001-platform-bootstrap/contracts/openapi.yaml",
        "001-platform-bootstrap/data-model.yaml",
        "constitution.md",
    ] {
        #[allow(clippy::disallowed_methods, reason = "a test reads the specs from the disk")]
        let bytes = std::fs::read(folder.join(path)).unwrap();
        sources.insert(&format!("specs/{path}"), bytes);
    }
    let made = crate::analyse(&sources, &Settings::default());
    let artifacts = emitted(&made.model, &made.bundle);
    let pages = check(&artifacts);
    assert!(pages.len() > 30, "{}", pages.len());
    let links: usize = pages.values().map(|page| page.links.len()).sum();
    assert!(links > 2000, "{links}");
}
