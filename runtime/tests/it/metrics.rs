//! What the server counts about itself, as Prometheus reads it.

use serde_json::json;

use crate::instance::{Instance, on_both};

async fn metrics(instance: &Instance, token: &str) -> String {
    instance.call(token, "GET", "/metrics", None).await.is(200).raw
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|own| own == line), "{line} is not in\n{text}");
}

#[tokio::test]
async fn what_happens_is_counted_by_operation_and_code() {
    on_both(async |instance| {
        let (organization, owner) = instance.organization("Northwind").await;
        instance.send("GET", "/projects", &[], None).await.is(401);
        instance.send("GET", "/nowhere", &[], None).await.is(404);
        let bearer = format!("Bearer {owner}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", "once-and-again"),
        ];
        let body = json!({"name": "Shop", "organizationId": organization});
        for _ in 0..2 {
            let answer = instance.send("POST", "/projects", &headers, Some(body.clone())).await;
            answer.is(201);
        }
        let text = metrics(instance, &owner).await;
        has(
            &text,
            r#"http_requests_total{operation="createProject",status="2xx"} 2"#,
        );
        has(&text, r#"http_requests_total{operation="none",status="4xx"} 1"#);
        has(
            &text,
            r#"http_request_duration_seconds_count{operation="createProject"} 2"#,
        );
        has(&text, r#"auth_failures_total{code="AUTH_TOKEN_MISSING"} 1"#);
        has(&text, r#"idempotency_replays_total{operation="createProject"} 1"#);
        has(&text, r#"errors_total{code="AUTH_TOKEN_MISSING",severity="warn"} 1"#);
        assert!(text.contains(r#"audit_events_total{outcome="kept"}"#), "{text}");
        assert!(
            text.contains(r#"store_statement_duration_seconds_count{outcome="done"}"#),
            "{text}"
        );
        assert!(text.contains(r#"store_connections{state="idle"}"#) && text.contains("build_info{version="));
        // Nobody is told of by it.
        assert!(!text.contains(&organization) && !text.contains("Northwind"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn tokens_are_counted_by_bucket_and_class() {
    for instance in [Instance::limited().await, Instance::limited_on_postgres().await] {
        let owner = instance.owner().await;
        instance.call(&owner, "GET", "/auth/me", None).await.is(200);
        let text = metrics(&instance, &owner).await;
        has(
            &text,
            r#"rate_limit_consumed_total{endpointClass="auth",scope="address"} 3"#,
        );
        has(
            &text,
            r#"rate_limit_consumed_total{endpointClass="read",scope="user"} 2"#,
        );
        assert!(text.contains(r#"rate_limit_remaining{scope="user"} 11"#), "{text}");
        assert!(text.contains("rate_limit_check_duration_seconds_count 3"), "{text}");
    }
}

#[tokio::test]
async fn metrics_are_for_those_with_a_role_in_the_installation() {
    let instance = Instance::sqlite().await;
    instance
        .send("GET", "/metrics", &[], None)
        .await
        .fails(401, "AUTH_TOKEN_MISSING");
    let (organization, owner) = instance.organization("Elsewhere").await;
    let stranger = instance
        .member(&owner, &organization, "viewer@example.com", "viewer")
        .await;
    let answer = instance.call(&stranger, "GET", "/metrics", None).await;
    answer.fails(403, "AUTH_ROLE_INSUFFICIENT");
}
