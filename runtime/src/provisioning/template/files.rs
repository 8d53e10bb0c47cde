//! The files of the template that are written by hand, as `templates/project` has them.
//!
//! Owns: which there are. Must not know: what becomes of them.

/// A path, and the text of the file there.
macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../../templates/project/", $path)))
    };
}

/// Every file, by path.
pub(super) const FILES: &[(&str, &str)] = &[
    file!(".devcontainer/compose.yaml"),
    file!(".devcontainer/devcontainer.json"),
    file!(".editorconfig"),
    file!(".github/workflows/ci.yml"),
    file!(".github/workflows/deploy.yml"),
    file!(".github/workflows/preview.yml"),
    file!(".gitignore"),
    file!(".pre-commit-config.yaml"),
    file!("README.md"),
    file!("db/migrate.mjs"),
    file!("db/migrations/0000_begin.sql"),
    file!("db/migrations/meta/0000_snapshot.json"),
    file!("db/migrations/meta/_journal.json"),
    file!("flaresmith.toml"),
    file!("package-lock.json"),
    file!("package.json"),
    file!("specs/001-tasks/contracts/openapi.yaml"),
    file!("specs/001-tasks/data-model.yaml"),
    file!("specs/001-tasks/spec.md"),
    file!("specs/architecture.md"),
    file!("specs/constitution.md"),
    file!("worker/package.json"),
    file!("worker/src/app.ts"),
    file!("worker/src/auth.ts"),
    file!("worker/src/database.ts"),
    file!("worker/src/env.ts"),
    file!("worker/src/handlers/system.ts"),
    file!("worker/src/handlers/tasks.ts"),
    file!("worker/src/index.ts"),
    file!("worker/src/postgres.ts"),
    file!("worker/test/auth.test.ts"),
    file!("worker/test/health.test.ts"),
    file!("worker/test/runtime.test.ts"),
    file!("worker/test/service.ts"),
    file!("worker/test/tasks.test.ts"),
    file!("worker/tsconfig.json"),
    file!("worker/workerd.capnp"),
    file!("wrangler.jsonc"),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn listed(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                listed(&path, found);
            } else {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn the_table_has_every_file_of_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/project/");
        let mut found = Vec::new();
        listed(Path::new(folder), &mut found);
        found.sort();
        let known: Vec<String> = FILES.iter().map(|(path, _)| format!("{folder}{path}")).collect();
        assert_eq!(found, known);
    }
}
