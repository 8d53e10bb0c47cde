//! Records: structs.
//!
//! Owns: how they are written, presence of fields, hiding secrets. Must not know: other shapes.

use std::fmt::Write as _;

use super::super::docs::{about, comment, literal};
use super::super::layout::Node;
use super::super::names::RustNames;
use super::super::spell::Within;
use super::{definition_docs, rename};
use crate::model::{Extra, Field, Kind, Record, TextFormat, TypeDef, TypeId};

/// Whether a value of the type can do without the field: it is optional, or belongs to the other direction only.
pub(super) fn may_be_absent(def: &TypeDef, field: &Field) -> bool {
    !field.required || (field.read_only && def.in_request) || (field.write_only && def.in_response)
}

/// Whether the field's content must not be shown.
fn is_hidden(names: &RustNames<'_>, field: &Field) -> bool {
    let (ty, _) = names.model.resolve(&field.ty);
    field.secret || ty.kind == Kind::Text(TextFormat::Password)
}

/// Writes a definition.
pub(super) fn write(names: &RustNames<'_>, id: TypeId, record: &Record, text: &mut String) {
    let def = names.model.type_def(id);
    let name = names.type_name(id);
    let members = names.members(id);
    let hides = record.fields.iter().any(|field| is_hidden(names, field));
    let mut derives = Vec::new();
    if !hides {
        derives.push("Debug");
    }
    derives.push("Clone");
    if record.fields.iter().all(|field| may_be_absent(def, field)) {
        derives.push("Default");
    }
    derives.extend(["PartialEq", "Serialize", "Deserialize"]);
    text.push_str(&definition_docs(names, id));
    let _ = writeln!(text, "#[derive({})]", derives.join(", "));
    // A tag that the record itself does not know of would be refused too.
    let refuses = record.extra == Extra::Refused && !names.lacks_tag(id);
    let pairs = (members.iter().zip(&record.fields)).map(|(member, field)| (member.as_str(), field.wire.as_str()));
    let rule = rename::rule(rename::MEMBERS, &pairs);
    let serde: Vec<String> = rule
        .map(|(name, _)| format!("rename_all = \"{name}\""))
        .into_iter()
        .chain(refuses.then(|| "deny_unknown_fields".to_owned()))
        .collect();
    if !serde.is_empty() {
        let _ = writeln!(text, "#[serde({})]", serde.join(", "));
    }
    let _ = writeln!(text, "pub struct {name} {{");
    for (field, member) in record.fields.iter().zip(members) {
        write_field(names, id, field, member, rule, text);
    }
    if let Extra::Kept(ty) = &record.extra {
        let map = crate::model::Type::of(Kind::Map(Box::new(ty.clone())));
        let spelt = names.spell(&map, Within::Type(id));
        let _ = write!(
            text,
            "    /// Members that the contract does not name.\n    #[serde(flatten)]\n    pub extra: {spelt},\n"
        );
    }
    text.push_str("}\n");
    if hides {
        write_debug(names, name, record, members, text);
    }
}

fn write_field(
    names: &RustNames<'_>,
    id: TypeId,
    field: &Field,
    member: &str,
    rule: Option<rename::Rule>,
    text: &mut String,
) {
    let absent = may_be_absent(names.model.type_def(id), field);
    // `Option` has to be wrapped once more to tell null from absence.
    let null = names.model.admits_null(&field.ty);
    let spelt = names.spell(&field.ty, Within::Type(id));
    let mut remarks = Vec::new();
    if field.read_only {
        remarks.push("Only in answers.".to_owned());
    }
    if field.write_only {
        remarks.push("Only in requests.".to_owned());
    }
    if let (Some(default), false) = (&field.default, field.secret) {
        remarks.push(format!("Default: `{}`.", default.to_string().replace('`', "'")));
    }
    // Nothing is told where the contract says nothing: the name would only be said twice.
    text.push_str(&comment(&about(&field.docs, "", &remarks), "    "));
    let mut serde = Vec::new();
    if rename::is_exception(rule, member, &field.wire) {
        serde.push(format!("rename = {}", literal(&field.wire)));
    }
    match (absent, null) {
        (true, true) => serde.extend([
            "default".to_owned(),
            "deserialize_with = \"crate::scalars::present\"".to_owned(),
            "skip_serializing_if = \"Option::is_none\"".to_owned(),
        ]),
        (true, false) => serde.push("skip_serializing_if = \"Option::is_none\"".to_owned()),
        // Serde would take absence for `null`.
        (false, true) => serde.push("deserialize_with = \"crate::scalars::required\"".to_owned()),
        (false, false) => {}
    }
    if !serde.is_empty() {
        Node::block("#[serde(", serde.into_iter().map(Node::leaf).collect(), ")]").line(1, "", "", text);
    }
    let spelt = if absent { format!("Option<{spelt}>") } else { spelt };
    let _ = writeln!(text, "    pub {member}: {spelt},");
}

fn write_debug(names: &RustNames<'_>, name: &str, record: &Record, members: &[String], text: &mut String) {
    let _ = write!(
        text,
        concat!(
            "\nimpl std::fmt::Debug for {0} {{\n",
            "    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n",
            "        f.debug_struct({1})\n"
        ),
        name,
        literal(name),
    );
    for (field, member) in record.fields.iter().zip(members) {
        let shown = literal(member.strip_prefix("r#").unwrap_or(member));
        let value = match is_hidden(names, field) {
            true => "&crate::scalars::Hidden".to_owned(),
            false => format!("&self.{member}"),
        };
        let _ = writeln!(text, "            .field({shown}, {value})");
    }
    if matches!(record.extra, Extra::Kept(_)) {
        text.push_str("            .field(\"extra\", &self.extra)\n");
    }
    text.push_str("            .finish()\n    }\n}\n");
}
