//! A large blob in parts: exactly what is asked for, where, and every way back to one stream when parts are not to be had.

use std::sync::LazyLock;

use multicloudj_registry::ErrorKind::{Integrity, Unauthorized};
use multicloudj_registry::limits::PART;

use crate::archive::Kept;
use crate::fixture::{Puller, SIGNATURE};
use crate::support::{Content, Image, Layer, Pushed, Registry, big_plain, gzip};

/// Three parts. Made once: hashing it takes longer than pulling it.
static BIG: LazyLock<Layer> = LazyLock::new(|| big_plain(40 << 20));

fn push(registry: &Registry) -> Pushed {
    Image::new().layer(BIG.clone()).layer(gzip(&[("a", b"small")])).push(registry, "app", "v1")
}

/// The path of the large blob.
pub(crate) fn path(image: &Pushed) -> String {
    format!("/v2/app/blobs/{}", image.layers[0].digest)
}

/// The body bytes that were sent for a path, by both origins.
pub(crate) fn sent(registry: &Registry, path: &str) -> u64 {
    let requests = registry.requests();
    requests.iter().filter(|request| request.path == path).map(|request| request.sent).sum()
}

/// The `Range` headers of all requests for a path, in order of arrival.
pub(crate) fn ranges(registry: &Registry, path: &str) -> Vec<Option<String>> {
    let requests = registry.requests().into_iter();
    requests.filter(|request| request.path == path).map(|request| request.header("range").map(Into::into)).collect()
}

/// `fault` on the large blob costs at most one more transfer of it, and the archive is right. Tells how many requests were
/// made for it.
#[track_caller]
fn comes_back_from(registry: &Registry, image: &Pushed, fault: &str) -> usize {
    registry.reset();
    registry.fault(&fault.replace("BLOB", &path(image)));
    Puller::at(registry).works("app:v1").holds(image, Kept::ForDocker);
    let (sent, size) = (sent(registry, &path(image)), image.layers[0].size);
    assert!(sent <= 2 * size + PART, "{fault}: {sent} bytes were sent for {size}");
    ranges(registry, &path(image)).len()
}

#[test]
fn parts_are_exact_and_cover_the_blob_once() {
    let registry = Registry::start();
    let image = push(&registry);
    let puller = Puller::at(&registry);
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    let mut parts: Vec<(u64, u64)> = ranges(&registry, &path(&image))
        .into_iter()
        .map(|range| {
            let range = range.expect("a range for each");
            let (first, last) =
                range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).expect("bytes=a-b");
            (first.parse().expect("a number"), last.parse().expect("never open-ended"))
        })
        .collect();
    parts.sort_unstable();
    assert_eq!(parts.len(), 3);
    let mut next = 0;
    for (first, last) in parts {
        assert_eq!(first, next);
        assert!(last - first < PART);
        next = last + 1;
    }
    assert_eq!(next, image.layers[0].size);
    assert_eq!(sent(&registry, &path(&image)), image.layers[0].size, "not a byte too many");
}

#[test]
fn no_range_on_what_is_not_worth_cutting() {
    let registry = Registry::start();
    let image = Image::new().layer(big_plain(2 * PART - 4096)).layer(gzip(&[("a", b"x")])).push(&registry, "app", "v1");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 4);
    assert!(registry.requests().iter().all(|request| request.header("range").is_none()));
}

#[test]
fn one_redirect_serves_every_part() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault(&format!("GET /v2/app/blobs/* redirect=307:other:{{path}}?X-Sig={SIGNATURE}"));
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.count("GET", &path(&image)), 1, "the registry is asked once");
    let parts = registry.requests_for("GET", &format!("other:{}", path(&image)));
    assert_eq!(parts.len(), 3);
    for part in parts {
        assert_eq!((part.query, part.status), (format!("X-Sig={SIGNATURE}"), 206));
        let referer = part.headers.get("referer").cloned();
        assert_eq!(referer, Some(format!("{}{}", registry.url(), path(&image))));
    }
}

/// Two signed URLs; the first one is good for one request and then refused with a status.
fn expiring(registry: &Registry, image: &Pushed, status: u16, rest: &str) {
    let path = path(image);
    registry.reset();
    registry.fault(&format!(
        "GET {path} once redirect=307:other:{{path}}?X-Sig={SIGNATURE}-1
         GET {path} redirect=307:other:{{path}}?X-Sig={SIGNATURE}-2
         GET other:{path}?X-Sig={SIGNATURE}-1 after=1 status={status}
         {rest}"
    ));
}

#[test]
fn an_expired_url_is_renewed() {
    let registry = Registry::start();
    let image = push(&registry);
    // S3 says 403, GCS 400, others treat a used link as gone.
    for status in [403, 401, 400, 404, 410] {
        expiring(&registry, &image, status, "");
        Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(
            registry.count("GET", &path(&image)),
            2,
            "{status}: the redirect, and its renewal once for all parts"
        );
        assert_eq!(ranges(&registry, &path(&image)).iter().filter(|range| range.is_none()).count(), 0, "{status}");
    }
}

#[test]
fn a_url_that_expires_in_the_middle_of_a_part_is_renewed() {
    let registry = Registry::start();
    let image = push(&registry);
    let path = path(&image);
    registry.fault(&format!(
        "GET {path} once redirect=307:other:{{path}}?X-Sig={SIGNATURE}-1
         GET {path} redirect=307:other:{{path}}?X-Sig={SIGNATURE}-2
         GET other:{path}?X-Sig={SIGNATURE}-1 times=3 cut=5000000
         GET other:{path}?X-Sig={SIGNATURE}-1 status=403"
    ));
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(sent(&registry, &path) / 1_000, image.layers[0].size / 1_000, "what had come is not fetched again");
}

#[test]
fn renewing_ends_when_new_urls_are_refused_too() {
    let registry = Registry::start();
    let image = push(&registry);
    expiring(&registry, &image, 403, &format!("GET other:{} after=1 status=403", path(&image)));
    Puller::at(&registry).fails("app:v1", Unauthorized, "HTTP 403");
    assert!(registry.requests().len() < 20, "{} requests", registry.requests().len());
}

#[test]
fn ranges_that_are_ignored_cost_nothing() {
    let registry = Registry::start();
    let image = push(&registry);
    let size = image.layers[0].size;
    assert_eq!(comes_back_from(&registry, &image, "GET BLOB ignore-range"), 1, "the answer is used as what it is");
    assert_eq!(sent(&registry, &path(&image)), size);
    // A redirect's target, too: one request there, one to the registry.
    let fault = "GET BLOB redirect=307:other:{path}\nGET other:BLOB ignore-range";
    assert_eq!(comes_back_from(&registry, &image, fault), 2);
    // 200 with a Content-Range is 200 (containerd#11998).
    let fault = "GET BLOB ignore-range \"header=Content-Range:bytes 0-1/2\"";
    assert_eq!(comes_back_from(&registry, &image, fault), 1);
}

#[test]
fn ranges_that_are_refused_cost_one_request() {
    let registry = Registry::start();
    let image = push(&registry);
    for status in [400, 405, 406, 416, 501] {
        let requests = comes_back_from(&registry, &image, &format!("GET BLOB range status={status}"));
        assert_eq!(requests, 2, "{status}: the refused one, and the whole");
        let fault = format!("GET BLOB redirect=307:other:{{path}}\nGET other:BLOB range status={status}");
        assert_eq!(comes_back_from(&registry, &image, &fault), 3, "{status}, behind a redirect");
        // Served once and refused afterwards: the rest was under way already.
        comes_back_from(&registry, &image, &format!("GET BLOB range after=1 status={status}"));
        assert_eq!(ranges(&registry, &path(&image)).iter().filter(|range| range.is_none()).count(), 1, "{status}");
    }
}

#[test]
fn ranges_that_are_garbled_cost_one_transfer() {
    let registry = Registry::start();
    let image = push(&registry);
    for fault in [
        "range \"content-range=bytes 5-10/100\"",
        "range content-range=none",
        "range content-range=junk",
        "range \"content-range=bytes 0-13981866/7\"",
        "range after=1 content-range=none",
        "range after=1 ignore-range",
        "range short=1",
        "range long=1",
        "range body=nonsense",
        "range status=204",
        "range gzip-encoding",
        // What only the digest of the whole can tell.
        "range once flip=1000",
        "range flip=0",
        "range once shift=1",
    ] {
        comes_back_from(&registry, &image, &format!("GET BLOB {fault}"));
        let whole = ranges(&registry, &path(&image)).iter().filter(|range| range.is_none()).count();
        assert_eq!(whole, 1, "{fault}: the whole is asked for once");
    }
}

#[test]
fn bytes_behind_the_end_of_a_part_are_left_out() {
    let registry = Registry::start();
    let image = push(&registry);
    // Without a declared length nobody can tell before they come, and by then the part is there.
    comes_back_from(&registry, &image, "GET BLOB range extra=1");
    comes_back_from(&registry, &image, "GET BLOB range once no-length shift=1 extra=9");
}

#[test]
fn parts_of_another_object_are_not_mixed_in() {
    let registry = Registry::start();
    let image = push(&registry);
    let other = Content::generated(99, image.layers[0].size);
    registry.on(&format!("GET {} range after=1", path(&image)), move |reply, _| reply.content = other.clone());
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(ranges(&registry, &path(&image)).len(), 4, "three parts and the whole");
}

#[test]
fn a_whole_that_is_wrong_too_is_the_last_word() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault(&format!("GET {} flip=1000", path(&image)));
    Puller::at(&registry).fails("app:v1", Integrity, &image.layers[0].digest);
    assert_eq!(ranges(&registry, &path(&image)).len(), 4, "three parts and one transfer of the whole");
}

#[test]
fn parts_are_retried_one_by_one() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault(&format!("GET {} after=1 times=2 status=503", path(&image)));
    let puller = Puller::with(&registry, &[("retry-attempts", "3"), ("retry-initial-delay", "1")]);
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(ranges(&registry, &path(&image)).len(), 5);
    assert_eq!(sent(&registry, &path(&image)) / 1_000, image.layers[0].size / 1_000);
}
