//! The programs that build.
//!
//! Owns: which are run. Must not know: what they see, what they leave.

use std::ffi::OsString;
use std::io::Write as _;

use flaresmith_api::errors::Failure;

use crate::node::{self, Work};

/// What is run in the root of the repository, one after the other.
const STEPS: [&[&str]; 2] = [
    &["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    &["npm", "run", "build"],
];

/// Runs them. What comes back inside is why one failed.
pub(super) async fn build(work: &Work<'_>) -> Result<Result<(), String>, Failure> {
    if !work.folder.join("package.json").is_file() {
        return Ok(Err("the repository has no package.json at its root".to_owned()));
    }
    let npm = match node::program("npm") {
        Ok(npm) => npm,
        Err(why) => return Ok(Err(why)),
    };
    for words in STEPS {
        let mut log = work.log;
        writeln!(log, "$ {}", words.join(" ")).map_err(Failure::internal)?;
        let words_and_npm = std::iter::once(npm.clone().into_os_string())
            .chain(words.iter().skip(1).map(OsString::from))
            .collect();
        match work.run(words_and_npm).await? {
            Ok(status) if status.success() => {}
            Ok(status) => {
                let code = status
                    .code()
                    .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
                return Ok(Err(format!("`{}` ended with {code}", words.join(" "))));
            }
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(Ok(()))
}
