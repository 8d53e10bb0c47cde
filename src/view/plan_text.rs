//! A project's plan and its drift, as a person reads them.
//!
//! Owns: their layout. Must not know: how either came about. The documents are the server's own, whose form its contract has.

use std::fmt::Write as _;

use flaresmith_api::types::{
    ChangedFileType, DriftFinding, DriftFindingKind, PlannedEnvironment, PlannedProvisioning,
    PlannedProvisioningAction, PlannedStep, ProjectDrift, ProjectDriftStatus, ProjectPlan,
};

use super::human::{BOLD, plain, styled};
use super::{Format, View, json};

/// Signs of a commit that are shown.
const SIGNS: usize = 7;

impl View {
    /// Shows what would be done to a project.
    pub(crate) fn planned(&mut self, plan: &ProjectPlan) {
        let text = match self.format {
            Format::Human => plan_text(plan),
            _ => json::document(plan),
        };
        self.result(&text);
    }

    /// Shows what of a project is not as it should be.
    pub(crate) fn drifted(&mut self, drift: &ProjectDrift) {
        let text = match self.format {
            Format::Human => drift_text(drift),
            _ => json::document(drift),
        };
        self.result(&text);
    }
}

fn head(text: &mut String, line: &str) {
    let _ = writeln!(text, "{}", styled(BOLD, plain(line)));
}

/// Lines of the server's text, so many signs from the left.
fn below(text: &mut String, indent: usize, lines: &str) {
    for line in lines.lines() {
        let _ = writeln!(text, "{:indent$}{}", "", plain(line));
    }
}

fn commit(id: Option<&str>) -> String {
    id.map_or_else(|| "nothing".to_owned(), |id| id.chars().take(SIGNS).collect())
}

fn plan_text(plan: &ProjectPlan) -> String {
    let mut text = String::new();
    if plan.is_empty {
        text.push_str("nothing is to be done\n");
    }
    files(&mut text, plan);
    for one in &plan.environments {
        environment(&mut text, one);
    }
    provisioning(&mut text, &plan.provisioning);
    if !plan.unknown.is_empty() {
        head(&mut text, "could not be asked");
        for one in &plan.unknown {
            finding(&mut text, one);
        }
    }
    let _ = writeln!(text, "{}  {}", styled(BOLD, "digest"), plain(&plan.digest));
    text
}

fn files(text: &mut String, plan: &ProjectPlan) {
    if plan.changed_files.is_empty() && plan.conflicts.is_empty() {
        return;
    }
    let branch = plan.branch.as_deref().unwrap_or_default();
    head(
        text,
        &format!(
            "files that an apply changes on {branch} ({})",
            commit(plan.commit_sha.as_deref())
        ),
    );
    for file in &plan.changed_files {
        let sign = match file.r#type {
            ChangedFileType::Added => '+',
            ChangedFileType::Modified => '~',
            ChangedFileType::Removed => '-',
        };
        below(
            text,
            2,
            &format!("{sign} {} {} ({})", file.r#type, file.path, file.diff_summary),
        );
    }
    for one in &plan.conflicts {
        below(text, 2, &format!("! {} {}: {}", one.reason, one.path, one.suggestion));
    }
}

fn environment(text: &mut String, one: &PlannedEnvironment) {
    if !one.is_behind && one.migrations.is_empty() && one.migrations_unknown.is_none() {
        return;
    }
    let (head_now, runs) = (commit(one.head_sha.as_deref()), commit(one.deployed_sha.as_deref()));
    let what = match one.is_behind {
        true => format!(
            "a deployment to {} brings {head_now} of {} in place of {runs}",
            one.name, one.branch
        ),
        false => format!(
            "a deployment of {head_now} to {} makes migrations that are missing",
            one.name
        ),
    };
    head(text, &what);
    if let Some(why) = &one.migrations_unknown {
        below(text, 2, &format!("? its migrations are not known: {why}"));
    }
    for migration in &one.migrations {
        below(text, 2, &format!("migration {}", migration.name));
        for statement in &migration.statements {
            below(text, 4, statement);
        }
    }
}

fn provisioning(text: &mut String, left: &PlannedProvisioning) {
    let what = match left.action {
        PlannedProvisioningAction::None => return,
        PlannedProvisioningAction::UnderWay => "steps that the run under way carries out",
        PlannedProvisioningAction::Retry => "steps that `flaresmith project retry` carries out",
        PlannedProvisioningAction::TakeAway => "steps that `flaresmith project retry` takes back",
        PlannedProvisioningAction::Begin => "steps of a run that connecting a provider again begins",
    };
    head(text, what);
    for one in &left.steps {
        step(text, one);
    }
}

fn step(text: &mut String, one: &PlannedStep) {
    below(text, 2, &format!("{}  {}", one.name, one.resource_key));
    for call in &one.calls {
        let place = match (call.provider, call.method, &call.path) {
            (Some(provider), Some(method), Some(path)) => format!("{provider} {method} {path}"),
            _ => "here".to_owned(),
        };
        let sign = if call.changes { '~' } else { '?' };
        below(text, 4, &format!("{sign} {place}: {}", call.summary));
    }
}

fn drift_text(drift: &ProjectDrift) -> String {
    let mut text = String::new();
    for one in &drift.findings {
        finding(&mut text, one);
    }
    let compared = drift.compared_count;
    let line = match drift.status {
        ProjectDriftStatus::Clean => format!("clean: {compared} things compared"),
        ProjectDriftStatus::Drift => format!("drift: {compared} things compared, {} findings", drift.findings.len()),
        ProjectDriftStatus::Unknown => {
            format!(
                "unknown: {compared} things compared, {} could not be asked",
                drift.findings.len()
            )
        }
        ProjectDriftStatus::Empty => "nothing was compared: nothing has been made for the project yet".to_owned(),
    };
    let _ = writeln!(text, "{}", plain(&line));
    text
}

fn finding(text: &mut String, one: &DriftFinding) {
    let sign = match one.kind {
        DriftFindingKind::Unknown => '?',
        DriftFindingKind::Missing => '-',
        DriftFindingKind::Foreign | DriftFindingKind::Differs => '!',
    };
    below(text, 0, &format!("{sign} {} {}", one.kind, one.resource_key));
    for (name, value) in [("is", &one.is), ("should be", &one.should_be), ("next", &one.hint)] {
        below(text, 4, &format!("{name:<9}  {value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_stand_on_lines_of_their_own_and_hold_no_controls() {
        let mut text = String::new();
        below(&mut text, 4, "CREATE TABLE a (\n\tb text\u{1b}[2J\n);");
        assert_eq!(text.lines().count(), 3);
        assert!(
            !text.contains('\u{1b}') && text.starts_with("    CREATE TABLE"),
            "{text:?}"
        );
    }
}
