//! Bodies that are cut go on from where they were cut, by `Range`, and cannot do so for ever.

use multicloudj_registry::ErrorKind::{Integrity, Malformed, Unavailable};

use crate::archive::Kept;
use crate::fixture::Puller;
use crate::ranges::{path, ranges, sent};
use crate::support::{Content, Image, Layer, Pushed, Registry, big_plain, gzip, plain, zstd};

/// As many attempts as by default, without their waits.
const RETRIES: [(&str, &str); 2] = [("retry-attempts", "5"), ("retry-initial-delay", "1")];

/// So many mebibytes that no compressor can shrink.
fn noise(mebibytes: u64) -> Vec<u8> {
    (0..mebibytes).flat_map(|seed| Content::generated(seed, 1 << 20).bytes().to_vec()).collect()
}

fn push(registry: &Registry, layer: Layer) -> Pushed {
    Image::new().layer(layer).layer(gzip(&[("a", b"small")])).push(registry, "app", "v1")
}

/// One layer of each kind, 3 MiB long: kept as stored, and decoded on its way.
fn kinds() -> [(Layer, Kept); 3] {
    let data = noise(3);
    let files: &[(&str, &[u8])] = &[("b", &data)];
    [(plain(files), Kept::ForDocker), (zstd(files), Kept::ForDocker), (gzip(files), Kept::Decoded)]
}

/// Runs `test` for each kind of layer with a registry that has it.
fn each_kind(test: impl Fn(&Registry, &Pushed, &str, &Puller, Kept)) {
    for (layer, kept) in kinds() {
        let registry = Registry::start();
        let image = push(&registry, layer);
        let puller = Puller::with(&registry, &RETRIES);
        let puller = if kept == Kept::Decoded { puller.option("layers", "uncompressed") } else { puller };
        test(&registry, &image, &path(&image), &puller, kept);
    }
}

/// A3, "Body cut mid-layer = whole layer lost".
#[test]
fn a_body_cut_every_mebibyte_costs_less_than_two_percent() {
    let registry = Registry::start();
    let image = push(&registry, big_plain(40 << 20));
    let (path, size) = (path(&image), image.layers[0].size);
    registry.fault(&format!("GET {path} cut=1048576"));
    Puller::with(&registry, &RETRIES).works("app:v1").holds(&image, Kept::ForDocker);
    let (sent, requests) = (sent(&registry, &path), registry.count("GET", &path));
    let extra = sent - size;
    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    let percent = extra as f64 * 100.0 / size as f64;
    eprintln!("cut every 1 MiB: {size} bytes in {requests} requests, {extra} bytes extra ({percent:.2} %)");
    assert!(extra * 50 < size, "{extra} bytes more than the {size} of the layer");
    assert!((41..=46).contains(&requests), "{requests} requests");
}

#[test]
fn every_kind_of_layer_is_resumed() {
    each_kind(|registry, image, path, puller, kept| {
        let size = image.layers[0].size;
        registry.fault(&format!("GET {path} cut=1048576"));
        puller.works("app:v1").holds(image, kept);
        assert_eq!(sent(registry, path), size, "not a byte twice");
        assert_eq!(ranges(registry, path).len() as u64, size.div_ceil(1 << 20));
    });
}

#[test]
fn the_first_byte_and_the_last() {
    each_kind(|registry, image, path, puller, kept| {
        let size = image.layers[0].size;
        let rest = |from: u64| Some(format!("bytes={from}-{}", size - 1));
        for (cut, second) in [(0, None), (1, rest(1)), (size / 2, rest(size / 2)), (size - 1, rest(size - 1))] {
            registry.reset();
            registry.fault(&format!("GET {path} once cut={cut}"));
            puller.works("app:v1").holds(image, kept);
            assert_eq!(ranges(registry, path), [None, second], "cut at {cut} of {size}");
        }
    });
}

/// A3, "416 loop on a finished small layer".
#[test]
fn what_is_complete_is_not_asked_for_again() {
    each_kind(|registry, image, path, puller, kept| {
        let size = image.layers[0].size;
        for fault in [format!("cut={size}"), format!("no-length cut={size}"), format!("until-close cut={size}")] {
            registry.reset();
            registry.fault(&format!("GET {path} {fault}"));
            puller.works("app:v1").holds(image, kept);
            assert_eq!(ranges(registry, path), [None], "{fault}");
        }
    });
}

#[test]
fn cuts_without_a_declared_length() {
    each_kind(|registry, image, path, puller, kept| {
        for framing in ["no-length", "until-close"] {
            registry.reset();
            registry.fault(&format!("GET {path} times=2 {framing} cut=1000000"));
            puller.works("app:v1").holds(image, kept);
            assert_eq!(ranges(registry, path).len(), 3, "{framing}");
            assert_eq!(sent(registry, path), image.layers[0].size, "{framing}");
        }
    });
}

/// A3, "Range ignored", "Range answered 400, or 200 with Content-Range, or unsupported".
#[test]
fn a_server_without_ranges_costs_one_clean_restart() {
    each_kind(|registry, image, path, puller, kept| {
        for refusal in [
            "ignore-range",
            "status=400",
            "status=416",
            "status=501",
            "content-range=none",
            "\"content-range=bytes 0-9/10\"",
            "short=1",
            "ignore-range \"header=Content-Range:bytes 0-1/2\"",
        ] {
            registry.reset();
            registry.fault(&format!("GET {path} once cut=1000000\nGET {path} range {refusal}"));
            puller.works("app:v1").holds(image, kept);
            let asked: Vec<bool> = ranges(registry, path).iter().map(Option::is_some).collect();
            assert_eq!(asked, [false, true, false], "{refusal}: the cut one, the attempt to resume, the whole");
            assert_eq!(registry.requests().len(), 6, "{refusal}: nothing else is fetched twice");
        }
    });
}

#[test]
fn a_server_without_ranges_that_always_cuts_is_given_up() {
    each_kind(|registry, _, path, puller, _| {
        registry.fault(&format!("GET {path} range ignore-range cut=1000000\nGET {path} cut=1000000"));
        puller.fails("app:v1", Unavailable, "does not resume");
        let requests = registry.count("GET", path);
        assert!(requests <= 6, "{requests} requests");
    });
}

/// A resume cannot loop: without progress the attempts are counted.
#[test]
fn without_progress_it_ends() {
    each_kind(|registry, image, path, puller, _| {
        for cut in [0, 1, 1000] {
            registry.reset();
            registry.fault(&format!("GET {path} cut={cut}"));
            let why = puller.fails("app:v1", Unavailable, "5 attempts, after ").to_string();
            assert!(why.contains(&image.layers[0].digest) && why.contains(registry.host()), "{why}");
            assert_eq!(registry.count("GET", path), 5, "cut after {cut} bytes");
        }
    });
}

#[test]
fn slow_progress_is_progress() {
    each_kind(|registry, image, path, puller, kept| {
        // Three cuts for a mebibyte: five attempts bring more than one.
        registry.fault(&format!("GET {path} cut=350000"));
        puller.works("app:v1").holds(image, kept);
        assert_eq!(sent(registry, path), image.layers[0].size);
    });
}

/// S24: what was resumed from another object is noticed by the digest, and fetched again in one piece.
#[test]
fn a_splice_of_two_objects_is_fetched_again_once() {
    each_kind(|registry, image, path, puller, kept| {
        registry.fault(&format!("GET {path} once cut=1000000\nGET {path} range flip=5"));
        puller.works("app:v1").holds(image, kept);
        assert_eq!(ranges(registry, path).len(), 3);
        registry.reset();
        registry.fault(&format!("GET {path} once cut=1000000\nGET {path} range flip=5\nGET {path} flip=2000000"));
        // A decoder may notice before the digest does.
        let kind = if kept == Kept::ForDocker { Integrity } else { Malformed };
        let why = puller.fails("app:v1", kind, &image.layers[0].digest);
        assert_eq!(ranges(registry, path).len(), 3, "{why}: it does not try for ever");
    });
}

#[test]
fn progress_never_tells_more_than_there_is() {
    let registry = Registry::start();
    let image = push(&registry, plain(&[("b", &noise(3))]));
    let path = path(&image);
    registry.fault(&format!("GET {path} once cut=2000000\nGET {path} range ignore-range"));
    let puller = Puller::with(&registry, &RETRIES);
    let running = puller.start("app:v1");
    let size = image.layers[0].size;
    while !running.task.is_finished() {
        let done = running.session.layers().first().map_or(0, |layer| layer.done());
        assert!(done <= size, "{done} of {size}");
        std::thread::yield_now();
    }
    assert_eq!(running.session.layers()[0].done(), size);
    running.end().expect("the pull works");
}
