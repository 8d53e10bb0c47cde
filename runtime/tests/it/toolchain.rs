//! The real JavaScript tools, installed when they are not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where their packages are.
pub(crate) fn packages() -> &'static Path {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = root.join("tests/toolchain");
        let packages = folder.join("node_modules");
        let lock = fs::read(folder.join("package-lock.json")).unwrap();
        let stamp = packages.join(".installed-lock.json");
        if fs::read(&stamp).ok().as_deref() != Some(lock.as_slice()) {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .status()
                .unwrap_or_else(|error| panic!("npm cannot be run ({error}); install Node 20"));
            assert!(installed.success(), "`npm ci` in tests/toolchain");
            fs::write(&stamp, lock).unwrap();
        }
        packages
    })
}
