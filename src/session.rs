//! What a running pull shares with whoever watches it: cancellation, progress, and a bell that wakes the watcher.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::digest::Digest;

/// The shared side of one pull.
#[derive(Debug)]
pub struct Session {
    cancel: CancellationToken,
    layers: OnceLock<Vec<LayerProgress>>,
    /// One entry per task of this pull that waits at the desk: the number of the newest answer it knows.
    waiting: Mutex<Vec<u64>>,
    bell: SyncSender<()>,
}

/// How far one layer's transfer is.
#[derive(Debug)]
pub struct LayerProgress {
    /// The layer's digest in the manifest.
    pub digest: Digest,
    /// Its size in bytes as served.
    pub size: u64,
    done: AtomicU64,
}

impl LayerProgress {
    /// Bytes received so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// A layer that starts over has nothing done.
    pub(crate) fn reset(&self) {
        self.done.store(0, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Session {
    /// A session that `cancel` stops, and the receiver of its bell: it gets a message when something is worth a look
    /// before the watcher's next regular turn.
    pub fn new(cancel: CancellationToken) -> (Arc<Self>, Receiver<()>) {
        // One slot: a bell that has rung need not ring again.
        let (bell, heard) = sync_channel(1);
        let session = Self { cancel, layers: OnceLock::new(), waiting: Mutex::default(), bell };
        (Arc::new(session), heard)
    }

    /// Stops the pull when triggered.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// The distinct layers in manifest order; empty until they are known.
    pub fn layers(&self) -> &[LayerProgress] {
        self.layers.get().map_or(&[], Vec::as_slice)
    }

    /// Wakes the watcher. Never blocks.
    pub fn ring(&self) {
        // Full: it will look anyway. Gone: nobody watches.
        let _ = self.bell.try_send(());
    }

    pub(crate) fn set_layers(&self, layers: impl Iterator<Item = (Digest, u64)>) {
        let layers = layers.map(|(digest, size)| LayerProgress { digest, size, done: AtomicU64::new(0) }).collect();
        let _ = self.layers.set(layers);
        self.ring();
    }

    pub(crate) fn layer(&self, digest: &Digest) -> Option<&LayerProgress> {
        self.layers().iter().find(|layer| layer.digest == *digest)
    }

    /// Whether a task of this pull waits for an answer later than number `newest`.
    ///
    /// Not merely "waits": between an answer and the moment when the task wakes up it still waits, and a pump that
    /// looks then must not ask again.
    pub(crate) fn waits_for_credential(&self, newest: u64) -> bool {
        self.waiting().iter().any(|&known| known >= newest)
    }

    /// Marks this pull as one that waits for an answer later than number `after`, until the guard is dropped.
    pub(crate) fn waiting_for_credential(&self, after: u64) -> impl Drop + '_ {
        self.waiting().push(after);
        Waiting { session: self, after }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u64>> {
        // A list of numbers, consistent after each statement: a panic elsewhere cannot tear it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waiting<'a> {
    session: &'a Session,
    after: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.session.waiting();
        if let Some(entry) = waiting.iter().position(|&known| known == self.after) {
            waiting.swap_remove(entry);
        }
    }
}
