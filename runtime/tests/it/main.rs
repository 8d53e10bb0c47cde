//! The runtime as callers see it: the real router on real stores, and the built program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

mod apply;
mod audit;
mod cloudflare;
mod cloudflare_deployed;
mod cloudflare_failing;
mod cloudflare_pages;
mod cloudflare_projects;
mod collections;
mod contract;
mod deployments;
mod deployments_first;
mod deployments_killed;
mod deployments_refused;
mod edge_host;
mod files;
mod four_providers;
mod github;
mod github_codespaces;
mod github_codespaces_failing;
mod github_people;
mod hello;
mod idempotency;
mod identity;
mod incidents;
mod instance;
mod integrations;
mod integrations_failing;
mod integrations_secrets;
mod killed;
mod large_files;
mod limits;
mod master_keys;
mod metrics;
mod neon;
mod neon_deployed;
mod neon_failing;
mod neon_projects;
mod own_postgres;
mod pipeline;
mod postgres;
mod postman;
mod postman_edited;
mod postman_failing;
mod postman_projects;
mod previews;
mod previews_killed;
mod program;
mod project_plan;
mod project_plan_drift;
mod projects;
mod provider_faults;
mod providers_frozen;
mod providers_killed;
mod provisioning;
mod provisioning_fenced;
mod provisioning_killed;
mod rate_limits;
mod relay;
mod remembered;
mod repeats;
mod roles;
mod scanned;
mod schema;
mod schemathesis;
mod secrets;
mod sign_in_at_github;
mod specs;
mod standby;
mod standby_killed;
mod standby_servers;
mod taken_back;
mod telemetry;
mod test_runs;
mod toolchain;
mod two_servers;
mod versions;
