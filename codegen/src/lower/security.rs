//! Ways to sign in, and which of them an operation asks for.
//!
//! Owns: security schemes and requirements. Must not know: roles.

use indexmap::IndexMap;

use super::Lowering;
use super::node::Node;
use crate::diagnostics::{Diagnostic, contract as codes, nearest};
use crate::model::{Location, Model, SecurityScheme};
use crate::pointer::below;

impl<'a> Lowering<'a> {
    /// The schemes of the contract.
    pub(super) fn security_schemes(&mut self, model: &mut Model) {
        let schemes = self
            .root()
            .get("components")
            .and_then(|node| node.get("securitySchemes"));
        for (name, node) in schemes.iter().flat_map(Node::fixed_members) {
            let node = self.resolve(node);
            let scheme = match node.text("type") {
                Some("http") => match node.text("scheme").unwrap_or("").to_ascii_lowercase().as_str() {
                    "bearer" => SecurityScheme::Bearer,
                    "basic" => SecurityScheme::Basic,
                    other => SecurityScheme::Other(other.to_owned()),
                },
                Some("apiKey") => SecurityScheme::ApiKey {
                    location: match node.text("in") {
                        Some("query") => Location::Query,
                        Some("cookie") => Location::Cookie,
                        _ => Location::Header,
                    },
                    wire: node.text("name").unwrap_or_default().to_owned(),
                },
                Some("oauth2" | "openIdConnect") => SecurityScheme::OAuth,
                other => SecurityScheme::Other(other.unwrap_or("unknown").to_owned()),
            };
            model.security_schemes.insert(name.to_owned(), scheme);
        }
    }

    /// What an operation asks for, and whether anyone may call it.
    pub(super) fn security(
        &mut self,
        operation: &Node<'a>,
        model: &Model,
    ) -> (Vec<IndexMap<String, Vec<String>>>, bool) {
        let Some(list) = operation.get("security").or_else(|| self.root().get("security")) else {
            return (Vec::new(), false);
        };
        let mut found = Vec::new();
        let mut public = list.items().next().is_none();
        for alternative in list.items() {
            let mut schemes = IndexMap::new();
            for (name, scopes) in alternative.members() {
                if !model.security_schemes.contains_key(name) {
                    self.unknown_scheme(name, &alternative, model);
                }
                let scopes = scopes
                    .items()
                    .filter_map(|scope| scope.value.as_str().map(str::to_owned));
                schemes.insert(name.to_owned(), scopes.collect());
            }
            public |= schemes.is_empty();
            found.push(schemes);
        }
        (found, public)
    }

    fn unknown_scheme(&mut self, name: &str, alternative: &Node<'a>, model: &Model) {
        self.ledger.tells();
        let at = below(&alternative.at, name);
        if self.reported.insert((codes::SECURITY_UNKNOWN.id, at.clone())) {
            let known = model.security_schemes.keys().map(String::as_str);
            let hint = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
            let message = format!("the security scheme `{name}` is not defined");
            let diagnostic = Diagnostic::new(&codes::SECURITY_UNKNOWN, message, self.bundle.place(&at));
            self.diagnostics.push(diagnostic.maybe_hint(hint));
        }
    }
}
