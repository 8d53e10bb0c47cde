//! Cursors: where the next page of a list begins.
//!
//! Owns: their opaque, tamper-proof form. Must not know: lists.
//!
//! A cursor is the moment and the id of the last row seen, behind an HMAC over both and the name of the list with its filters: a
//! changed cursor, or one of another list, is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use uuid::Uuid;

use crate::sealing::{Sealer, mac, mac_holds};

/// Length of the HMAC in a cursor, in bytes.
const TAG: usize = 16;

/// Length of what a cursor says, in bytes.
const SAID: usize = 8 + 16;

/// Makes and reads cursors; the same in every process with the same master key.
#[derive(Clone)]
pub struct Cursors {
    key: [u8; 32],
}

/// A place in a list that is ordered by a moment and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The moment of the last row seen.
    pub at: DateTime<Utc>,
    /// Its id.
    pub id: Uuid,
}

impl Cursors {
    /// Cursors under a key made from the master key.
    #[must_use]
    pub fn new(sealer: &Sealer) -> Self {
        Self {
            key: sealer.derive("cursors"),
        }
    }

    /// The cursor behind this row of this list.
    #[must_use]
    pub fn write(&self, list: &str, position: &Position) -> String {
        let mut bytes = position.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(position.id.as_bytes());
        let tag = self.tag(list, &bytes);
        bytes.extend(tag.into_iter().take(TAG));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The row that a cursor of this list stands behind.
    ///
    /// # Errors
    /// It was not made for this list, or not here.
    pub fn read(&self, list: &str, cursor: &str) -> Result<Position, Failure> {
        self.parse(list, cursor)
            .ok_or_else(|| Failure::new(ErrorCode::RequestCursorInvalid))
    }

    fn parse(&self, list: &str, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).ok()?;
        let (said, tag) = bytes.split_at_checked(SAID)?;
        if tag.len() != TAG || !mac_holds(&self.key, &message(list, said), tag) {
            return None;
        }
        let (at, id) = said.split_first_chunk::<8>()?;
        Some(Position {
            at: DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?,
            id: Uuid::from_slice(id).ok()?,
        })
    }

    fn tag(&self, list: &str, said: &[u8]) -> [u8; 32] {
        mac(&self.key, &message(list, said))
    }
}

/// What is signed: the list's name cannot run into what the cursor says, whose length is fixed.
fn message(list: &str, said: &[u8]) -> Vec<u8> {
    [list.as_bytes(), said].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::MasterKeys;

    #[test]
    fn a_cursor_is_read_back_and_refused_when_it_was_changed_or_is_of_another_list() {
        let cursors = Cursors::new(&Sealer::new(MasterKeys::single("CM_ENC_MASTER_V1", [3; 32])));
        let position = Position {
            at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            id: Uuid::from_u128(5),
        };
        let cursor = cursors.write("projects", &position);
        assert_eq!(cursors.read("projects", &cursor).unwrap(), position);
        assert!(cursors.read("users", &cursor).is_err());
        for at in 0..cursor.len() {
            let mut letters = cursor.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(letters).unwrap();
            assert_ne!(cursors.read("projects", &changed).ok(), Some(position), "{at}");
        }
        assert!(cursors.read("projects", "").is_err() && cursors.read("projects", "AAAA").is_err());
    }
}
