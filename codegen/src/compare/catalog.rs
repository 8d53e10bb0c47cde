//! What operations refer to: the head, servers, ways to sign in, roles, rate classes, environments, errors.
//!
//! Owns: the changes of everything that stands once in a contract. Must not know: who refers to it.

use indexmap::IndexMap;

use super::change::Subject;
use super::comparison::Comparison;
use super::parameters::place;
use super::rules;
use super::spot::{Direction, Spot};
use crate::diagnostics::change::Rule;
use crate::model::{ErrorCode, Model, SecurityScheme};
use crate::pointer::below;
use crate::tree::Text;

impl Comparison<'_> {
    /// The head of the contract, and where it is served.
    pub(super) fn service(&mut self) {
        let spot = &Spot::new(Subject::Service, "/info", "/info", Direction::BOTH);
        let (before, after) = (&self.before.model.info, &self.after.model.info);
        for (what, old, now) in [
            ("title", &before.title, &after.title),
            ("version", &before.version, &after.version),
        ] {
            if old != now {
                let message = format!("the {what} is `{now}` now, it was `{old}`");
                self.changed(&rules::INFO, spot, message, old.clone(), now.clone());
            }
        }
        self.text("summary", before.summary.as_deref(), after.summary.as_deref(), spot);
        let (old, now) = (before.description.as_deref(), after.description.as_deref());
        self.text("description", old, now, spot);
        let spot = &Spot::new(Subject::Service, "/servers", "/servers", Direction::BOTH);
        let urls = |model: &Model| {
            model
                .servers
                .iter()
                .map(|server| server.url.clone())
                .collect::<Vec<_>>()
        };
        let (old, now) = (urls(self.before.model), urls(self.after.model));
        self.listed(
            &old,
            &now,
            spot,
            (&rules::SERVER_REMOVED, "the server"),
            &rules::SERVER_ADDED,
        );
    }

    /// Everything that operations refer to by name.
    pub(super) fn catalog(&mut self) {
        self.schemes();
        self.roles();
        self.rates();
        self.environments();
        self.errors();
    }

    /// Names that were added to, and removed from, a list.
    fn listed(
        &mut self,
        before: &[String],
        after: &[String],
        spot: &Spot,
        (removed, what): (&'static Rule, &str),
        added: &'static Rule,
    ) {
        for name in before.iter().filter(|name| !after.contains(name)) {
            self.removed(
                removed,
                spot,
                format!("{what} `{name}` was removed"),
                Some(name.clone()),
            );
        }
        for name in after.iter().filter(|name| !before.contains(name)) {
            self.added(added, spot, format!("{what} `{name}` was added"), Some(name.clone()));
        }
    }

    fn schemes(&mut self) {
        let (before, after) = (&self.before.model.security_schemes, &self.after.model.security_schemes);
        for name in names(before, after) {
            let pointer = below("/components/securitySchemes", &name);
            let subject = format!("security scheme {name}");
            let spot = &policy(subject, &pointer);
            match (before.get(&name), after.get(&name)) {
                (Some(_), None) => {
                    let message = format!("nobody signs in by `{name}` any more");
                    self.removed(&rules::SECURITY_SCHEME_REMOVED, spot, message, None);
                }
                (None, Some(_)) => {
                    let message = format!("the way to sign in `{name}` was added");
                    self.added(&rules::SECURITY_SCHEME_ADDED, spot, message, None);
                }
                (Some(old), Some(now)) if old != now => {
                    let (old, now) = (scheme(old), scheme(now));
                    let message = format!("credentials are {now} now, they were {old}");
                    self.changed(&rules::SECURITY_SCHEME_CHANGED, spot, message, old, now);
                }
                _ => {}
            }
        }
    }

    fn roles(&mut self) {
        let spot = &policy("roles".to_owned(), "/x-flaresmith/roles");
        let (before, after) = (&self.before.model.roles, &self.after.model.roles);
        self.listed(
            before,
            after,
            spot,
            (&rules::ROLE_REMOVED, "the role"),
            &rules::ROLE_ADDED,
        );
        let kept = |roles: &[String], others: &[String]| -> Vec<String> {
            roles.iter().filter(|role| others.contains(role)).cloned().collect()
        };
        let (old, now) = (kept(before, after), kept(after, before));
        if old != now {
            let (old, now) = (old.join(", "), now.join(", "));
            let message = format!("the order of roles is {now} now, it was {old}");
            self.changed(&rules::ROLE_ORDER, spot, message, old, now);
        }
    }

    fn rates(&mut self) {
        let (before, after) = (&self.before.model.rate_buckets, &self.after.model.rate_buckets);
        for (name, now) in after {
            let Some(old) = before.get(name).filter(|old| *old != now) else {
                continue;
            };
            let pointer = below("/x-flaresmith/rateBuckets", name);
            let rule = match now.capacity < old.capacity || now.refill_per_minute < old.refill_per_minute {
                true => &rules::RATE_TIGHTENED,
                false => &rules::RATE_LOOSENED,
            };
            let word = |bucket: &crate::model::RateBucket| {
                format!("{} tokens, {} more a minute", bucket.capacity, bucket.refill_per_minute)
            };
            let (old, now) = (word(old), word(now));
            let message = format!("the bucket holds {now} now, it was {old}");
            let spot = &policy(format!("rate bucket {name}"), &pointer);
            self.changed(rule, spot, message, old, now);
        }
        let (before, after) = (&self.before.model.rate_classes, &self.after.model.rate_classes);
        for (name, now) in after {
            let Some(old) = before.get(name).filter(|old| *old != now) else {
                continue;
            };
            let pointer = below("/x-flaresmith/rateLimits", name);
            let rule = self.tightened(Some(old), Some(now));
            let word = |class: &crate::model::RateClass| {
                let every = class
                    .every_seconds
                    .map_or_else(String::new, |every| format!(" every {every} s"));
                format!("{} of {}{every}", class.tokens, class.buckets.join(", "))
            };
            let (old, now) = (word(old), word(now));
            let message = format!("a call takes {now} now, it was {old}");
            let spot = &policy(format!("rate class {name}"), &pointer);
            self.changed(rule, spot, message, old, now);
        }
    }

    fn environments(&mut self) {
        let (before, after) = (&self.before.model.environments, &self.after.model.environments);
        for name in names(before, after) {
            let pointer = below("/x-flaresmith/environments", &name);
            let spot = &policy(format!("environment {name}"), &pointer);
            match (before.get(&name), after.get(&name)) {
                (Some(old), None) => {
                    let message = format!("the environment `{name}` was removed");
                    self.removed(&rules::ENVIRONMENT, spot, message, Some(old.url.clone()));
                }
                (None, Some(now)) => {
                    let message = format!("the environment `{name}` was added");
                    self.added(&rules::ENVIRONMENT, spot, message, Some(now.url.clone()));
                }
                (Some(old), Some(now)) => {
                    if old.url != now.url {
                        let message = format!("the environment is at {} now, it was at {}", now.url, old.url);
                        self.changed(&rules::ENVIRONMENT, spot, message, old.url.clone(), now.url.clone());
                    }
                    let (old, now) = (old.description.as_deref(), now.description.as_deref());
                    self.text("description", old, now, spot);
                }
                (None, None) => {}
            }
        }
    }

    fn errors(&mut self) {
        let (before, after) = (&self.before.model.errors, &self.after.model.errors);
        for code in names(before, after) {
            let pointer = below("/x-flaresmith/errors", &code);
            let subject = Subject::Error { code: code.clone() };
            let spot = &Spot::new(subject, &pointer, &pointer, Direction::RESPONSE);
            match (before.get(&code), after.get(&code)) {
                (Some(_), None) => {
                    let message = format!("the code `{code}` was removed");
                    self.removed(&rules::ERROR_REMOVED, spot, message, None);
                }
                (None, Some(_)) => {
                    let message = format!("the code `{code}` was added");
                    self.added(&rules::ERROR_ADDED, spot, message, None);
                }
                (Some(old), Some(now)) => self.error(old, now, spot),
                (None, None) => {}
            }
        }
        let name = |model: &Model| model.error_envelope.map(|id| (id, model.type_def(id).name.raw.clone()));
        let (old, now) = (name(self.before.model), name(self.after.model));
        let same = match (&old, &now) {
            (Some((old, _)), Some((now, _))) => {
                self.pairs.same(*old, *now) || !self.before.model.type_def(*old).component
            }
            (old, now) => old.is_none() && now.is_none(),
        };
        if !same {
            let spot = &policy("error envelope".to_owned(), "/x-flaresmith/errorEnvelope");
            let word = |name: Option<(_, Text)>| name.map_or_else(|| "none".to_owned(), |(_, name)| name.to_string());
            let (old, now) = (word(old), word(now));
            let message = format!("failures have the envelope `{now}` now, it was `{old}`");
            self.changed(&rules::ERROR_ENVELOPE, spot, message, old, now);
        }
    }

    fn error(&mut self, before: &ErrorCode, after: &ErrorCode, spot: &Spot) {
        self.visited.clear();
        if before.status != after.status {
            let (old, now) = (before.status.to_string(), after.status.to_string());
            let message = format!("the status is {now} now, it was {old}");
            self.changed(&rules::ERROR_STATUS, spot, message, old, now);
        }
        if before.retry_policy != after.retry_policy {
            let (old, now) = (before.retry_policy.as_str(), after.retry_policy.as_str());
            let message = format!("the retry policy is `{now}` now, it was `{old}`");
            self.changed(&rules::ERROR_RETRY, spot, message, old.to_owned(), now.to_owned());
        }
        if before.severity != after.severity {
            let (old, now) = (before.severity.as_str(), after.severity.as_str());
            let message = format!("the severity is `{now}` now, it was `{old}`");
            self.changed(&rules::ERROR_SEVERITY, spot, message, old.to_owned(), now.to_owned());
        }
        match (&before.details, &after.details) {
            (Some(_), None) => {
                self.removed(
                    &rules::ERROR_DETAILS,
                    spot,
                    "the error has no details any more".to_owned(),
                    None,
                );
            }
            (None, Some(_)) => self.added(
                &rules::ERROR_DETAILS,
                spot,
                "the error has details now".to_owned(),
                None,
            ),
            _ => {}
        }
        self.text("message", Some(&before.message), Some(&after.message), spot);
        self.text("hint", before.hint.as_deref(), after.hint.as_deref(), spot);
        self.requirements(&before.requirements, &after.requirements, spot);
    }

    /// The details of every error that has some on both sides.
    pub(super) fn error_details(&mut self) {
        let (before, after) = (self.before.model, self.after.model);
        for (code, old, now) in after
            .errors
            .iter()
            .filter_map(|(code, now)| Some((code, before.errors.get(code)?, now)))
        {
            let (Some(old), Some(now)) = (&old.details, &now.details) else {
                continue;
            };
            let pointer = below("/x-flaresmith/errors", code);
            let subject = Subject::Error { code: code.clone() };
            let details = format!("{pointer}/details");
            let spot = Spot::new(subject, &pointer, &pointer, Direction::RESPONSE);
            let spot = spot.part("the details", &details, &details, Direction::RESPONSE);
            self.visited.clear();
            self.types(old, now, &spot);
        }
    }
}

/// The names of both sides, each once: those that were first.
fn names<T>(before: &IndexMap<String, T>, after: &IndexMap<String, T>) -> Vec<String> {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    before.keys().chain(new).cloned().collect()
}

fn policy(name: String, pointer: &str) -> Spot {
    Spot::new(Subject::Policy { name }, pointer, pointer, Direction::BOTH)
}

fn scheme(scheme: &SecurityScheme) -> String {
    match scheme {
        SecurityScheme::Bearer => "a bearer token".to_owned(),
        SecurityScheme::Basic => "a name and a password".to_owned(),
        SecurityScheme::ApiKey { location, wire } => format!("a key in the {} `{wire}`", place(*location)),
        SecurityScheme::OAuth => "a token of OAuth".to_owned(),
        SecurityScheme::Other(kind) => format!("of the kind `{kind}`"),
    }
}
