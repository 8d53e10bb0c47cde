//! `flaresmith schema [NAME]`: the JSON Schemas of what is read and of what is printed.
//!
//! Owns: the table of published schemas and their names. Must not know: any field; a schema is made from the type that reads or
//! prints the document, so that it cannot say anything else.

use std::fs;
use std::path::Path;

use flaresmith_codegen::compare::ChangeReport;
use flaresmith_codegen::diagnostics::nearest;
use flaresmith_codegen::openapi::extension::{OperationExtension, RootExtension, SchemaExtension};
use flaresmith_codegen::settings::Settings;
use flaresmith_sync::SyncError;
use flaresmith_sync::drift::DriftReport;
use flaresmith_sync::hook::HookReport;
use flaresmith_sync::saved::SavedPlan;
use flaresmith_sync::status::Status;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::cli::SchemaArgs;
use crate::outcome::Outcome;
use crate::view::{View, json};

/// One row of the table of published schemas.
struct Published {
    /// Its name on the command line; with `.json`, that of its file.
    name: &'static str,
    /// What it describes.
    about: &'static str,
    /// Makes it.
    schema: fn() -> Schema,
}

/// Everything that people or programs write for Flaresmith, then everything that it prints with `--format json`.
const PUBLISHED: &[Published] = &[
    Published {
        name: "settings",
        about: "flaresmith.toml",
        schema: read::<Settings>,
    },
    Published {
        name: "x-flaresmith-root",
        about: "x-flaresmith at the root of a contract",
        schema: read::<RootExtension>,
    },
    Published {
        name: "x-flaresmith-operation",
        about: "x-flaresmith on an operation",
        schema: read::<OperationExtension>,
    },
    Published {
        name: "x-flaresmith-schema",
        about: "x-flaresmith on a schema, or on a property, which is a schema too",
        schema: read::<SchemaExtension>,
    },
    Published {
        name: "drift-report",
        about: "What spec apply, spec plan and spec check print",
        schema: printed::<DriftReport>,
    },
    Published {
        name: "status",
        about: "What spec status prints",
        schema: printed::<Status>,
    },
    Published {
        name: "saved-plan",
        about: "What spec plan --out writes and spec apply --plan reads",
        schema: read::<SavedPlan>,
    },
    Published {
        name: "change-report",
        about: "What spec diff prints",
        schema: printed::<ChangeReport>,
    },
    Published {
        name: "hook-report",
        about: "What hook install, hook uninstall and hook status print",
        schema: printed::<HookReport>,
    },
    Published {
        name: "diagnostics",
        about: "What a command about specs prints when they have errors",
        schema: printed::<json::DiagnosticsDocument<'_>>,
    },
    Published {
        name: "failure",
        about: "What any command prints when it cannot go on",
        schema: printed::<json::FailureDocument<'_>>,
    },
    Published {
        name: "trace",
        about: "What spec trace prints",
        schema: printed::<json::TraceDocument<'_>>,
    },
    Published {
        name: "codes",
        about: "What explain prints",
        schema: printed::<json::CodesDocument>,
    },
    Published {
        name: "code",
        about: "What explain CODE prints",
        schema: printed::<json::CodeDocument>,
    },
    Published {
        name: "written",
        about: "What init and schema --out print",
        schema: printed::<json::WrittenDocument<'_>>,
    },
    Published {
        name: "schemas",
        about: "What schema prints without a name",
        schema: printed::<json::SchemasDocument<'_>>,
    },
];

/// The schema of a document that is read: what has a default may be left out.
fn read<T: JsonSchema>() -> Schema {
    schema::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of a document that is printed: what is always there is required.
fn printed<T: JsonSchema>() -> Schema {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    settings.into_generator().into_root_schema_for::<T>()
}

impl Published {
    /// The schema, titled with what it describes rather than with the name of a type.
    fn titled(&self) -> Schema {
        let mut schema = (self.schema)();
        schema.insert("title".to_owned(), self.about.into());
        schema
    }
}

/// Runs it.
pub(crate) fn run(args: &SchemaArgs, view: &mut View) -> Result<Outcome, SyncError> {
    let wanted: Vec<&Published> = match &args.name {
        Some(name) => vec![find(name)?],
        None => PUBLISHED.iter().collect(),
    };
    match (&args.out, wanted.as_slice()) {
        (Some(folder), wanted) => view.written(&write(wanted, folder)?),
        (None, [one]) => view.schema(&one.titled()),
        (None, all) => view.schemas(&all.iter().map(|one| (one.name, one.about)).collect::<Vec<_>>()),
    }
    Ok(Outcome::Clean)
}

fn find(name: &str) -> Result<&'static Published, SyncError> {
    PUBLISHED.iter().find(|one| one.name == name).ok_or_else(|| {
        let hint = match nearest(name, PUBLISHED.iter().map(|one| one.name)) {
            Some(near) => format!("did you mean `flaresmith schema {near}`?"),
            None => "`flaresmith schema` lists all names".to_owned(),
        };
        SyncError::new("SCHEMA_UNKNOWN_NAME", format!("no schema is published as `{name}`")).hint(hint)
    })
}

/// Writes each schema as `NAME.json`. The files are nobody's to edit, so what stood there is replaced.
fn write(schemas: &[&Published], folder: &Path) -> Result<Vec<String>, SyncError> {
    fs::create_dir_all(folder).map_err(|error| SyncError::io("cannot make", folder, &error))?;
    let mut written = Vec::with_capacity(schemas.len());
    for one in schemas {
        let path = folder.join(format!("{}.json", one.name));
        fs::write(&path, json::document(&one.titled()))
            .map_err(|error| SyncError::io("cannot write", &path, &error))?;
        written.push(path.to_string_lossy().replace('\\', "/"));
    }
    Ok(written)
}
