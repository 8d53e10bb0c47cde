//! `flaresmith audit list`.
//!
//! Owns: what is asked of the server about its audit log. Must not know: tokens, layout.

use flaresmith_api::api::audit::{ListAuditEventsRequest, ListAuditEventsResponse};
use flaresmith_sync::SyncError;

use super::project::id_of;
use crate::cli::{AuditCommand, AuditListArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs it.
pub(crate) fn run(command: &AuditCommand, view: &mut View) -> Result<Outcome, SyncError> {
    let AuditCommand::List(args) = command;
    remote::told(view, |view| list(&Remote::signed_in()?, args, view))
}

fn list(remote: &Remote, args: &AuditListArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let (items, more) = remote::listed(args.list.limit, |cursor, limit| {
        let request = ListAuditEventsRequest {
            project_id,
            cursor,
            limit: Some(limit),
            actor_id: None,
            period: None,
        };
        let ListAuditEventsResponse::Ok(page) = remote.wait(remote.client().list_audit_events(request))?;
        Ok((page.items, page.next_cursor))
    })?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|one| {
            vec![
                remote::moment(one.created_at),
                one.action.clone(),
                one.outcome.to_string(),
                one.code.clone().unwrap_or_default(),
                one.summary.clone(),
                one.request_id.map(|id| id.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    let heads = ["WHEN", "ACTION", "OUTCOME", "CODE", "WHAT", "REQUEST"];
    view.page(&heads, &rows, &items, more);
    Ok(())
}
