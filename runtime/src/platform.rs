//! The platform: what serves each domain.
//!
//! Owns: one implementation a domain. Must not know: HTTP.

use flaresmith_api::api::audit::AuditApi;
use flaresmith_api::api::auth::AuthApi;
use flaresmith_api::api::chat::ChatApi;
use flaresmith_api::api::deployments::DeploymentsApi;
use flaresmith_api::api::environments::EnvironmentsApi;
use flaresmith_api::api::files::FilesApi;
use flaresmith_api::api::incidents::IncidentsApi;
use flaresmith_api::api::organizations::OrganizationsApi;
use flaresmith_api::api::projects::ProjectsApi;
use flaresmith_api::api::retirement::RetirementApi;
use flaresmith_api::api::secrets::SecretsApi;
use flaresmith_api::api::specs::SpecsApi;
use flaresmith_api::api::system::SystemApi;
use flaresmith_api::api::tests::TestsApi;
use flaresmith_api::api::tools::ToolsApi;
use flaresmith_api::api::users::UsersApi;

/// Serves every domain. A domain without code of its own answers 501.
#[derive(Debug, Clone, Copy, Default)]
pub struct Platform {}

impl ProjectsApi for Platform {}
impl EnvironmentsApi for Platform {}
impl SpecsApi for Platform {}
impl ChatApi for Platform {}
impl DeploymentsApi for Platform {}
impl FilesApi for Platform {}
impl SecretsApi for Platform {}
impl TestsApi for Platform {}
impl ToolsApi for Platform {}
impl IncidentsApi for Platform {}
impl AuditApi for Platform {}
impl OrganizationsApi for Platform {}
impl UsersApi for Platform {}
impl RetirementApi for Platform {}
impl SystemApi for Platform {}
impl AuthApi for Platform {}
