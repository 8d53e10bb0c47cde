//! Collections: running those of a project against what it has deployed.
//!
//! Owns: how many run at once, and what comes of one. Must not know: rows, environments.
//!
//! | module | what it owns |
//! |---|---|
//! | `newman` | the program that runs collections, and where it comes from |
//! | `report` | what it tells of a run |
//!
//! The scripts of a collection are a project's own code, and run here as those of its builds do: who may commit to a project is
//! trusted that far.

mod newman;
mod report;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::node::tools::Tools;
use crate::node::{self, Work};
use crate::telemetry::redact::redacted;
pub use report::{Failed, Report};

/// How many run at the same time.
const AT_ONCE: usize = 2;

/// Longest time for one request of a collection.
const REQUEST: Duration = Duration::from_secs(30);

/// So much of what the program wrote is told when it did not get to its end, in characters.
const TOLD: usize = 300;

/// Runs collections.
#[derive(Debug, Clone)]
pub struct Collections {
    folder: PathBuf,
    newman: Option<PathBuf>,
    tools: Tools,
    limit: Duration,
    slots: Arc<Semaphore>,
}

/// What is to be run.
#[derive(Debug)]
pub struct Order {
    /// The collection, a document of Postman.
    pub collection: Vec<u8>,
    /// Its variables in the environment, another one.
    pub environment: Option<Vec<u8>>,
    /// Where the environment answers.
    pub url: String,
    /// Only this folder of the collection.
    pub folder: Option<String>,
}

impl Collections {
    /// In a data folder, each run within a limit of time. `newman`: the program, when the settings name it.
    #[must_use]
    pub fn new(data: &Path, newman: Option<PathBuf>, tools: Tools, limit: Duration) -> Self {
        Self {
            folder: data.join("collections"),
            newman,
            tools,
            limit,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Runs one.
    ///
    /// # Errors
    /// It could not be carried out, which says nothing about what was to be tested.
    pub async fn run(&self, order: &Order) -> Result<Report, Failure> {
        let _slot = self.slots.acquire().await.map_err(Failure::internal)?;
        let all = self.folder.join("scratch");
        fs::create_dir_all(&all).map_err(Failure::internal)?;
        let scratch = TempDir::new_in(&all).map_err(Failure::internal)?;
        node::prepare(scratch.path())?;
        let (log_file, report_file) = (scratch.path().join("log"), scratch.path().join("report.json"));
        let log = File::create(&log_file).map_err(Failure::internal)?;
        let cache = std::path::absolute(self.folder.join("cache")).map_err(Failure::internal)?;
        let work = Work {
            folder: scratch.path(),
            scratch: scratch.path(),
            cache: &cache,
            log: &log,
            begun: Instant::now(),
            limit: self.limit,
        };
        let program = newman::program(self.newman.as_deref(), &self.tools).await?;
        fs::write(scratch.path().join("collection.json"), &order.collection).map_err(Failure::internal)?;
        if let Some(environment) = &order.environment {
            fs::write(scratch.path().join("environment.json"), environment).map_err(Failure::internal)?;
        }
        let ended = work.run(newman::words(&program, order, REQUEST)).await?;
        let written = || {
            let text = fs::read(&log_file).unwrap_or_default();
            let text = redacted(&String::from_utf8_lossy(&text)).into_owned();
            let from = text.char_indices().rev().nth(TOLD).map_or(0, |(from, _)| from);
            text[from..].trim().to_owned()
        };
        // Its status tells whether assertions failed, which the report tells better.
        let read = match ended {
            Ok(_) => report::read(&report_file).map_err(|why| format!("{why}: {}", written())),
            Err(why) => Err(why),
        };
        read.map_err(|why| unavailable(&format!("The collection could not be run: {why}.")))
    }
}

/// The program that stands in Postman's place cannot do its work.
fn unavailable(message: &str) -> Failure {
    Failure::new(ErrorCode::IntegrationPostmanUnavailable).with_message(message)
}
