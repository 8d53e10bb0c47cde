//! Connections of projects to providers, from the command line. What a provider makes of them is proved beside the server.

use serde_json::json;

use crate::client::Machine;
use crate::hosted::Hosted;

#[test]
fn a_token_comes_from_standard_input_is_never_shown_and_a_provider_that_is_away_is_told() {
    let hosted = Hosted::start();
    let machine = Machine::new();
    machine.sign_in(&hosted);
    let slug = machine.json(&["project", "create", "Shop"])["slug"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = "ghp_0123456789abcdef0123456789abcdef0123";
    let connect = ["integration", "connect", "github", &slug, "--owner", "northwind"];
    let said = machine.run_with(&connect, token, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("error[INTEGRATION_GITHUB_TIMEOUT]"), "{}", said.err);
    assert!(!said.out.contains(token) && !said.err.contains(token));
    let said = machine.run(&["integration", "connect", "github", &slug]);
    assert!(said.code == 2 && said.err.contains("--owner"), "{}", said.err);
    let key = "napi_0123456789abcdef0123456789abcdef0123";
    let connect = ["integration", "connect", "neon", &slug, "--region", "aws-eu-central-1"];
    let said = machine.run_with(&connect, key, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("error[INTEGRATION_NEON_TIMEOUT]"), "{}", said.err);
    assert!(!said.out.contains(key) && !said.err.contains(key));
    let said = machine.run(&["integration", "connect", "neon", &slug]);
    assert!(said.code == 2 && said.err.contains("--region"), "{}", said.err);
    let key = "PMAK-0123456789abcdef01234567-0123456789abcdef0123456789abcdef01";
    let connect = ["integration", "connect", "postman", &slug, "--workspace-type", "team"];
    let said = machine.run_with(&connect, key, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("error[INTEGRATION_POSTMAN_TIMEOUT]"), "{}", said.err);
    assert!(!said.out.contains(key) && !said.err.contains(key));
    let said = machine.run(&["integration", "connect", "postman", &slug, "--workspace-type", "public"]);
    assert!(said.code == 2 && said.err.contains("personal"), "{}", said.err);
    let token = "cf_0123456789abcdef0123456789abcdef0123";
    let account = "0123456789abcdef0123456789abcdef";
    let connect = ["integration", "connect", "cloudflare", &slug, "--account", account];
    let said = machine.run_with(&connect, token, &[]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(
        said.err.contains("error[INTEGRATION_CLOUDFLARE_TIMEOUT]"),
        "{}",
        said.err
    );
    assert!(!said.out.contains(token) && !said.err.contains(token));
    let said = machine.run(&["integration", "connect", "cloudflare", &slug, "--variable", "REGION"]);
    assert!(said.code == 2 && said.err.contains("NAME=VALUE"), "{}", said.err);

    let list = machine.json(&["integration", "list", &slug]);
    assert_eq!(list, json!({ "items": [], "hasMore": false }));
    let said = machine.run(&["integration", "disconnect", &slug, "github"]);
    assert!(
        said.code == 1 && said.err.contains("error[INTEGRATION_NOT_CONNECTED]"),
        "{}",
        said.err
    );
}
