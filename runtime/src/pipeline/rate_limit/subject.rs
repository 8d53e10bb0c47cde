//! Subjects: whose bucket is meant.
//!
//! Owns: telling subjects apart, and their names in the table of buckets. Must not know: buckets.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

use crate::identity::Caller;

/// Whose a bucket is. Its text is its name in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person's.
    User(Uuid),
    /// That of a machine with this token.
    Token(Uuid),
    /// A project's.
    Project(Uuid),
    /// That of all who come from a network.
    Network(IpAddr),
    /// That of all of whom is not known where they come from.
    Unknown,
    /// Everybody's.
    All,
}

impl Subject {
    /// That of a caller who said who it is.
    #[must_use]
    pub fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Anonymous => None,
            Caller::Person { user, .. } => Some(Self::User(*user)),
            Caller::Service { token, .. } => Some(Self::Token(*token)),
        }
    }

    /// That of whoever comes from an address: in IPv6 everybody has a whole network of them.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Display for Subject {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(to, "user:{id}"),
            Self::Token(id) => write!(to, "token:{id}"),
            Self::Project(id) => id.fmt(to),
            Self::Network(address @ IpAddr::V4(_)) => address.fmt(to),
            Self::Network(address @ IpAddr::V6(_)) => write!(to, "{address}/64"),
            Self::Unknown => to.write_str("unknown"),
            Self::All => to.write_str("all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_another_bucket_by_another_address_of_the_same_network() {
        let of = |text: &str| Subject::at(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn names_are_those_that_callers_have_elsewhere() {
        let (user, session) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let caller = Caller::Person { user, session };
        assert_eq!(Subject::of(&caller).unwrap().to_string(), caller.key());
        assert_eq!(Subject::of(&Caller::Anonymous), None);
    }
}
