//! Signatures over raw bytes: computed, and compared in constant time.

use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// HMAC-SHA256 (RFC 2104) of these pieces, one after the other.
#[must_use]
pub fn hmac_sha256(key: &[u8], pieces: &[&[u8]]) -> [u8; 32] {
    // An HMAC takes a key of any length, so that this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA1 of these pieces, for providers that know nothing better.
#[must_use]
pub fn hmac_sha1(key: &[u8], pieces: &[&[u8]]) -> [u8; 20] {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
        return [0; 20];
    };
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// Whether two texts are equal. Takes the same time wherever they differ, and whatever their lengths are, because both
/// are hashed first.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let hash = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
    hash(one).ct_eq(&hash(other)).into()
}

/// Whether an Ed25519 signature (RFC 8032) fits. A key or a signature of the wrong form fits nothing.
#[must_use]
pub fn ed25519_fits(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_sha256_is_that_of_the_rfc() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// RFC 2202, test case 2.
    #[test]
    fn hmac_sha1_is_that_of_the_rfc() {
        let mac = hmac_sha1(b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(hex::encode(mac), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn ed25519_is_that_of_the_rfc_and_one_bit_breaks_it() {
        let key = hex::decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
        let signature = hex::decode(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        )
        .unwrap();
        assert!(ed25519_fits(&key, &[0x72], &signature));
        assert!(!ed25519_fits(&key, &[0x73], &signature));
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!ed25519_fits(&key, &[0x72], &flipped), "bit {bit}");
        }
        assert!(!ed25519_fits(&key[1..], &[0x72], &signature));
        assert!(!ed25519_fits(&key, &[0x72], &[]));
    }

    #[test]
    fn texts_of_any_length_are_compared() {
        assert!(same(b"token", b"token"));
        assert!(!same(b"token", b"tokem"));
        assert!(!same(b"token", b"toke"));
        assert!(!same(b"", b"token"));
    }
}
