//! The domain `tools`: tools of language models.
//!
//! Owns: its operations, and the rows of the tools that the specs of a project give. Must not know: HTTP, how descriptors are
//! generated.

use chrono::{DateTime, Utc};
use flaresmith_api::api::tools::{GetToolRequest, GetToolResponse, ListToolsRequest, ListToolsResponse, ToolsApi};
use flaresmith_api::errors::{ErrorCode, Failure};
use flaresmith_api::server::Context;
use flaresmith_codegen::Compilation;
use flaresmith_store::entities::mcp_tool_descriptors::{ActiveModel, Column, Entity, Model};
use flaresmith_store::enums::Provider;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use serde_json::Value;
use uuid::Uuid;

use crate::features::shown::{listed, shown};
use crate::platform::Platform;
use crate::sealing::digest;
use crate::store::page::{Asked, newest_first};
use crate::store::{Write, failed, new_id};

impl ToolsApi for Platform {
    async fn list_tools(&self, _: Context, request: ListToolsRequest) -> Result<ListToolsResponse, Failure> {
        let project = request.project_id;
        let mut select = Entity::find().filter(Column::ProjectId.eq(project));
        if let Some(provider) = request.provider {
            let stored = Provider::try_from(provider.as_str()).map_err(Failure::internal)?;
            select = select.filter(Column::Provider.eq(stored));
        }
        let asked = Asked {
            list: &format!("tools/{project}/{:?}", request.provider),
            cursor: request.cursor.as_deref(),
            limit: request.limit,
        };
        let by = (Column::CreatedAt, Column::Id);
        let page = newest_first(self.store.read(), &self.cursors, asked, select, by, |row| {
            (row.created_at, row.id)
        })
        .await?;
        listed(&page).map(ListToolsResponse::Ok)
    }

    async fn get_tool(&self, _: Context, request: GetToolRequest) -> Result<GetToolResponse, Failure> {
        let row = Entity::find()
            .filter(Column::ProjectId.eq(request.project_id))
            .filter(Column::Name.eq(&request.tool_name))
            .one(self.store.read())
            .await
            .map_err(failed)?;
        let absent = || Failure::new(ErrorCode::ToolNotFound).with_context("toolName", &request.tool_name);
        shown(&row.ok_or_else(absent)?).map(GetToolResponse::Ok)
    }
}

/// A tool as the specs give it.
#[derive(Debug, Clone)]
pub(crate) struct Descriptor {
    name: String,
    operation: Option<String>,
    /// The generated descriptor.
    content: Value,
}

/// The tools that specs give: one an operation.
pub(crate) fn of(compilation: &Compilation) -> Vec<Descriptor> {
    let artifact = compilation
        .artifacts
        .iter()
        .find(|artifact| artifact.target == "mcp" && artifact.path.ends_with("/tools.json"));
    let document: Option<Value> = artifact.and_then(|artifact| serde_json::from_str(&artifact.text.whole()).ok());
    let tools = document.as_ref().and_then(|document| document.get("tools")?.as_array());
    let descriptor = |tool: &Value| {
        let name = tool.get("name")?.as_str()?.to_owned();
        let mut operations = compilation.model.operations.iter();
        let operation = operations.find(|operation| operation.policy.mcp.name == name);
        Some(Descriptor {
            operation: operation.map(|operation| operation.id.raw.to_string()),
            name,
            content: tool.clone(),
        })
    };
    tools.into_iter().flatten().filter_map(descriptor).collect()
}

/// Keeps these as the tools of a project: those that are the same stay as they are, those that are gone go.
pub(crate) async fn keep(
    write: &Write,
    project: Uuid,
    version: Option<Uuid>,
    tools: &[Descriptor],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let names = tools.iter().map(|tool| tool.name.as_str());
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project))
        .filter(Column::Name.is_not_in(names))
        .exec(&**write)
        .await
        .map_err(failed)?;
    let known = Entity::find()
        .filter(Column::ProjectId.eq(project))
        .all(&**write)
        .await
        .map_err(failed)?;
    for tool in tools {
        let known = known.iter().find(|row| row.name == tool.name);
        let digest = digest(tool.content.to_string().as_bytes());
        if known.is_none_or(|row| row.digest != digest) {
            row(write, project, version, tool, known, digest, now).await?;
        }
    }
    Ok(())
}

async fn row(
    write: &Write,
    project: Uuid,
    version: Option<Uuid>,
    tool: &Descriptor,
    known: Option<&Model>,
    digest: String,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let text = |member: &str, most: usize| -> String {
        let text = tool.content.get(member).and_then(Value::as_str);
        text.unwrap_or_default().chars().take(most).collect()
    };
    let part = |member: &str| tool.content.get(member).cloned();
    let title = Some(text("title", 120)).filter(|title| !title.is_empty());
    let mut row = match known {
        Some(known) => known.clone().into_active_model(),
        None => ActiveModel {
            id: Set(new_id()),
            project_id: Set(project),
            name: Set(tool.name.clone()),
            // Which integration a tool needs, contracts do not say.
            provider: Set(None),
            created_at: Set(now),
            ..Default::default()
        },
    };
    row.title = Set(title.unwrap_or_else(|| tool.name.clone()));
    row.description = Set(text("description", 2000));
    row.operation_id = Set(tool.operation.clone());
    row.input_schema = Set(part("inputSchema").unwrap_or_default());
    row.output_schema = Set(part("outputSchema"));
    row.annotations = Set(part("annotations").unwrap_or_default());
    row.digest = Set(digest);
    row.spec_version_id = Set(version);
    row.updated_at = Set(now);
    match known {
        Some(_) => row.update(&**write).await,
        None => row.insert(&**write).await,
    }
    .map_err(failed)?;
    Ok(())
}
