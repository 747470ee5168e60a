//! Images from an OCI layout on disk, as skopeo and umoci write it.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md>

use super::content::Content;
use super::store::Store;
use serde_json::Value;
use std::io;
use std::path::Path;

/// Documents are small; what is larger is a layer and stays on disk.
const DOCUMENT: u64 = 4 << 20;

/// Serves all of a layout in one repository; tags come from the index's `org.opencontainers.image.ref.name`.
pub fn load(to: &impl AsRef<Store>, layout: &Path, repo: &str) -> io::Result<()> {
    let store = to.as_ref();
    for entry in std::fs::read_dir(layout.join("blobs/sha256"))? {
        let entry = entry?;
        let digest = format!("sha256:{}", entry.file_name().to_string_lossy());
        let content = Content::file(&entry.path())?;
        // Nothing on disk says which blobs are manifests but what they hold.
        if content.len() <= DOCUMENT
            && let Ok(document) = serde_json::from_slice::<Value>(&content.bytes())
            && document["schemaVersion"] == 2
        {
            let usual =
                if document["manifests"].is_array() { super::index::OCI_INDEX } else { super::image::OCI_MANIFEST };
            let media_type = document["mediaType"].as_str().unwrap_or(usual);
            store.put_manifest_at(repo, "", &digest, media_type, content.bytes());
        }
        store.put_blob_at(repo, &digest, content);
    }
    let index: Value = serde_json::from_slice(&std::fs::read(layout.join("index.json"))?)?;
    for entry in index["manifests"].as_array().into_iter().flatten() {
        let tag = entry["annotations"]["org.opencontainers.image.ref.name"].as_str();
        let document = entry["digest"].as_str().and_then(|digest| store.manifest(repo, digest));
        if let (Some(tag), Some(document)) = (tag, document) {
            store.put_manifest_at(repo, tag, &document.digest, &document.media_type, document.body);
        }
    }
    Ok(())
}
