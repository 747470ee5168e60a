//! Pulls that work: what is asked for, how often, and what is written.

use multicloudj_registry::ErrorKind::{InvalidArgument, NotFound};

use crate::archive::Kept;
use crate::fixture::Puller;
use crate::support::{Edge, Image, Index, Lie, Registry, catalogue, gzip, members, plain};

fn two_layers() -> Image {
    Image::new().layer(gzip(&[("a", b"first")])).layer(gzip(&[("b", b"second")]))
}

#[test]
fn one_request_for_each_part() {
    let registry = Registry::start();
    let image = two_layers().push(&registry, "team/app", "v1");
    let archive = Puller::at(&registry).works("team/app:v1");
    archive.holds(&image, Kept::ForDocker);

    assert_eq!(registry.requests().len(), 4, "manifest, config, two layers");
    assert_eq!(registry.count("GET", "/v2/team/app/manifests/v1"), 1);
    assert_eq!(registry.count("GET", &format!("/v2/team/app/blobs/{}", image.config_digest)), 1);
    for layer in &image.layers {
        assert_eq!(registry.count("GET", &format!("/v2/team/app/blobs/{}", layer.digest)), 1);
    }
    for request in registry.requests() {
        assert_eq!(request.authorization(), None);
        assert_eq!(request.header("accept-encoding"), Some("identity"), "the bytes as they are");
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("multicloudj-registry/")));
        assert_eq!(request.header("range"), None);
        assert_eq!(request.header("referer"), None);
        assert_eq!(request.header("cookie"), None);
    }
}

#[test]
fn the_result_tells_what_was_pulled() {
    let registry = Registry::start();
    let image = two_layers().push(&registry, "app", "v1");
    let puller = Puller::at(&registry);
    let pulled = puller.works("app:v1").pulled;
    assert_eq!(pulled.saved_path, puller.file());
    assert_eq!((pulled.digest.as_str(), pulled.config_digest.as_str()), (&*image.digest, &*image.config_digest));
    assert_eq!((pulled.tag.as_deref(), pulled.index_digest), (Some("v1"), None));
    assert_eq!(pulled.platform.to_string(), "linux/amd64");
}

#[test]
fn the_name_in_the_archive_is_the_callers() {
    let registry = Registry::start();
    let hostile = two_layers().edit_manifest(|manifest| {
        manifest["annotations"] = serde_json::json!({
            "org.opencontainers.image.ref.name": "evil:latest", "io.containerd.image.name": "docker.io/library/evil:latest",
        });
    });
    let image = hostile.push(&registry, "team/app", "v1");
    let puller = Puller::at(&registry);
    let name = format!("{}/team/app:v1", registry.host());
    assert_eq!(puller.works("team/app:v1").repo_tags(), [name.as_str()]);
    assert_eq!(puller.works(&format!("team/app:v1@{}", image.digest)).repo_tags(), [name.as_str()]);
    assert_eq!(puller.works(&format!("team/app@{}", image.digest)).repo_tags(), [""; 0]);
    let latest = two_layers().push(&registry, "team/app", "latest");
    let archive = puller.works("team/app");
    archive.holds(&latest, Kept::ForDocker);
    assert_eq!(archive.repo_tags(), [format!("{}/team/app:latest", registry.host())]);
}

#[test]
fn a_digest_is_asked_for_by_digest() {
    let registry = Registry::start();
    let image = two_layers().push(&registry, "app", "v1");
    two_layers().layer(plain(&[("c", b"moved on")])).push(&registry, "app", "v1");
    let archive = Puller::at(&registry).works(&format!("app:v1@{}", image.digest));
    archive.holds(&image, Kept::ForDocker);
    assert_eq!(archive.pulled.tag.as_deref(), Some("v1"));
    assert_eq!(registry.count("GET", "/v2/app/manifests/v1"), 0);
    assert_eq!(registry.count("GET", &format!("/v2/app/manifests/{}", image.digest)), 1);
}

#[test]
fn a_host_in_the_reference_must_be_the_endpoint() {
    let registry = Registry::start();
    let image = two_layers().push(&registry, "app", "v1");
    let puller = Puller::with(&registry, &[("repository", "team")]);
    puller.works(&registry.reference("app", "v1")).holds(&image, Kept::ForDocker);
    registry.reset();
    for other in ["example.com/app:v1", "localhost/app:v1", "127.0.0.1:1/app:v1", "docker.io/app"] {
        puller.fails(other, InvalidArgument, registry.url());
    }
    assert!(registry.requests().is_empty());
}

#[test]
fn the_clients_repository_comes_in_front() {
    let registry = Registry::start();
    let image = two_layers().push(&registry, "team/app", "v1");
    for (repository, reference) in [("team", "app:v1"), ("team", "team/app:v1"), ("team/app", ":v1")] {
        let archive = Puller::with(&registry, &[("repository", repository)]).works(reference);
        archive.holds(&image, Kept::ForDocker);
    }
}

#[test]
fn an_index_costs_one_request_more() {
    let registry = Registry::start();
    let index = catalogue::multi(&registry, "app", "multi");
    let archive = Puller::at(&registry).works("app:multi");
    archive.holds(index.child("linux/amd64"), Kept::ForDocker);
    assert_eq!(archive.pulled.index_digest.as_ref().expect("an index").as_str(), index.digest);
    assert_eq!(registry.requests().len(), 5, "index, manifest, config, two layers");
    assert_eq!(archive.repo_tags(), [format!("{}/app:multi", registry.host())]);
}

#[test]
fn another_platform_of_an_index() {
    let registry = Registry::start();
    let index = catalogue::multi(&registry, "app", "multi");
    let arm = Puller::with(&registry, &[("platform", "linux/arm64")]);
    let archive = arm.works("app:multi");
    archive.holds(index.child("linux/arm64/v8"), Kept::ForDocker);
    assert_eq!(archive.pulled.platform.to_string(), "linux/arm64/v8");
    // The pull's own word counts before the client's.
    let windows =
        Puller::with(&registry, &[("platform", "linux/arm64")]).option("platform", "windows/amd64:10.0.20348");
    windows.works("app:multi").holds(index.child("windows:10.0.20348.2227/amd64"), Kept::ForDocker);
    let why = arm.option("platform", "linux/s390x").fails("app:multi", NotFound, "no image for platform linux/s390x");
    assert!(why.to_string().contains("linux/arm/v6"), "{why} lists what is there");
}

#[test]
fn features_alone_are_not_forgotten() {
    let registry = Registry::start();
    catalogue::multi(&registry, "app", "multi");
    let why = Puller::at(&registry).option("os-features", "win32k");
    why.fails("app:multi", NotFound, "no image for platform linux/amd64");
}

#[test]
fn a_single_image_must_be_what_was_asked_for() {
    let registry = Registry::start();
    let image = two_layers().platform("linux/arm64/v8").push(&registry, "app", "arm");
    Puller::at(&registry).works("app:arm").holds(&image, Kept::ForDocker);
    Puller::at(&registry).option("platform", "linux/arm64").works("app:arm").holds(&image, Kept::ForDocker);
    let why = Puller::at(&registry).option("platform", "linux/amd64");
    why.fails("app:arm", NotFound, "the image is for linux/arm64/v8, not for linux/amd64");
}

#[test]
fn a_layer_listed_twice_is_fetched_once() {
    let registry = Registry::start();
    let same = gzip(&[("a", b"twice")]);
    let image = Image::new().layer(same.clone()).layer(gzip(&[("b", b"x")])).layer(same).push(&registry, "app", "dup");
    let archive = Puller::at(&registry).works("app:dup");
    archive.holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 4, "manifest, config, two distinct layers");
    assert_eq!(archive.names().len(), 5, "VERSION, manifest.json, config, two distinct layers");
}

#[test]
fn an_image_without_layers() {
    let registry = Registry::start();
    for (tag, image) in [
        ("list", Image::new()),
        ("null", Image::new().edit_config(|config| config["rootfs"]["diff_ids"] = serde_json::Value::Null)),
    ] {
        registry.reset();
        let image = image.push(&registry, "app", tag);
        Puller::at(&registry).works(&format!("app:{tag}")).holds(&image, Kept::ForDocker);
        assert_eq!(registry.requests().len(), 2);
    }
}

#[test]
fn every_shape_of_the_catalogue() {
    let registry = Registry::start();
    catalogue::fill(&registry, "app");
    let puller = Puller::at(&registry);
    for tag in ["gzip", "zstd", "plain", "dup", "members", "docker2", "empty", "arm"] {
        let image = registry.store().images()[&format!("app:{tag}")].clone();
        puller.works(&format!("app:{tag}")).holds(&image, Kept::ForDocker);
    }
}

#[test]
fn layers_stay_as_they_are_served() {
    let registry = Registry::start();
    let image = Image::new()
        .docker()
        .layer(members(&[("a", &[7; 5000])]))
        .layer(plain(&[("b", b"plain")]))
        // No tar at all: as long as the digest fits it is not ours to judge.
        .layer(crate::support::Layer::blob("application/vnd.docker.image.rootfs.diff.tar.gzip", "not gzip"))
        .push(&registry, "app", "v1");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::AsStored);
}

#[test]
fn urls_of_foreign_layers_are_never_asked() {
    let registry = Registry::start();
    let foreign = |text: &[u8]| {
        let media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        gzip(&[("f", text)]).media_type(media_type).url(&format!("{}/foreign", registry.other_url()))
    };
    let image = Image::new().layer(foreign(b"here")).push(&registry, "app", "here");
    Puller::at(&registry).works("app:here").holds(&image, Kept::ForDocker);
    Image::new().layer(foreign(b"gone")).wrong(Edge::Layer(0), Lie::Missing).push(&registry, "app", "gone");
    Puller::at(&registry).fails("app:gone", NotFound, "BLOB_UNKNOWN");
    assert_eq!(registry.count("*", "other:*"), 0);
}

#[test]
fn connections_are_used_again() {
    let registry = Registry::start();
    two_layers().push(&registry, "app", "v1");
    let puller = Puller::with(&registry, &[("max-connections", "1")]);
    for _ in 0..3 {
        puller.works("app:v1");
    }
    assert_eq!(registry.requests().len(), 12);
    // Not exactly one: a connection is free a moment after its answer has been read.
    assert!(registry.connections() <= 4, "{}", registry.connections());
}

#[test]
fn the_only_image_of_a_docker_list() {
    let registry = Registry::start();
    let only = two_layers();
    let index = Index::new()
        .docker()
        .attestation()
        .image(only.docker().platform("linux/riscv64"))
        .push(&registry, "app", "one");
    let archive = Puller::at(&registry).works("app:one");
    archive.holds(index.child("linux/riscv64"), Kept::ForDocker);
}
