//! Kinds of changes between two states of a contract, as `flaresmith spec diff` tells them.
//!
//! Owns: the table of the `CHANGE_*` codes, an entry a kind: its class by the direction in which values travel, and why.
//! Must not know: how a change is found.
//!
//! What widens is right for requests, since every request of yesterday still fits, and wrong for answers, since readers may
//! get what they are not ready for; what narrows is the other way round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Code, Severity};

pub mod operation;
pub mod policy;
pub mod schema;
pub mod storage;
pub mod text;

/// What a change does to those who rely on the contract; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A call, a reader or a row that was right is wrong now.
    Breaking,
    /// Everything that was right still is.
    Compatible,
    /// Only people notice.
    Docs,
}

impl Class {
    /// Every class, the worst first.
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Compatible, Self::Docs];

    /// As the report writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Compatible => "compatible",
            Self::Docs => "docs",
        }
    }
}

/// One kind of change.
#[derive(Debug)]
pub struct Rule {
    /// Its code. An error, when it is breaking in any direction.
    pub code: Code,
    /// Its class where values travel in requests.
    pub in_requests: Class,
    /// Its class where values travel in answers.
    pub in_responses: Class,
}

impl Rule {
    const fn new(
        id: &'static str,
        [in_requests, in_responses]: [Class; 2],
        title: &'static str,
        explanation: &'static str,
    ) -> Self {
        let severity = match (in_requests, in_responses) {
            (Class::Breaking, _) | (_, Class::Breaking) => Severity::Error,
            _ => Severity::Info,
        };
        let code = Code {
            id,
            severity,
            title,
            explanation,
        };
        Self {
            code,
            in_requests,
            in_responses,
        }
    }
}

/// A family of kinds. An entry is a name (the code without `CHANGE_`), the classes in requests and in answers, what
/// happened, and why it has these classes.
macro_rules! changes {
    ($($name:ident: $in_requests:ident, $in_responses:ident, $title:literal, $explanation:literal;)*) => {
        /// The kinds of this family.
        pub const RULES: &[&Rule] = &[$(&$name),*];

        $(
            #[doc = $title]
            pub const $name: Rule = Rule::new(
                concat!("CHANGE_", stringify!($name)),
                [Class::$in_requests, Class::$in_responses],
                $title,
                $explanation,
            );
        )*
    };
}

use changes;

/// Every kind of change, family by family, in the order in which they are documented.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        operation::RULES,
        schema::RULES,
        policy::RULES,
        storage::RULES,
        text::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
