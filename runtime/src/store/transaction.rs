//! A transaction that knows what it writes.
//!
//! Owns: looking at each statement on its way. Must not know: what follows from it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::changes::{Part, of_statement};

type Done<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

/// A transaction of the database.
pub struct Transaction {
    inner: DatabaseTransaction,
    wrote: AtomicU8,
}

impl Transaction {
    pub(super) fn new(inner: DatabaseTransaction) -> Self {
        Self {
            inner,
            wrote: AtomicU8::new(0),
        }
    }

    /// What it wrote so far.
    pub(super) fn wrote(&self) -> Part {
        match self.wrote.load(Ordering::Relaxed) {
            0 => Part::Nothing,
            1 => Part::Rows,
            _ => Part::Access,
        }
    }

    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    fn note(&self, statement: &str) {
        self.wrote.fetch_max(of_statement(statement) as u8, Ordering::Relaxed);
    }
}

impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    fn execute_raw<'a, 't>(&'a self, statement: Statement) -> Done<'t, ExecResult>
    where
        'a: 't,
        Self: 't,
    {
        self.note(&statement.sql);
        self.inner.execute_raw(statement)
    }

    fn execute_unprepared<'a, 's, 't>(&'a self, sql: &'s str) -> Done<'t, ExecResult>
    where
        'a: 't,
        's: 't,
        Self: 't,
    {
        // Several statements may stand in one text.
        self.wrote.fetch_max(Part::Access as u8, Ordering::Relaxed);
        self.inner.execute_unprepared(sql)
    }

    fn query_one_raw<'a, 't>(&'a self, statement: Statement) -> Done<'t, Option<QueryResult>>
    where
        'a: 't,
        Self: 't,
    {
        self.note(&statement.sql);
        self.inner.query_one_raw(statement)
    }

    fn query_all_raw<'a, 't>(&'a self, statement: Statement) -> Done<'t, Vec<QueryResult>>
    where
        'a: 't,
        Self: 't,
    {
        self.note(&statement.sql);
        self.inner.query_all_raw(statement)
    }
}
