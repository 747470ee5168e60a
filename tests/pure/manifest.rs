//! Manifests and indexes as registries really serve them.

use multicloudj_registry::manifest::{Compression, Document, Index, Manifest, media};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{SHA256, SHA512};

/// A descriptor.
pub(crate) fn descriptor(media_type: &str, digest: &str, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

pub(crate) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An OCI image manifest with one gzip layer.
pub(crate) fn image() -> Value {
    json!({
        "schemaVersion": 2, "mediaType": media::OCI_MANIFEST,
        "config": descriptor(media::OCI_CONFIG, SHA256, 2), "layers": [descriptor(GZIP, SHA256, 1)],
    })
}

/// An OCI index with one child.
pub(crate) fn index() -> Value {
    json!({
        "schemaVersion": 2, "mediaType": media::OCI_INDEX,
        "manifests": [descriptor(media::OCI_MANIFEST, SHA256, 7)],
    })
}

pub(crate) fn read(document: &Value, content_type: Option<&str>) -> multicloudj_registry::Result<Document> {
    Document::parse(document.to_string().as_bytes(), content_type)
}

pub(crate) fn manifest(document: &Value) -> Manifest {
    match read(document, None) {
        Ok(Document::Manifest(manifest)) => manifest,
        other => panic!("no manifest: {other:?}"),
    }
}

fn children(document: &Value) -> Index {
    match read(document, None) {
        Ok(Document::Index(index)) => index,
        other => panic!("no index: {other:?}"),
    }
}

#[test]
fn an_oci_image() {
    let mut document = image();
    document["annotations"] = json!({ "org.opencontainers.image.version": "1", "Layers": "only an annotation" });
    document["subject"] = descriptor(media::OCI_MANIFEST, SHA256, 3);
    let manifest = manifest(&document);
    assert_eq!((manifest.media_type.as_str(), manifest.config.size), (media::OCI_MANIFEST, 2));
    assert_eq!(manifest.layers.len(), 1);
    assert_eq!(manifest.layers[0].compression, Compression::Gzip);
    assert_eq!((manifest.layers[0].descriptor.digest.as_str(), manifest.layers[0].descriptor.size), (SHA256, 1));
}

#[test]
fn a_docker_image() {
    let document = json!({
        "schemaVersion": 2, "mediaType": media::DOCKER_MANIFEST,
        "config": descriptor(media::DOCKER_CONFIG, SHA256, 2),
        "layers": [descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", SHA256, 1)],
    });
    let manifest = manifest(&document);
    assert_eq!((manifest.media_type.as_str(), manifest.layers.len()), (media::DOCKER_MANIFEST, 1));
    // What Docker before 1.11 pushed.
    let mut old = document;
    old["config"]["mediaType"] = json!(media::OLD_CONFIG);
    assert!(matches!(read(&old, Some(media::DOCKER_MANIFEST)), Ok(Document::Manifest(_))));
}

#[test]
fn an_index_of_either_kind() {
    for (media_type, child) in [(media::OCI_INDEX, media::OCI_MANIFEST), (media::DOCKER_LIST, media::DOCKER_MANIFEST)] {
        let mut document = index();
        document["mediaType"] = json!(media_type);
        document["manifests"][0]["mediaType"] = json!(child);
        document["manifests"][0]["platform"] = json!({ "os": "linux", "architecture": "arm", "variant": "v7" });
        document["manifests"][0]["annotations"] = json!({ "a": "b" });
        let index = children(&document);
        let entry = &index.manifests[0];
        assert_eq!((entry.descriptor.digest.as_str(), entry.descriptor.size), (SHA256, 7));
        assert_eq!(entry.platform.as_ref().expect("a platform").to_string(), "linux/arm/v7");
        assert_eq!(entry.annotations["a"], "b");
    }
    assert!(children(&json!({ "schemaVersion": 2, "manifests": [] })).manifests.is_empty());
}

#[test]
fn the_type_may_stand_inside_outside_or_nowhere() {
    let typed = image();
    let mut untyped = image();
    untyped.as_object_mut().expect("an object").remove("mediaType");
    let mut empty = image();
    empty["mediaType"] = json!("");
    for document in [&typed, &untyped, &empty] {
        for content_type in [None, Some(""), Some(media::OCI_MANIFEST), Some("application/json"), Some("text/plain")] {
            let read = read(document, content_type).unwrap_or_else(|why| panic!("{content_type:?} {document}: {why}"));
            let Document::Manifest(manifest) = read else { panic!("no manifest: {read:?}") };
            assert_eq!(manifest.media_type, media::OCI_MANIFEST);
        }
    }
    let mut docker = untyped;
    docker["config"]["mediaType"] = json!(media::DOCKER_CONFIG);
    assert_eq!(manifest(&docker).media_type, media::DOCKER_MANIFEST, "named as its config does");
}

#[test]
fn every_kind_of_layer() {
    use Compression::{Gzip, None, Zstd};
    let oci = "application/vnd.oci.image.layer";
    let docker = "application/vnd.docker.image.rootfs";
    #[rustfmt::skip]
    let table = [
        (format!("{oci}.v1.tar"),                          None),
        (format!("{oci}.v1.tar+gzip"),                     Gzip),
        (format!("{oci}.v1.tar+zstd"),                     Zstd),
        (format!("{oci}.nondistributable.v1.tar"),         None),
        (format!("{oci}.nondistributable.v1.tar+gzip"),    Gzip),
        (format!("{oci}.nondistributable.v1.tar+zstd"),    Zstd),
        (format!("{docker}.diff.tar"),                     None),
        (format!("{docker}.diff.tar.gzip"),                Gzip),
        (format!("{docker}.diff.tar.zstd"),                Zstd),
        (format!("{docker}.foreign.diff.tar"),             None),
        (format!("{docker}.foreign.diff.tar.gzip"),        Gzip),
    ];
    for (media_type, compression) in table {
        let mut document = image();
        document["layers"][0]["mediaType"] = json!(media_type);
        assert_eq!(manifest(&document).layers[0].compression, compression, "{media_type}");
    }
}

#[test]
fn an_image_may_have_no_layers() {
    for layers in [json!([]), Value::Null] {
        let mut document = image();
        // Go writes an empty list that was never made as null.
        document["layers"] = layers;
        assert!(manifest(&document).layers.is_empty());
    }
    let mut document = image();
    document.as_object_mut().expect("an object").remove("layers");
    assert!(manifest(&document).layers.is_empty());
}

#[test]
fn a_layer_may_be_listed_twice() {
    let mut document = image();
    let other = descriptor(GZIP, SHA512, 9);
    document["layers"] = json!([descriptor(GZIP, SHA256, 1), other, descriptor(GZIP, SHA256, 1)]);
    let manifest = manifest(&document);
    assert_eq!(manifest.layers.len(), 3);
    let distinct: Vec<&str> = manifest.distinct_layers().iter().map(|l| l.descriptor.digest.as_str()).collect();
    assert_eq!(distinct, [SHA256, SHA512], "each where it comes first");
}

#[test]
fn sha512_is_as_good_as_sha256() {
    let mut document = image();
    document["config"]["digest"] = json!(SHA512);
    document["layers"][0]["digest"] = json!(SHA512);
    let manifest = manifest(&document);
    assert_eq!(manifest.config.digest.as_str(), SHA512);
    assert_eq!(manifest.layers[0].descriptor.digest.algorithm(), "sha512");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), content_type in any::<Option<String>>()) {
        let _ = Document::parse(&bytes, content_type.as_deref());
    }

    #[test]
    fn a_byte_changed_anywhere_does_not_make_it_panic(at in 0usize..400, byte in any::<u8>()) {
        for document in [image(), index()] {
            let mut bytes = document.to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Document::parse(&bytes, None);
        }
    }
}
