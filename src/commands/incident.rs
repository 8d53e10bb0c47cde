//! `flaresmith incident list|show`.
//!
//! Owns: what is asked of the server about outages. Must not know: tokens, layout.

use flaresmith_api::api::incidents::{
    GetIncidentRequest, GetIncidentResponse, ListIncidentsRequest, ListIncidentsResponse,
};
use flaresmith_sync::SyncError;

use super::project::id_of;
use crate::cli::{IncidentCommand, IncidentListArgs, IncidentShowArgs};
use crate::outcome::Outcome;
use crate::remote::{self, Remote, Trouble};
use crate::view::View;

/// Runs one of them.
pub(crate) fn run(command: &IncidentCommand, view: &mut View) -> Result<Outcome, SyncError> {
    remote::told(view, |view| {
        let remote = Remote::signed_in()?;
        match command {
            IncidentCommand::List(args) => list(&remote, args, view),
            IncidentCommand::Show(args) => show(&remote, args, view),
        }
    })
}

fn list(remote: &Remote, args: &IncidentListArgs, view: &mut View) -> Result<(), Trouble> {
    let project_id = id_of(remote, &args.project)?;
    let state = args.state.as_deref().and_then(|state| state.parse().ok());
    let (items, more) = remote::listed(args.list.limit, |cursor, limit| {
        let request = ListIncidentsRequest {
            project_id,
            cursor,
            limit: Some(limit),
            state,
            since: None,
        };
        let ListIncidentsResponse::Ok(page) = remote.wait(remote.client().list_incidents(request))?;
        Ok((page.items, page.next_cursor))
    })?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|one| {
            vec![
                remote::moment(one.detected_at),
                one.kind.to_string(),
                one.state.to_string(),
                one.severity.to_string(),
                one.summary.clone(),
                one.id.to_string(),
            ]
        })
        .collect();
    view.page(
        &["SINCE", "KIND", "STATE", "SEVERITY", "WHAT", "ID"],
        &rows,
        &items,
        more,
    );
    Ok(())
}

fn show(remote: &Remote, args: &IncidentShowArgs, view: &mut View) -> Result<(), Trouble> {
    let request = GetIncidentRequest {
        project_id: id_of(remote, &args.project)?,
        incident_id: args.incident,
    };
    let GetIncidentResponse::Ok(one) = remote.wait(remote.client().get_incident(request))?;
    let seconds = |time: Option<f64>| time.map(|time| format!("{time:.0} s")).unwrap_or_default();
    let facts = [
        ("id", one.id.to_string()),
        ("kind", one.kind.to_string()),
        ("state", one.state.to_string()),
        ("severity", one.severity.to_string()),
        ("what", one.summary.clone()),
        ("since", remote::moment(one.detected_at)),
        ("mitigated", one.mitigated_at.map(remote::moment).unwrap_or_default()),
        ("resolved", one.resolved_at.map(remote::moment).unwrap_or_default()),
        ("down for", seconds(one.downtime_seconds)),
        ("lost window", seconds(one.lost_window_seconds)),
    ];
    view.facts(&facts, &one);
    Ok(())
}
