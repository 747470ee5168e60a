//! Layers kept as stored, on their way to their places: cut into parts, shared out among connections, put together.
//!
//! There are as many workers as connections are allowed. Each takes the next part of the layer with the most bytes left,
//! so the largest layer does not come last, and there is no point at which all wait for one. A server that serves no
//! parts, or wrong ones, costs that layer its parallelism and at most one more transfer, nothing else.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};

use crate::archive::decode;
use crate::archive::output::Writer;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::{Compression, Descriptor, Layer};
use crate::pull::lane::Lane;
use crate::registry::Repository;
use crate::registry::blob::{Blob, Fetched};
use crate::registry::queue::Chunks;
use crate::runtime;
use crate::session::LayerProgress;

/// One layer on its way.
#[derive(Debug)]
pub(super) struct Placing<'a> {
    blob: Blob<'a>,
    descriptor: &'a Descriptor,
    /// Where it goes in the archive.
    offset: u64,
    writer: Writer,
    /// Whether it goes into a docker tar as something else, so that zstd bytes in it would be hidden.
    must_not_be_zstd: bool,
    progress: Option<&'a LayerProgress>,
    /// The length of a part.
    part: u64,
    lane: Arc<Lane>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes given to workers so far.
    taken: u64,
    /// Workers that have not come back.
    under_way: usize,
}

impl<'a> Placing<'a> {
    /// `layer` of `repository`, to be written at `offset`; `in_docker_tar` forbids zstd.
    pub(super) fn new(
        repository: &'a Repository<'a>,
        layer: &'a Layer,
        offset: u64,
        writer: Writer,
        in_docker_tar: bool,
        progress: Option<&'a LayerProgress>,
    ) -> Self {
        let descriptor = &layer.descriptor;
        let part = part_length(descriptor.size);
        let lane = Arc::new(Lane::new(writer.clone(), offset, descriptor, part));
        Self {
            blob: repository.blob(descriptor),
            descriptor,
            offset,
            writer,
            must_not_be_zstd: in_docker_tar && layer.compression != Compression::Zstd,
            progress,
            part,
            lane,
            state: Mutex::default(),
        }
    }

    fn left(&self) -> u64 {
        self.descriptor.size - self.lock().taken
    }

    /// The next part, if there is one.
    fn take(&self) -> Option<Range<u64>> {
        let mut state = self.lock();
        let (start, size) = (state.taken, self.descriptor.size);
        if start == size {
            return None;
        }
        let end = size.min(start + self.part);
        state.taken = end;
        state.under_way += 1;
        Some(start..end)
    }

    /// Fetches a part that was taken; whoever brings the last one checks the whole.
    async fn fetch(&self, span: Range<u64>) -> Result<()> {
        let fetched = self.stream(span, Arc::clone(&self.lane)).await?;
        let last = {
            let mut state = self.lock();
            if matches!(fetched, Fetched::NoParts) {
                // No worker shall take another part.
                state.taken = self.descriptor.size;
            }
            state.under_way -= 1;
            state.under_way == 0 && state.taken == self.descriptor.size
        };
        if last { self.complete().await } else { Ok(()) }
    }

    async fn complete(&self) -> Result<()> {
        if self.lane.is_written() {
            match finish(Arc::clone(&self.lane)).await {
                // Parts of two objects, or of a server that garbles them: what it says in one piece is its last word.
                Err(why) if why.kind() == ErrorKind::Integrity && self.blob.came_in_parts() => {}
                finished => return finished.map_err(|why| self.named(why)),
            }
        }
        // Nobody else works on this layer any more, so nothing can write over what comes now.
        self.blob.give_up_parts();
        for _ in 0..limits::RESTARTS {
            self.progress.into_iter().for_each(LayerProgress::reset);
            let lane = Arc::new(Lane::new(self.writer.clone(), self.offset, self.descriptor, self.descriptor.size));
            if let Fetched::Done(()) = self.stream(0..self.descriptor.size, Arc::clone(&lane)).await? {
                return finish(lane).await.map_err(|why| self.named(why));
            }
        }
        Err(self.blob.cut_too_often())
    }

    async fn stream(&self, span: Range<u64>, lane: Arc<Lane>) -> Result<Fetched<()>> {
        let (mut at, refuse_zstd) = (span.start, self.must_not_be_zstd);
        let arrived = |bytes| self.progress.into_iter().for_each(|layer| layer.add(bytes));
        let work = move |mut chunks: Chunks| {
            if at == 0 && refuse_zstd && decode::sniff(chunks.peek(decode::MAGIC)?) == Compression::Zstd {
                // Only the media type told the plan which layers to decode.
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the layer is zstd but its media type hides it: pull with format oci or layers uncompressed",
                ));
            }
            while let Some(bytes) = chunks.next_chunk()? {
                lane.write(at, &bytes)?;
                at += bytes.len() as u64;
            }
            Ok(())
        };
        self.blob.fetch(span, arrived, work).await
    }

    fn named(&self, why: Error) -> Error {
        why.context(self.blob.action())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registry that answers faster than this is on this machine or in this room.
pub(super) const NEAR: Duration = Duration::from_millis(5);
/// Connections to a near registry: there the processor is the limit, and more of them only cost it.
const NEAR_CONNECTIONS: usize = 4;
/// A near registry is looked at again after this time ...
const SECOND_LOOK: Duration = Duration::from_millis(SECOND_LOOK_MS);
const SECOND_LOOK_MS: u64 = 250;
/// ... and if its connections bring less than this many bytes a second each, more of them are worth a try after all.
const SLOW: u64 = 100_000_000;

/// Brings all `layers` to their places over at most `connections` at a time; `near` tells how fast the registry answers.
pub(super) async fn place(layers: &[Placing<'_>], connections: usize, near: bool) -> Result<()> {
    // Nothing to hand out, but its digest is a claim like any other.
    let mut empty = layers.iter().filter(|layer| layer.descriptor.size == 0);
    empty.try_for_each(|layer| layer.lane.finish().map_err(|why| layer.named(why)))?;
    let workers = |count: usize| try_join_all((0..count).map(|_| work(layers)));
    let few = if near { connections.min(NEAR_CONNECTIONS) } else { connections };
    let working = workers(few);
    tokio::pin!(working);
    tokio::select! {
        done = &mut working => return done.map(drop),
        () = tokio::time::sleep(SECOND_LOOK), if few < connections => {}
    }
    let arrived: u64 = layers.iter().filter_map(|layer| layer.progress).map(LayerProgress::done).sum();
    let slow = arrived * 1000 < SLOW * few as u64 * SECOND_LOOK_MS;
    let more = if slow { connections - few } else { 0 };
    try_join(working, workers(more)).await.map(drop)
}

/// One worker: takes parts until there are none.
async fn work(layers: &[Placing<'_>]) -> Result<()> {
    while let Some(layer) = layers.iter().min_by_key(|layer| Reverse(layer.left())) {
        // Nothing is left anywhere if nothing is left of the one with the most.
        let Some(span) = layer.take() else { break };
        layer.fetch(span).await?;
    }
    Ok(())
}

async fn finish(lane: Arc<Lane>) -> Result<()> {
    runtime::blocking(move || lane.finish()).await?
}

/// Equal parts of about [`limits::PART`]; a blob that is not worth cutting is one part.
fn part_length(size: u64) -> u64 {
    let parts = if size < 2 * limits::PART { 1 } else { size.div_ceil(limits::PART) };
    size.div_ceil(parts)
}
