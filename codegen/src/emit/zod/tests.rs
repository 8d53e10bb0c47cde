//! What schemas the shapes of a contract become.

use crate::emit::testing::artifacts;
use crate::tree::{Value, json};

/// The text of the module `shared` for the given components, white space folded.
fn shared(schemas: &Value) -> String {
    let document = json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": schemas}});
    let made = artifacts(&document, &["zod"]);
    let text = made.get("generated/ts/src/zod/shared.ts").unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
}

#[test]
fn formats_follow_the_contract_rather_than_zod() {
    let text = shared(
        &json!({"A": {"type": "object", "required": ["id", "at"], "properties": {
            "id": {"type": "string", "format": "uuid"},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "n": {"type": "integer", "maximum": 9_223_372_036_854_775_807_i64, "minimum": 1},
            "price": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01},
            "code": {"type": "string", "maxLength": 3, "pattern": "^a/b$"},
            "odd": {"type": "string", "pattern": "(?<=x)y"},
        }}}),
    );
    has(&text, "id: z.guid(),");
    has(&text, "at: dateTime.nullable(),");
    has(&text, "n: z.int().min(1).optional(),");
    has(&text, "price: z.number().gt(0).multipleOf(0.01).optional(),");
    has(&text, "code: z.string().max(3).regex(/^a\\/b$/u).optional(),");
    has(&text, "odd: z.string().regex(pattern('(?<=x)y')).optional(),");
}

#[test]
fn constants_stand_before_their_use_whatever_the_order_of_the_source() {
    let text = shared(&json!({
        "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"type": "array", "items": {"$ref": "#/components/schemas/C"}},
        "C": {"type": "string", "enum": ["x", "it's"]},
    }));
    let at = |name: &str| text.find(&format!("const {name}Schema")).unwrap();
    assert!(at("C") < at("B") && at("B") < at("A"), "{text}");
    has(&text, "z.enum(['x', \"it's\"])");
}

#[test]
fn recursion_is_lazy_and_typed_by_hand() {
    let text = shared(&json!({"Tree": {"type": "object", "required": ["kids"], "properties": {
        "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        "up": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]},
    }}}));
    has(
        &text,
        "export type Tree = { kids: Tree[]; up?: Tree | null | undefined; };",
    );
    has(
        &text,
        "export const TreeSchema: z.ZodType<Tree, Tree> = z.object({ kids: z.array(z.lazy(() => TreeSchema)),",
    );
    has(&text, "up: z.lazy(() => TreeSchema).nullable().optional(),");
}

#[test]
fn unions_say_whether_one_or_more_may_match_and_dispatch_by_tag() {
    let variants = json!([{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}]);
    let text = shared(&json!({
        "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
        "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "Cat"}}},
        "Pet": {"oneOf": variants, "discriminator": {"propertyName": "kind"}},
        "One": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        "Some": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    }));
    has(
        &text,
        "z.discriminatedUnion('kind', [ DogSchema.extend({ kind: z.literal('Dog') }), CatSchema, ])",
    );
    has(&text, "OneSchema = z.xor([z.int(), z.string()])");
    has(&text, "SomeSchema = z.union([z.int(), z.string()])");
}

#[test]
fn a_recursive_union_looks_at_the_tag_before_it_looks_inside() {
    let sum = json!({"type": "object", "additionalProperties": false, "properties": {"l": {"$ref": "#/components/schemas/Expr"}}});
    let text = shared(&json!({
        "Expr": {"oneOf": [{"$ref": "#/components/schemas/Sum"}, {"$ref": "#/components/schemas/Lit"}],
                 "discriminator": {"propertyName": "op", "mapping": {"add": "#/components/schemas/Sum"}}},
        "Sum": sum,
        "Lit": {"type": "object", "required": ["op"], "properties": {"op": {"const": "lit"}}},
    }));
    has(
        &text,
        "{ tags: ['add'], schema: z.lazy(() => SumSchema), carries: false },",
    );
    has(&text, "export type Expr = (Sum & { op: 'add' }) | Lit;");
}

#[test]
fn further_members_counts_and_tuples_are_kept() {
    let text = shared(&json!({
        "Closed": {"type": "object", "properties": {"a": {}}, "additionalProperties": false},
        "Open": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": true},
        "Typed": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "integer"}},
        "Counted": {"type": "object", "properties": {"a": {"type": "string"}}, "maxProperties": 2},
        "Map": {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^[a-z]+$"}, "minProperties": 1},
        "Pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "minItems": 1},
        "Set": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
    }));
    has(&text, "ClosedSchema = z.strictObject({ a: z.unknown().optional(), })");
    has(&text, "OpenSchema = z.looseObject({");
    has(&text, ".check(furtherMembers(['a'], z.int()))");
    has(&text, "}).check(maxProperties(2))");
    has(
        &text,
        "z.record(z.string().regex(/^[a-z]+$/u), z.string()).check(minProperties(1))",
    );
    has(&text, "PairSchema = z.tuple([z.string(), z.int().optional()])");
    has(&text, "z.array(z.string()).check(uniqueItems)");
    // As Zod infers it, where the type of a circle is written out.
    let text = shared(
        &json!({"Node": {"type": "object", "required": ["parts"], "properties": {
            "parts": {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"$ref": "#/components/schemas/Node"}},
        }}}),
    );
    has(&text, "parts: [(number | undefined)?, ...Node[]]");
}

#[test]
fn the_public_index_leaves_internal_types_out() {
    let document = json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "components": {"schemas": {
        "Open": {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Inner"}}},
        "Inner": {"type": "object", "x-flaresmith": {"internal": true}, "properties": {"a": {}}},
        "Hidden": {"type": "object", "x-flaresmith": {"internal": true}, "properties": {"a": {}}},
    }}});
    let made = artifacts(&document, &["zod"]);
    let index = made.get("generated/ts/src/zod/index.ts").unwrap();
    assert!(
        index.contains("OpenSchema") && !index.contains("Inner") && !index.contains("internal"),
        "{index}"
    );
    let internal = made.get("generated/ts/src/zod/internal.ts").unwrap();
    assert!(
        internal.contains("HiddenSchema") && !internal.contains("InnerSchema"),
        "{internal}"
    );
}

#[test]
fn hostile_text_stays_text() {
    let evil = "*/ process.exit(1) /* `${x}` </script> \u{2028}\n@ts-nocheck\n/ dprint-ignore-file";
    let text = shared(
        &json!({"A": {"type": "object", "description": evil, "required": [evil], "properties": {
            evil: {"type": "string", "description": evil, "pattern": "/${x}*/", "default": evil},
            "__proto__": {"enum": [evil, "x"], "type": "string"},
        }}}),
    );
    has(&text, "export type A = z.infer<typeof ASchema>;");
    assert!(
        !text.contains("* */ process") && !text.contains('\u{2028}') && !text.contains("* @ts-nocheck"),
        "{text}"
    );
}

#[test]
fn deep_nesting_is_written_and_parsed() {
    let deep = (0..90).fold(
        json!({"type": "string"}),
        |inner, _| json!({"type": "array", "items": inner}),
    );
    has(&shared(&json!({"Deep": deep})), "DeepSchema = z.array(");
}

#[test]
fn words_about_a_type_stand_at_the_first_of_its_exports() {
    let text = shared(&json!({
        "A": {"type": "object", "description": "One.", "deprecated": true, "properties": {"b": {"type": "string"}}},
        "Tree": {"description": "Two.", "type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        "Silent": {"type": "string"},
    }));
    has(&text, "/** * One. * @deprecated */ export const ASchema");
    has(&text, "/** * See {@link ASchema}. * @deprecated */ export type A =");
    has(&text, "/** Two. */ export type Tree =");
    has(&text, "/** See {@link Tree}. */ export const TreeSchema");
    has(&text, "; export type Silent =");
}
