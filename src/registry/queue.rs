//! Bytes on their way from the network to a thread that may block, and the reader that verifies them there.
//!
//! The I/O side only moves chunks into a short queue; hashing happens where they are used, so a slow disk or decoder
//! holds up its own connection and nothing else. The end is an item of its own: a queue that just closes was cut off. A
//! [`BlobReader`] shows the end of a blob only after size and digest were checked, never before.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::digest::Verifier;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Descriptor;

/// What passes through the queue.
enum Item {
    Chunk(Bytes),
    End,
}

/// Both ends of a queue.
pub(super) fn pair() -> (Feed, Chunks) {
    let (sender, receiver) = mpsc::channel(limits::CHUNKS_AHEAD);
    (Feed(sender), Chunks { receiver, held: Bytes::new(), ended: false })
}

/// The network's end.
pub(super) struct Feed(mpsc::Sender<Item>);

impl Feed {
    /// Hands on the next bytes, when there is room.
    pub(super) async fn send(&self, bytes: Bytes) -> std::result::Result<(), ()> {
        self.0.send(Item::Chunk(bytes)).await.map_err(drop)
    }

    /// Marks the end.
    pub(super) async fn end(&self) {
        // A reader that is gone has said why.
        let _ = self.0.send(Item::End).await;
    }
}

/// The user's end: bytes that nobody has verified yet. Blocks, so it belongs on a blocking thread.
pub struct Chunks {
    receiver: mpsc::Receiver<Item>,
    /// Peeked at, not taken.
    held: Bytes,
    ended: bool,
}

impl Chunks {
    /// The next bytes; `None` at the marked end.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if self.held.has_remaining() {
            return Ok(Some(std::mem::take(&mut self.held)));
        }
        if self.ended {
            return Ok(None);
        }
        match self.receiver.blocking_recv() {
            Some(Item::Chunk(bytes)) => Ok(Some(bytes)),
            Some(Item::End) => {
                self.ended = true;
                Ok(None)
            }
            None => Err(Error::new(ErrorKind::Cancelled, "the pull was stopped")),
        }
    }
}

impl Chunks {
    /// The first `n` of the bytes that are left, fewer only at the end, without taking them.
    ///
    /// The network cuts where it likes: a first chunk may be too short to tell a format by.
    pub fn peek(&mut self, n: usize) -> Result<&[u8]> {
        while self.held.len() < n {
            let mut longer = BytesMut::from(std::mem::take(&mut self.held));
            let Some(more) = self.next_chunk()? else {
                self.held = longer.freeze();
                break;
            };
            longer.extend_from_slice(&more);
            self.held = longer.freeze();
        }
        Ok(&self.held)
    }
}

/// A blob read in order, hashed as it passes.
pub struct BlobReader {
    chunks: Chunks,
    /// Gone once the blob is complete and verified.
    verifier: Option<Verifier>,
    current: Bytes,
}

impl BlobReader {
    pub(super) fn new(chunks: Chunks, descriptor: &Descriptor) -> Self {
        let verifier = Some(Verifier::new(&descriptor.digest, descriptor.size));
        Self { chunks, verifier, current: Bytes::new() }
    }

    /// The next bytes, already hashed; `None` once the whole blob has passed and matches.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if self.current.has_remaining() {
            return Ok(Some(std::mem::take(&mut self.current)));
        }
        let Some(verifier) = &mut self.verifier else { return Ok(None) };
        if let Some(bytes) = self.chunks.next_chunk()? {
            verifier.update(&bytes)?;
            return Ok(Some(bytes));
        }
        if let Some(verifier) = self.verifier.take() {
            verifier.finish()?;
        }
        Ok(None)
    }

    /// The first `n` bytes, fewer only at the end, without taking them. Only before the first are taken.
    pub(crate) fn peek(&mut self, n: usize) -> Result<&[u8]> {
        self.chunks.peek(n)
    }

    /// Succeeds at the verified end. Bytes that whoever read did not ask for could be a second archive that other tools see.
    ///
    /// Decoders ask for everything, and refuse what follows their last frame, padding too: so does Docker's.
    pub(super) fn expect_end(&mut self) -> Result<()> {
        while let Some(bytes) = self.next_chunk()? {
            if !bytes.is_empty() {
                return Err(Error::new(ErrorKind::Malformed, "there is more data behind the end of the layer"));
            }
        }
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for BlobReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while !self.current.has_remaining() {
            match self.next_chunk().map_err(io::Error::other)? {
                Some(bytes) => self.current = bytes,
                None => break,
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
    }
}
