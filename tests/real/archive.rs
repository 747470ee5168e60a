//! Reads a pulled archive without the engine's help, and compares it with what was pushed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Pushed, sha256};

/// The archive holds the image: config and layers by their digests, in order, each file once.
///
/// `layer` says which digest each stored layer has to have: the manifest's, or the diffID of one that was decoded.
pub(crate) fn holds(tar: &Path, image: &Pushed, tags: &[&str], layers: &[String]) {
    let files = read(tar);
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("manifest.json");
    let [entry] = manifest.as_array().expect("a list").as_slice() else { panic!("one image, not {manifest}") };
    assert_eq!(entry["RepoTags"], json!(tags));
    let content = |path: &Value| sha256(&files[path.as_str().expect("a path")]);
    assert_eq!(content(&entry["Config"]), image.config_digest);
    let stored: Vec<_> = entry["Layers"].as_array().expect("layers").iter().map(content).collect();
    assert_eq!(stored, layers);
}

/// The archive is an OCI layout whose one entry is the image, byte for byte.
pub(crate) fn is_layout_of(tar: &Path, image: &Pushed) {
    let files = read(tar);
    let layout: Value = serde_json::from_slice(&files["oci-layout"]).expect("oci-layout");
    assert_eq!(layout["imageLayoutVersion"], "1.0.0");
    let index: Value = serde_json::from_slice(&files["index.json"]).expect("index.json");
    let [entry] = index["manifests"].as_array().expect("manifests").as_slice() else {
        panic!("one image, not {index}")
    };
    assert_eq!(entry["digest"], json!(image.digest));
    assert_eq!(entry["size"], json!(image.manifest.len()));
    for (name, bytes) in &files {
        let Some(hex) = name.strip_prefix("blobs/sha256/").filter(|hex| !hex.is_empty()) else { continue };
        assert_eq!(sha256(bytes), format!("sha256:{hex}"), "{name}");
    }
    assert_eq!(files[&format!("blobs/sha256/{}", &image.digest[7..])], image.manifest);
}

fn read(tar: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(File::open(tar).expect("the archive"));
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").to_str().expect("in UTF-8").to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        if entry.header().entry_type().is_file() {
            assert!(files.insert(name.clone(), bytes).is_none(), "{name} is there twice");
        }
    }
    files
}
