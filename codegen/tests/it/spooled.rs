//! Output that waits in a spool: it is what it would be in memory, and next to none of it stands there.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the specs from the disk and fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::spool::Spool;
use flaresmith_codegen::{compile, compile_again};

use crate::repository::{SPECS, text};

/// A spool in memory, which takes so many texts.
#[derive(Debug)]
struct Shelf {
    texts: Mutex<(usize, Vec<u8>)>,
    most: usize,
}

impl Spool for Shelf {
    fn put(&self, text: &[u8]) -> Option<u64> {
        let (count, texts) = &mut *self.texts.lock().unwrap();
        *count += 1;
        (*count <= self.most).then_some(())?;
        let at = u64::try_from(texts.len()).unwrap();
        texts.extend_from_slice(text);
        Some(at)
    }

    fn get(&self, at: u64, into: &mut [u8]) {
        let at = usize::try_from(at).unwrap();
        let (_, texts) = &*self.texts.lock().unwrap();
        into.copy_from_slice(&texts[at..at + into.len()]);
    }

    fn is_sound(&self) -> bool {
        true
    }
}

#[test]
fn what_waits_in_a_spool_is_what_would_stand_in_memory() {
    let mut sources = Sources::default();
    for path in SPECS {
        sources.insert(path, text(path).as_bytes());
    }
    let (settings, templates) = (Settings::default(), BTreeMap::new());
    let here = compile(&sources, &settings, &templates).artifacts;
    // With room for all of it, and with a disk that is full after some.
    for most in [usize::MAX, 99] {
        let texts = Mutex::default();
        let shelf = Arc::new(Shelf { texts, most });
        let memo = Memo::spooling(Arc::<Shelf>::clone(&shelf));
        let spooled = compile_again(&sources, &settings, &templates, &memo).artifacts;
        assert!(!here.is_empty() && here == spooled);
        let paths = |is_one: bool| {
            let large = spooled.iter().filter(|artifact| artifact.text.len() >= 4096);
            large
                .filter(|artifact| artifact.text.as_one().is_some() == is_one)
                .map(|artifact| artifact.path.as_str())
                .collect::<Vec<_>>()
        };
        let in_memory = paths(true);
        assert_eq!(in_memory.is_empty(), most == usize::MAX, "{in_memory:?}");
        assert!(!paths(false).is_empty());
        assert!(spooled.iter().all(|artifact| artifact.text.is_sound()));
        let (all, (_, waiting)) = (
            here.iter().map(|artifact| artifact.text.len()).sum::<usize>(),
            &*shelf.texts.lock().unwrap(),
        );
        // What several documents share waits there once.
        assert!(
            most < usize::MAX || waiting.len() * 3 > all,
            "{} of {all}",
            waiting.len()
        );
    }
}
