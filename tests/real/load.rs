//! Every kind of image, in both formats, read by those it is for: dockerd and skopeo.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::archive;
use crate::docker::docker;
use crate::fixture::{REPOSITORY, fixture, reference};
use crate::mcjr::{Pull, Pulled};
use crate::process::{have, run};
use crate::support::Pushed;
use crate::support::layer::Encoding;

const PARTS: &[&str] = &["docker-registry", "dockerd", "docker", "skopeo"];

/// The image is in the daemon, with its ID and layers, under its name if it has one.
fn loads(tar: &Path, image: &Pushed, tag: Option<&str>) {
    let docker = docker();
    docker.load(tar);
    let loaded = docker.image(&image.config_digest).expect("the image, by its ID");
    assert_eq!(loaded["Id"], json!(image.config_digest));
    // An image without layers has no list at all.
    assert_eq!(loaded["RootFS"]["Layers"].as_array().cloned().unwrap_or_default(), texts(&image.diff_ids()));
    assert_eq!(loaded["RepoTags"], json!(tag.as_slice()));
    docker.remove(&image.config_digest);
}

/// `skopeo inspect`, and a copy, which reads every byte and compares it with its digest.
fn skopeo(transport: &str, tar: &Path) -> Value {
    let scratch = tempfile::tempdir().expect("a folder");
    let source = format!("{transport}:{}", tar.display());
    let skopeo = || {
        let mut command = Command::new("skopeo");
        command.env("HOME", scratch.path()).env("TMPDIR", scratch.path()).arg("--insecure-policy");
        command
    };
    run(skopeo().args(["copy", "--quiet", &source]).arg(format!("dir:{}", scratch.path().join("copy").display())));
    serde_json::from_slice(&run(skopeo().args(["inspect", &source]))).expect("JSON")
}

fn texts(digests: &[String]) -> Vec<Value> {
    digests.iter().map(|digest| json!(digest)).collect()
}

/// Pulls the image in both formats and has both read.
fn both_formats(reference: &str, image: &Pushed, tag: Option<&str>) {
    if !have(PARTS) {
        return;
    }
    let open = &fixture().open;
    let name = tag.map(|tag| format!("{}/{REPOSITORY}:{tag}", open.authority));
    let pull = |options: &[&str]| {
        let pulled = Pull::new(open, reference).args(options).works();
        assert_eq!(pulled.result["digest"], json!(image.digest));
        assert_eq!(pulled.result["configDigest"], json!(image.config_digest));
        assert_eq!(pulled.result["tag"], json!(tag));
        pulled
    };
    let names = name.as_deref();
    let docker_tar = |pulled: &Pulled, layers: &[String]| {
        archive::holds(&pulled.file(), image, names.as_slice(), layers);
        loads(&pulled.file(), image, names);
        assert_eq!(skopeo("docker-archive", &pulled.file())["Layers"], json!(image.diff_ids()));
    };

    // As stored, but for zstd, which the daemon before 23 does not know.
    let stored = |(n, layer): (usize, String)| {
        if image.layers[n].encoding == Encoding::Zstd { image.layers[n].diff_id.clone() } else { layer }
    };
    let layers: Vec<_> = image.layer_digests().into_iter().enumerate().map(stored).collect();
    docker_tar(&pull(&[]), &layers);
    docker_tar(&pull(&["--layers", "uncompressed"]), &image.diff_ids());

    let pulled = pull(&["--format", "oci"]);
    archive::is_layout_of(&pulled.file(), image);
    archive::holds(&pulled.file(), image, names.as_slice(), &image.layer_digests());
    let seen = skopeo("oci-archive", &pulled.file());
    assert_eq!(seen["Digest"], json!(image.digest));
    assert_eq!(seen["Layers"], json!(image.layer_digests()));
    if image.layers.iter().all(|layer| layer.encoding != Encoding::Zstd) {
        loads(&pulled.file(), image, names);
    }
}

/// An image that needs nothing said.
fn tagged(name: &str) {
    if have(PARTS) {
        both_formats(&reference(name), fixture().image(name), Some(name));
    }
}

#[test]
fn gzip() {
    tagged("gzip");
}

#[test]
fn zstd() {
    tagged("zstd");
}

#[test]
fn never_compressed_with_docker_media_types() {
    tagged("plain");
}

#[test]
fn one_layer_twice() {
    tagged("duplicate");
}

#[test]
fn no_layer_at_all() {
    tagged("zero");
}

#[test]
fn a_large_layer() {
    tagged("large");
}

#[test]
fn pinned_by_digest() {
    if !have(PARTS) {
        return;
    }
    let image = fixture().image("pinned");
    both_formats(&format!("{REPOSITORY}@{}", image.digest), image, None);
    // The digest decides, the tag names, whether the registry has such a tag or not.
    both_formats(&format!("{REPOSITORY}:any-name@{}", image.digest), image, Some("any-name"));
}

#[test]
fn multi_arch() {
    if !have(PARTS) {
        return;
    }
    let index = fixture().image("index");
    // linux/amd64 unless told otherwise, though it stands third, behind an attestation.
    both_formats(&reference("index"), index.child("linux/amd64"), Some("index"));
    let pulled = Pull::new(&fixture().open, &reference("index")).works();
    assert_eq!(pulled.result["indexDigest"], json!(index.digest));

    // arm64 on its own means v8.
    let arm64 = index.child("linux/arm64/v8");
    let pulled = Pull::new(&fixture().open, &reference("index")).args(&["--platform", "linux/arm64"]).works();
    assert_eq!(pulled.result["configDigest"], json!(arm64.config_digest));
    loads(&pulled.file(), arm64, Some(&format!("{}/{}", fixture().open.authority, reference("index"))));
}
