//! The OCI archive: the registry's own bytes, so that its digests survive.

use serde_json::json;

use crate::archive::{Archive, Kept};
use crate::fixture::Puller;
use crate::support::{Image, Pushed, Registry, catalogue, gzip, plain, sha256, zstd};

fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

/// Everything the layout must have, and nothing else.
#[track_caller]
fn is_layout(archive: &Archive, image: &Pushed) {
    archive.holds(image, Kept::AsStored);
    assert_eq!(archive.json("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }));
    assert_eq!(archive.get(&blob(&image.digest)), image.manifest, "the manifest byte for byte");
    let mut expected = vec!["oci-layout".to_owned(), "index.json".to_owned(), "manifest.json".to_owned()];
    expected.extend([blob(&image.digest), blob(&image.config_digest)]);
    for layer in &image.layers {
        if !expected.contains(&blob(&layer.digest)) {
            expected.push(blob(&layer.digest));
        }
    }
    assert_eq!(archive.names(), expected);
    for name in archive.names().into_iter().filter(|name| name.starts_with("blobs/")) {
        assert_eq!(blob(&sha256(archive.get(name))), name, "the name is the digest");
    }
}

#[test]
fn every_encoding_as_it_is_stored() {
    let registry = Registry::start();
    let image = Image::new()
        .layer(gzip(&[("a", b"gzip")]))
        .layer(zstd(&[("b", b"zstd")]))
        .layer(plain(&[("c", b"plain")]))
        .layer(gzip(&[("a", b"gzip")]))
        .push(&registry, "team/app", "v1");
    let archive = Puller::at(&registry).option("format", "oci").works("team/app:v1");
    is_layout(&archive, &image);
    let name = format!("{}/team/app:v1", registry.host());
    assert_eq!(archive.repo_tags(), [name.as_str()]);
    assert_eq!(
        archive.json("index.json"),
        json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{
                "mediaType": image.media_type, "digest": image.digest, "size": image.manifest.len(),
                "platform": { "architecture": "amd64", "os": "linux" },
                "annotations": { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": "v1" },
            }],
        })
    );
}

#[test]
fn one_image_of_an_index() {
    let registry = Registry::start();
    let index = catalogue::multi(&registry, "app", "multi");
    let puller = Puller::at(&registry).option("format", "oci").option("platform", "windows/amd64:10.0.20348");
    let archive = puller.works("app:multi");
    is_layout(&archive, index.child("windows:10.0.20348.2227/amd64"));
    let platform = json!({ "architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2227" });
    assert_eq!(archive.json("index.json")["manifests"][0]["platform"], platform);
}

#[test]
fn a_docker_image_keeps_its_types() {
    let registry = Registry::start();
    let image = Image::new().docker().layer(gzip(&[("a", b"x")])).push(&registry, "app", "v1");
    let archive = Puller::at(&registry).option("format", "oci").works("app:v1");
    is_layout(&archive, &image);
    let media_type = archive.json("index.json")["manifests"][0]["mediaType"].clone();
    assert_eq!(media_type, "application/vnd.docker.distribution.manifest.v2+json");
}

#[test]
fn without_a_tag_there_is_no_name() {
    let registry = Registry::start();
    let image = Image::new().layer(gzip(&[("a", b"x")])).push(&registry, "app", "v1");
    let archive = Puller::at(&registry).option("format", "oci").works(&format!("app@{}", image.digest));
    is_layout(&archive, &image);
    assert!(archive.repo_tags().is_empty());
    assert!(archive.json("index.json")["manifests"][0].get("annotations").is_none());
}

#[test]
fn an_image_without_layers() {
    let registry = Registry::start();
    let image = Image::new().push(&registry, "app", "v1");
    is_layout(&Puller::at(&registry).option("format", "oci").works("app:v1"), &image);
}
