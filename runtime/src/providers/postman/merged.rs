//! Bringing together what people changed at Postman and what is generated anew.
//!
//! Owns: from three documents to one, or to what clashes. Must not know: calls, how one change is told from another: that is
//! `flaresmith-sync`'s.

use flaresmith_api::errors::Failure;
use flaresmith_sync::merge::{Merged, merge};
use serde_json::Value;

use super::ids::{given, taken_over};

/// What came of it.
pub(super) enum Together {
    /// Both sides' changes are in it.
    Whole(Value),
    /// What a person has to decide, as places in the document.
    Apart(Vec<String>),
}

/// Most places that are told.
const TOLD: usize = 5;

/// `sent`: what was sent last, if that is known; `there`: what people made of it; `wanted`: what is generated now.
pub(super) fn together(sent: Option<&str>, there: &Value, wanted: &Value) -> Result<Together, Failure> {
    let mut wanted = wanted.clone();
    let Some(sent) = sent.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        let ids = given(&wanted, there);
        taken_over(&mut wanted, &ids);
        // Nobody knows what people did to it.
        return Ok(match *there == wanted {
            true => Together::Whole(wanted),
            false => Together::Apart(vec!["its mark in the description".to_owned()]),
        });
    };
    let ids = given(&sent, there);
    let mut sent = sent;
    taken_over(&mut sent, &ids);
    taken_over(&mut wanted, &ids);
    // Both may have been changed alike.
    let mut alike = wanted.clone();
    taken_over(&mut alike, &given(&wanted, there));
    if *there == alike {
        return Ok(Together::Whole(alike));
    }
    let text = |value: &Value| serde_json::to_string_pretty(value).map_err(Failure::internal);
    match merge("collection.json", &text(&sent)?, &text(there)?, &text(&wanted)?) {
        Merged::Whole(text) => Ok(Together::Whole(serde_json::from_str(&text).map_err(Failure::internal)?)),
        Merged::Clash(clashes) => {
            let place = |what: &str| named(there, what).or_else(|| named(&wanted, what));
            let told = clashes
                .iter()
                .map(|clash| place(&clash.what).unwrap_or_else(|| clash.what.clone()));
            let mut told: Vec<String> = told.take(TOLD).collect();
            told.dedup();
            Ok(Together::Apart(told))
        }
    }
}

/// A place in a document, with names of folders and requests in place of their numbers or ids; `None`: it is not there.
fn named(document: &Value, what: &str) -> Option<String> {
    let mut at = document;
    let mut names: Vec<String> = Vec::new();
    for step in what.strip_prefix('/')?.split('/') {
        let found = match at {
            Value::Array(all) => all
                .iter()
                .find(|one| ["id", "key", "listen", "name"].iter().any(|name| one[*name] == step))
                .or_else(|| all.get(step.parse::<usize>().ok()?)),
            at => at.get(step),
        };
        at = found?;
        match at["name"].as_str() {
            Some(name) => names.push(name.to_owned()),
            None if at.is_array() => {}
            None => names.push(step.to_owned()),
        }
    }
    Some(names.join(" / "))
}
