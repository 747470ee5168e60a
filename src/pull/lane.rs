//! SHA-256 in order over bytes that arrive out of order.
//!
//! Parts of a blob are written at their offsets by several threads; a hash needs them from first to last. Whoever has just
//! written takes the hash along if it is free: bytes that come right at its front are hashed while they are still in the
//! processor's cache, what others have written ahead of it is read back from the page cache. Nobody waits for the hash
//! until the end, memory does not grow with the disorder, and parts are handed out in order, so the disorder itself is
//! bounded by the number of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::archive::output::Writer;
use crate::digest::Verifier;
use crate::error::Result;
use crate::manifest::Descriptor;

/// Read back in pieces of this size.
const BUFFER: usize = 256 << 10;
/// The most that one writer reads back before it turns to its own connection again.
const CATCH_UP: u64 = 4 << 20;

/// One blob that is being written in parts.
#[derive(Debug)]
pub(super) struct Lane {
    writer: Writer,
    /// Where the blob begins in the archive.
    base: u64,
    size: u64,
    part: u64,
    /// How many bytes of each part are written, from its beginning without gaps.
    written: Vec<AtomicU64>,
    hash: Mutex<Hash>,
}

#[derive(Debug)]
struct Hash {
    verifier: Verifier,
    /// How many bytes have been hashed.
    front: u64,
    buffer: Vec<u8>,
}

impl Lane {
    /// A lane for the blob at `base`, cut into parts of `part` bytes.
    pub(super) fn new(writer: Writer, base: u64, descriptor: &Descriptor, part: u64) -> Self {
        let (size, part) = (descriptor.size, part.max(1));
        let parts = usize::try_from(size.div_ceil(part)).unwrap_or(usize::MAX);
        let hash = Hash { verifier: Verifier::new(&descriptor.digest, size), front: 0, buffer: Vec::new() };
        let written = (0..parts).map(|_| AtomicU64::new(0)).collect();
        Self { writer, base, size, part, written, hash: Mutex::new(hash) }
    }

    /// Writes `bytes` at offset `at` of the blob. Each part must be written from its beginning on.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<()> {
        self.writer.write_at(bytes, self.base + at)?;
        self.note(at, bytes.len() as u64);
        // Taken by another thread: it, or whoever writes next, will find these bytes.
        let Ok(mut hash) = self.hash.try_lock() else { return Ok(()) };
        if hash.front == at {
            hash.verifier.update(bytes)?;
            hash.front += bytes.len() as u64;
            return Ok(());
        }
        self.catch_up(&mut hash, CATCH_UP)
    }

    /// Whether every byte has been written.
    pub(super) fn is_written(&self) -> bool {
        self.written.iter().map(|written| written.load(Ordering::Acquire)).sum::<u64>() == self.size
    }

    /// Succeeds if the blob is complete and matches its digest.
    pub(super) fn finish(&self) -> Result<()> {
        let mut hash = self.lock();
        self.catch_up(&mut hash, u64::MAX)?;
        hash.verifier.clone().finish()
    }

    /// Marks bytes as written; a whole blob in answer to a part's request runs over the ends of parts.
    fn note(&self, mut at: u64, mut length: u64) {
        while length > 0 {
            let Some(written) = usize::try_from(at / self.part).ok().and_then(|part| self.written.get(part)) else {
                return;
            };
            let here = length.min(self.part - at % self.part);
            // Pairs with the load in `available`: who sees the count sees the bytes.
            written.fetch_add(here, Ordering::Release);
            at += here;
            length -= here;
        }
    }

    /// Hashes what is written at the front, at most `most` bytes.
    fn catch_up(&self, hash: &mut Hash, most: u64) -> Result<()> {
        let until = hash.front.saturating_add(most);
        while hash.front < until {
            let step = self.available(hash.front).min(until - hash.front).min(BUFFER as u64);
            let Ok(step @ 1..) = usize::try_from(step) else { return Ok(()) };
            hash.buffer.resize(BUFFER, 0);
            let Hash { verifier, front, buffer } = hash;
            self.writer.read_at(&mut buffer[..step], self.base + *front)?;
            verifier.update(&buffer[..step])?;
            *front += step as u64;
        }
        Ok(())
    }

    /// How many bytes from `front` on are written in the part that `front` lies in.
    fn available(&self, front: u64) -> u64 {
        let part = usize::try_from(front / self.part).ok().and_then(|part| self.written.get(part));
        part.map_or(0, |written| written.load(Ordering::Acquire).saturating_sub(front % self.part))
    }

    fn lock(&self) -> MutexGuard<'_, Hash> {
        self.hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
