//! Images that read like a script and know their digests afterwards.

use super::content::{Content, sha256};
use super::layer::Layer;
use super::store::Store;
use bytes::Bytes;
use serde_json::{Value, json};

/// Media types of an OCI image manifest and its config.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// See [`OCI_MANIFEST`].
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Media types of a Docker schema 2 manifest and its config.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// See [`DOCKER_MANIFEST`].
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

/// Where in an image a lie is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Between the reference and the manifest.
    Manifest,
    /// Between the manifest and its config.
    Config,
    /// Between the manifest and its n-th layer.
    Layer(usize),
    /// Between an index and its n-th child.
    Child(usize),
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lie {
    /// The bytes served differ in one bit from those the digest names; the length is right.
    Bytes,
    /// The descriptor's size is off by this much; the bytes are right. Means nothing at [`Edge::Manifest`], which has
    /// no descriptor.
    Size(i64),
    /// As `Size`, with this very number, however absurd.
    SizeIs(i64),
    /// More (or, negative, fewer) bytes are served than the descriptor and the digest say.
    Served(i64),
    /// The descriptor's digest is this text; the bytes are stored there too.
    Digest(String),
    /// There is nothing to serve.
    Missing,
}

/// A change made before a document is hashed.
pub(super) type Edit = Box<dyn FnOnce(&mut Value) + Send>;

/// An image under construction.
#[derive(Default)]
pub struct Image {
    layers: Vec<Layer>,
    platform: Option<String>,
    docker: bool,
    diff_ids: Option<Vec<String>>,
    config_media_type: Option<String>,
    config_bytes: Option<Bytes>,
    edit_config: Vec<Edit>,
    edit_manifest: Vec<Edit>,
    lies: Vec<(Edge, Lie)>,
}

/// A pushed image and everything a test may want to compare.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// The manifest's digest; of an index, the index's.
    pub digest: String,
    /// The document as it is served.
    pub manifest: Bytes,
    /// Its media type.
    pub media_type: String,
    /// The config's digest: the image ID. Empty for an index.
    pub config_digest: String,
    /// The config as it is served.
    pub config: Bytes,
    /// The layers, bottom first, duplicates included.
    pub layers: Vec<Layer>,
    /// The children of an index, in order.
    pub children: Vec<Pushed>,
    /// What the index says of the platform: `linux/arm64/v8`.
    pub platform: String,
}

impl Image {
    /// A linux/amd64 OCI image without layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer on top.
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// `os/arch[/variant]`, with `:version` after the os for Windows (`windows:10.0.20348.2227/amd64`).
    pub fn platform(mut self, platform: &str) -> Self {
        self.platform = Some(platform.to_owned());
        self
    }

    /// Uses Docker schema 2 media types.
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// Lists other diffIDs than the layers'.
    pub fn diff_ids(mut self, diff_ids: impl IntoIterator<Item = String>) -> Self {
        self.diff_ids = Some(diff_ids.into_iter().collect());
        self
    }

    /// Uses these bytes as config, whatever they are.
    pub fn config(mut self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.config_media_type = Some(media_type.to_owned());
        self.config_bytes = Some(bytes.into());
        self
    }

    /// Changes the config before it is hashed.
    pub fn edit_config(mut self, edit: impl FnOnce(&mut Value) + Send + 'static) -> Self {
        self.edit_config.push(Box::new(edit));
        self
    }

    /// Changes the manifest before it is hashed.
    pub fn edit_manifest(mut self, edit: impl FnOnce(&mut Value) + Send + 'static) -> Self {
        self.edit_manifest.push(Box::new(edit));
        self
    }

    /// Tells a lie: `.wrong(Edge::Layer(0), Lie::Bytes)`. The blob must be in no other image of the repository.
    pub fn wrong(mut self, edge: Edge, lie: Lie) -> Self {
        self.lies.push((edge, lie));
        self
    }

    /// The platform as the index writes it.
    pub(super) fn platform_text(&self) -> String {
        self.platform.clone().unwrap_or_else(|| "linux/amd64".to_owned())
    }

    fn config_json(&mut self) -> Bytes {
        if let Some(bytes) = self.config_bytes.take() {
            return bytes;
        }
        let diff_ids = self.diff_ids.take().unwrap_or_else(|| self.layers.iter().map(|l| l.diff_id.clone()).collect());
        let history: Vec<_> = (0..self.layers.len())
            .map(|n| json!({"created": "2024-01-01T00:00:00Z", "created_by": format!("layer {n}")}))
            .collect();
        let mut config = json!({
            "created": "2024-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": history,
        });
        merge(&mut config, &platform_json(&self.platform_text()));
        self.edit_config.drain(..).for_each(|edit| edit(&mut config));
        config.to_string().into()
    }

    /// Stores the image and points `tag` at it; an empty tag leaves it addressable by digest only.
    pub fn push(mut self, to: &impl AsRef<Store>, repo: &str, tag: &str) -> Pushed {
        let store = to.as_ref();
        let platform = self.platform_text();
        let config = self.config_json();
        let kinds = if self.docker { (DOCKER_MANIFEST, DOCKER_CONFIG) } else { (OCI_MANIFEST, OCI_CONFIG) };
        let config_type = self.config_media_type.take().unwrap_or_else(|| kinds.1.to_owned());
        let config_digest = sha256(&config);

        let mut config_descriptor = json!({"mediaType": config_type, "digest": config_digest, "size": config.len()});
        let config_lie = self.lie_at(Edge::Config);
        store_blob(store, repo, &mut config_descriptor, &config.clone().into(), config_lie.as_ref());
        let mut descriptors = Vec::new();
        for (n, layer) in self.layers.iter().enumerate() {
            let mut descriptor = layer.descriptor(self.docker);
            store_blob(store, repo, &mut descriptor, &layer.content, self.lie_at(Edge::Layer(n)).as_ref());
            descriptors.push(descriptor);
        }
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": kinds.0, "config": config_descriptor, "layers": descriptors,
        });
        self.edit_manifest.drain(..).for_each(|edit| edit(&mut manifest));
        let media_type = manifest["mediaType"].as_str().unwrap_or(kinds.0).to_owned();
        let body = Bytes::from(manifest.to_string());
        let digest = store_document(store, repo, tag, &media_type, &body, self.lie_at(Edge::Manifest).as_ref());
        let pushed = Pushed {
            digest,
            manifest: body,
            media_type,
            config_digest,
            config,
            layers: self.layers,
            children: Vec::new(),
            platform,
        };
        store.note(repo, if tag.is_empty() { &pushed.digest } else { tag }, &pushed);
        pushed
    }

    fn lie_at(&self, edge: Edge) -> Option<Lie> {
        self.lies.iter().find(|(at, _)| *at == edge).map(|(_, lie)| lie.clone())
    }
}

impl Pushed {
    /// The uncompressed layers' digests.
    pub fn diff_ids(&self) -> Vec<String> {
        self.layers.iter().map(|l| l.diff_id.clone()).collect()
    }

    /// The stored layers' digests.
    pub fn layer_digests(&self) -> Vec<String> {
        self.layers.iter().map(|l| l.digest.clone()).collect()
    }

    /// The child for a platform: `index.child("linux/arm64/v8")`.
    pub fn child(&self, platform: &str) -> &Pushed {
        self.children.iter().find(|c| c.platform == platform).unwrap_or_else(|| {
            let there: Vec<_> = self.children.iter().map(|c| &c.platform).collect();
            panic!("no child for {platform}; there are {there:?}")
        })
    }

    /// For test processes in other languages.
    pub fn to_json(&self) -> Value {
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|l| json!({"digest": l.digest, "size": l.size, "diffId": l.diff_id, "rawSize": l.raw_size}))
            .collect();
        let children: Vec<_> = self.children.iter().map(Pushed::to_json).collect();
        json!({
            "digest": self.digest, "mediaType": self.media_type, "size": self.manifest.len(),
            "configDigest": self.config_digest, "platform": self.platform, "layers": layers, "children": children,
        })
    }
}

/// `os[:version]/arch[/variant]` as the fields of a config or an index entry.
pub fn platform_json(text: &str) -> Value {
    let mut parts = text.split('/');
    let (os, arch) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    assert!(!os.is_empty() && !arch.is_empty(), "platform {text:?} is not os/arch[/variant]");
    let (os, version) = os.split_once(':').unwrap_or((os, ""));
    let mut platform = json!({"architecture": arch, "os": os});
    if !version.is_empty() {
        platform["os.version"] = json!(version);
    }
    if let Some(variant) = parts.next() {
        platform["variant"] = json!(variant);
    }
    platform
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

/// The bytes a lie makes of the right ones.
fn bent(right: &Content, lie: Option<&Lie>) -> Option<Content> {
    let bytes = || right.bytes().to_vec();
    Some(match lie {
        Some(Lie::Missing) => return None,
        Some(Lie::Bytes) => {
            let mut bytes = bytes();
            let middle = bytes.len() / 2;
            *bytes.get_mut(middle).expect("there is no byte to change in an empty document") ^= 1;
            bytes.into()
        }
        Some(Lie::Served(more)) => {
            let mut bytes = bytes();
            let more = isize::try_from(*more).expect("64-bit machine");
            bytes.resize(bytes.len().saturating_add_signed(more), b' ');
            bytes.into()
        }
        _ => right.clone(),
    })
}

/// Bends a descriptor as the lie says; returns the digest the bytes are stored at.
pub(super) fn bend_descriptor(descriptor: &mut Value, lie: Option<&Lie>) {
    match lie {
        Some(Lie::Size(delta)) => {
            descriptor["size"] = json!(descriptor["size"].as_i64().expect("a size") + delta);
        }
        Some(Lie::SizeIs(size)) => descriptor["size"] = json!(size),
        Some(Lie::Digest(text)) => descriptor["digest"] = json!(text),
        _ => {}
    }
}

fn store_blob(store: &Store, repo: &str, descriptor: &mut Value, right: &Content, lie: Option<&Lie>) {
    bend_descriptor(descriptor, lie);
    let digest = descriptor["digest"].as_str().expect("a digest");
    // A repository's images share their blobs: the lie would spoil another image, or be undone by it.
    assert!(
        lie.is_none() || store.blob(repo, digest).is_none(),
        "{repo} holds {digest} already: lie about a blob of its own"
    );
    if let Some(content) = bent(right, lie) {
        store.put_blob_at(repo, digest, content);
    }
}

pub(super) fn store_document(
    store: &Store,
    repo: &str,
    tag: &str,
    media_type: &str,
    right: &Bytes,
    lie: Option<&Lie>,
) -> String {
    let digest = match lie {
        Some(Lie::Digest(text)) => text.clone(),
        _ => sha256(right),
    };
    if let Some(content) = bent(&right.clone().into(), lie) {
        store.put_manifest_at(repo, tag, &digest, media_type, content.bytes());
    }
    digest
}
