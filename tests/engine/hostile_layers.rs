//! Layers that do not decode to what the config says, or to far too much.

use multicloudj_registry::ErrorKind::{self, Integrity, Malformed, Unsupported};

use crate::fixture::Puller;
use crate::support::layer::gzip_bytes;
use crate::support::{Content, Image, Layer, Registry, gzip, plain, sha256, zstd};

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

/// Pulls an image of this one layer, decoded, and expects a failure that names the layer.
#[track_caller]
fn fails(layer: Layer, kind: ErrorKind, words: &str) {
    let registry = Registry::start();
    let digest = layer.digest.clone();
    Image::new().layer(layer).push(&registry, "app", "v1");
    let why = Puller::at(&registry).option("layers", "uncompressed").fails("app:v1", kind, words);
    assert!(why.to_string().contains(&digest), "{why} does not name {digest}");
}

/// A blob of this type whose diffID is that of `raw`.
fn blob(media_type: &str, bytes: Vec<u8>, raw: &[u8]) -> Layer {
    Layer { diff_id: sha256(raw), ..Layer::blob(media_type, bytes) }
}

fn tar() -> Vec<u8> {
    plain(&[("file", &Content::generated(9, 70_000).bytes())]).content.bytes().to_vec()
}

#[test]
fn another_diff_id() {
    for layer in [gzip(&[("a", b"x")]), zstd(&[("a", b"x")]), plain(&[("a", b"x")])] {
        fails(Layer { diff_id: sha256(b"other"), ..layer }, Integrity, "does not match its diffID");
    }
    // zstd is decoded for Docker whether asked for or not.
    let registry = Registry::start();
    Image::new().layer(Layer { diff_id: sha256(b"other"), ..zstd(&[("a", b"x")]) }).push(&registry, "app", "v1");
    Puller::at(&registry).fails("app:v1", Integrity, "does not match its diffID");
}

#[test]
fn swapped_diff_ids() {
    let registry = Registry::start();
    let (a, b) = (zstd(&[("a", b"x")]), zstd(&[("b", b"y")]));
    let swapped = [b.diff_id.clone(), a.diff_id.clone()];
    Image::new().layer(a).layer(b).diff_ids(swapped).push(&registry, "app", "v1");
    Puller::at(&registry).fails("app:v1", Integrity, "does not match its diffID");
}

#[test]
fn truncated() {
    let raw = tar();
    let (g, z) = (gzip_bytes(&raw), ::zstd::bulk::compress(&raw, 3).expect("zstd"));
    for keep in [1, 5, 12, g.len() / 2, g.len() - 8, g.len() - 1] {
        let kind = if keep == 1 { Integrity } else { Malformed };
        fails(blob(GZIP, g[..keep].to_vec(), &raw), kind, "");
    }
    for keep in [4, 5, 12, z.len() / 2, z.len() - 1] {
        fails(blob(ZSTD, z[..keep].to_vec(), &raw), Malformed, "cannot be decoded");
    }
}

#[test]
fn something_else_behind_the_end() {
    let raw = tar();
    let (g, z) = (gzip_bytes(&raw), ::zstd::bulk::compress(&raw, 3).expect("zstd"));
    // Two tools would see two different layers.
    fails(blob(GZIP, [&g[..], b"garbage"].concat(), &raw), Malformed, "");
    fails(blob(ZSTD, [&z[..], b"garbage"].concat(), &raw), Malformed, "");
    // Padding, too: Docker's reader would not take it either.
    fails(blob(GZIP, [&g[..], &[0; 512]].concat(), &raw), Malformed, "");
    fails(blob(ZSTD, [&z[..], &[0; 512]].concat(), &raw), Malformed, "");
    fails(blob(GZIP, [&g[..], &gzip_bytes(b"more")].concat(), &raw), Integrity, "does not match its diffID");
    fails(
        blob(ZSTD, [&z[..], &::zstd::bulk::compress(b"more", 3).expect("zstd")].concat(), &raw),
        Integrity,
        "does not match its diffID",
    );
    fails(blob(GZIP, [&g[..], &z].concat(), &raw), Malformed, "");
    fails(blob(ZSTD, [&z[..], &g].concat(), &raw), Malformed, "");
}

#[test]
fn corrupted() {
    let raw = tar();
    let mut g = gzip_bytes(&raw);
    let crc = g.len() - 8;
    g[crc] ^= 1;
    fails(blob(GZIP, g, &raw), Malformed, "cannot be decoded");
}

#[test]
fn a_bomb() {
    // 192 MiB of zeros in some kilobytes.
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).expect("zstd");
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 192 << 20), &mut encoder).expect("zeros");
    let bomb = encoder.finish().expect("zstd");
    assert!(bomb.len() < 32 << 10, "{}", bomb.len());
    fails(blob(ZSTD, bomb, b"whatever"), Malformed, "decode to more than 67108864");
}

#[test]
fn a_window_larger_than_memory() {
    // One raw block, and a header that asks for 2 GiB of window (RFC 8878, 3.1.1.1.2).
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3][..], &[(4 << 3) | 1, 0, 0], b"tiny"].concat();
    fails(blob(ZSTD, frame, b"tiny"), Malformed, "cannot be decoded");
    let allowed = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3][..], &[(4 << 3) | 1, 0, 0], b"tiny"].concat();
    let registry = Registry::start();
    Image::new().layer(blob(ZSTD, allowed, b"tiny")).push(&registry, "app", "v1");
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1");
}

#[test]
fn a_thousand_members_of_nothing() {
    let registry = Registry::start();
    let raw = tar();
    let empty: Vec<u8> = std::iter::repeat_n(gzip_bytes(b""), 1_000).flatten().collect();
    let bytes = [&empty[..], &gzip_bytes(&raw), &empty].concat();
    Image::new().layer(blob(GZIP, bytes, &raw)).push(&registry, "app", "v1");
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1");
}

#[test]
fn zstd_that_its_type_hides() {
    // Docker before 23 reads none, and only the bytes tell.
    let registry = Registry::start();
    let hidden = zstd(&[("a", b"x")]).media_type(GZIP);
    Image::new().layer(hidden).push(&registry, "app", "v1");
    for fault in ["", "GET /v2/app/blobs/* trickle=1/1"] {
        registry.reset();
        registry.fault(fault);
        Puller::at(&registry).fails("app:v1", Unsupported, "its media type hides it");
    }
    registry.reset();
    Puller::at(&registry).option("layers", "uncompressed").works("app:v1");
    Puller::at(&registry).option("format", "oci").works("app:v1");
}
