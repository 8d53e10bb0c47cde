//! Requests of several parts, read.
//!
//! Owns: their form. Must not know: what is asked for.

/// A part.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) kind: String,
    pub(super) content: Vec<u8>,
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|some| some == what)
}

/// The parts of a body; what is not as it has to be is a panic.
pub(super) fn read(content_type: &str, body: &[u8]) -> Vec<Part> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let line = format!("--{boundary}");
    let mut rest = body.strip_prefix(line.as_bytes()).unwrap();
    let mut parts = Vec::new();
    while rest != b"--\r\n" {
        rest = rest.strip_prefix(b"\r\n").unwrap();
        let end = find(rest, format!("\r\n{line}").as_bytes()).unwrap();
        let (part, more) = rest.split_at(end);
        rest = &more[line.len() + 2..];
        let middle = find(part, b"\r\n\r\n").unwrap();
        let head = String::from_utf8(part[..middle].to_vec()).unwrap();
        let value = |name: &str| {
            let at = head.find(name)? + name.len();
            head[at..].split('"').next().map(str::to_owned)
        };
        let kind = head
            .lines()
            .find_map(|line| line.strip_prefix("content-type: "))
            .unwrap();
        parts.push(Part {
            name: value(" name=\"").unwrap(),
            file: value("filename=\""),
            kind: kind.to_owned(),
            content: part[middle + 4..].to_vec(),
        });
    }
    parts
}
