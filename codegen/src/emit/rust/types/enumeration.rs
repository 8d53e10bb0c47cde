//! Enumerations: enums without content.
//!
//! Owns: how they are written and read. Must not know: other shapes.

use std::fmt::Write as _;

use super::super::docs::{comment, lines, literal};
use super::super::layout::Node;
use super::super::names::RustNames;
use super::{definition_docs, rename};
use crate::model::{Enumeration, TypeId};
use crate::tree::Value;

/// Writes a definition.
pub(super) fn write(names: &RustNames<'_>, id: TypeId, list: &Enumeration, text: &mut String) {
    text.push_str(&definition_docs(names, id));
    write_enum(names.type_name(id), list, names.members(id), text);
}

/// Writes the enum and how its values are spelt; docs may stand before it.
pub(super) fn write_enum(name: &str, list: &Enumeration, members: &[String], text: &mut String) {
    let strings = list.values.iter().all(Value::is_string);
    text.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash");
    text.push_str(if strings {
        ", Serialize, Deserialize)]\n"
    } else {
        ")]\n"
    });
    let pairs = list.values.iter().zip(members);
    let pairs = pairs.map(|(value, member)| (member.as_str(), value.as_str().unwrap_or_default()));
    let rule = rename::rule(rename::VARIANTS, &pairs).filter(|_| strings);
    if let Some((name, _)) = rule {
        let _ = writeln!(text, "#[serde(rename_all = \"{name}\")]");
    }
    let _ = writeln!(text, "pub enum {name} {{");
    for (i, (value, member)) in list.values.iter().zip(members).enumerate() {
        let about = list.docs.get(i).and_then(Option::as_deref);
        let spelt = format!(
            "`{}`",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
                .replace('`', "'")
        );
        text.push_str(&comment(&lines(about.unwrap_or(&spelt)), "    "));
        let exception = value.as_str().filter(|value| rename::is_exception(rule, member, value));
        if let (Some(value), true) = (exception, strings) {
            let _ = writeln!(text, "    #[serde(rename = {})]", literal(value));
        }
        let _ = writeln!(text, "    {member},");
    }
    text.push_str("}\n");
    if strings {
        write_strings(name, list, members, text);
    } else {
        write_integers(name, list, members, text);
    }
}

fn arms<'m>(members: &'m [String], spelt: &'m [String], arm: fn(&str, &str) -> String) -> String {
    members
        .iter()
        .zip(spelt)
        .map(|(member, spelt)| arm(member, spelt))
        .collect()
}

fn all(members: &[String]) -> String {
    let mut text = String::new();
    let members = members.iter().map(|member| format!("Self::{member}"));
    Node::texts(members).line(1, "pub const ALL: &'static [Self] = ", ";", &mut text);
    text
}

fn write_strings(name: &str, list: &Enumeration, members: &[String], text: &mut String) {
    let spelt: Vec<String> = list
        .values
        .iter()
        .map(|value| literal(value.as_str().unwrap_or_default()))
        .collect();
    let _ = write!(
        text,
        r#"
impl {name} {{
    /// Every value, in the order of the contract.
{all}
    /// The value as the contract writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {{
        match self {{
{to}        }}
    }}
}}

impl std::fmt::Display for {name} {{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
        f.write_str(self.as_str())
    }}
}}

impl std::str::FromStr for {name} {{
    type Err = crate::scalars::UnknownValue;

    fn from_str(text: &str) -> Result<Self, crate::scalars::UnknownValue> {{
        match text {{
{from}            _ => Err(crate::scalars::UnknownValue({quoted})),
        }}
    }}
}}
"#,
        all = all(members),
        to = arms(members, &spelt, |member, spelt| format!(
            "            Self::{member} => {spelt},\n"
        )),
        from = arms(members, &spelt, |member, spelt| format!(
            "            {spelt} => Ok(Self::{member}),\n"
        )),
        quoted = literal(name),
    );
}

fn write_integers(name: &str, list: &Enumeration, members: &[String], text: &mut String) {
    let repr = match () {
        () if list.values.iter().all(Value::is_i64) => "i64",
        () if list.values.iter().all(Value::is_u64) => "u64",
        () => "i128",
    };
    let spelt: Vec<String> = list.values.iter().map(Value::to_string).collect();
    let _ = write!(
        text,
        r#"
impl {name} {{
    /// Every value, in the order of the contract.
{all}
    /// The value as a number.
    #[must_use]
    pub const fn value(self) -> {repr} {{
        match self {{
{to}        }}
    }}
}}

impl std::fmt::Display for {name} {{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
        self.value().fmt(f)
    }}
}}

impl TryFrom<{repr}> for {name} {{
    type Error = crate::scalars::UnknownValue;

    fn try_from(value: {repr}) -> Result<Self, crate::scalars::UnknownValue> {{
        match value {{
{from}            _ => Err(crate::scalars::UnknownValue({quoted})),
        }}
    }}
}}

impl serde::Serialize for {name} {{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {{
        self.value().serialize(serializer)
    }}
}}

impl<'de> serde::Deserialize<'de> for {name} {{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {{
        Self::try_from({repr}::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }}
}}
"#,
        all = all(members),
        to = arms(members, &spelt, |member, spelt| format!(
            "            Self::{member} => {spelt},\n"
        )),
        from = arms(members, &spelt, |member, spelt| format!(
            "            {spelt} => Ok(Self::{member}),\n"
        )),
        quoted = literal(name),
    );
}
