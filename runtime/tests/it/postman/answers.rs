//! What Postman answers to each operation.
//!
//! Owns: its rules: who may see what, which ids are taken, what is refused. Must not know: faults.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Element, Key, Known, Postman, Workspace, named, problem, shown, told};

type Query<'a> = &'a [(String, String)];

/// Most workspaces of one page, whatever is asked for.
const PAGE: usize = 2;

/// The operation that a path is one of.
fn template(parts: &[&str]) -> String {
    match parts {
        [one] => format!("/{one}"),
        ["workspaces", _] => "/workspaces/{workspaceId}".to_owned(),
        ["collections", _] => "/collections/{collectionId}".to_owned(),
        ["environments", _] => "/environments/{environmentId}".to_owned(),
        _ => panic!("nobody calls {parts:?}"),
    }
}

pub(super) fn of(
    postman: &Postman,
    method: &str,
    path: &str,
    query: Query<'_>,
    headers: &HeaderMap,
    body: &Value,
) -> Response<Body> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let template = template(&parts);
    let mut wrong = postman.contract.request(method, &template, query, body);
    // The contract leaves out most of what a collection has; its prose names the format instead.
    wrong.retain(|line| !(line.starts_with("nobody knows `/collection/")));
    if headers.contains_key("authorization") {
        wrong.push("the key goes into a header of its own".to_owned());
    }
    wrong.extend(in_plain(body));
    postman.known.lock().unwrap().wrong.extend(wrong);
    let Some(key) = postman.who(headers) else {
        return problem(
            401,
            "Invalid API Key. Every request requires a valid API Key to be sent.",
        );
    };
    let mut known = postman.known.lock().unwrap();
    match route(&mut known, method, &parts, query, &key, body) {
        Ok(value) => {
            let wrong = postman.contract.answer(method, &template, 200, &value);
            known.wrong.extend(wrong);
            told(200, &value)
        }
        Err(refusal) => refusal,
    }
}

/// Values of secrets that are not sent as such.
fn in_plain(body: &Value) -> Vec<String> {
    let values = body["environment"]["values"].as_array().into_iter().flatten();
    let is_secret = |value: &&Value| ["token", "password"].iter().any(|name| value["key"] == *name);
    values
        .filter(is_secret)
        .filter(|value| value["type"] != "secret")
        .map(|value| format!("{} is sent in plain", value["key"]))
        .collect()
}

type Done = Result<Value, Response<Body>>;

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn sees(key: &Key, workspace: &Workspace) -> bool {
    workspace.owner == key.user || (workspace.kind == "team" && key.team.is_some())
}

fn absent(what: &str) -> Response<Body> {
    named(
        404,
        "instanceNotFoundError",
        &format!("We could not find the {what} you are looking for"),
    )
}

fn route(known: &mut Known, method: &str, parts: &[&str], query: Query<'_>, key: &Key, body: &Value) -> Done {
    match (method, parts) {
        ("GET", ["me"]) => {
            let mut user = json!({
                "id": key.user, "username": "taylor-lee", "email": "taylor.lee@example.com", "fullName": "Taylor Lee",
                "isPublic": false, "roles": ["user"],
            });
            if let Some(team) = key.team {
                user["teamId"] = json!(team);
                user["teamName"] = json!("Northwind");
            }
            let calls = json!({ "name": "api_usage", "limit": 1000, "usage": 12, "overage": 0 });
            Ok(json!({ "user": user, "operations": [calls] }))
        }
        ("GET", ["workspaces"]) => Ok(workspaces(known, query, key)),
        ("POST", ["workspaces"]) => make_workspace(known, key, &body["workspace"]),
        (_, ["workspaces", id]) => {
            let found = known.workspaces.iter().find(|one| one.id == *id);
            let found = found.filter(|one| sees(key, one)).cloned();
            let found = found.ok_or_else(|| absent("workspace"))?;
            match method {
                "GET" => {
                    let mut inside: Vec<&Element> = known.elements.iter().filter(|one| one.workspace == *id).collect();
                    if known.late > 0 {
                        inside.pop();
                        known.late -= 1;
                    }
                    Ok(json!({ "workspace": shown::workspace(&found, Some(&inside)) }))
                }
                "DELETE" => {
                    known.workspaces.retain(|one| one.id != *id);
                    known.elements.retain(|one| one.workspace != *id);
                    Ok(json!({ "workspace": { "id": id } }))
                }
                _ => panic!("nobody calls {method} {parts:?}"),
            }
        }
        ("POST", [kind @ ("collections" | "environments")]) => {
            let asked = query.iter().find(|(name, _)| name == "workspace");
            let workspace = asked.map(|(_, id)| id.clone()).unwrap_or_default();
            make(known, kind, &workspace, key, body)
        }
        (_, [kind @ ("collections" | "environments"), id]) => {
            let at = known
                .elements
                .iter()
                .position(|one| one.kind == *kind && (one.uid() == *id || one.id == *id));
            let at = at.ok_or_else(|| absent(kind.trim_end_matches('s')))?;
            match method {
                "GET" => Ok(shown::whole(&known.elements[at])),
                "PUT" => replace(known, at, body),
                "DELETE" => {
                    // Its ids stay taken: it lies in the trash.
                    let gone = known.elements.remove(at);
                    Ok(shown::changed(&gone))
                }
                _ => panic!("nobody calls {method} {parts:?}"),
            }
        }
        _ => panic!("nobody calls {method} {parts:?}"),
    }
}

/// A page of those that the key sees, with an empty cursor behind the last.
fn workspaces(known: &Known, query: Query<'_>, key: &Key) -> Value {
    let text = |name: &str| query.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
    let from: usize = text("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let limit: usize = text("limit").unwrap().parse().unwrap();
    let all: Vec<&Workspace> = known.workspaces.iter().filter(|one| sees(key, one)).collect();
    let page = &all[from..(from + limit.min(PAGE)).min(all.len())];
    let next = from + page.len();
    let cursor = if next < all.len() {
        next.to_string()
    } else {
        String::new()
    };
    let page: Vec<Value> = page.iter().map(|one| shown::workspace(one, None)).collect();
    json!({ "workspaces": page, "meta": { "nextCursor": cursor } })
}

fn make_workspace(known: &mut Known, key: &Key, asked: &Value) -> Done {
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let kind = text("type").unwrap();
    if kind == "private" && key.team.is_none() {
        return Err(problem(403, "You do not have permission to create workspaces."));
    }
    let workspace = Workspace {
        id: Uuid::new_v4().to_string(),
        name: text("name").unwrap(),
        kind,
        about: text("about").unwrap_or_default(),
        team: text("teamId"),
        owner: key.user,
        created: now(),
    };
    let told = json!({ "workspace": { "id": workspace.id, "name": workspace.name } });
    known.workspaces.push(workspace);
    Ok(told)
}

fn make(known: &mut Known, kind: &str, workspace: &str, key: &Key, body: &Value) -> Done {
    if !known.workspaces.iter().any(|one| one.id == workspace && sees(key, one)) {
        return Err(absent("workspace"));
    }
    let kind = match kind {
        "collections" => "collections",
        _ => "environments",
    };
    let mut body = body[kind.trim_end_matches('s')].clone();
    let mut ids = BTreeSet::new();
    collect(&body, &mut ids);
    if let Some(id) = ids.iter().find(|id| known.taken.contains(*id)) {
        let id = body["info"]["_postman_id"].as_str().unwrap_or(id).to_owned();
        return Err(taken(&id));
    }
    if known.renumbers {
        forget(&mut body);
    }
    given(&mut body);
    let told = body["info"]["_postman_id"].as_str().map(str::to_owned);
    collect(&body, &mut known.taken);
    let element = Element {
        kind,
        id: told.unwrap_or_else(|| Uuid::new_v4().to_string()),
        owner: key.user,
        workspace: workspace.to_owned(),
        body,
        created: now(),
    };
    known.taken.insert(element.id.clone());
    let told = shown::changed(&element);
    known.elements.push(element);
    Ok(told)
}

/// A whole document takes the place of what was there. What comes without an id is made anew.
fn replace(known: &mut Known, at: usize, body: &Value) -> Done {
    let kind = known.elements[at].kind;
    let mut body = body[kind.trim_end_matches('s')].clone();
    if kind == "collections" {
        let mut own = BTreeSet::from([known.elements[at].id.clone()]);
        collect(&known.elements[at].body, &mut own);
        let mut ids = BTreeSet::new();
        collect(&body, &mut ids);
        if let Some(id) = ids.iter().find(|id| known.taken.contains(*id) && !own.contains(*id)) {
            return Err(taken(id));
        }
        given(&mut body);
        collect(&body, &mut known.taken);
    }
    known.elements[at].body = body;
    Ok(shown::changed(&known.elements[at]))
}

fn taken(id: &str) -> Response<Body> {
    let details = json!({ "item": "collection", "id": id });
    told(
        400,
        &json!({ "error": { "name": "instanceFoundError", "message": "The specified item already exists.", "details": details } }),
    )
}

/// What has an id: collections, folders, requests, examples.
fn each(value: &mut Value, act: &mut dyn FnMut(&mut Value, &'static str)) {
    if let Some(info) = value.get_mut("info") {
        act(info, "_postman_id");
    }
    for item in shown::members(value, "item") {
        act(item, "id");
        for response in shown::members(item, "response") {
            act(response, "id");
        }
        if item.get("item").is_some() {
            each(item, act);
        }
    }
}

fn collect(body: &Value, ids: &mut BTreeSet<String>) {
    let mut body = body.clone();
    each(&mut body, &mut |one, name| {
        ids.extend(one[name].as_str().map(str::to_owned));
    });
}

fn forget(body: &mut Value) {
    each(body, &mut |one, name| {
        one.as_object_mut().unwrap().remove(name);
    });
}

/// Gives an id to whatever has none.
fn given(body: &mut Value) {
    each(body, &mut |one, name| {
        if one[name].is_null() {
            one[name] = json!(Uuid::new_v4().to_string());
        }
    });
}
