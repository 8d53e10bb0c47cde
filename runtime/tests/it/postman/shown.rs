//! How Postman shows what is there: with more than was sent, without some of it, and in another order.
//!
//! Owns: what the server adds and leaves out. Must not know: requests.

use serde_json::{Map, Value, json};

use super::{Element, Workspace};

/// A workspace; with what is in it, as it is shown alone.
pub(super) fn workspace(row: &Workspace, inside: Option<&[&Element]>) -> Value {
    let mut shown = json!({
        "id": row.id, "name": row.name, "type": row.kind, "visibility": row.kind, "createdBy": row.owner.to_string(),
        "createdAt": row.created, "updatedAt": row.created,
    });
    let Some(inside) = inside else { return shown };
    // Lists leave it out.
    shown["about"] = json!(row.about);
    shown["updatedBy"] = json!(row.owner.to_string());
    for kind in ["collections", "environments"] {
        let all = inside.iter().filter(|one| one.kind == kind);
        let all: Vec<Value> = all.map(|one| listed(one)).collect();
        // What there is none of is not shown.
        if !all.is_empty() {
            shown[kind] = json!(all);
        }
    }
    shown
}

/// Members of a list that may not be there; to ask for it by index would make it.
pub(super) fn members<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// One in a list.
fn listed(row: &Element) -> Value {
    json!({ "id": row.id, "name": row.name(), "uid": row.uid() })
}

/// What a change is answered with.
pub(super) fn changed(row: &Element) -> Value {
    let member = row.kind.trim_end_matches('s');
    json!({ member: listed(row) })
}

/// One as it is shown alone.
pub(super) fn whole(row: &Element) -> Value {
    let at = &row.created;
    match row.kind {
        "collections" => {
            let mut shown = reordered(&row.body);
            let info = &mut shown["info"];
            for (name, value) in [
                ("_postman_id", json!(row.id)),
                ("uid", json!(row.uid())),
                ("createdAt", json!(at)),
                ("updatedAt", json!(at)),
                ("lastUpdatedBy", json!(row.owner.to_string())),
                (
                    "schema",
                    json!("https://schema.getpostman.com/json/collection/v2.1.0/collection.json"),
                ),
            ] {
                info[name] = value;
            }
            items(&mut shown["item"], row.owner);
            json!({ "collection": shown })
        }
        _ => {
            let mut shown = row.body.clone();
            for (name, value) in [
                ("id", json!(row.id)),
                ("owner", json!(row.owner.to_string())),
                ("createdAt", json!(at)),
                ("updatedAt", json!(at)),
                ("isPublic", json!(false)),
            ] {
                shown[name] = value;
            }
            json!({ "environment": shown })
        }
    }
}

/// Members by name, and without those that are empty.
fn reordered(value: &Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.iter().map(reordered).collect()),
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by(|a, b| b.cmp(a));
            let shown: Map<String, Value> = names
                .into_iter()
                .filter(|name| *name == "item" || members[*name].as_array().is_none_or(|all| !all.is_empty()))
                .map(|name| (name.clone(), reordered(&members[name])))
                .collect();
            Value::Object(shown)
        }
        value => value.clone(),
    }
}

fn items(all: &mut Value, owner: u64) {
    for item in all.as_array_mut().into_iter().flatten() {
        let id = item["id"].as_str().unwrap().to_owned();
        item["uid"] = json!(format!("{owner}-{id}"));
        if item.get("item").is_some() {
            items(&mut item["item"], owner);
        } else if item.get("response").is_none() {
            item["response"] = json!([]);
        }
        for response in members(item, "response") {
            response["uid"] = json!(format!("{owner}-{}", response["id"].as_str().unwrap()));
            response["responseTime"] = Value::Null;
        }
    }
}
