//! Shares: how many of the connections one machine may have.
//!
//! Owns: counting them by where they come from. Must not know: what is done on them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::pipeline::rate_limit::Subject;

/// Of all connections, one machine may have this part.
const PART: usize = 4;

/// So many it may have in any case.
const LEAST: usize = 16;

/// How many connections each place has.
pub(super) struct Shares {
    most: usize,
    taken: Mutex<HashMap<Subject, usize>>,
}

/// One connection. It counts until this goes.
pub(super) struct Share {
    shares: Arc<Shares>,
    place: Subject,
}

impl Shares {
    /// Shares in so many connections.
    pub(super) fn of(connections: usize) -> Self {
        Self {
            most: (connections / PART).max(LEAST),
            taken: Mutex::default(),
        }
    }

    /// Counts one more from an address; `None`: it has all that it may have.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Share> {
        let place = Subject::at(address);
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(place).or_default();
        if *taken >= self.most {
            return None;
        }
        *taken += 1;
        drop(all);
        Some(Share {
            shares: Arc::clone(self),
            place,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut all = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.place) {
            *taken -= 1;
            if *taken == 0 {
                all.remove(&self.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_gets_its_share_and_gets_it_again_when_a_connection_ends() {
        let shares = Arc::new(Shares::of(80));
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let mut held: Vec<Share> = (0..20).map_while(|_| shares.take(one)).collect();
        assert_eq!(held.len(), 20);
        assert!(shares.take("2001:db8::2".parse().unwrap()).is_none() && shares.take(other).is_some());
        held.pop();
        assert!(shares.take(one).is_some());
        drop(held);
        assert!(shares.taken.lock().unwrap().is_empty());
    }
}
