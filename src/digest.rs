//! Content digests (OCI image spec, descriptor.md, "Digests"): parsed at the boundary, checked while bytes pass.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256, Sha512};

use crate::error::{Error, ErrorKind, Result};

/// A digest that is well formed: an algorithm known here and exactly its number of lower-case hex digits.
///
/// Only this type reaches a path or a URL, so `sha256:../../x` never does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

/// The algorithms the OCI image spec registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// `sha256:<hex>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the colon.
    pub fn hex(&self) -> &str {
        self.split().1
    }

    /// `sha256` or `sha512`.
    pub fn algorithm(&self) -> &str {
        self.split().0
    }

    fn split(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }

    fn kind(&self) -> Algorithm {
        if self.0.starts_with("sha512:") { Algorithm::Sha512 } else { Algorithm::Sha256 }
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: String| Err(Error::new(ErrorKind::Malformed, format!("{text:?} is no digest: {why}")));
        let Some((algorithm, hex)) = text.split_once(':') else {
            return bad("it has no colon after the algorithm".into());
        };
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("the algorithm of digest {text:?} is neither sha256 nor sha512"),
                ));
            }
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return bad(format!("{algorithm} has {length} lower-case hex digits"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A running hash of one of the known algorithms.
#[derive(Debug, Clone)]
enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

/// Checks bytes against a digest and a size as they pass.
#[derive(Debug, Clone)]
pub struct Verifier {
    expected: Digest,
    size: Option<u64>,
    seen: u64,
    hasher: Hasher,
}

impl Verifier {
    /// Expects `size` bytes with `digest`.
    pub fn new(digest: &Digest, size: u64) -> Self {
        Self { size: Some(size), ..Self::of_any_size(digest) }
    }

    /// Expects bytes with `digest`, however many.
    pub fn of_any_size(digest: &Digest) -> Self {
        let hasher = match digest.kind() {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::new()),
        };
        Self { expected: digest.clone(), size: None, seen: 0, hasher }
    }

    /// Takes the next bytes; fails at the first byte past the size.
    pub fn update(&mut self, bytes: &[u8]) -> Result<()> {
        self.seen += bytes.len() as u64;
        if let Some(size) = self.size
            && self.seen > size
        {
            return Err(integrity(format!("more than the {size} bytes that its descriptor gives")));
        }
        match &mut self.hasher {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
        Ok(())
    }

    /// Succeeds if exactly the expected bytes have passed.
    pub fn finish(self) -> Result<()> {
        if let Some(size) = self.size
            && self.seen != size
        {
            return Err(integrity(format!("{} bytes instead of the {size} its descriptor gives", self.seen)));
        }
        let found = match self.hasher {
            Hasher::Sha256(hasher) => hex(&hasher.finalize()),
            Hasher::Sha512(hasher) => hex(&hasher.finalize()),
        };
        if found != self.expected.hex() {
            return Err(integrity(format!(
                "the bytes have digest {}:{found} instead of {}",
                self.expected.algorithm(),
                self.expected
            )));
        }
        Ok(())
    }
}

/// Checks a whole document that is already in memory.
pub fn verify(bytes: &[u8], digest: &Digest, size: u64) -> Result<()> {
    let mut verifier = Verifier::new(digest, size);
    verifier.update(bytes)?;
    verifier.finish()
}

/// Checks a document whose size nobody stated.
pub fn verify_digest(bytes: &[u8], digest: &Digest) -> Result<()> {
    let mut verifier = Verifier::of_any_size(digest);
    verifier.update(bytes)?;
    verifier.finish()
}

fn integrity(message: String) -> Error {
    Error::new(ErrorKind::Integrity, message)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
