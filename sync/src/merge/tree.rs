//! Merge of texts item by item.
//!
//! Owns: what becomes of an item that one side or both changed. It takes stretches of the sides' own bytes, never
//! prints. Must not know: languages' grammars.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::layout::{Placed, arrange, begins_line};
use super::lines::{Change, three_way};
use super::pieces::{Clash, Piece};
use super::text;
use super::way::Way;
use super::weave::{BASE, MINE, THEIRS, keys, order};
use crate::items::outline::{Body, Item, slice};
use crate::items::tokens::{alike, tokens};
use crate::items::{Language, place};

/// Three texts of one language that are merged.
pub(crate) struct Tree<'t> {
    pub(crate) language: Language,
    pub(crate) texts: [&'t str; 3],
}

impl Tree<'_> {
    /// Merges whole files.
    pub(crate) fn merge(&self, files: [&Body; 3]) -> Vec<Piece> {
        let ends = self.texts.map(str::len);
        let way = Way::default();
        self.inside(files.map(Some), [0; 3], ends, &way)
    }

    /// Head, items and tail.
    fn inside(&self, bodies: [Option<&Body>; 3], starts: [usize; 3], ends: [usize; 3], way: &Way) -> Vec<Piece> {
        let head = [BASE, MINE, THEIRS].map(|side| bodies[side].map_or(0..0, |body| starts[side]..body.open));
        let tail = [BASE, MINE, THEIRS].map(|side| bodies[side].map_or(0..0, |body| body.close..ends[side]));
        let mut pieces = self.part(&head, way);
        let placed = self.items(bodies, way);
        arrange(&self.texts, bodies, placed, &mut pieces);
        let [m, t] = [MINE, THEIRS].map(|side| slice(self.texts[side], tail[side].clone()));
        let new_line = begins_line(&pieces);
        // Of two tails that say the same, the one whose side ends its items' lines likewise.
        let fits = |side: usize| {
            let last = bodies[side].and_then(|body| body.items.last());
            last.is_some_and(|last| slice(self.texts[side], 0..last.end).ends_with('\n') == new_line)
        };
        match [THEIRS, MINE].into_iter().find(|side| fits(*side)) {
            Some(side) if m != t && alike(self.language, m, t) => {
                pieces.push(Piece::Text(if side == MINE { m } else { t }.to_owned()));
            }
            _ => pieces.extend(self.part(&tail, way)),
        }
        pieces
    }

    fn items(&self, bodies: [Option<&Body>; 3], way: &Way) -> Vec<Placed> {
        match keys(bodies) {
            Some(keys) => self.by_key(bodies, &keys, way),
            None => self.by_sequence(bodies, way),
        }
    }

    fn by_key(&self, bodies: [Option<&Body>; 3], keys: &[Vec<String>; 3], way: &Way) -> Vec<Placed> {
        let index = |side: usize| -> HashMap<&str, usize> {
            let keys: &Vec<String> = &keys[side];
            keys.iter().enumerate().map(|(i, key)| (key.as_str(), i)).collect()
        };
        let indices = [index(BASE), index(MINE), index(THEIRS)];
        let mut decided: HashMap<&str, Placed> = HashMap::new();
        let mut seen = HashSet::new();
        for key in keys.iter().flatten().map(String::as_str) {
            if !seen.insert(key) {
                continue;
            }
            let at = [BASE, MINE, THEIRS].map(|side| indices[side].get(key).copied());
            let items = [BASE, MINE, THEIRS].map(|side| bodies[side]?.items.get(at[side]?));
            let number = at[MINE].or(at[THEIRS]).or(at[BASE]).unwrap_or(0);
            if let Some(placed) = self.item(items, &way.step(self.language, items, number), bodies) {
                decided.insert(key, placed);
            }
        }
        // A clash over an item that one side took out has its place where the other side has it.
        let kept: HashSet<&str> = decided.keys().copied().collect();
        let mut ordered: Vec<&str> = order(keys, &kept);
        ordered.retain(|key| decided.contains_key(key));
        ordered.into_iter().filter_map(|key| decided.remove(key)).collect()
    }

    /// Elements that nothing but their sequence tells apart.
    fn by_sequence(&self, bodies: [Option<&Body>; 3], way: &Way) -> Vec<Placed> {
        let none: &[Item] = &[];
        let items = bodies.map(|body| body.map_or(none, |body| body.items.as_slice()));
        let said = |side: usize| -> Vec<Vec<&str>> {
            let whole = |item: &Item| tokens(self.language, slice(self.texts[side], item.front.clone()));
            items[side].iter().map(whole).collect()
        };
        let mut placed = Vec::new();
        for stretch in three_way(&said(BASE), &said(MINE), &said(THEIRS)) {
            let (side, range) = match stretch.change {
                Change::Nobody => {
                    for (i, base) in stretch.base.enumerate() {
                        let (mine, theirs) = (stretch.mine.start + i, stretch.theirs.start + i);
                        let all = [items[BASE].get(base), items[MINE].get(mine), items[THEIRS].get(theirs)];
                        placed.extend(self.item(all, way, bodies));
                    }
                    continue;
                }
                Change::Mine => (MINE, stretch.mine),
                Change::Theirs => (THEIRS, stretch.theirs),
                Change::Clash => {
                    let number = stretch.mine.start;
                    let ranges = [stretch.base, stretch.mine, stretch.theirs];
                    let one = ranges.iter().all(|range| range.len() == 1);
                    let first = [BASE, MINE, THEIRS].map(|side| items[side].get(ranges[side].start));
                    let way = way.step(self.language, first, number);
                    if one {
                        placed.extend(self.item(first, &way, bodies));
                    } else {
                        placed.push(self.clash_of_elements(items, &ranges, &way, bodies));
                    }
                    continue;
                }
            };
            placed.extend(items[side][range].iter().map(|item| self.take(side, item, bodies)));
        }
        placed
    }

    fn clash_of_elements(
        &self,
        items: [&[Item]; 3],
        ranges: &[Range<usize>; 3],
        way: &Way,
        bodies: [Option<&Body>; 3],
    ) -> Placed {
        let text = |side: usize| -> String {
            let part = items[side][ranges[side].clone()].iter();
            part.map(|item| slice(self.texts[side], item.blank.start..item.end))
                .collect()
        };
        let line = match items[MINE].get(ranges[MINE].start) {
            Some(item) => self.line(item.core),
            None => self.line(bodies[MINE].map_or(0, |body| body.close)),
        };
        Placed {
            first: false,
            inline: false,
            blank: String::new(),
            indent: String::new(),
            pieces: vec![Piece::Clash(Clash {
                what: way.what(self.language),
                base: text(BASE),
                mine: text(MINE),
                theirs: text(THEIRS),
                line,
            })],
            after: String::new(),
            clashes: true,
        }
    }

    /// What becomes of one item; `None` if it is gone.
    fn item(&self, items: [Option<&Item>; 3], way: &Way, bodies: [Option<&Body>; 3]) -> Option<Placed> {
        let naked = |side: usize, item: &Item| item.naked(self.texts[side]);
        let same = |a: &str, b: &str| a == b || alike(self.language, a, b);
        match items {
            [_, None, None] => None,
            [None, Some(mine), None] => Some(self.take(MINE, mine, bodies)),
            [None, None, Some(theirs)] => Some(self.take(THEIRS, theirs, bodies)),
            [Some(base), Some(mine), None] => {
                let unchanged = same(&naked(BASE, base), &naked(MINE, mine));
                (!unchanged).then(|| self.clash(items, way, bodies))
            }
            [Some(base), None, Some(theirs)] => {
                let unchanged = same(&naked(BASE, base), &naked(THEIRS, theirs));
                (!unchanged).then(|| self.clash(items, way, bodies))
            }
            [None, Some(mine), Some(theirs)] => {
                let (m, t) = (naked(MINE, mine), naked(THEIRS, theirs));
                Some(if same(&m, &t) {
                    self.take(MINE, mine, bodies)
                } else {
                    self.both_added(mine, theirs, way, bodies)
                })
            }
            [Some(base), Some(mine), Some(theirs)] => {
                let (b, m, t) = (naked(BASE, base), naked(MINE, mine), naked(THEIRS, theirs));
                let mut placed = if m == b {
                    self.take(THEIRS, theirs, bodies)
                } else if t == b || m == t {
                    self.take(MINE, mine, bodies)
                } else if same(&m, &b) {
                    self.take(THEIRS, theirs, bodies)
                } else if same(&t, &b) || same(&m, &t) {
                    self.take(MINE, mine, bodies)
                } else {
                    self.both_edited([base, mine, theirs], way, bodies)
                };
                if mine.inline == theirs.inline && mine.inline == base.inline {
                    let items = [base, mine, theirs];
                    let side = self.blank_of(items, bodies);
                    placed.blank = slice(self.texts[side], items[side].blank.clone()).to_owned();
                    placed.first = is_first(bodies[side], items[side]);
                }
                Some(placed)
            }
        }
    }

    /// The side whose blank lines stand before an item: mine where it changed them, else theirs. That something
    /// became the first, or no longer is, is no change of them.
    fn blank_of(&self, items: [&Item; 3], bodies: [Option<&Body>; 3]) -> usize {
        let first = [BASE, MINE, THEIRS].map(|side| is_first(bodies[side], items[side]));
        let blank = [BASE, MINE, THEIRS].map(|side| slice(self.texts[side], items[side].blank.clone()));
        if first[MINE] != first[BASE] || first[THEIRS] == first[BASE] && blank[MINE] == blank[BASE] {
            THEIRS
        } else {
            MINE
        }
    }

    fn both_edited(&self, items: [&Item; 3], way: &Way, bodies: [Option<&Body>; 3]) -> Placed {
        let mine = items[MINE];
        let sides = items.map(|item| item.body.as_ref());
        let clash = || self.clash(items.map(Some), way, bodies);
        let Some(after) = self.after(items) else {
            return clash();
        };
        let nested = match sides {
            [Some(b), Some(m), Some(t)] if b.order == m.order && m.order == t.order => true,
            [None, None, None] => false,
            _ => return clash(),
        };
        let mut pieces = if nested {
            self.inside(
                sides,
                items.map(|item| item.front.start),
                items.map(|item| item.front.end),
                way,
            )
        } else {
            self.part(&items.map(|item| item.front.clone()), way)
        };
        let own = way.what(self.language);
        let of_item = |piece: &Piece| matches!(piece, Piece::Clash(clash) if clash.what == own);
        let on_one_line = items
            .iter()
            .zip(self.texts)
            .any(|(item, text)| !slice(text, item.core..item.front.end).trim_end().contains('\n'));
        if on_one_line && pieces.iter().any(of_item) {
            return clash();
        }
        let mut placed = self.take(MINE, mine, bodies);
        placed.after = after;
        if let Some(Piece::Clash(last)) = pieces.last_mut() {
            let comma = if mine.separator.is_some() { "," } else { "" };
            for text in [&mut last.mine, &mut last.theirs, &mut last.base] {
                text.push_str(comma);
                text.push_str(&placed.after);
            }
            placed.after.clear();
            placed.clashes = true;
        }
        placed.pieces = pieces;
        placed
    }

    /// Both sides have an item that was not there: what they hold is united if it is of one form.
    fn both_added(&self, mine: &Item, theirs: &Item, way: &Way, bodies: [Option<&Body>; 3]) -> Placed {
        let clash = || self.clash([None, Some(mine), Some(theirs)], way, bodies);
        let (Some(m), Some(t)) = (&mine.body, &theirs.body) else {
            return clash();
        };
        let part = |side: usize, range: Range<usize>| slice(self.texts[side], range);
        let heads = (
            part(MINE, mine.front.start..m.open),
            part(THEIRS, theirs.front.start..t.open),
        );
        let tails = (
            part(MINE, m.close..mine.front.end),
            part(THEIRS, t.close..theirs.front.end),
        );
        let alike = |pair: (&str, &str)| alike(self.language, pair.0, pair.1);
        if m.order != t.order || !alike(heads) || !alike(tails) {
            return clash();
        }
        let mut placed = self.take(MINE, mine, bodies);
        placed.pieces = vec![Piece::Text(heads.0.to_owned())];
        let within = [None, Some(m), Some(t)];
        arrange(&self.texts, within, self.items(within, way), &mut placed.pieces);
        placed.pieces.push(Piece::Text(tails.0.to_owned()));
        placed
    }

    /// What stands behind the item on its line; `None` if both changed it differently.
    fn after(&self, items: [&Item; 3]) -> Option<String> {
        let [b, m, t] = [BASE, MINE, THEIRS].map(|side| items[side].after(self.texts[side]));
        if m == b || m.trim() == b.trim() && t.trim() != b.trim() {
            Some(t)
        } else if t.trim() == b.trim() || m.trim() == t.trim() {
            Some(m)
        } else {
            None
        }
    }

    /// A part of the text without items, line by line.
    fn part(&self, ranges: &[Range<usize>; 3], way: &Way) -> Vec<Piece> {
        let starts = ranges[MINE].start;
        let [b, m, t] = [BASE, MINE, THEIRS].map(|side| slice(self.texts[side], ranges[side].clone()));
        let settled = if m == b {
            t
        } else if t == b || m == t {
            m
        } else if alike(self.language, m, b) {
            t
        } else if alike(self.language, t, b) || alike(self.language, m, t) {
            m
        } else {
            let what = (!way.is_empty()).then(|| way.what(self.language));
            return text::within(self.language, b, m, t, self.line(starts), what.as_deref());
        };
        vec![Piece::Text(settled.to_owned())]
    }

    /// An item as a side has it.
    fn take(&self, side: usize, item: &Item, bodies: [Option<&Body>; 3]) -> Placed {
        let text = self.texts[side];
        let front = slice(text, item.front.clone());
        Placed {
            first: is_first(bodies[side], item),
            inline: item.inline,
            blank: slice(text, item.blank.clone()).to_owned(),
            indent: front[..front.len() - front.trim_start_matches([' ', '\t']).len()].to_owned(),
            pieces: vec![Piece::Text(front.to_owned())],
            after: item.after(text),
            clashes: false,
        }
    }

    fn clash(&self, items: [Option<&Item>; 3], way: &Way, bodies: [Option<&Body>; 3]) -> Placed {
        let text = |side: usize| {
            let item = items[side];
            item.map_or("", |item| slice(self.texts[side], item.front.start..item.end))
        };
        let side = if items[MINE].is_some() { MINE } else { THEIRS };
        let line = match items[MINE] {
            Some(mine) => self.line(mine.core),
            None => self.line(self.gap(items[BASE], bodies)),
        };
        let clash = Clash {
            what: way.what(self.language),
            base: text(BASE).to_owned(),
            mine: text(MINE).to_owned(),
            theirs: text(THEIRS).to_owned(),
            line,
        };
        let shown = items[side].map(|item| self.take(side, item, bodies));
        Placed {
            first: false,
            inline: false,
            blank: shown.map_or(String::new(), |shown| shown.blank),
            indent: String::new(),
            pieces: vec![Piece::Clash(clash)],
            after: String::new(),
            clashes: true,
        }
    }

    /// Where an item that mine took out would stand in it: behind the nearest neighbour that is still there.
    fn gap(&self, item: Option<&Item>, bodies: [Option<&Body>; 3]) -> usize {
        let (Some(item), Some(base), Some(mine)) = (item, bodies[BASE], bodies[MINE]) else {
            return 0;
        };
        let before = base.items.iter().rev().filter(|other| other.core < item.core);
        let mut still = before.filter_map(|other| mine.items.iter().find(|own| own.key() == other.key()));
        still.next().map_or(mine.open, |own| own.front.end)
    }

    fn line(&self, offset: usize) -> u32 {
        u32::try_from(place(self.texts[MINE], offset).0).unwrap_or(u32::MAX)
    }
}

fn is_first(body: Option<&Body>, item: &Item) -> bool {
    body.and_then(|body| body.items.first())
        .is_some_and(|first| first.core == item.core)
}
