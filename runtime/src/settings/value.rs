//! The forms of values that are more than a text or a number.
//!
//! Owns: reading each of them, from a flag, the environment and the file alike, and saying what is wrong. Must not know: what a
//! value is for.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use ipnet::IpNet;
use reqwest::Url;
use serde::Deserialize;

/// A time in whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct Seconds(pub Duration);

/// A number of things, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct Count(pub usize);

/// Hours that a preview may stand idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct PreviewHours(pub i32);

/// Where a page of a browser comes from: `https://HOST` or `http://HOST:PORT`, and nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(pub HeaderValue);

/// An address, or a network such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(pub f64);

/// The address of a collector, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Collector(pub String);

/// An address that people may come back to after they signed in elsewhere. One of the loopback without a port, such as
/// `http://127.0.0.1/signed-in`, stands for any port: programs take one that is free (RFC 8252).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Redirect {
    address: Url,
    any_port: bool,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong(&'static str);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Wrong {}

impl TryFrom<u64> for Seconds {
    type Error = Wrong;

    fn try_from(seconds: u64) -> Result<Self, Wrong> {
        match seconds {
            1..=86_400 => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(Wrong("is no number of seconds from 1 to 86400")),
        }
    }
}

impl TryFrom<u64> for Count {
    type Error = Wrong;

    fn try_from(count: u64) -> Result<Self, Wrong> {
        let fits = usize::try_from(count)
            .ok()
            .filter(|count| (1..=1_000_000).contains(count));
        fits.map(Self).ok_or(Wrong("is no number from 1 to 1000000"))
    }
}

impl TryFrom<u64> for PreviewHours {
    type Error = Wrong;

    fn try_from(hours: u64) -> Result<Self, Wrong> {
        let fits = i32::try_from(hours).ok().filter(|hours| (24..=168).contains(hours));
        fits.map(Self).ok_or(Wrong("is no number of hours from 24 to 168"))
    }
}

impl TryFrom<f64> for Share {
    type Error = Wrong;

    fn try_from(share: f64) -> Result<Self, Wrong> {
        let fits = (0.0..=1.0).contains(&share);
        fits.then_some(Self(share)).ok_or(Wrong("is no number from 0 to 1"))
    }
}

impl FromStr for Collector {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        // Set to nothing, the variable means that there is none.
        if text.is_empty() {
            return Ok(Self(String::new()));
        }
        let wrong = Wrong("is no address such as `http://localhost:4318`");
        let address: Uri = text.parse().map_err(|_| wrong)?;
        let (Some("http" | "https"), Some(authority)) = (address.scheme_str(), address.authority()) else {
            return Err(wrong);
        };
        // A password there would be shown with the settings; keys belong into headers.
        if authority.as_str().contains('@') || address.query().is_some() {
            return Err(wrong);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl FromStr for Origin {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = Wrong("is no origin such as `https://example.com` or `http://localhost:5173`");
        let address: Uri = text.parse().map_err(|_| wrong)?;
        let (Some(scheme), Some(authority)) = (address.scheme_str(), address.authority()) else {
            return Err(wrong);
        };
        // Browsers write it in exactly this form, and it is compared letter by letter.
        let written = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        if !matches!(scheme, "http" | "https") || authority.as_str().contains('@') || written != text {
            return Err(wrong);
        }
        HeaderValue::try_from(written).map(Self).map_err(|_| wrong)
    }
}

impl FromStr for Redirect {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = Wrong("is no address such as `https://app.example/signed-in` or `http://127.0.0.1/signed-in`");
        let address = Url::parse(text).map_err(|_| wrong)?;
        let is_literal = matches!(address.host_str(), Some("127.0.0.1" | "[::1]"));
        let stays_here = is_literal || address.host_str() == Some("localhost");
        let is_plain = address.username().is_empty()
            && address.password().is_none()
            && address.query().is_none()
            && address.fragment().is_none();
        let is_kept = match address.scheme() {
            "https" => address.has_host(),
            "http" => stays_here,
            _ => false,
        };
        // It is compared letter by letter, so it is given in the form that browsers write.
        if !is_plain || !is_kept || address.as_str() != text {
            return Err(wrong);
        }
        let any_port = address.scheme() == "http" && is_literal && address.port().is_none();
        Ok(Self { address, any_port })
    }
}

impl Redirect {
    /// Whether an address is this one.
    #[must_use]
    pub fn admits(&self, given: &str) -> bool {
        if given == self.address.as_str() {
            return true;
        }
        let Some(mut address) = Url::parse(given).ok().filter(|url| url.as_str() == given) else {
            return false;
        };
        self.any_port && address.port().is_some() && address.set_port(None).is_ok() && address == self.address
    }
}

impl FromStr for Network {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let network = text.parse::<IpNet>().ok();
        let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network
            .map(Self)
            .ok_or(Wrong("is neither an address nor a network such as `10.0.0.0/8`"))
    }
}

impl Network {
    /// Whether an address belongs to it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Reads the text of a flag as the file's value of the same name is read.
macro_rules! read_as {
    ($($name:ident from text)*; $($other:ident from $number:ty)*) => {
        $(impl TryFrom<String> for $name {
            type Error = Wrong;

            fn try_from(text: String) -> Result<Self, Wrong> {
                text.parse()
            }
        })*
        $(impl FromStr for $other {
            type Err = Wrong;

            fn from_str(text: &str) -> Result<Self, Wrong> {
                text.parse::<$number>().map_err(|_| Wrong("is no number"))?.try_into()
            }
        })*
    };
}

read_as! { Origin from text Network from text Collector from text Redirect from text; Seconds from u64 Count from u64 PreviewHours from u64 Share from f64 }

#[cfg(test)]
mod tests {
    use super::*;

    fn reads<T: FromStr>(texts: &[&str]) -> bool {
        texts.iter().all(|text| text.parse::<T>().is_ok())
    }

    fn refuses<T: FromStr>(texts: &[&str]) -> bool {
        texts.iter().all(|text| text.parse::<T>().is_err())
    }

    #[test]
    fn a_value_that_cannot_be_is_refused() {
        assert!(reads::<Seconds>(&["1", "86400"]) && refuses::<Seconds>(&["0", "-1", "1s", "86401"]));
        assert!(reads::<Origin>(&["https://a.example", "http://localhost:5173"]));
        assert!(refuses::<Origin>(&[
            "*",
            "null",
            "https://a.example/",
            "a.example",
            "https://A.example",
            "ftp://a"
        ]));
        assert!(reads::<Share>(&["0", "1", "0.05"]) && refuses::<Share>(&["-0.1", "1.1", "NaN", "5%"]));
        assert!(reads::<Collector>(&[
            "http://localhost:4318",
            "https://a.example/otlp/"
        ]));
        assert!(refuses::<Collector>(&[
            "localhost:4318",
            "grpc://a",
            "http://me:hush@a",
            "http://a/?key=hush"
        ]));
        assert!(reads::<Network>(&["10.0.0.0/8", "::1", "127.0.0.1"]) && refuses::<Network>(&["10.0.0.0/33", "a"]));
    }

    #[test]
    fn people_come_back_to_one_address_and_on_this_machine_at_any_port() {
        assert!(reads::<Redirect>(&[
            "https://app.example/signed-in",
            "http://127.0.0.1/signed-in",
            "http://[::1]/",
            "http://localhost:5173/signed-in",
        ]));
        assert!(refuses::<Redirect>(&[
            "http://app.example/signed-in",
            "https://me@app.example/",
            "https://app.example/?a=b",
            "https://app.example/#a",
            "https://APP.example/",
            "app:/signed-in",
            "*",
        ]));
        let web: Redirect = "https://app.example/signed-in".parse().unwrap();
        assert!(web.admits("https://app.example/signed-in"));
        for other in [
            "https://app.example/signed-in/",
            "https://app.example:8443/signed-in",
            "https://app.example/signed-in?a=b",
            "https://app.example.evil.example/signed-in",
            "https://app.example/signed-in/../other",
            "http://app.example/signed-in",
        ] {
            assert!(!web.admits(other), "{other}");
        }
        let here: Redirect = "http://127.0.0.1/signed-in".parse().unwrap();
        assert!(here.admits("http://127.0.0.1:49152/signed-in"));
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/signed-in?a=b",
            "http://me@127.0.0.1:49152/signed-in",
            "http://localhost:49152/signed-in",
            "http://127.0.0.1.evil.example:49152/signed-in",
            "https://127.0.0.1:49152/signed-in",
        ] {
            assert!(!here.admits(other), "{other}");
        }
        let fixed: Redirect = "http://localhost:5173/signed-in".parse().unwrap();
        assert!(!fixed.admits("http://localhost:5174/signed-in"));
    }

    #[test]
    fn an_address_in_the_other_form_belongs_to_the_same_network() {
        let network: Network = "10.0.0.0/8".parse().unwrap();
        assert!(network.holds("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!network.holds("11.0.0.1".parse().unwrap()));
    }
}
