//! Advice: what is the matter with files that are out of step, and the command that mends it.
//!
//! Owns: the sentences. Must not know: how a cause is found, or how advice is printed.

use std::collections::{BTreeMap, BTreeSet};

use super::moment::{Cause, Moment};
use crate::command::Commands;
use crate::digest::Digest;
use crate::form::{Slip, SlipKind};
use crate::lock;
use crate::tree::Tree;

/// One reason, with the command that removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What is the matter, in one sentence.
    pub what: String,
    /// What to type.
    pub command: String,
}

pub(super) fn advice(cause: Cause, paths: &BTreeSet<String>, moment: &Moment<'_>) -> Advice {
    let commands = Commands::for_root(moment.staged.root());
    let count = match (paths.len(), paths.contains(lock::FILE)) {
        (1, true) => lock::FILE.to_owned(),
        (1, false) => "1 generated file".to_owned(),
        (2, true) => format!("1 generated file and {}", lock::FILE),
        (count, true) => format!("{} generated files and {}", count - 1, lock::FILE),
        (count, false) => format!("{count} generated files"),
    };
    let one = paths.len() == 1;
    let (is, was) = if one { ("is", "was") } else { ("are", "were") };
    let ignored = paths.iter().any(|path| moment.staged.is_ignored(path));
    let add = commands.add(paths.iter().map(String::as_str), ignored);
    let ignored = if ignored { " (git ignores some of them)" } else { "" };
    let loose = commands.add(moment.loose.iter().map(String::as_str), false);
    let apply = commands.apply();
    match cause {
        Cause::NotStaged => Advice {
            what: format!("{count} {is} right on disk, but not staged{ignored}"),
            command: add,
        },
        Cause::NotGenerated => Advice {
            what: format!("{count} {is} behind the staged specs{ignored}"),
            command: format!("{apply} && {add}"),
        },
        Cause::PartlyStaged => Advice {
            what: format!(
                "{count} {is} behind the staged specs, and the specs on disk are others: {}; stage them whole \
                 (or, to commit the staged part alone, run `git stash push --keep-index` first)",
                moment.loose.join(", ")
            ),
            command: format!("{loose} && {apply} && {add}"),
        },
        Cause::SpecsNotStaged => {
            let all = moment.loose.iter().chain(paths).map(String::as_str);
            let all = all.chain(moment.unstaged()).chain([lock::FILE]);
            Advice {
                what: format!(
                    "{count} {was} made from specs that are not staged: {}",
                    moment.loose.join(", ")
                ),
                command: commands.add(all, false),
            }
        }
    }
}

/// What to type about files in a wrong form.
#[must_use]
pub fn advice_on_form(slips: &[Slip], tree: &Tree, staged: bool) -> Vec<Advice> {
    let commands = Commands::for_root(tree.root());
    let of = |kind| -> Vec<&str> {
        let slips = slips.iter().filter(|slip| slip.kind == kind);
        slips.map(|slip| slip.path.as_str()).collect()
    };
    let files = |count: usize| format!("{count} generated file{}", if count == 1 { "" } else { "s" });
    let mut found = Vec::new();
    let executable = of(SlipKind::Executable);
    if !executable.is_empty() {
        let chmod = commands.chmod(&executable);
        found.push(Advice {
            what: format!(
                "{} may be executed, which no regeneration would give",
                files(executable.len())
            ),
            command: if staged {
                format!("{chmod} && {}", commands.unset_executable(&executable))
            } else {
                chmod
            },
        });
    }
    let crlf = of(SlipKind::LineEnds);
    if !crlf.is_empty() {
        found.push(Advice {
            what: format!("git holds {} with \\r\\n where \\n is generated", files(crlf.len())),
            command: format!(
                "{} && {} && {}",
                commands.remove(&crlf),
                commands.apply(),
                commands.add(crlf.iter().copied(), false)
            ),
        });
    }
    found
}

/// What to say when the staged specs have problems and the disk has other specs.
#[must_use]
pub fn advice_on_problems(staged: &Tree, specs: &BTreeMap<String, Digest>) -> Option<Advice> {
    let moment = Moment::of(staged, specs);
    if moment.loose.is_empty() {
        return None;
    }
    let commands = Commands::for_root(staged.root());
    Some(Advice {
        what: format!(
            "these problems are in what is staged; on disk there are other specs: {}",
            moment.loose.join(", ")
        ),
        command: commands.add(moment.loose.iter().map(String::as_str), false),
    })
}
