//! Test scripts: what an answer must be, and what is kept of it.
//!
//! Owns: the JavaScript of tests. Must not know: requests. Text from a contract enters it as JSON strings only.

use super::schemas::Answers;
use crate::model::{Capture, Operation, Status};
use crate::pointer::{escape, unescape};
use crate::tree::{Value, json};

/// The lines of an operation's script.
pub(super) fn script(operation: &Operation, answers: &Answers) -> Vec<String> {
    let mut lines = Vec::new();
    let (list, classes) = expected(operation);
    lines.push(format!("const statuses = {};", quoted(&json!(list))));
    lines.push(format!("const classes = {};", quoted(&json!(classes))));
    let refusals = &operation.policy.postman.refusals;
    if !refusals.is_empty() {
        lines.push(format!("const refusals = {};", quoted(&json!(refusals))));
        lines.push("const told = () => {".to_owned());
        lines.push("  try {".to_owned());
        lines.push("    const body = pm.response.json();".to_owned());
        lines.push("    return body?.error?.code ?? body?.code;".to_owned());
        lines.push("  } catch {".to_owned());
        lines.push("    return undefined;".to_owned());
        lines.push("  }".to_owned());
        lines.push("};".to_owned());
        lines.push("const refused = pm.response.code >= 400 && refusals.includes(told());".to_owned());
    }
    lines.push(format!(
        "pm.test({}, () => {{",
        quoted(&json!(format!("{} answers as declared", operation.id.raw)))
    ));
    lines.push("  const code = pm.response.code;".to_owned());
    let right = "statuses.includes(code) || classes.includes(Math.floor(code / 100))";
    let refused = if refusals.is_empty() { "" } else { " || refused" };
    lines.push(format!(
        "  pm.expect({right}{refused}, `status ${{code}}`).to.equal(true);"
    ));
    lines.push("});".to_owned());
    let known: crate::tree::Map = answers
        .names()
        .map(|(status, name)| (status.to_owned(), json!(escape(name))))
        .collect();
    let media = answers.media();
    if !known.is_empty() || !media.is_empty() {
        let other = match operation.success() {
            None => "code < 400",
            Some(_) if refusals.is_empty() => "false",
            Some(_) => "refused",
        };
        lines.push("const declared = (all) => {".to_owned());
        lines.push("  const code = pm.response.code;".to_owned());
        lines.push(format!(
            "  return all[code] ?? all[`${{Math.floor(code / 100)}}XX`] ?? ({other} ? all.default : undefined);"
        ));
        lines.push("};".to_owned());
    }
    if !media.is_empty() {
        lines.push(format!("const media = declared({});", quoted(&json!(media))));
        lines.push("if (media !== undefined) {".to_owned());
        lines.push("  pm.test('the media type is a declared one', () => {".to_owned());
        lines.push(
            "    const sent = (pm.response.headers.get('Content-Type') ?? '').split(';')[0].trim().toLowerCase();"
                .to_owned(),
        );
        lines.push("    const fits = (one) => one === sent || one === '*/*' || (one.endsWith('/*') && sent.startsWith(one.slice(0, -1)));".to_owned());
        lines.push("    pm.expect(media.some(fits), `media type ${sent}`).to.equal(true);".to_owned());
        lines.push("  });".to_owned());
        lines.push("}".to_owned());
    }
    if !known.is_empty() {
        lines.push(format!("const known = {};", quoted(&Value::Object(known))));
        lines.push("const schema = declared(known);".to_owned());
        lines.push("if (schema !== undefined) {".to_owned());
        lines.push("  pm.test('the body is of the declared schema', () => {".to_owned());
        lines.push("    const all = JSON.parse(pm.collectionVariables.get('schemas'));".to_owned());
        lines.push("    pm.response.to.have.jsonSchema({ ...all, allOf: [{ $ref: `#/$defs/${encodeURIComponent(schema)}` }] });".to_owned());
        lines.push("  });".to_owned());
        lines.push("}".to_owned());
    }
    let captures = &operation.policy.postman.captures;
    if !captures.is_empty() {
        lines.push("if (pm.response.code < 300) {".to_owned());
        lines.push("  const keep = (name, value) => {".to_owned());
        lines.push("    if (value === undefined || value === null) return;".to_owned());
        lines.push("    pm.collectionVariables.set(name, String(value));".to_owned());
        lines.push("    if (pm.environment.has(name)) pm.environment.set(name, String(value));".to_owned());
        lines.push("  };".to_owned());
        if captures.values().any(|capture| matches!(capture, Capture::Body(_))) {
            lines.push("  const at = (path) => path.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), pm.response.json());".to_owned());
        }
        for (name, capture) in captures {
            let value = match capture {
                Capture::Body(pointer) => {
                    let keys: Vec<_> = pointer.split('/').skip(1).map(unescape).collect();
                    format!("at({})", quoted(&json!(keys)))
                }
                Capture::Header(header) => format!("pm.response.headers.get({})", quoted(&json!(header))),
            };
            lines.push(format!("  keep({}, {value});", quoted(&json!(name))));
        }
        lines.push("}".to_owned());
    }
    lines
}

/// The statuses and classes of statuses that are right. Where no success is declared, every declared answer is.
fn expected(operation: &Operation) -> (Vec<u16>, Vec<u8>) {
    let mut statuses = Vec::new();
    let mut classes = Vec::new();
    let succeeds = operation.success().is_some();
    for response in &operation.responses {
        match response.status {
            // A server that is not asked to change the protocol demands it.
            Status::Exact(101) => statuses.extend([101, 426]),
            Status::Exact(status) if !succeeds || (200..400).contains(&status) => statuses.push(status),
            Status::Range(class) if !succeeds || (2..4).contains(&class) => classes.push(class),
            Status::Default if !succeeds => classes.push(2),
            _ => {}
        }
    }
    if statuses.is_empty() && classes.is_empty() {
        classes.push(2);
    }
    (statuses, classes)
}

/// A value as JavaScript: JSON, without what would end a line or a script.
fn quoted(value: &Value) -> String {
    value
        .to_string()
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
        .replace("</", "<\\/")
}
