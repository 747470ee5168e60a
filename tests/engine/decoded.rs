//! Layers that are decoded on their way: zstd for Docker, everything for `uncompressed`.

use multicloudj_registry::ErrorKind::InvalidArgument;

use crate::archive::Kept;
use crate::fixture::Puller;
use crate::support::layer::Encoding;
use crate::support::{Content, Image, Layer, Registry, gzip, members, plain, zstd};

fn noise(seed: u64, len: u64) -> Vec<u8> {
    Content::generated(seed, len).bytes().to_vec()
}

/// A blob that claims to be `media_type` and decodes to `raw`.
fn layer(media_type: &str, blob: Vec<u8>, raw: &Layer) -> Layer {
    let kind = if media_type.ends_with("zstd") { Encoding::Zstd } else { Encoding::Gzip };
    Layer { encoding: kind, diff_id: raw.diff_id.clone(), raw: raw.raw.clone(), ..Layer::blob(media_type, blob) }
}

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";

#[test]
fn zstd_is_decoded_for_docker() {
    let registry = Registry::start();
    let image = Image::new()
        .layer(gzip(&[("a", b"gzip")]))
        .layer(zstd(&[("b", &noise(1, 300_000))]))
        .layer(plain(&[("c", b"plain")]))
        .layer(zstd(&[("d", b"zstd")]))
        .push(&registry, "app", "v1");
    let archive = Puller::at(&registry).works("app:v1");
    archive.holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 6);
    let order: Vec<_> = archive.names().into_iter().skip(3).map(str::to_owned).collect();
    let name = |n: usize| format!("{}/layer.tar", image.layers[n].digest.replace(':', "_"));
    assert_eq!(
        order,
        [name(0), name(2), name(1), name(3)],
        "those of known size first, the decoded ones in their order"
    );
}

#[test]
fn everything_is_decoded_when_asked_for() {
    let registry = Registry::start();
    let image = Image::new()
        .layer(gzip(&[("a", b"gzip")]))
        .layer(members(&[("m", &noise(2, 20_000))]))
        .layer(zstd(&[("b", b"zstd")]))
        .layer(plain(&[("c", b"plain")]))
        .layer(gzip(&[("a", b"gzip")]))
        .push(&registry, "app", "v1");
    let archive = Puller::at(&registry).option("layers", "uncompressed").works("app:v1");
    archive.holds(&image, Kept::Decoded);
    assert_eq!(registry.requests().len(), 6, "the one listed twice is fetched once");
}

#[test]
fn a_decoded_oci_archive_makes_no_sense() {
    let registry = Registry::start();
    Image::new().push(&registry, "app", "v1");
    let puller = Puller::at(&registry).option("format", "oci").option("layers", "uncompressed");
    puller.fails("app:v1", InvalidArgument, "an OCI archive keeps layers as stored");
    assert!(registry.requests().is_empty());
}

#[test]
fn one_that_is_ready_early_waits_for_its_turn() {
    let registry = Registry::start();
    let layers: Vec<Layer> = (0..9).map(|n| zstd(&[("file", &noise(n, 50_000 * n + 1))])).collect();
    let image = layers.into_iter().fold(Image::new(), Image::layer).push(&registry, "app", "v1");
    // The first is the slowest: all others go to staging files and are moved.
    registry.fault(&format!("GET /v2/app/blobs/{} delay=300", image.layers[0].digest));
    registry.fault(&format!("GET /v2/app/blobs/{} trickle=20000/5", image.layers[4].digest));
    let archive = Puller::at(&registry).works("app:v1");
    archive.holds(&image, Kept::ForDocker);
    let name = |layer: &Layer| format!("{}/layer.tar", layer.digest.replace(':', "_"));
    let expected: Vec<_> = image.layers.iter().map(name).collect();
    assert_eq!(archive.names()[3..], expected, "in the image's order");
}

#[test]
fn members_and_frames_are_all_read() {
    let registry = Registry::start();
    let tar = plain(&[("file", &noise(5, 100_000))]);
    let raw = tar.raw.clone().expect("a tar");
    let frames: Vec<u8> =
        raw.chunks(10_000).flat_map(|piece| ::zstd::bulk::compress(piece, 3).expect("zstd")).collect();
    // zstd:chunked and the like put frames that decoders skip in between and at the end.
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"skip"].concat();
    let image = Image::new()
        .layer(layer(ZSTD, frames.clone(), &tar))
        .layer(layer(ZSTD, [&frames[..], &skippable].concat(), &tar))
        .layer(layer(ZSTD, [&skippable[..], &frames].concat(), &tar))
        .push(&registry, "app", "v1");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1").holds(&image, Kept::Decoded);
}

#[test]
fn the_bytes_decide_not_the_type() {
    let registry = Registry::start();
    let (tar, z, g) = (plain(&[("a", b"x")]), zstd(&[("a", b"x")]), gzip(&[("a", b"x")]));
    let blob = |layer: &Layer| layer.content.bytes().to_vec();
    let image = Image::new()
        .layer(layer(ZSTD, blob(&g), &tar))
        .layer(layer(GZIP, blob(&z), &tar))
        .layer(layer(PLAIN, [blob(&g), Vec::new()].concat(), &tar).media_type(PLAIN))
        .push(&registry, "app", "v1");
    // The first and third blobs are one: listed with two types.
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1").holds(&image, Kept::Decoded);
    // A zstd layer that calls itself zstd but is gzip comes out decoded, too.
    let image = Image::new().layer(layer(ZSTD, blob(&g), &tar)).push(&registry, "app", "v2");
    Puller::at(&registry).works("app:v2").holds(&image, Kept::ForDocker);
}

#[test]
fn how_the_bytes_are_cut_up_does_not_matter() {
    let registry = Registry::start();
    let image = Image::new()
        .layer(zstd(&[("a", b"zstd")]))
        .layer(gzip(&[("b", b"gzip")]))
        .layer(plain(&[("c", b"plain")]))
        .push(&registry, "app", "v1");
    // The first piece is one byte: too short to tell a format by.
    for layer in &image.layers[..2] {
        registry.fault(&format!("GET /v2/app/blobs/{} trickle=1/1", layer.digest));
    }
    registry.fault(&format!("GET /v2/app/blobs/{} trickle=3/1", image.layers[2].digest));
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1").holds(&image, Kept::Decoded);
}
