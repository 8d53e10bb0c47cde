//! Asking people: for a word, or for a secret that nobody sees being typed.
//!
//! Owns: the terminal and standard input. Must not know: what is asked for.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use super::Trouble;

/// Longest secret that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A line of the terminal, or of standard input.
pub(crate) fn word(prompt: &str) -> Result<String, Trouble> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        let mut terminal = anstream::stderr();
        let _ = write!(terminal, "{prompt}: ").and_then(|()| terminal.flush());
    }
    let mut line = String::new();
    input.read_line(&mut line).map_err(|error| unread(prompt, &error))?;
    given(prompt, line.trim().to_owned())
}

/// A secret: typed without echo where there is a terminal, else the rest of standard input without its last line end.
pub(crate) fn secret(prompt: &str) -> Result<String, Trouble> {
    let mut input = std::io::stdin().lock();
    let text = if input.is_terminal() {
        drop(input);
        rpassword::prompt_password(format!("{prompt}: ")).map_err(|error| unread(prompt, &error))?
    } else {
        let mut text = String::new();
        let read = input.by_ref().take(LONGEST).read_to_string(&mut text);
        read.map_err(|error| unread(prompt, &error))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        line.strip_suffix('\r').unwrap_or(line).to_owned()
    };
    given(prompt, text)
}

fn given(prompt: &str, text: String) -> Result<String, Trouble> {
    if text.is_empty() {
        return Err(Trouble::local("INPUT_EMPTY", format!("{prompt}: nothing was given"))
            .hint("type it when asked, or pipe it in: `printf %s \"$VALUE\" | flaresmith …`"));
    }
    Ok(text)
}

fn unread(prompt: &str, error: &std::io::Error) -> Trouble {
    Trouble::local("INPUT_EMPTY", format!("{prompt}: cannot be read: {error}")).hint("pipe it in as text in UTF-8")
}
