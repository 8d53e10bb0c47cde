//! Where GitHub is.
//!
//! Owns: its addresses and what they may look like. Must not know: what is called there.

use reqwest::Url;

use crate::problem::Problem;

/// Where GitHub is, or a server of one's own that speaks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubPlace {
    /// Address of its API.
    pub api: Url,
    /// Address below which repositories are.
    pub web: Url,
}

impl GithubPlace {
    /// The usual one where nothing is said.
    pub(super) fn of(api: Option<&str>, web: Option<&str>) -> Result<Self, Problem> {
        let usual = Self::default();
        Ok(Self {
            api: api.map_or(Ok(usual.api), |text| github_url("--github-api", text))?,
            web: web.map_or(Ok(usual.web), |text| github_url("--github-url", text))?,
        })
    }
}

impl Default for GithubPlace {
    fn default() -> Self {
        Self {
            api: https("api.github.com"),
            web: https("github.com"),
        }
    }
}

/// The address of a host.
pub(super) fn https(host: &str) -> Url {
    let mut url = Url::parse("https://localhost").unwrap_or_else(|_| unreachable!("it is one"));
    let _ = url.set_host(Some(host));
    url
}

/// An address of GitHub's. What is wrong is not repeated: it may hold a password.
fn github_url(flag: &str, text: &str) -> Result<Url, Problem> {
    plain(text).ok_or_else(|| {
        Problem::new("SETTINGS_GITHUB", "the address of GitHub is no plain one of HTTP")
            .at(flag)
            .hint(format!(
                "write `{flag} https://HOST/PATH`, without a name, a password or a query"
            ))
    })
}

/// A plain address of HTTP: without anything that would be secret or that others are put behind.
pub(super) fn plain(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok();
    url.filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
