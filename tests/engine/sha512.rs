//! Images whose digests are SHA-512, as the OCI image spec allows.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::archive::Archive;
use crate::fixture::Puller;
use crate::support::layer::Encoding;
use crate::support::{Image, Layer, Registry, gzip, zstd};

fn sha512(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha512::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha512:{}", hex.concat())
}

/// Pushes an image that names everything by SHA-512; returns its digest and its layers.
fn push(registry: &Registry) -> (String, Vec<Layer>) {
    let mut layers = vec![gzip(&[("a", b"gzip")]), zstd(&[("b", b"zstd")])];
    for layer in &mut layers {
        layer.digest = sha512(&layer.content.bytes());
        layer.diff_id = sha512(layer.raw.as_ref().expect("a tar"));
        registry.store().put_blob_at("app", &layer.digest, layer.content.clone());
    }
    let ids = layers.iter().map(|layer| layer.diff_id.clone());
    let like =
        Image::new().layer(layers[0].clone()).layer(layers[1].clone()).diff_ids(ids).push(registry, "app", "like");
    let mut manifest: Value = serde_json::from_slice(&like.manifest).expect("JSON");
    manifest["config"]["digest"] = json!(sha512(&like.config));
    registry.store().put_blob_at("app", &sha512(&like.config), like.config.clone());
    let (media_type, body) = (like.media_type, manifest.to_string());
    let digest = sha512(body.as_bytes());
    registry.store().put_manifest_at("app", "v1", &digest, &media_type, body);
    (digest, layers)
}

fn layer_names(archive: &Archive) -> Vec<String> {
    serde_json::from_value(archive.json("manifest.json")[0]["Layers"].clone()).expect("names")
}

#[test]
fn pinned_and_for_docker() {
    let registry = Registry::start();
    let (digest, layers) = push(&registry);
    let archive = Puller::at(&registry).works(&format!("app@{digest}"));
    assert_eq!(archive.pulled.digest.as_str(), digest);
    for (name, layer) in layer_names(&archive).iter().zip(&layers) {
        assert_eq!(*name, format!("sha512_{}/layer.tar", &layer.digest[7..71]));
        let raw = layer.raw.as_ref().expect("a tar");
        let expected = if layer.encoding == Encoding::Zstd { raw.to_vec() } else { layer.content.bytes().to_vec() };
        assert!(archive.get(name) == expected);
    }
}

#[test]
fn in_an_oci_archive() {
    let registry = Registry::start();
    let (digest, layers) = push(&registry);
    let archive = Puller::at(&registry).option("format", "oci").works(&format!("app:v1@{digest}"));
    for (name, layer) in layer_names(&archive).iter().zip(&layers) {
        assert_eq!(*name, format!("blobs/{}", layer.digest.replace(':', "/")), "longer than a tar header's name");
        assert!(archive.get(name) == layer.content.bytes());
    }
    assert_eq!(archive.json("index.json")["manifests"][0]["digest"], json!(digest));
}

#[test]
fn by_a_tag_the_header_is_compared() {
    let registry = Registry::start();
    let (digest, _) = push(&registry);
    let archive = Puller::at(&registry).works("app:v1");
    assert_eq!(archive.pulled.digest.algorithm(), "sha256", "nobody asked for another");
    registry.fault(&format!("GET /v2/app/manifests/v1 digest-header={}0", &digest[..digest.len() - 1]));
    Puller::at(&registry).fails("app:v1", multicloudj_registry::ErrorKind::Integrity, "Docker-Content-Digest");
}
