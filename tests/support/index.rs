//! Multi-platform indexes.

use super::image::{Edge, Edit, Image, Lie, Pushed, bend_descriptor, platform_json, store_document};
use super::layer::Layer;
use super::store::Store;
use bytes::Bytes;
use serde_json::{Value, json};

/// Media type of an OCI index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of a Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

enum Child {
    Image(Box<Image>),
    /// Stored already, here only described.
    Pushed(Box<Pushed>),
    /// A buildx attestation for the first image child.
    Attestation,
}

/// An index under construction: `Index::new().attestation().image(...).image(...).push(&registry, "app", "multi")`.
#[derive(Default)]
pub struct Index {
    children: Vec<Child>,
    docker: bool,
    edits: Vec<Edit>,
    lies: Vec<(Edge, Lie)>,
}

impl Index {
    /// An OCI index without children.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image; its platform becomes the entry's.
    pub fn image(mut self, image: Image) -> Self {
        self.children.push(Child::Image(Box::new(image)));
        self
    }

    /// Adds an entry for something pushed before, an index too.
    pub fn pushed(mut self, pushed: Pushed) -> Self {
        self.children.push(Child::Pushed(Box::new(pushed)));
        self
    }

    /// Adds a buildx attestation: platform `unknown/unknown`, annotated as belonging to the first image.
    pub fn attestation(mut self) -> Self {
        self.children.push(Child::Attestation);
        self
    }

    /// Uses Docker's manifest list media type.
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// Changes the index before it is hashed.
    pub fn edit(mut self, edit: impl FnOnce(&mut Value) + Send + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// Tells a lie at [`Edge::Manifest`] (the index itself) or [`Edge::Child`].
    pub fn wrong(mut self, edge: Edge, lie: Lie) -> Self {
        self.lies.push((edge, lie));
        self
    }

    /// Stores the index and its children and points `tag` at it.
    pub fn push(self, to: &impl AsRef<Store>, repo: &str, tag: &str) -> Pushed {
        let store = to.as_ref();
        let mut children: Vec<Option<Pushed>> = Vec::new();
        for child in self.children {
            children.push(match child {
                Child::Image(image) => Some(image.push(store, repo, "")),
                Child::Pushed(pushed) => Some(*pushed),
                Child::Attestation => None,
            });
        }
        // Attestations name the image they belong to, which may stand after them.
        let subject = children.iter().flatten().next().map(|c| c.digest.clone()).unwrap_or_default();
        let lie_at = |edge: Edge| self.lies.iter().find(|(at, _)| *at == edge).map(|(_, lie)| lie);
        let mut entries = Vec::new();
        let mut made = Vec::new();
        for (n, child) in children.into_iter().enumerate() {
            let is_image = child.is_some();
            let child = child.unwrap_or_else(|| attestation(store, repo));
            let mut entry =
                json!({"mediaType": child.media_type, "digest": child.digest, "size": child.manifest.len()});
            if !child.platform.is_empty() {
                entry["platform"] = platform_json(&child.platform);
            }
            if !is_image {
                entry["annotations"] = json!({
                    "vnd.docker.reference.digest": subject,
                    "vnd.docker.reference.type": "attestation-manifest",
                });
            }
            if let Some(lie) = lie_at(Edge::Child(n)) {
                store.remove(repo, &child.digest);
                bend_descriptor(&mut entry, Some(lie));
                store_document(store, repo, "", &child.media_type, &child.manifest, Some(lie));
            }
            entries.push(entry);
            made.push(child);
        }
        let media_type = if self.docker { DOCKER_LIST } else { OCI_INDEX };
        let mut index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries});
        self.edits.into_iter().for_each(|edit| edit(&mut index));
        let body = Bytes::from(index.to_string());
        let lie = self.lies.iter().find(|(at, _)| *at == Edge::Manifest).map(|(_, lie)| lie);
        let digest = store_document(store, repo, tag, media_type, &body, lie);
        let pushed =
            Pushed { digest, manifest: body, media_type: media_type.to_owned(), children: made, ..Pushed::default() };
        store.note(repo, if tag.is_empty() { &pushed.digest } else { tag }, &pushed);
        pushed
    }
}

/// What buildx adds to an index since 0.10: a manifest whose "layer" is an in-toto statement.
fn attestation(store: &Store, repo: &str) -> Pushed {
    let statement =
        br#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2"}"#;
    let layer = Layer::blob("application/vnd.in-toto+json", statement.to_vec());
    Image::new().platform("unknown/unknown").layer(layer).push(store, repo, "")
}
