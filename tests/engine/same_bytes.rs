//! The same input gives the same bytes, however it came.

use crate::archive::Kept;
use crate::fixture::Puller;
use crate::support::{Content, Image, Registry, big_plain, gzip, plain, zstd};

fn registry() -> Registry {
    let registry = Registry::start();
    let noise = Content::generated(11, 400_000).bytes();
    Image::new()
        .layer(gzip(&[("a", &noise)]))
        .layer(zstd(&[("b", &noise)]))
        .layer(plain(&[("c", &noise[..100_000])]))
        .layer(zstd(&[("d", b"small")]))
        .layer(gzip(&[("e", b"small")]))
        .layer(zstd(&[("f", &noise[..50_000])]))
        .push(&registry, "app", "v1");
    registry
}

#[test]
fn with_any_number_of_connections() {
    let registry = registry();
    for (key, value) in [("layers", "as-stored"), ("layers", "uncompressed"), ("format", "oci")] {
        let pull = |connections: &str| {
            let puller = Puller::with(&registry, &[("max-connections", connections)]).option(key, value);
            puller.works("app:v1").bytes
        };
        let first = pull("1");
        for connections in ["1", "2", "16"] {
            assert!(pull(connections) == first, "{key}={value} over {connections} connections");
        }
    }
}

#[test]
fn in_any_order_of_arrival() {
    let registry = registry();
    let first = Puller::at(&registry).works("app:v1").bytes;
    for n in 1..7 {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/* after={n} once delay=50\nGET /v2/app/blobs/* trickle=50000/1"));
        assert!(Puller::at(&registry).works("app:v1").bytes == first, "with blob {n} late");
    }
}

#[test]
fn in_any_number_of_parts() {
    let registry = Registry::start();
    let layers = [(48 << 20) + 7, 33 << 20, 5];
    let image = layers.into_iter().map(big_plain).fold(Image::new(), Image::layer).push(&registry, "app", "v1");
    let pull = |connections: &str| {
        let archive = Puller::with(&registry, &[("max-connections", connections)]).works("app:v1");
        archive.holds(&image, Kept::AsStored);
        archive.bytes
    };
    let first = pull("1");
    for connections in ["3", "16"] {
        assert!(pull(connections) == first, "over {connections} connections");
    }
    // A server that knows no parts.
    registry.fault("GET /v2/app/blobs/* ignore-range");
    assert!(pull("16") == first, "in one piece");
}
