//! What will be fetched and where it goes: manifest, platform and config resolved, the archive laid out.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use crate::archive::layout::Layout;
use crate::archive::output::Output;
use crate::archive::{docker, oci};
use crate::choice;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::manifest::{Compression, Document, ImageConfig, Layer, Manifest};
use crate::platform::Platform;
use crate::pull::Job;
use crate::registry::{Fetched, Repository};
use crate::settings::{ArchiveFormat, LayerEncoding};

/// A pull whose layers are all that is missing.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) manifest: Manifest,
    pub(super) digest: Digest,
    pub(super) index_digest: Option<Digest>,
    pub(super) format: ArchiveFormat,
    pub(super) layout: Layout,
    /// Layers to decode and append, with the digest of what they decode to.
    pub(super) decoded: Vec<(Layer, Digest)>,
    config: Config,
}

/// The image config on its way into the archive.
#[derive(Debug)]
enum Config {
    /// Read: what is to be written where, unless the layout has it already, and the platform it names.
    Read(Option<(u64, Bytes)>, Platform),
    /// To be fetched and written at this offset.
    Coming(u64),
}

impl Plan {
    /// Asks the registry for everything but the layers.
    pub(super) async fn make(repository: &Repository<'_>, job: &Job<'_>) -> Result<Self> {
        let target = &job.place.target;
        let root = repository.manifest(target.wanted(), target.digest.as_ref()).await?;
        let (image, index_digest) = match &root.document {
            Document::Manifest(_) => (root, None),
            Document::Index(index) => {
                let named = |why: Error| why.context(format!("choose a platform of {}", root.digest));
                let child = choice::choose(index, job.platform.as_ref()).map_err(named)?;
                // Resolved once: from here on digests decide, whatever the tag does meanwhile.
                (repository.child(&child.descriptor).await?, Some(root.digest))
            }
        };
        let Fetched { bytes, digest, document: Document::Manifest(manifest) } = image else {
            return Err(Error::new(ErrorKind::Unsupported, "an index of indexes names no image")
                .context(format!("get manifest {}", image.digest)));
        };
        let mut plan = Self {
            manifest,
            digest,
            index_digest,
            format: job.options.format,
            layout: Layout::default(),
            config: Config::Coming(0),
            decoded: Vec::new(),
        };
        if plan.needs_config_first(job) {
            let (bytes_of_config, config) = read_config(repository, &plan.manifest).await?;
            plan.check_platform(job, &config.platform)?;
            plan.decoded = decoded(&plan.manifest, &config, job);
            plan.lay_out(job, &bytes, Some((bytes_of_config, config.platform)));
        } else {
            plan.lay_out(job, &bytes, None);
        }
        Ok(plan)
    }

    /// Whether anything before the layers depends on the config. If not, it is fetched beside them: a round trip less,
    /// which is much of the time that a small image far away takes.
    fn needs_config_first(&self, job: &Job<'_>) -> bool {
        let platform_to_check = job.platform.is_some() && self.index_digest.is_none();
        let named_in_index = self.format == ArchiveFormat::Oci;
        platform_to_check || named_in_index || self.manifest.layers.iter().any(|layer| is_decoded(layer, job))
    }

    /// An index has been asked already; a single image must not slip through as something it is not.
    fn check_platform(&self, job: &Job<'_>, platform: &Platform) -> Result<()> {
        match (&job.platform, &self.index_digest) {
            (Some(wanted), None) if platform.serves(wanted).is_none() => {
                let why = format!("the image is for {platform}, not for {wanted}");
                Err(Error::new(ErrorKind::NotFound, why).context(format!("choose a platform of {}", self.digest)))
            }
            _ => Ok(()),
        }
    }

    fn lay_out(&mut self, job: &Job<'_>, bytes: &Bytes, config: Option<(Bytes, Platform)>) {
        let place = job.place;
        let full = |tag: &String| (format!("{}/{}:{tag}", place.shown_host, place.target.repository), tag.clone());
        let name = place.target.tag.as_ref().map(full);
        let manifest = &self.manifest;
        (self.layout, self.config) = match (self.format, config) {
            (ArchiveFormat::Oci, Some((config, platform))) => {
                let parts = oci::Parts { manifest, bytes, digest: &self.digest, config: &config, platform: &platform };
                let name = name.as_ref().map(|(full, tag)| (full.as_str(), tag.as_str()));
                (oci::layout(&parts, name), Config::Read(None, platform))
            }
            (_, config) => {
                let repo_tags: Vec<String> = name.into_iter().map(|(full, _)| full).collect();
                let (layout, offset) = docker::layout(manifest, &repo_tags, |layer| is_decoded(layer, job));
                match config {
                    Some((bytes, platform)) => (layout, Config::Read(Some((offset, bytes)), platform)),
                    None => (layout, Config::Coming(offset)),
                }
            }
        };
    }

    /// Sees to it that the config is in the archive, and returns its platform.
    pub(super) async fn place_config(&self, repository: &Repository<'_>, output: &Output) -> Result<Platform> {
        match &self.config {
            Config::Read(part, platform) => {
                if let Some((offset, bytes)) = part {
                    output.write_at(bytes, *offset)?;
                }
                Ok(platform.clone())
            }
            Config::Coming(offset) => {
                let (bytes, config) = read_config(repository, &self.manifest).await?;
                output.write_at(&bytes, *offset)?;
                Ok(config.platform)
            }
        }
    }

    /// The distinct layers in manifest order.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.manifest.distinct_layers().into_iter()
    }

    pub(super) fn layer(&self, digest: &Digest) -> Result<&Layer> {
        let found = self.manifest.layers.iter().find(|layer| layer.descriptor.digest == *digest);
        found.ok_or_else(|| Error::new(ErrorKind::Internal, format!("no layer {digest} in the plan")))
    }
}

/// Whether a layer is decoded on its way: zstd in a docker tar always, as Docker before 23 reads none there.
fn is_decoded(layer: &Layer, job: &Job<'_>) -> bool {
    match (job.options.format, job.options.layers) {
        (ArchiveFormat::Oci, _) => false,
        (ArchiveFormat::Docker, LayerEncoding::AsStored) => layer.compression == Compression::Zstd,
        // Plain layers too: their media type may be wrong, and then they are what it does not say.
        (ArchiveFormat::Docker, LayerEncoding::Uncompressed) => true,
    }
}

/// The distinct layers to decode, each with the digest of what it decodes to.
fn decoded(manifest: &Manifest, config: &ImageConfig, job: &Job<'_>) -> Vec<(Layer, Digest)> {
    let mut seen = HashSet::new();
    let layers = manifest.layers.iter().zip(config.diff_ids());
    let layers = layers.filter(|(layer, _)| is_decoded(layer, job) && seen.insert(&layer.descriptor.digest));
    layers.map(|(layer, diff_id)| (layer.clone(), diff_id.clone())).collect()
}

/// A layer that is listed twice decodes to the same both times.
fn check_diff_ids(manifest: &Manifest, config: &ImageConfig) -> Result<()> {
    let mut seen = HashMap::new();
    for (layer, diff_id) in manifest.layers.iter().zip(config.diff_ids()) {
        let digest = &layer.descriptor.digest;
        if *seen.entry(digest).or_insert(diff_id) != diff_id {
            let why = format!("layer {digest} is listed twice with different diffIDs");
            return Err(Error::new(ErrorKind::Malformed, why));
        }
    }
    Ok(())
}

async fn read_config(repository: &Repository<'_>, manifest: &Manifest) -> Result<(Bytes, ImageConfig)> {
    let bytes = repository.small_blob(&manifest.config, limits::CONFIG, "config").await?;
    let named = |why: Error| why.context(format!("read config {}", manifest.config.digest));
    let config = ImageConfig::parse(&bytes, manifest).map_err(named)?;
    check_diff_ids(manifest, &config).map_err(named)?;
    Ok((bytes, config))
}
