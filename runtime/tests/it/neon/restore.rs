//! Copies of databases behind branches, making one anew from its parent, and a compute that does not answer.
//!
//! Owns: what becomes of the data. Must not know: who may ask.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use super::answers::{Done, begins, find_mut};
use super::{Branch, Neon, shown};

/// How often a copy is tried: whoever is connected to the original comes back.
const TRIES: usize = 50;

impl Neon {
    /// Makes a database as a copy of another one, which Postgres does only while nobody is in that.
    pub(super) async fn copy(&self, name: &str, from: &str, role: &str) {
        let admin = sea_orm::Database::connect(&self.postgres).await.unwrap();
        let ends = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'");
        let makes = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{from}\" OWNER \"{role}\"");
        let mut last = String::new();
        for _ in 0..TRIES {
            admin.execute_unprepared(&ends).await.unwrap();
            match admin.execute_unprepared(&makes).await {
                Ok(_) => return admin.close().await.unwrap(),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{from} is never left alone: {last}");
    }

    /// Gives a database another name, which Postgres does only while nobody is in it.
    async fn move_aside(&self, name: &str, to: &str) {
        let admin = sea_orm::Database::connect(&self.postgres).await.unwrap();
        let ends = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let renames = format!("ALTER DATABASE \"{name}\" RENAME TO \"{to}\"");
        let mut last = String::new();
        for _ in 0..TRIES {
            admin.execute_unprepared(&ends).await.unwrap();
            match admin.execute_unprepared(&renames).await {
                Ok(_) => return admin.close().await.unwrap(),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{name} is never left alone: {last}");
    }

    /// Remembers what is in a branch at this moment, to which it can be taken back.
    pub(crate) async fn remember(&self, branch: &str) {
        let _turn = self.turn.lock().await;
        let (row, role) = (
            self.branch(branch),
            self.projects(|all| all.last().unwrap().role.clone()),
        );
        let then = Self::number("then").replace('-', "_");
        self.copy(&then, &row.database, &role).await;
        let one = (row.id, Utc::now(), then);
        self.known.lock().unwrap().remembered.push(one);
    }

    /// Has the compute of a branch answer nobody, or everybody again. What is being made anew is there first.
    pub(crate) async fn cut(&self, branch: &str, whether: bool) {
        let _turn = self.turn.lock().await;
        let database = self.branch(branch).database;
        let allows = !whether;
        self.say(&[
            format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS {allows}"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"),
        ])
        .await;
    }
}

/// Makes a branch what it was: the newest that was remembered of it until then. What is in it now becomes another branch, with which it
/// begins from then on, as do all that began with it.
async fn onto_itself(neon: &Neon, id: &str, branch: &str, body: &Value) -> Done {
    let Some(name) = body["preserve_under_name"].as_str() else {
        return Err((400, "preserve_under_name is required"));
    };
    let Some(at) = body["source_timestamp"].as_str() else {
        return Err((400, "source_timestamp or source_lsn is required"));
    };
    let at = DateTime::parse_from_rfc3339(at).unwrap();
    let kept = Neon::number("br-kept");
    let (row, from, role) = {
        let known = neon.known.lock().unwrap();
        let project = known.projects.iter().find(|one| one.id == id).unwrap();
        if project.branches.iter().any(|one| one.name == name) {
            return Err((409, "branch with the provided name already exists"));
        }
        let row = project.branches.iter().find(|one| one.id == branch).cloned();
        let row = row.ok_or((404, "branch not found"))?;
        if row.protected {
            return Err((422, "protected branches cannot be restored"));
        }
        let mut all = known.remembered.iter().rev();
        let from = all.find(|(of, then, _)| of == branch && *then <= at);
        let from = from.ok_or((400, "timestamp is out of the history window"))?.2.clone();
        (row, from, project.role.clone())
    };
    let (own, database, aside) = (neon.clone(), row.database.clone(), kept.replace('-', "_"));
    let renamed = aside.clone();
    let work = async move {
        own.move_aside(&database, &renamed).await;
        own.copy(&database, &from, &role).await;
    };
    tokio::spawn(work).await.unwrap();
    let mut known = neon.known.lock().unwrap();
    // Its own history begins anew.
    known.remembered.retain(|(of, ..)| of != branch);
    let project = find_mut(&mut known, id);
    let children = project.branches.iter_mut();
    children
        .filter(|one| one.parent.as_deref() == Some(branch))
        .for_each(|one| one.parent = Some(kept.clone()));
    project.branches.push(Branch {
        id: kept.clone(),
        name: name.to_owned(),
        default: false,
        created: Utc::now().to_rfc3339(),
        database: aside,
        computes: 0,
        ..row
    });
    let row = project.branches.iter_mut().find(|one| one.id == branch).unwrap();
    row.parent = Some(kept);
    let row = row.clone();
    let shown = shown::branch(project, &row);
    let operations = begins(&mut known, id, "create_timeline", Some(branch));
    Ok((200, json!({ "branch": shown, "operations": operations })))
}

/// Makes a branch what another one is at this moment, or what it was itself at an earlier one.
pub(super) async fn restore(neon: &Neon, id: &str, branch: &str, body: &Value) -> Done {
    let source = body["source_branch_id"].as_str().unwrap();
    let _turn = neon.turn.lock().await;
    if source == branch {
        return onto_itself(neon, id, branch, body).await;
    }
    let (row, from, role) = {
        let mut known = neon.known.lock().unwrap();
        let project = find_mut(&mut known, id);
        let find = |id: &str| project.branches.iter().find(|one| one.id == id).cloned();
        let row = find(branch).ok_or((404, "branch not found"))?;
        let from = find(source).ok_or((404, "source branch not found"))?;
        let has_children = project.branches.iter().any(|one| one.parent.as_deref() == Some(branch));
        if has_children {
            return Err((400, "preserve_under_name is required"));
        }
        if row.protected {
            return Err((422, "protected branches cannot be restored"));
        }
        (row, from, project.role.clone())
    };
    // It goes to its end, whether or not whoever asked lives to hear of it.
    let (own, database, source) = (neon.clone(), row.database.clone(), from.database.clone());
    let work = async move {
        own.say(&[format!("DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)")])
            .await;
        own.copy(&database, &source, &role).await;
    };
    tokio::spawn(work).await.unwrap();
    let mut known = neon.known.lock().unwrap();
    let project = find_mut(&mut known, id);
    let row = project.branches.iter_mut().find(|one| one.id == branch).unwrap();
    // Roles come with the data.
    row.password.clone_from(&from.password);
    let row = row.clone();
    let shown = shown::branch(project, &row);
    let operations = begins(&mut known, id, "create_timeline", Some(branch));
    Ok((200, json!({ "branch": shown, "operations": operations })))
}
