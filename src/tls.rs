//! Who does the cryptography of TLS connections: *ring*, for everybody in this process.
//!
//! rustls asks for one provider per process. sqlx brings its own along; the client of Redis takes the process's, and
//! would panic if there were none or a choice of two.

/// Chooses the provider. To be called before the first connection; again does nothing.
pub fn choose_provider() {
    // An error means that somebody has chosen before, and one choice is as good as the other.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_can_be_chosen_twice_and_is_there() {
        choose_provider();
        choose_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
