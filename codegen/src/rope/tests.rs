//! Proofs about ropes: what they say, wherever their pieces end and stand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::spool::LONG;

fn rope(pieces: &[(&str, bool)]) -> Rope {
    let mut strands = Strands::default();
    for (text, is_shared) in pieces {
        match is_shared {
            true => strands.share(&(*text).to_owned().into()),
            false => strands.own.push_str(text),
        }
    }
    strands.into()
}

#[test]
fn a_text_reads_the_same_wherever_its_pieces_end() {
    let whole = "one, two; three";
    let forms: [&[(&str, bool)]; 7] = [
        &[(whole, false)],
        &[(whole, true)],
        &[("one", true), (", two; three", false)],
        &[("one, ", false), ("two", true), ("; three", false)],
        &[
            ("one, ", false),
            ("two", true),
            ("; ", true),
            ("", true),
            ("three", true),
        ],
        &[("", true), ("one, two; three", false), ("", true)],
        &[("one, two; ", false), ("three", true)],
    ];
    for pieces in forms {
        let made = rope(pieces);
        assert_eq!((&*made.whole(), made.len()), (whole, whole.len()));
        assert_eq!(made.to_string(), whole);
        assert_eq!(made, *whole);
        assert_eq!(made, Rope::from(whole));
        assert_eq!(Rope::from(whole), made);
        assert_ne!(made, *"one, two; thre!");
        assert_ne!(made, *"one, two; three ");
        let mut twice = Strands::default();
        twice.append(&made);
        twice.append(&made);
        assert_eq!(Rope::from(twice), *whole.repeat(2));
    }
    let (short, long) = ("ü".repeat(SHORT / 2 - 1), "ü".repeat(SHORT));
    for (text, pieces) in [(&short, 1), (&long, 3)] {
        let mut around = Strands::default();
        around.own.push('[');
        around.append(&Rope::from(text.as_str()));
        around.append(&rope(&[("", false)]));
        around.own.push(']');
        let around = Rope::from(around);
        assert_eq!(
            (around.pieces().count(), &*around.whole()),
            (pieces, &*format!("[{text}]"))
        );
    }
    assert!(Rope::default().is_empty() && rope(&[("", true)]).is_empty());
    assert_eq!(Rope::default().pieces().count(), 0);
}

/// A spool in memory.
#[derive(Debug, Default)]
struct Shelf {
    texts: Mutex<Vec<u8>>,
    /// Texts beyond this many bytes find no room.
    most: usize,
    is_lost: AtomicBool,
}

impl Spool for Shelf {
    fn put(&self, text: &[u8]) -> Option<u64> {
        let mut texts = self.texts.lock().unwrap();
        let at = texts.len();
        (at + text.len() <= self.most).then(|| texts.extend_from_slice(text))?;
        Some(at as u64)
    }

    fn get(&self, at: u64, into: &mut [u8]) {
        let at = usize::try_from(at).unwrap();
        into.copy_from_slice(&self.texts.lock().unwrap()[at..at + into.len()]);
    }

    fn is_sound(&self) -> bool {
        !self.is_lost.load(Ordering::Relaxed)
    }
}

#[test]
fn a_text_reads_the_same_wherever_its_pieces_stand() {
    let line = "one line of what is generated: ü, €, 🦀\n";
    for (lines, most) in [
        (0, 9),
        (1, 999),
        (40, 0),
        (40, 9_999),
        (9_999, usize::MAX),
        (9_999, 300_000),
    ] {
        let shelf = Arc::new(Shelf {
            most,
            ..Shelf::default()
        });
        let spool: Arc<dyn Spool> = Arc::<Shelf>::clone(&shelf);
        let whole = line.repeat(lines);
        let (first, second) = whole.split_at(whole.floor_char_boundary(whole.len() / 3));
        let made = rope(&[(first, false), (second, true), ("", false), ("", true)]);
        let aside = made.clone().aside(&spool);
        let is_here = aside.pieces().all(|piece| piece.is_ok());
        assert_eq!(
            is_here,
            whole.len() < LONG || most < whole.len().min(MOST),
            "{lines} {most}"
        );
        assert_eq!(aside.as_one().is_some(), is_here, "{lines} {most}");
        assert_eq!(shelf.texts.lock().unwrap().is_empty(), is_here);
        assert_eq!((aside.len(), &*aside.whole()), (whole.len(), &*whole));
        assert_eq!(aside.to_string(), whole);
        assert_eq!((&aside, &made), (&made, &aside));
        assert_ne!(aside, *format!("{whole}."));
        if let Some(shorter) = whole.strip_suffix('\n') {
            assert_ne!(aside, *format!("{shorter}."));
        }
        // What is aside already is not put there again.
        let before = shelf.texts.lock().unwrap().len();
        let mut twice = Strands::default();
        twice.append(&aside);
        twice.append(&aside);
        let twice = Rope::from(twice).aside(&spool);
        assert_eq!(twice, *whole.repeat(2));
        assert!(is_here || most < usize::MAX || shelf.texts.lock().unwrap().len() == before);
        for size in [4096, PART_AND_MORE] {
            let mut bytes = Vec::new();
            let done: Result<(), ()> = aside.blocks(size, |block| {
                bytes.push(block.to_owned());
                Ok(())
            });
            assert_eq!(done, Ok(()));
            assert!(bytes == whole.as_bytes().chunks(size).collect::<Vec<_>>());
        }
        assert!(aside.is_sound());
        shelf.is_lost.store(true, Ordering::Relaxed);
        assert_eq!(aside.is_sound(), is_here);
        assert!(made.is_sound());
    }
}

/// More than is read back at once, and no multiple of it.
const PART_AND_MORE: usize = 100_003;

#[test]
fn blocks_are_of_one_size_but_for_the_last() {
    let made = rope(&[("abc", false), ("defgh", true), ("", true), ("i", false), ("jk", true)]);
    for size in 1..14 {
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        let done: Result<(), ()> = made.blocks(size, |block| {
            blocks.push(block.to_owned());
            Ok(())
        });
        assert_eq!(done, Ok(()));
        let wanted: Vec<&[u8]> = b"abcdefghijk".chunks(size).collect();
        assert_eq!(blocks, wanted, "{size}");
    }
    let mut seen = 0;
    let stopped = made.blocks(2, |_| {
        seen += 1;
        if seen == 2 { Err("enough") } else { Ok(()) }
    });
    assert_eq!((stopped, seen), (Err("enough"), 2));
}

#[test]
fn a_shared_piece_gives_way_to_another_one() {
    let made = rope(&[("a", false), ("b", true), ("c", false), ("d", true)]);
    let other = made.with_shared(|number| (number == 1).then(|| "other".to_owned().into()));
    assert_eq!((&*made.whole(), &*other.whole()), ("abcd", "abcother"));
}
