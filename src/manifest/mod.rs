//! Manifests, indexes and image configs (OCI image spec; Docker schema 2), parsed strictly from verified bytes.

mod spelling;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::platform::Platform;

/// Media types that this library asks for and understands.
pub mod media {
    /// OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// Docker schema 2 manifest.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker schema 2 manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// OCI image config.
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// Docker image config.
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    /// What Docker before 1.11 called a config (distribution/distribution#1621).
    pub const OLD_CONFIG: &str = "application/octet-stream";
    /// The value of `Accept` for a manifest request.
    pub const ACCEPT: &str = concat!(
        "application/vnd.oci.image.index.v1+json, ",
        "application/vnd.docker.distribution.manifest.list.v2+json, ",
        "application/vnd.oci.image.manifest.v1+json, ",
        "application/vnd.docker.distribution.manifest.v2+json"
    );
}

/// A content descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Descriptor {
    /// The type of the content.
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// One child of an index.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawEntry")]
pub struct IndexEntry {
    /// What it is.
    pub descriptor: Descriptor,
    /// For which platform.
    pub platform: Option<Platform>,
    /// Free-form annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An entry as written. Not `#[serde(flatten)]`, which keeps every unknown field in memory, at many times its size.
#[derive(Deserialize)]
struct RawEntry {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: Digest,
    size: u64,
    platform: Option<Platform>,
    annotations: Option<BTreeMap<String, String>>,
}

impl From<RawEntry> for IndexEntry {
    fn from(raw: RawEntry) -> Self {
        let RawEntry { media_type, digest, size, platform, annotations } = raw;
        let descriptor = Descriptor { media_type, digest, size };
        Self { descriptor, platform, annotations: annotations.unwrap_or_default() }
    }
}

/// An index or manifest list.
#[derive(Debug, Clone)]
pub struct Index {
    /// The children in the index's order.
    pub manifests: Vec<IndexEntry>,
}

/// An image manifest.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The media type of this very document.
    pub media_type: String,
    /// The image config.
    pub config: Descriptor,
    /// The layers, lowest first; one digest may come several times.
    pub layers: Vec<Layer>,
}

/// A layer and how its media type says it is compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Digest and size as stored.
    pub descriptor: Descriptor,
    /// The compression that the media type names; the bytes decide when they are decoded.
    pub compression: Compression,
}

/// How a layer is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// A plain tar.
    None,
    /// gzip, possibly of many members.
    Gzip,
    /// zstd, possibly of many frames.
    Zstd,
}

/// One of the two documents a manifest request can return.
#[derive(Debug, Clone)]
pub enum Document {
    /// An image manifest.
    Manifest(Manifest),
    /// An index of manifests.
    Index(Index),
}

/// What is read of either document; a field given twice is an error of serde's.
#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "schemaVersion")]
    schema_version: Option<u64>,
    #[serde(rename = "mediaType")]
    media_type: Option<String>,
    #[serde(rename = "artifactType")]
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<IndexEntry>>,
}

impl Document {
    /// Reads the document in `bytes`, which came with `content_type`.
    ///
    /// # Errors
    /// Unsupported for schema 1 and artifacts, Malformed for what is no such document or two at once (CVE-2021-41190).
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self> {
        let schema_1 = |ty: &str| ty.starts_with("application/vnd.docker.distribution.manifest.v1+");
        if content_type.is_some_and(schema_1) {
            return Err(schema_1_error());
        }
        let raw: Raw = serde_json::from_slice(bytes).map_err(|cause| {
            let kind = if unknown_algorithm(&cause) { ErrorKind::Unsupported } else { ErrorKind::Malformed };
            Error::new(kind, format!("it is no manifest: {cause}")).with_cause(cause)
        })?;
        spelling::check(bytes).map_err(|why| malformed(format!("it is no manifest: {why}")).with_cause(why))?;
        if raw.schema_version == Some(1) || raw.media_type.as_deref().is_some_and(schema_1) {
            return Err(schema_1_error());
        }
        if raw.manifests.is_some() && (raw.layers.is_some() || raw.config.is_some()) {
            return Err(malformed("it is both an image manifest and an index"));
        }
        // The type inside the document is covered by its digest, the header is not.
        let inner = raw.media_type.filter(|inner| !inner.is_empty());
        let media_type = match (inner, content_type) {
            (Some(inner), Some(outer)) if is_known(outer) && inner != outer => {
                return Err(malformed(format!("it says it is {inner:?} but was sent as {outer:?}")));
            }
            (Some(inner), _) => inner,
            (None, outer) => outer.unwrap_or_default().to_owned(),
        };
        match (raw.manifests, raw.config, raw.layers) {
            (Some(manifests), _, _) => {
                if matches!(media_type.as_str(), media::OCI_MANIFEST | media::DOCKER_MANIFEST) {
                    return Err(malformed(format!("it is an index but says it is {media_type:?}")));
                }
                Index::new(manifests).map(Self::Index)
            }
            (None, Some(config), layers) => {
                if matches!(media_type.as_str(), media::OCI_INDEX | media::DOCKER_LIST) {
                    return Err(malformed(format!("it is an image manifest but says it is {media_type:?}")));
                }
                Manifest::new(media_type, config, layers.unwrap_or_default(), raw.artifact_type).map(Self::Manifest)
            }
            (None, None, _) => Err(malformed("it has neither manifests nor a config")),
        }
    }
}

impl Document {
    /// Fails if the `descriptor` that led here names another type.
    ///
    /// # Errors
    /// Malformed: two clients could read it as two things.
    pub fn expect_type(&self, descriptor: &Descriptor) -> Result<()> {
        let (named, Self::Manifest(manifest)) = (&descriptor.media_type, self) else { return Ok(()) };
        if is_known(named) && *named != manifest.media_type {
            return Err(malformed(format!("it is {:?} but the index says it is {named:?}", manifest.media_type)));
        }
        Ok(())
    }
}

impl Index {
    fn new(manifests: Vec<IndexEntry>) -> Result<Self> {
        if manifests.len() > limits::INDEX_CHILDREN {
            return Err(malformed(format!("the index has more than {} children", limits::INDEX_CHILDREN)));
        }
        Ok(Self { manifests })
    }
}

impl Manifest {
    fn new(
        media_type: String,
        config: Descriptor,
        layers: Vec<Descriptor>,
        artifact_type: Option<String>,
    ) -> Result<Self> {
        if !matches!(config.media_type.as_str(), media::OCI_CONFIG | media::DOCKER_CONFIG | media::OLD_CONFIG) {
            let ty = artifact_type.unwrap_or_else(|| config.media_type.clone());
            return Err(Error::new(ErrorKind::Unsupported, format!("it is an artifact of type {ty:?}, not an image")));
        }
        if layers.len() > limits::LAYERS {
            return Err(malformed(format!("the image has more than {} layers", limits::LAYERS)));
        }
        if config.size > limits::CONFIG {
            return Err(malformed(format!("the config's size {} is above {}", config.size, limits::CONFIG)));
        }
        let layers: Vec<Layer> = layers.into_iter().map(Layer::new).collect::<Result<_>>()?;
        let mut sizes = BTreeMap::new();
        for Layer { descriptor, .. } in &layers {
            if *sizes.entry(&descriptor.digest).or_insert(descriptor.size) != descriptor.size {
                return Err(malformed(format!("layer {} is listed with two sizes", descriptor.digest)));
            }
        }
        // A document served without any type was accepted by its shape: name it as its config does.
        let media_type = match media_type.as_str() {
            media::OCI_MANIFEST | media::DOCKER_MANIFEST => media_type,
            _ if config.media_type == media::OCI_CONFIG => media::OCI_MANIFEST.to_owned(),
            _ => media::DOCKER_MANIFEST.to_owned(),
        };
        Ok(Self { media_type, config, layers })
    }

    /// The distinct layers, each where it comes first.
    pub fn distinct_layers(&self) -> Vec<&Layer> {
        let mut seen = std::collections::HashSet::new();
        self.layers.iter().filter(|layer| seen.insert(&layer.descriptor.digest)).collect()
    }
}

impl Layer {
    fn new(descriptor: Descriptor) -> Result<Self> {
        let compression = match descriptor.media_type.as_str() {
            "application/vnd.oci.image.layer.v1.tar"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar"
            | "application/vnd.docker.image.rootfs.diff.tar"
            | "application/vnd.docker.image.rootfs.foreign.diff.tar" => Compression::None,
            "application/vnd.oci.image.layer.v1.tar+gzip"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
            | "application/vnd.docker.image.rootfs.diff.tar.gzip"
            | "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" => Compression::Gzip,
            "application/vnd.oci.image.layer.v1.tar+zstd"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
            // What buildkit wrote before OCI had a name for it.
            | "application/vnd.docker.image.rootfs.diff.tar.zstd" => Compression::Zstd,
            other => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("layer {} has type {other:?}, which is no image layer", descriptor.digest),
                ));
            }
        };
        if descriptor.size > limits::BLOB {
            return Err(malformed(format!("layer {} has size {}", descriptor.digest, descriptor.size)));
        }
        Ok(Self { descriptor, compression })
    }
}

/// What is read of an image config.
#[derive(Debug, Clone)]
pub struct ImageConfig {
    /// What the image runs on.
    pub platform: Platform,
    diff_ids: Vec<Digest>,
}

/// The part of a config that is no [`Platform`].
#[derive(Deserialize)]
struct Rest {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    /// Go writes an empty list that was never made as null.
    diff_ids: Option<Vec<Digest>>,
}

impl ImageConfig {
    /// Reads the config in `bytes` of an image whose manifest is `manifest`.
    ///
    /// # Errors
    /// Malformed if it is no config or its diffIDs are not one per layer.
    pub fn parse(bytes: &[u8], manifest: &Manifest) -> Result<Self> {
        let bad = |cause| malformed(format!("it is no image config: {cause}")).with_cause(cause);
        // Read twice rather than flattened into one: see `RawEntry`.
        let platform = serde_json::from_slice(bytes).map_err(bad)?;
        let Rest { rootfs } = serde_json::from_slice(bytes).map_err(bad)?;
        let config = Self { platform, diff_ids: rootfs.diff_ids.unwrap_or_default() };
        let (ids, layers) = (config.diff_ids.len(), manifest.layers.len());
        if ids != layers {
            return Err(malformed(format!("it has {ids} diffIDs for {layers} layers")));
        }
        Ok(config)
    }

    /// The digests of the decoded layers, lowest first.
    pub fn diff_ids(&self) -> &[Digest] {
        &self.diff_ids
    }
}

fn is_known(media_type: &str) -> bool {
    media::ACCEPT.split(", ").any(|known| known == media_type)
}

/// serde_json carries a digest's error only as text.
fn unknown_algorithm(cause: &serde_json::Error) -> bool {
    cause.to_string().contains("is neither sha256 nor sha512")
}

fn schema_1_error() -> Error {
    Error::new(ErrorKind::Unsupported, "it is a schema 1 manifest, which is not supported: push the image again")
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message)
}
