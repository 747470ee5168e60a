//! The OCI tar: an image layout (OCI image spec, image-layout.md) with the registry's own manifest and layers, so that its
//! digest survives, and a `manifest.json` beside it so that `docker load` takes the same file.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::archive::layout::Layout;
use crate::digest::Digest;
use crate::manifest::{Manifest, media};
use crate::platform::Platform;

/// The parts of an image beside its layers.
#[derive(Debug)]
pub struct Parts<'a> {
    /// What the manifest says.
    pub manifest: &'a Manifest,
    /// The manifest as served.
    pub bytes: &'a Bytes,
    /// Its digest.
    pub digest: &'a Digest,
    /// The config as served.
    pub config: &'a Bytes,
    /// What the image runs on.
    pub platform: &'a Platform,
}

/// The layout of an image; `name` is `host/repository:tag`, if there is a tag.
pub fn layout(parts: &Parts<'_>, name: Option<(&str, &str)>) -> Layout {
    let manifest = parts.manifest;
    let layers: Vec<String> = manifest.layers.iter().map(|layer| blob_name(&layer.descriptor.digest)).collect();
    let repo_tags: Vec<&str> = name.iter().map(|&(full, _)| full).collect();
    let docker = json!([{ "Config": blob_name(&manifest.config.digest), "RepoTags": repo_tags, "Layers": layers }]);

    let mut layout = Layout::default();
    layout.file("oci-layout", json!({ "imageLayoutVersion": "1.0.0" }).to_string().into_bytes());
    layout.file("index.json", index(parts, name).to_string().into_bytes());
    layout.file("manifest.json", docker.to_string().into_bytes());
    layout.file(&blob_name(parts.digest), parts.bytes.to_vec());
    if manifest.config.digest != *parts.digest {
        layout.file(&blob_name(&manifest.config.digest), parts.config.to_vec());
    }
    for layer in manifest.distinct_layers() {
        let descriptor = &layer.descriptor;
        layout.layer(&blob_name(&descriptor.digest), &descriptor.digest, descriptor.size);
    }
    layout
}

/// Names come from the caller's reference, never from the image's annotations.
fn index(parts: &Parts<'_>, name: Option<(&str, &str)>) -> Value {
    let mut platform = Map::new();
    platform.insert("architecture".into(), parts.platform.architecture.as_str().into());
    platform.insert("os".into(), parts.platform.os.as_str().into());
    if let Some(variant) = &parts.platform.variant {
        platform.insert("variant".into(), variant.as_str().into());
    }
    if let Some(version) = &parts.platform.os_version {
        platform.insert("os.version".into(), version.as_str().into());
    }
    let mut descriptor = json!({
        "mediaType": parts.manifest.media_type,
        "digest": parts.digest.as_str(),
        "size": parts.bytes.len(),
        "platform": platform,
    });
    if let Some((full, tag)) = name {
        descriptor["annotations"] =
            json!({ "io.containerd.image.name": full, "org.opencontainers.image.ref.name": tag });
    }
    json!({ "schemaVersion": 2, "mediaType": media::OCI_INDEX, "manifests": [descriptor] })
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}
