//! `flaresmith explain CODE`: what a diagnostic means.
//!
//! Owns: finding the code. Must not know: where it is used.

#[cfg(feature = "client")]
use flaresmith_codegen::diagnostics::Code;
use flaresmith_codegen::diagnostics::nearest;
use flaresmith_sync::{SyncError, codes};

use crate::cli::ExplainArgs;
use crate::outcome::Outcome;
use crate::view::View;

/// Runs it.
pub(crate) fn run(args: &ExplainArgs, view: &mut View) -> Result<Outcome, SyncError> {
    #[cfg(feature = "client")]
    let of_servers = crate::remote::codes::all();
    let codes = codes::all();
    #[cfg(feature = "client")]
    let codes = merged(codes, &of_servers);
    let Some(wanted) = &args.code else {
        view.codes(&codes);
        return Ok(Outcome::Clean);
    };
    if let Some(code) = codes.iter().find(|code| code.id.eq_ignore_ascii_case(wanted)) {
        view.explanation(code);
        return Ok(Outcome::Clean);
    }
    let mut error = SyncError::new("EXPLAIN_UNKNOWN_CODE", format!("there is no code `{wanted}`"));
    error.hint = Some(match nearest(wanted, codes.iter().map(|code| code.id)) {
        Some(near) => format!("did you mean `flaresmith explain {near}`?"),
        None => "`flaresmith explain` lists all codes".to_owned(),
    });
    Err(error)
}

/// Both by name. A code that both have is explained as here.
#[cfg(feature = "client")]
fn merged<'a>(mut codes: Vec<&'a Code>, of_servers: &'a [Code]) -> Vec<&'a Code> {
    codes.extend(of_servers);
    codes.sort_by_key(|code| code.id);
    codes.dedup_by_key(|code| code.id);
    codes
}
