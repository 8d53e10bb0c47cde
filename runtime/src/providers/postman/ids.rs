//! Ids of items, where the server gave others than were sent.
//!
//! Owns: which item there is which of ours, and taking its ids over. Must not know: calls, merging.
//!
//! A collection is replaced as a whole, and whatever comes without the id that it has there is deleted and made anew. Ids that are there
//! are taken; an item whose id is not there is found by its name, in the folder that has it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// From ours to those that are there.
pub(super) type Ids = BTreeMap<String, String>;

/// Which ids of what was sent are others there.
pub(super) fn given(sent: &Value, there: &Value) -> Ids {
    let mut known = BTreeSet::new();
    collect(sent, &mut known);
    let mut present = BTreeSet::new();
    collect(there, &mut present);
    let mut ids = Ids::new();
    if let (Some(ours), Some(theirs)) = (text(&sent["info"], "_postman_id"), text(&there["info"], "_postman_id"))
        && ours != theirs
    {
        ids.insert(ours.to_owned(), theirs.to_owned());
    }
    items(&sent["item"], &there["item"], &known, &present, &mut ids);
    ids
}

/// Puts the ids that are there in place of ours.
pub(super) fn taken_over(value: &mut Value, ids: &Ids) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| taken_over(one, ids)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(id) if name == "id" || name == "_postman_id" => {
                        if let Some(given) = ids.get(id) {
                            id.clone_from(given);
                        }
                    }
                    value => taken_over(value, ids),
                }
            }
        }
        _ => {}
    }
}

/// Leaves out every id that is not in another document.
pub(super) fn without_new(value: &mut Value, there: Option<&Value>) {
    let mut present = BTreeSet::new();
    if let Some(there) = there {
        collect(there, &mut present);
    }
    strip(value, &present);
}

fn strip(value: &mut Value, present: &BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| strip(one, present)),
        Value::Object(members) => {
            let is_new = |id: Option<&Value>| id.and_then(Value::as_str).is_some_and(|id| !present.contains(id));
            for name in ["id", "_postman_id"] {
                // What names a variable is none.
                if is_new(members.get(name)) && !members.contains_key("key") {
                    members.remove(name);
                }
            }
            members.values_mut().for_each(|one| strip(one, present));
        }
        _ => {}
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// Every id in a document.
fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, ids)),
        Value::Object(members) => {
            for name in ["id", "_postman_id"] {
                ids.extend(members.get(name).and_then(Value::as_str).map(str::to_owned));
            }
            members.values().for_each(|one| collect(one, ids));
        }
        _ => {}
    }
}

/// Looks through a list of items on both sides.
fn items(sent: &Value, there: &Value, known: &BTreeSet<String>, present: &BTreeSet<String>, ids: &mut Ids) {
    let (Some(sent), Some(there)) = (sent.as_array(), there.as_array()) else {
        return;
    };
    let mut taken = BTreeSet::new();
    for ours in sent {
        let Some(id) = text(ours, "id") else { continue };
        let same = there.iter().find(|one| text(one, "id") == Some(id));
        let theirs = same.or_else(|| {
            let is_it = |one: &&Value| {
                let free = |id: &str| !known.contains(id) && !taken.contains(id);
                one["name"] == ours["name"]
                    && one.get("item").is_some() == ours.get("item").is_some()
                    && text(one, "id").is_some_and(free)
            };
            // One that a person moved elsewhere keeps its id.
            (!present.contains(id)).then(|| there.iter().find(is_it)).flatten()
        });
        let Some(theirs) = theirs else { continue };
        if let Some(given) = text(theirs, "id").filter(|given| *given != id) {
            taken.insert(given.to_owned());
            ids.insert(id.to_owned(), given.to_owned());
        }
        inside(ours, theirs, ids);
        items(&ours["item"], &theirs["item"], known, present, ids);
    }
}

/// Examples by their names.
fn inside(ours: &Value, theirs: &Value, ids: &mut Ids) {
    let (Some(ours), Some(theirs)) = (ours["response"].as_array(), theirs["response"].as_array()) else {
        return;
    };
    for example in ours {
        let named: Vec<&Value> = theirs.iter().filter(|one| one["name"] == example["name"]).collect();
        if let [found] = named.as_slice()
            && let (Some(id), Some(given)) = (text(example, "id"), text(found, "id"))
            && id != given
        {
            ids.insert(id.to_owned(), given.to_owned());
        }
    }
}
