//! The docker tar: what `docker save` wrote before version 25, and every `docker load` reads.
//!
//! ```text
//! VERSION
//! manifest.json
//! sha256_<hex of first layer>/json        the config, byte for byte
//! sha256_<hex of layer>/layer.tar         one for each distinct layer
//! ```

use serde_json::json;

use crate::archive::layout::Layout;
use crate::digest::Digest;
use crate::manifest::{Layer, Manifest};

/// The layout of `manifest`'s image, and the offset of its config, which is still to be written; `decoded` tells which
/// layers will be appended instead of having a place.
pub fn layout(manifest: &Manifest, repo_tags: &[String], decoded: impl Fn(&Layer) -> bool) -> (Layout, u64) {
    let first = manifest.layers.first().map_or(&manifest.config.digest, |layer| &layer.descriptor.digest);
    let config_name = format!("{}/json", folder(first));
    let layers: Vec<String> = manifest.layers.iter().map(|layer| layer_name(&layer.descriptor.digest)).collect();
    let index = json!([{ "Config": config_name, "RepoTags": repo_tags, "Layers": layers }]);

    let mut layout = Layout::default();
    layout.file("VERSION", b"1.0".to_vec());
    layout.file("manifest.json", index.to_string().into_bytes());
    let config = layout.reserve(&config_name, manifest.config.size);
    for layer in manifest.distinct_layers().into_iter().filter(|layer| !decoded(layer)) {
        let descriptor = &layer.descriptor;
        layout.layer(&layer_name(&descriptor.digest), &descriptor.digest, descriptor.size);
    }
    (layout, config)
}

/// The name of a layer's entry.
pub fn layer_name(digest: &Digest) -> String {
    format!("{}/layer.tar", folder(digest))
}

/// No colon: Windows has no such file names. Of sha512 the first half, as a tar header takes 100 characters and 256 bits
/// tell blobs apart as well as ever.
fn folder(digest: &Digest) -> String {
    format!("{}_{}", digest.algorithm(), &digest.hex()[..64])
}
