//! The guides are true where that is cheap to know: links lead somewhere, commands and options exist, no command is left out.
//!
//! Owns: reading Markdown as far as that takes. Must not know: what a guide says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::root;

/// The guides that people write: path relative to the repository, and text.
fn guides() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(PathBuf::from)
        .to_vec();
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = PathBuf::from(entry.unwrap().file_name());
        if name.extension().is_some_and(|end| end == "md") {
            paths.push(Path::new("docs").join(name));
        }
    }
    paths.sort();
    assert!(paths.len() >= 8, "only {paths:?}");
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

/// The lines of a text, each with whether it stands in a fence.
fn lines(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut fenced = false;
    text.lines().map(move |line| {
        let border = line.trim_start().starts_with("```");
        fenced ^= border;
        (fenced || border, line)
    })
}

/// Where the links of a text lead to.
fn links(text: &str) -> Vec<&str> {
    let prose = lines(text).filter(|(fenced, _)| !fenced);
    prose
        .flat_map(|(_, line)| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target)
        .collect()
}

/// What a heading is called in a link, by the rule of GitHub.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = lines(text).filter(|(fenced, line)| !fenced && line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_relative_link_of_a_guide_leads_somewhere() {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for (path, text) in guides() {
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            looked_at += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                root().join(&path)
            } else {
                root().join(&path).parent().unwrap().join(file)
            };
            let leads = target.exists()
                && (anchor.is_empty()
                    || std::fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor)));
            if !leads {
                found.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(looked_at > 20, "only {looked_at} links were found");
}

/// What the program says about a command.
fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_flaresmith"))
        .args(words)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?} has no help");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command that does something, `spec apply` and the like, with its help.
fn commands() -> BTreeMap<String, String> {
    let mut commands = BTreeMap::new();
    let mut left = listed(&help(&[]));
    while let Some(name) = left.pop() {
        let words: Vec<&str> = name.split(' ').collect();
        let text = help(&words);
        let inner = listed(&text);
        if inner.is_empty() {
            commands.insert(name, text);
        } else {
            left.extend(inner.iter().map(|word| format!("{name} {word}")));
        }
    }
    commands
}

/// What stands after `flaresmith ` wherever a guide has it as code: on a line of a fence, or between backticks.
fn typed(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (fenced, line) in lines(text) {
        let line_of_shell = line.trim_start().trim_start_matches("$ ");
        if fenced && let Some(rest) = line_of_shell.strip_prefix("flaresmith ") {
            found.push(rest);
        }
        let spans = line.split("`flaresmith ").skip(1);
        found.extend(spans.map(|rest| rest.split('`').next().unwrap_or(rest)));
    }
    let ends = ["&&", ";", " # ", "</"];
    for rest in &mut found {
        let end = ends.iter().filter_map(|end| rest.find(end)).min();
        *rest = &rest[..end.unwrap_or(rest.len())];
    }
    found
}

/// The commands that a typed line means: `hook install|uninstall` are two.
fn meant(rest: &str, commands: &BTreeMap<String, String>) -> Vec<String> {
    let mut meant = vec![String::new()];
    for word in rest.split_whitespace() {
        let is_group = |name: &String| commands.keys().any(|known| known.starts_with(&format!("{name} ")));
        if !meant.iter().all(|name| name.is_empty() || is_group(name)) {
            break;
        }
        let longer = |name: &String| {
            let words = word
                .split('|')
                .map(|word| format!("{name} {word}").trim_start().to_owned());
            words.collect::<Vec<_>>()
        };
        meant = meant.iter().flat_map(longer).collect();
    }
    meant
}

fn options(rest: &str) -> impl Iterator<Item = &str> {
    let words = rest.split(|c: char| c.is_whitespace() || "[]|=,".contains(c));
    words.filter(|word| word.starts_with("--") && word.len() > 2)
}

#[test]
fn every_command_and_option_of_a_guide_exists_and_the_readme_has_them_all() {
    let commands = commands();
    assert!(
        commands.contains_key("spec apply") && commands.len() > 10,
        "{commands:?}"
    );
    let mut found = Vec::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (path, text) in guides() {
        for rest in typed(&text) {
            for command in meant(rest, &commands) {
                let Some(help) = commands.get(&command) else {
                    found.push(format!("{}: there is no `flaresmith {command}`", path.display()));
                    continue;
                };
                for option in options(rest).filter(|option| !help.split_whitespace().any(|word| word == *option)) {
                    found.push(format!("{}: `flaresmith {command}` has no {option}", path.display()));
                }
                if path == Path::new("README.md") {
                    named.insert(command);
                }
            }
        }
    }
    let left_out = commands.keys().filter(|command| !named.contains(*command));
    found.extend(left_out.map(|command| format!("README.md: nothing about `flaresmith {command}`")));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_code_map_names_every_module_of_the_two_crates() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut found = Vec::new();
    for folder in ["codegen/src", "sync/src"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let as_written = if entry.path().is_dir() {
                format!("`{name}/`")
            } else {
                format!("`{name}`")
            };
            if name != "lib.rs" && !map.contains(&as_written) {
                found.push(format!("ARCHITECTURE.md: nothing about {as_written} of {folder}"));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
