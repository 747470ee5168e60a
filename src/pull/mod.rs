//! One pull: plan, fetch into place, finish.
//!
//! Owns cancellation (dropping [`run`]'s future undoes everything) and progress. Knows no HTTP and no tar.

mod lane;
mod placing;
mod plan;

use std::path::{Path, PathBuf};

use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::archive::layout::{self, Placed};
use crate::archive::output::{Destination, Output};
use crate::archive::tail::Tail;
use crate::archive::{decode, docker};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::Layer;
use crate::platform::Platform;
use crate::provider::Place;
use crate::pull::placing::Placing;
use crate::pull::plan::Plan;
use crate::registry::Repository;
use crate::registry::blob::Fetched;
use crate::registry::queue::BlobReader;
use crate::retry::Policy;
use crate::session::{LayerProgress, Session};
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
    /// How many requests may be under way at a time.
    pub side_by_side: usize,
    /// How often to try again.
    pub retries: &'a Policy,
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
    let repository = Repository::new(job.transport, origin, &target.repository, caller, job.retries);

    let plan = Plan::make(&repository, job).await?;
    let near = repository.fastest_answer().is_some_and(|time| time < placing::NEAR);
    session.set_layers(plan.layers().map(|layer| (layer.descriptor.digest.clone(), layer.descriptor.size)));
    destination.expect_room(plan.layout.end)?;
    let output = destination.create()?;
    plan.layout.write(&output)?;

    let tail = Tail::new(&output, plan.layout.end);
    let (platform, (), ()) = try_join3(
        plan.place_config(&repository, &output),
        fetch_placed(&plan, &repository, &output, session, job.side_by_side, near),
        fetch_decoded(&plan, &repository, &output, session, &tail),
    )
    .await?;

    let size = tail.end() + layout::END;
    output.set_len(size)?;
    output.commit(job.options.durable).await?;
    Ok(Pulled {
        saved_path,
        digest: plan.digest,
        tag: target.tag.clone(),
        index_digest: plan.index_digest,
        config_digest: plan.manifest.config.digest,
        platform,
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
    near: bool,
) -> Result<()> {
    let mut layers = Vec::new();
    for Placed { digest, offset } in &plan.layout.placed {
        let (layer, in_docker_tar) = (plan.layer(digest)?, plan.format == ArchiveFormat::Docker);
        layers.push(Placing::new(repository, layer, *offset, output.writer(), in_docker_tar, session.layer(digest)));
    }
    placing::place(&layers, side_by_side, near).await
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
            let size = descriptor.size;
            let progress = session.layer(&descriptor.digest);
            let blob = repository.blob(&descriptor);
            for restarts in 0..limits::RESTARTS {
                progress.into_iter().for_each(LayerProgress::reset);
                let (mut sink, diff_id) = (tail.sink(index, output)?, diff_id.clone());
                let arrived = |bytes| progress.into_iter().for_each(|layer| layer.add(bytes));
                let decode = move |reader: &mut BlobReader| {
                    decode::decode(reader, size, &diff_id, |bytes| sink.write(bytes))?;
                    Ok(sink)
                };
                match blob.read(arrived, decode).await {
                    Ok(Fetched::Done(sink)) => {
                        return tail.finish(index, docker::layer_name(&descriptor.digest), sink).await;
                    }
                    Ok(Fetched::NoParts) => {}
                    // What was resumed may be parts of two objects, which a decoder need not get to the end of.
                    Err(why)
                        if restarts == 0
                            && blob.came_in_parts()
                            && matches!(why.kind(), ErrorKind::Integrity | ErrorKind::Malformed) => {}
                    Err(why) => return Err(why),
                }
                blob.give_up_parts();
            }
            Err(blob.cut_too_often())
        }
    };
    let decoders = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    stream::iter(plan.decoded.iter().enumerate()).map(fetch).buffer_unordered(decoders).try_collect().await
}
