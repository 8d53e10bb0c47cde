//! A throwaway Postgres cluster, shared by the tests of this process.
//!
//! Owns: starting it and that nothing of it stays. Must not know: what is stored in it.

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use flaresmith_runtime::settings::{Database, Hidden};
use sea_orm::ConnectionTrait as _;

struct Cluster {
    url: String,
    /// Its standard input is open as long as this process lives; then the shell stops the server and removes the folder.
    _keeper: Child,
}

/// The address of a fresh database.
pub(crate) async fn database() -> Database {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = CLUSTER.get_or_init(start);
    let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = sea_orm::Database::connect(format!("{}/postgres", cluster.url))
        .await
        .unwrap();
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    admin.close().await.unwrap();
    Database::Postgres(Hidden::new(format!("{}/{name}", cluster.url)))
}

#[allow(clippy::zombie_processes, reason = "it ends when this process does")]
fn start() -> Cluster {
    let bin = binaries();
    let folder = PathBuf::from(format!("/tmp/flaresmith-runtime-pg-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let user = unprivileged();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
    }
    let data = folder.join("data");
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.args([
        "--username=flaresmith",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "-D",
    ]);
    let made = lowered(&mut initdb, user)
        .arg(&data)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = format!(
        "'{postgres}' -D data -h 127.0.0.1 -p {port} -k '' -F -c max_connections=300 >log 2>&1 & server=$!\n\
         cat >/dev/null; kill -INT $server; wait $server; rm -rf '{folder}'",
        postgres = bin.join("postgres").display(),
        folder = folder.display(),
    );
    let mut keeper = Command::new("/bin/sh");
    keeper.args(["-c", &script]).current_dir(&folder);
    let keeper = lowered(&mut keeper, user)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        let ready = Command::new(bin.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string(), "-U", "flaresmith"])
            .status();
        if ready.unwrap().success() {
            return Cluster {
                url: format!("postgres://flaresmith@127.0.0.1:{port}"),
                _keeper: keeper,
            };
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let mut log = String::new();
    if let Ok(mut file) = std::fs::File::open(folder.join("log")) {
        file.read_to_string(&mut log).unwrap();
    }
    panic!("postgres did not start:\n{log}");
}

/// The folder that has initdb beside postgres.
pub(crate) fn binaries() -> PathBuf {
    let usable = |folder: &Path| {
        ["initdb", "postgres", "pg_isready"]
            .iter()
            .all(|name| folder.join(name).exists())
    };
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let linked = std::env::split_paths(&on_path)
        .filter_map(|folder| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned()));
    let mut candidates = versions.into_iter().rev().chain(linked);
    candidates
        .find(|folder| usable(folder))
        .expect("Postgres is not installed; run: apt-get install -y postgresql")
}

/// Postgres refuses to run as root: root becomes another user.
fn unprivileged() -> Option<(u32, u32)> {
    let own = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&own.stdout).trim() != "0" {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    };
    let found = find("postgres").or_else(|| find("nobody"));
    Some(found.expect("root cannot run postgres, and there is no user `postgres` or `nobody`"))
}

fn lowered(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}
