//! Blobs that do not arrive as they should: noticed, named, and nothing is kept.

use multicloudj_registry::ErrorKind::{self, Integrity, Malformed, NotFound, Unavailable};

use crate::archive::Kept;
use crate::fixture::{Puller, until};
use crate::support::{Content, Edge, Image, Lie, Pushed, Registry, gzip, plain};

/// Long enough to come in several pieces.
fn push(registry: &Registry) -> Pushed {
    let noise = Content::generated(7, 300_000).bytes();
    Image::new().layer(gzip(&[("a", b"small")])).layer(plain(&[("b", &noise)])).push(registry, "app", "v1")
}

#[rustfmt::skip]
const FAULTS: [(&str, ErrorKind, &str); 15] = [
    ("cut=0",                       Unavailable, ""),
    ("cut=100",                     Unavailable, "after 100 bytes"),
    ("short=1",                     Integrity,   "instead of the"),
    ("long=1",                      Integrity,   "instead of the"),
    ("length=1000000 cut=1000",     Integrity,   "the answer has 1000000 bytes instead of the"),
    ("short=1 no-length",           Integrity,   "instead of the"),
    ("short=1 until-close",         Integrity,   "instead of the"),
    ("extra=1",                     Integrity,   "more than the"),
    ("endless",                     Integrity,   "more than the"),
    ("flip=0",                      Integrity,   ""),
    ("flip=99",                     Integrity,   ""),
    ("gzip-encoding",               Integrity,   "Content-Encoding"),
    ("reset",                       Unavailable, ""),
    ("\"raw=no HTTP at all\"",      Unavailable, ""),
    ("headers=endless",             Unavailable, ""),
];

#[test]
fn faults_of_a_layer() {
    let registry = Registry::start();
    let image = push(&registry);
    let digest = &image.layers[1].digest;
    for (fault, kind, words) in FAULTS {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/{digest} {fault}"));
        let why = Puller::at(&registry).fails("app:v1", kind, words);
        assert!(
            why.to_string().contains(digest)
                || why.causes().concat().contains(digest)
                || why.to_string().contains("/blobs/"),
            "{fault}: {why}"
        );
        assert_eq!(registry.count("GET", &format!("/v2/app/blobs/{digest}")), 1, "{fault}");
    }
}

#[test]
fn faults_of_the_config() {
    let registry = Registry::start();
    let image = push(&registry);
    for (fault, kind, words) in FAULTS {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/{} {fault}", image.config_digest));
        let kind = if fault == "endless" { Malformed } else { kind };
        let words = if fault == "endless" { "config is longer than" } else { words };
        Puller::at(&registry).fails("app:v1", kind, words);
        // The layers beside it may have been asked for a moment before.
        until("the end of the first pull", || registry.open_connections() == 0);
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/{} {fault}", image.config_digest));
        Puller::at(&registry).option("format", "oci").fails("app:v1", kind, words);
        assert_eq!(registry.requests().len(), 2, "{fault}: no layer is asked for before the config is known");
    }
}

#[test]
fn faults_that_do_not_matter() {
    let registry = Registry::start();
    let image = push(&registry);
    for fault in [
        "no-length",
        "until-close",
        "trickle=1000/0",
        "delay=10",
        "content-type=none",
        "content-type=text/html",
        "digest-header=none",
        "header=Content-Encoding:identity",
        "headers=50",
        // Of a blob the digest that was asked for decides, not what a header says.
        "digest-header=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/* {fault}"));
        Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(registry.requests().len(), 4, "{fault}");
    }
}

#[test]
fn another_blob_in_its_place() {
    let registry = Registry::start();
    // Of the same size, so that only the digest tells.
    let (one, other) = (plain(&[("a", b"one")]), plain(&[("a", b"two")]));
    let swapped = registry.store().put_blob("app", other.content.clone());
    let image = Image::new().layer(one).push(&registry, "app", "v1");
    let digest = &image.layers[0].digest;
    registry.fault(&format!("GET /v2/app/blobs/{digest} swap=/v2/app/blobs/{swapped}"));
    let why = Puller::at(&registry).fails("app:v1", Integrity, digest);
    assert!(why.to_string().contains(&swapped[7..]), "{why} tells what came instead");
}

#[test]
fn descriptors_that_lie() {
    let lies = [
        (Lie::Bytes, Integrity),
        (Lie::Size(1), Integrity),
        (Lie::Size(-1), Integrity),
        (Lie::SizeIs(0), Integrity),
        (Lie::SizeIs(-1), Malformed),
        (Lie::SizeIs(i64::MAX), Malformed),
        (Lie::Served(1), Integrity),
        (Lie::Served(-1), Integrity),
        (Lie::Missing, NotFound),
        (Lie::Digest("sha256:../../etc/passwd".into()), Malformed),
        (Lie::Digest("md5:d41d8cd98f00b204e9800998ecf8427e".into()), ErrorKind::Unsupported),
    ];
    for edge in [Edge::Config, Edge::Layer(1)] {
        for (lie, kind) in lies.clone() {
            let registry = Registry::start();
            let image = Image::new().layer(gzip(&[("a", b"x")])).layer(gzip(&[("b", b"y")]));
            image.wrong(edge, lie.clone()).push(&registry, "app", "v1");
            let puller = Puller::at(&registry);
            let before = puller.listing();
            let why = puller.pull_to("app:v1", &puller.file()).expect_err("a lie");
            assert_eq!(why.kind(), kind, "{edge:?} {lie:?}: {why}");
            assert_eq!(puller.listing(), before, "{edge:?} {lie:?}");
            let asked = registry.requests().iter().all(|request| !request.path.contains(".."));
            assert!(asked, "{edge:?} {lie:?}");
        }
    }
}

#[test]
fn an_endless_layer_is_not_read_for_long() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault(&format!("GET /v2/app/blobs/{} endless", image.layers[0].digest));
    Puller::at(&registry).fails("app:v1", Integrity, "more than the");
    let sent = registry.requests_for("GET", &format!("/v2/app/blobs/{}", image.layers[0].digest))[0].sent;
    assert!(sent < 16 << 20, "{sent} bytes were taken");
}

#[test]
fn one_bad_layer_among_many_stops_the_rest() {
    let registry = Registry::start();
    let layers = (0..20u8).map(|n| plain(&[("file", &[n; 1000])]));
    let image = layers.fold(Image::new(), Image::layer).push(&registry, "app", "v1");
    registry.fault(&format!("GET /v2/app/blobs/{} status=404", image.layers[0].digest));
    registry.fault("GET /v2/app/blobs/* after=1 stall=10");
    Puller::at(&registry).fails("app:v1", NotFound, &image.layers[0].digest);
}

#[test]
fn an_empty_layer_is_a_layer() {
    let registry = Registry::start();
    let image = Image::new()
        .layer(crate::support::Layer::blob("application/vnd.oci.image.layer.v1.tar", ""))
        .layer(gzip(&[("a", b"x")]))
        .push(&registry, "app", "v1");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
}
