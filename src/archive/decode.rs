//! Layers decoded to plain tar: gzip of any number of members, zstd of any number of frames, or plain already.
//!
//! The first bytes decide, not the media type (go-containerregistry#1798). Output is bounded by what the input can
//! honestly hold, checked on the decoded side. Inflating is the slowest step of a pull, so it has a thread of its own:
//! what it brings is hashed and written by another, and the two share nothing but a few buffers that go round.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use flate2::bufread::MultiGzDecoder;

use crate::digest::{Digest, Verifier};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Compression;
use crate::registry::queue::BlobReader;

/// Decoded bytes are handed on in pieces of this size.
const PIECE: usize = 512 << 10;
/// How many pieces there are: one being filled, one being written, one in between.
const PIECES: usize = 3;

/// Decodes the layer in `blob`, of `size` bytes, into `sink` and returns how many bytes it has decoded.
///
/// # Errors
/// Integrity if the decoded bytes do not match `diff_id`, Malformed if they cannot be decoded or are far too many.
pub fn decode(
    blob: &mut BlobReader,
    size: u64,
    diff_id: &Digest,
    sink: impl FnMut(&[u8]) -> Result<()> + Send,
) -> Result<u64> {
    let most = size.saturating_mul(limits::DECODED_RATIO).max(limits::DECODED_FLOOR);
    let (full, to_write) = sync_channel(PIECES - 2);
    let (written, empty) = sync_channel(PIECES);
    let verifier = Verifier::of_any_size(diff_id);
    std::thread::scope(|scope| {
        let writer = std::thread::Builder::new()
            .spawn_scoped(scope, move || write(to_write, written, verifier, sink))
            .map_err(|why| Error::new(ErrorKind::Internal, "no thread to write a layer with").with_cause(why))?;
        let decoded = inflate(blob, most, Pieces { full, empty, made: 0 });
        let written = writer.join().map_err(|_| Error::new(ErrorKind::Internal, "a worker thread died"))?;
        // A decoder that failed is why the writer misses bytes; one that stopped without a word was stopped by it.
        let decoded = decoded?;
        written.map(|()| decoded)
    })
}

/// The decoder's side of the buffers.
struct Pieces {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    made: usize,
}

impl Pieces {
    /// A buffer to fill; `None` if the writer has stopped.
    fn next(&mut self) -> Option<Vec<u8>> {
        if self.made < PIECES {
            self.made += 1;
            return Some(vec![0; PIECE]);
        }
        self.empty.recv().ok()
    }
}

fn inflate(blob: &mut BlobReader, most: u64, pieces: Pieces) -> Result<u64> {
    match sniff(blob.peek(MAGIC)?) {
        Compression::None => copy(blob, most, pieces),
        Compression::Gzip => copy(&mut MultiGzDecoder::new(blob), most, pieces),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(blob).map_err(failed)?;
            decoder.window_log_max(limits::ZSTD_WINDOW_LOG).map_err(failed)?;
            copy(&mut decoder, most, pieces)
        }
    }
}

fn copy(decoder: &mut impl Read, most: u64, mut pieces: Pieces) -> Result<u64> {
    let mut decoded = 0;
    while let Some(mut piece) = pieces.next() {
        piece.resize(PIECE, 0);
        let length = fill(decoder, &mut piece)?;
        if length == 0 {
            break;
        }
        decoded += length as u64;
        if decoded > most {
            return Err(malformed(format!("its bytes decode to more than {most}")));
        }
        piece.truncate(length);
        if pieces.full.send(piece).is_err() {
            break;
        }
    }
    Ok(decoded)
}

/// Reads until `piece` is full or the decoder is at its end.
fn fill(decoder: &mut impl Read, piece: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match decoder.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(failed(why)),
        }
    }
    Ok(filled)
}

/// The writer's side.
fn write(
    full: Receiver<Vec<u8>>,
    empty: SyncSender<Vec<u8>>,
    mut verifier: Verifier,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    for piece in &full {
        verifier.update(&piece)?;
        sink(&piece)?;
        // A decoder that has ended takes no more.
        let _ = empty.try_send(piece);
    }
    verifier
        .finish()
        .map_err(|why| Error::new(ErrorKind::Integrity, "the decoded layer does not match its diffID").with_cause(why))
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

/// What the blob's reader says comes back as it was; the rest is the decoder's.
fn failed(why: io::Error) -> Error {
    why.downcast::<Error>().unwrap_or_else(|why| malformed(format!("it cannot be decoded: {why}")).with_cause(why))
}

fn malformed(message: String) -> Error {
    Error::new(ErrorKind::Malformed, message)
}
