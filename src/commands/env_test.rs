//! `flaresmith env test`.
//!
//! Owns: running the collection of an environment, and telling what did not hold. Must not know: tokens, layout.

use flaresmith_api::api::tests::{GetTestRunRequest, GetTestRunResponse, StartTestRunRequest, StartTestRunResponse};
use flaresmith_api::types::{PostmanTestRun, TestRunStart, TestRunState};

use super::env::detail;
use super::env_change::{once, patiently};
use crate::cli::EnvTestArgs;
use crate::remote::{Remote, Trouble};
use crate::view::View;

/// Runs it, and follows that to its end.
pub(super) fn test(remote: &Remote, args: &EnvTestArgs, view: &mut View) -> Result<(), Trouble> {
    let environment = detail(remote, &args.place)?;
    let request = StartTestRunRequest {
        project_id: environment.project_id,
        idempotency_key: once(),
        body: TestRunStart {
            environment_id: environment.id,
            folder: args.folder.clone(),
            purpose: None,
        },
    };
    let StartTestRunResponse::Accepted { body, .. } = remote.wait(remote.client().start_test_run(request))?;
    if args.no_wait {
        view.did(&format!("test run {} has begun", body.id), &body);
        return Ok(());
    }
    let mut last = None;
    let ended = patiently(|| {
        let request = GetTestRunRequest {
            project_id: body.project_id,
            test_run_id: body.id,
        };
        let GetTestRunResponse::Ok(found) = remote.wait(remote.client().get_test_run(request))?;
        if last != Some(found.state) {
            last = Some(found.state);
            view.went("test", &found.state.to_string());
        }
        let goes_on = matches!(found.state, TestRunState::Queued | TestRunState::Running);
        Ok((!goes_on).then_some(found))
    })?;
    match ended.state {
        TestRunState::Passed => {
            shown(&ended, view);
            Ok(())
        }
        _ => Err(trouble(&ended, args)),
    }
}

fn shown(run: &PostmanTestRun, view: &mut View) {
    let facts = [
        ("id", run.id.to_string()),
        ("collection", run.collection.clone()),
        ("state", run.state.to_string()),
        ("assertions", run.assertion_count.to_string()),
        ("failed", run.failed_count.to_string()),
        (
            "took",
            run.duration_ms.map(|took| format!("{took} ms")).unwrap_or_default(),
        ),
    ];
    view.facts(&facts, run);
}

/// What did not hold, and what to type.
fn trouble(run: &PostmanTestRun, args: &EnvTestArgs) -> Trouble {
    let (code, mut message) = match run.state {
        TestRunState::Errored => ("TEST_RUN_ERRORED", "the collection could not be run".to_owned()),
        _ if run.assertion_count == 0 => ("TEST_RUN_FAILED", "the collection asserts nothing".to_owned()),
        _ => (
            "TEST_RUN_FAILED",
            format!("{} of {} assertions do not hold", run.failed_count, run.assertion_count),
        ),
    };
    for failure in &run.failures {
        message.push_str(&format!(
            "\n  {}: {}: {}",
            failure.request, failure.assertion, failure.message
        ));
    }
    let (project, environment) = (&args.place.project, &args.place.environment);
    Trouble::local(code, message).hint(format!(
        "`flaresmith env history {project} --environment {environment}` tells what runs there"
    ))
}
