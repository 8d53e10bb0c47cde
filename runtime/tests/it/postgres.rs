//! A throwaway Postgres cluster, shared by the tests of this process.
//!
//! Owns: starting it, that a test's databases go with the test, and that nothing of it stays. Must not know: what is stored in it.

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use flaresmith_runtime::settings::{Database, Hidden};

struct Cluster {
    port: u16,
    /// Its standard input is open as long as this process lives; then the shell stops the server and removes the folder.
    _keeper: Child,
}

/// The roles that a test was given. It runs on a thread of its own, and its databases go when that ends: hundreds of them would fill the
/// disk of a small machine.
struct Roles(RefCell<Vec<String>>);

thread_local! {
    static ROLES: Roles = const { Roles(RefCell::new(Vec::new())) };
}

impl Drop for Roles {
    fn drop(&mut self) {
        for role in self.0.take() {
            // What a platform makes for its environments belongs to the role too.
            say(&format!(
                "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) \
                 FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid WHERE rolname = '{role}' \\gexec"
            ));
        }
    }
}

/// The address of a fresh database.
pub(crate) fn database() -> Database {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    say(&format!(
        "CREATE ROLE {name} LOGIN SUPERUSER;\nCREATE DATABASE {name} OWNER {name};"
    ));
    ROLES.with(|roles| roles.0.borrow_mut().push(name.clone()));
    Database::Postgres(Hidden::new(format!(
        "postgres://{name}@127.0.0.1:{}/{name}",
        cluster().port
    )))
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

/// Has the cluster's own user say something.
fn say(statements: &str) {
    let mut psql = Command::new(binaries().join("psql"))
        .args([
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            &cluster().port.to_string(),
            "-U",
            "flaresmith",
        ])
        .args(["-v", "ON_ERROR_STOP=1", "postgres"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    psql.stdin.take().unwrap().write_all(statements.as_bytes()).unwrap();
    assert!(psql.wait().unwrap().success(), "{statements}");
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
            return Cluster { port, _keeper: keeper };
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
        ["initdb", "postgres", "pg_isready", "psql"]
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
