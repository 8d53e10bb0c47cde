//! `flaresmith spec trace [ID]`: from a requirement to everything that carries it.
//!
//! Owns: joining what the model knows with what the repository's files mention. Must not know: either in detail.

use flaresmith_codegen::diagnostics::nearest;
use flaresmith_codegen::trace;
use flaresmith_sync::{SyncError, mentions};

use crate::cli::{Global, TraceArgs};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::View;

/// Runs it.
pub(crate) fn run(args: &TraceArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let Some(compiled) = super::compile(global, false, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let model = &compiled.compilation.model;
    let found = trace::trace(model, args.id.as_deref());
    let Some(id) = &args.id else {
        drop(progress);
        view.trace(&found, None);
        return Ok(Outcome::Clean);
    };
    if found.requirements.is_empty() {
        let known = model
            .features
            .iter()
            .flat_map(|feature| &feature.requirements)
            .map(|requirement| requirement.id.as_str());
        let hint = match nearest(id, known) {
            Some(near) => format!("did you mean `flaresmith spec trace {near}`?"),
            None => "`flaresmith spec trace` lists every requirement".to_owned(),
        };
        return Err(SyncError::new(
            "TRACE_UNKNOWN_REQUIREMENT",
            format!("no feature has a requirement `{id}`"),
        )
        .hint(hint));
    }
    progress.phase("searching files");
    let short = id.rsplit('/').next().unwrap_or(id);
    let mentions = mentions::find(&compiled.root, short)?;
    drop(progress);
    view.trace(&found, Some(&mentions));
    Ok(Outcome::Clean)
}
