//! Watching: waiting until something moved in the folders that matter.
//!
//! Owns: the system's notifications, folding bursts of them into one, and following folders that come and go. Must not know:
//! what is done about it, or which files matter: whoever is woken looks for himself, so one notification too many costs a look
//! and none is believed.

mod folders;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

pub use folders::folders;

use crate::error::SyncError;

/// How long nothing may move before a burst is over. An editor's save is several steps within a fraction of this.
const QUIET: Duration = Duration::from_millis(4);
/// How long a burst may last before it is looked at all the same.
const LONGEST: Duration = Duration::from_millis(100);

/// Watched folders.
pub struct Watch {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// The system has no notifications to give.
    pub fn start() -> Result<Self, SyncError> {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(sender).map_err(|error| failed(&error, Path::new(".")))?;
        Ok(Self {
            watcher,
            events,
            folders: BTreeSet::new(),
        })
    }

    /// Watches these folders, each without those below it, and no others. Whether any was not watched before: what happened
    /// in it so far went unseen. Folders that are not there are left out; the folder above tells when they come.
    ///
    /// # Errors
    /// The system refuses, usually because a limit is reached.
    pub fn follow(&mut self, folders: BTreeSet<PathBuf>) -> Result<bool, SyncError> {
        let mut more = false;
        let mut followed = BTreeSet::new();
        for folder in folders {
            if !self.folders.contains(&folder) {
                match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                    Ok(()) => more = true,
                    Err(error) if is_absent(&error) => continue,
                    Err(error) => return Err(failed(&error, &folder)),
                }
            }
            followed.insert(folder);
        }
        for gone in self.folders.difference(&followed) {
            // A folder that was deleted is not watched any more, which is what is wanted.
            let _ = self.watcher.unwatch(gone);
        }
        self.folders = followed;
        Ok(more)
    }

    /// How many folders are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.folders.len()
    }

    /// Whether nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// Waits until something moved and the burst is over; when that began.
    ///
    /// # Errors
    /// The notifications ended.
    pub fn wait(&mut self) -> Result<Instant, SyncError> {
        loop {
            let event = self.events.recv().map_err(|_| ended())?;
            if self.moves(event) {
                break;
            }
        }
        let began = Instant::now();
        while began.elapsed() < LONGEST {
            match self.events.recv_timeout(QUIET) {
                Ok(event) => {
                    self.moves(event);
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
        Ok(began)
    }

    /// Whether an event says that something moved: reading a file moves nothing, a lost notification may be anything.
    fn moves(&mut self, event: notify::Result<Event>) -> bool {
        let Ok(event) = event else { return true };
        if matches!(event.kind, EventKind::Remove(_)) {
            // A watched folder that goes has to be watched anew when it comes back.
            for path in &event.paths {
                self.folders.remove(path);
            }
        }
        !matches!(event.kind, EventKind::Access(_))
    }
}

fn is_absent(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn failed(error: &notify::Error, path: &Path) -> SyncError {
    let failure = SyncError::new("WATCH_FAILED", format!("cannot watch {}: {error}", path.display())).at(path);
    if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
        return failure.hint("raise the limit: `sudo sysctl fs.inotify.max_user_watches=524288`");
    }
    failure.hint("run `flaresmith spec apply` after each change instead")
}

fn ended() -> SyncError {
    SyncError::new("WATCH_ENDED", "the system stopped telling about changes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_wakes_once_and_folders_that_come_back_are_followed() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a");
        std::fs::create_dir(&folder).unwrap();
        let all = || BTreeSet::from([place.path().to_owned(), folder.clone()]);
        let mut watch = Watch::start().unwrap();
        assert!(watch.follow(all()).unwrap());
        assert!(!watch.follow(all()).unwrap());
        for i in 0..20 {
            std::fs::write(folder.join("x"), i.to_string()).unwrap();
        }
        watch.wait().unwrap();
        assert!(watch.events.try_recv().is_err(), "the burst was not folded");
        std::fs::remove_dir_all(&folder).unwrap();
        watch.wait().unwrap();
        std::fs::create_dir(&folder).unwrap();
        watch.wait().unwrap();
        assert!(
            watch.follow(all()).unwrap(),
            "the folder that came back is not followed"
        );
        std::fs::write(folder.join("y"), "1").unwrap();
        watch.wait().unwrap();
    }
}
