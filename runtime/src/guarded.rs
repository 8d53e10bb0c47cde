//! Programs that end with this process.
//!
//! Owns: starting one with an environment of its own, and that it and everything it starts end when this process does, however that
//! ends. Must not know: which program, and what for.
//!
//! A shell stands before the program, in a process group of its own, and reads from a pipe of which this process alone holds the
//! other end. When that end is closed, by [`Guarded`] going out of scope or by the system when this process is killed, the shell ends
//! its whole group. Nothing is found by a number that another process might have by then.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};

/// What the shell does. A line asks the group to finish, the end of input ends it. What listens on a socket has it as number 4.
const SHELL: &str = r#"exec 3<&0 </dev/null
trap : TERM
(trap : TERM; if read -r _ <&3; then kill -TERM 0; read -r _ <&3; fi; kill -KILL 0) &
watch=$!
exec 3<&-
"$@"
code=$?
kill -KILL "$watch"
exit "$code""#;

/// The same, with the socket that is given as output.
const SHELL_WITH_SOCKET: &str = "exec 4<&1 >/dev/null\n";

/// The number under which a program has its socket.
pub(crate) const SOCKET: u32 = 4;

/// A program to start. It sees nothing of the environment of this process.
#[derive(Debug)]
pub(crate) struct Program {
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    /// The folder that it works in.
    pub(crate) folder: PathBuf,
    /// Its environment, whole.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The user and group that it runs as; those of this process when absent.
    pub(crate) account: Option<Account>,
}

/// A user of this machine, and the group of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// The number of the user.
    pub(crate) user: u32,
    /// The number of the group.
    pub(crate) group: u32,
}

/// Where what a program writes goes.
#[derive(Debug)]
pub(crate) enum Output<'a> {
    /// Both of its outputs, to this file.
    File(&'a std::fs::File),
    /// What it writes as trouble, to this process; and it listens on this socket.
    Socket(&'a TcpListener),
}

/// A program that was started. It ends when this goes out of scope.
#[derive(Debug)]
pub(crate) struct Guarded {
    hold: ChildStdin,
}

/// The part of a started program that can be waited for.
#[derive(Debug)]
pub(crate) struct Started {
    /// There until it goes out of scope.
    child: Option<Child>,
    /// What it writes as trouble, when this process takes that.
    pub(crate) trouble: Option<ChildStderr>,
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// The system cannot.
    pub(crate) fn start(&self, output: &Output<'_>) -> io::Result<(Guarded, Started)> {
        let mut script = String::new();
        let (out, trouble) = match output {
            Output::File(file) => (Stdio::from(file.try_clone()?), Stdio::from(file.try_clone()?)),
            Output::Socket(socket) => {
                script.push_str(SHELL_WITH_SOCKET);
                (inherited(socket)?, Stdio::piped())
            }
        };
        script.push_str(SHELL);
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg("sh").args(&self.words);
        command.current_dir(&self.folder).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(out).stderr(trouble);
        own_group(&mut command);
        run_as(&mut command, self.account);
        let mut child = command.spawn()?;
        let hold = child
            .stdin
            .take()
            .ok_or_else(|| io::Error::other("a child has no input"))?;
        let trouble = child.stderr.take();
        Ok((
            Guarded { hold },
            Started {
                child: Some(child),
                trouble,
            },
        ))
    }
}

impl Guarded {
    /// Asks the program to finish what it is at. It is not waited for.
    pub(crate) fn finish(&mut self) {
        // One that has ended needs no asking.
        let _ = self.hold.write_all(b"\n").and_then(|()| self.hold.flush());
    }
}

impl Started {
    /// Whether it has ended, and how.
    ///
    /// # Errors
    /// The system does not tell.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// The system does not tell.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        let child = self.child.as_mut();
        child.map_or_else(|| Err(io::ErrorKind::NotFound.into()), Child::wait)
    }
}

impl Drop for Started {
    /// The system keeps what is left of an ended program until somebody has asked for it.
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && !matches!(child.try_wait(), Ok(Some(_)))
        {
            let _ = std::thread::Builder::new().spawn(move || child.wait());
        }
    }
}

/// The file of a program by its name, as this process finds it.
#[must_use]
pub(crate) fn found(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|folder| folder.join(name))
        .find(|file| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.is_file())
}

#[cfg(unix)]
fn inherited(socket: &TcpListener) -> io::Result<Stdio> {
    Ok(Stdio::from(std::os::fd::OwnedFd::from(socket.try_clone()?)))
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

/// Has a program run as somebody else.
#[cfg(unix)]
pub(crate) fn run_as(command: &mut Command, account: Option<Account>) {
    use std::os::unix::process::CommandExt as _;
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
}

#[cfg(not(unix))]
pub(crate) fn run_as(_: &mut Command, _: Option<Account>) {}

#[cfg(not(unix))]
fn inherited(_: &TcpListener) -> io::Result<Stdio> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn program(words: &[&str]) -> Program {
        Program {
            words: words.iter().map(OsString::from).collect(),
            folder: std::env::temp_dir(),
            environment: vec![("A".into(), "b".into())],
            account: None,
        }
    }

    #[test]
    fn a_program_sees_the_environment_that_it_is_given_and_ends_as_it_wants() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let program = program(&["/bin/sh", "-c", "echo $A$HOME; exit 7"]);
        let (_guard, mut started) = program.start(&Output::File(file.as_file())).unwrap();
        assert_eq!(started.wait().unwrap().code(), Some(7));
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "b\n");
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let program = program(&["/bin/sh", "-c", "(while :; do echo x; sleep 0.05; done) & sleep 600"]);
        let (guard, mut started) = program.start(&Output::File(file.as_file())).unwrap();
        let begun = Instant::now();
        while file.as_file().metadata().unwrap().len() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(guard);
        assert!(!started.wait().unwrap().success());
        let size = || file.as_file().metadata().unwrap().len();
        let before = size();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(size(), before);
    }
}
