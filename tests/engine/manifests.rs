//! Manifests and indexes that are not what they seem.

use multicloudj_registry::ErrorKind::{Integrity, Malformed, NotFound, Unsupported};
use serde_json::json;

use crate::archive::Kept;
use crate::fixture::Puller;
use crate::support::{Edge, Image, Index, Lie, Registry, gzip, odd};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn image() -> Image {
    Image::new().layer(gzip(&[("a", b"x")]))
}

/// Pulls `app:v1`, or the digest that is given, and expects no more than `requests`.
#[track_caller]
fn fails(registry: &Registry, reference: &str, kind: multicloudj_registry::ErrorKind, words: &str, requests: usize) {
    Puller::at(registry).fails(reference, kind, words);
    assert_eq!(registry.requests().len(), requests);
}

#[test]
fn a_pinned_manifest_that_was_swapped() {
    let registry = Registry::start();
    let honest = image().push(&registry, "app", "v1");
    let other = image().layer(gzip(&[("b", b"evil")])).push(&registry, "app", "evil");
    let swap = format!("GET /v2/app/manifests/sha256:* swap=/v2/app/manifests/{}", other.digest);
    // With the header of the right one, of the wrong one, without one: the bytes decide.
    for header in ["", &format!(" digest-header={}", other.digest), " digest-header=none"] {
        registry.reset();
        registry.fault(&format!("{swap}{header}"));
        fails(&registry, &format!("app@{}", honest.digest), Integrity, &honest.digest, 1);
    }
}

#[test]
fn the_digest_header_is_compared_and_no_more() {
    let registry = Registry::start();
    let honest = image().push(&registry, "app", "v1");
    let other = image().layer(gzip(&[("b", b"x")])).push(&registry, "app", "other");
    registry.fault("GET /v2/app/manifests/v1 digest-header=none");
    let archive = Puller::at(&registry).works("app:v1");
    archive.holds(&honest, Kept::ForDocker);
    for (header, kind) in [
        (other.digest.as_str(), Integrity),
        ("sha256:../x", Malformed),
        ("junk", Malformed),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", Unsupported),
    ] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/manifests/v1 digest-header={header}"));
        fails(&registry, "app:v1", kind, "", 1);
    }
}

#[test]
fn a_flipped_bit_is_noticed_even_without_a_pin() {
    let registry = Registry::start();
    image().wrong(Edge::Manifest, Lie::Bytes).push(&registry, "app", "v1");
    fails(&registry, "app:v1", Integrity, "Docker-Content-Digest", 1);
}

#[test]
fn children_that_are_not_what_the_index_says() {
    for (lie, kind) in [
        (Lie::Bytes, Integrity),
        (Lie::Size(1), Integrity),
        (Lie::Size(-1), Integrity),
        (Lie::SizeIs(0), Integrity),
        (Lie::Served(1), Integrity),
        (Lie::Missing, NotFound),
    ] {
        let registry = Registry::start();
        Index::new().image(image()).wrong(Edge::Child(0), lie).push(&registry, "app", "v1");
        fails(&registry, "app:v1", kind, "get manifest", 2);
    }
}

#[test]
fn a_child_whose_type_the_index_belies() {
    let registry = Registry::start();
    Index::new()
        .image(image())
        .edit(|index| index["manifests"][0]["mediaType"] = json!(INDEX))
        .push(&registry, "app", "v1");
    fails(&registry, "app:v1", Malformed, INDEX, 2);
    registry.reset();
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    Index::new()
        .image(image())
        .edit(move |index| index["manifests"][0]["mediaType"] = json!(docker))
        .push(&registry, "app", "v1");
    fails(&registry, "app:v1", Malformed, docker, 2);
}

#[test]
fn an_index_of_indexes() {
    let registry = Registry::start();
    let inner = Index::new().image(image()).push(&registry, "app", "inner");
    let outer = Index::new().pushed(inner).edit(|index| {
        index["manifests"][0]["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    });
    outer.push(&registry, "app", "v1");
    fails(&registry, "app:v1", Unsupported, "an index of indexes", 2);
}

#[test]
fn documents_that_are_no_image() {
    let registry = Registry::start();
    odd::schema1(&registry, "app", "schema1");
    odd::helm(&registry, "app", "helm");
    odd::both(&registry, "app", "both");
    odd::artifact(&registry, "app", "artifact", "application/vnd.example.sbom");
    for (tag, kind, words) in [
        ("schema1", Unsupported, "schema 1"),
        ("helm", Unsupported, "application/vnd.cncf.helm.config.v1+json"),
        ("both", Malformed, "both an image manifest and an index"),
        ("artifact", Unsupported, "application/vnd.example.sbom"),
    ] {
        registry.reset();
        fails(&registry, &format!("app:{tag}"), kind, words, 1);
    }
}

#[test]
fn types_that_disagree() {
    let registry = Registry::start();
    let honest = image().push(&registry, "app", "v1");
    registry.fault(&format!("GET /v2/app/manifests/v1 once content-type={INDEX}"));
    fails(&registry, "app:v1", Malformed, "but was sent as", 1);
    for fine in
        ["none", "application/json", "text/plain", "\"application/vnd.oci.image.manifest.v1+json; charset=utf-8\""]
    {
        registry.reset();
        let fault = match fine.strip_prefix('"') {
            Some(rest) => format!("GET /v2/app/manifests/v1 \"content-type={rest}"),
            None => format!("GET /v2/app/manifests/v1 content-type={fine}"),
        };
        registry.fault(&fault);
        Puller::at(&registry).works("app:v1").holds(&honest, Kept::ForDocker);
    }
}

#[test]
fn bodies_that_are_no_document() {
    for body in ["", "{", "null", "[]", "<html>moved</html>", "{}"] {
        let registry = Registry::start();
        image().push(&registry, "app", "v1");
        registry.fault(&format!("GET /v2/app/manifests/v1 digest-header=none body=\"{body}\""));
        fails(&registry, "app:v1", Malformed, "get manifest", 1);
    }
    let registry = Registry::start();
    odd::document(&registry, "app", "deep", MANIFEST, &format!("{{\"layers\":{}", "[".repeat(1_000_000)));
    fails(&registry, "app:deep", Malformed, "no manifest", 1);
}

#[test]
fn a_tag_that_moves_while_it_is_pulled() {
    let registry = Registry::start();
    let index = Index::new().image(image()).push(&registry, "app", "v1");
    let store = registry.store().clone();
    registry.on("GET /v2/app/manifests/v1 once", move |_, _| {
        image().layer(gzip(&[("b", b"newer")])).push(&store, "app", "v1");
    });
    let archive = Puller::at(&registry).works("app:v1");
    archive.holds(index.child("linux/amd64"), Kept::ForDocker);
    assert_eq!(registry.count("GET", "/v2/app/manifests/v1"), 1, "resolved once, then digests only");
}

/// A docker archive fetches the config beside the layers, an OCI archive before them.
fn fails_in_both_formats(registry: &Registry, kind: multicloudj_registry::ErrorKind, words: &str) {
    Puller::at(registry).fails("app:v1", kind, words);
    registry.reset();
    Puller::at(registry).option("format", "oci").fails("app:v1", kind, words);
    assert_eq!(registry.requests().len(), 2, "manifest and config");
}

#[test]
fn diff_ids_that_do_not_fit() {
    let id = |n: u8| format!("sha256:{}", format!("{n:02x}").repeat(32));
    for (ids, words) in
        [(vec![], "0 diffIDs for 2 layers"), (vec![id(1)], "1 diffIDs"), (vec![id(1), id(2), id(3)], "3 diffIDs")]
    {
        let registry = Registry::start();
        image().layer(gzip(&[("b", b"y")])).diff_ids(ids).push(&registry, "app", "v1");
        fails_in_both_formats(&registry, Malformed, words);
    }
    let registry = Registry::start();
    let same = gzip(&[("a", b"x")]);
    Image::new().layer(same.clone()).layer(same).diff_ids([id(1), id(2)]).push(&registry, "app", "v1");
    fails_in_both_formats(&registry, Malformed, "listed twice with different diffIDs");
}

#[test]
fn one_blob_that_is_config_and_layer() {
    // Contrived, but the archive must name it once.
    let registry = Registry::start();
    let config = Image::new().push(&registry, "app", "x").config;
    registry.store().put_blob("app", config.clone());
    let lists = |format: &str| {
        let layer = crate::support::Layer::blob("application/vnd.oci.image.layer.v1.tar", config.clone());
        let document = json!({ "schemaVersion": 2, "mediaType": MANIFEST,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": layer.digest, "size": layer.size },
            "layers": [] });
        odd::document(&registry, "app", format, MANIFEST, &document.to_string());
    };
    lists("v1");
    Puller::at(&registry).option("format", "oci").works("app:v1");
}
