//! Operations: what Neon does after it has answered.
//!
//! Owns: waiting for their end, which has a budget of its own. Must not know: what began them.

use std::time::{Duration, Instant};

use axum::http::Method;
use flaresmith_api::errors::Failure;
use serde::Deserialize;
use serde_json::Value;

use super::{Neon, because};
use crate::providers::cloud::{Access, Answer, Waits};

/// How long operations may take. Whoever comes later finds them again, and waits as long.
const READY: Duration = Duration::from_secs(90);

/// So many of the newest operations are looked through for those that have not ended.
const NEWEST: &str = "100";

#[derive(Deserialize, Clone)]
struct Operation {
    id: String,
    status: String,
    #[serde(default)]
    action: String,
}

enum Stage {
    Done,
    UnderWay,
    Failed,
}

impl Operation {
    fn stage(&self) -> Stage {
        match self.status.as_str() {
            "finished" | "skipped" | "cancelled" => Stage::Done,
            "failed" | "error" => Stage::Failed,
            _ => Stage::UnderWay,
        }
    }
}

#[derive(Deserialize)]
struct Told {
    operation: Operation,
}

impl Neon {
    /// Waits for everything that an answer began.
    pub(super) async fn ended(&self, access: &Access, project: &str, answer: &Answer) -> Result<(), Failure> {
        // What is gone already is answered without a body.
        if answer.body.is_empty() {
            return Ok(());
        }
        let told: Value = answer.json()?;
        let ids = told["operations"].as_array().into_iter().flatten();
        let ids = ids.filter_map(|one| one["id"].as_str()).map(str::to_owned).collect();
        self.wait(access, project, ids).await
    }

    /// Waits for whatever is under way in a project: somebody began it and did not see its end.
    ///
    /// # Errors
    /// It does not end, or Neon does not answer or refuses.
    pub async fn settled(&self, access: &Access, project: &str) -> Result<(), Failure> {
        let path = ["projects", project, "operations"];
        let answer = self
            .call(access, Method::GET, &path, &[("limit", NEWEST)], None)
            .await?;
        if !answer.status.is_success() {
            return Err(because(&answer));
        }
        #[derive(Deserialize)]
        struct Page {
            operations: Vec<Operation>,
        }
        let page: Page = answer.json()?;
        let under_way = page
            .operations
            .into_iter()
            .filter(|one| matches!(one.stage(), Stage::UnderWay));
        self.wait(access, project, under_way.map(|one| one.id).collect()).await
    }

    /// Every one is asked for: none stands for the others.
    async fn wait(&self, access: &Access, project: &str, ids: Vec<String>) -> Result<(), Failure> {
        let began = Instant::now();
        for id in ids {
            let mut waits = Waits::begin();
            let path = ["projects", project, "operations", &id];
            loop {
                let found: Option<Told> = self.found(access, &path, &[]).await?;
                // One that is known no more is long over.
                let Some(Told { operation }) = found else { break };
                match operation.stage() {
                    Stage::Done => break,
                    Stage::Failed => {
                        let reason = format!("its own operation `{}` failed.", word(&operation.action));
                        return Err(Self::failures().rejected(&reason));
                    }
                    Stage::UnderWay if began.elapsed() >= READY => {
                        return Err(Self::failures().away("What it began does not come to an end."));
                    }
                    Stage::UnderWay => tokio::time::sleep(waits.following()).await,
                }
            }
        }
        Ok(())
    }
}

/// A word of theirs, and nothing else.
fn word(text: &str) -> String {
    let plain = text.chars().filter(|sign| sign.is_ascii_lowercase() || *sign == '_');
    plain.take(60).collect()
}
