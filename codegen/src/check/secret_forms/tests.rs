//! What is taken for a secret, and what is let pass.

use super::*;

/// Digits and letters as a generator draws them, so that no real-looking secret has to stand in this file.
fn drawn(length: usize) -> String {
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let alphabet = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
        char::from(alphabet[(state % alphabet.len() as u64) as usize])
    };
    (0..length).map(|_| draw()).collect()
}

#[test]
fn no_token_begins_inside_the_prefix_of_another() {
    for one in token_prefixes() {
        let inside = one.char_indices().skip(1).map(|(at, _)| at);
        for at in inside.filter(|at| !words(one.as_bytes()[at - 1])) {
            let rest = &one[at..];
            assert!(
                token_prefixes().all(|other| !other.starts_with(rest) && !rest.starts_with(other)),
                "{one}: {rest}"
            );
        }
    }
}

#[test]
fn a_token_in_a_longer_value_is_as_certain_as_one_alone() {
    let token = format!("ghp_{}", drawn(40));
    let text = format!("client_secret: a1-b2-{token}");
    let (all, certain) = (find(&text), certain(&text));
    assert_eq!((all.len(), all[0].what, all[0].certain), (1, "GitHub token", true));
    assert_eq!(text.get(all[0].range.clone()), text.strip_prefix("client_secret: "));
    assert_eq!(certain.len(), 1);
    assert_eq!(text.get(certain[0].range.clone()), Some(&*token));
}

#[test]
fn tokens_of_providers_are_found_and_their_masks_are_not() {
    let token = format!("ghp_{}", drawn(36));
    let text = format!("run with `{token}` now");
    let found = find(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].what, &text[found[0].range.clone()]),
        ("GitHub token", token.as_str())
    );
    for harmless in [
        "ghp_****".to_owned(),
        format!("ghp_{}", "x".repeat(36)),
        format!("ghp_{}", "a".repeat(36)),
        format!("xghp_{}", drawn(36)),
        "AKIA[0-9A-Z]{16}".to_owned(),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        format!("ghs_{}", DOCUMENTED[0]),
    ] {
        assert_eq!(find(&harmless), [], "{harmless}");
    }
}

#[test]
fn who_signed_a_url_is_no_secret_and_the_same_key_elsewhere_is_one() {
    let key = format!("AKIA{}", drawn(40).to_ascii_uppercase().get(..16).unwrap());
    for signed in [
        format!("https://files.test/a.pdf?AWSAccessKeyId={key}&Expires=1"),
        format!("https://files.test/a.pdf?X-Amz-Expires=9&X-Amz-Credential={key}%2F20221031%2Feu-west-1"),
        format!("https://files.test/a.pdf?X-Amz-Expires=9&amp;X-Amz-Credential={key}%2F20221031"),
        format!("https://files.test/a.pdf?Expires=9\\u0026AWSAccessKeyId={key}"),
    ] {
        assert_eq!(find(&signed), [], "{signed}");
    }
    assert_eq!(find(&format!("AWSAccessKeyId={key}\n")).len(), 1);
    assert_eq!(find(&format!("AWS_ACCESS_KEY_ID={key}")).len(), 1);
    assert_eq!(find(&format!("https://files.test/a.pdf?key={key}")).len(), 1);
}

#[test]
fn a_private_key_is_found_by_its_content() {
    let content = drawn(128);
    assert_eq!(find(&format!("-----BEGIN RSA PRIVATE KEY-----\n{content}\n")).len(), 1);
    assert_eq!(find(&format!("-----BEGIN PRIVATE KEY-----\\n{content}\\n")).len(), 1);
    assert_eq!(find("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"), []);
    assert_eq!(find(&format!("-----BEGIN PUBLIC KEY-----\n{content}\n")), []);
}

#[test]
fn passwords_in_urls_are_found_unless_they_are_made_up() {
    let password = drawn(14);
    assert_eq!(
        find(&format!("postgres://app:{password}@ep-cool.neon.tech/main")).len(),
        1
    );
    assert_eq!(find(&format!("postgres://app:{password}@localhost/main")), []);
    assert_eq!(find("postgres://user:password@db.acme.io/main"), []);
    assert_eq!(find("https://api.acme.io/a:b@c"), []);
}

#[test]
fn random_values_are_secret_under_telling_names_only() {
    let value = drawn(40);
    assert_eq!(find(&format!("CLIENT_SECRET={value}")).len(), 1);
    assert_eq!(find(&format!("\"api_key\": \"{value}\"")).len(), 1);
    assert_eq!(named("clientSecret", &value), Some("secret value"));
    assert_eq!(named("secretRefHash", &value), None);
    assert_eq!(named("nextPageToken", &value), None);
    assert_eq!(find(&format!("commit: {value}")), []);
    assert_eq!(named("password", "8c60537e-a4d9-43c1-9f8c-2710b634e5d0"), None);
}
