//! What a repository says about the workbench that is made of it.
//!
//! Owns: which ports of it are to be seen. Must not know: who makes the workbench.

use std::path::Path;

use flaresmith_api::errors::Failure;
use git2::ObjectType;
use serde_json::Value;

use super::{Local, broken};

/// Where the file may stand; the first that is there counts.
const PLACES: [&str; 2] = [".devcontainer/devcontainer.json", ".devcontainer.json"];

/// Largest file, in bytes.
const LARGEST: usize = 1 << 20;

/// Most ports.
const MOST: usize = 20;

/// The ports that the newest commit of a branch forwards, in its order, each once. A branch that is not there and a file that nobody can
/// read forward none.
///
/// # Errors
/// The repository is damaged.
pub fn ports(local: &Local, branch: &str) -> Result<Vec<u16>, Failure> {
    let Some(head) = local.head(branch)? else {
        return Ok(Vec::new());
    };
    let tree = local.commit(head)?.tree().map_err(broken)?;
    let found = PLACES.iter().find_map(|place| {
        let entry = tree.get_path(Path::new(place)).ok()?;
        (entry.kind() == Some(ObjectType::Blob)).then(|| entry.id())
    });
    let Some(id) = found else {
        return Ok(Vec::new());
    };
    let blob = local.blob(id)?;
    if blob.size() > LARGEST {
        return Ok(Vec::new());
    }
    Ok(forwarded(&String::from_utf8_lossy(blob.content())))
}

/// The ports that a file forwards. One may be written as a number, or as `host:port` for another container.
fn forwarded(text: &str) -> Vec<u16> {
    let read: Value = serde_json::from_str(&plain(text)).unwrap_or_default();
    let mut ports = Vec::new();
    for one in read["forwardPorts"].as_array().into_iter().flatten() {
        let port = match one {
            Value::String(text) => text.rsplit(':').next().and_then(|port| port.trim().parse().ok()),
            other => other.as_u64().and_then(|port| u16::try_from(port).ok()),
        };
        if let Some(port) = port.filter(|port| *port > 0 && !ports.contains(port)) {
            ports.push(port);
        }
    }
    ports.truncate(MOST);
    ports
}

/// JSON without the comments and the commas before a bracket that such files may have.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, signs.peek()) {
            ('"', _) => {
                out.push(sign);
                while let Some(inner) = signs.next() {
                    out.push(inner);
                    match inner {
                        '\\' => out.extend(signs.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ('/', Some('/')) => while signs.next_if(|sign| *sign != '\n').is_some() {},
            ('/', Some('*')) => {
                signs.next();
                let mut last = ' ';
                for inner in signs.by_ref() {
                    if last == '*' && inner == '/' {
                        break;
                    }
                    last = inner;
                }
            }
            (']' | '}', _) => {
                let kept = out.trim_end();
                if kept.ends_with(',') {
                    out.truncate(kept.len() - 1);
                }
                out.push(sign);
            }
            _ => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_however_the_file_writes_them() {
        assert_eq!(
            forwarded(r#"{"forwardPorts": [8787, "db:5432", "3000"]}"#),
            [8787, 5432, 3000]
        );
        let commented = "{\n  // the \"server\"\n  \"forwardPorts\": [8787, /* twice, */ 8787,],\n  \"name\": \"a // b, ] \\\" c\",\n}\n";
        assert_eq!(forwarded(commented), [8787]);
        let none = [
            r#"{"forwardPorts": [0, 70000, -1, 1.5, null, "x", "a:b"]}"#,
            r#"{"forwardPorts": 3}"#,
            r#"{"name": "none"}"#,
            "",
            "{",
            "[1]",
            "\"",
            "/*",
        ];
        for text in none {
            assert!(forwarded(text).is_empty(), "{text}");
        }
        let many: Vec<u16> = (1..100).collect();
        assert_eq!(forwarded(&format!("{{\"forwardPorts\": {many:?}}}")).len(), MOST);
    }

    #[test]
    fn the_template_forwards_the_port_of_its_server() {
        let text = include_str!("../../../templates/project/.devcontainer/devcontainer.json");
        assert_eq!(forwarded(text), [8787]);
    }
}
