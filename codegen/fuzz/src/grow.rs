//! Contracts grown out of choices: every construct of OpenAPI, with hostile text wherever text may stand.
//!
//! Owns: which constructs there are and how often. Must not know: what any target makes of them. Most of what is grown is
//! well-formed, because nothing is emitted of a contract with errors.

use flaresmith_codegen::tree::{Map, Value, json};

use super::choices::Choices;

mod operations;

/// A contract. It ends when the bytes do.
pub(super) fn contract(choices: &mut Choices<'_>) -> Value {
    let mut names: Vec<String> = Vec::new();
    for _ in 0..=choices.below(6) {
        let name = choices.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut grower = Grower { choices, names };
    let mut schemas = Map::new();
    for name in grower.names.clone() {
        let schema = grower.named();
        schemas.insert(name, schema);
    }
    let mut paths = Map::new();
    for number in 0..=grower.choices.below(4) {
        let (path, item) = grower.path(number);
        paths.insert(path, item);
    }
    let mut document = json!({
        "openapi": grower.choices.word(&["3.1.0", "3.1.1", "3.2.0", "3.0.3"]),
        "info": { "title": grower.choices.text(), "version": grower.choices.text(), "description": grower.choices.text() },
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": grower.security_schemes() },
    });
    grower.around(&mut document);
    document
}

struct Grower<'a, 'b> {
    choices: &'a mut Choices<'b>,
    names: Vec<String>,
}

const FORMATS: &[&str] = &[
    "uuid",
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "uri",
    "byte",
    "binary",
    "int32",
    "int64",
    "float",
    "double",
    "decimal",
    "password",
    "ipv4",
    "hostname",
    "*/ 0xBADC0DE /*",
];
const PATTERNS: &[&str] = &[
    "^[a-c]+$",
    "/; 0xBADC0DE; /",
    "[/]`${0xBADC0DE}",
    "\\/\"'",
    "\n0xBADC0DE",
    "(?<name>a)\\k<name>",
    "(?i)a",
    "a(?!b)",
    "\\p{L}",
    "(",
    "[",
    "\\",
    "(a+)+$",
    "",
    "\u{2028}",
    "a{100000}",
    "\"#",
    "^\\d{3}\\u0041$",
];

impl Grower<'_, '_> {
    fn reference(&mut self) -> Value {
        let name = self.choices.of(&self.names).cloned().unwrap_or_default();
        json!({ "$ref": format!("#/components/schemas/{}", segment(&name)) })
    }

    /// A schema that has a name; objects mostly, as people write them.
    fn named(&mut self) -> Value {
        let mut schema = if self.choices.one_in(3) {
            self.schema(0)
        } else {
            self.object(0)
        };
        if let Some(members) = schema.as_object_mut()
            && self.choices.one_in(6)
        {
            members.insert("x-flaresmith".to_owned(), json!({ "internal": true }));
        }
        schema
    }

    fn schema(&mut self, depth: usize) -> Value {
        let shallow = depth > 3 || !self.choices.any_left();
        let mut schema = match self.choices.below(if shallow { 8 } else { 16 }) {
            0 | 1 => json!({ "type": "string" }),
            2 => json!({ "type": self.choices.word(&["integer", "number", "boolean", "null"]) }),
            3 => self.reference(),
            4 => self.words(),
            5 => self.text_schema(),
            6 => self.number_schema(),
            7 => json!({ "type": ["null", self.choices.word(&["string", "integer", "array", "object"])] }),
            8 | 9 => self.object(depth),
            10 => json!({ "type": "array", "items": self.schema(depth + 1) }),
            11 | 12 => self.union(depth),
            13 => self.all_of(depth),
            14 => self.rare(depth),
            _ => json!({ "type": "object", "additionalProperties": self.schema(depth + 1) }),
        };
        if let Some(members) = schema.as_object_mut() {
            self.annotate(members);
        }
        schema
    }

    fn annotate(&mut self, members: &mut Map) {
        if self.choices.one_in(3) {
            members.insert("description".to_owned(), json!(self.choices.text()));
        }
        match self.choices.below(16) {
            12 => drop(members.insert("title".to_owned(), json!(self.choices.text()))),
            13 => drop(members.insert("example".to_owned(), json!(self.choices.text()))),
            14 => drop(members.insert("default".to_owned(), json!(self.choices.text()))),
            15 => {
                let (comment, text) = (self.choices.text(), self.choices.text());
                members.insert("$comment".to_owned(), json!(comment));
                members.insert("examples".to_owned(), json!([text]));
                members.insert("deprecated".to_owned(), json!(true));
            }
            _ => {}
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for _ in 0..self.choices.below(5) {
            let name = self.choices.name();
            if self.choices.one_in(2) && !required.contains(&name) {
                required.push(name.clone());
            }
            let mut schema = self.schema(depth + 1);
            if let Some(members) = schema.as_object_mut()
                && self.choices.one_in(8)
            {
                let key = self.choices.word(&["readOnly", "writeOnly", "deprecated"]);
                members.insert(key.to_owned(), json!(true));
            }
            properties.insert(name, schema);
        }
        let mut object = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        match self.choices.below(10) {
            6 => object["additionalProperties"] = json!(false),
            7 => object["additionalProperties"] = self.schema(depth + 1),
            8 => object["patternProperties"] = json!({ (self.pattern()): self.schema(depth + 1) }),
            9 => object["propertyNames"] = json!({ "pattern": self.pattern() }),
            _ => {}
        }
        object
    }

    fn union(&mut self, depth: usize) -> Value {
        let key = self.choices.word(&["oneOf", "anyOf"]);
        let count = 1 + self.choices.below(4);
        if self.choices.one_in(3) {
            let tag = self.choices.name();
            let branches: Vec<Value> = (0..count)
                .map(|_| {
                    let mut object = self.object(depth + 1);
                    object["properties"][tag.as_str()] = json!({ "const": self.choices.text() });
                    object["required"] = json!([tag]);
                    object
                })
                .collect();
            let mut union = json!({ key: branches });
            if self.choices.one_in(2) {
                union["discriminator"] = json!({ "propertyName": tag });
            }
            return union;
        }
        let branches: Vec<Value> = (0..count).map(|_| self.schema(depth + 1)).collect();
        json!({ key: branches })
    }

    fn all_of(&mut self, depth: usize) -> Value {
        let parts: Vec<Value> = (0..=self.choices.below(3))
            .map(|_| {
                if self.choices.one_in(3) {
                    self.reference()
                } else {
                    self.object(depth + 1)
                }
            })
            .collect();
        json!({ "allOf": parts })
    }

    fn rare(&mut self, depth: usize) -> Value {
        let (one, other) = (self.schema(depth + 1), self.schema(depth + 1));
        match self.choices.below(10) {
            0 => json!({ "not": one }),
            1 => json!({ "if": one, "then": other, "else": false }),
            2 => json!({ "type": "array", "prefixItems": [one, other], "items": false, "uniqueItems": true }),
            3 => json!({ "type": "array", "contains": one, "minContains": 0, "maxContains": 2 }),
            4 => json!({ "$defs": { (self.choices.name()): one }, "allOf": [other] }),
            5 => {
                json!({ "type": "object", "dependentRequired": { (self.choices.name()): [self.choices.name()] }, "minProperties": 1 })
            }
            6 => {
                json!({ "type": "object", "dependentSchemas": { (self.choices.name()): one }, "unevaluatedProperties": other })
            }
            7 => json!({ "const": { (self.choices.name()): self.choices.text() } }),
            8 => json!(true),
            _ => json!({ "type": "string", "contentMediaType": self.choices.text(), "contentSchema": one }),
        }
    }

    fn words(&mut self) -> Value {
        let mut words: Vec<Value> = Vec::new();
        for _ in 0..=self.choices.below(6) {
            let word = match self.choices.below(8) {
                6 => json!(null),
                7 => json!(self.choices.below(3)),
                0..=2 => json!(self.choices.name()),
                _ => json!(self.choices.text()),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let text = words.iter().all(Value::is_string);
        let mut schema = json!({ "enum": words });
        if text {
            schema["type"] = json!("string");
        }
        schema
    }

    fn text_schema(&mut self) -> Value {
        let mut schema = json!({ "type": "string" });
        match self.choices.below(6) {
            0 | 1 => schema["pattern"] = json!(self.pattern()),
            2 => schema["format"] = json!(self.choices.of(FORMATS)),
            3 => schema["const"] = json!(self.choices.text()),
            4 => schema["default"] = json!(self.choices.text()),
            _ => {
                schema["minLength"] = json!(self.choices.below(3));
                schema["maxLength"] = json!(3 + self.choices.below(60_000));
            }
        }
        schema
    }

    fn number_schema(&mut self) -> Value {
        let kind = self.choices.word(&["integer", "number"]);
        let numbers = [
            json!(0),
            json!(-1),
            json!(1e308),
            json!(0.1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(-0.0),
            json!(1e-7),
        ];
        let number = |choices: &mut Choices<'_>| numbers[choices.below(numbers.len())].clone();
        let key = self.choices.word(&[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "multipleOf",
            "default",
            "const",
        ]);
        let mut schema = json!({ "type": kind, key: number(self.choices) });
        if self.choices.one_in(2) {
            schema["format"] = json!(self.choices.of(FORMATS));
        }
        schema
    }

    fn pattern(&mut self) -> String {
        if self.choices.one_in(4) {
            return self.choices.text();
        }
        self.choices.word(PATTERNS).to_owned()
    }
}

/// A schema, with references to what has these names.
pub(super) fn schema(choices: &mut Choices<'_>, names: Vec<String>) -> Value {
    Grower { choices, names }.schema(1)
}

/// A name as a segment of a pointer in a URI.
pub(super) fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let spelled = escaped.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    spelled.collect()
}
