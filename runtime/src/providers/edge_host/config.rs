//! What workerd is told.
//!
//! Owns: its configuration, as text. Must not know: where files lie, values of bindings.
//!
//! Values are no part of it: workerd finds them in its environment, under names of ours. So what is written is not secret, and no
//! binding, whatever its name, changes how a program is started.

use std::fmt::Write as _;

/// Name of the module's file.
pub(super) const MODULE: &str = "worker.js";

/// Name of the socket.
pub(super) const SOCKET: &str = "http";

/// Behaviour of the runtime as of this day.
pub(in crate::providers) const COMPATIBILITY: &str = "2026-04-01";

/// What else of its behaviour is wanted.
pub(in crate::providers) const FLAGS: [&str; 1] = ["nodejs_compat"];

/// What names in the environment of workerd begin with.
const PREFIX: &str = "FLARESMITH_BINDING_";

/// Under which name workerd finds the value of a binding.
pub(super) fn variable(binding: &str) -> String {
    format!("{PREFIX}{binding}")
}

/// Whether a binding can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The configuration of a worker with these bindings. From there nothing on this machine or its networks is reached but `allowed`,
/// networks as workerd writes them.
pub(super) fn text<'a>(bindings: impl Iterator<Item = &'a str>, allowed: &[String]) -> String {
    let mut list = String::new();
    for name in bindings.filter(|name| is_name(name)) {
        let _ = write!(
            list,
            "\n    (name = \"{name}\", fromEnvironment = \"{}\"),",
            variable(name)
        );
    }
    let flags = FLAGS.map(|flag| format!("\"{flag}\"")).join(", ");
    let mut networks = "\"public\"".to_owned();
    for network in allowed {
        let plain: String = network
            .chars()
            .filter(|sign| sign.is_ascii_alphanumeric() || ".:/".contains(*sign))
            .collect();
        let _ = write!(networks, ", \"{plain}\"");
    }
    format!(
        "using Workerd = import \"/workerd/workerd.capnp\";

const config :Workerd.Config = (
  services = [
    (name = \"worker\", worker = .worker),
    (name = \"internet\", network = (allow = [{networks}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = \"{SOCKET}\", address = \"127.0.0.1:0\", http = (), service = \"worker\")],
);

const worker :Workerd.Worker = (
  modules = [(name = \"{MODULE}\", esModule = embed \"{MODULE}\")],
  compatibilityDate = \"{COMPATIBILITY}\",
  compatibilityFlags = [{flags}],
  bindings = [{list}
  ],
);
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_gets_out_of_its_quotes() {
        let hostile = ["A", "B\"), (name = \"C", "", "1A", "LD_PRELOAD"];
        let text = text(hostile.into_iter(), &["127.0.0.1/32".into(), "\"private".into()]);
        assert_eq!(text.matches("fromEnvironment").count(), 2, "{text}");
        assert!(text.contains("\"FLARESMITH_BINDING_LD_PRELOAD\""));
        assert!(
            text.contains("allow = [\"public\", \"127.0.0.1/32\", \"private\"]"),
            "{text}"
        );
    }
}
