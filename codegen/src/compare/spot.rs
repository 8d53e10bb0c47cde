//! A spot: where the comparison stands, on both sides, and what it is called in a sentence.
//!
//! Owns: words for places inside of a subject, and the direction in which values travel there. Must not know: any rule.

use super::change::Subject;
use crate::pointer::{below, unescape};

/// In which direction values travel: from callers, to readers, or both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction {
    /// Callers send them.
    pub request: bool,
    /// Readers get them.
    pub response: bool,
}

impl Direction {
    pub(super) const REQUEST: Self = Self::new(true, false);
    pub(super) const RESPONSE: Self = Self::new(false, true);
    /// Both ways; also for what does not travel, such as rows of a table.
    pub(super) const BOTH: Self = Self::new(true, true);

    /// That of answers to what travels so.
    pub(super) const fn reversed(self) -> Self {
        Self::new(self.response, self.request)
    }

    pub(super) const fn new(request: bool, response: bool) -> Self {
        Self { request, response }
    }
}

/// A place inside of a subject.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// What the change will be about.
    pub(super) subject: Subject,
    /// What the path begins at, in words: `the request body`. Empty: at the schema itself.
    root: String,
    /// Properties, items and variants on the way: `items[].name`.
    path: String,
    /// JSON pointer in the bundle that was.
    pub(super) before: String,
    /// JSON pointer in the bundle that is.
    pub(super) after: String,
    pub(super) direction: Direction,
    /// The component inside of which it is, on both sides; then the subject is one of those who refer to it.
    pub(super) component: Option<Subject>,
}

impl Spot {
    /// The subject as a whole.
    pub(super) fn new(subject: Subject, before: &str, after: &str, direction: Direction) -> Self {
        Self {
            subject,
            root: String::new(),
            path: String::new(),
            before: before.to_owned(),
            after: after.to_owned(),
            direction,
            component: None,
        }
    }

    /// The same as the content of a component, when it is one: several may refer to it, and it is told once.
    pub(super) fn shared(mut self) -> Self {
        let component = |pointer: &str| {
            let mut parts = pointer.strip_prefix("/components/")?.split('/');
            let (section, name) = (parts.next()?.to_owned(), unescape(parts.next()?).into_owned());
            (section != "schemas").then_some(Subject::Component { section, name })
        };
        if let (Some(before), Some(after)) = (component(&self.before), component(&self.after))
            && before == after
        {
            self.component = Some(after);
        }
        self
    }

    /// A part of the subject that has words of its own: `query parameter `limit``.
    pub(super) fn part(&self, root: impl Into<String>, before: &str, after: &str, direction: Direction) -> Self {
        Self {
            subject: self.subject.clone(),
            root: root.into(),
            path: String::new(),
            before: before.to_owned(),
            after: after.to_owned(),
            direction,
            component: self.component.clone(),
        }
    }

    /// A property of the values here.
    pub(super) fn property(&self, wire: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let key = below("/properties", wire);
        self.below(&format!("{dot}{wire}"), &key, &key)
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Self {
        self.below("[]", "/items", "/items")
    }

    /// One item of a tuple.
    pub(super) fn item(&self, i: usize) -> Self {
        let key = format!("/prefixItems/{i}");
        self.below(&format!("[{i}]"), &key, &key)
    }

    /// The members that no property names.
    pub(super) fn members(&self) -> Self {
        self.below("{}", "/additionalProperties", "/additionalProperties")
    }

    /// A variant of a union, at its places in the lists of both sides.
    pub(super) fn variant(&self, name: &str, before: &str, after: &str) -> Self {
        self.below(&format!("<{name}>"), before, after)
    }

    /// The same with other pointers, for a schema that stands elsewhere.
    pub(super) fn moved(&self, before: Option<&str>, after: Option<&str>) -> Self {
        let mut spot = self.clone();
        if let Some(before) = before {
            before.clone_into(&mut spot.before);
        }
        if let Some(after) = after {
            after.clone_into(&mut spot.after);
        }
        spot
    }

    /// The same for values that travel so.
    pub(super) fn toward(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    fn below(&self, step: &str, before: &str, after: &str) -> Self {
        Self {
            subject: self.subject.clone(),
            root: self.root.clone(),
            path: format!("{}{step}", self.path),
            before: format!("{}{before}", self.before),
            after: format!("{}{after}", self.after),
            direction: self.direction,
            component: self.component.clone(),
        }
    }

    /// What it is called in a sentence.
    pub(super) fn words(&self) -> String {
        let whole = match (&self.subject, self.root.is_empty()) {
            (_, false) => self.root.as_str(),
            (Subject::Schema { .. }, _) => "the schema",
            (Subject::Webhook { .. }, _) => "the webhook",
            (Subject::Callback { .. }, _) => "the callback",
            (Subject::Error { .. }, _) => "the error",
            (Subject::Lifecycle { .. }, _) => "the lifecycle",
            (Subject::Table { .. }, _) => "the table",
            (Subject::Service, _) => "the service",
            _ => "the operation",
        };
        match (self.path.is_empty(), self.root.is_empty()) {
            (true, _) => whole.to_owned(),
            (false, true) => format!("`{}`", self.path),
            (false, false) => format!("`{}` of {whole}", self.path),
        }
    }
}
