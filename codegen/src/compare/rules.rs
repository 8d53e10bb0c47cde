//! The class of a kind of change in a direction.
//!
//! Owns: what the table means for values that travel one way, both ways, or not at all. Must not know: how a change is found;
//! the table itself (`diagnostics::change`).

use super::spot::Direction;
use crate::diagnostics::change::{Class, Rule};
pub(super) use crate::diagnostics::change::{operation::*, policy::*, schema::*, storage::*, text::*};

impl Rule {
    /// The class in a direction: the worse one for values that travel both ways. What nobody sends or reads breaks nobody.
    #[must_use]
    pub fn class(&self, direction: Direction) -> Class {
        let worse = self.in_requests.min(self.in_responses);
        match (direction.request, direction.response) {
            (true, true) => worse,
            (true, false) => self.in_requests,
            (false, true) => self.in_responses,
            (false, false) => worse.max(Class::Compatible),
        }
    }
}
