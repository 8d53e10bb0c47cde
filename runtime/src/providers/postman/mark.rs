//! Marks: what says that something at Postman was made for a project, and what was sent to it last.
//!
//! Owns: how a mark is written, read and made sure of. Must not know: where it stands.
//!
//! A mark bears a digest that nobody else can make, so that what was made before its id was written down is found again. Whoever knows
//! the id needs none of that, so a new master key leaves what is there readable.

use uuid::Uuid;

use super::Postman;
use crate::sealing::mac;

/// How a mark begins and ends.
const BEGIN: &str = "(Flaresmith ";
const END: char = ')';

/// The part of the mark of what has no other.
pub(super) const WORKSPACE: &str = "workspace";

/// A mark as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    project: String,
    /// Which of the project's things it is on.
    part: String,
    /// The digest of what was sent last.
    pub(super) sent: String,
    digest: String,
}

impl Postman {
    /// The mark of a part of a project.
    pub(super) fn mark(&self, project: Uuid, part: &str, sent: &str) -> String {
        let digest = self.digest(&project.to_string(), part, sent);
        format!("{BEGIN}{project} {part} {sent} {digest}{END}")
    }

    fn digest(&self, project: &str, part: &str, sent: &str) -> String {
        let digest = mac(&self.key, format!("{project}\n{part}\n{sent}").as_bytes());
        digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the platform made a mark for this part of the project.
    pub(super) fn made(&self, mark: &Mark, project: Uuid, part: &str) -> bool {
        let own = self.digest(&project.to_string(), part, &mark.sent);
        mark.says(project, part) && mark.digest == own
    }
}

impl Mark {
    /// Whether it says this project and part. That is enough in a workspace that is the project's own.
    pub(super) fn says(&self, project: Uuid, part: &str) -> bool {
        self.project == project.to_string() && self.part == part
    }

    /// The part, if it says this project.
    pub(super) fn part_of(&self, project: Uuid) -> Option<&str> {
        self.says(project, &self.part).then_some(self.part.as_str())
    }
}

/// The last mark in a text, and the text without it.
pub(super) fn taken(text: &str) -> Option<(Mark, String)> {
    let start = text.rfind(BEGIN)?;
    let (before, rest) = text.split_at(start);
    let (inside, after) = rest.strip_prefix(BEGIN)?.split_once(END)?;
    let words: Vec<&str> = inside.split(' ').collect();
    let [project, part, sent, digest] = words.as_slice() else {
        return None;
    };
    let mark = Mark {
        project: (*project).to_owned(),
        part: (*part).to_owned(),
        sent: (*sent).to_owned(),
        digest: (*digest).to_owned(),
    };
    Some((mark, format!("{}{after}", before.trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_wherever_people_write_around_it() {
        let text = "Mine (really).\n\n(Flaresmith p dev abc 123) and more";
        let (mark, rest) = taken(text).unwrap();
        assert_eq!((mark.part.as_str(), mark.sent.as_str()), ("dev", "abc"));
        assert_eq!(rest, "Mine (really). and more");
        for none in ["", "(Flaresmith", "(Flaresmith a b)", "Flaresmith p dev abc 123"] {
            assert_eq!(taken(none), None, "{none}");
        }
    }
}
