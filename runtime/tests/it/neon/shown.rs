//! How Neon shows what is there, with every member that its contract demands.
//!
//! Owns: the members. Must not know: requests.

use serde_json::{Value, json};

use super::{Branch, Operation, Project};

/// A project; `whole`: as it is shown alone, not in a list.
pub(super) fn project(row: &Project, whole: bool, history: i64) -> Value {
    let mut shown = json!({
        "id": row.id, "name": row.name, "platform_id": "aws", "region_id": row.region, "pg_version": row.version,
        "proxy_host": "eu-central-1.aws.neon.tech", "branch_logical_size_limit": 512,
        "branch_logical_size_limit_bytes": 536_870_912, "provisioner": "k8s-neonvm", "store_passwords": true,
        "cpu_used_sec": 0, "creation_source": "console", "created_at": row.created, "updated_at": row.created,
        "owner_id": row.organization, "org_id": row.organization, "active_time": 0,
    });
    if whole {
        for name in [
            "active_time_seconds",
            "compute_time_seconds",
            "written_data_bytes",
            "data_transfer_bytes",
            "data_storage_bytes_hour",
        ] {
            shown[name] = json!(0);
        }
        shown["history_retention_seconds"] = json!(history);
        shown["consumption_period_start"] = json!(row.created);
        shown["consumption_period_end"] = json!(row.created);
    }
    shown
}

/// A branch of a project.
pub(super) fn branch(of: &Project, row: &Branch) -> Value {
    let mut shown = json!({
        "id": row.id, "project_id": of.id, "name": row.name, "current_state": "ready", "state_changed_at": row.created,
        "creation_source": "console", "created_at": row.created, "updated_at": row.created, "default": row.default,
        "protected": row.protected, "cpu_used_sec": 0, "active_time_seconds": 0, "compute_time_seconds": 0,
        "written_data_bytes": 0, "data_transfer_bytes": 0,
    });
    if let Some(parent) = &row.parent {
        shown["parent_id"] = json!(parent);
    }
    shown
}

/// The compute of a branch.
pub(super) fn endpoint(of: &Project, row: &Branch) -> Value {
    let id = row.id.replacen("br", "ep", 1);
    json!({
        "id": id, "host": format!("{id}.eu-central-1.aws.neon.tech"), "project_id": of.id, "branch_id": row.id,
        "region_id": of.region, "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 2, "type": "read_write",
        "current_state": "idle", "pooler_enabled": false, "pooler_mode": "transaction", "disabled": false,
        "passwordless_access": true, "creation_source": "console", "created_at": row.created, "updated_at": row.created,
        "settings": {}, "proxy_host": "eu-central-1.aws.neon.tech", "suspend_timeout_seconds": 0, "provisioner": "k8s-neonvm",
    })
}

/// The role and the database of a branch.
pub(super) fn inside(row: &Branch) -> (Value, Value) {
    let role = json!({
        "branch_id": row.id, "name": "app", "password": row.password, "created_at": row.created, "updated_at": row.created,
    });
    let database = json!({
        "id": 1, "branch_id": row.id, "name": "app", "owner_name": "app", "created_at": row.created, "updated_at": row.created,
    });
    (role, database)
}

/// An operation of a project.
pub(super) fn operation(of: &str, row: &Operation) -> Value {
    let status = match (row.left, row.fails) {
        (0, true) => "failed",
        (0, false) => "finished",
        (1, _) => "running",
        _ => "scheduling",
    };
    let at = "2026-11-01T00:00:00Z";
    let mut shown = json!({
        "id": row.id, "project_id": of, "action": row.action, "status": status, "failures_count": 0,
        "created_at": at, "updated_at": at, "total_duration_ms": 10,
    });
    if let Some(branch) = &row.branch {
        shown["branch_id"] = json!(branch);
    }
    shown
}
