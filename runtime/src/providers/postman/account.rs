//! Whose key it is, and what it may do.
//!
//! Owns: which calls tell. Must not know: what is made with it.

use axum::http::{Method, StatusCode};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_store::enums::Provider;
use serde::Deserialize;
use serde_json::Value;

use super::{Postman, because};
use crate::providers::cloud::{Access, refused};

/// A key, and what it is for.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whose it is, and of which team.
    pub name: String,
    /// What that person is in the team.
    pub roles: Vec<String>,
}

/// What the key has to be good for.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// Whether the workspace belongs to a team.
    pub of_team: bool,
    /// The id of the team, where somebody named it.
    pub team: Option<&'a str>,
    /// A workspace that it must reach.
    pub workspace: Option<&'a str>,
}

#[derive(Deserialize)]
struct Me {
    user: User,
}

/// A person, of whom nothing but the id is always told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Value,
    username: Option<String>,
    full_name: Option<String>,
    team_id: Option<Value>,
    team_name: Option<String>,
    roles: Option<Vec<String>>,
}

impl Postman {
    /// Whose key it is, and whether what is needed can be done with it.
    ///
    /// # Errors
    /// It is nobody's, it may not do what it has to, or Postman does not answer.
    pub async fn account(&self, access: &Access, needs: Needs<'_>) -> Result<Account, Failure> {
        let unknown = |failure: Failure| match failure.code() {
            ErrorCode::IntegrationPostmanRejected => refused(Provider::Postman, Vec::new()),
            _ => failure,
        };
        let answer = self
            .call(access, Method::GET, &["me"], &[], None)
            .await
            .map_err(unknown)?;
        match answer.status {
            // Not that nobody has it: there are no calls left.
            StatusCode::TOO_MANY_REQUESTS => return Err(because(&answer)),
            status if status.is_success() => {}
            _ => return Err(refused(Provider::Postman, Vec::new())),
        }
        let Me { user } = answer.json()?;
        // Somebody without a team has the number 0, or none.
        let team = user.team_id.as_ref().map(plain).filter(|id| id != "0");
        if let Some(wanted) = needs.team.filter(|wanted| team.as_deref() != Some(wanted)) {
            return Err(refused(Provider::Postman, vec![format!("team {wanted}")])
                .with_message("The key is for another team.")
                .with_hint(match &team {
                    Some(team) => format!("The key is for team {team}."),
                    None => "Whoever the key belongs to is in no team.".to_owned(),
                }));
        }
        if needs.of_team && team.is_none() {
            return Err(refused(Provider::Postman, vec!["a team".to_owned()])
                .with_message("Whoever the key belongs to is in no team, and so has no workspaces of one.")
                .with_hint("Set workspaceType to personal."));
        }
        let answer = self
            .call(access, Method::GET, &["workspaces"], &[("limit", "1")], None)
            .await?;
        match answer.status {
            StatusCode::FORBIDDEN => return Err(refused(Provider::Postman, vec!["workspaces".to_owned()])),
            status if status.is_success() => {}
            _ => return Err(because(&answer)),
        }
        if let Some(id) = needs.workspace
            && self.workspace(access, id).await?.is_none()
        {
            return Err(refused(Provider::Postman, vec![format!("workspace {id}")])
                .with_message("The workspace of the project is gone, or the key may not see it.")
                .with_hint("Use a key that sees it, or end the connection first: then another workspace is made."));
        }
        let person = user
            .full_name
            .filter(|name| !name.is_empty())
            .or(user.username)
            .unwrap_or_else(|| plain(&user.id));
        let team = user.team_name.filter(|name| !name.is_empty());
        Ok(Account {
            name: team.map_or_else(|| person.clone(), |team| format!("{person} ({team})")),
            roles: user.roles.unwrap_or_default(),
        })
    }
}

/// A number or a text as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
