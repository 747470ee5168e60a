//! What a pull has written, read by the `tar` crate.

use std::io::Read as _;
use std::path::Path;

use multicloudj_registry::Pulled;
use serde_json::Value;

use crate::support::layer::Encoding;
use crate::support::{Layer, Pushed, sha256};

/// How layers shall be in the archive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// As the registry has them; zstd decoded.
    ForDocker,
    /// As the registry has them.
    AsStored,
    /// Plain tar.
    Decoded,
}

pub(crate) struct Archive {
    pub(crate) pulled: Pulled,
    pub(crate) bytes: Vec<u8>,
    entries: Vec<(String, Vec<u8>)>,
}

impl Archive {
    /// Reads the file that a pull has told of.
    #[track_caller]
    pub(crate) fn read(file: &Path, pulled: Pulled) -> Self {
        let bytes = std::fs::read(file).expect("the archive");
        assert_eq!(pulled.size, bytes.len() as u64, "the size as told");
        assert_eq!(bytes.len() % 512, 0, "whole blocks");
        assert!(bytes.ends_with(&[0; 1024]), "two blocks of zeros at the end");
        let mut tar = tar::Archive::new(&bytes[..]);
        let entries = tar.entries().expect("a tar").map(|entry| {
            let mut entry = entry.expect("an entry");
            assert_eq!(entry.header().entry_type(), tar::EntryType::Regular);
            assert_eq!(
                entry.header().mtime().expect("a time"),
                0,
                "no time, so that the same input gives the same bytes"
            );
            let name = entry.path().expect("a name").to_string_lossy().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("its content");
            (name, content)
        });
        let entries: Vec<_> = entries.collect();
        let mut names: Vec<_> = entries.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), entries.len(), "each name once");
        Self { pulled, bytes, entries }
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        match self.entries.iter().find(|(n, _)| n == name) {
            Some((_, content)) => content,
            None => panic!("no {name} among {:?}", self.names()),
        }
    }

    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(self.get(name)).expect("JSON")
    }

    /// `RepoTags` of the one image in it.
    pub(crate) fn repo_tags(&self) -> Vec<String> {
        let tags = self.manifest()["RepoTags"].clone();
        serde_json::from_value(tags).expect("a list of texts")
    }

    fn manifest(&self) -> Value {
        match self.json("manifest.json") {
            Value::Array(images) if images.len() == 1 => images[0].clone(),
            other => panic!("manifest.json is {other}"),
        }
    }

    /// The archive holds exactly this image: config, every layer in its order, and the digests as told.
    #[track_caller]
    pub(crate) fn holds(&self, image: &Pushed, kept: Kept) {
        assert_eq!(self.pulled.digest.as_str(), image.digest);
        assert_eq!(self.pulled.config_digest.as_str(), image.config_digest);
        let manifest = self.manifest();
        let config = self.get(manifest["Config"].as_str().expect("a name"));
        assert_eq!(config, image.config, "the config byte for byte");
        let names: Vec<&str> =
            manifest["Layers"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(names.len(), image.layers.len());
        for (n, (name, layer)) in names.iter().zip(&image.layers).enumerate() {
            // Not assert_eq: nobody reads megabytes of difference.
            assert!(self.get(name) == content(layer, kept), "layer {n} of {}: {name}", layer.digest);
        }
    }
}

fn content(layer: &Layer, kept: Kept) -> Vec<u8> {
    let decoded = match kept {
        Kept::ForDocker => layer.encoding == Encoding::Zstd,
        Kept::AsStored => false,
        Kept::Decoded => true,
    };
    if !decoded {
        return layer.content.bytes().to_vec();
    }
    let raw = layer.raw.as_ref().expect("a layer whose tar is known").to_vec();
    assert_eq!(sha256(&raw), layer.diff_id);
    raw
}
