//! Tables: their columns, keys, indexes and references, and the relations that queries can follow.
//!
//! Owns: what is said about several columns or several tables. Must not know: kinds of columns.

use std::collections::BTreeSet;

use super::columns::column;
use super::names::Relation;
use super::{Context, PG};
use crate::emit::database::{self, columns, constraint, inline_reference};
use crate::emit::typescript::imports::Imports;
use crate::emit::typescript::layout::{Item, Layout};
use crate::emit::typescript::text::{comment, key, member, string};
use crate::model::entity::shortened;
use crate::model::{Column, Entity, EntityId, ForeignKey, Model, OnDelete, TypeId};

/// The definition of a table.
pub(super) fn table(
    context: &Context<'_>,
    at: usize,
    imports: &mut Imports,
    mentioned: &mut BTreeSet<TypeId>,
) -> String {
    let (Some(entity), Some(id)) = (context.model.entities.get(at), entity_id(at)) else {
        return String::new();
    };
    imports.value(PG, "pgTable");
    let mut text = comment(entity.docs.description.as_deref().unwrap_or_default(), "");
    text.push_str(&format!(
        "export const {} = pgTable({}, {{\n",
        context.names.table(id),
        string(&entity.table)
    ));
    for (n, one) in entity.columns.iter().enumerate() {
        text.push_str(&comment(&about(one), "  "));
        let primary = entity.primary_key == [n];
        let mut spelt = column(context, one, primary, imports, mentioned);
        if one.unique {
            let name = constraint(entity, &[n], "unique");
            spelt = spelt.then("unique", vec![Layout::text(string(&name))]);
        }
        for reference in entity.foreign_keys.iter().filter(|reference| reference.columns == [n]) {
            if inline_reference(context.model, entity, reference).is_some() {
                spelt = referring(spelt, context, id, reference, imports);
            }
        }
        spelt.line(2, &format!("{}: ", key(&one.field)), ",", &mut text);
    }
    text.push('}');
    let further = further(context, id, entity, imports);
    if !further.is_empty() {
        // The type is written out because the references of tables may lead in a circle, where none can be inferred.
        imports.ty(PG, "PgTableExtraConfigValue");
        text.push_str(", (t): PgTableExtraConfigValue[] => [\n");
        for one in &further {
            one.line(2, "", ",", &mut text);
        }
        text.push(']');
    }
    text.push_str(");\n");
    text
}

/// Words about a column.
fn about(column: &Column) -> String {
    let said = column.docs.description.as_deref().unwrap_or_default().trim();
    let secret = if column.secret {
        "A secret: not to be shown or logged."
    } else {
        ""
    };
    let between = match (said.is_empty() || secret.is_empty(), said.contains('\n')) {
        (true, _) => "",
        (false, true) => "\n",
        (false, false) => " ",
    };
    format!("{said}{between}{secret}")
}

/// Keys, unique constraints, indexes and references that do not stand at a column.
fn further(context: &Context<'_>, id: EntityId, entity: &Entity, imports: &mut Imports) -> Vec<Layout> {
    let mut found = Vec::new();
    if entity.primary_key.len() > 1 {
        imports.value(PG, "primaryKey");
        let name = constraint(entity, &entity.primary_key, "pk");
        let options = vec![
            Item::member("name", Layout::text(string(&name))),
            Item::member("columns", Layout::list(list("t", entity, &entity.primary_key))),
        ];
        found.push(Layout::call("primaryKey", vec![Layout::object(options)]));
    }
    for index in &entity.indexes {
        // A constraint rather than an index: it stands in the table's own statement, before the references to it.
        let function = if index.unique { "unique" } else { "index" };
        imports.value(PG, function);
        let named = Layout::call(function, vec![Layout::text(string(&shortened(&index.name)))]);
        found.push(named.then("on", list("t", entity, &index.columns)));
    }
    for reference in &entity.foreign_keys {
        if inline_reference(context.model, entity, reference).is_some() {
            continue;
        }
        let Some(target) = context.model.entities.get(reference.entity.index()) else {
            continue;
        };
        imports.value(PG, "foreignKey");
        let constant = if reference.entity == id {
            "t"
        } else {
            context.names.table(reference.entity)
        };
        let name = database::reference(context.model, entity, reference);
        let options = vec![
            Item::member("name", Layout::text(string(&name))),
            Item::member("columns", Layout::list(list("t", entity, &reference.columns))),
            Item::member(
                "foreignColumns",
                Layout::list(list(constant, target, &reference.fields)),
            ),
        ];
        let key = Layout::call("foreignKey", vec![Layout::object(options)]);
        found.push(match on_delete(reference.on_delete) {
            Some(word) => key.then("onDelete", vec![Layout::text(format!("'{word}'"))]),
            None => key,
        });
    }
    found
}

/// The column with what it refers to.
fn referring(
    column: Layout,
    context: &Context<'_>,
    id: EntityId,
    reference: &ForeignKey,
    imports: &mut Imports,
) -> Layout {
    let Some(target) = context.model.entities.get(reference.entity.index()) else {
        return column;
    };
    let circular = reaches(context.model, reference.entity, id);
    if circular {
        imports.ty(PG, "AnyPgColumn");
    }
    let head = if circular { "(): AnyPgColumn => " } else { "() => " };
    let mut to = list(context.names.table(reference.entity), target, &reference.fields);
    to.insert(0, Layout::text(head));
    let options = on_delete(reference.on_delete).map(|word| {
        let word = Layout::text(format!("'{word}'"));
        Layout::object(vec![Item::member("onDelete", word)])
    });
    column.then("references", std::iter::once(Layout::run(to)).chain(options).collect())
}

/// Whether references lead from one table to another, at any distance.
fn reaches(model: &Model, from: EntityId, to: EntityId) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut queue = vec![from];
    while let Some(id) = queue.pop() {
        if id == to {
            return true;
        }
        for reference in model
            .entities
            .get(id.index())
            .into_iter()
            .flat_map(|entity| &entity.foreign_keys)
        {
            if seen.insert(reference.entity) {
                queue.push(reference.entity);
            }
        }
    }
    false
}

/// `t.a` and `t.b`
fn list(constant: &str, entity: &Entity, indexes: &[usize]) -> Vec<Layout> {
    let columns = columns(entity, indexes);
    columns
        .iter()
        .map(|column| Layout::text(format!("{constant}{}", member(&column.field))))
        .collect()
}

fn on_delete(action: OnDelete) -> Option<&'static str> {
    match action {
        OnDelete::NoAction => None,
        OnDelete::Restrict => Some("restrict"),
        OnDelete::Cascade => Some("cascade"),
        OnDelete::SetNull => Some("set null"),
    }
}

/// The relations of a table.
pub(super) fn relations(context: &Context<'_>, at: usize, relations: &[Relation], imports: &mut Imports) -> String {
    let (Some(entity), Some(id), false) = (context.model.entities.get(at), entity_id(at), relations.is_empty()) else {
        return String::new();
    };
    imports.value("drizzle-orm", "relations");
    let own = context.names.table(id);
    let mut helpers = Vec::new();
    if relations.iter().any(|relation| relation.own_key.is_some()) {
        helpers.push("one");
    }
    if relations.iter().any(|relation| relation.own_key.is_none()) {
        helpers.push("many");
    }
    let mut text = format!(
        "export const {} = relations({own}, ({{ {} }}) => ({{\n",
        context.names.relations_constant(id),
        helpers.join(", ")
    );
    for relation in relations {
        let other = context.names.table(relation.other);
        let mut options = Vec::new();
        let reference = relation.own_key.and_then(|n| entity.foreign_keys.get(n));
        if let (Some(reference), Some(target)) = (reference, context.model.entities.get(relation.other.index())) {
            options.push(Item::member(
                "fields",
                Layout::list(list(own, entity, &reference.columns)),
            ));
            options.push(Item::member(
                "references",
                Layout::list(list(other, target, &reference.fields)),
            ));
        }
        if let Some(label) = &relation.label {
            options.push(Item::member("relationName", Layout::text(string(label))));
        }
        let function = if reference.is_some() { "one" } else { "many" };
        let mut arguments = vec![Layout::text(other.to_owned())];
        if !options.is_empty() {
            arguments.push(Layout::object(options));
        }
        let head = format!("{}: ", key(&relation.name));
        Layout::call(function, arguments).line(2, &head, ",", &mut text);
    }
    text.push_str("}));\n");
    text
}

fn entity_id(at: usize) -> Option<EntityId> {
    u32::try_from(at).ok().map(EntityId)
}
