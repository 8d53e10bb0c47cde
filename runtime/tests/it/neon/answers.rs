//! What Neon answers to each operation.
//!
//! Owns: its rules: who may see what, what is locked, what is refused. Must not know: faults.

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::{Branch, Key, Known, Neon, Operation, Project, message, restore, shown, told};

type Query<'a> = &'a [(String, String)];

const REGIONS: [&str; 2] = ["aws-eu-central-1", "aws-us-east-2"];

/// The operation that a path is one of.
fn template(parts: &[&str]) -> String {
    match parts {
        [] | [_] => format!("/{}", parts.join("/")),
        ["users", ..] => format!("/{}", parts.join("/")),
        ["projects", _] => "/projects/{project_id}".to_owned(),
        ["projects", _, kind] => format!("/projects/{{project_id}}/{kind}"),
        ["projects", _, "operations", _] => "/projects/{project_id}/operations/{operation_id}".to_owned(),
        ["projects", _, "branches", _] => "/projects/{project_id}/branches/{branch_id}".to_owned(),
        ["projects", _, "branches", _, "endpoints"] => {
            "/projects/{project_id}/branches/{branch_id}/endpoints".to_owned()
        }
        ["projects", _, "branches", _, "roles", _, act] => {
            format!("/projects/{{project_id}}/branches/{{branch_id}}/roles/{{role_name}}/{act}")
        }
        ["projects", _, "branches", _, "restore"] => "/projects/{project_id}/branches/{branch_id}/restore".to_owned(),
        _ => panic!("nobody calls {parts:?}"),
    }
}

pub(super) async fn of(
    neon: &Neon,
    method: &str,
    path: &str,
    query: Query<'_>,
    headers: &HeaderMap,
    body: &Value,
) -> Response<Body> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let template = template(&parts);
    let wrong = neon.contract.request(method, &template, query, body);
    neon.known.lock().unwrap().wrong.extend(wrong);
    let Some(key) = neon.who(headers) else {
        return message(401, "supplied credentials do not pass authentication");
    };
    let (status, value) = match route(neon, method, &parts, query, &key, body).await {
        Ok(done) => done,
        Err((status, text)) => return message(status, text),
    };
    let wrong = neon.contract.answer(method, &template, status, &value);
    neon.known.lock().unwrap().wrong.extend(wrong);
    told(status, &value)
}

pub(super) type Done = Result<(u16, Value), (u16, &'static str)>;

async fn route(neon: &Neon, method: &str, parts: &[&str], query: Query<'_>, key: &Key, body: &Value) -> Done {
    match (method, parts) {
        ("GET", ["auth"]) => Ok((200, json!({ "account_id": key.organization, "auth_method": key.kind }))),
        ("GET", ["users", "me", "organizations"]) => {
            let at = "2026-01-01T00:00:00Z";
            let one = json!({
                "id": key.organization, "name": "Northwind", "handle": key.organization, "plan": "launch",
                "created_at": at, "updated_at": at, "managed_by": "console",
            });
            Ok((200, json!({ "organizations": [one] })))
        }
        ("GET", ["regions"]) => {
            let all = REGIONS
                .iter()
                .map(|id| json!({ "region_id": id, "name": id, "default": false, "geo_lat": "", "geo_long": "" }));
            Ok((200, json!({ "regions": all.collect::<Vec<_>>() })))
        }
        ("GET", ["projects"]) => projects(neon, query, key),
        ("POST", ["projects"]) => make_project(neon, key, body).await,
        (_, ["projects", id, rest @ ..]) => {
            {
                let mut known = neon.known.lock().unwrap();
                let project = known.projects.iter_mut().find(|one| one.id == *id);
                let project = project.filter(|one| one.organization == key.organization);
                let project = project.ok_or((404, "project not found"))?;
                let under_way = project.operations.iter_mut().find(|one| one.left > 0);
                if let Some(operation) = under_way.filter(|_| method != "GET") {
                    // They end by themselves, whether or not anybody looks.
                    operation.left -= 1;
                    return Err((
                        423,
                        "project already has running conflicting operations, scheduling of new ones is prohibited",
                    ));
                }
            }
            match (method, rest) {
                ("GET", []) => {
                    let known = neon.known.lock().unwrap();
                    Ok((
                        200,
                        json!({ "project": shown::project(find(&known, id), true, known.history) }),
                    ))
                }
                ("DELETE", []) => remove_project(neon, id).await,
                ("GET", ["operations"]) => Ok((200, operations(neon, id))),
                ("GET", ["operations", operation]) => look(neon, id, operation),
                ("GET", ["connection_uri"]) => uri(neon, id, query),
                ("GET", ["branches"]) => Ok((200, branches(neon, id, query))),
                ("POST", ["branches"]) => make_branch(neon, id, body).await,
                ("GET", ["branches", branch]) => {
                    let known = neon.known.lock().unwrap();
                    let project = find(&known, id);
                    let row = project.branches.iter().find(|one| one.id == *branch);
                    let row = row.ok_or((404, "branch not found"))?;
                    Ok((
                        200,
                        json!({ "branch": shown::branch(project, row), "annotation": annotation(&row.id) }),
                    ))
                }
                ("DELETE", ["branches", branch]) => remove_branch(neon, id, branch).await,
                ("GET", ["branches", branch, "endpoints"]) => {
                    let known = neon.known.lock().unwrap();
                    let project = find(&known, id);
                    let row = project.branches.iter().find(|one| one.id == *branch);
                    let row = row.ok_or((404, "branch not found"))?;
                    let all = (0..row.computes).map(|_| shown::endpoint(project, row));
                    Ok((200, json!({ "endpoints": all.collect::<Vec<_>>() })))
                }
                ("POST", ["endpoints"]) => make_endpoint(neon, id, body),
                ("POST", ["branches", branch, "restore"]) => restore::restore(neon, id, branch, body).await,
                ("POST", ["branches", branch, "roles", "app", "reset_password"]) => reset(neon, id, branch),
                _ => panic!("nobody calls {method} {parts:?}"),
            }
        }
        _ => panic!("nobody calls {method} {parts:?}"),
    }
}

fn annotation(id: &str) -> Value {
    json!({ "object": { "type": "console/branch", "id": id }, "value": {} })
}

fn find<'a>(known: &'a Known, id: &str) -> &'a Project {
    known.projects.iter().find(|one| one.id == id).unwrap()
}

pub(super) fn find_mut<'a>(known: &'a mut Known, id: &str) -> &'a mut Project {
    known.projects.iter_mut().find(|one| one.id == id).unwrap()
}

fn asked<'a>(query: Query<'a>, name: &str) -> Option<&'a str> {
    query.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
}

/// A page is as long as was asked for at most, and here never longer than two: whoever reads the first alone misses the rest.
fn page(all: Vec<Value>, query: Query<'_>) -> (Vec<Value>, usize, bool) {
    let from: usize = asked(query, "cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let limit: usize = asked(query, "limit").map_or(10, |limit| limit.parse().unwrap());
    let count = all.len();
    let items: Vec<Value> = all.into_iter().skip(from).take(limit.min(2)).collect();
    let next = from + items.len();
    (items, next, next < count)
}

fn projects(neon: &Neon, query: Query<'_>, key: &Key) -> Done {
    let organization = match (asked(query, "org_id"), key.kind) {
        (Some(id), _) if id != key.organization => return Err((403, "not allowed")),
        (None, "api_key_user") => return Err((400, "org_id is required")),
        _ => &key.organization,
    };
    let searched = asked(query, "search").unwrap_or_default();
    let known = neon.known.lock().unwrap();
    let all = known
        .projects
        .iter()
        .filter(|one| one.organization == *organization && (one.name.contains(searched) || one.id.contains(searched)));
    let (items, next, _) = page(all.map(|one| shown::project(one, false, 0)).collect(), query);
    let mut told = json!({ "projects": items, "applications": {}, "integrations": {} });
    if !items.is_empty() {
        // It gives a cursor behind the last page too.
        told["pagination"] = json!({ "cursor": next.to_string() });
    }
    Ok((200, told))
}

pub(super) fn begins(known: &mut Known, project: &str, action: &'static str, branch: Option<&str>) -> Vec<Value> {
    let (slow, fails) = (known.slow, known.failing == Some(action));
    if fails {
        known.failing = None;
    }
    let row = Operation {
        id: uuid::Uuid::new_v4().to_string(),
        action,
        branch: branch.map(str::to_owned),
        left: slow,
        fails,
    };
    let told = vec![shown::operation(project, &row)];
    find_mut(known, project).operations.insert(0, row);
    told
}

fn password() -> String {
    format!("npg_{}", uuid::Uuid::new_v4().simple())
}

async fn make_project(neon: &Neon, key: &Key, body: &Value) -> Done {
    if key.narrow {
        return Err((403, "project-scoped keys are not allowed to create projects"));
    }
    let wanted = &body["project"];
    match (wanted["org_id"].as_str(), key.kind) {
        (Some(id), _) if id != key.organization => return Err((403, "not allowed")),
        (None, "api_key_user") => return Err((400, "org_id is required")),
        _ => {}
    }
    let region = wanted["region_id"].as_str().unwrap();
    assert!(REGIONS.contains(&region));
    let (id, branch) = (Neon::number("shiny-wind"), Neon::number("br-cool"));
    let (role, database) = (id.replace('-', "_"), branch.replace('-', "_"));
    let statements = [
        format!("CREATE ROLE \"{role}\" LOGIN"),
        format!("CREATE DATABASE \"{database}\" TEMPLATE template0 OWNER \"{role}\""),
    ];
    neon.say(&statements).await;
    let now = chrono::Utc::now().to_rfc3339();
    let branch = Branch {
        id: branch,
        name: wanted["branch"]["name"].as_str().unwrap_or("main").to_owned(),
        parent: None,
        default: true,
        protected: false,
        created: now.clone(),
        password: password(),
        database,
        computes: 1,
    };
    assert_eq!(wanted["branch"]["role_name"], "app");
    let project = Project {
        id: id.clone(),
        name: wanted["name"].as_str().unwrap_or(&id).to_owned(),
        organization: key.organization.clone(),
        region: region.to_owned(),
        version: wanted["pg_version"].as_i64().unwrap_or(17),
        created: now,
        branches: vec![branch.clone()],
        operations: Vec::new(),
        role,
    };
    let (of_role, of_database) = shown::inside(&branch);
    let uri = neon.uri(&project.role, &branch, false);
    let history = neon.known.lock().unwrap().history;
    let mut told = json!({
        "project": shown::project(&project, true, history), "branch": shown::branch(&project, &branch), "roles": [of_role],
        "databases": [of_database], "endpoints": [shown::endpoint(&project, &branch)],
        "connection_uris": [{ "connection_uri": uri, "connection_parameters": {
            "database": "app", "password": branch.password, "role": "app", "host": "127.0.0.1", "pooler_host": "127.0.0.1",
        } }],
    });
    let mut known = neon.known.lock().unwrap();
    known.projects.push(project);
    told["operations"] = json!(begins(&mut known, &id, "create_timeline", Some(&branch.id)));
    Ok((201, told))
}

async fn remove_project(neon: &Neon, id: &str) -> Done {
    let (gone, then) = {
        let mut known = neon.known.lock().unwrap();
        let at = known.projects.iter().position(|one| one.id == id).unwrap();
        if known.projects[at].branches.iter().any(|branch| branch.protected) {
            return Err((422, "project has protected branches"));
        }
        let gone = known.projects.remove(at);
        let is_its = |of: &String| gone.branches.iter().any(|one| one.id == *of);
        let then = known.remembered.iter().filter(|(of, ..)| is_its(of));
        let then: Vec<String> = then.map(|(.., database)| database.clone()).collect();
        (gone, then)
    };
    let mut statements: Vec<String> = gone.branches.iter().map(drop_whole).collect();
    statements.extend(
        then.iter()
            .map(|database| format!("DROP DATABASE \"{database}\" WITH (FORCE)")),
    );
    statements.push(format!("DROP ROLE \"{}\"", gone.role));
    neon.say(&statements).await;
    let history = neon.known.lock().unwrap().history;
    Ok((200, json!({ "project": shown::project(&gone, true, history) })))
}

fn drop_whole(branch: &Branch) -> String {
    format!("DROP DATABASE \"{}\" WITH (FORCE)", branch.database)
}

fn operations(neon: &Neon, id: &str) -> Value {
    let known = neon.known.lock().unwrap();
    let all = find(&known, id).operations.iter();
    let all: Vec<Value> = all.map(|row| shown::operation(id, row)).collect();
    json!({ "operations": all, "pagination": { "cursor": "end" } })
}

fn look(neon: &Neon, id: &str, operation: &str) -> Done {
    let mut known = neon.known.lock().unwrap();
    let rows = &mut find_mut(&mut known, id).operations;
    let row = rows.iter_mut().find(|row| row.id == operation);
    let row = row.ok_or((404, "operation not found"))?;
    row.left = row.left.saturating_sub(1);
    Ok((200, json!({ "operation": shown::operation(id, row) })))
}

fn uri(neon: &Neon, id: &str, query: Query<'_>) -> Done {
    let mut known = neon.known.lock().unwrap();
    let project = find(&known, id);
    let branch = asked(query, "branch_id").unwrap();
    let row = project.branches.iter().find(|one| one.id == branch);
    let row = row.ok_or((404, "branch not found"))?.clone();
    if asked(query, "database_name") != Some("app") || asked(query, "role_name") != Some("app") {
        return Err((404, "database or role not found"));
    }
    if row.computes == 0 {
        return Err((404, "no read-write endpoint found"));
    }
    let uri = neon.uri(&project.role, &row, asked(query, "pooled") == Some("true"));
    // What goes on in another branch does not matter to this one.
    let concerns = |of: &Option<String>| of.as_ref().is_none_or(|of| *of == row.id);
    if project
        .operations
        .iter()
        .any(|one| one.left > 0 && concerns(&one.branch))
    {
        let text = format!("the address of {} was asked for before it was ready", row.name);
        known.wrong.push(text);
    }
    Ok((200, json!({ "uri": uri })))
}

fn branches(neon: &Neon, id: &str, query: Query<'_>) -> Value {
    let known = neon.known.lock().unwrap();
    let project = find(&known, id);
    let searched = asked(query, "search").unwrap_or_default();
    let all = project
        .branches
        .iter()
        .filter(|one| one.name.contains(searched) || one.id.contains(searched));
    let (items, next, more) = page(all.map(|one| shown::branch(project, one)).collect(), query);
    let mut told = json!({ "branches": items, "annotations": {}, "pagination": {} });
    if more {
        told["pagination"] = json!({ "next": next.to_string(), "sort_by": "updated_at", "sort_order": "desc" });
    }
    told
}

async fn make_branch(neon: &Neon, id: &str, body: &Value) -> Done {
    let wanted = &body["branch"];
    let (name, parent) = (wanted["name"].as_str().unwrap(), wanted["parent_id"].as_str().unwrap());
    let _turn = neon.turn.lock().await;
    let new = Neon::number("br-cool");
    let (copied, role) = {
        let known = neon.known.lock().unwrap();
        let project = find(&known, id);
        if project.branches.iter().any(|one| one.name == name) {
            return Err((409, "branch with the provided name already exists"));
        }
        // What a free plan includes.
        if project.branches.len() >= 10 {
            return Err((422, "branches limit exceeded"));
        }
        let parent = project.branches.iter().find(|one| one.id == parent);
        (
            parent.ok_or((404, "parent branch not found"))?.clone(),
            project.role.clone(),
        )
    };
    let database = new.replace('-', "_");
    neon.copy(&database, &copied.database, &role).await;
    let row = Branch {
        id: new,
        name: name.to_owned(),
        parent: Some(copied.id),
        default: false,
        protected: false,
        created: chrono::Utc::now().to_rfc3339(),
        // It takes over what its parent has, unless that is protected.
        password: if copied.protected { password() } else { copied.password },
        database,
        computes: body["endpoints"].as_array().map_or(0, Vec::len),
    };
    let mut known = neon.known.lock().unwrap();
    find_mut(&mut known, id).branches.push(row.clone());
    let operations = begins(&mut known, id, "create_branch", Some(&row.id));
    let project = find(&known, id);
    let (of_role, of_database) = shown::inside(&row);
    let endpoints: Vec<Value> = (0..row.computes).map(|_| shown::endpoint(project, &row)).collect();
    Ok((
        201,
        json!({
            "branch": shown::branch(project, &row), "endpoints": endpoints, "operations": operations,
            "roles": [of_role], "databases": [of_database],
        }),
    ))
}

async fn remove_branch(neon: &Neon, id: &str, branch: &str) -> Done {
    let (row, told) = {
        let mut known = neon.known.lock().unwrap();
        let project = find_mut(&mut known, id);
        let Some(at) = project.branches.iter().position(|one| one.id == branch) else {
            return Ok((204, Value::Null));
        };
        let row = project.branches[at].clone();
        let has_children = project.branches.iter().any(|one| one.parent.as_deref() == Some(branch));
        if row.default || row.parent.is_none() || row.protected || has_children {
            return Err((422, "cannot delete the branch"));
        }
        let shown = shown::branch(project, &row);
        project.branches.remove(at);
        let operations = begins(&mut known, id, "delete_timeline", Some(branch));
        (row, json!({ "branch": shown, "operations": operations }))
    };
    neon.say(&[drop_whole(&row)]).await;
    Ok((200, told))
}

fn make_endpoint(neon: &Neon, id: &str, body: &Value) -> Done {
    let wanted = &body["endpoint"];
    let branch = wanted["branch_id"].as_str().unwrap().to_owned();
    let mut known = neon.known.lock().unwrap();
    let project = find_mut(&mut known, id);
    let row = project.branches.iter_mut().find(|one| one.id == branch);
    let row = row.ok_or((404, "branch not found"))?;
    if row.computes > 0 {
        return Err((409, "read-write endpoint already exists"));
    }
    row.computes = 1;
    let row = row.clone();
    let shown = shown::endpoint(project, &row);
    let operations = begins(&mut known, id, "start_compute", Some(&branch));
    Ok((201, json!({ "endpoint": shown, "operations": operations })))
}

fn reset(neon: &Neon, id: &str, branch: &str) -> Done {
    let mut known = neon.known.lock().unwrap();
    let row = find_mut(&mut known, id)
        .branches
        .iter_mut()
        .find(|one| one.id == branch);
    let row = row.ok_or((404, "branch not found"))?;
    row.password = password();
    let (role, _) = shown::inside(row);
    let operations = begins(&mut known, id, "apply_config", Some(branch));
    Ok((200, json!({ "role": role, "operations": operations })))
}
