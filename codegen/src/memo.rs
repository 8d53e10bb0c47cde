//! A memo: what a process that compiles again and again need not do twice.
//!
//! Owns: finding what was made before by everything that it was made from, and forgetting what the last compilation did not
//! use. Must not know: how anything is made. It cannot change any output: whatever was made from something else is not found.

use std::any::Any;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::{Equivalent, IndexMap};

use crate::revisions::{Baseline, Round};
use crate::rope::{Piece, Rope};
use crate::source::changes::File;
use crate::spool::{Aside, Spool};
use crate::tree::Value;

/// In which round a part was made, and what it is.
type Part = (Round, Arc<dyn Any + Send + Sync>);

/// What was made in compilations before.
#[derive(Debug, Default)]
pub struct Memo {
    /// Whether there is another compilation to come. If not, nothing is kept that one compilation does not ask for twice.
    lasting: bool,
    /// Files that were read: path -> their bytes and what is in them.
    files: Store<Arc<str>, File>,
    /// Pieces of large files: text -> what is in it.
    pieces: Store<String, Value>,
    /// Parts of artifacts: whose and which -> in which round it was made, and what it is.
    parts: Store<(&'static str, String), Part>,
    /// The number of the current round.
    clock: AtomicU64,
    /// How many rounds followed the change.
    followed: AtomicU64,
    /// What the last round was made from.
    last: Mutex<Option<Box<Baseline>>>,
    /// What nothing is made from any more: to give its memory back takes as long as a stage of a small round.
    spent: Mutex<Vec<Box<dyn Any + Send>>>,
    /// Where texts stand that were made and wait to be written, if not in memory.
    spool: Option<Arc<dyn Spool>>,
}

impl Memo {
    /// A memo for a process that will compile again.
    #[must_use]
    pub fn lasting() -> Self {
        Self {
            lasting: true,
            ..Self::default()
        }
    }

    /// A memo for a process that compiles once, and whose texts wait in a spool to be written.
    #[must_use]
    pub fn spooling(spool: Arc<dyn Spool>) -> Self {
        Self {
            spool: Some(spool),
            ..Self::default()
        }
    }

    /// A text that was made and waits to be written, where it can wait: aside if there is a spool.
    pub(crate) fn aside(&self, text: Rope) -> Rope {
        match &self.spool {
            Some(spool) => text.aside(spool),
            None => text,
        }
    }

    /// The same of a text that is a piece of others.
    pub(crate) fn aside_piece(&self, text: String) -> Piece {
        match self.spool.as_ref().and_then(|spool| Aside::put(spool, &text)) {
            Some(aside) => Piece::Aside(aside),
            None => text.into(),
        }
    }

    /// Drops what the last rounds were the last to need. Whoever has somebody waiting for a round does so after it.
    pub fn tidy(&self) {
        drop(std::mem::take(&mut *lock(&self.spent)));
    }

    /// Leaves something to be dropped in a quiet moment.
    pub(crate) fn spend(&self, spent: impl Send + 'static) {
        if self.lasting {
            lock(&self.spent).push(Box::new(spent));
        }
    }

    /// Begins a compilation. The number of the round.
    pub(crate) fn begin(&self) -> Round {
        // Whoever does not tidy up after a round does so before the next.
        self.tidy();
        self.clock.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Begins to read everything: what was read when that was done the time before the last, and not the last time, is forgotten.
    pub(crate) fn begin_to_read(&self) {
        self.spend((self.files.turn_over(), self.pieces.turn_over()));
    }

    /// Begins to emit. Compilations that end with errors never come here, so that a broken spec costs nothing when it is whole
    /// again.
    pub(crate) fn begin_to_emit(&self) {
        self.spend(self.parts.turn_over());
    }

    /// What is in a file of exactly these bytes, when it was read before; else what `read` makes of it.
    pub(crate) fn file<E>(
        &self,
        path: &Arc<str>,
        bytes: &Arc<[u8]>,
        read: impl FnOnce() -> Result<Value, E>,
    ) -> Result<Value, E> {
        if let Some(known) = self.files.find(path)
            && known.bytes == *bytes
        {
            return Ok(known.value);
        }
        let value = read()?;
        self.keep_file(path, File::new(Arc::clone(bytes), value.clone()));
        Ok(value)
    }

    /// Takes out what is known of a file, for whoever brings it up to date.
    pub(crate) fn take_file(&self, path: &Arc<str>) -> Option<File> {
        self.files.take(path)
    }

    pub(crate) fn keep_file(&self, path: &Arc<str>, file: File) {
        if self.lasting {
            self.files.keep(Arc::clone(path), file);
        }
    }

    /// What is in a piece of a file, when it was read before; else what `read` makes of it.
    pub(crate) fn piece(&self, text: &str, read: impl FnOnce() -> Option<Value>) -> Option<Value> {
        if let Some(value) = self.pieces.find(text) {
            return Some(value);
        }
        let value = read()?;
        if self.lasting {
            self.pieces.keep(text.to_owned(), value.clone());
        }
        Some(value)
    }

    /// A part of an artifact that was made in `round` or later, else what `make` makes in round `now`. `round` is the last in
    /// which anything changed that the part is made from.
    pub(crate) fn part<T: Send + Sync + 'static>(
        &self,
        key: (&'static str, String),
        round: Round,
        now: Round,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        if !self.lasting {
            return Arc::new(make());
        }
        if let Some((made, part)) = self.parts.find(&key)
            && made >= round
            && let Ok(part) = part.downcast::<T>()
        {
            return part;
        }
        let part = Arc::new(make());
        let kept: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&part);
        self.parts.keep(key, (now, kept));
        part
    }

    /// Takes out a part, however long ago it was made, for whoever brings it up to date; the round in which it was made comes with it.
    /// `None` too when others have it.
    pub(crate) fn take_part<T: Send + Sync + 'static>(&self, key: &(&'static str, String)) -> Option<(Round, T)> {
        let (round, part) = self.parts.take(key)?;
        let part = Arc::into_inner(part.downcast::<T>().ok()?)?;
        Some((round, part))
    }

    /// Keeps a part for the next round that takes it out.
    pub(crate) fn keep_part<T: Send + Sync + 'static>(&self, key: (&'static str, String), now: Round, part: T) {
        if self.lasting {
            self.parts.keep(key, (now, Arc::new(part)));
        }
    }

    /// How many rounds brought the model of the one before up to date, in place of making it anew.
    #[must_use]
    pub fn followed(&self) -> u64 {
        self.followed.load(Ordering::Relaxed)
    }

    /// Counts a round that did.
    pub(crate) fn follows(&self) {
        self.followed.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there is another compilation to come.
    pub(crate) fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Hands out what the last round was made from.
    pub(crate) fn take_last(&self) -> Option<Box<Baseline>> {
        lock(&self.last).take()
    }

    /// Remembers what a round was made from.
    pub(crate) fn keep_last(&self, last: Box<Baseline>) {
        *lock(&self.last) = Some(last);
    }
}

/// What the current compilation used, and what only the last one did.
#[derive(Debug)]
struct Store<K, V>(Mutex<Generations<K, V>>);

#[derive(Debug)]
struct Generations<K, V> {
    /// The number of the compilation.
    now: u64,
    /// What was made, with the number of the compilation that used it last.
    made: IndexMap<K, (u64, V)>,
}

impl<K, V> Default for Store<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Generations {
            now: 0,
            made: IndexMap::new(),
        }))
    }
}

impl<K: Eq + Hash, V: Clone> Store<K, V> {
    /// Begins a compilation. What the last one did not use comes back.
    fn turn_over(&self) -> Vec<(K, (u64, V))> {
        let generations = &mut *lock(&self.0);
        let last = generations.now;
        generations.now += 1;
        generations.made.extract_if(.., |_, (used, _)| *used < last).collect()
    }

    fn find<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        let generations = &mut *lock(&self.0);
        let (used, found) = generations.made.get_mut(key)?;
        *used = generations.now;
        Some(found.clone())
    }

    fn take<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        lock(&self.0).made.swap_remove(key).map(|(_, value)| value)
    }

    fn keep(&self, key: K, value: V) {
        let generations = &mut *lock(&self.0);
        generations.made.insert(key, (generations.now, value));
    }
}

/// A thread that panicked while it held a part of the memo has not left it half changed: every change is one insertion.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compilation_does_not_use_is_forgotten_after_it() {
        let memo = Memo::lasting();
        let part = |now, text: &str| memo.part(("target", "part".to_owned()), 1, now, || text.to_owned());
        assert_eq!(*part(1, "first"), "first");
        memo.begin_to_emit();
        assert_eq!(*part(2, "second"), "first");
        memo.begin_to_emit();
        memo.begin_to_emit();
        assert_eq!(*part(4, "third"), "third");
    }

    #[test]
    fn a_part_is_made_again_once_what_it_is_made_from_has_changed() {
        let memo = Memo::lasting();
        let key = || ("target", "part".to_owned());
        let part = |round, now, text: &str| memo.part(key(), round, now, || text.to_owned());
        assert_eq!(*part(1, 1, "first"), "first");
        assert_eq!(*part(1, 2, "second"), "first");
        assert_eq!(*part(3, 3, "third"), "third");
        assert_eq!(
            *memo.part(key(), 0, 4, || 4_u8),
            4,
            "of another type it is another part"
        );
        let forgetful = Memo::default();
        assert_eq!(*forgetful.part(key(), 1, 1, || 1), 1);
        assert_eq!(*forgetful.part(key(), 1, 1, || 2), 2);
    }

    #[test]
    fn a_file_is_read_again_when_a_byte_of_it_has_changed() {
        let memo = Memo::lasting();
        let path: Arc<str> = "a".into();
        let read = |bytes: &[u8], value: u8| memo.file(&path, &bytes.into(), || Ok::<Value, ()>(value.into()));
        assert_eq!(read(b"a", 1).unwrap(), Value::from(1));
        assert_eq!(read(b"a", 2).unwrap(), Value::from(1));
        assert_eq!(read(b"b", 3).unwrap(), Value::from(3));
    }
}
