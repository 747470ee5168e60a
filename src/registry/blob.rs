//! A blob on its way from the network to a thread that may block, verified in between.
//!
//! The I/O side only moves chunks into a short queue; hashing happens where they are used, so a slow disk or decoder
//! holds up its own connection and nothing else. There is no way to see the end of a blob that does not match: the end
//! is reported after size and digest were checked, never before.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::digest::Verifier;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Descriptor;
use crate::transport::http::Body;

/// What passes through the queue. The end is an item of its own: a queue that just closes was cancelled.
enum Item {
    Chunk(Bytes),
    End,
    Failed(Error),
}

/// Both ends for the blob that `descriptor` names.
pub(crate) fn pipe(descriptor: &Descriptor) -> (BlobFeed, BlobReader) {
    let (sender, receiver) = mpsc::channel(limits::CHUNKS_AHEAD);
    let verifier = Some(Verifier::new(&descriptor.digest, descriptor.size));
    (BlobFeed { sender }, BlobReader { receiver, verifier, current: Bytes::new() })
}

/// The network's end.
pub(crate) struct BlobFeed {
    sender: mpsc::Sender<Item>,
}

impl BlobFeed {
    /// Moves `body` into the queue until it ends, fails, or the reader is gone. The reader gets to know which.
    pub(crate) async fn drain(self, body: &mut Body, arrived: impl Fn(u64)) {
        loop {
            let (item, last) = match body.chunk().await {
                Ok(Some(bytes)) => {
                    arrived(bytes.len() as u64);
                    (Item::Chunk(bytes), false)
                }
                Ok(None) => (Item::End, true),
                Err(why) => (Item::Failed(why), true),
            };
            if self.sender.send(item).await.is_err() || last {
                return;
            }
        }
    }
}

/// The user's end; blocks, so it belongs on a blocking thread.
pub struct BlobReader {
    receiver: mpsc::Receiver<Item>,
    /// Gone once the blob is complete and verified.
    verifier: Option<Verifier>,
    current: Bytes,
}

impl BlobReader {
    /// The next bytes, already hashed; `None` once the whole blob has passed and matches.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if self.current.has_remaining() {
            return Ok(Some(std::mem::take(&mut self.current)));
        }
        let Some(verifier) = &mut self.verifier else { return Ok(None) };
        match self.receiver.blocking_recv() {
            Some(Item::Chunk(bytes)) => {
                verifier.update(&bytes)?;
                Ok(Some(bytes))
            }
            Some(Item::End) => {
                if let Some(verifier) = self.verifier.take() {
                    verifier.finish()?;
                }
                Ok(None)
            }
            Some(Item::Failed(why)) => Err(why),
            None => Err(Error::new(ErrorKind::Cancelled, "the pull was stopped")),
        }
    }

    /// The first `n` of the bytes that are left, fewer only at the end, without taking them.
    ///
    /// The network cuts where it likes: a first chunk may be too short to tell a format by.
    pub(crate) fn peek(&mut self, n: usize) -> Result<&[u8]> {
        while self.current.len() < n {
            let mut longer = BytesMut::from(std::mem::take(&mut self.current));
            let more = self.next_chunk()?;
            longer.extend_from_slice(more.as_deref().unwrap_or_default());
            self.current = longer.freeze();
            if more.is_none() {
                break;
            }
        }
        Ok(&self.current)
    }

    /// Succeeds at the verified end; bytes that are left were not asked for by whoever read.
    pub(crate) fn expect_end(&mut self) -> Result<()> {
        while let Some(bytes) = self.next_chunk()? {
            // Padding behind the last compressed frame is harmless and hides nothing; anything else could be a second
            // archive that other tools see.
            if bytes.iter().any(|&byte| byte != 0) {
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
