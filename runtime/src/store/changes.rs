//! Changes: whether what was read of the store before still holds.
//!
//! Owns: counting what was written, which tables what is remembered is made from, and how long nothing heard means nothing written.
//! Must not know: who remembers what; [`follow`](super::follow) hears of what others write.
//!
//! What this process writes counts when it is committed, before whoever asked for it is answered. What other processes write is
//! heard of, usually within milliseconds. [`BOUND`] after the last moment up to which everything is known to have been heard, nothing
//! remembered is believed any more, and the store is asked.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long what another process wrote may stay unseen here.
pub const BOUND: Duration = Duration::from_secs(1);

/// Tables that nothing remembered is made from.
pub(super) const UNREAD: [&str; 13] = [
    "audit_events",
    "build_logs",
    "health_checks",
    "idempotency_records",
    "journal_entries",
    "leases",
    "master_key_versions",
    "rate_buckets",
    "refresh_tokens",
    "schema_migrations",
    "secret_audit_records",
    "signing_keys",
    "verifications",
];

/// Tables that say who somebody is, and what they may do.
const ACCESS: [&str; 7] = [
    "memberships",
    "organization_members",
    "organizations",
    "projects",
    "service_tokens",
    "sessions",
    "users",
];

/// What was written, or what something is made from. The greater holds the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Part {
    /// Nothing that anything remembered is made from.
    Nothing,
    /// Rows, but none that says who somebody is or what they may do.
    Rows,
    /// Anything.
    Access,
}

/// What a store has come to.
#[derive(Debug)]
pub struct Changes {
    began: Instant,
    rows: AtomicU64,
    access: AtomicU64,
    /// Until when what is remembered is believed, in microseconds since `began`.
    believed: AtomicU64,
    /// Whether somebody asked since the last look.
    asked: AtomicBool,
    bell: Notify,
}

/// How often a store had been written to when something was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl Default for Changes {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            rows: AtomicU64::new(1),
            access: AtomicU64::new(1),
            believed: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            bell: Notify::new(),
        }
    }
}

impl Changes {
    /// The moment that it is for what is made from a part. Taken before anything is read.
    #[must_use]
    pub fn moment(&self, part: Part) -> Moment {
        let counted = match part {
            Part::Access => &self.access,
            Part::Rows | Part::Nothing => &self.rows,
        };
        Moment(counted.load(Ordering::Acquire))
    }

    /// Whether anything remembered may be believed now.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
            self.bell.notify_one();
        }
        self.since(Instant::now()) < self.believed.load(Ordering::Acquire)
    }

    /// Something was written.
    pub(super) fn wrote(&self, part: Part) {
        if part >= Part::Rows {
            self.rows.fetch_add(1, Ordering::AcqRel);
        }
        if part == Part::Access {
            self.access.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Everything that was written before this moment has been heard of.
    pub(super) fn heard(&self, up_to: Instant) {
        self.believed.fetch_max(self.since(up_to + BOUND), Ordering::AcqRel);
    }

    /// Nothing is heard any more.
    pub(super) fn deaf(&self) {
        self.believed.store(0, Ordering::Release);
        self.wrote(Part::Access);
    }

    /// Waits until somebody has asked since the last time.
    pub(super) async fn wanted(&self) {
        while !self.asked.swap(false, Ordering::Relaxed) {
            self.bell.notified().await;
        }
    }

    fn since(&self, moment: Instant) -> u64 {
        let passed = moment.saturating_duration_since(self.began);
        u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
    }
}

/// What a table is to what is remembered.
pub(super) fn of_table(table: &str) -> Part {
    if UNREAD.contains(&table) {
        Part::Nothing
    } else if ACCESS.contains(&table) {
        Part::Access
    } else {
        Part::Rows
    }
}

/// What a statement writes; what is not understood writes anything.
pub(super) fn of_statement(statement: &str) -> Part {
    let mut words = statement.split_ascii_whitespace();
    let mut is = |expected: &str| words.next().is_some_and(|word| word.eq_ignore_ascii_case(expected));
    let first = statement.trim_start();
    let begins = |word: &str| {
        first
            .get(..word.len())
            .is_some_and(|first| first.eq_ignore_ascii_case(word))
    };
    if begins("SELECT") {
        return Part::Nothing;
    }
    let fits = if begins("INSERT") {
        is("INSERT") && is("INTO")
    } else if begins("UPDATE") {
        is("UPDATE")
    } else {
        begins("DELETE") && is("DELETE") && is("FROM")
    };
    let table = words.next().filter(|_| fits).and_then(|table| {
        let table = table.strip_prefix('"')?.strip_suffix('"')?;
        (!table.contains('"')).then_some(table)
    });
    match table.map(of_table) {
        // Rows that refer to a deleted one go with it.
        Some(Part::Rows) if begins("DELETE") => Part::Access,
        Some(part) => part,
        None => Part::Access,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_writes_its_table_and_what_is_not_understood_writes_anything() {
        for (statement, part) in [
            ("SELECT 1", Part::Nothing),
            ("INSERT INTO \"audit_events\" (\"id\") VALUES (?)", Part::Nothing),
            ("INSERT INTO \"environments\" (\"id\") VALUES (?)", Part::Rows),
            ("UPDATE \"memberships\" SET \"role\" = ?", Part::Access),
            ("UPDATE \"repos\" SET \"name\" = ?", Part::Rows),
            ("DELETE FROM \"repos\" WHERE \"id\" = ?", Part::Access),
            ("DELETE FROM \"rate_buckets\"", Part::Nothing),
            ("UPDATE memberships SET role = 1", Part::Access),
            ("UPDATE \"public\".\"repos\" SET \"name\" = ?", Part::Access),
            ("WITH a AS (DELETE FROM \"repos\") SELECT 1", Part::Access),
            ("", Part::Access),
        ] {
            assert_eq!(of_statement(statement), part, "{statement}");
        }
    }

    #[test]
    fn what_is_heard_of_is_believed_for_a_while_and_no_longer_when_nothing_is_heard() {
        let changes = Changes::default();
        let (rows, access) = (changes.moment(Part::Rows), changes.moment(Part::Access));
        assert!(!changes.is_heard());
        changes.heard(Instant::now() + Duration::from_secs(3600));
        assert!(changes.is_heard());
        changes.wrote(Part::Rows);
        assert!(changes.moment(Part::Rows) != rows && changes.moment(Part::Access) == access);
        changes.wrote(Part::Access);
        assert_ne!(changes.moment(Part::Access), access);
        changes.deaf();
        assert!(!changes.is_heard());
    }

    #[test]
    fn tables_have_their_names_once() {
        assert!(UNREAD.iter().all(|table| !ACCESS.contains(table)));
    }
}
