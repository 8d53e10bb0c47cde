//! Collections and environments as documents that can be compared.
//!
//! Owns: what a generated file becomes before it is sent, and what is left out of what Postman shows, because the server wrote it or it
//! says nothing. Must not know: calls.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::mark::{Mark, taken};

/// The one name of the format that the API takes.
const SCHEMA: &str = "https://schema.postman.com/json/collection/v2.1.0/collection.json";

/// The variable with the address of an environment.
const ADDRESS: &str = "baseUrl";

/// The variable of an environment that bears its mark.
const MARK: &str = "flaresmithMark";

/// Members that the server writes and nobody else.
const OF_SERVER: [&str; 6] = [
    "uid",
    "createdAt",
    "updatedAt",
    "lastUpdatedBy",
    "owner",
    "lastRevision",
];

/// Lists that mean something when they are empty: what has one is a folder.
const FOLDER: &str = "item";

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Collection,
    Environment,
}

/// What is wanted at Postman: a document, and which of the project's it is.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub(super) kind: Kind,
    pub(super) scope: String,
    pub(super) document: Value,
}

/// The collection of a file, for the base or an environment. `url`: where the environment answers. `None`: it is no collection.
#[must_use]
pub fn collection(bytes: &[u8], project: Uuid, scope: &str, url: Option<&str>) -> Option<Wanted> {
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    document.get(FOLDER)?.as_array()?;
    own_ids(&mut document, project, scope);
    let mut document = settled(document);
    let info = document.get_mut("info")?.as_object_mut()?;
    info.get("name")?.as_str()?;
    let id = Uuid::new_v5(&project, format!("{scope}\ncollection").as_bytes());
    info.insert("_postman_id".to_owned(), json!(id.to_string()));
    addressed(document.get_mut("variable"), url);
    Some(Wanted {
        kind: Kind::Collection,
        scope: scope.to_owned(),
        document,
    })
}

/// The environment of a file. A variable that does not say that it is a plain one is sent as a secret.
#[must_use]
pub fn environment(bytes: &[u8], scope: &str, url: Option<&str>) -> Option<Wanted> {
    let file: Value = serde_json::from_slice(bytes).ok()?;
    let values: Vec<Value> = file
        .get("values")?
        .as_array()?
        .iter()
        .filter(|value| value["key"].is_string())
        .map(|value| {
            let plain = value["type"] == "default" || value["key"] == ADDRESS;
            json!({
                "key": value["key"],
                "value": value["value"].as_str().unwrap_or_default(),
                "type": if plain { "default" } else { "secret" },
                "enabled": value["enabled"].as_bool().unwrap_or(true),
            })
        })
        .collect();
    let mut document = json!({ "name": file.get("name")?.as_str()?, "values": values });
    addressed(document.get_mut("values"), url);
    Some(Wanted {
        kind: Kind::Environment,
        scope: scope.to_owned(),
        document,
    })
}

/// Gives the variable of the address its value.
fn addressed(variables: Option<&mut Value>, url: Option<&str>) {
    let (Some(Value::Array(all)), Some(url)) = (variables, url) else {
        return;
    };
    for variable in all.iter_mut().filter(|one| one["key"] == ADDRESS) {
        variable["value"] = json!(url.trim_end_matches('/'));
    }
}

/// Makes every id one that nobody else has: they are unique among all of Postman's, and a file has those of everybody who generates it
/// under the same name.
fn own_ids(value: &mut Value, project: Uuid, scope: &str) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| own_ids(one, project, scope)),
        Value::Object(members) => {
            // Elsewhere an `id` is no identity: a path has variables of this name, for one.
            let bears = ["item", "request", "code"]
                .iter()
                .any(|name| members.contains_key(*name));
            if let Some(Value::String(id)) = members.get_mut("id").filter(|_| bears) {
                *id = Uuid::new_v5(&project, format!("{scope}\n{id}").as_bytes()).to_string();
            }
            members.values_mut().for_each(|one| own_ids(one, project, scope));
        }
        _ => {}
    }
}

/// A document without what the server writes and what is empty.
pub(super) fn settled(value: Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.into_iter().map(settled).collect()),
        Value::Object(members) => {
            let mut left = Map::new();
            // The server gives scripts ids of its own, and knows them by what they listen to.
            let is_script = members.contains_key("exec");
            for (name, value) in members {
                if is_script && name == "id" {
                    continue;
                }
                let value = match (name.as_str(), settled(value)) {
                    (name, _) if OF_SERVER.contains(&name) => continue,
                    ("schema", Value::String(_)) => json!(SCHEMA),
                    ("description", Value::Object(text)) => text.get("content").cloned().unwrap_or_default(),
                    (_, value) => value,
                };
                let is_empty = match &value {
                    Value::Null => true,
                    Value::Array(all) => all.is_empty() && name != FOLDER,
                    Value::Object(members) => members.is_empty(),
                    Value::String(text) => text.is_empty() && name == "description",
                    _ => false,
                };
                if !is_empty {
                    left.insert(name, value);
                }
            }
            Value::Object(left)
        }
        value => value,
    }
}

impl Kind {
    /// The segment of its addresses.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Collection => "collections",
            Self::Environment => "environments",
        }
    }

    /// The member of requests and answers that has it.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Environment => "environment",
        }
    }

    /// What was kept of it is kept under this name.
    pub(super) fn place(self, scope: &str) -> String {
        format!("postman/{}/{scope}", self.member())
    }

    /// Which part of a project it is, in a mark.
    pub(super) fn part(self, scope: &str) -> String {
        format!("{}/{scope}", self.member())
    }

    /// Its name.
    pub(super) fn name(self, document: &Value) -> &str {
        let name = match self {
            Self::Collection => &document["info"]["name"],
            Self::Environment => &document["name"],
        };
        name.as_str().unwrap_or_default()
    }

    /// A document as Postman shows it, ready to be compared, and its mark.
    pub(super) fn read(self, shown: Value) -> (Value, Option<Mark>) {
        let mut document = settled(shown);
        match self {
            Self::Collection => {
                let info = document.get_mut("info").and_then(Value::as_object_mut);
                let Some(info) = info else { return (document, None) };
                let described = info.get("description").and_then(Value::as_str);
                let Some((mark, text)) = described.and_then(taken) else {
                    return (document, None);
                };
                match text.is_empty() {
                    true => info.remove("description"),
                    false => info.insert("description".to_owned(), json!(text)),
                };
                (document, Some(mark))
            }
            Self::Environment => {
                let name = document["name"].take();
                let mut mark = None;
                let mut values = Vec::new();
                for value in document["values"].as_array_mut().into_iter().flatten() {
                    match value["key"] == MARK {
                        true => mark = value["value"].as_str().and_then(taken).map(|(mark, _)| mark),
                        false => values.push(value.take()),
                    }
                }
                (json!({ "name": name, "values": values }), mark)
            }
        }
    }

    /// A document with a mark, as it is sent.
    pub(super) fn marked(self, document: &Value, mark: &str) -> Value {
        let mut document = document.clone();
        match self {
            Self::Collection => {
                let described = document["info"]["description"].as_str().unwrap_or_default();
                let text = format!("{described}\n\n{mark}");
                document["info"]["description"] = json!(text.trim_start());
            }
            Self::Environment => {
                // Nobody's request takes it.
                let value = json!({ "key": MARK, "value": mark, "type": "default", "enabled": false });
                if let Some(values) = document["values"].as_array_mut() {
                    values.push(value);
                }
            }
        }
        json!({ self.member(): document })
    }
}
