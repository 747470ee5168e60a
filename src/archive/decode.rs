//! Layers decoded to plain tar: gzip of any number of members, zstd of any number of frames, or plain already.
//!
//! The first bytes decide, not the media type (go-containerregistry#1798). Output is bounded by what the input can
//! honestly hold, checked on the decoded side.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use crate::digest::{Digest, Verifier};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Compression;
use crate::registry::queue::BlobReader;

/// Decoded bytes are handed on in pieces of this size.
const PIECE: usize = 256 << 10;

/// Decodes the layer in `blob`, of `size` bytes, into `sink` and returns how many bytes it has decoded.
///
/// # Errors
/// Integrity if the decoded bytes do not match `diff_id`, Malformed if they cannot be decoded or are far too many.
pub fn decode(
    blob: &mut BlobReader,
    size: u64,
    diff_id: &Digest,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let most = size.saturating_mul(limits::DECODED_RATIO).max(limits::DECODED_FLOOR);
    let mut verifier = Verifier::of_any_size(diff_id);
    let mut decoded = 0;
    let mut take = |bytes: &[u8]| {
        decoded += bytes.len() as u64;
        if decoded > most {
            return Err(malformed(format!("{size} bytes decode to more than {most}")));
        }
        verifier.update(bytes)?;
        sink(bytes)
    };
    match sniff(blob.peek(MAGIC)?) {
        Compression::None => {
            while let Some(bytes) = blob.next_chunk()? {
                take(&bytes)?;
            }
        }
        Compression::Gzip => copy(MultiGzDecoder::new(blob), &mut take)?,
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(blob).map_err(failed)?;
            decoder.window_log_max(limits::ZSTD_WINDOW_LOG).map_err(failed)?;
            copy(decoder, &mut take)?;
        }
    }
    verifier.finish().map_err(|why| {
        Error::new(ErrorKind::Integrity, "the decoded layer does not match its diffID").with_cause(why)
    })?;
    Ok(decoded)
}

/// As many bytes as tell one format from another.
pub const MAGIC: usize = 4;

/// What the first [`MAGIC`] bytes say.
pub fn sniff(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        // A skippable frame may come first (zstd, section 3.1.2).
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

fn copy(mut decoder: impl Read, take: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => take(&buffer[..n])?,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(failed(why)),
        }
    }
}

/// What the blob's reader says comes back as it was; the rest is the decoder's.
fn failed(why: io::Error) -> Error {
    why.downcast::<Error>().unwrap_or_else(|why| malformed(format!("it cannot be decoded: {why}")).with_cause(why))
}

fn malformed(message: String) -> Error {
    Error::new(ErrorKind::Malformed, message)
}
