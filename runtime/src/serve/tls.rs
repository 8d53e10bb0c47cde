//! TLS: certificates and keys from files.
//!
//! Owns: reading them, and what is agreed on with callers. Must not know: connections.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::problem::Problem;
use crate::settings::Tls;

/// What agrees on TLS with callers.
///
/// # Errors
/// A file cannot be read, has nothing of its kind, or the two do not belong together.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Problem> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(&tls.certificate, "certificates", &error))?;
    if chain.is_empty() {
        return Err(unreadable(&tls.certificate, "certificates", &pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| unreadable(&tls.key, "private key", &error))?;
    let wrong = |error: rustls::Error| {
        Problem::new(
            "SERVER_TLS",
            format!("TLS cannot be spoken with this certificate: {error}"),
        )
        .at(tls.certificate.display().to_string())
        .hint("the file of `--tls-key` needs the private key of the first certificate")
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The error names what is missing; what a file holds is not repeated.
fn unreadable(path: &Path, what: &str, error: &pem::Error) -> Problem {
    Problem::new("SERVER_TLS", format!("the {what} for TLS cannot be read: {error}"))
        .at(path.display().to_string())
        .hint("name files in PEM: `--tls-certificate FILE --tls-key FILE`")
}
