//! `flaresmith serve`: handing over to the server beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The program alone in a folder, which is on the disk that it was built on.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::hard_link(env!("CARGO_BIN_EXE_flaresmith"), folder.path().join("flaresmith")).unwrap();
    folder
}

fn serve(folder: &Path, options: &[&str]) -> std::process::Output {
    Command::new(folder.join("flaresmith"))
        .arg("serve")
        .args(options)
        .output()
        .unwrap()
}

#[test]
fn a_server_that_is_not_installed_is_told_with_what_to_do() {
    let folder = installed();
    let said = serve(folder.path(), &["--listen", "127.0.0.1:0"]);
    let text = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(text.contains("SERVE_ABSENT") && text.contains("cargo serve"), "{text}");
}

#[cfg(unix)]
#[test]
fn the_server_gets_every_option_as_it_is_and_its_exit_code_is_the_programs() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = installed();
    let server = folder.path().join("flaresmithd");
    fs::write(&server, "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
    for options in [&["--help"][..], &["--listen", "a b", "--format", "x", "--", "-q"]] {
        let said = serve(folder.path(), options);
        let expected: String = options.iter().map(|option| format!("<{option}>")).collect();
        assert_eq!(String::from_utf8(said.stdout).unwrap(), expected);
        assert_eq!(said.status.code(), Some(7));
    }
}
