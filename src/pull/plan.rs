//! What will be fetched and where it goes: manifest, platform and config resolved, the archive laid out.

use bytes::Bytes;

use crate::archive::layout::Layout;
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
    pub(super) platform: Platform,
    pub(super) format: ArchiveFormat,
    pub(super) layout: Layout,
    /// Layers to decode and append, with the digest of what they decode to.
    pub(super) decoded: Vec<(Layer, Digest)>,
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
        let config_bytes = repository.small_blob(&manifest.config, limits::CONFIG, "config").await?;
        let config = ImageConfig::parse(&config_bytes, &manifest)
            .map_err(|why| why.context(format!("read config {}", manifest.config.digest)))?;
        let platform = config.platform.clone();
        if let (Some(wanted), None) = (&job.platform, &index_digest)
            && platform.serves(wanted).is_none()
        {
            // An index has been asked already; a single image must not slip through as something it is not.
            return Err(Error::new(ErrorKind::NotFound, format!("the image is for {platform}, not for {wanted}"))
                .context(format!("choose a platform of {digest}")));
        }
        let decoded = decoded(&manifest, &config, job)?;
        let layout = lay_out(job, &manifest, &bytes, &digest, &config_bytes, &platform);
        Ok(Self { manifest, digest, index_digest, platform, format: job.options.format, layout, decoded })
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

fn decoded(manifest: &Manifest, config: &ImageConfig, job: &Job<'_>) -> Result<Vec<(Layer, Digest)>> {
    let mut seen: Vec<(&Digest, &Digest)> = Vec::new();
    let mut decoded = Vec::new();
    for (layer, diff_id) in manifest.layers.iter().zip(config.diff_ids()) {
        let digest = &layer.descriptor.digest;
        match seen.iter().find(|(known, _)| *known == digest) {
            Some(&(_, known)) if known == diff_id => continue,
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::Malformed,
                    format!("layer {digest} is listed twice with different diffIDs"),
                )
                .context(format!("read config {}", manifest.config.digest)));
            }
            None => seen.push((digest, diff_id)),
        }
        if is_decoded(layer, job) {
            decoded.push((layer.clone(), diff_id.clone()));
        }
    }
    Ok(decoded)
}

fn lay_out(
    job: &Job<'_>,
    manifest: &Manifest,
    bytes: &Bytes,
    digest: &Digest,
    config: &Bytes,
    platform: &Platform,
) -> Layout {
    let place = job.place;
    let full = |tag: &String| (format!("{}/{}:{tag}", place.shown_host, place.target.repository), tag.clone());
    let name = place.target.tag.as_ref().map(full);
    match job.options.format {
        ArchiveFormat::Docker => {
            let repo_tags: Vec<String> = name.into_iter().map(|(full, _)| full).collect();
            docker::layout(manifest, config, &repo_tags, |layer| is_decoded(layer, job))
        }
        ArchiveFormat::Oci => {
            let parts = oci::Parts { manifest, bytes, digest, config, platform };
            oci::layout(&parts, name.as_ref().map(|(full, tag)| (full.as_str(), tag.as_str())))
        }
    }
}
