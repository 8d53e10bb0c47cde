//! `flaresmithd`: the server.
//!
//! Owns: the address it listens on. Must not know: what it serves.

use std::process::ExitCode;

use flaresmith_runtime::{Platform, router};

/// Where it listens when nothing is said.
const ADDRESS: &str = "127.0.0.1:8787";

#[tokio::main(flavor = "multi_thread")]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program tells where it listens, and why it does not"
)]
async fn main() -> ExitCode {
    let address = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => ADDRESS.to_owned(),
        [option, address] if option == "--listen" => address.clone(),
        _ => {
            eprintln!("usage: flaresmithd [--listen ADDRESS:PORT]");
            return ExitCode::from(2);
        }
    };
    let listener = match tokio::net::TcpListener::bind(&address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!(
                "error[SERVER_ADDRESS]: cannot listen on {address}: {error}\n  = hint: choose another one with `--listen 127.0.0.1:0`"
            );
            return ExitCode::FAILURE;
        }
    };
    match listener.local_addr() {
        Ok(bound) => println!("listening on http://{bound}"),
        Err(_) => println!("listening on {address}"),
    }
    match axum::serve(listener, router(Platform::default())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[SERVER_STOPPED]: {error}");
            ExitCode::FAILURE
        }
    }
}
