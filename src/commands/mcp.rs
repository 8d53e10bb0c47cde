//! `flaresmith mcp serve`: the operations of a server as tools on standard input and output.
//!
//! Owns: which form of tools. Must not know: the protocol.

use flaresmith_sync::SyncError;

use crate::cli::McpCommand;
use crate::outcome::Outcome;
use crate::remote::{self, Remote, bridge};
use crate::view::View;

/// Runs it.
pub(crate) fn run(command: &McpCommand, view: &mut View) -> Result<Outcome, SyncError> {
    let McpCommand::Serve(args) = command;
    // Standard output belongs to the protocol; a client shows standard error to its user.
    view.results_to_stderr();
    remote::told(view, |_| {
        let path = if args.grouped { "/mcp/grouped" } else { "/mcp" };
        bridge::run(Remote::signed_in()?, path);
        Ok(())
    })
}
