//! The parts of the engine that do no I/O: what they take, what they refuse, and that no input makes them panic.

mod bad_documents;
mod challenge;
mod config;
mod dependencies;
mod digest;
mod errors;
mod layers;
mod manifest;
mod origin;
mod platform;
mod proxy;
mod redact;
mod reference;
mod settings;
mod settings_doc;
mod tar_layout;
mod trust;

use multicloudj_registry::{Error, ErrorKind, Result};

/// SHA-256 and SHA-512 of nothing, well formed and at hand.
const SHA256: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA512: &str = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                      47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

/// The error of something that must fail as `kind` and say `words`.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T>, kind: ErrorKind, words: &str) -> Error {
    let why = match outcome {
        Ok(taken) => panic!("taken, but should be refused with {words:?}: {taken:?}"),
        Err(why) => why,
    };
    assert_eq!(why.kind(), kind, "{why}");
    assert!(why.to_string().contains(words), "{why}\nshould say: {words}");
    why
}
