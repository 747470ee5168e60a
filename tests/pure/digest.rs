//! Digests: only well-formed ones exist, and bytes are held against them while they pass.

use multicloudj_registry::ErrorKind::{Integrity, Malformed, Unsupported};
use multicloudj_registry::digest::{Digest, Verifier, verify, verify_digest};
use proptest::prelude::*;

use crate::{SHA256, SHA512, refused};

#[test]
fn good_digests() {
    for text in [SHA256, SHA512] {
        let digest: Digest = text.parse().expect(text);
        assert_eq!((digest.as_str(), digest.to_string(), format!("{digest:?}")), (text, text.into(), text.into()));
        assert_eq!(format!("{}:{}", digest.algorithm(), digest.hex()), text);
    }
    assert_eq!(Digest::sha256(b"").as_str(), SHA256);
}

#[test]
fn thirty_bad_digests() {
    let (hex, hex512) = (&SHA256[7..], &SHA512[7..]);
    let bad = [
        (String::new(), Malformed),
        (":".into(), Unsupported),
        ("sha256".into(), Malformed),
        ("sha256:".into(), Malformed),
        (hex.into(), Malformed),
        (format!(":{hex}"), Unsupported),
        (format!("sha256:{}", &hex[1..]), Malformed),
        (format!("sha256:{hex}0"), Malformed),
        (format!("sha256:{}", hex.to_uppercase()), Malformed),
        (format!("sha256:{}g", &hex[1..]), Malformed),
        (format!("sha256:{} ", &hex[1..]), Malformed),
        (format!("sha256:{}\n", &hex[1..]), Malformed),
        (format!("sha256:{}\0", &hex[1..]), Malformed),
        // 64 bytes, but not 64 digits.
        (format!("sha256:{}ä", &hex[2..]), Malformed),
        (format!("sha256:{}", "../".repeat(21) + "x"), Malformed),
        ("sha256:../../x".into(), Malformed),
        ("sha256:a?b".into(), Malformed),
        (format!("sha256:{}/..", &hex[3..]), Malformed),
        (format!("sha256:{}%2f", &hex[3..]), Malformed),
        (format!("sha256::{}", &hex[1..]), Malformed),
        (format!("sha256:sha256:{hex}"), Malformed),
        (format!(" sha256:{hex}"), Unsupported),
        (format!("sha256 :{hex}"), Unsupported),
        (format!("sha256:{hex},sha256:{hex}"), Malformed),
        (format!("SHA256:{hex}"), Unsupported),
        (format!("sha-256:{hex}"), Unsupported),
        (format!("sha256+b64:{hex}"), Unsupported),
        (format!("md5:{}", &hex[..32]), Unsupported),
        (format!("sha1:{}", &hex[..40]), Unsupported),
        (format!("sha384:{}", &hex512[..96]), Unsupported),
        (format!("blake3:{hex}"), Unsupported),
        (format!("sha512:{hex}"), Malformed),
        (format!("sha256:{hex512}"), Malformed),
        (format!("../sha256:{hex}"), Unsupported),
    ];
    for (text, kind) in &bad {
        refused(text.parse::<Digest>(), *kind, &format!("{text:?}"));
        let json = serde_json::to_string(text).expect("a string");
        serde_json::from_str::<Digest>(&json).expect_err(text);
    }
    assert!(bad.len() >= 30);
}

#[test]
fn one_byte_too_many_ends_it_at_once() {
    let digest = Digest::sha256(b"12345");
    let mut verifier = Verifier::new(&digest, 5);
    verifier.update(b"1234").expect("still below");
    refused(verifier.update(b"56"), Integrity, "more than the 5 bytes");
}

#[test]
fn one_byte_too_few_is_noticed_at_the_end() {
    let mut verifier = Verifier::new(&Digest::sha256(b"12345"), 5);
    verifier.update(b"1234").expect("still below");
    refused(verifier.finish(), Integrity, "4 bytes instead of the 5");
}

#[test]
fn other_bytes_are_noticed_whatever_their_number() {
    let digest = Digest::sha256(b"right");
    refused(verify(b"wrong", &digest, 5), Integrity, digest.as_str());
    refused(verify_digest(b"wrong", &digest), Integrity, digest.as_str());
    refused(verify(b"right", &digest, 6), Integrity, "5 bytes instead of the 6");
    verify(b"right", &digest, 5).expect("right");
    let sha512: Digest = SHA512.parse().expect("a digest");
    verify(b"", &sha512, 0).expect("right");
    refused(verify(b"x", &sha512, 1), Integrity, SHA512);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_two_shapes_are_digests(text in "(sha256|sha512|sha1|x):[0-9a-fA-F]{0,130}") {
        let (algorithm, hex) = text.split_once(':').expect("a colon");
        let fits = (algorithm == "sha256" && hex.len() == 64) || (algorithm == "sha512" && hex.len() == 128);
        let lower = !hex.bytes().any(|b| b.is_ascii_uppercase());
        prop_assert_eq!(text.parse::<Digest>().is_ok(), fits && lower);
    }

    #[test]
    fn any_text_is_a_digest_or_an_error(text in any::<String>()) {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.as_str(), text);
        }
    }

    #[test]
    fn the_pieces_do_not_matter(bytes in any::<Vec<u8>>(), piece in 1usize..9) {
        let mut verifier = Verifier::new(&Digest::sha256(&bytes), bytes.len() as u64);
        for piece in bytes.chunks(piece) {
            verifier.update(piece).expect("not more than there is");
        }
        verifier.finish().expect("all of it");
    }
}
