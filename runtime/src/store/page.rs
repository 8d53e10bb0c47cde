//! Pages of a list.
//!
//! Owns: order, limits and where the next page begins. Must not know: what is listed.

use chrono::{DateTime, Utc};
use flaresmith_api::errors::{ErrorCode, Failure};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use uuid::Uuid;

use super::cursor::{Cursors, Position};
use super::failed;

/// Items of a page when the caller says nothing; the contract's default.
const LIMIT: i32 = 25;

/// Items of a page at most, whatever is asked for.
const MOST: i32 = 100;

/// What a caller asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Name of the list with everything that filters it, so that a cursor fits only this.
    pub list: &'a str,
    /// The cursor that was sent.
    pub cursor: Option<&'a str>,
    /// The limit that was sent.
    pub limit: Option<i32>,
}

impl Asked<'_> {
    /// Items of the page at most.
    fn limit(&self) -> usize {
        usize::try_from(self.limit.unwrap_or(LIMIT).clamp(1, MOST)).unwrap_or(1)
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// Where the next one begins; `None` at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Whether there is another one.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.next_cursor.is_some()
    }

    /// The same page of something else.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

/// Reads a page of rows, newest first, by a column of moments and the column of ids. `position` tells both of a row.
///
/// # Errors
/// The cursor is not of this list, or the store fails.
pub async fn newest_first<E, C>(
    connection: &C,
    cursors: &Cursors,
    asked: Asked<'_>,
    select: Select<E>,
    (at, id): (E::Column, E::Column),
    position: impl Fn(&E::Model) -> (DateTime<Utc>, Uuid),
) -> Result<Page<E::Model>, Failure>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
    C: ConnectionTrait,
{
    let mut select = select.order_by_desc(at).order_by_desc(id);
    if let Some(cursor) = asked.cursor {
        let Position { at: moment, id: last } = cursors.read(asked.list, cursor)?;
        let behind = Condition::any()
            .add(at.lt(moment))
            .add(Condition::all().add(at.eq(moment)).add(id.lt(last)));
        select = select.filter(behind);
    }
    // One more than asked for tells whether there is another page.
    let rows = select
        .limit(u64::try_from(asked.limit()).unwrap_or(1) + 1)
        .all(connection)
        .await
        .map_err(failed)?;
    Ok(first_of(cursors, asked, rows, position))
}

/// A page of rows that are at hand and in their order already; `position` tells them apart.
///
/// # Errors
/// The cursor is not of this list, or the row it stands behind is gone.
pub fn stretch<T>(
    cursors: &Cursors,
    asked: Asked<'_>,
    mut rows: Vec<T>,
    position: impl Fn(&T) -> (DateTime<Utc>, Uuid),
) -> Result<Page<T>, Failure> {
    if let Some(cursor) = asked.cursor {
        let Position { at, id } = cursors.read(asked.list, cursor)?;
        let last = rows.iter().position(|row| position(row) == (at, id));
        let last = last.ok_or_else(|| Failure::new(ErrorCode::RequestCursorInvalid))?;
        rows.drain(..=last);
    }
    Ok(first_of(cursors, asked, rows, position))
}

/// A page of rows that are at hand already, for lists that no single query gives.
///
/// # Errors
/// The cursor is not of this list.
pub fn slice<T>(
    cursors: &Cursors,
    asked: Asked<'_>,
    mut rows: Vec<T>,
    position: impl Fn(&T) -> (DateTime<Utc>, Uuid),
) -> Result<Page<T>, Failure> {
    rows.sort_by_key(|row| std::cmp::Reverse(position(row)));
    if let Some(cursor) = asked.cursor {
        let Position { at, id } = cursors.read(asked.list, cursor)?;
        rows.retain(|row| position(row) < (at, id));
    }
    Ok(first_of(cursors, asked, rows, position))
}

/// The page that such rows begin with.
fn first_of<T>(
    cursors: &Cursors,
    asked: Asked<'_>,
    mut items: Vec<T>,
    position: impl Fn(&T) -> (DateTime<Utc>, Uuid),
) -> Page<T> {
    let limit = asked.limit();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| {
        let (at, id) = position(last);
        cursors.write(asked.list, &Position { at, id })
    });
    Page { items, next_cursor }
}
