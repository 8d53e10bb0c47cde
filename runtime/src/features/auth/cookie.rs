//! The cookie that holds a refresh token.
//!
//! Owns: its form. Must not know: tokens.

/// Its name, as the contract has it.
const NAME: &str = "flaresmith_refresh";

/// Sets the cookie for so many seconds.
pub(super) fn set(token: &str, seconds: i32) -> String {
    format!("{NAME}={token}; Path=/auth; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict")
}

/// Clears the cookie.
pub(super) fn cleared() -> String {
    set("", 0)
}
