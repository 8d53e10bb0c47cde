//! The domain `projects`: projects, their members, integrations and provisioning.
//!
//! Owns: its operations. Must not know: HTTP.

mod create;
mod detail;
mod drift;
mod integrations;
mod list;
mod members;
pub(crate) mod plan;
mod provisioning;
mod service_token;

use flaresmith_api::api::projects::{
    AddMemberRequest, AddMemberResponse, CancelProvisioningRequest, CancelProvisioningResponse,
    ConnectIntegrationRequest, ConnectIntegrationResponse, CreateProjectRequest, CreateProjectResponse,
    CreateServiceTokenRequest, CreateServiceTokenResponse, DisconnectIntegrationRequest, DisconnectIntegrationResponse,
    GetIntegrationRequest, GetIntegrationResponse, GetProjectDriftRequest, GetProjectDriftResponse, GetProjectRequest,
    GetProjectResponse, GetProvisioningRequest, GetProvisioningResponse, ListIntegrationsRequest,
    ListIntegrationsResponse, ListMembersRequest, ListMembersResponse, ListProjectsRequest, ListProjectsResponse,
    ListProvisioningRunsRequest, ListProvisioningRunsResponse, ListResourcesRequest, ListResourcesResponse,
    ListServiceTokensRequest, ListServiceTokensResponse, PlanProjectRequest, PlanProjectResponse, ProjectsApi,
    RemoveMemberRequest, RemoveMemberResponse, RetryProvisioningRequest, RetryProvisioningResponse,
    RevokeServiceTokenRequest, RevokeServiceTokenResponse, StreamProvisioningRequest, StreamProvisioningResponse,
    UpdateIntegrationRequest, UpdateIntegrationResponse, UpdateMemberRequest, UpdateMemberResponse,
    UpdateProjectRequest, UpdateProjectResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use crate::features::shown::shown;
use crate::pipeline::Access;
use crate::platform::Platform;
use crate::provisioning::{events, request as runs};
use crate::store::version;
pub(crate) use detail::integrations as integration_states;
pub(crate) use integrations::{access, connected_settings, connection, reseal, signs_in};

impl ProjectsApi for Platform {
    async fn list_projects(
        &self,
        context: Context,
        request: ListProjectsRequest,
    ) -> Result<ListProjectsResponse, Failure> {
        let access = Access::of(&context)?;
        list::page(self, &access.caller, request)
            .await
            .map(ListProjectsResponse::Ok)
    }

    async fn create_project(
        &self,
        context: Context,
        request: CreateProjectRequest,
    ) -> Result<CreateProjectResponse, Failure> {
        let access = Access::of(&context)?;
        let body = create::create(self, access, request.body).await?;
        Ok(CreateProjectResponse::Created {
            e_tag: Some(version::tag(body.version)),
            location: Some(format!("/projects/{}", body.id)),
            body,
        })
    }

    async fn get_project(&self, context: Context, request: GetProjectRequest) -> Result<GetProjectResponse, Failure> {
        let access = Access::of(&context)?;
        let body = detail::read(self, access.role, request.project_id).await?;
        Ok(GetProjectResponse::Ok {
            e_tag: Some(version::tag(body.version)),
            body,
        })
    }

    async fn update_project(
        &self,
        context: Context,
        request: UpdateProjectRequest,
    ) -> Result<UpdateProjectResponse, Failure> {
        let access = Access::of(&context)?;
        detail::update(self, request.project_id, request.if_match.as_deref(), request.body).await?;
        let body = detail::read(self, access.role, request.project_id).await?;
        Ok(UpdateProjectResponse::Ok {
            e_tag: Some(version::tag(body.version)),
            body,
        })
    }

    async fn list_members(&self, _: Context, request: ListMembersRequest) -> Result<ListMembersResponse, Failure> {
        members::list(self, request).await.map(ListMembersResponse::Ok)
    }

    async fn add_member(&self, _: Context, request: AddMemberRequest) -> Result<AddMemberResponse, Failure> {
        let project = request.project_id;
        let body = members::add(self, project, request.body).await?;
        Ok(AddMemberResponse::Created {
            location: Some(format!("/projects/{project}/members/{}", body.member.id)),
            body,
        })
    }

    async fn update_member(&self, _: Context, request: UpdateMemberRequest) -> Result<UpdateMemberResponse, Failure> {
        let (project, member) = (request.project_id, request.member_id);
        members::change(self, project, member, request.body.role)
            .await
            .map(UpdateMemberResponse::Ok)
    }

    async fn remove_member(&self, _: Context, request: RemoveMemberRequest) -> Result<RemoveMemberResponse, Failure> {
        members::remove(self, request.project_id, request.member_id).await?;
        Ok(RemoveMemberResponse::NoContent)
    }

    async fn list_integrations(
        &self,
        _: Context,
        request: ListIntegrationsRequest,
    ) -> Result<ListIntegrationsResponse, Failure> {
        integrations::list(self, request)
            .await
            .map(ListIntegrationsResponse::Ok)
    }

    async fn get_integration(
        &self,
        _: Context,
        request: GetIntegrationRequest,
    ) -> Result<GetIntegrationResponse, Failure> {
        let seen = integrations::get(self, request.project_id, request.provider).await?;
        Ok(GetIntegrationResponse::Ok {
            e_tag: Some(seen.tag),
            body: seen.view,
        })
    }

    async fn connect_integration(
        &self,
        context: Context,
        request: ConnectIntegrationRequest,
    ) -> Result<ConnectIntegrationResponse, Failure> {
        let by = Access::of(&context)?.caller.user();
        let (project, provider) = (request.project_id, request.provider);
        let connected =
            integrations::connect(self, project, provider, request.if_match.as_deref(), by, request.body).await?;
        Ok(match connected.is_new {
            true => ConnectIntegrationResponse::Created {
                e_tag: Some(connected.tag),
                location: Some(format!("/projects/{project}/integrations/{}", provider.as_str())),
                body: connected.body,
            },
            false => ConnectIntegrationResponse::Ok {
                e_tag: Some(connected.tag),
                body: connected.body,
            },
        })
    }

    async fn update_integration(
        &self,
        _: Context,
        request: UpdateIntegrationRequest,
    ) -> Result<UpdateIntegrationResponse, Failure> {
        let (project, provider) = (request.project_id, request.provider);
        let seen = integrations::update(self, project, provider, request.if_match.as_deref(), request.body).await?;
        Ok(UpdateIntegrationResponse::Ok {
            e_tag: Some(seen.tag),
            body: seen.view,
        })
    }

    async fn disconnect_integration(
        &self,
        _: Context,
        request: DisconnectIntegrationRequest,
    ) -> Result<DisconnectIntegrationResponse, Failure> {
        integrations::disconnect(self, request.project_id, request.provider).await?;
        Ok(DisconnectIntegrationResponse::NoContent)
    }

    async fn get_provisioning(
        &self,
        _: Context,
        request: GetProvisioningRequest,
    ) -> Result<GetProvisioningResponse, Failure> {
        provisioning::latest(self, request.project_id)
            .await
            .map(GetProvisioningResponse::Ok)
    }

    async fn stream_provisioning(
        &self,
        context: Context,
        request: StreamProvisioningRequest,
    ) -> Result<StreamProvisioningResponse, Failure> {
        let caller = Access::of(&context)?.caller.clone();
        events::follow(self, request.project_id, caller, request.last_event_id.as_deref())
            .await
            .map(StreamProvisioningResponse::Ok)
    }

    async fn retry_provisioning(
        &self,
        _: Context,
        request: RetryProvisioningRequest,
    ) -> Result<RetryProvisioningResponse, Failure> {
        let planned = plan::demand(self, request.project_id, request.plan_digest.as_deref(), None).await?;
        let run = runs::retry(self, request.project_id, planned.as_ref()).await?;
        shown(&run).map(RetryProvisioningResponse::Accepted)
    }

    async fn cancel_provisioning(
        &self,
        _: Context,
        request: CancelProvisioningRequest,
    ) -> Result<CancelProvisioningResponse, Failure> {
        let run = runs::cancel(self, request.project_id).await?;
        shown(&run).map(CancelProvisioningResponse::Accepted)
    }

    async fn list_provisioning_runs(
        &self,
        _: Context,
        request: ListProvisioningRunsRequest,
    ) -> Result<ListProvisioningRunsResponse, Failure> {
        provisioning::runs(self, request)
            .await
            .map(ListProvisioningRunsResponse::Ok)
    }

    async fn list_resources(
        &self,
        _: Context,
        request: ListResourcesRequest,
    ) -> Result<ListResourcesResponse, Failure> {
        provisioning::resources(self, request)
            .await
            .map(ListResourcesResponse::Ok)
    }

    async fn plan_project(&self, _: Context, request: PlanProjectRequest) -> Result<PlanProjectResponse, Failure> {
        plan::make(self, request.project_id).await.map(PlanProjectResponse::Ok)
    }

    async fn get_project_drift(
        &self,
        _: Context,
        request: GetProjectDriftRequest,
    ) -> Result<GetProjectDriftResponse, Failure> {
        drift::compare(self, request.project_id)
            .await
            .map(GetProjectDriftResponse::Ok)
    }

    async fn list_service_tokens(
        &self,
        _: Context,
        request: ListServiceTokensRequest,
    ) -> Result<ListServiceTokensResponse, Failure> {
        service_token::list(self, request)
            .await
            .map(ListServiceTokensResponse::Ok)
    }

    async fn create_service_token(
        &self,
        context: Context,
        request: CreateServiceTokenRequest,
    ) -> Result<CreateServiceTokenResponse, Failure> {
        let access = Access::of(&context)?;
        let project = request.project_id;
        let body = service_token::create(self, access, project, request.body).await?;
        Ok(CreateServiceTokenResponse::Created {
            location: Some(format!("/projects/{project}/service-tokens/{}", body.service_token.id)),
            body,
        })
    }

    async fn revoke_service_token(
        &self,
        _: Context,
        request: RevokeServiceTokenRequest,
    ) -> Result<RevokeServiceTokenResponse, Failure> {
        service_token::revoke(self, request.project_id, request.token_id).await?;
        Ok(RevokeServiceTokenResponse::NoContent)
    }
}
