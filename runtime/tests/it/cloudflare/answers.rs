//! What Cloudflare answers to each operation.
//!
//! Owns: its rules: who may do what, what replaces what, what is refused. Must not know: faults.

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::{Cloudflare, Script, Token, Version, pages, parts, refusal, told};

/// A request.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// Most of a list of versions that can be asked for.
const LARGEST: usize = 100;

/// The operation that a path is one of, and whether the contract is so old that it has none of it.
fn template(parts: &[&str]) -> (String, bool) {
    let of_account = |rest: &str| format!("/accounts/{{account_id}}{rest}");
    let of_script = |rest: &str| of_account(&format!("/workers/scripts/{{script_name}}{rest}"));
    match parts {
        ["user", "tokens", "verify"] => ("/user/tokens/verify".to_owned(), false),
        ["accounts", _] => (of_account(""), false),
        ["accounts", _, "tokens", "verify"] => (of_account("/tokens/verify"), true),
        ["accounts", _, "workers", "subdomain"] => (of_account("/workers/subdomain"), false),
        ["accounts", _, "workers", "scripts"] => (of_account("/workers/scripts"), false),
        ["accounts", _, "workers", "scripts", _] => (of_script(""), false),
        ["accounts", _, "workers", "scripts", _, "subdomain"] => (of_script("/subdomain"), true),
        ["accounts", _, "workers", "scripts", _, kind] => (of_script(&format!("/{kind}")), false),
        ["accounts", _, "pages", "projects"] => (of_account("/pages/projects"), false),
        ["accounts", _, "pages", "projects", _] => (of_account("/pages/projects/{project_name}"), false),
        _ => panic!("nobody calls {parts:?}"),
    }
}

enum Content {
    Nothing,
    Json(Value),
    Upload(Upload),
}

struct Upload {
    metadata: Value,
    module: Vec<u8>,
}

fn body(asked: &Asked<'_>) -> Content {
    let kind = asked.headers.get("content-type").map(|kind| kind.to_str().unwrap());
    match kind {
        None => {
            assert!(asked.body.is_empty());
            Content::Nothing
        }
        Some("application/json") => Content::Json(serde_json::from_slice(asked.body).unwrap()),
        Some(kind) => {
            let all = parts::read(kind, asked.body);
            let [metadata, module] = all.try_into().unwrap_or_else(|_| panic!("two parts"));
            assert_eq!(
                (metadata.name.as_str(), metadata.kind.as_str()),
                ("metadata", "application/json")
            );
            let metadata: Value = serde_json::from_slice(&metadata.content).unwrap();
            assert_eq!(metadata["main_module"], module.name.as_str());
            assert_eq!(module.file.as_ref(), Some(&module.name));
            assert_eq!(module.kind, "application/javascript+module");
            Content::Upload(Upload {
                metadata,
                module: module.content,
            })
        }
    }
}

pub(super) async fn of(cloudflare: &Cloudflare, asked: Asked<'_>) -> Response<Body> {
    let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    let (template, newer) = template(&parts);
    let body = body(&asked);
    if !newer {
        let contract = &cloudflare.contract;
        let wrong = match &body {
            Content::Upload(upload) => contract.metadata(asked.method, &template, &upload.metadata),
            Content::Json(value) => {
                let values = pages::as_in_the_contract(value).into_iter();
                values
                    .flat_map(|value| contract.request(asked.method, &template, asked.query, &value))
                    .collect()
            }
            Content::Nothing => contract.request(asked.method, &template, asked.query, &Value::Null),
        };
        cloudflare.change(|known| known.wrong.extend(wrong));
    }
    let Some(token) = cloudflare.who(asked.headers) else {
        return refusal(401, 1000, "Invalid API Token");
    };
    let answer = match route(cloudflare, asked.method, &parts, asked.query, &token, body).await {
        Ok(answer) => answer,
        Err((status, code, text)) => return refusal(status, code, text),
    };
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    // What is deleted is answered with anything.
    if !newer && asked.method != "DELETE" {
        let wrong = cloudflare
            .contract
            .answer(asked.method, &template, parts.status.as_u16(), &value);
        cloudflare.change(|known| known.wrong.extend(wrong));
    }
    Response::from_parts(parts, Body::from(bytes))
}

pub(super) type Done = Result<Response<Body>, (u16, i64, &'static str)>;

const FORBIDDEN: (u16, i64, &str) = (403, 10000, "Authentication error");
const NO_SCRIPT: (u16, i64, &str) = (404, 10007, "This Worker does not exist on your account.");

#[allow(clippy::needless_pass_by_value, reason = "every caller makes it on the spot")]
pub(super) fn done(result: Value) -> Done {
    Ok(told(200, &result, &json!([]), None))
}

async fn route(
    cloudflare: &Cloudflare,
    method: &str,
    parts: &[&str],
    query: &[(String, String)],
    token: &Token,
    body: Content,
) -> Done {
    let verified = || done(json!({ "id": "ed17574386854bf78a67040be0a770b0", "status": token.status }));
    match (method, parts) {
        ("GET", ["user", "tokens", "verify"]) => {
            return if token.of_account {
                Err((401, 1000, "Invalid API Token"))
            } else {
                verified()
            };
        }
        ("GET", ["accounts", _, "tokens", "verify"]) if token.of_account => return verified(),
        ("GET", ["accounts", _, "tokens", "verify"]) => return Err((401, 1000, "Invalid API Token")),
        _ => {}
    }
    if parts[1] != token.account {
        return Err((
            404,
            7003,
            "Could not route to /accounts, perhaps your object identifier is invalid?",
        ));
    }
    if token.status != "active" {
        return Err((401, 1000, "Invalid API Token"));
    }
    if parts.len() == 2 {
        return match token.names {
            true => done(json!({ "id": token.account, "name": "Northwind", "type": "standard" })),
            false => Err((403, 9109, "Unauthorized to access requested resource")),
        };
    }
    let changes = method != "GET";
    let may = match parts[2] {
        "pages" => token.pages,
        _ => token.sees && (token.edits || !changes),
    };
    if !may {
        return Err(FORBIDDEN);
    }
    match (method, &parts[2..], body) {
        ("GET", ["workers", "subdomain"], _) => match cloudflare.change(|known| known.subdomain) {
            Some(name) => done(json!({ "subdomain": name })),
            None => Err((404, 10007, "You do not have a workers.dev subdomain.")),
        },
        ("GET", ["workers", "scripts"], _) => cloudflare.scripts(|all| {
            let shown = all
                .iter()
                .map(|(name, script)| json!({ "id": name, "tags": script.tags }));
            done(shown.collect())
        }),
        ("PUT", ["workers", "scripts", name], Content::Upload(upload)) => put(cloudflare, name, &upload),
        ("DELETE", ["workers", "scripts", name], _) => cloudflare.scripts(|all| {
            if all.get(*name).ok_or(NO_SCRIPT)?.used {
                return Err((400, 10_064, "Another Worker binds to it."));
            }
            all.remove(*name);
            done(Value::Null)
        }),
        ("GET", ["workers", "scripts", name, "settings"], _) => cloudflare.scripts(|all| {
            let script = all.get(*name).ok_or(NO_SCRIPT)?;
            done(json!({ "bindings": [], "tags": script.tags }))
        }),
        (_, ["workers", "scripts", name, "subdomain"], body) => cloudflare.change(|known| {
            let asked = known.asked.entry(format!("{name}/subdomain")).or_default();
            *asked += 1;
            if *asked <= known.slow {
                return Err(NO_SCRIPT);
            }
            let script = known.scripts.get_mut(*name).ok_or(NO_SCRIPT)?;
            if let Content::Json(value) = body {
                assert_eq!(value.as_object().unwrap().len(), 2);
                script.enabled = value["enabled"].as_bool().unwrap();
                script.previews = value["previews_enabled"].as_bool().unwrap();
            }
            done(json!({ "enabled": script.enabled, "previews_enabled": script.previews }))
        }),
        ("GET", ["workers", "scripts", name, "versions"], _) => versions(cloudflare, name, query),
        ("POST", ["workers", "scripts", name, "versions"], Content::Upload(upload)) => {
            add(cloudflare, name, &upload).await
        }
        ("GET", ["workers", "scripts", name, "deployments"], _) => cloudflare.scripts(|all| {
            let script = all.get(*name).ok_or(NO_SCRIPT)?;
            let shown: Vec<Value> = script.deployments.iter().map(|id| deployment(id)).collect();
            done(json!({ "deployments": shown }))
        }),
        ("POST", ["workers", "scripts", name, "deployments"], Content::Json(body)) => {
            deploy(cloudflare, name, query, &body)
        }
        ("POST", ["pages", "projects"], Content::Json(body)) => pages::make(cloudflare, &body),
        ("GET", ["pages", "projects", name], _) => pages::show(cloudflare, name),
        ("DELETE", ["pages", "projects", name], _) => pages::remove(cloudflare, name),
        _ => panic!("nobody calls {method} {parts:?}"),
    }
}

fn deployment(version: &str) -> Value {
    json!({
        "id": "bcf48806-b317-4351-9ee7-36e7d557d4de", "source": "api", "strategy": "percentage",
        "author_email": "dev@northwind.example", "created_on": "2026-11-01T00:00:00Z",
        "versions": [{ "version_id": version, "percentage": 100 }],
    })
}

fn version(cloudflare: &Cloudflare, upload: &Upload) -> Version {
    let number = cloudflare.change(|known| {
        known.number += 1;
        known.number
    });
    let bindings = upload.metadata["bindings"].as_array().unwrap().iter();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    Version {
        // The first eight signs tell them apart, as at Cloudflare.
        id: format!("{number:08x}-b317-4351-9ee7-36e7d557d4de"),
        tag: upload.metadata["annotations"]["workers/tag"]
            .as_str()
            .map(str::to_owned),
        module: upload.module.clone(),
        bindings: bindings
            .map(|one| (text(one, "type"), text(one, "name"), text(one, "text")))
            .collect(),
    }
}

/// Whoever uploads replaces what stands there, at once.
fn put(cloudflare: &Cloudflare, name: &str, upload: &Upload) -> Done {
    let version = version(cloudflare, upload);
    let tags = upload.metadata["tags"].as_array().unwrap().iter();
    let tags: Vec<String> = tags.map(|tag| tag.as_str().unwrap().to_owned()).collect();
    cloudflare.change(|known| {
        let lost = known.scripts.get(name).is_some_and(|there| {
            let answers = there.deployments.first();
            let answers = there.versions.iter().find(|one| Some(&one.id) == answers);
            there.tags != tags || answers.is_none_or(|one| one.module != version.module)
        });
        // The same once more takes nothing from anybody.
        if lost {
            known.wrong.push(format!("{name} is overwritten"));
        }
        if name.len() > 63 || name.starts_with('-') || name.ends_with('-') {
            known.wrong.push(format!("{name} is no name"));
        }
        let script: &mut Script = known.scripts.entry(name.to_owned()).or_default();
        script.tags = tags;
        script.deployments.insert(0, version.id.clone());
        script.versions.insert(0, version);
    });
    done(json!({ "id": name, "etag": "ea95132c15732412d22c1476fa83f27a", "startup_time_ms": 4 }))
}

/// A version beside what answers. One that does not start is refused.
async fn add(cloudflare: &Cloudflare, name: &str, upload: &Upload) -> Done {
    if !cloudflare.scripts(|all| all.contains_key(name)) {
        return Err(NO_SCRIPT);
    }
    let version = version(cloudflare, upload);
    if cloudflare.run(&version).await.is_none() {
        return Err((400, 10021, "Uncaught Error: at start\n  at worker.js:1:7"));
    }
    let id = version.id.clone();
    let number = cloudflare.scripts(|all| {
        let script = all.get_mut(name).ok_or(NO_SCRIPT)?;
        script.versions.insert(0, version);
        Ok(script.versions.len())
    })?;
    done(json!({ "id": id, "number": number, "metadata": {}, "resources": {}, "startup_time_ms": 4 }))
}

fn versions(cloudflare: &Cloudflare, name: &str, query: &[(String, String)]) -> Done {
    let asked = |name: &str| {
        let found = query.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.parse::<usize>().unwrap())
    };
    cloudflare.change(|known| {
        let script = known.scripts.get(name).ok_or(NO_SCRIPT)?;
        let of = asked("per_page").unwrap().min(LARGEST).min(known.page);
        let page = asked("page").unwrap();
        let items = script.versions.iter().enumerate().skip((page - 1) * of).take(of);
        let items: Vec<Value> = items
            .map(|(number, one)| {
                let annotations = match &one.tag {
                    Some(tag) => json!({ "workers/triggered_by": "version_upload", "workers/tag": tag }),
                    None => json!({ "workers/triggered_by": "upload" }),
                };
                let number = script.versions.len() - number;
                json!({ "id": one.id, "number": number, "metadata": {}, "annotations": annotations })
            })
            .collect();
        Ok(told(200, &json!({ "items": items }), &json!([]), None))
    })
}

fn deploy(cloudflare: &Cloudflare, name: &str, query: &[(String, String)], body: &Value) -> Done {
    let parts = body["versions"].as_array().unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0]["percentage"], 100);
    let id = parts[0]["version_id"].as_str().unwrap();
    let forced = query.iter().any(|(name, value)| name == "force" && value == "true");
    cloudflare.change(|known| {
        let script = known.scripts.get_mut(name).ok_or(NO_SCRIPT)?;
        if !script.versions.iter().any(|one| one.id == id) {
            return Err((404, 100_146, "The requested Worker version could not be found"));
        }
        if known.changed && !forced {
            return Err((400, 10220, "The secret GREETING has changed since."));
        }
        known.changed = false;
        script.deployments.insert(0, id.to_owned());
        done(deployment(id))
    })
}
