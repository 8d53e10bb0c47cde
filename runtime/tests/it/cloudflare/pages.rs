//! What Cloudflare answers of Pages.
//!
//! Owns: its rules for projects of Pages. Must not know: who may ask.

use chrono::Utc;
use serde_json::{Value, json};

use super::Cloudflare;
use super::answers::{Done, done};

const NO_PROJECT: (u16, i64, &str) = (
    404,
    8_000_007,
    "Project not found. The specified project name does not match any of your existing projects.",
);

/// Names that somebody else has below `pages.dev`.
const TAKEN: &str = "taken";

/// Makes a project. A name is an account's own; an address that others have gets something behind it.
pub(super) fn make(cloudflare: &Cloudflare, body: &Value) -> Done {
    let name = body["name"].as_str().unwrap();
    let is_part = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    cloudflare.change(|known| {
        if name.starts_with('-') || name.len() > 58 || !name.chars().all(is_part) {
            known.wrong.push(format!("{name} is no name"));
        }
        if known.pages.contains_key(name) {
            return Err((409, 8_000_002, "A project with this name already exists."));
        }
        known.number += 1;
        let rest = if name.starts_with(TAKEN) { "-4kd" } else { "" };
        let mut project = body.clone();
        project["id"] = json!(format!("7b162ea7-7367-4d67-bcde-{:012x}", known.number));
        project["subdomain"] = json!(format!("{name}{rest}.pages.dev"));
        project["created_on"] = json!(Utc::now().to_rfc3339());
        known.pages.insert(name.to_owned(), project.clone());
        done(project)
    })
}

pub(super) fn show(cloudflare: &Cloudflare, name: &str) -> Done {
    cloudflare.pages(|all| done(all.get(name).ok_or(NO_PROJECT)?.clone()))
}

pub(super) fn remove(cloudflare: &Cloudflare, name: &str) -> Done {
    cloudflare.pages(|all| {
        let found = all.get(name).ok_or(NO_PROJECT)?;
        if found["domains"].as_array().is_some_and(|domains| !domains.is_empty()) {
            return Err((400, 8_000_028, "The project has active custom domains."));
        }
        all.remove(name);
        done(Value::Null)
    })
}

/// A request as the contract has it, which has a single variable and calls that by a name of its own: once with each of the variables.
pub(super) fn as_in_the_contract(body: &Value) -> Vec<Value> {
    let mut all = vec![body.clone()];
    for of in ["production", "preview"] {
        let variables = body["deployment_configs"][of]["env_vars"].as_object();
        let variables = variables.into_iter().flatten().map(|(_, variable)| variable);
        let with = |variable: &Value| {
            let mut body = body.clone();
            body["deployment_configs"] = json!({ of: { "env_vars": { "ENVIRONMENT_VARIABLE": variable } } });
            body
        };
        all.extend(variables.map(with));
    }
    if all.len() > 1 {
        all.remove(0);
    }
    all
}
