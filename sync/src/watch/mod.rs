//! Watching: waiting until something moved in the folders that matter.
//!
//! Owns: the system's notifications, folding bursts of them into one, and following folders that come and go. Must not know:
//! what is done about it, or which files matter: whoever is woken looks for himself, so one notification too many costs a look
//! and none is believed.
//!
//! A save that is one step, a file that was closed by its writer or took its place under its name, is told of at once: whoever
//! has looked at the files asks [`Watch::moved_on`] before he does anything about them, and looks again where more came meanwhile.
//! So a burst is waited for by what had to be done anyway.

mod folders;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

pub use folders::folders;

use crate::error::SyncError;
use crate::root::Root;

/// How long nothing may move before a burst is over whose last step left no whole file. An editor's save is several steps within a
/// fraction of this.
const QUIET: Duration = Duration::from_millis(4);
/// How long nothing may move after a whole file, in a burst that is known to be one.
const SOON: Duration = Duration::from_millis(1);
/// How long a burst may last before it is looked at all the same.
const LONGEST: Duration = Duration::from_millis(100);
/// How long a file may stay open to a writer before it is looked at all the same. Many programs empty a file, and write it only
/// then: seen between the two, a contract would be gone.
const LONGEST_OPEN: Duration = Duration::from_millis(400);
/// How many files that came are remembered until they are renamed, and for how long. Forgotten ones cost a wait.
const MOST_FRESH: usize = 256;
const FRESH: Duration = Duration::from_millis(400);

/// Watched folders.
pub struct Watch {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    folders: BTreeSet<PathBuf>,
    /// Files that are being written, where the system tells when that is over.
    open: BTreeSet<PathBuf>,
    /// Whether the last that happened made a file whole.
    whole: bool,
    /// Files that came a moment ago under a name of their own, and when: one that takes the place of another is a save, one that was
    /// there before leaves a place that is about to be filled.
    fresh: BTreeMap<PathBuf, Instant>,
    /// The file that is being renamed, and the number of the rename.
    leaving: Option<(usize, PathBuf)>,
    /// Whether something moved that was taken note of while somebody looked, and is still to be told.
    untold: bool,
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
            open: BTreeSet::new(),
            whole: false,
            fresh: BTreeMap::new(),
            leaving: None,
            untold: false,
        })
    }

    /// Watches these folders, each without those below it, and no others. Whether any was not watched before: what happened
    /// in it so far went unseen. Folders that are not there are left out; the folder above tells when they come.
    ///
    /// # Errors
    /// The system refuses, usually because a limit is reached.
    pub fn follow(&mut self, folders: BTreeSet<PathBuf>) -> Result<bool, SyncError> {
        let gone: Vec<PathBuf> = self.folders.difference(&folders).cloned().collect();
        for folder in gone {
            // A folder that was deleted is not watched any more, which is what is wanted. This comes first: a folder that was
            // renamed is the same one to the system, and would lose its new watch with the old one.
            let _ = self.watcher.unwatch(&folder);
        }
        let mut more = false;
        let mut followed = BTreeSet::new();
        for folder in folders {
            if !self.folders.contains(&folder) {
                // The thread that watches is asked and waited for: not about what is known not to be there.
                if !folder.is_dir() {
                    continue;
                }
                match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                    Ok(()) => more = true,
                    Err(error) if is_absent(&error) => continue,
                    Err(error) => return Err(failed(&error, &folder)),
                }
            }
            followed.insert(folder);
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

    /// Waits until something moved, and left nothing that is being written or about to be renamed, or until the time is over; when
    /// that began.
    ///
    /// # Errors
    /// The notifications ended.
    pub fn wait(&mut self, at_most: Option<Duration>) -> Result<Instant, SyncError> {
        if std::mem::take(&mut self.untold) {
            let began = Instant::now();
            self.fold(began, SOON)?;
            return Ok(began);
        }
        let until = at_most.map(|most| Instant::now() + most);
        loop {
            let event = match until {
                None => self.events.recv().map_err(|_| ended())?,
                Some(until) => match self
                    .events
                    .recv_timeout(until.saturating_duration_since(Instant::now()))
                {
                    Ok(event) => event,
                    Err(RecvTimeoutError::Timeout) => return Ok(Instant::now()),
                    Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                },
            };
            if self.moves(event) {
                break;
            }
        }
        let began = Instant::now();
        self.fold(began, Duration::ZERO)?;
        Ok(began)
    }

    /// Whether anything moved since [`Self::wait`] came back, for whoever has looked at files meanwhile and is about to do something
    /// about them. If so, the burst is over when this comes back, or has lasted so long since it `began` that it is not waited for.
    ///
    /// # Errors
    /// The notifications ended.
    pub fn moved_on(&mut self, began: Instant) -> Result<bool, SyncError> {
        let mut moved = false;
        loop {
            match self.events.try_recv() {
                Ok(event) => moved |= self.moves(event),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(ended()),
            }
        }
        if moved {
            self.fold(began, SOON)?;
        }
        Ok(moved)
    }

    /// Takes note that what moved was not looked at: the next [`Self::wait`] tells of it.
    pub fn tell_again(&mut self) {
        self.untold = true;
    }

    /// Whether the next [`Self::wait`] tells at once of what was taken note of before.
    #[must_use]
    pub fn is_told_again(&self) -> bool {
        self.untold
    }

    /// Waits until a burst that `began` then is over. `soon`: how long nothing may move after a whole file.
    fn fold(&mut self, began: Instant, soon: Duration) -> Result<(), SyncError> {
        loop {
            let (longest, quiet) = match (self.open.is_empty(), self.whole) {
                (true, true) => (LONGEST, soon),
                (true, false) => (LONGEST, QUIET),
                (false, _) => (LONGEST_OPEN, LONGEST_OPEN),
            };
            let left = longest.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            match self.events.recv_timeout(quiet.min(left)) {
                Ok(event) => {
                    self.moves(event);
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
        self.open.clear();
        Ok(())
    }

    /// Whether an event says that something moved: reading a file moves nothing, a lost notification may be anything.
    fn moves(&mut self, event: notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            self.forget(Path::new("/"));
            return true;
        };
        if event.need_rescan() {
            // Notifications were lost, also those of folders that went and came back.
            self.forget(Path::new("/"));
        }
        self.judge(&event);
        match event.kind {
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
                for path in &event.paths {
                    self.forget(path);
                    self.open.remove(path);
                }
            }
            // Only Linux tells when a file is closed.
            EventKind::Modify(ModifyKind::Data(_)) if cfg!(target_os = "linux") => self.open.extend(event.paths),
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                for path in &event.paths {
                    self.open.remove(path);
                }
            }
            _ => {}
        }
        !matches!(event.kind, EventKind::Access(_))
    }

    /// Whether what happened left a whole file.
    fn judge(&mut self, event: &Event) {
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => self.whole = true,
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
                self.leaving = event.tracker().zip(event.paths.first().cloned());
                self.whole = false;
            }
            EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
                let from = self.leaving.take_if(|(rename, _)| event.tracker() == Some(*rename));
                self.whole = from.is_none_or(|(_, from)| {
                    let came = self.fresh.remove(&from);
                    came.is_some_and(|came| came.elapsed() < FRESH)
                });
                for path in &event.paths {
                    self.fresh.remove(path);
                }
            }
            // The two before, told once more. Or somebody reads it, or has given it another mode: it is as whole as before.
            EventKind::Modify(ModifyKind::Name(RenameMode::Both) | ModifyKind::Metadata(_)) | EventKind::Access(_) => {}
            EventKind::Create(_) => {
                if self.fresh.len() >= MOST_FRESH {
                    self.fresh.clear();
                }
                let now = Instant::now();
                self.fresh.extend(event.paths.iter().map(|path| (path.clone(), now)));
                self.whole = false;
            }
            EventKind::Remove(_) => {
                event.paths.iter().for_each(|path| {
                    self.fresh.remove(path);
                });
                self.whole = false;
            }
            _ => self.whole = false,
        }
    }

    /// A watched folder that goes, or gives its name to another, has to be watched anew when the name comes back; so have all
    /// below it, which were not told of.
    fn forget(&mut self, path: &Path) {
        let below = self.folders.range(path.to_owned()..);
        let gone: Vec<PathBuf> = below.take_while(|folder| folder.starts_with(path)).cloned().collect();
        for folder in gone {
            let _ = self.watcher.unwatch(&folder);
            self.folders.remove(&folder);
        }
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

/// Whether git is changing the files of the work tree now, as it does while it switches branches. What is read meanwhile is half of
/// one state and half of another, and what is written is in git's way.
#[must_use]
pub fn is_git_at_work(root: &Root) -> bool {
    let folder = root.kept().and_then(|kept| kept.folder.parent());
    folder.is_some_and(|folder| folder.join("index.lock").exists())
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
        let began = watch.wait(None).unwrap();
        std::thread::sleep(QUIET * 25);
        watch.moved_on(began).unwrap();
        assert!(watch.events.try_recv().is_err(), "the burst was not folded");
        std::fs::remove_dir_all(&folder).unwrap();
        watch.wait(None).unwrap();
        std::fs::create_dir(&folder).unwrap();
        watch.wait(None).unwrap();
        assert!(
            watch.follow(all()).unwrap(),
            "the folder that came back is not followed"
        );
        std::fs::write(folder.join("y"), "1").unwrap();
        watch.wait(None).unwrap();
    }

    #[test]
    fn a_folder_that_was_moved_away_and_replaced_is_followed_with_all_below_it() {
        let place = tempfile::tempdir().unwrap();
        let (folder, below) = (place.path().join("a"), place.path().join("a/b"));
        std::fs::create_dir_all(&below).unwrap();
        let all = || BTreeSet::from([place.path().to_owned(), folder.clone(), below.clone()]);
        let mut watch = Watch::start().unwrap();
        watch.follow(all()).unwrap();
        std::fs::rename(&folder, place.path().join("old")).unwrap();
        std::fs::create_dir_all(&below).unwrap();
        watch.wait(None).unwrap();
        assert!(watch.follow(all()).unwrap());
        while watch.wait(Some(QUIET * 10)).is_ok() && watch.events.try_recv().is_ok() {}
        std::fs::write(below.join("x"), "1").unwrap();
        let event = watch.events.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
        assert!(event.paths.iter().all(|path| path.starts_with(&below)), "{event:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_is_whole_once_it_was_closed_or_renamed_whoever_reads_it_then() {
        let place = tempfile::tempdir().unwrap();
        let (path, fresh) = (place.path().join("a"), place.path().join("b"));
        let mut watch = Watch::start().unwrap();
        watch.follow(BTreeSet::from([place.path().to_owned()])).unwrap();
        let all = |watch: &mut Watch| {
            let mut began = watch.wait(None).unwrap();
            while let Ok(event) = watch.events.recv_timeout(QUIET * 10) {
                watch.moves(event);
                began = Instant::now();
            }
            (watch.whole, watch.open.is_empty(), began)
        };
        std::fs::write(&path, "1").unwrap();
        std::fs::read(&path).unwrap();
        assert!(matches!(all(&mut watch), (true, true, _)), "written and read");
        std::fs::write(&fresh, "2").unwrap();
        std::fs::rename(&fresh, &path).unwrap();
        assert!(matches!(all(&mut watch), (true, true, _)), "saved by rename");
        std::fs::rename(&path, &fresh).unwrap();
        assert!(
            matches!(all(&mut watch), (false, true, _)),
            "moved away: another is about to take its place"
        );
        std::fs::rename(&fresh, &path).unwrap();
        assert!(matches!(all(&mut watch), (false, true, _)), "moved back");
        std::fs::remove_file(&path).unwrap();
        assert!(
            matches!(all(&mut watch), (false, true, _)),
            "gone: another may be on its way"
        );
    }

    #[test]
    fn what_moves_while_somebody_looks_is_told_to_him_and_again_when_he_asks_for_that() {
        let place = tempfile::tempdir().unwrap();
        let mut watch = Watch::start().unwrap();
        watch.follow(BTreeSet::from([place.path().to_owned()])).unwrap();
        std::fs::write(place.path().join("a"), "1").unwrap();
        let began = watch.wait(None).unwrap();
        while watch.moved_on(began).unwrap() {}
        std::fs::write(place.path().join("b"), "1").unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !watch.moved_on(began).unwrap() {
            assert!(Instant::now() < until, "the second file was not told of");
            std::thread::yield_now();
        }
        watch.tell_again();
        watch.wait(None).unwrap();
        assert!(!watch.is_told_again(), "told once");
    }

    #[test]
    fn waiting_ends_with_the_time() {
        let mut watch = Watch::start().unwrap();
        watch.wait(Some(QUIET)).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_emptied_and_then_written_is_waited_for() {
        use std::io::Write as _;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a");
        std::fs::write(&path, "1").unwrap();
        let mut watch = Watch::start().unwrap();
        watch.follow(BTreeSet::from([place.path().to_owned()])).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut file = std::fs::File::create(&path).unwrap();
                std::thread::sleep(QUIET * 10);
                file.write_all(b"2").unwrap();
            });
            watch.wait(None).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "2");
        });
    }
}
