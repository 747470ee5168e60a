//! One pull: plan, fetch into place, finish.
//!
//! Owns cancellation (dropping [`run`]'s future undoes everything) and progress. Knows no HTTP and no tar.

mod plan;

use std::path::{Path, PathBuf};

use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::archive::output::{Destination, Output};
use crate::archive::tail::Tail;
use crate::archive::{decode, docker};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::manifest::{Compression, Layer};
use crate::platform::Platform;
use crate::provider::Place;
use crate::pull::plan::Plan;
use crate::registry::Repository;
use crate::session::Session;
use crate::settings::{ArchiveFormat, LayerEncoding, PullOptions};
use crate::transport::Transport;

/// What a pull has brought.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The archive, as the caller named it.
    pub saved_path: PathBuf,
    /// The digest of the image manifest.
    pub digest: Digest,
    /// The reference's tag.
    pub tag: Option<String>,
    /// The digest of the index that the reference named, if it named one.
    pub index_digest: Option<Digest>,
    /// The digest of the image config, which is Docker's image ID.
    pub config_digest: Digest,
    /// What the image runs on.
    pub platform: Platform,
    /// The archive's size in bytes.
    pub size: u64,
}

/// What one pull works with.
#[derive(Debug)]
pub struct Job<'a> {
    /// The way to the registry.
    pub transport: &'a Transport,
    /// Which image.
    pub place: &'a Place,
    /// The platform asked for.
    pub platform: Option<Platform>,
    /// How to keep it.
    pub options: &'a PullOptions,
    /// How many layers may be under way at a time.
    pub side_by_side: usize,
}

/// Pulls into `destination`.
pub async fn run(job: &Job<'_>, destination: &Path, session: &Session) -> Result<Pulled> {
    if job.options.format == ArchiveFormat::Oci && job.options.layers == LayerEncoding::Uncompressed {
        return Err(Error::invalid("an OCI archive keeps layers as stored: its manifest names their digests"));
    }
    let destination = Destination::check(destination)?;
    let saved_path = destination.named().to_owned();
    let Place { origin, target, .. } = job.place;
    let caller = job.transport.auth().caller(&target.repository, session);
    let repository = Repository::new(job.transport, origin, &target.repository, caller);

    let plan = Plan::make(&repository, job).await?;
    session.set_layers(plan.layers().map(|layer| (layer.descriptor.digest.clone(), layer.descriptor.size)));
    destination.expect_room(plan.layout.end)?;
    let output = destination.create()?;
    plan.layout.write(&output)?;

    let tail = Tail::new(&output, plan.layout.end);
    try_join(
        fetch_placed(&plan, &repository, &output, session, job.side_by_side),
        fetch_decoded(&plan, &repository, &output, session, &tail),
    )
    .await?;

    let size = tail.end() + crate::archive::layout::END;
    output.set_len(size)?;
    output.commit(job.options.durable).await?;
    Ok(Pulled {
        saved_path,
        digest: plan.digest,
        tag: target.tag.clone(),
        index_digest: plan.index_digest,
        config_digest: plan.manifest.config.digest,
        platform: plan.platform,
        size,
    })
}

/// Layers kept as stored go to the offsets that the layout gave them, in any order.
async fn fetch_placed(
    plan: &Plan,
    repository: &Repository<'_>,
    output: &Output,
    session: &Session,
    side_by_side: usize,
) -> Result<()> {
    let fetch = |placed: &crate::archive::layout::Placed| {
        let (layer, offset) = (plan.layer(&placed.digest), placed.offset);
        let writer = output.writer();
        async move {
            let layer = layer?;
            let expect = layer.compression;
            let in_docker_tar = plan.format == ArchiveFormat::Docker;
            let progress = session.layer(&layer.descriptor.digest);
            repository
                .read_blob(
                    &layer.descriptor,
                    |bytes| progress.into_iter().for_each(|layer| layer.add(bytes)),
                    move |blob| {
                        if in_docker_tar {
                            refuse_hidden_zstd(expect, blob.peek(decode::MAGIC)?)?;
                        }
                        let mut at = offset;
                        while let Some(bytes) = blob.next_chunk()? {
                            writer.write_at(&bytes, at)?;
                            at += bytes.len() as u64;
                        }
                        Ok(())
                    },
                )
                .await
        }
    };
    stream::iter(&plan.layout.placed).map(fetch).buffer_unordered(side_by_side).try_collect().await
}

/// A docker tar must not hold zstd, and only the media type told the plan which layers to decode.
fn refuse_hidden_zstd(declared: Compression, start: &[u8]) -> Result<()> {
    if declared != Compression::Zstd && decode::sniff(start) == Compression::Zstd {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the layer is zstd but its media type hides it: pull with format oci or layers uncompressed",
        ));
    }
    Ok(())
}

/// Layers to be decoded: as many at a time as there are processors, each appended when its turn comes.
async fn fetch_decoded(
    plan: &Plan,
    repository: &Repository<'_>,
    output: &Output,
    session: &Session,
    tail: &Tail,
) -> Result<()> {
    let fetch = |(index, (layer, diff_id)): (usize, &(Layer, Digest))| {
        let (descriptor, diff_id) = (layer.descriptor.clone(), diff_id.clone());
        async move {
            let mut sink = tail.sink(index, output)?;
            let size = descriptor.size;
            let progress = session.layer(&descriptor.digest);
            let sink = repository
                .read_blob(
                    &descriptor,
                    |bytes| progress.into_iter().for_each(|layer| layer.add(bytes)),
                    move |blob| {
                        decode::decode(blob, size, &diff_id, |bytes| sink.write(bytes))?;
                        Ok(sink)
                    },
                )
                .await?;
            tail.finish(index, docker::layer_name(&descriptor.digest), sink).await
        }
    };
    let decoders = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    stream::iter(plan.decoded.iter().enumerate()).map(fetch).buffer_unordered(decoders).try_collect().await
}
