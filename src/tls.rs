//! Who does the cryptography of TLS connections: *ring*, for everybody in this process.
//!
//! rustls asks for one provider per process. sqlx brings its own along; the client of Redis takes the process's, and
//! would panic if there were none or a choice of two.

/// Chooses the provider. To be called before the first connection; again does nothing.
pub fn choose_provider() {
    // An error means that somebody has chosen before, and one choice is as good as the other.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// How a client of HTTPS speaks TLS: with *ring*, trusting whom the operating system trusts (or `SSL_CERT_FILE`).
///
/// A machine without certificates is no reason to fail here: whoever is asked then is not believed, and says so.
///
/// # Errors
/// When *ring* and rustls disagree about the versions of TLS, which a build decides.
pub fn client() -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Certificates that cannot be read are many on some systems, and needed by few.
    let (_, unreadable) = roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(
            unreadable,
            "this machine has no certificates to trust; install ca-certificates or set SSL_CERT_FILE"
        );
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    // TLS 1.2 is in, because not every endpoint has gone on to 1.3.
    Ok(builder
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_needs_no_choice_made_before() {
        assert!(client().is_ok());
    }

    #[test]
    fn the_provider_can_be_chosen_twice_and_is_there() {
        choose_provider();
        choose_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
